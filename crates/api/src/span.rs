//! Everything about one span.

use model::{KeyValue, SeverityClass, SpanId, SpanKind, StatusCode, TraceId, Value};

use crate::{Oddity, Text, Wire};

/// What the panel shows. Values over 4 KiB are given in part; [`crate::Call::Text`] has the rest.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct SpanDetail {
    /// Index of the node in the view.
    pub node: u32,
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The parent as it came, hex; empty for a root.
    pub parent_span_id: String,
    /// The parent's node, if it has arrived.
    pub parent_node: Option<u32>,
    /// Index of the service in [`crate::OpenedTrace::services`].
    pub service: u32,
    /// Name of the service.
    pub service_name: String,
    /// Name.
    pub name: Text,
    /// Kind.
    pub kind: SpanKind,
    /// Status.
    pub status: StatusCode,
    /// Status message.
    pub status_message: Text,
    /// Start as it came.
    pub start_unix_nano: u64,
    /// End as it came.
    pub end_unix_nano: u64,
    /// Start, from the start of the trace.
    pub start_offset_nanos: i64,
    /// Duration; 0 where the end lies before the start.
    pub duration_nanos: u64,
    /// Duration minus the union of the children's intervals.
    pub self_nanos: u64,
    /// How much of it lies on the critical path of the trace's longest root.
    pub critical_nanos: u64,
    /// W3C tracestate.
    pub trace_state: String,
    /// W3C flags and the remote bits.
    pub flags: u32,
    /// Attributes in the order in which they came.
    pub attributes: Vec<AttributeValue>,
    /// How many attributes, events and links the sender dropped.
    pub dropped: [u32; 3],
    /// The first 200 events by time.
    pub events: Vec<EventDetail>,
    /// Of how many.
    pub event_count: u64,
    /// The first 200 links.
    pub links: Vec<LinkDetail>,
    /// Of how many.
    pub link_count: u64,
    /// The first 200 log records of the span by time.
    pub logs: Vec<LogDetail>,
    /// Of how many.
    pub log_count: u64,
    /// Attributes of the resource.
    pub resource: Vec<AttributeValue>,
    /// The instrumentation scope.
    pub scope: ScopeDetail,
    /// What is odd about it.
    pub oddities: Vec<Oddity>,
    /// OTLP/JSON of the span alone, indented, at most 64 KiB of it.
    pub raw: Text,
}

/// An attribute, its value possibly in part.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct AttributeValue {
    /// The key.
    pub key: String,
    /// The value; a long text is cut to 4 KiB, a long list or map is given as JSON text.
    pub value: Value,
    /// The name of its type: `string`, `bool`, `int`, `double`, `bytes`, `array`, `map`, `empty`.
    pub type_name: String,
    /// Bytes of the whole value as text; more than are shown: it is cut.
    pub whole_bytes: u64,
    /// Whether it is cut.
    pub is_cut: bool,
}

/// An event of a span.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct EventDetail {
    /// Name.
    pub name: String,
    /// When, from the start of the span.
    pub since_span_start_nanos: i64,
    /// When, as it came.
    pub time_unix_nano: u64,
    /// Attributes, those of an exception included.
    pub attributes: Vec<AttributeValue>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// `exception.type`, `exception.message`, `exception.stacktrace`, where it is an exception; at
    /// most 64 KiB of each, the whole is among the attributes.
    pub exception: Option<[String; 3]>,
}

/// A link of a span.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct LinkDetail {
    /// The other trace as it came, hex.
    pub trace_id: String,
    /// The other span as it came, hex.
    pub span_id: String,
    /// Whether the other trace is stored here: it can be opened.
    pub is_stored: bool,
    /// Root of the other trace as `service name`, if stored.
    pub target: String,
    /// Attributes.
    pub attributes: Vec<AttributeValue>,
}

/// A log record of a span.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct LogDetail {
    /// When, from the start of the trace.
    pub offset_nanos: i64,
    /// When, as it came; the observed time where there is no other.
    pub time_unix_nano: u64,
    /// Severity in six steps.
    pub severity: SeverityClass,
    /// Severity as the source names it.
    pub severity_text: String,
    /// The message as text, at most 4 KiB of it.
    pub body: Text,
    /// Service.
    pub service_name: String,
    /// A name makes it an event.
    pub event_name: String,
    /// Attributes.
    pub attributes: Vec<AttributeValue>,
}

/// The scope of a span.
#[derive(Debug, Clone, PartialEq, Default, Wire)]
pub struct ScopeDetail {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Attributes.
    pub attributes: Vec<AttributeValue>,
    /// Schema.
    pub schema_url: String,
}

/// Which text of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub enum TextPart {
    /// Its name.
    Name,
    /// Its status message.
    StatusMessage,
    /// The value of its attribute at this index.
    Attribute(u32),
    /// The value of its resource's attribute at this index.
    ResourceAttribute(u32),
    /// The value of an attribute of an event: index of the event, index of the attribute.
    EventAttribute(u32, u32),
    /// The body of the log record at this index.
    LogBody(u32),
    /// OTLP/JSON of the span alone.
    Raw,
}

/// A trace as the command line prints it.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct AssembledTrace {
    /// The trace.
    pub trace_id: TraceId,
    /// Service of the longest root.
    pub root_service: String,
    /// Name of the longest root.
    pub root_name: String,
    /// The earliest start of spans with possible times.
    pub start_unix_nano: u64,
    /// From there to their latest end.
    pub duration_nanos: u64,
    /// Spans with status ERROR.
    pub error_count: u64,
    /// Services, sorted by name.
    pub services: Vec<String>,
    /// Parents that have not arrived.
    pub missing_count: u64,
    /// All spans, in the order of the tree.
    pub spans: Vec<SpanRecord>,
}

/// A span with what analysis says of it.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct SpanRecord {
    /// Id.
    pub span_id: SpanId,
    /// The parent as it came, hex; empty for a root.
    pub parent_span_id: String,
    /// Depth in the tree, the roots' is 0; below a missing parent it counts that one.
    pub depth: u32,
    /// Service.
    pub service: String,
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: SpanKind,
    /// Status.
    pub status: StatusCode,
    /// Status message.
    pub status_message: String,
    /// Start as it came.
    pub start_unix_nano: u64,
    /// Duration; 0 where the end lies before the start.
    pub duration_nanos: u64,
    /// Duration minus the union of the children's intervals.
    pub self_nanos: u64,
    /// How much of it lies on the critical path.
    pub critical_nanos: u64,
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// Attributes of the resource.
    pub resource: Vec<KeyValue>,
    /// Name and version of the scope.
    pub scope: (String, String),
    /// Events as they came: time, name, attributes.
    pub events: Vec<(u64, String, Vec<KeyValue>)>,
    /// Links as they came: trace id and span id in hex, attributes.
    pub links: Vec<(String, String, Vec<KeyValue>)>,
    /// Log records of the span: time, severity class, body, attributes.
    pub logs: Vec<(u64, SeverityClass, Value, Vec<KeyValue>)>,
    /// What is odd about it.
    pub oddities: Vec<Oddity>,
}
