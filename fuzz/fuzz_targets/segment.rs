//! Segments of any bytes: an error, never a panic, and never without end.

#![no_main]

#[path = "../../crates/segment/tests/decoding/mod.rs"]
mod decoding;

libfuzzer_sys::fuzz_target!(|input: &[u8]| decoding::read(input));
