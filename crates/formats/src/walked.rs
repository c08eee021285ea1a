//! What one walk over a request finds: columns, in document order.

use model::{RejectReason, Signal, SpanId, TraceId};

/// What is in a request.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// Items in the request, rejected ones included: what the ledger counts as received.
    pub received: u64,
    /// Ordinals (position among all items of the request, in document order) of the items that are
    /// refused, with the reason; rising.
    pub rejected: Vec<(u32, RejectReason)>,
    /// Service and name of each of those (for a metric point: of its metric), indexes in [`Walked::texts`].
    pub rejected_of: Vec<(u32, u32)>,
    /// Texts whose invalid UTF-8 is repaired when read (U+FFFD).
    pub repaired_texts: u64,
    /// Fields that this version of the protocol does not know.
    pub unknown_fields: u64,
    /// Estimated heap of the request decoded, bytes.
    pub heap_bytes: u64,
    /// Texts that the columns name by index: services, names, messages; those over 1 KiB stand there cut.
    pub texts: Vec<String>,
    /// The items that are not refused.
    pub rows: WalkedRows,
}

/// Columns of the signal that was walked.
#[derive(Debug, Clone)]
pub enum WalkedRows {
    /// Of a trace request.
    Spans(SpanColumns),
    /// Of a log request.
    Logs(LogColumns),
    /// Of a metrics request.
    Points(PointColumns),
}

impl Default for WalkedRows {
    fn default() -> Self {
        Self::Spans(SpanColumns::default())
    }
}

impl WalkedRows {
    /// The signal.
    #[must_use]
    pub fn signal(&self) -> Signal {
        match self {
            Self::Spans(_) => Signal::Traces,
            Self::Logs(_) => Signal::Logs,
            Self::Points(_) => Signal::Metrics,
        }
    }

    /// How many items are not refused.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Spans(spans) => spans.ordinal.len(),
            Self::Logs(logs) => logs.ordinal.len(),
            Self::Points(points) => points.ordinal.len(),
        }
    }

    /// Whether all items are refused, or there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Spans, a column each; all of one length.
#[derive(Debug, Clone, Default)]
pub struct SpanColumns {
    /// Position among all spans of the request, in document order.
    pub ordinal: Vec<u32>,
    /// Trace id.
    pub trace_id: Vec<TraceId>,
    /// Span id.
    pub span_id: Vec<SpanId>,
    /// Whether it has no parent id: a root. A malformed parent id makes an orphan, not a root.
    pub is_root: Vec<bool>,
    /// Start, nanoseconds since the Unix epoch, as it came.
    pub start_unix_nano: Vec<u64>,
    /// End, nanoseconds since the Unix epoch, as it came.
    pub end_unix_nano: Vec<u64>,
    /// Whether the status code is ERROR.
    pub is_error: Vec<bool>,
    /// Index of the service's name in [`Walked::texts`].
    pub service: Vec<u32>,
    /// Index of the span's name in [`Walked::texts`].
    pub name: Vec<u32>,
    /// Index of the status message in [`Walked::texts`]; `u32::MAX` without one.
    pub message: Vec<u32>,
    /// XXH3-64 over the bytes of resource, scope and span, in protobuf as they came, in JSON as
    /// canonical protobuf has them: equal for spans that came twice in the same encoding, and in
    /// both if the protobuf was canonical. Different hashes do not prove different content.
    pub content_hash: Vec<u64>,
}

/// Log records, a column each; all of one length.
#[derive(Debug, Clone, Default)]
pub struct LogColumns {
    /// Position among all records of the request, in document order.
    pub ordinal: Vec<u32>,
    /// Trace id; zero where there is none.
    pub trace_id: Vec<TraceId>,
    /// Span id; zero where there is none.
    pub span_id: Vec<SpanId>,
    /// When it happened, else when it was seen; 0 where neither is said.
    pub time_unix_nano: Vec<u64>,
    /// Severity number as it came.
    pub severity_number: Vec<i32>,
    /// Index of the service's name in [`Walked::texts`].
    pub service: Vec<u32>,
}

/// Metric points, a column each; all of one length.
#[derive(Debug, Clone, Default)]
pub struct PointColumns {
    /// Position among all points of the request, in document order.
    pub ordinal: Vec<u32>,
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: Vec<u64>,
    /// Index of the service's name in [`Walked::texts`].
    pub service: Vec<u32>,
    /// Index of the metric's name in [`Walked::texts`].
    pub name: Vec<u32>,
}
