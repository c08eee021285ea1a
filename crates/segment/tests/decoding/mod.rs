//! Segments of bytes that may be anything; the fuzz target uses it too.

use model::TraceId;
use segment::{LogSegment, PointSegment, SpanSegment};

/// A segment as an input of the fuzzer: which signal, then header and blobs, each behind its length.
#[allow(dead_code, reason = "the fuzz target only reads")]
pub(crate) fn input(signal: u8, header: &[u8], blobs: &[Vec<u8>]) -> Vec<u8> {
    let mut input = vec![signal];
    for part in std::iter::once(header).chain(blobs.iter().map(Vec::as_slice)) {
        input.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
        input.extend(part);
    }
    input
}

/// Reads all of such a segment: whatever it is, that ends, in an error or not.
pub(crate) fn read(input: &[u8]) {
    let Some((signal, mut rest)) = input.split_first() else { return };
    let mut parts = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (part, after) = after.split_at((u32::from_le_bytes(*length) as usize).min(after.len()));
        parts.push(part.to_vec());
        rest = after;
    }
    if parts.is_empty() {
        return;
    }
    let header = parts.remove(0);
    match signal % 3 {
        0 => {
            if let Ok(spans) = SpanSegment::new(&header, parts) {
                let _ = (spans.requests(|_| true), spans.resources(), spans.scopes());
                let _ = spans.rows_of(TraceId([1; 16]));
                let _ = spans.visit_heads(|trace_id| trace_id.0[0] % 2 == 0, |key| key.len() % 2 == 0, |_| {});
            }
        }
        1 => drop(LogSegment::new(&header, parts).map(|logs| logs.requests())),
        _ => drop(PointSegment::new(&header, parts).map(|points| points.requests())),
    }
}
