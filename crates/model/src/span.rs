//! Spans (OTLP `trace.proto`).

use serde::{Deserialize, Serialize};

use crate::{KeyValue, Resource, Scope, SpanId, TraceId};

/// What one trace request carries.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TracesData {
    /// By resource.
    pub resource_spans: Vec<ResourceSpans>,
}

/// The spans of one resource.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ResourceSpans {
    /// The resource; `None` where the message had none.
    pub resource: Option<Resource>,
    /// By scope.
    pub scope_spans: Vec<ScopeSpans>,
    /// Schema of the resource.
    pub schema_url: String,
}

/// The spans of one scope.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScopeSpans {
    /// The scope; `None` where the message had none.
    pub scope: Option<Scope>,
    /// The spans.
    pub spans: Vec<Span>,
    /// Schema of the spans.
    pub schema_url: String,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Span {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The parent's id as it came: empty for a root, 8 bytes, or of a wrong length.
    pub parent_span_id: Vec<u8>,
    /// W3C tracestate.
    pub trace_state: String,
    /// W3C flags and the remote bits; the low byte is unreliable.
    pub flags: u32,
    /// Name of the operation.
    pub name: String,
    /// Kind; numbers outside the enumeration are kept.
    pub kind: SpanKind,
    /// Start, nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
    /// End, nanoseconds since the Unix epoch.
    pub end_unix_nano: u64,
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// Events in the order in which they came.
    pub events: Vec<Event>,
    /// How many events the sender dropped.
    pub dropped_events_count: u32,
    /// Links in the order in which they came.
    pub links: Vec<Link>,
    /// How many links the sender dropped.
    pub dropped_links_count: u32,
    /// Status; `None` where the message had none.
    pub status: Option<Status>,
}

impl Span {
    /// The parent; `None` for a root, an all-zero id or one of a wrong length.
    #[must_use]
    pub fn parent(&self) -> Option<SpanId> {
        SpanId::from_slice(&self.parent_span_id).filter(|id| !id.is_zero())
    }

    /// Whether a parent id came that is not an id: the span is kept as an orphan.
    #[must_use]
    pub fn has_malformed_parent(&self) -> bool {
        !matches!(self.parent_span_id.len(), 0 | 8)
    }

    /// The status code, unset where there is no status.
    #[must_use]
    pub fn status_code(&self) -> StatusCode {
        self.status.as_ref().map_or(StatusCode::UNSET, |status| status.code)
    }

    /// The status message, empty where there is none.
    #[must_use]
    pub fn status_message(&self) -> &str {
        self.status.as_ref().map_or("", |status| &status.message)
    }

    /// Whether both are the same to the bit.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        (self.trace_id, self.span_id, &self.parent_span_id) == (other.trace_id, other.span_id, &other.parent_span_id)
            && (&self.trace_state, self.flags, &self.name, self.kind)
                == (&other.trace_state, other.flags, &other.name, other.kind)
            && (self.start_unix_nano, self.end_unix_nano) == (other.start_unix_nano, other.end_unix_nano)
            && (self.dropped_attributes_count, self.dropped_events_count, self.dropped_links_count)
                == (other.dropped_attributes_count, other.dropped_events_count, other.dropped_links_count)
            && self.status == other.status
            && KeyValue::all_same(&self.attributes, &other.attributes)
            && self.events.len() == other.events.len()
            && self.events.iter().zip(&other.events).all(|(a, b)| a.same(b))
            && self.links.len() == other.links.len()
            && self.links.iter().zip(&other.links).all(|(a, b)| a.same(b))
    }
}

/// Span kind (OTLP `Span.SpanKind`), numbers outside the enumeration included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct SpanKind(pub i32);

impl SpanKind {
    /// Not said.
    pub const UNSPECIFIED: Self = Self(0);
    /// Inside an application.
    pub const INTERNAL: Self = Self(1);
    /// Handles a remote request.
    pub const SERVER: Self = Self(2);
    /// Makes a remote request.
    pub const CLIENT: Self = Self(3);
    /// Sends a message.
    pub const PRODUCER: Self = Self(4);
    /// Handles a message.
    pub const CONSUMER: Self = Self(5);

    /// The name in lower case; `unspecified` for what the enumeration does not have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "internal",
            2 => "server",
            3 => "client",
            4 => "producer",
            5 => "consumer",
            _ => "unspecified",
        }
    }
}

/// Span status (OTLP `Status`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Status {
    /// The code.
    pub code: StatusCode,
    /// What went wrong, for people.
    pub message: String,
}

/// Status code (OTLP `Status.StatusCode`), numbers outside the enumeration included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct StatusCode(pub i32);

impl StatusCode {
    /// Not set.
    pub const UNSET: Self = Self(0);
    /// Said to be well.
    pub const OK: Self = Self(1);
    /// Failed.
    pub const ERROR: Self = Self(2);

    /// The name in lower case; `unset` for what the enumeration does not have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            1 => "ok",
            2 => "error",
            _ => "unset",
        }
    }
}

/// Something that happened during a span.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Event {
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// Its name; `exception` for recorded exceptions.
    pub name: String,
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
}

impl Event {
    fn same(&self, other: &Self) -> bool {
        (self.time_unix_nano, &self.name, self.dropped_attributes_count)
            == (other.time_unix_nano, &other.name, other.dropped_attributes_count)
            && KeyValue::all_same(&self.attributes, &other.attributes)
    }
}

/// A reference to a span in this or another trace.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Link {
    /// The other trace's id as it came; 16 bytes where it is one.
    pub trace_id: Vec<u8>,
    /// The other span's id as it came; 8 bytes where it is one.
    pub span_id: Vec<u8>,
    /// W3C tracestate.
    pub trace_state: String,
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// W3C flags and the remote bits.
    pub flags: u32,
}

impl Link {
    fn same(&self, other: &Self) -> bool {
        (&self.trace_id, &self.span_id, &self.trace_state, self.flags, self.dropped_attributes_count)
            == (&other.trace_id, &other.span_id, &other.trace_state, other.flags, other.dropped_attributes_count)
            && KeyValue::all_same(&self.attributes, &other.attributes)
    }
}
