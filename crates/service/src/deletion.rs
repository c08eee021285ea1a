//! Deletions that can be undone for a moment.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api::{PendingDeletion, Selected};
use store::Selection;
use tokio::time::Instant;

/// From the announcement of a deletion until it is carried out.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// The one deletion that is announced.
#[derive(Debug, Default)]
pub(crate) struct Announced(Mutex<Option<Pending>>);

#[derive(Debug)]
struct Pending {
    selection: Selection,
    selected: Selected,
    due: Instant,
}

impl Announced {
    /// Announces a deletion; the one before, which is to be carried out now.
    pub(crate) fn announce(&self, selection: Selection, selected: Selected, now: Instant) -> Option<Selection> {
        let pending = Pending { selection, selected, due: now + GRACE };
        self.pending().replace(pending).map(|pending| pending.selection)
    }

    /// What is announced, and is not from now on.
    pub(crate) fn take(&self) -> Option<Selection> {
        self.pending().take().map(|pending| pending.selection)
    }

    /// The same, once its time has come.
    pub(crate) fn take_due(&self, now: Instant) -> Option<Selection> {
        self.pending().take_if(|pending| pending.due <= now).map(|pending| pending.selection)
    }

    /// In the words of the API.
    pub(crate) fn in_words(&self, now: Instant) -> Option<PendingDeletion> {
        self.pending().as_ref().map(|pending| {
            let left = pending.due.saturating_duration_since(now);
            PendingDeletion { selected: pending.selected, seconds_left: left.as_millis().div_ceil(1_000) as u64 }
        })
    }

    fn pending(&self) -> MutexGuard<'_, Option<Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_is_due_once_and_after_its_grace() {
        let announced = Announced::default();
        let service = |name: &str| Selection::Service(name.to_owned());
        let start = Instant::now();
        let [half, whole, later] = [1, 2, 3].map(|halves| start + GRACE / 2 * halves);
        assert_eq!(announced.announce(service("a"), Selected::default(), start), None);
        assert_eq!(announced.take_due(half), None);
        assert_eq!(announced.announce(service("b"), Selected::default(), half), Some(service("a")));
        assert_eq!(announced.take_due(whole), None, "the grace of the second is its own");
        assert_eq!(announced.in_words(whole).map(|pending| pending.seconds_left), Some(5));
        assert_eq!((announced.take_due(later), announced.take()), (Some(service("b")), None));
    }
}
