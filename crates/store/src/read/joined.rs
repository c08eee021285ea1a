//! A trace in a line, from what segments have of it.

use std::sync::Arc;

use super::FoundPart;
use crate::{TraceSummary, index::join_times};

/// A trace in a line, of all its parts.
pub(crate) fn joined(parts: &[FoundPart]) -> Option<TraceSummary> {
    let mut parts = parts.iter().filter_map(|found| {
        let fragment = &found.block.part(found.at)?.fragment;
        Some((fragment.head, fragment.first_error, found.block.summary(found.at)?))
    });
    let (mut head, mut error, mut joined) = parts.next()?;
    for (other_head, other_error, other) in parts {
        let times = |summary: &TraceSummary| (summary.start_unix_nano, summary.end_unix_nano);
        (joined.start_unix_nano, joined.end_unix_nano) = join_times(times(&joined), times(&other));
        joined.span_count += other.span_count;
        joined.error_count += other.error_count;
        joined.first_sequence = joined.first_sequence.min(other.first_sequence);
        joined.last_sequence = joined.last_sequence.max(other.last_sequence);
        if other_head.outranks(&head) {
            head = other_head;
            (joined.root_service, joined.root_name) = (other.root_service, other.root_name);
            joined.has_root = other.has_root;
        }
        if let Some(first) = other_error
            && error.is_none_or(|error| first.is_before(&error))
        {
            error = Some(first);
            joined.first_error = other.first_error;
        }
        if !other.services.iter().all(|service| joined.services.contains(service)) {
            let mut services: Vec<Arc<str>> = joined.services.iter().chain(&*other.services).map(Arc::clone).collect();
            services.sort_unstable();
            services.dedup();
            joined.services = services.into();
        }
    }
    Some(joined)
}
