//! A trace as rows and bars. Where a reply gives a text or a list in part, it says of how much.

use model::{SeverityClass, SpanId, SpanKind, TraceId};

use crate::Wire;

/// A trace that the service holds assembled for one reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Wire)]
pub struct ViewId(pub u64);

/// The head of an opened trace.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct OpenedTrace {
    /// The view.
    pub view: ViewId,
    /// The trace.
    pub trace_id: TraceId,
    /// Counts up when spans arrive in the view or rows are folded.
    pub revision: u64,
    /// Service of the longest root (ties: later start, then smaller span id).
    pub root_service: String,
    /// Name of that root.
    pub root_name: String,
    /// Kind of that root.
    pub root_kind: SpanKind,
    /// Duration of that root.
    pub root_duration_nanos: u64,
    /// The earliest start of spans with possible times.
    pub start_unix_nano: u64,
    /// From there to their latest end.
    pub duration_nanos: u64,
    /// Spans stored.
    pub span_count: u64,
    /// Spans that others name as parent and that have not arrived.
    pub missing_count: u64,
    /// Spans with status ERROR.
    pub error_count: u64,
    /// Log records of the trace.
    pub log_count: u64,
    /// Levels of the tree.
    pub depth: u32,
    /// Services, sorted by name; rows name them by index, colours go by index.
    pub services: Vec<String>,
    /// Rows that are visible with the folds as they are.
    pub row_count: u32,
    /// Rows with everything unfolded.
    pub rows_unfolded: u32,
    /// Whether it is kept for ever.
    pub is_pinned: bool,
    /// Whether a rule of sampling has taken spans of it away.
    pub is_thinned: bool,
}

/// Which rows to draw, and how finely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub struct ViewportRequest {
    /// Which view.
    pub view: ViewId,
    /// Index of the first row.
    pub first_row: u32,
    /// How many; at most 500 are answered.
    pub row_count: u32,
    /// Left edge of what is drawn, from the start of the trace.
    pub from_offset_nanos: i64,
    /// Right edge.
    pub to_offset_nanos: i64,
    /// Width of what is drawn: finer intervals and marks are merged.
    pub pixels: u32,
}

/// The rows of a viewport.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct Viewport {
    /// The view's revision.
    pub revision: u64,
    /// Rows that are visible with the folds as they are.
    pub row_count: u32,
    /// Index of the first row.
    pub first_row: u32,
    /// The rows.
    pub rows: Vec<Row>,
}

/// A text, whole or the beginning of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Text {
    /// The text or its beginning.
    pub shown: String,
    /// Bytes of the whole text (UTF-8); more than are shown: it is cut.
    pub whole_bytes: u64,
}

/// One row of the tree.
#[derive(Debug, Clone, PartialEq, Wire)]
pub struct Row {
    /// Index of the node in the view; stays when rows fold, changes when spans arrive.
    pub node: u32,
    /// What the row stands for.
    pub kind: RowKind,
    /// The span, or the missing one.
    pub span_id: SpanId,
    /// Depth, the roots' is 0.
    pub depth: u32,
    /// Index of the service in [`OpenedTrace::services`]; `None` for a missing span.
    pub service: Option<u32>,
    /// Whether the service differs from the parent's: name it.
    pub names_service: bool,
    /// Name, at most 256 bytes of it.
    pub name: Text,
    /// Span kind.
    pub span_kind: SpanKind,
    /// What it talks to.
    pub icon: SpanIcon,
    /// Children of the node.
    pub child_count: u32,
    /// Whether they are shown.
    pub is_expanded: bool,
    /// Descendants that are folded away.
    pub hidden_count: u32,
    /// Start, from the start of the trace.
    pub start_offset_nanos: i64,
    /// Duration; 0 where the end lies before the start.
    pub duration_nanos: u64,
    /// Where the span itself works, from the start of the trace, merged by pixel.
    pub self_intervals: Vec<Interval>,
    /// Where the span, or what is folded away below it, is on the critical path, merged by pixel.
    pub critical_intervals: Vec<Interval>,
    /// Whether its own status is ERROR.
    pub is_error: bool,
    /// Short reason: `error.type`, else the HTTP or RPC status, else the status message.
    pub error_text: String,
    /// Spans with errors among its descendants.
    pub errors_below: u32,
    /// A few words beside the duration, for example `1 204 in, 96 out` for an LLM call.
    pub note: String,
    /// Its events, merged by pixel.
    pub events: Vec<EventMark>,
    /// Its log records, merged by pixel.
    pub logs: Vec<LogMark>,
    /// What is odd about it; the UI explains each on hover.
    pub oddities: Vec<Oddity>,
}

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Wire)]
pub enum RowKind {
    /// A stored span.
    Span,
    /// A span that others name as parent and that has not arrived.
    Missing,
}

/// From and to, from the start of the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub struct Interval {
    /// Left end.
    pub from_offset_nanos: i64,
    /// Right end.
    pub to_offset_nanos: i64,
}

/// One or more events at a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub struct EventMark {
    /// When the first was.
    pub offset_nanos: i64,
    /// How many.
    pub count: u32,
    /// Whether one of them is an exception.
    pub is_exception: bool,
}

/// One or more log records at a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub struct LogMark {
    /// When the first was.
    pub offset_nanos: i64,
    /// How many.
    pub count: u32,
    /// The gravest of them.
    pub severity: SeverityClass,
}

/// What a span talks to, by its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Wire)]
pub enum SpanIcon {
    /// Nothing in particular.
    #[default]
    None,
    /// `db.system.name` or its old name.
    Database,
    /// `messaging.system`.
    Messaging,
    /// `gen_ai.*`.
    GenAi,
    /// It has links.
    Link,
}

/// What is odd about a span.
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub enum Oddity {
    /// Its parent has not arrived.
    ParentMissing,
    /// The parent id that came has this many bytes instead of 8.
    ParentMalformed(u32),
    /// It names itself as its parent.
    ParentIsSelf,
    /// Its ancestors form a cycle, which is cut here.
    Cycle,
    /// Its end lies before its start, by this many nanoseconds.
    EndBeforeStart(u64),
    /// Its start is zero or otherwise no moment of this century.
    ImpossibleTime,
    /// Other spans with other content came under the same ids; this many.
    Variants(u32),
    /// It starts before its parent or ends after it.
    OutsideParent,
}

/// Where a row stands, and the how manieth of how many it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub struct Found {
    /// The node.
    pub node: u32,
    /// Its row, now that its ancestors are unfolded.
    pub row: u32,
    /// 1 for the first that was found; 1 where one was asked for by name.
    pub ordinal: u32,
    /// Of how many.
    pub of: u32,
    /// The view's revision: rows may have unfolded.
    pub revision: u64,
    /// Rows that are visible now.
    pub row_count: u32,
}
