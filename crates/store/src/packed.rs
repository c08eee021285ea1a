//! What is read whole: what segments say of their traces, and aggregates. Packed as one.

use std::io::Read;

use serde::{Serialize, de::DeserializeOwned};

/// More than any of it unpacks to; what claims more is damage, bytes.
const MOST_BYTES: u64 = 256 << 20;
/// zstd's level: it is small and read often.
const LEVEL: i32 = 3;

/// As stored.
pub(crate) fn pack(value: &impl Serialize) -> Result<Vec<u8>, String> {
    let bytes = postcard::to_stdvec(value).map_err(|error| error.to_string())?;
    compress(&bytes)
}

/// Of what was stored.
pub(crate) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    postcard::from_bytes(&decompress(bytes)?).map_err(|error| error.to_string())
}

/// Bytes that have an encoding of their own.
pub(crate) fn compress(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let compress = || {
        let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
        // Damage is to be found, not read as something else.
        compressor.include_checksum(true)?;
        compressor.compress(bytes)
    };
    compress().map_err(|error| error.to_string())
}

pub(crate) fn decompress(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut unpacked = Vec::new();
    zstd::stream::read::Decoder::new(bytes)
        .and_then(|decoder| decoder.take(MOST_BYTES).read_to_end(&mut unpacked))
        .map_err(|error| error.to_string())?;
    Ok(unpacked)
}
