//! The list of traces.

use model::TraceId;

use crate::Wire;

/// A window of the list, newest start first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct TracesRequest {
    /// Which traces.
    pub filter: TraceFilter,
    /// Only traces that had arrived at this sequence number: the list stands still while more
    /// arrives. `None`: now.
    pub as_of: Option<u64>,
    /// Index of the first row wanted.
    pub first: u32,
    /// How many rows at most.
    pub count: u32,
}

/// Which traces. All conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct TraceFilter {
    /// Substring, without case, of a root or error name, a service, or the trace id; or the text of
    /// an attribute value in the form `key=value`, see [`Self::attribute`]. Empty: all.
    pub text: String,
    /// One span has this attribute, itself, on an event or on its resource: key and value as text.
    /// Spans must be read for that: see [`TracePage::searched`].
    pub attribute: Option<(String, String)>,
    /// Traces in which one of these services takes part. Empty: all.
    pub services: Vec<String>,
    /// Only traces with an error.
    pub errors_only: bool,
    /// At least this long.
    pub min_duration_nanos: Option<u64>,
    /// Started at or after this moment.
    pub since_unix_nano: Option<u64>,
}

/// The answer to a [`TracesRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct TracePage {
    /// The moment that the page shows; pass it as `as_of` for the next window of the same list.
    pub as_of: u64,
    /// How many traces match.
    pub matching: u64,
    /// How many traces are stored.
    pub stored: u64,
    /// How many traces lie in parts of the database that cannot be read: they are in no list.
    pub unreadable: u64,
    /// How many more match now, after `as_of`.
    pub newer: u64,
    /// The longest duration among the traces that match, nanoseconds: the full bar.
    pub longest_nanos: u64,
    /// Traces whose spans have been searched for an attribute, newest first; asking again goes on.
    pub searched: u64,
    /// Of how many that meet all other conditions; 0 where no attribute is looked for.
    pub searchable: u64,
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
