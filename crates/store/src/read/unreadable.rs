//! Segments that turn out not to read while the database is in use: what else there is goes on without them, and they
//! are named for as long as it runs. They stay where they are: what is in them is neither merged, let go nor deleted.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
};

use super::Reader;
use crate::{ReadError, schema};

/// A segment that does not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its id.
    pub segment: u64,
    /// Spans, log records or points in it.
    pub items: u64,
    /// Traces in it, if it is one of spans.
    pub traces: u64,
    /// What is wrong.
    pub detail: String,
}

impl Reader {
    /// Segments that were found not to read, by id.
    #[must_use]
    pub fn unreadable(&self) -> Vec<Unreadable> {
        let found = self.known_unreadable().clone();
        let catalogue = self.catalogue();
        let listed = found.into_iter().filter_map(|(id, detail)| Some((catalogue.segments.get(id)?, detail)));
        let unreadable = |(segment, detail): (&std::sync::Arc<crate::segments::Segment>, String)| Unreadable {
            segment: segment.id,
            items: segment.items,
            traces: if segment.signal == model::Signal::Traces { segment.traces } else { 0 },
            detail,
        };
        listed.map(unreadable).collect()
    }

    /// Whether nothing is known against a segment.
    pub(crate) fn reads(&self, segment: u64) -> bool {
        !self.known_unreadable().contains_key(&segment)
    }

    /// Remembers the segment if it was one that did not read.
    pub(crate) fn noted<T>(&self, result: Result<T, ReadError>) -> Result<T, ReadError> {
        if let Err(ReadError::Segment { segment, detail }) = &result
            && self.known_unreadable().insert(*segment, detail.clone()).is_none()
        {
            tracing::error!(segment, detail, "a segment cannot be read: what is in it is gone past");
        }
        result
    }

    fn known_unreadable(&self) -> MutexGuard<'_, BTreeMap<u64, String>> {
        self.shared.unreadable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing, where what was to be read is damaged: reading it another time would give no more.
pub(crate) fn past_damage<T: Default>(result: Result<T, ReadError>) -> Result<T, ReadError> {
    match result {
        Err(ReadError::Segment { .. } | ReadError::Damaged { .. }) => Ok(T::default()),
        Err(ReadError::Database(error)) if schema::is_corrupt(&error) => Ok(T::default()),
        result => result,
    }
}
