//! The walker and the decoder against prost.

#![no_main]

#[path = "../../crates/formats/tests/conformance/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let Err(error) = oracle::agree_on(input) {
        panic!("{error}");
    }
});
