//! Segments of bytes that may be anything; the fuzz target uses it too.

use model::TraceId;
use segment::{AnyValue, Holder, LogSegment, PointSegment, Rows, SpanSegment, Substring};

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

/// What stands in such an input, behind its lengths: header and blobs.
pub(crate) fn parts(input: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = input.get(1..).unwrap_or_default();
    let mut parts = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (part, after) = after.split_at((u32::from_le_bytes(*length) as usize).min(after.len()));
        parts.push(part.to_vec());
        rest = after;
    }
    parts
}

/// Reads all of such a segment: whatever it is, that ends, in an error or not.
pub(crate) fn read(input: &[u8]) {
    let (Some(signal), mut parts) = (input.first(), parts(input)) else { return };
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
                scan(&spans);
            }
        }
        1 => drop(LogSegment::new(&header, parts).map(|logs| logs.requests())),
        _ => drop(PointSegment::new(&header, parts).map(|points| points.requests())),
    }
}

fn scan(spans: &SpanSegment) {
    for holder in [Holder::Span, Holder::Event, Holder::Link] {
        let _ = spans.rows_with_attribute(holder, &["a", "service.name"], &AnyValue);
    }
    let _ = spans.rows_with_text(&Substring::new("a"), &AnyValue);
    let _ = spans.rows_with_text(&Substring::new("É"), &AnyValue);
    let (rows, keys) = (Rows::all(spans.len()), ["a", "service.name"]);
    let _ = (spans.visit_attributes(Holder::Event, &keys, &rows, |_, _| {}), spans.visit_names(&rows, |_, _| {}));
    let _ = (spans.visit_attributes(Holder::Span, &keys, &rows, |_, _| {}), spans.visit_event_names(&rows, |_, _| {}));
    let _ = (spans.visit_origins(&rows, |_, _, _| {}), spans.visit_status(&rows, |_, _| {}));
    let _ = (spans.rows_with_name(str::is_empty), spans.rows_with_event_name(str::is_empty));
    let _ = (spans.rows_of_kinds(|kind| kind.0 > 1), spans.rows_of_status(|status| status.0 > 1));
    let _ = (spans.rows_lasting(&(1..)), spans.rows_starting(&(1..)), spans.rows_with_id(|id| id.0[0] > 1));
    let _ = (spans.rows_of_origins(|resource, scope| resource > scope), spans.visit_parents(|_, _| {}));
}
