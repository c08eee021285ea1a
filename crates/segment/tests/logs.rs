//! Log records that go into a segment come out of it, as decoding the requests has them.
#![allow(clippy::unwrap_used)]

use model::{LogRecord, LogsData, Resource, ResourceLogs, Scope, ScopeLogs, TraceId, Value};
use proptest::prelude::*;
use segment::{Batch, Encoded, LogSegment, Request, SegmentLog, encode_logs};
use testkit::strategies;

type Kept = (LogRecord, Option<Resource>, String, Option<Scope>, String, u64);

/// The records of requests by time and arrival, but for those left out.
fn decoded(requests: &[LogsData], is_left_out: fn(u32) -> bool) -> Vec<Kept> {
    let mut records = Vec::new();
    for (row, request) in (1..).zip(requests) {
        let mut ordinal = 0;
        for of_resource in &request.resource_logs {
            for of_scope in &of_resource.scope_logs {
                for record in &of_scope.log_records {
                    if !is_left_out(ordinal) {
                        let (resource, scope) = (of_resource.resource.clone(), of_scope.scope.clone());
                        let (of_resource, of_scope) = (of_resource.schema_url.clone(), of_scope.schema_url.clone());
                        records.push((record.clone(), resource, of_resource, scope, of_scope, row));
                    }
                    ordinal += 1;
                }
            }
        }
    }
    records.sort_by_key(|(record, ..)| record.time());
    records
}

fn encoded(
    requests: &[LogsData],
    is_left_out: fn(u32) -> bool,
    is_wanted: fn(Option<TraceId>) -> bool,
) -> Option<Encoded> {
    let bodies: Vec<Vec<u8>> = requests.iter().map(formats::encode_logs_protobuf).collect();
    let mut batch = Batch::default();
    for (row, body) in (1..).zip(&bodies) {
        let request = Request { row, received_at_unix_nano: row * 1_000, repaired_texts: 0 };
        batch.add_logs(request, body, is_left_out).unwrap();
    }
    encode_logs(&batch.only_logs(is_wanted).unwrap()).unwrap()
}

fn opened(encoded: Encoded) -> LogSegment {
    let segment = LogSegment::new(&encoded.header, encoded.blobs).unwrap();
    // Once more, by way of requests: nothing may depend on how it first came.
    let again = segment.requests().unwrap();
    let mut batch = Batch::default();
    again.iter().for_each(|(request, body)| batch.add_logs(*request, body, |_| false).unwrap());
    let encoded = encode_logs(&batch).unwrap().unwrap();
    let segment = LogSegment::new(&encoded.header, encoded.blobs).unwrap();
    assert_eq!(segment.len(), encoded.rows as usize);
    segment
}

fn with_origins(segment: &LogSegment, records: Vec<SegmentLog>) -> Vec<Kept> {
    let (resources, scopes) = (segment.resources().unwrap(), segment.scopes().unwrap());
    let with_origin = |stored: SegmentLog| {
        assert_eq!(stored.request.received_at_unix_nano, stored.request.row * 1_000);
        let (resource, scope) = (&resources[stored.resource as usize], &scopes[stored.scope as usize]);
        let (of_resource, of_scope) = (resource.schema_url.clone(), scope.schema_url.clone());
        (stored.record, resource.resource.clone(), of_resource, scope.scope.clone(), of_scope, stored.request.row)
    };
    records.into_iter().map(with_origin).collect()
}

/// As texts, in which NaN is itself.
fn assert_same(a: &[Kept], b: &[Kept]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert_eq!(format!("{a:?}"), format!("{b:?}"));
    }
}

/// Few traces and times, so that records share them.
fn gathered(mut data: LogsData) -> LogsData {
    for of_scope in data.resource_logs.iter_mut().flat_map(|of| &mut of.scope_logs) {
        for record in &mut of_scope.log_records {
            if record.trace_id.len() == 16 {
                record.trace_id = vec![record.trace_id[0] % 3; 16];
            }
        }
    }
    data
}

