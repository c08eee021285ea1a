//! What evaluation has to know of a trace.

use model::{SpanId, SpanKind, StatusCode, TraceId, Value};

/// The spans of one trace and who is below whom. Spans are numbered from 0.
pub trait TraceView {
    /// How many spans there are.
    fn span_count(&self) -> usize;

    /// The span with this number, which is less than their count.
    fn span(&self, index: usize) -> impl SpanView;

    /// The number of the span's parent; `None` for a root. A parent that is not there has a number too, from the
    /// count of spans on, so that its children are siblings. Where parents run in a circle, it is cut at its span
    /// with the earliest start (ties: smaller id), which then is a root.
    fn parent(&self, index: usize) -> Option<usize>;

    /// The span that `root.` means.
    fn root(&self) -> Option<usize>;

    /// When it starts.
    fn start_unix_nano(&self) -> u64;

    /// How long the trace lasts.
    fn duration_nanos(&self) -> u64;

    /// How many services take part.
    fn service_count(&self) -> usize;
}

/// One span.
pub trait SpanView {
    /// `service.name` of its resource.
    fn service(&self) -> &str;

    /// Its name.
    fn name(&self) -> &str;

    /// Its kind.
    fn kind(&self) -> SpanKind;

    /// Its status code.
    fn status(&self) -> StatusCode;

    /// Its id.
    fn span_id(&self) -> SpanId;

    /// Id of its trace.
    fn trace_id(&self) -> TraceId;

    /// Start, nanoseconds since the Unix epoch.
    fn start_unix_nano(&self) -> u64;

    /// From start to end; 0 where the end lies before the start.
    fn duration_nanos(&self) -> u64;

    /// The part of the duration in which no child ran; `None` where nobody knows, and then no condition on it holds.
    fn self_nanos(&self) -> Option<u64>;

    /// Name of the instrumentation scope; empty where it has none.
    fn scope_name(&self) -> &str;

    /// Version of the instrumentation scope; empty where it has none.
    fn scope_version(&self) -> &str;

    /// Passes the name of each event on.
    fn event_names(&self, visit: &mut dyn FnMut(&str));

    /// Passes the attributes of this owner on, in their order; those of all events or links, one after the other.
    fn attributes(&self, of: Owner, visit: &mut dyn FnMut(&str, &Value));
}

/// Whose attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// The span's own.
    Span,
    /// The resource's.
    Resource,
    /// The instrumentation scope's.
    InstrumentationScope,
    /// Those of the span's events.
    Event,
    /// Those of the span's links.
    Link,
}

impl Owner {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Span, Self::Resource, Self::InstrumentationScope, Self::Event, Self::Link];
}
