//! Builds a trace span by span, and groups it as exporters would.

use model::{
    Event, KeyValue, Link, LogRecord, LogsData, Resource, ResourceLogs, ResourceSpans, Scope, ScopeLogs, ScopeSpans,
    Span, SpanId, SpanKind, Status, StatusCode, TraceId, TracesData, Value,
};

use crate::Random;

/// 2026-01-15T09:24:31.208Z.
const START_UNIX_NANO: u64 = 1_768_469_071_208_000_000;

pub(super) const STOREFRONT: usize = 0;
pub(super) const CHECKOUT: usize = 1;
pub(super) const CART: usize = 2;
pub(super) const STOCK: usize = 3;
pub(super) const RISK: usize = 4;
pub(super) const PAYMENTS: usize = 5;
pub(super) const ORDERS: usize = 6;
pub(super) const MAILER: usize = 7;
pub(super) const SUGGESTIONS: usize = 8;

/// By the constants above: name, version, SDK language, version of the SDK, runtime and its version.
const SERVICES: [(&str, &str, &str, &str, &str, &str); 9] = [
    ("storefront", "8.14.0", "nodejs", "2.1.0", "node", "22.19.0"),
    ("checkout", "3.7.2", "java", "1.54.1", "OpenJDK Runtime Environment", "21.0.8+9"),
    ("cart", "2.30.1", "go", "1.38.0", "go", "go1.25.1"),
    ("stock", "5.2.0", "dotnet", "1.12.0", ".NET", "9.0.9"),
    ("risk", "0.41.3", "python", "1.37.0", "cpython", "3.13.7"),
    ("payments", "4.9.0", "java", "1.54.1", "OpenJDK Runtime Environment", "21.0.8+9"),
    ("orders", "1.18.4", "rust", "0.31.0", "rustc", "1.90.0"),
    ("mailer", "2.6.0", "python", "1.37.0", "cpython", "3.13.7"),
    ("suggestions", "0.9.5", "go", "1.38.0", "go", "go1.25.1"),
];

#[derive(Clone, Copy)]
pub(super) enum Severity {
    Debug,
    Info,
    Warn,
    Error,
}

/// Attributes in this order.
pub(super) fn attributes<const N: usize>(all: [(&str, Value); N]) -> Vec<KeyValue> {
    all.into_iter().map(|(key, value)| KeyValue { key: key.to_owned(), value }).collect()
}

/// A trace that is being told. Times go in as microseconds since it started.
pub(super) struct Scene {
    random: Random,
    trace_id: TraceId,
    /// With the index of the service.
    spans: Vec<(usize, Span)>,
    logs: Vec<(usize, LogRecord)>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let mut random = Random::new(0x5ca1_ab1e);
        let trace_id = TraceId((u128::from(random.bits()) << 64 | u128::from(random.bits())).to_be_bytes());
        Self { random, trace_id, spans: Vec::new(), logs: Vec::new() }
    }

    pub(super) fn span(
        &mut self,
        parent: Option<SpanId>,
        service: usize,
        name: &str,
        kind: SpanKind,
        from_micros: u64,
        to_micros: u64,
    ) -> SpanId {
        let span_id = self.lost();
        let (start_unix_nano, end_unix_nano) = (self.moment(from_micros), self.moment(to_micros));
        let span = Span {
            trace_id: self.trace_id,
            span_id,
            parent_span_id: parent.map(|id| id.0.to_vec()).unwrap_or_default(),
            // Sampled; it is known whether the parent is remote, and 0x200 says that it is.
            flags: if parent.is_some() && kind_is_remote(kind) { 0x301 } else { 0x101 },
            name: name.to_owned(),
            kind,
            start_unix_nano,
            end_unix_nano,
            ..Span::default()
        };
        self.spans.push((service, span));
        span_id
    }

    /// The id of a span that is not part of the trace.
    pub(super) fn lost(&mut self) -> SpanId {
        SpanId(self.random.bits().to_be_bytes())
    }

    pub(super) fn describe(&mut self, span: SpanId, attributes: Vec<KeyValue>) {
        self.at(span).1.attributes.extend(attributes);
    }

    pub(super) fn fail(&mut self, span: SpanId, message: &str) {
        self.at(span).1.status = Some(Status { code: StatusCode::ERROR, message: message.to_owned() });
    }

    pub(super) fn event(&mut self, span: SpanId, at_micros: u64, name: &str, attributes: Vec<KeyValue>) {
        let time_unix_nano = self.moment(at_micros);
        let event = Event { time_unix_nano, name: name.to_owned(), attributes, dropped_attributes_count: 0 };
        self.at(span).1.events.push(event);
    }

    pub(super) fn exception(&mut self, span: SpanId, at_micros: u64, class: &str, message: &str, stack: &str) {
        let all = attributes([
            ("exception.type", class.into()),
            ("exception.message", message.into()),
            ("exception.stacktrace", stack.into()),
        ]);
        self.event(span, at_micros, "exception", all);
    }

    pub(super) fn link(&mut self, span: SpanId, to: SpanId, attributes: Vec<KeyValue>) {
        let trace_id = self.trace_id.0.to_vec();
        let link = Link { trace_id, span_id: to.0.to_vec(), attributes, flags: 0x301, ..Link::default() };
        self.at(span).1.links.push(link);
    }

    pub(super) fn log(
        &mut self,
        span: SpanId,
        at_micros: u64,
        severity: Severity,
        body: &str,
        attributes: Vec<KeyValue>,
    ) {
        let (severity_number, severity_text) = match severity {
            Severity::Debug => (5, "DEBUG"),
            Severity::Info => (9, "INFO"),
            Severity::Warn => (13, "WARN"),
            Severity::Error => (17, "ERROR"),
        };
        let time_unix_nano = self.moment(at_micros);
        let record = LogRecord {
            time_unix_nano,
            observed_time_unix_nano: time_unix_nano + 41_000,
            severity_number,
            severity_text: severity_text.to_owned(),
            body: Some(body.into()),
            attributes,
            flags: 1,
            trace_id: self.trace_id.0.to_vec(),
            span_id: span.0.to_vec(),
            ..LogRecord::default()
        };
        let service = self.at(span).0;
        self.logs.push((service, record));
    }

    pub(super) fn traces(&self) -> TracesData {
        let of_service = |service: usize| {
            let mut scopes: Vec<ScopeSpans> = Vec::new();
            for (_, span) in self.spans.iter().filter(|(of, _)| *of == service) {
                let scope = Some(scope(service, &span.attributes));
                match scopes.iter_mut().find(|known| known.scope == scope) {
                    Some(known) => known.spans.push(span.clone()),
                    None => scopes.push(ScopeSpans { scope, spans: vec![span.clone()], ..ScopeSpans::default() }),
                }
            }
            ResourceSpans { resource: Some(resource(service)), scope_spans: scopes, schema_url: schema() }
        };
        TracesData { resource_spans: (0..SERVICES.len()).map(of_service).collect() }
    }

    pub(super) fn logs(&self) -> LogsData {
        let of_service = |service: usize| {
            let of = self.logs.iter().filter(|(of, _)| *of == service);
            let log_records: Vec<LogRecord> = of.map(|(_, record)| record.clone()).collect();
            let name = format!("shop.{}", SERVICES[service].0);
            let scope = Some(Scope { name, ..Scope::default() });
            let scope_logs = vec![ScopeLogs { scope, log_records, schema_url: String::new() }];
            ResourceLogs { resource: Some(resource(service)), scope_logs, schema_url: schema() }
        };
        let speaks = |service: &usize| self.logs.iter().any(|(of, _)| of == service);
        LogsData { resource_logs: (0..SERVICES.len()).filter(speaks).map(of_service).collect() }
    }

    /// With nanoseconds that are not round.
    fn moment(&mut self, micros: u64) -> u64 {
        START_UNIX_NANO + micros * 1_000 + self.random.below(1_000)
    }

    fn at(&mut self, span: SpanId) -> &mut (usize, Span) {
        self.spans.iter_mut().find(|(_, known)| known.span_id == span).expect("a span of this scene")
    }
}

