//! The stable JSON of the command line: fields may be added, never renamed.

use std::collections::BTreeMap;

use api::{
    AssembledTrace, BytesOnDisk, Completion, CriticalFlow, Group, Ledger, Listener, ListenerState, Oddity,
    PendingDeletion, Problem, Protocol, Refused, Retention, Sampling, Selected, ServiceLedger, ServiceSize,
    SignalLedger, SpanRecord, Status, TraceRow,
    model::TraceId,
    query::{Diagnostic, Query},
};
use serde::{Serialize, ser::SerializeStruct};
use serde_json::{Value, json};

use super::attributes::{AttributeValue, Attributes};

/// One line: the addresses that telemetry can be sent to, and where it is kept.
pub(crate) fn ready(status: &Status) -> String {
    let ready = Ready {
        grpc: listening(&status.listeners, Protocol::Grpc),
        http: listening(&status.listeners, Protocol::Http),
        data_dir: &status.data_dir,
    };
    to_string(&ready)
}

/// One line: everything about how the service is doing.
pub(crate) fn status(status: &Status) -> String {
    let signal = |signal: &SignalLedger| {
        let SignalLedger { received, stored, duplicate, sampled_out, rejected, expired, evicted, deleted, kept } =
            signal;
        json!({ "received": received, "stored": stored, "duplicate": duplicate, "sampled_out": sampled_out,
            "rejected": rejected.iter().cloned().collect::<BTreeMap<_, _>>(),
            "expired": expired, "evicted": evicted, "deleted": deleted, "kept": kept })
    };
    let Ledger { spans, logs, metric_points, turned_away, services, refused, since_start } = &status.ledger;
    let service = |of: &ServiceLedger| json!({ "service": of.service, "spans": signal(&of.spans), "logs": signal(&of.logs), "metric_points": signal(&of.metric_points) });
    let since_start: BTreeMap<_, _> = since_start.iter().map(|of| (of.signal.noun(), signal(&of.ledger))).collect();
    let turned_away: BTreeMap<_, _> = turned_away
        .iter()
        .map(|(reason, turned)| (reason, json!({ "requests": turned.requests, "bytes": turned.bytes })))
        .collect();
    let BytesOnDisk { database, write_ahead_log, total } = status.bytes_on_disk;
    let size = |ServiceSize { service, signal, items, bytes }: &ServiceSize| json!({ "service": service, "signal": signal.noun(), "items": items, "bytes": bytes });
    let Retention { ordinary_seconds, error_seconds, cap_bytes } = status.retention;
    let problem =
        |Problem { name, sentence, remedy }: &Problem| json!({ "name": name, "sentence": sentence, "remedy": remedy });
    let status = json!({
        "version": status.version,
        "pid": status.pid,
        "data_dir": status.data_dir,
        "addresses": {
            "grpc": listening(&status.listeners, Protocol::Grpc),
            "http": listening(&status.listeners, Protocol::Http),
        },
        "listeners": status.listeners.iter().map(listener).collect::<Vec<_>>(),
        "spans_per_second": status.spans_per_second,
        "traces": status.traces,
        "ledger": {
            "spans": signal(spans),
            "logs": signal(logs),
            "metric_points": signal(metric_points),
            "turned_away": turned_away,
            "services": services.iter().map(service).collect::<Vec<_>>(),
            "refused": refused.iter().map(refusal).collect::<Vec<_>>(),
            "since_start": since_start,
        },
        "bytes_on_disk": { "database": database, "write_ahead_log": write_ahead_log, "total": total },
        "sizes": status.sizes.services.iter().map(size).collect::<Vec<_>>(),
        "pinned_bytes": status.sizes.pinned_bytes,
        "waiting_bytes": status.sizes.waiting_bytes,
        "retention": { "ordinary_seconds": ordinary_seconds, "error_seconds": error_seconds, "cap_bytes": cap_bytes },
        "sampling": sampling(&status.sampling),
        "deletion": status.deletion.map(pending),
        "problems": status.problems.iter().map(problem).collect::<Vec<_>>(),
    });
    to_string(&status)
}

fn refusal(refused: &Refused) -> serde_json::Value {
    let Refused { reason, is_request, at_unix_nano, sender, sentence, service, name } = refused;
    json!({ "reason": reason, "is_request": is_request, "at_unix_nano": at_unix_nano.to_string(), "sender": sender,
        "sentence": sentence, "service": service, "name": name })
}

fn sampling(sampling: &Sampling) -> Value {
    let Sampling { is_on, environments, high_volume_ratio, high_volume_over, low_volume_under, critical_flows } =
        sampling;
    let flow =
        |CriticalFlow { service, operation }: &CriticalFlow| json!({ "service": service, "operation": operation });
    json!({
        "on": is_on,
        "environments": environments.iter().cloned().collect::<BTreeMap<_, _>>(),
        "high_volume_ratio": high_volume_ratio,
        "high_volume_over": high_volume_over,
        "low_volume_under": low_volume_under,
        "critical_flows": critical_flows.iter().map(flow).collect::<Vec<_>>(),
    })
}

