//! Compressed bodies. What a body claims about its size is never believed: memory grows with what
//! is really there, up to the caller's bound.

use std::io::{ErrorKind, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::{Compression, FormatError};

/// The largest zstd window, as a power of two: 32 MiB. RFC 9659 asks for 8 MiB in HTTP; the
/// strongest setting of the Collector's encoder takes 32.
const ZSTD_WINDOW_LOG: u32 = 25;

/// How far the output grows at once, bytes.
const STEP: usize = 64 << 10;

/// The body without its compression.
///
/// # Errors
/// [`FormatError::Malformed`] where it is cut off, damaged, or compressed otherwise;
/// [`FormatError::TooLarge`] as soon as more than `max_bytes` come out of it, or where zstd would
/// need a window over 32 MiB.
pub fn decompress(compression: Compression, body: &[u8], max_bytes: u64) -> Result<Vec<u8>, FormatError> {
    match compression {
        Compression::None if body.len() as u64 > max_bytes => Err(too_large(max_bytes)),
        Compression::None => Ok(body.to_vec()),
        Compression::Gzip => read_all(MultiGzDecoder::new(body), "gzip", max_bytes),
        Compression::Zstd => zstd(body, max_bytes),
        Compression::Deflate => deflate(body, max_bytes),
        Compression::Lz4 => lz4(body, max_bytes),
    }
}

/// The body as an LZ4 block with its length before it.
#[must_use]
pub fn compress_lz4(body: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size(body)
}

fn too_large(max_bytes: u64) -> FormatError {
    FormatError::TooLarge(format!("the body is larger than {max_bytes} bytes"))
}

fn malformed(format: &str, error: impl std::fmt::Display) -> FormatError {
    FormatError::Malformed(format!("the body is not valid {format}: {error}"))
}

/// All that comes out of a decoder, unless that is too much.
fn read_all(mut decoder: impl Read, format: &str, max_bytes: u64) -> Result<Vec<u8>, FormatError> {
    let max = usize::try_from(max_bytes).unwrap_or(usize::MAX);
    let mut out = Vec::new();
    let mut step = vec![0; STEP];
    loop {
        let count = match decoder.read(&mut step) {
            Ok(0) => return Ok(out),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(malformed(format, error)),
        };
        let len = out.len() + count;
        if len > max {
            return Err(too_large(max_bytes));
        }
        if len > out.capacity() {
            // Doubling, but never past the bound.
            out.reserve_exact((2 * out.capacity()).clamp(len, max.max(len)) - out.len());
        }
        out.extend(step.iter().take(count));
    }
}

fn zstd(body: &[u8], max_bytes: u64) -> Result<Vec<u8>, FormatError> {
    if body.is_empty() {
        return Err(malformed("zstd", "it is empty"));
    }
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(|error| malformed("zstd", error))?;
    decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|error| malformed("zstd", error))?;
    match read_all(decoder, "zstd", max_bytes) {
        // The library tells its errors apart by their texts only.
        Err(FormatError::Malformed(what)) if what.contains("too much memory") => {
            Err(FormatError::TooLarge("the zstd body needs a window larger than 32 MiB".to_owned()))
        }
        result => result,
    }
}

/// RFC 1950, as HTTP means it, else RFC 1951, as some send it.
fn deflate(body: &[u8], max_bytes: u64) -> Result<Vec<u8>, FormatError> {
    let wrapped = whole(ZlibDecoder::new(body), ZlibDecoder::into_inner, "zlib", max_bytes);
    match wrapped {
        Err(error @ FormatError::Malformed(_)) => {
            whole(DeflateDecoder::new(body), DeflateDecoder::into_inner, "deflate", max_bytes).map_err(|_| error)
        }
        result => result,
    }
}

/// All that comes out of a decoder, which has to take all that went in.
fn whole<'a, D: Read>(
    mut decoder: D,
    into_rest: fn(D) -> &'a [u8],
    format: &str,
    max_bytes: u64,
) -> Result<Vec<u8>, FormatError> {
    let out = read_all(&mut decoder, format, max_bytes)?;
    if into_rest(decoder).is_empty() { Ok(out) } else { Err(malformed(format, "bytes follow it")) }
}

fn lz4(body: &[u8], max_bytes: u64) -> Result<Vec<u8>, FormatError> {
    let (len, block) = lz4_flex::block::uncompressed_size(body).map_err(|error| malformed("LZ4", error))?;
    if len as u64 > max_bytes {
        return Err(too_large(max_bytes));
    }
    // A byte of LZ4 gives at most 255.
    if len / 255 > block.len() {
        return Err(malformed("LZ4", "it claims more than it can hold"));
    }
    let mut out = vec![0; len];
    match lz4_flex::block::decompress_into(block, &mut out) {
        Ok(count) if count == len => Ok(out),
        Ok(_) => Err(malformed("LZ4", "it holds less than it claims")),
        Err(error) => Err(malformed("LZ4", error)),
    }
}
