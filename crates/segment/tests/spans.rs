//! What goes into a segment comes out of it, as decoding the requests has it.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "inputs are taken apart, and not read")]
mod decoding;

use std::collections::BTreeMap;

use model::{KeyValue, Resource, Scope, Span, TraceId, TracesData};
use proptest::prelude::*;
use segment::{Batch, Encoded, Request, SpanSegment, encode_spans};
use testkit::strategies;

type Kept = (Span, Option<Resource>, String, Option<Scope>, String, u64);

/// The spans of requests by trace, in the order in which they arrived, but for those refused or left out.
fn decoded(requests: &[TracesData], is_left_out: fn(u32) -> bool) -> BTreeMap<TraceId, Vec<Kept>> {
    let mut traces: BTreeMap<TraceId, Vec<Kept>> = BTreeMap::new();
    for (row, request) in (1..).zip(requests) {
        let mut ordinal = 0;
        for of_resource in &request.resource_spans {
            for of_scope in &of_resource.scope_spans {
                for span in &of_scope.spans {
                    if !is_left_out(ordinal) && !span.trace_id.is_zero() {
                        traces.entry(span.trace_id).or_default().push((
                            span.clone(),
                            of_resource.resource.clone(),
                            of_resource.schema_url.clone(),
                            of_scope.scope.clone(),
                            of_scope.schema_url.clone(),
                            row,
                        ));
                    }
                    ordinal += 1;
                }
            }
        }
    }
    traces
}

/// The same from a segment.
fn packed(requests: &[TracesData], run_rows: usize, is_left_out: fn(u32) -> bool) -> BTreeMap<TraceId, Vec<Kept>> {
    let bodies: Vec<Vec<u8>> = requests.iter().map(formats::encode_traces_protobuf).collect();
    let mut batch = Batch::default().in_runs_of(run_rows);
    for ((row, body), request) in (1..).zip(&bodies).zip(requests) {
        let request_of = Request { row, received_at_unix_nano: row * 1_000, repaired_texts: 0 };
        let refused: Vec<bool> = all(request).map(|span| span.trace_id.is_zero()).collect();
        batch.add_spans(request_of, body, |ordinal| is_left_out(ordinal) || refused[ordinal as usize]).unwrap();
    }
    let Some(encoded) = encode_spans(&batch, &batch.by_trace(), |_| true, |_| {}).unwrap() else {
        return BTreeMap::new();
    };
    assert_eq!(encoded.rows as usize, batch.len());
    let segment = SpanSegment::new(&encoded.header, encoded.blobs).unwrap();
    // Once more, by way of requests: nothing may depend on how it first came.
    let again = segment.requests(|_| true).unwrap();
    let mut batch = Batch::default().in_runs_of(run_rows);
    again.iter().for_each(|(request, body)| batch.add_spans(*request, body, |_| false).unwrap());
    let encoded_again = encode_spans(&batch, &batch.by_trace(), |_| true, |_| {}).unwrap().unwrap();
    let segment = SpanSegment::new(&encoded_again.header, encoded_again.blobs.clone()).unwrap();
    heads_are_those_of_spans(&segment, &encoded_again);
    traces_need_few_blobs(&segment, &encoded_again);
    read(&segment)
}

/// All of a segment.
fn read(segment: &SpanSegment) -> BTreeMap<TraceId, Vec<Kept>> {
    let (resources, scopes) = (segment.resources().unwrap(), segment.scopes().unwrap());
    let read = |(trace_id, rows): (TraceId, std::ops::Range<usize>)| {
        assert_eq!(segment.rows_of(trace_id).unwrap(), Some(rows.clone()));
        let spans = segment.spans(trace_id, rows).unwrap().into_iter().map(|stored| {
            assert_eq!(stored.request.received_at_unix_nano, stored.request.row * 1_000);
            let (resource, scope) = (&resources[stored.resource as usize], &scopes[stored.scope as usize]);
            let (of_resource, of_scope) = (resource.schema_url.clone(), scope.schema_url.clone());
            (stored.span, resource.resource.clone(), of_resource, scope.scope.clone(), of_scope, stored.request.row)
        });
        (trace_id, spans.collect())
    };
    segment.traces().unwrap().into_iter().map(read).collect()
}