fn pending(PendingDeletion { selected, seconds_left }: PendingDeletion) -> Value {
    let Selected { traces, spans, logs, metric_points } = selected;
    json!({ "traces": traces, "spans": spans, "logs": logs, "metric_points": metric_points, "seconds_left": seconds_left })
}

/// One line: what was deleted, or would be.
pub(crate) fn deletion(selected: &Selected, is_deleted: bool) -> String {
    let Selected { traces, spans, logs, metric_points } = *selected;
    to_string(&Deletion { deleted: is_deleted, traces, spans, logs, metric_points })
}

/// One line: the bytes on disk before and after.
pub(crate) fn compacted(bytes_before: u64, bytes_after: u64) -> String {
    to_string(&Compacted { bytes_before, bytes_after })
}

/// One line: a trace of the list.
pub(crate) fn row(row: &TraceRow, columns: &[String]) -> String {
    let named = columns.iter().map(String::as_str).zip(row.columns.iter().map(Option::as_deref));
    to_string(&Row {
        trace_id: row.trace_id.to_string(),
        root_service: &row.root_service,
        root_name: &row.root_name,
        start_unix_nano: row.start_unix_nano.to_string(),
        duration_nanos: row.duration_nanos,
        span_count: row.span_count,
        error_count: row.error_count,
        services: &row.services,
        pinned: row.is_pinned,
        columns: (!columns.is_empty()).then(|| named.collect()),
    })
}

/// One line: the traces that have a value.
pub(crate) fn group(group: &Group) -> String {
    let Group { text, query, traces, failed, p50_nanos, p95_nanos } = group;
    to_string(&GroupOfTraces {
        value: text,
        query,
        trace_count: *traces,
        error_trace_count: *failed,
        p50_nanos: *p50_nanos,
        p95_nanos: *p95_nanos,
    })
}

/// One line: a span that was found.
pub(crate) fn span(trace_id: TraceId, span: &SpanRecord) -> String {
    to_string(&SpanOfTrace { trace_id: trace_id.to_string(), span: Span(span) })
}

/// One line: a trace with all its spans.
pub(crate) fn trace(trace: &AssembledTrace) -> String {
    to_string(&Trace {
        trace_id: trace.trace_id.to_string(),
        root_service: &trace.root_service,
        root_name: &trace.root_name,
        start_unix_nano: trace.start_unix_nano.to_string(),
        duration_nanos: trace.duration_nanos,
        span_count: trace.spans.len(),
        error_count: trace.error_count,
        missing_count: trace.missing_count,
        services: &trace.services,
        spans: trace.spans.iter().map(Span).collect(),
    })
}

/// The stable name of what is odd about a span.
pub(crate) fn oddity(oddity: &Oddity) -> &'static str {
    match oddity {
        Oddity::ParentMissing => "parent_missing",
        Oddity::ParentMalformed(_) => "parent_malformed",
        Oddity::ParentIsSelf => "parent_is_self",
        Oddity::Cycle => "cycle",
        Oddity::EndBeforeStart(_) => "end_before_start",
        Oddity::ImpossibleTime => "impossible_time",
        Oddity::Variants(_) => "variants",
        Oddity::OutsideParent => "outside_parent",
    }
}

/// Field order is that of the documentation, hence structures instead of `json!`.
#[derive(Serialize)]
struct Ready<'a> {
    grpc: Vec<&'a str>,
    http: Vec<&'a str>,
    data_dir: &'a str,
}

#[derive(Serialize)]
struct Row<'a> {
    trace_id: String,
    root_service: &'a str,
    root_name: &'a str,
    start_unix_nano: String,
    duration_nanos: u64,
    span_count: u64,
    error_count: u64,
    services: &'a [String],
    pinned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<BTreeMap<&'a str, Option<&'a str>>>,
}

#[derive(Serialize)]
struct GroupOfTraces<'a> {
    value: &'a str,
    query: &'a str,
    trace_count: u64,
    error_trace_count: u64,
    p50_nanos: u64,
    p95_nanos: u64,
}

#[derive(Serialize)]
struct SpanOfTrace<'a> {
    trace_id: String,
    #[serde(flatten)]
    span: Span<'a>,
}

#[derive(Serialize)]
struct Trace<'a> {
    trace_id: String,
    root_service: &'a str,
    root_name: &'a str,
    start_unix_nano: String,
    duration_nanos: u64,
    span_count: usize,
    error_count: u64,
    missing_count: u64,
    services: &'a [String],
    spans: Vec<Span<'a>>,
}

#[derive(Serialize)]
struct Deletion {
    deleted: bool,
    traces: u64,
    spans: u64,
    logs: u64,
    metric_points: u64,
}

#[derive(Serialize)]
struct Compacted {
    bytes_before: u64,
    bytes_after: u64,
}

