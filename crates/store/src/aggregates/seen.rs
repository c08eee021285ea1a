//! What counts of a span.

use formats::raw::RawSpan;
use model::StatusCode;
use sampling::upstream_weight;

use super::MINUTE_NANOS;
use crate::segments::http_statuses;

/// A response of HTTP from this status on is an error of whoever answered: 4xx is one of whoever asked, and says
/// nothing of how an operation does.
const FIRST_HTTP_FAILURE: i64 = 500;
/// A span that starts further before its arrival than aggregates are kept, or further after it, counts when it
/// arrives: its clock is wrong. 30 days and a day.
const BEFORE_ARRIVAL_NANOS: u64 = 30 * 86_400 * 1_000_000_000;
const AFTER_ARRIVAL_NANOS: u64 = 86_400 * 1_000_000_000;

/// What aggregates and edges count a span as.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// In which minute, since the Unix epoch.
    pub(super) minute: u32,
    pub(super) is_error: bool,
    /// How many spans it stands for, if it says so.
    pub(super) adjusted_count: Option<f64>,
}

impl Seen {
    /// Of a span that arrived at this time.
    pub(crate) fn of(span: &RawSpan<'_>, received_at_unix_nano: u64) -> Self {
        let is_near = span.start_unix_nano.saturating_add(BEFORE_ARRIVAL_NANOS) >= received_at_unix_nano
            && span.start_unix_nano <= received_at_unix_nano.saturating_add(AFTER_ARRIVAL_NANOS);
        let counted_at = if is_near { span.start_unix_nano } else { received_at_unix_nano };
        let adjusted_count = match span.trace_state {
            [] => None,
            state => std::str::from_utf8(state).ok().and_then(upstream_weight),
        };
        let is_error = span.status.is_some_and(|(code, _)| StatusCode(code) == StatusCode::ERROR)
            || http_statuses(span).any(|status| status >= FIRST_HTTP_FAILURE);
        Self { minute: u32::try_from(counted_at / MINUTE_NANOS).unwrap_or(u32::MAX), is_error, adjusted_count }
    }
}
