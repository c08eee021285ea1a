//! Requests, good and bad.

use std::io::Write as _;
use std::sync::LazyLock;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
pub(crate) use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse as MetricsResponse;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
pub(crate) use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse as Response;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Histogram, HistogramDataPoint, Metric, ResourceMetrics,
    ScopeMetrics, exponential_histogram_data_point::Buckets, metric::Data,
};
pub(crate) use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans};
use prost::Message;

pub(crate) fn span() -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: vec![9; 8],
        name: "GET /cart".to_owned(),
        start_time_unix_nano: 1_700_000_000_000_000_000,
        end_time_unix_nano: 1_700_000_000_001_000_000,
        ..Span::default()
    }
}

pub(crate) fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }
}

/// A request, and a budget that has room for one of them but not for two.
pub(crate) fn large_with_budget() -> (Vec<u8>, u64) {
    let body = request(vec![span(); 100]).encode_to_vec();
    let limits = formats::WalkLimits::default();
    let walked = formats::walk(model::Signal::Traces, formats::Encoding::Protobuf, &body, &limits).unwrap();
    let needed = body.len() as u64 + walked.heap_bytes;
    (body, needed + needed / 2)
}

/// One span.
pub(crate) fn traces() -> Vec<u8> {
    request(vec![span()]).encode_to_vec()
}

/// One span whose name is not UTF-8.
pub(crate) fn broken_text() -> Vec<u8> {
    let mut body = traces();
    let name = body.windows(9).position(|window| window == b"GET /cart").unwrap();
    body[name] = 0xff;
    body
}

/// Requests of two spans, the first with an id that is empty, zero or of a wrong length.
pub(crate) fn one_of_two_without_ids() -> impl Iterator<Item = Vec<u8>> {
    let ids: [(&[u8], &[u8]); 5] =
        [(&[], &[9; 8]), (&[0; 16], &[9; 8]), (&[1; 8], &[9; 8]), (&[7; 16], &[]), (&[7; 16], &[0; 8])];
    ids.into_iter().map(|(trace_id, span_id)| {
        let without = Span { trace_id: trace_id.to_vec(), span_id: span_id.to_vec(), ..span() };
        request(vec![without, span()]).encode_to_vec()
    })
}

/// One log record with a body that no span could have.
pub(crate) fn logs() -> Vec<u8> {
    let record = LogRecord { severity_text: "INFO".to_owned(), severity_number: 99, ..LogRecord::default() };
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

/// A metric with one point.
pub(crate) fn histogram(bucket_counts: Vec<u64>, explicit_bounds: Vec<f64>) -> Data {
    let point = HistogramDataPoint { bucket_counts, explicit_bounds, ..HistogramDataPoint::default() };
    Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 2 })
}

/// A metric with one point.
pub(crate) fn exponential_histogram(scale: i32, offset: i32) -> Data {
    let positive = Some(Buckets { offset, bucket_counts: vec![1] });
    let point = ExponentialHistogramDataPoint { scale, positive, ..ExponentialHistogramDataPoint::default() };
    Data::ExponentialHistogram(ExponentialHistogram { data_points: vec![point], aggregation_temporality: 2 })
}

/// A metrics request with one metric.
pub(crate) fn metrics(data: Data) -> Vec<u8> {
    let metric = Metric { name: "m".to_owned(), data: Some(data), ..Metric::default() };
    let scope_metrics = vec![ScopeMetrics { metrics: vec![metric], ..ScopeMetrics::default() }];
    let resource_metrics = vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }.encode_to_vec()
}

/// A trace request whose span has these fields besides the usual ones.
pub(crate) fn span_json(fields: &str) -> String {
    format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"a"{fields}}}]}}]}}]}}"#
    )
}

/// A metrics request with this metric.
pub(crate) fn metric_json(metric: &str) -> String {
    format!(r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m",{metric}}}]}}]}}]}}"#)
}

/// A log request with this record.
pub(crate) fn log_json(record: &str) -> String {
    format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{record}}}]}}]}}]}}"#)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// More than a request may be, compressed to little: with gzip, and with zstd.
pub(crate) static BOMBS: LazyLock<(Vec<u8>, Vec<u8>)> = LazyLock::new(|| {
    let zeros = vec![0; 65 << 20];
    (gzip(&zeros), zstd(&zeros))
});

pub(crate) fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).unwrap()
}