struct Span<'a>(&'a SpanRecord);

impl Serialize for Span<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let SpanRecord {
            span_id,
            parent_span_id,
            depth,
            service,
            name,
            kind,
            status,
            status_message,
            start_unix_nano,
            duration_nanos,
            self_nanos,
            critical_nanos,
            attributes,
            resource,
            scope: (scope_name, scope_version),
            events,
            links,
            logs,
            oddities,
        } = self.0;
        let mut span = serializer.serialize_struct("span", 19)?;
        span.serialize_field("span_id", &span_id.to_string())?;
        span.serialize_field("parent_span_id", parent_span_id)?;
        span.serialize_field("service", service)?;
        span.serialize_field("name", name)?;
        span.serialize_field("kind", kind.name())?;
        span.serialize_field("status", status.name())?;
        span.serialize_field("status_message", status_message)?;
        span.serialize_field("start_unix_nano", &start_unix_nano.to_string())?;
        span.serialize_field("duration_nanos", duration_nanos)?;
        span.serialize_field("self_nanos", self_nanos)?;
        span.serialize_field("critical_nanos", critical_nanos)?;
        span.serialize_field("depth", depth)?;
        span.serialize_field("attributes", &Attributes(attributes))?;
        let events = events.iter().map(|(time, name, attributes)| Event {
            time_unix_nano: time.to_string(),
            name,
            attributes: Attributes(attributes),
        });
        span.serialize_field("events", &events.collect::<Vec<_>>())?;
        let links = links.iter().map(|(trace_id, span_id, attributes)| Link {
            trace_id,
            span_id,
            attributes: Attributes(attributes),
        });
        span.serialize_field("links", &links.collect::<Vec<_>>())?;
        let logs = logs.iter().map(|(time, severity, body, attributes)| Log {
            time_unix_nano: time.to_string(),
            severity: severity.name().to_lowercase(),
            body: AttributeValue(body),
            attributes: Attributes(attributes),
        });
        span.serialize_field("logs", &logs.collect::<Vec<_>>())?;
        span.serialize_field("resource", &Attributes(resource))?;
        span.serialize_field("scope", &Scope { name: scope_name, version: scope_version })?;
        span.serialize_field("oddities", &oddities.iter().map(oddity).collect::<Vec<_>>())?;
        span.end()
    }
}

#[derive(Serialize)]
struct Event<'a> {
    time_unix_nano: String,
    name: &'a str,
    attributes: Attributes<'a>,
}

#[derive(Serialize)]
struct Link<'a> {
    trace_id: &'a str,
    span_id: &'a str,
    attributes: Attributes<'a>,
}

#[derive(Serialize)]
struct Log<'a> {
    time_unix_nano: String,
    severity: String,
    body: AttributeValue<'a>,
    attributes: Attributes<'a>,
}

#[derive(Serialize)]
struct Scope<'a> {
    name: &'a str,
    version: &'a str,
}

fn listening(listeners: &[Listener], protocol: Protocol) -> Vec<&str> {
    let is_meant = |listener: &&Listener| listener.protocol == protocol && listener.state == ListenerState::Listening;
    listeners.iter().filter(is_meant).map(|listener| listener.address.as_str()).collect()
}

fn listener(listener: &Listener) -> serde_json::Value {
    let protocol = match listener.protocol {
        Protocol::Grpc => "grpc",
        Protocol::Http => "http",
    };
    let Listener { address, state, .. } = listener;
    match state {
        ListenerState::Listening => json!({ "protocol": protocol, "address": address, "state": "listening" }),
        ListenerState::Taken { by, offer, setting } => {
            json!({ "protocol": protocol, "address": address, "state": "taken", "by": by, "offer": offer,
                "setting": setting })
        }
        ListenerState::Failed { sentence } => {
            json!({ "protocol": protocol, "address": address, "state": "failed", "sentence": sentence })
        }
    }
}

/// JSON on one line. Nothing printed here can fail to be JSON: keys are texts, and numbers that
/// JSON does not have are texts too.
fn to_string(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A query as it is understood, and what is wrong: characters from 0, the end not included.
pub(crate) fn query(query: Option<&Query>, diagnostics: &[Diagnostic]) -> String {
    let wrong = diagnostics
        .iter()
        .map(|Diagnostic { at, sentence }| json!({ "start": at.start, "end": at.end, "sentence": sentence }));
    json!({ "query": query.map(Query::to_string), "diagnostics": wrong.collect::<Vec<_>>() }).to_string()
}

/// What may be written, in the place of these characters: from 0, the end not included.
pub(crate) fn completion(item: &Completion, replaces: (u32, u32)) -> String {
    let Completion { text, kind, detail, spans } = item;
    let kind = super::completion::kind(*kind).replace(' ', "_");
    json!({ "text": text, "kind": kind, "detail": detail, "spans": spans, "replaces": [replaces.0, replaces.1] })
        .to_string()
}