fn kind_is_remote(kind: SpanKind) -> bool {
    kind == SpanKind::SERVER || kind == SpanKind::CONSUMER
}

fn schema() -> String {
    "https://opentelemetry.io/schemas/1.37.0".to_owned()
}

fn resource(service: usize) -> Resource {
    let (name, version, language, sdk_version, runtime, runtime_version) = SERVICES[service];
    let all = attributes([
        ("service.name", name.into()),
        ("service.namespace", "shop".into()),
        ("service.version", version.into()),
        ("service.instance.id", Value::String(format!("{name}-6d5f9c7b44-{:05x}", 0x3a91c + 7_919 * service))),
        ("deployment.environment.name", "staging".into()),
        ("host.name", Value::String(format!("worker-{}", service % 3 + 1))),
        ("os.type", "linux".into()),
        ("process.pid", (11 + 3 * service as i64).into()),
        ("process.runtime.name", runtime.into()),
        ("process.runtime.version", runtime_version.into()),
        ("telemetry.sdk.name", "opentelemetry".into()),
        ("telemetry.sdk.language", language.into()),
        ("telemetry.sdk.version", sdk_version.into()),
    ]);
    Resource { attributes: all, ..Resource::default() }
}

/// The library that would have made a span with these attributes.
fn scope(service: usize, attributes: &[KeyValue]) -> Scope {
    let area = |prefix: &str| attributes.iter().any(|attribute| attribute.key.starts_with(prefix));
    let [http, rpc, db, messaging] = match SERVICES[service].2 {
        "nodejs" => {
            ["instrumentation-http", "instrumentation-grpc", "instrumentation-redis", "instrumentation-kafkajs"]
                .map(|name| (format!("@opentelemetry/{name}"), "0.205.0"))
        }
        "java" => ["java-http-client", "grpc-1.6", "jdbc", "kafka-clients-0.11"]
            .map(|name| (format!("io.opentelemetry.{name}"), "2.20.1-alpha")),
        "go" => ["net/http/otelhttp", "google.golang.org/grpc/otelgrpc", "database/otelsql", "otelkafka"]
            .map(|name| (format!("go.opentelemetry.io/contrib/instrumentation/{name}"), "0.63.0")),
        "dotnet" => ["AspNetCore", "GrpcNetClient", "Npgsql", "ConfluentKafka"]
            .map(|name| (format!("OpenTelemetry.Instrumentation.{name}"), "1.12.0")),
        "python" => ["fastapi", "grpc", "psycopg", "confluent_kafka"]
            .map(|name| (format!("opentelemetry.instrumentation.{name}"), "0.58b0")),
        _ => ["opentelemetry-http", "tonic-tracing-opentelemetry", "sqlx-tracing", "rdkafka-tracing"]
            .map(|name| (name.to_owned(), "0.31.0")),
    };
    let own = (format!("shop.{}", SERVICES[service].0), SERVICES[service].1);
    let (name, version) = match () {
        () if area("gen_ai.") => ("opentelemetry.instrumentation.openai".to_owned(), "0.47.3"),
        () if area("db.") => db,
        () if area("rpc.") => rpc,
        () if area("messaging.") => messaging,
        () if area("http.") => http,
        () => own,
    };
    Scope { name, version: version.to_owned(), ..Scope::default() }
}
