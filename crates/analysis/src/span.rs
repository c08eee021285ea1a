//! What assembly needs to know of a span.

use std::cmp::Reverse;

use model::{SpanId, SpanKind};

/// 1990-01-01T00:00:00Z.
const EARLIEST_POSSIBLE_UNIX_NANO: u64 = 631_152_000 * 1_000_000_000;
/// 2200-01-01T00:00:00Z.
const LATEST_POSSIBLE_UNIX_NANO: u64 = 7_258_118_400 * 1_000_000_000;

/// Whether a span can have happened at these times: it starts in or after 1990, ends by 2200, and
/// not before it starts. Only such spans decide when a trace starts and how long it lasts.
#[must_use]
pub fn has_possible_times(start_unix_nano: u64, end_unix_nano: u64) -> bool {
    is_moment(start_unix_nano) && start_unix_nano <= end_unix_nano && end_unix_nano <= LATEST_POSSIBLE_UNIX_NANO
}

fn is_moment(unix_nano: u64) -> bool {
    (EARLIEST_POSSIBLE_UNIX_NANO..=LATEST_POSSIBLE_UNIX_NANO).contains(&unix_nano)
}

/// A stored span, as far as assembly needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct SpanInput {
    /// Its id.
    pub span_id: SpanId,
    /// The parent's id; `None` for a root, and where what came is not an id.
    pub parent: Option<SpanId>,
    /// How many bytes the parent's id has, where it is neither empty nor 8 bytes long.
    pub malformed_parent_bytes: Option<u32>,
    /// Start as it came, nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
    /// End as it came, nanoseconds since the Unix epoch.
    pub end_unix_nano: u64,
    /// Index of its service in whatever list the caller keeps, sorted by name.
    pub service: u32,
    /// Its kind.
    pub kind: SpanKind,
    /// Whether its status is ERROR.
    pub is_error: bool,
    /// Any hash of its content. It orders spans which are equal in all of the above, so that the
    /// result does not depend on the order of arrival; 0 where that does not matter.
    pub content_hash: u64,
}

impl SpanInput {
    pub(crate) fn has_possible_times(&self) -> bool {
        has_possible_times(self.start_unix_nano, self.end_unix_nano)
    }

    /// Whether one of its times is no moment at all, other than that the end lies before the start.
    pub(crate) fn has_impossible_moment(&self) -> bool {
        !is_moment(self.start_unix_nano) || self.end_unix_nano > LATEST_POSSIBLE_UNIX_NANO
    }

    /// The end; the start where the end lies before it.
    pub(crate) fn drawn_end_unix_nano(&self) -> u64 {
        self.end_unix_nano.max(self.start_unix_nano)
    }

    /// The order of siblings, made total: by start, longer first, by id, then by all the rest.
    pub(crate) fn order(&self, other: &Self) -> std::cmp::Ordering {
        let first = |span: &Self| (span.start_unix_nano, Reverse(span.drawn_end_unix_nano()), span.span_id);
        let rest = |span: &Self| {
            (
                span.end_unix_nano,
                span.kind,
                span.parent,
                span.malformed_parent_bytes,
                span.service,
                span.is_error,
                span.content_hash,
            )
        };
        first(self).cmp(&first(other)).then_with(|| rest(self).cmp(&rest(other)))
    }
}
