//! The list of traces.

use model::TraceId;

use crate::{SearchProgress, Wire};

/// The answer to a [`crate::TracesRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct TracePage {
    /// The moment that the page shows; see [`crate::Search::as_of`].
    pub as_of: u64,
    /// How many traces that match have been found.
    pub matching: u64,
    /// How far the search has come.
    pub progress: SearchProgress,
    /// How many traces are stored.
    pub stored: u64,
    /// How many traces lie in parts of the database that cannot be read: they are in no list.
    pub unreadable: u64,
    /// How many traces have come since that match.
    pub newer: u64,
    /// The longest duration among the traces found, nanoseconds: the full bar.
    pub longest_nanos: u64,
    /// Index of the first row.
    pub first: u32,
    /// The rows.
    pub rows: Vec<TraceRow>,
}

/// One trace in the list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct TraceRow {
    /// Id.
    pub trace_id: TraceId,
    /// Service of the root; of the earliest span where no root has arrived.
    pub root_service: String,
    /// Name of the root; of the earliest span where no root has arrived.
    pub root_name: String,
    /// Whether a root has arrived.
    pub has_root: bool,
    /// The earliest start of its spans with possible times.
    pub start_unix_nano: u64,
    /// From there to their latest end.
    pub duration_nanos: u64,
    /// Spans stored.
    pub span_count: u64,
    /// Of these, with status ERROR.
    pub error_count: u64,
    /// Services that take part, sorted by name.
    pub services: Vec<String>,
    /// The error that happened first.
    pub first_error: Option<FirstError>,
    /// Whether it is kept for ever.
    pub is_pinned: bool,
    /// What it has in [`crate::TracesRequest::columns`], as a person reads it.
    pub columns: Vec<Option<String>>,
}

/// The span whose error happened first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct FirstError {
    /// Its service.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Its status message, possibly cut to 120 characters.
    pub message: String,
}

/// A service and how many traces it takes part in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct ServiceCount {
    /// Its name.
    pub name: String,
    /// Traces.
    pub traces: u64,
}
