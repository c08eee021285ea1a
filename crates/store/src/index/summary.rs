//! What is known of a trace without reading its spans.

use std::sync::Arc;

use model::TraceId;

/// The earliest start that is believed: 1990-01-01, in nanoseconds since the Unix epoch.
pub const EARLIEST_POSSIBLE_UNIX_NANO: u64 = 631_152_000 * 1_000_000_000;
/// The latest end that is believed: 2200-01-01, in nanoseconds since the Unix epoch.
pub const LATEST_POSSIBLE_UNIX_NANO: u64 = 7_258_118_400 * 1_000_000_000;

/// Whether a span's times are possible: it starts in or after 1990, ends by 2200, and not before it
/// starts. Other spans are kept and counted, but do not stretch the trace.
#[must_use]
pub fn is_possible(start_unix_nano: u64, end_unix_nano: u64) -> bool {
    EARLIEST_POSSIBLE_UNIX_NANO <= start_unix_nano
        && start_unix_nano <= end_unix_nano
        && end_unix_nano <= LATEST_POSSIBLE_UNIX_NANO
}

/// A trace in a line. Texts are shared, so that a clone is cheap; names and messages over 1 KiB are
/// cut here and whole in [`crate::TraceContents`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSummary {
    /// Its id.
    pub trace_id: TraceId,
    /// Service of the root; without a root, of the earliest span.
    pub root_service: Arc<str>,
    /// Name of the root; without a root, of the earliest span.
    pub root_name: Arc<str>,
    /// Whether a span without a parent id has arrived. With several, the root is the longest (ties:
    /// later start, then smaller span id).
    pub has_root: bool,
    /// Earliest start of the spans with possible times, see [`is_possible`]; 0 if there are none.
    pub start_unix_nano: u64,
    /// Latest end of the spans with possible times; 0 if there are none.
    pub end_unix_nano: u64,
    /// Spans stored, variants included.
    pub span_count: u64,
    /// Of these, with status ERROR.
    pub error_count: u64,
    /// Services that take part, sorted by name.
    pub services: Arc<[Arc<str>]>,
    /// The error with the earliest start (ties: smaller span id).
    pub first_error: Option<FirstError>,
    /// The sequence number at which its first span arrived.
    pub first_sequence: u64,
    /// The sequence number at which its latest span or log record arrived.
    pub last_sequence: u64,
}

impl TraceSummary {
    /// From start to end, nanoseconds.
    #[must_use]
    pub fn duration_nanos(&self) -> u64 {
        self.end_unix_nano.saturating_sub(self.start_unix_nano)
    }
}

/// The span whose error happened first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstError {
    /// Its service.
    pub service: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its status message; empty without one.
    pub message: Arc<str>,
}
