//! The Rust SDK, over gRPC and HTTP.

use std::time::Duration;

use opentelemetry::{
    KeyValue,
    logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity},
    metrics::MeterProvider,
    trace::{Span, SpanKind, Status, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, logs::SdkLoggerProvider, metrics::SdkMeterProvider, trace::SdkTracerProvider};
use serde_json::json;

use super::{span, trace_with};
use crate::support::{Serve, eventually, fresh_dir};

/// Sends a trace of two spans, a log record and a sum; the trace's id.
fn send(spans: SpanExporter, logs: LogExporter, metrics: MetricExporter) -> String {
    let resource = Resource::builder().with_service_name("rust-checkout").build();
    let tracers = SdkTracerProvider::builder().with_batch_exporter(spans).with_resource(resource.clone()).build();
    let loggers = SdkLoggerProvider::builder().with_batch_exporter(logs).with_resource(resource.clone()).build();
    let meters = SdkMeterProvider::builder().with_periodic_exporter(metrics).with_resource(resource).build();
    let tracer = tracers.tracer("checkout");
    meters.meter("checkout").u64_counter("orders").build().add(3, &[KeyValue::new("currency", "EUR")]);
    let mut root = tracer.span_builder("POST /orders").with_kind(SpanKind::Server).start(&tracer);
    root.set_attribute(KeyValue::new("order.count", 3));
    root.set_attribute(KeyValue::new("order.total", 129.9));
    let context = opentelemetry::Context::new().with_span(root);
    let trace_id = context.span().span_context().trace_id().to_string();
    let mut child = tracer.start_with_context("INSERT orders", &context);
    child.set_status(Status::error("insert failed"));
    let logger = loggers.logger("checkout");
    let mut record = logger.create_log_record();
    record.set_severity_number(Severity::Warn);
    record.set_body(AnyValue::from("retrying insert"));
    record.set_trace_context(
        child.span_context().trace_id(),
        child.span_context().span_id(),
        Some(child.span_context().trace_flags()),
    );
    logger.emit(record);
    child.end();
    context.span().end();
    tracers.shutdown().unwrap();
    loggers.shutdown().unwrap();
    meters.shutdown().unwrap();
    trace_id
}

fn arrives(serve: &Serve, trace_id: &str) {
    let trace = trace_with(serve, trace_id, 2);
    let root = span(&trace, "POST /orders");
    assert_eq!(root["service"], "rust-checkout");
    assert_eq!(root["attributes"]["order.count"], json!(3));
    assert_eq!(root["attributes"]["order.total"], json!(129.9));
    let child = span(&trace, "INSERT orders");
    assert_eq!(child["parent_span_id"], root["span_id"]);
    assert_eq!(child["status_message"], "insert failed");
    assert_eq!(child["logs"][0]["body"], "retrying insert");
    let ledger = eventually("a metric point", Duration::from_secs(10), || {
        let ledger = serve.json(&["status", "--json"])[0]["ledger"].clone();
        (ledger["metric_points"]["stored"].as_u64()? > 0).then_some(ledger)
    });
    assert_eq!(ledger["spans"]["stored"], 2);
    assert_eq!(ledger["logs"]["stored"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rust_over_grpc() {
    let dir = fresh_dir();
    let serve = Serve::start(dir.path());
    let endpoint = format!("http://{}", serve.grpc);
    let spans = SpanExporter::builder().with_tonic().with_endpoint(&endpoint).build().unwrap();
    let logs = LogExporter::builder().with_tonic().with_endpoint(&endpoint).build().unwrap();
    let metrics = MetricExporter::builder().with_tonic().with_endpoint(&endpoint).build().unwrap();
    let trace_id = tokio::task::spawn_blocking(move || send(spans, logs, metrics)).await.unwrap();
    arrives(&serve, &trace_id);
    serve.stop();
}

#[test]
fn rust_over_http() {
    let dir = fresh_dir();
    let serve = Serve::start(dir.path());
    let at = |path: &str| format!("http://{}{path}", serve.http);
    let spans = SpanExporter::builder().with_http().with_endpoint(at("/v1/traces")).build().unwrap();
    let logs = LogExporter::builder().with_http().with_endpoint(at("/v1/logs")).build().unwrap();
    let metrics = MetricExporter::builder().with_http().with_endpoint(at("/v1/metrics")).build().unwrap();
    let trace_id = send(spans, logs, metrics);
    arrives(&serve, &trace_id);
    serve.stop();
}
