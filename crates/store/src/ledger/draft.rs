//! A commit's changes to the ledger.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use model::Signal;

use super::{Example, MOST_SERVICES, OTHERS, ServiceLedger, SignalLedger};

/// Bytes of a service's name that count: what differs after them only is one service here.
const MOST_NAME_BYTES: usize = 256;

/// What a commit changes, beside what is committed.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// As committed.
    pub(super) before: Arc<BTreeMap<String, ServiceLedger>>,
    /// The services that were touched, as they will be.
    pub(super) changed: BTreeMap<String, ServiceLedger>,
    /// How many of those are not in `before`.
    pub(super) new: usize,
    /// The last item that was rejected for each reason.
    pub(super) rejected: BTreeMap<String, Example>,
    /// Whether requests were turned away since the last commit.
    pub(super) has_turned_away: bool,
}

impl Draft {
    /// The counts of a service, to be changed: the one way in which any of them moves.
    pub(crate) fn of(&mut self, service: &str, signal: Signal) -> &mut SignalLedger {
        let name = self.counted_as(service).to_owned();
        let Self { before, changed, new, .. } = self;
        let changed = changed.entry(name);
        if let Entry::Vacant(vacant) = &changed {
            *new += usize::from(!before.contains_key(vacant.key()));
        }
        changed.or_insert_with_key(|name| before.get(name).cloned().unwrap_or_default()).signal_mut(signal)
    }

    /// Remembers what was rejected as the last for its reason.
    pub(crate) fn rejected(&mut self, reason: &str, example: Example) {
        self.rejected.insert(reason.to_owned(), example);
    }

    /// Whether what is not counted by service changes.
    pub(super) fn changes_rest(&self) -> bool {
        self.has_turned_away || !self.rejected.is_empty()
    }

    fn counted_as<'a>(&self, service: &'a str) -> &'a str {
        let name = cut(service);
        if self.before.contains_key(name) || self.changed.contains_key(name) {
            return name;
        }
        if self.before.len() + self.new < MOST_SERVICES { name } else { OTHERS }
    }
}

fn cut(name: &str) -> &str {
    let mut end = name.len().min(MOST_NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or(name)
}
