//! What is refused, as a whole or item by item.

use formats::*;
use model::*;
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, any_value},
    logs::v1::{LogRecord, LogsData as ProtoLogs, ResourceLogs, ScopeLogs},
    metrics::v1::{self as metrics, Metric, MetricsData as ProtoMetrics, metric},
    trace::v1::{ResourceSpans, ScopeSpans, Span, TracesData as ProtoTraces},
};
use prost::Message;

fn walk_default(signal: Signal, encoding: Encoding, body: &[u8]) -> Result<Walked, FormatError> {
    walk(signal, encoding, body, &WalkLimits::default())
}

fn spans(spans: Vec<Span>) -> Vec<u8> {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    ProtoTraces { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }.encode_to_vec()
}

fn span(trace_id: &[u8], span_id: &[u8], parent: &[u8]) -> Span {
    Span {
        trace_id: trace_id.to_vec(),
        span_id: span_id.to_vec(),
        parent_span_id: parent.to_vec(),
        start_time_unix_nano: 1,
        ..Span::default()
    }
}

#[test]
fn spans_with_ids_that_are_none() {
    let body = spans(vec![
        span(&[1; 16], &[1; 8], &[]),
        span(&[], &[1; 8], &[]),
        span(&[1; 8], &[1; 8], &[]),
        span(&[0; 16], &[1; 8], &[]),
        span(&[1; 16], &[], &[]),
        span(&[1; 16], &[0; 8], &[]),
        span(&[1; 16], &[2; 8], &[1; 3]),
        span(&[1; 16], &[3; 8], &[0; 8]),
    ]);
    let walked = walk_default(Signal::Traces, Encoding::Protobuf, &body).expect("valid");
    use RejectReason::*;
    let refused = [(1, TraceIdLength), (2, TraceIdLength), (3, TraceIdZero), (4, SpanIdLength), (5, SpanIdZero)];
    assert_eq!((walked.received, &walked.rejected[..]), (8, &refused[..]));
    let WalkedRows::Spans(rows) = walked.rows else { panic!("spans") };
    assert_eq!(rows.is_root, [true, false, true]);
    let decoded = decode_traces(Encoding::Protobuf, &body).expect("valid");
    let ids: Vec<_> =
        decoded.resource_spans[0].scope_spans[0].spans.iter().map(|span| span.trace_id.is_zero()).collect();
    assert_eq!(ids, [false, true, true, true, true, true, false, false]);
}

#[test]
fn histograms_whose_buckets_do_not_fit() {
    let histogram = |bucket_counts: &[u64], explicit_bounds: &[f64]| metrics::HistogramDataPoint {
        bucket_counts: bucket_counts.to_vec(),
        explicit_bounds: explicit_bounds.to_vec(),
        ..Default::default()
    };
    let exponential = |scale, offset, bucket_counts: &[u64]| metrics::ExponentialHistogramDataPoint {
        scale,
        positive: Some(metrics::exponential_histogram_data_point::Buckets {
            offset,
            bucket_counts: bucket_counts.to_vec(),
        }),
        ..Default::default()
    };
    let explicit = metric::Data::Histogram(metrics::Histogram {
        data_points: vec![
            histogram(&[], &[]),
            histogram(&[1], &[]),
            histogram(&[1, 2], &[5.0]),
            histogram(&[1, 2], &[1.0, 2.0]),
            histogram(&[], &[1.0]),
            histogram(&[1, 2, 3], &[2.0, 1.0]),
            histogram(&[1, 2, 3], &[1.0, 1.0]),
            histogram(&[1, 2, 3], &[1.0, f64::NAN]),
        ],
        ..Default::default()
    });
    let exponential = metric::Data::ExponentialHistogram(metrics::ExponentialHistogram {
        data_points: vec![
            exponential(20, 0, &[1]),
            exponential(1000, 0, &[1]),
            exponential(-11, 0, &[1]),
            exponential(0, i32::MAX, &[1]),
            exponential(0, i32::MIN, &[1]),
        ],
        ..Default::default()
    });
    let body = metrics_of(vec![
        Metric { name: "a".to_owned(), data: Some(explicit), ..Metric::default() },
        Metric { name: "b".to_owned(), data: Some(exponential), ..Metric::default() },
    ]);
    use RejectReason::*;
    let refused = [
        (3, BucketCounts),
        (4, BucketCounts),
        (5, BucketBounds),
        (6, BucketBounds),
        (7, BucketBounds),
        (9, BucketScale),
        (10, BucketScale),
        (11, BucketScale),
    ];
    let data = decode_metrics(Encoding::Protobuf, &body).expect("valid");
    for (encoding, body) in [(Encoding::Protobuf, body), (Encoding::Json, encode_metrics_json(&data))] {
        let walked = walk_default(Signal::Metrics, encoding, &body).expect("valid");
        assert_eq!((walked.received, &walked.rejected[..]), (13, &refused[..]), "{encoding:?}");
    }
}

