//! The ledger: what became of everything that was received.

use std::collections::BTreeMap;

use model::Signal;
use serde::{Deserialize, Serialize};

use crate::compact::Reason;

/// received = stored + duplicate + sampled out + rejected, for each signal; beside it what was
/// turned away before it could be counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// Spans.
    pub spans: SignalLedger,
    /// Log records.
    pub logs: SignalLedger,
    /// Metric points.
    pub metric_points: SignalLedger,
    /// Requests turned away, by reason.
    pub turned_away: BTreeMap<String, TurnedAway>,
}

impl Ledger {
    /// The ledger of a signal.
    #[must_use]
    pub fn signal(&self, signal: Signal) -> &SignalLedger {
        match signal {
            Signal::Traces => &self.spans,
            Signal::Logs => &self.logs,
            Signal::Metrics => &self.metric_points,
        }
    }

    pub(crate) fn signal_mut(&mut self, signal: Signal) -> &mut SignalLedger {
        match signal {
            Signal::Traces => &mut self.spans,
            Signal::Logs => &mut self.logs,
            Signal::Metrics => &mut self.metric_points,
        }
    }

    pub(crate) fn add_turned_away(&mut self, other: &BTreeMap<String, TurnedAway>) {
        for (reason, more) in other {
            let sum = self.turned_away.entry(reason.clone()).or_default();
            sum.requests += more.requests;
            sum.bytes += more.bytes;
        }
    }
}

/// The ledger of one signal, in items: spans, log records or metric points.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignalLedger {
    /// Walked.
    pub received: u64,
    /// Kept.
    pub stored: u64,
    /// Dropped because they were there already.
    pub duplicate: u64,
    /// Thinned by a rule.
    pub sampled_out: u64,
    /// Refused for good, by [`model::RejectReason::name`].
    pub rejected: BTreeMap<String, u64>,
    /// Of what was stored, let go because of its age.
    pub expired: u64,
    /// Of what was stored, let go because of the cap on disk.
    pub evicted: u64,
    /// Of what was stored, deleted by the user.
    pub deleted: u64,
}

impl SignalLedger {
    /// What is still there of what was stored.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.stored.saturating_sub(self.expired + self.evicted + self.deleted)
    }

    /// Counts what was let go.
    pub(crate) fn let_go(&mut self, reason: Reason, items: u64) {
        *self.of(reason) += items;
    }

    /// Takes that back: it was not let go after all.
    pub(crate) fn take_back(&mut self, reason: Reason, items: u64) {
        let count = self.of(reason);
        *count = count.saturating_sub(items);
    }

    /// Counts stored items as thinned.
    pub(crate) fn thin(&mut self, items: u64) {
        let items = items.min(self.stored);
        self.stored -= items;
        self.sampled_out += items;
    }

    /// Takes that back: they are shown again.
    pub(crate) fn bring_back(&mut self, items: u64) {
        let items = items.min(self.sampled_out);
        self.sampled_out -= items;
        self.stored += items;
    }

    fn of(&mut self, reason: Reason) -> &mut u64 {
        match reason {
            Reason::Expired => &mut self.expired,
            Reason::Evicted => &mut self.evicted,
            Reason::Deleted => &mut self.deleted,
        }
    }

    /// Whether everything received is accounted for.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.received == self.stored + self.duplicate + self.sampled_out + self.rejected.values().sum::<u64>()
    }
}

/// Requests turned away for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TurnedAway {
    /// How many.
    pub requests: u64,
    /// Their bytes, as far as they were read.
    pub bytes: u64,
}

/// The ledger with what is on its way into it.
#[derive(Debug, Default)]
pub(crate) struct LedgerState {
    /// As the database has it.
    pub(crate) committed: Ledger,
    /// Turned away, and in the commit that is under way.
    committing: BTreeMap<String, TurnedAway>,
    /// Turned away since.
    waiting: BTreeMap<String, TurnedAway>,
}

impl LedgerState {
    pub(crate) fn now(&self) -> Ledger {
        let mut ledger = self.committed.clone();
        ledger.add_turned_away(&self.committing);
        ledger.add_turned_away(&self.waiting);
        ledger
    }

    /// Counts requests turned away; whether they are the first to wait.
    pub(crate) fn turn_away(&mut self, reason: &str, requests: u64, bytes: u64) -> bool {
        let is_first = self.waiting.is_empty();
        let sum = self.waiting.entry(reason.to_owned()).or_default();
        sum.requests += requests;
        sum.bytes += bytes;
        is_first
    }

    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Begins a commit: the ledger to change and write.
    pub(crate) fn begin(&mut self) -> Ledger {
        self.committing = std::mem::take(&mut self.waiting);
        let mut ledger = self.committed.clone();
        ledger.add_turned_away(&self.committing);
        ledger
    }

    /// Ends a commit: with the ledger that was written, or `None` if it failed.
    pub(crate) fn end(&mut self, written: Option<Ledger>) {
        let committing = std::mem::take(&mut self.committing);
        match written {
            Some(ledger) => self.committed = ledger,
            None => {
                for (reason, count) in committing {
                    let sum = self.waiting.entry(reason).or_default();
                    sum.requests += count.requests;
                    sum.bytes += count.bytes;
                }
            }
        }
    }
}
