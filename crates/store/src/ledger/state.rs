//! The ledger in memory, with what is on its way into it.

use std::{collections::BTreeMap, sync::Arc};

use super::{Draft, Example, Ledger, LedgerRows, ServiceLedger, SignalLedger, TurnedAway, table::Rest};

/// The ledger with what is on its way into it.
#[derive(Debug, Default)]
pub(crate) struct LedgerState {
    /// As the database has it.
    services: Arc<BTreeMap<String, ServiceLedger>>,
    rest: Rest,
    /// The ledger when the writer opened it.
    at_start: Ledger,
    /// Turned away, and in the commit that is under way.
    committing: Waiting,
    /// Turned away since.
    waiting: Waiting,
}

/// What was turned away and is not written yet.
#[derive(Debug, Default)]
struct Waiting {
    counts: BTreeMap<String, TurnedAway>,
    examples: BTreeMap<String, Example>,
}

impl LedgerState {
    /// Takes in what the database has.
    pub(crate) fn load(&mut self, services: BTreeMap<String, ServiceLedger>, rest: Rest) {
        (self.services, self.rest) = (Arc::new(services), rest);
    }

    /// From here on is "since start".
    pub(crate) fn start(&mut self) {
        self.at_start = self.now();
    }

    /// Spans of which nothing is to be found any more.
    pub(crate) fn let_go_spans(&self) -> u64 {
        let of = |service: &ServiceLedger| {
            let SignalLedger { sampled_out, expired, evicted, deleted, .. } = &service.spans;
            sampled_out + expired + evicted + deleted
        };
        self.services.values().map(of).sum()
    }

    pub(crate) fn now(&self) -> Ledger {
        let mut rest = self.rest.clone();
        self.committing.add_to(&mut rest);
        self.waiting.add_to(&mut rest);
        let Rest { turned_away, rejected_examples, turned_away_examples } = rest;
        let services = BTreeMap::clone(&self.services);
        let mut ledger = Ledger { services, turned_away, rejected_examples, turned_away_examples, ..Ledger::default() };
        for service in self.services.values() {
            ledger.spans += &service.spans;
            ledger.logs += &service.logs;
            ledger.metric_points += &service.metric_points;
        }
        ledger
    }

    pub(crate) fn since_start(&self) -> Ledger {
        self.now().since(&self.at_start)
    }

    /// Spans received, without the rest.
    pub(crate) fn spans_received(&self) -> u64 {
        self.services.values().map(|service| service.spans.received).sum()
    }

    /// Counts requests turned away, of which the example is the last; whether they are the first to wait.
    pub(crate) fn turn_away(&mut self, reason: &str, counted: TurnedAway, example: Example) -> bool {
        let is_first = self.waiting.counts.is_empty();
        add(&mut self.waiting.counts, reason, counted);
        self.waiting.examples.insert(reason.to_owned(), example);
        is_first
    }

    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.counts.is_empty()
    }

    /// Begins a commit: the draft to change and write.
    pub(crate) fn begin(&mut self) -> Draft {
        self.committing = std::mem::take(&mut self.waiting);
        let has_turned_away = !self.committing.counts.is_empty();
        Draft { before: Arc::clone(&self.services), has_turned_away, ..Draft::default() }
    }

    /// What of a draft is written.
    pub(crate) fn rows(&self, draft: &Draft) -> postcard::Result<LedgerRows> {
        let rest = draft.changes_rest().then(|| postcard::to_stdvec(&self.rest_with(draft))).transpose()?;
        let services = draft.changed.iter().map(|(name, counts)| Ok((name.clone(), postcard::to_stdvec(counts)?)));
        Ok(LedgerRows { services: services.collect::<postcard::Result<_>>()?, rest })
    }

    fn rest_with(&self, draft: &Draft) -> Rest {
        let mut rest = self.rest.clone();
        self.committing.add_to(&mut rest);
        let rejected = draft.rejected.iter().map(|(reason, example)| (reason.clone(), example.clone()));
        rest.rejected_examples.extend(rejected);
        rest
    }

    /// Ends a commit: with the draft that was written, or `None` if it failed.
    pub(crate) fn end(&mut self, written: Option<Draft>) {
        match written {
            Some(draft) => {
                if draft.changes_rest() {
                    self.rest = self.rest_with(&draft);
                }
                self.committing = Waiting::default();
                let Draft { before, changed, .. } = draft;
                drop(before);
                Arc::make_mut(&mut self.services).extend(changed);
            }
            None => {
                let Waiting { counts, examples } = std::mem::take(&mut self.committing);
                counts.into_iter().for_each(|(reason, count)| add(&mut self.waiting.counts, &reason, count));
                for (reason, example) in examples {
                    self.waiting.examples.entry(reason).or_insert(example);
                }
            }
        }
    }
}

impl Waiting {
    fn add_to(&self, rest: &mut Rest) {
        self.counts.iter().for_each(|(reason, count)| add(&mut rest.turned_away, reason, *count));
        let examples = self.examples.iter().map(|(reason, example)| (reason.clone(), example.clone()));
        rest.turned_away_examples.extend(examples);
    }
}

fn add(sums: &mut BTreeMap<String, TurnedAway>, reason: &str, more: TurnedAway) {
    let sum = sums.entry(reason.to_owned()).or_default();
    sum.requests += more.requests;
    sum.bytes += more.bytes;
}