fn metrics_of(metrics: Vec<Metric>) -> Vec<u8> {
    let scope_metrics = vec![metrics::ScopeMetrics { metrics, ..Default::default() }];
    ProtoMetrics { resource_metrics: vec![metrics::ResourceMetrics { scope_metrics, ..Default::default() }] }
        .encode_to_vec()
}

fn logs_of(record: LogRecord) -> Vec<u8> {
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
    ProtoLogs { resource_logs: vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }] }.encode_to_vec()
}

#[test]
fn requests_of_another_signal_are_told_where_to_go() {
    let body = Some(AnyValue { value: Some(any_value::Value::StringValue("hello".to_owned())) });
    let full_log =
        logs_of(LogRecord { time_unix_nano: 1, severity_number: 9, body: body.clone(), ..LogRecord::default() });
    let bare_log = logs_of(LogRecord { body, ..LogRecord::default() });
    let gauge = |name: &str, description: &str| {
        let data_points = vec![metrics::NumberDataPoint { time_unix_nano: 1, ..Default::default() }];
        metrics_of(vec![Metric {
            name: name.to_owned(),
            description: description.to_owned(),
            data: Some(metric::Data::Gauge(metrics::Gauge { data_points })),
            ..Metric::default()
        }])
    };
    let trace = spans(vec![span(&[1; 16], &[1; 8], &[])]);
    for (sent_as, body, path) in [
        (Signal::Traces, full_log, "/v1/logs"),
        (Signal::Traces, bare_log, "/v1/logs"),
        (Signal::Traces, gauge("a.gauge", ""), "/v1/metrics"),
        // As long as ids are: a span, to those who do not look twice.
        (Signal::Traces, gauge("sixteen.letters.", "eight..."), "/v1/metrics"),
        (Signal::Logs, gauge("a.gauge", ""), "/v1/metrics"),
        (Signal::Logs, trace.clone(), "/v1/traces"),
        (Signal::Metrics, trace, "/v1/traces"),
    ] {
        let error = walk_default(sent_as, Encoding::Protobuf, &body).expect_err(path);
        assert!(matches!(&error, FormatError::WrongSignal(what) if what.contains(path)), "{sent_as:?}: {error}");
    }
    for (body, path) in [(r#"{"resourceLogs":[]}"#, "/v1/logs"), (r#"{"resource_metrics":[{}]}"#, "/v1/metrics")] {
        let error = walk_default(Signal::Traces, Encoding::Json, body.as_bytes()).expect_err(path);
        assert!(matches!(&error, FormatError::WrongSignal(what) if what.contains(path)), "{error}");
    }
}

#[test]
fn spans_without_times_stay_spans() {
    let named = |name: &str| Span { name: name.to_owned(), ..Span::default() };
    for body in [spans(vec![Span::default()]), spans(vec![named("abc"), named("")])] {
        let walked = walk_default(Signal::Traces, Encoding::Protobuf, &body).expect("spans, if bad ones");
        assert_eq!(walked.received, walked.rejected.len() as u64);
    }
}

#[test]
fn bodies_that_are_no_requests_say_what_they_are() {
    let deep = ["[".repeat(10_000), "]".repeat(10_000)].concat();
    let deep = format!(r#"{{"unknown":{deep}}}"#);
    for (encoding, body, hint) in [
        (Encoding::Protobuf, r#"{"resourceSpans":[]}"#, "application/json"),
        (Encoding::Json, "", "empty"),
        (Encoding::Json, " \n", "empty"),
        (Encoding::Json, "[]", "import"),
        (Encoding::Json, "{}\n{}\n", "import"),
        (Encoding::Json, "{} x", "import"),
        (Encoding::Json, "\n\u{5}abc", "not JSON"),
        (Encoding::Json, "null", "not JSON"),
        (Encoding::Json, r#"{"resourceSpans":[{]}"#, "byte 19"),
        (Encoding::Json, r#"{"resourceSpans":[{"#, "ends"),
        (Encoding::Json, r#"{"resourceSpans":{}}"#, "an array is expected"),
        (Encoding::Json, r#"{"a":"\x"}"#, "escape"),
        (Encoding::Json, r#"{"a":01}"#, "number"),
        (Encoding::Json, r#"{"a":1,}"#, "key"),
        (Encoding::Json, &deep, "too deep"),
    ] {
        let error = walk_default(Signal::Traces, encoding, body.as_bytes()).expect_err(hint);
        assert!(matches!(&error, FormatError::Malformed(what) if what.contains(hint)), "{hint}: {error}");
    }
    for (encoding, body) in
        [(Encoding::Protobuf, ""), (Encoding::Json, "{}"), (Encoding::Json, r#"{"resourceSpans":null}"#)]
    {
        let walked = walk_default(Signal::Traces, encoding, body.as_bytes()).expect("an empty request");
        assert_eq!(walked.received, 0);
    }
}

#[test]
fn times_that_are_none_refuse_their_item_only() {
    for time in [r#"{"low":1,"high":2}"#, r#""yesterday""#, "-1", "1.5", "true", "1e30", "[]"] {
        let body = format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[
                {{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","startTimeUnixNano":{time}}},
                {{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203332"}}]}}]}}]}}"#
        );
        let walked = walk_default(Signal::Traces, Encoding::Json, body.as_bytes()).expect("valid");
        assert_eq!((walked.received, &walked.rejected[..]), (2, &[(0, RejectReason::Time)][..]), "{time}");
        let data = decode_traces(Encoding::Json, body.as_bytes()).expect("valid");
        assert!(data.resource_spans[0].scope_spans[0].spans[0].trace_id.is_zero());
    }
}

#[test]
fn bombs_are_too_large_before_they_go_off() {
    let limits = WalkLimits::default();
    // An array of empty values: two bytes each, many times that in memory.
    let empty_values = |count| {
        let nested = |field: u8, bytes: Vec<u8>| {
            let mut out = vec![field << 3 | 2];
            let mut len = bytes.len();
            while len > 0x7f {
                out.push(len as u8 | 0x80);
                len >>= 7;
            }
            out.push(len as u8);
            [out, bytes].concat()
        };
        let array = nested(5, [0x0a, 0].repeat(count));
        nested(1, nested(2, nested(2, nested(9, nested(2, array)))))
    };
    let walked = walk(Signal::Traces, Encoding::Protobuf, &empty_values(1000), &limits).expect("small enough");
    assert!(walked.heap_bytes >= 1000 * size_of::<Value>() as u64);
    let many = spans(vec![Span::default(); 200_001]);
    let json =
        [br#"{"resourceSpans":[{"scopeSpans":[{"spans":["#.to_vec(), b"{},".repeat(200_001), b"{}]}]}]}".to_vec()];
    for (encoding, body) in
        [(Encoding::Protobuf, empty_values(7 << 20)), (Encoding::Protobuf, many), (Encoding::Json, json.concat())]
    {
        let error = walk(Signal::Traces, encoding, &body, &limits).expect_err("too large");
        assert!(matches!(error, FormatError::TooLarge(_)), "{error}");
    }
}
