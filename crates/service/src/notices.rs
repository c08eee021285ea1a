//! What needs attention for a while.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use api::Problem;

/// Most notices at a time; the oldest goes first.
const MAX_NOTICES: usize = 16;

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// How long a client that is set up wrongly is named after it was last seen.
pub(crate) const HINT_NANOS: u64 = 600 * NANOS_PER_SECOND;

/// How long a failure to write is named after it last happened.
pub(crate) const WRITE_FAILURE_NANOS: u64 = 30 * NANOS_PER_SECOND;

/// Problems that pass. Times are nanoseconds since the Unix epoch.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    /// Each with the time when it is over; the oldest first.
    notices: Mutex<Vec<(Problem, u64)>>,
    /// What became of each damaged database, by its file; named until the process ends.
    salvages: Mutex<BTreeMap<PathBuf, Problem>>,
}

impl Notices {
    /// Names a problem until `until`; the same one again: longer.
    pub(crate) fn report(&self, problem: Problem, until: u64) {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = notices.iter_mut().find(|(known, _)| *known == problem) {
            known.1 = until;
            return;
        }
        if notices.len() >= MAX_NOTICES {
            notices.remove(0);
        }
        notices.push((problem, until));
    }

    /// Names what became of a damaged database, instead of what was said of it before.
    pub(crate) fn set_salvage(&self, damaged: &Path, problem: Problem) {
        let mut salvages = self.salvages.lock().unwrap_or_else(PoisonError::into_inner);
        salvages.insert(damaged.to_owned(), problem);
    }

    /// What is not over.
    pub(crate) fn current(&self, now: u64) -> Vec<Problem> {
        let mut notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        notices.retain(|(_, until)| *until > now);
        let salvages = self.salvages.lock().unwrap_or_else(PoisonError::into_inner);
        salvages.values().chain(notices.iter().map(|(problem, _)| problem)).cloned().collect()
    }
}