/// A trace read with only those blobs that it needs is the same.
fn traces_need_few_blobs(whole: &SpanSegment, encoded: &Encoded) {
    for (trace_id, rows) in whole.traces().unwrap().into_iter().take(20) {
        let segment = SpanSegment::open(&encoded.header).unwrap();
        let supply = |needed: Vec<u16>| {
            needed.into_iter().for_each(|number| segment.supply(number, encoded.blobs[usize::from(number)].clone()));
        };
        supply(segment.blobs_of_traces());
        assert_eq!(segment.rows_of(trace_id).unwrap(), Some(rows.clone()));
        supply(segment.blobs_of_span_ids(&rows));
        assert_eq!(segment.span_ids(rows.clone()), whole.span_ids(rows.clone()));
        supply(segment.blobs_of_spans(&rows));
        let last_row = whole.last_row_of(rows.clone()).unwrap();
        let spans = segment.spans(trace_id, rows.clone()).unwrap();
        assert_eq!(spans.iter().map(|stored| stored.request.row).max(), Some(last_row));
        let of_whole = whole.spans(trace_id, rows).unwrap();
        assert_eq!(spans.len(), of_whole.len());
        for (span, of_whole) in spans.iter().zip(&of_whole) {
            assert!(span.span.same(&of_whole.span));
            assert!((span.resource, span.scope, span.request) == (of_whole.resource, of_whole.scope, of_whole.request));
            // As text: NaN is another than itself.
            let resource = &whole.resources().unwrap()[span.resource as usize];
            assert_eq!(format!("{:?}", segment.resource(span.resource).unwrap()), format!("{resource:?}"));
            let scope = &whole.scopes().unwrap()[span.scope as usize];
            assert_eq!(format!("{:?}", segment.scope(span.scope).unwrap()), format!("{scope:?}"));
        }
    }
}

/// What is read in part is the same, for some traces and some attributes.
fn heads_are_those_of_spans(segment: &SpanSegment, encoded: &Encoded) {
    let is_wanted = |trace_id: TraceId| trace_id.0[0] != 2;
    let is_key_wanted = |key: &[u8]| key != b"a";
    let mut whole = Vec::new();
    for (trace_id, rows) in segment.traces().unwrap().into_iter().filter(|(trace_id, _)| is_wanted(*trace_id)) {
        for stored in segment.spans(trace_id, rows).unwrap() {
            let span = stored.span;
            let keys = span.attributes.iter().map(|attribute| attribute.key.clone()).filter(|key| key != "a").collect();
            let links: Vec<_> = span.links.iter().map(|link| (link.trace_id.clone(), link.span_id.clone())).collect();
            let times =
                (span.start_unix_nano, span.end_unix_nano, span.kind.0, span.status.map(|status| status.code.0));
            let ids = (trace_id, span.span_id.0.to_vec(), span.parent_span_id, span.trace_state);
            whole.push((ids, times, keys, links, stored.resource, stored.request));
        }
    }
    let segment = SpanSegment::open(&encoded.header).unwrap();
    let supply = |needed: Vec<u16>| {
        needed.into_iter().for_each(|number| segment.supply(number, encoded.blobs[usize::from(number)].clone()));
    };
    supply(segment.blobs_of_traces());
    supply(segment.blobs_of_heads(is_wanted, is_key_wanted).unwrap());
    assert_eq!(segment.blobs_of_heads(is_wanted, is_key_wanted), Ok(Vec::new()));
    let mut heads = Vec::new();
    let visited = segment.visit_heads(is_wanted, is_key_wanted, |head| {
        let span = head.span;
        let keys: Vec<String> = span.attributes.iter().map(|one| formats::decode_text(one.key)).collect();
        let links: Vec<_> = head.links.iter().map(|(trace, span)| (trace.to_vec(), span.to_vec())).collect();
        let times = (span.start_unix_nano, span.end_unix_nano, span.kind, span.status.map(|(code, _)| code));
        let state = formats::decode_text(span.trace_state);
        let ids = (head.trace_id, span.span_id.to_vec(), span.parent_span_id.to_vec(), state);
        heads.push((ids, times, keys, links, head.resource, head.request));
    });
    visited.unwrap();
    assert_eq!(heads, whole);
}

fn all(request: &TracesData) -> impl Iterator<Item = &Span> {
    request.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans)
}

fn assert_same(a: &BTreeMap<TraceId, Vec<Kept>>, b: &BTreeMap<TraceId, Vec<Kept>>) {
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    for (a, b) in a.values().flatten().zip(b.values().flatten()) {
        let resources = a.1.as_ref().zip(b.1.as_ref()).is_none_or(|(a, b)| a.same(b)) && a.1.is_some() == b.1.is_some();
        let scopes = a.3.as_ref().zip(b.3.as_ref()).is_none_or(|(a, b)| a.same(b)) && a.3.is_some() == b.3.is_some();
        assert!(a.0.same(&b.0) && resources && scopes, "{a:#?}\n{b:#?}");
        assert_eq!((&a.2, &a.4, a.5), (&b.2, &b.4, b.5));
    }
}

