//! What the tests are made of: small requests, and a store in a fresh directory.

use bytes::Bytes;
use formats::{Compression, Encoding, WalkLimits, walk};
use model::{
    KeyValue, LogRecord, LogsData, Resource, ResourceLogs, ResourceSpans, Scope, ScopeLogs, ScopeSpans, Signal, Span,
    SpanId, Status, StatusCode, TraceId, TracesData, Value,
};
use store::{Append, AppendError, Appended, DataDir, Reader, Retention, Store};
use tempfile::TempDir;

/// 2026-01-01 in nanoseconds.
pub(crate) const T0: u64 = 1_767_225_600_000_000_000;

pub(crate) fn trace_id(number: u8) -> TraceId {
    TraceId([number; 16])
}

pub(crate) fn span_id(number: u8) -> SpanId {
    SpanId([number; 8])
}

/// A span of 10 ns; its name tells it apart from others with the same ids.
pub(crate) fn span(trace: u8, span: u8, name: &str) -> Span {
    let start_unix_nano = T0 + u64::from(span) * 100;
    Span {
        trace_id: trace_id(trace),
        span_id: span_id(span),
        name: name.to_owned(),
        start_unix_nano,
        end_unix_nano: start_unix_nano + 10,
        ..Span::default()
    }
}

pub(crate) fn failed(mut span: Span, message: &str) -> Span {
    span.status = Some(Status { code: StatusCode::ERROR, message: message.to_owned() });
    span
}

pub(crate) fn child_of(mut span: Span, parent: u8) -> Span {
    span.parent_span_id = span_id(parent).0.to_vec();
    span
}

pub(crate) fn resource(service: &str) -> Option<Resource> {
    Some(Resource { attributes: vec![KeyValue::new("service.name", service)], ..Resource::default() })
}

fn scope() -> Option<Scope> {
    Some(Scope { name: "lib".to_owned(), ..Scope::default() })
}

pub(crate) fn traces(service: &str, spans: Vec<Span>) -> TracesData {
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, schema_url: String::new() }];
    TracesData {
        resource_spans: vec![ResourceSpans { resource: resource(service), scope_spans, schema_url: String::new() }],
    }
}

pub(crate) fn record(trace: u8, time: u64, body: &str) -> LogRecord {
    LogRecord {
        time_unix_nano: time,
        trace_id: if trace == 0 { Vec::new() } else { trace_id(trace).0.to_vec() },
        body: Some(Value::from(body)),
        ..LogRecord::default()
    }
}

pub(crate) fn logs(service: &str, log_records: Vec<LogRecord>) -> LogsData {
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, schema_url: String::new() }];
    LogsData {
        resource_logs: vec![ResourceLogs { resource: resource(service), scope_logs, schema_url: String::new() }],
    }
}

pub(crate) fn append(signal: Signal, encoding: Encoding, body: Vec<u8>) -> Append {
    let walked = walk(signal, encoding, &body, &WalkLimits::default()).unwrap();
    Append {
        signal,
        encoding,
        compression: Compression::None,
        body: Bytes::from(body),
        walked,
        received_at_unix_nano: T0,
    }
}

pub(crate) fn in_protobuf(data: &TracesData) -> Append {
    append(Signal::Traces, Encoding::Protobuf, formats::encode_traces_protobuf(data))
}

pub(crate) fn in_json(data: &TracesData) -> Append {
    append(Signal::Traces, Encoding::Json, formats::encode_traces_json(data))
}

pub(crate) fn logs_in_protobuf(data: &LogsData) -> Append {
    append(Signal::Logs, Encoding::Protobuf, formats::encode_logs_protobuf(data))
}

/// A data directory and the store that owns it.
pub(crate) struct Kept {
    pub(crate) dir: DataDir,
    store: Option<Store>,
    _temp: TempDir,
}

impl Kept {
    pub(crate) async fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = DataDir::open(temp.path().join("data")).unwrap();
        let store = Some(open(&dir).await);
        Self { dir, store, _temp: temp }
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    pub(crate) fn reader(&self) -> Reader {
        self.store().reader()
    }

    pub(crate) async fn add(&self, append: Append) -> Result<Appended, AppendError> {
        self.store().append(append).await
    }

    /// Appends and says `stored/duplicate/rejected`.
    pub(crate) async fn outcome(&self, append: Append) -> String {
        let Appended { stored, duplicate, rejected, .. } = self.add(append).await.unwrap();
        format!("{stored}/{duplicate}/{rejected}")
    }

    pub(crate) async fn reopen(&mut self) {
        if let Some(store) = self.store.take() {
            store.close().await.unwrap();
        }
        self.store = Some(open(&self.dir).await);
    }

    pub(crate) async fn close(&mut self) {
        self.store.take().unwrap().close().await.unwrap();
    }
}

async fn open(dir: &DataDir) -> Store {
    let store = Store::open(dir, dir.try_lock().unwrap()).await.unwrap();
    store.set_retention(Retention::default()).await.unwrap();
    store
}

/// Names of a trace's spans as `name#variant`, in the order in which they arrived.
pub(crate) async fn names(reader: &Reader, trace: u8) -> Vec<String> {
    let contents = reader.trace(trace_id(trace)).await.unwrap().unwrap_or_default();
    contents.spans.iter().map(|stored| format!("{}#{}", stored.span.name, stored.variant)).collect()
}