/// Whatever a segment gives, read.
fn read_all(segment: &LogSegment) {
    let _ = (segment.resources(), segment.scopes(), segment.records(0..usize::MAX));
    for (trace_id, _) in segment.trace_ids().unwrap_or_default() {
        let _ = segment.records_of(trace_id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn records_come_back(
        requests in prop::collection::vec(strategies::logs().prop_map(gathered), 1..4),
        leaves_out in any::<bool>(),
        (start, end) in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let is_left_out = if leaves_out { |ordinal| ordinal % 3 == 1 } else { |_| false };
        let expected = decoded(&requests, is_left_out);
        let Some(encoded) = encoded(&requests, is_left_out, |_| true) else {
            prop_assert!(expected.is_empty());
            return Ok(());
        };
        let segment = opened(encoded);
        assert_same(&with_origins(&segment, segment.records(0..segment.len()).unwrap()), &expected);
        let part = start.index(segment.len())..end.index(segment.len());
        let of_part = with_origins(&segment, segment.records(part.clone()).unwrap());
        assert_same(&of_part, expected.get(part).unwrap_or_default());
        let times = (expected[0].0.time(), expected[expected.len() - 1].0.time());
        prop_assert_eq!(segment.times(), times);
    }

    #[test]
    fn a_trace_has_its_records(requests in prop::collection::vec(strategies::logs().prop_map(gathered), 1..4)) {
        let is_left_out = |_| false;
        let of_traces: Vec<Kept> =
            decoded(&requests, is_left_out).into_iter().filter(|(record, ..)| record.trace().is_some()).collect();
        let Some(encoded) = encoded(&requests, is_left_out, |trace_id| trace_id.is_some()) else {
            prop_assert!(of_traces.is_empty());
            return Ok(());
        };
        let segment = opened(encoded);
        prop_assert_eq!(segment.len(), of_traces.len());
        let mut total = 0;
        for (trace_id, count) in segment.trace_ids().unwrap() {
            let expected: Vec<Kept> =
                of_traces.iter().filter(|(record, ..)| record.trace() == Some(trace_id)).cloned().collect();
            prop_assert_eq!(count as usize, expected.len());
            assert_same(&with_origins(&segment, segment.records_of(trace_id).unwrap()), &expected);
            total += expected.len();
        }
        prop_assert_eq!(total, of_traces.len());
        prop_assert_eq!(segment.records_of(TraceId([99; 16])).unwrap(), Vec::new());
    }

    #[test]
    fn a_damaged_segment_is_an_error_and_no_more(
        request in strategies::logs().prop_map(gathered),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        of_header in any::<bool>(),
    ) {
        let Some(mut encoded) = encoded(&[request], |_| false, |_| true) else { return Ok(()) };
        let bytes = if of_header { &mut encoded.header } else { &mut encoded.blobs[0] };
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(segment) = LogSegment::new(&encoded.header, encoded.blobs) {
            read_all(&segment);
        }
    }
}

/// Many records in traces of five, with bodies of which some repeat.
#[test]
fn many_records_come_back() {
    let record = |number: u64| LogRecord {
        time_unix_nano: if number.is_multiple_of(7) { 0 } else { 1_700_000_000_000_000_000 + number / 2 * 1_000 },
        observed_time_unix_nano: 1_700_000_000_000_000_000 + number * 1_000,
        severity_number: number as i32 % 25,
        body: match number % 4 {
            0 => None,
            1 => Some(Value::Empty),
            2 => Some(Value::String(format!("request {number}"))),
            _ => Some(Value::Int(number as i64 % 5)),
        },
        trace_id: (number / 5 + 1).to_be_bytes().repeat(2),
        span_id: number.to_be_bytes().to_vec(),
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs { log_records: (0..9_000).map(record).collect(), ..ScopeLogs::default() }];
    let requests = [LogsData { resource_logs: vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }] }];
    let segment = opened(encoded(&requests, |_| false, |_| true).unwrap());
    let expected = decoded(&requests, |_| false);
    assert_same(&with_origins(&segment, segment.records(0..segment.len()).unwrap()), &expected);
    let traces = segment.trace_ids().unwrap();
    assert_eq!(traces.len(), 1_800);
    for (trace_id, count) in traces.into_iter().step_by(97) {
        assert_eq!((count, segment.records_of(trace_id).unwrap().len()), (5, 5));
    }
}