/// Few traces, so that spans share them.
fn gathered(mut data: TracesData) -> TracesData {
    for of_scope in data.resource_spans.iter_mut().flat_map(|of| &mut of.scope_spans) {
        for span in &mut of_scope.spans {
            if !span.trace_id.is_zero() {
                span.trace_id = TraceId([span.trace_id.0[1] % 3 + 1; 16]);
                span.span_id.0 = [span.span_id.0[0] % 4 + 1; 8];
                if span.parent_span_id.len() == 8 {
                    span.parent_span_id = vec![span.parent_span_id[0] % 5 + 1; 8];
                }
            }
        }
    }
    data
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn spans_come_back(
        requests in prop::collection::vec(strategies::traces().prop_map(gathered), 1..4),
        run_rows in 1..6_usize,
        leaves_out in any::<bool>(),
    ) {
        let is_left_out = if leaves_out { |ordinal| ordinal % 3 == 1 } else { |_| false };
        assert_same(&packed(&requests, run_rows, is_left_out), &decoded(&requests, is_left_out));
    }

    #[test]
    fn a_damaged_segment_is_an_error_and_no_more(
        requests in prop::collection::vec(strategies::traces().prop_map(gathered), 1..2),
        run_rows in 1..6_usize,
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let bodies: Vec<Vec<u8>> = requests.iter().map(formats::encode_traces_protobuf).collect();
        let mut batch = Batch::default().in_runs_of(run_rows);
        for body in &bodies {
            let refused: Vec<bool> = all(&requests[0]).map(|span| span.trace_id.is_zero()).collect();
            batch.add_spans(Request::default(), body, |ordinal| refused[ordinal as usize]).unwrap();
        }
        let Some(mut encoded) = encode_spans(&batch, &batch.by_trace(), |_| true, |_| {}).unwrap() else { return Ok(()) };
        let whole = SpanSegment::new(&encoded.header, encoded.blobs.clone()).and_then(|it| it.requests(|_| true));
        let blob = &mut encoded.blobs[0];
        let at = at.index(blob.len());
        blob[at] = byte;
        if let Ok(segment) = SpanSegment::new(&encoded.header, encoded.blobs) {
            for (trace_id, rows) in segment.traces().unwrap_or_default() {
                let _ = segment.spans(trace_id, rows);
            }
            // Nothing else is read in its place.
            if let Ok(requests) = segment.requests(|_| true) {
                prop_assert_eq!(requests, whole.unwrap());
            }
        }
    }
}

#[test]
fn the_corpus_comes_back() {
    let requests: Vec<TracesData> = testkit::corpus::requests(3, 20_000, 512).collect();
    assert_same(&packed(&requests, 8192, |_| false), &decoded(&requests, |_| false));
}

/// A segment as version 1 wrote it, and the requests of which it was made: some of the corpus, one with keys without end,
/// and random ones.
#[test]
fn a_segment_of_version_1_reads() {
    let requests = zstd::bulk::decompress(include_bytes!("version_1/requests.zst"), 16 << 20).unwrap();
    let decode = |body: &Vec<u8>| formats::decode_traces(formats::Encoding::Protobuf, body).unwrap();
    let requests: Vec<TracesData> = decoding::parts(&requests).iter().map(decode).collect();
    let mut blobs = decoding::parts(include_bytes!("version_1/segment"));
    let encoded = Encoded { header: blobs.remove(0), rows: 347, blobs, values: Vec::new(), trigrams: Vec::new() };
    let segment = SpanSegment::new(&encoded.header, encoded.blobs.clone()).unwrap();
    assert_eq!(segment.len(), 347);
    assert_same(&read(&segment), &decoded(&requests, |_| false));
    heads_are_those_of_spans(&segment, &encoded);
    traces_need_few_blobs(&segment, &encoded);
    // Once more in the layout of today.
    let again = segment.requests(|_| true).unwrap();
    let mut batch = Batch::default();
    again.iter().for_each(|(request, body)| batch.add_spans(*request, body, |_| false).unwrap());
    let encoded = encode_spans(&batch, &batch.by_trace(), |_| true, |_| {}).unwrap().unwrap();
    let segment = SpanSegment::new(&encoded.header, encoded.blobs).unwrap();
    assert_same(&read(&segment), &decoded(&requests, |_| false));
}

#[test]
fn keys_without_end_make_no_columns_without_end() {
    let span = |number: u64| Span {
        trace_id: testkit::TRACE_ID,
        span_id: model::SpanId(number.to_be_bytes()),
        attributes: (0..100).map(|key| KeyValue::new(format!("key {number} {key}"), key)).collect(),
        ..Span::default()
    };
    let mut request: TracesData = testkit::corpus::requests(3, 10, 512).next().unwrap();
    request.resource_spans[0].scope_spans[0].spans = (1..=200).map(span).collect();
    let requests = [request];
    assert_same(&packed(&requests, 8192, |_| false), &decoded(&requests, |_| false));
}
