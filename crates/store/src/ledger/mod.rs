//! The ledger: what became of everything that was received, by service.
//!
//! It is kept by service and signal only; what all services have together is their sum, so that the two can
//! never disagree. A commit changes the counts in a [`Draft`], of which only those services are written that it
//! touched.

mod draft;
mod earlier;
mod state;
mod table;
mod version_1;

use std::{collections::BTreeMap, ops::AddAssign};

use model::Signal;
use serde::{Deserialize, Serialize};

use crate::compact::Reason;

pub(crate) use draft::Draft;
pub(crate) use earlier::convert;
pub(crate) use state::LedgerState;
pub(crate) use table::{LedgerRows, REST, SERVICES, TABLE, read};

/// Services that are counted apart; those that come later are counted together under [`OTHERS`].
pub const MOST_SERVICES: usize = 1_000;
/// What services are counted under for which there was no room.
pub const OTHERS: &str = "(others)";
/// What is counted under that came before services were counted apart.
pub const EARLIER: &str = "(earlier)";

/// received = stored + duplicate + sampled out + rejected, for each signal; beside it what was
/// turned away before it could be counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// Spans.
    pub spans: SignalLedger,
    /// Log records.
    pub logs: SignalLedger,
    /// Metric points.
    pub metric_points: SignalLedger,
    /// The same by service: at most [`MOST_SERVICES`], and [`OTHERS`] and [`EARLIER`] beside them.
    pub services: BTreeMap<String, ServiceLedger>,
    /// Requests turned away, by reason.
    pub turned_away: BTreeMap<String, TurnedAway>,
    /// The last item that was rejected, by reason.
    pub rejected_examples: BTreeMap<String, Example>,
    /// The last request that was turned away, by reason.
    pub turned_away_examples: BTreeMap<String, Example>,
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

    /// What was counted since an earlier state of this ledger. Examples are those of today.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let none = ServiceLedger::default();
        let services = self.services.iter().map(|(name, now)| {
            let before = earlier.services.get(name).unwrap_or(&none);
            (name.clone(), now.since(before))
        });
        let turned_away = self.turned_away.iter().map(|(reason, now)| {
            let before = earlier.turned_away.get(reason).copied().unwrap_or_default();
            let requests = now.requests.saturating_sub(before.requests);
            (reason.clone(), TurnedAway { requests, bytes: now.bytes.saturating_sub(before.bytes) })
        });
        Self {
            spans: self.spans.since(&earlier.spans),
            logs: self.logs.since(&earlier.logs),
            metric_points: self.metric_points.since(&earlier.metric_points),
            services: services.filter(|(_, since)| *since != none).collect(),
            turned_away: turned_away.filter(|(_, since)| since.requests > 0).collect(),
            rejected_examples: self.rejected_examples.clone(),
            turned_away_examples: self.turned_away_examples.clone(),
        }
    }
}

/// The ledger of one service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServiceLedger {
    /// Spans.
    pub spans: SignalLedger,
    /// Log records.
    pub logs: SignalLedger,
    /// Metric points.
    pub metric_points: SignalLedger,
}

impl ServiceLedger {
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

    fn since(&self, earlier: &Self) -> Self {
        Self {
            spans: self.spans.since(&earlier.spans),
            logs: self.logs.since(&earlier.logs),
            metric_points: self.metric_points.since(&earlier.metric_points),
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

    fn since(&self, earlier: &Self) -> Self {
        let rejected = self.rejected.iter().map(|(reason, now)| {
            let before = earlier.rejected.get(reason).copied().unwrap_or_default();
            (reason.clone(), now.saturating_sub(before))
        });
        Self {
            received: self.received.saturating_sub(earlier.received),
            stored: self.stored.saturating_sub(earlier.stored),
            duplicate: self.duplicate.saturating_sub(earlier.duplicate),
            sampled_out: self.sampled_out.saturating_sub(earlier.sampled_out),
            rejected: rejected.filter(|(_, count)| *count > 0).collect(),
            expired: self.expired.saturating_sub(earlier.expired),
            evicted: self.evicted.saturating_sub(earlier.evicted),
            deleted: self.deleted.saturating_sub(earlier.deleted),
        }
    }
}

impl AddAssign<&SignalLedger> for SignalLedger {
    fn add_assign(&mut self, other: &SignalLedger) {
        self.received += other.received;
        self.stored += other.stored;
        self.duplicate += other.duplicate;
        self.sampled_out += other.sampled_out;
        for (reason, count) in &other.rejected {
            *self.rejected.entry(reason.clone()).or_default() += count;
        }
        self.expired += other.expired;
        self.evicted += other.evicted;
        self.deleted += other.deleted;
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

/// Something that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Example {
    /// When, nanoseconds since the Unix epoch.
    pub at_unix_nano: u64,
    /// Who sent it, as `address:port`, if that is known.
    pub sender: Option<String>,
    /// Why.
    pub sentence: String,
    /// The service that it is of; empty for a request.
    pub service: String,
    /// What it is called; empty for a request.
    pub name: String,
}
