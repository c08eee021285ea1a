//! Compressed bodies, whole, damaged and hostile.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use formats::{Compression, FormatError, compress_lz4, decompress};

fn text() -> Vec<u8> {
    (0..20_000_u32).flat_map(|number| (number % 251).to_le_bytes()).collect()
}

fn compressed(compression: Compression, body: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::fast();
    match compression {
        Compression::None => body.to_vec(),
        Compression::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), level);
            encoder.write_all(body).and_then(|()| encoder.finish()).expect("in memory")
        }
        Compression::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(body).and_then(|()| encoder.finish()).expect("in memory")
        }
        Compression::Zstd => zstd::encode_all(body, 1).expect("in memory"),
        Compression::Lz4 => compress_lz4(body),
    }
}

const ALL: [Compression; 4] = [Compression::Gzip, Compression::Zstd, Compression::Deflate, Compression::Lz4];

#[test]
fn bodies_come_back() {
    for compression in ALL.into_iter().chain([Compression::None]) {
        for body in [Vec::new(), b"x".to_vec(), text()] {
            let max_bytes = body.len() as u64;
            assert_eq!(
                decompress(compression, &compressed(compression, &body), max_bytes),
                Ok(body),
                "{compression:?}"
            );
        }
    }
    let mut raw = DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    let raw = raw.write_all(&text()).and_then(|()| raw.finish()).expect("in memory");
    assert_eq!(decompress(Compression::Deflate, &raw, 1 << 20), Ok(text()));
    let members = [compressed(Compression::Gzip, b"two "), compressed(Compression::Gzip, b"members")].concat();
    assert_eq!(decompress(Compression::Gzip, &members, 1 << 20), Ok(b"two members".to_vec()));
}

#[test]
fn cut_or_damaged_bodies_are_malformed() {
    for compression in ALL {
        let body = compressed(compression, &text());
        for end in (0..body.len()).step_by(1 + body.len() / 300).chain([body.len() - 1]) {
            let result = decompress(compression, &body[..end], 1 << 20);
            assert!(matches!(result, Err(FormatError::Malformed(_))), "{compression:?} cut at {end}: {result:?}");
        }
        assert!(matches!(
            decompress(compression, b"plain text", 1 << 20),
            Err(FormatError::Malformed(_) | FormatError::TooLarge(_))
        ));
    }
    let mut body = compressed(Compression::Gzip, &text());
    let checksum = body.len() - 8;
    body[checksum] ^= 1;
    assert!(matches!(decompress(Compression::Gzip, &body, 1 << 20), Err(FormatError::Malformed(_))));
}

#[test]
fn bombs_stop_at_the_bound() {
    let zeros = vec![0; 4 << 20];
    for compression in ALL {
        let body = compressed(compression, &zeros);
        assert!(
            matches!(decompress(compression, &body, (4 << 20) - 1), Err(FormatError::TooLarge(_))),
            "{compression:?}"
        );
    }
    // A zstd frame that asks for a window of 2 GiB, and LZ4 that claims more than it can hold.
    let giant = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0, 0];
    assert!(matches!(decompress(Compression::Zstd, &giant, 1 << 20), Err(FormatError::TooLarge(_))));
    assert!(matches!(decompress(Compression::Lz4, &[0, 0, 8, 0, 0], 1 << 20), Err(FormatError::Malformed(_))));
}
