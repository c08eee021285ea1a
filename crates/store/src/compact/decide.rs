//! Traces that have settled, and what the rules of sampling say of each.

use std::collections::{BTreeMap, HashMap};

use hashbrown::{HashMap as FastMap, HashSet};
use model::{Signal, TraceId};
use sampling::{Decision, Facts as RuleFacts, Randomness, Rules};
use tokio::sync::oneshot;

use super::{
    Work,
    volume::{Operation, Volume},
};
use crate::{
    AppendError, Source,
    append::Command,
    read::{FoundPart, into_append, past_damage},
    segments::{Facts, Segment},
    thinned::{SpansByService, Thinned},
};

/// How long after its last arrival a trace is decided, nanoseconds.
pub(crate) const SETTLED_NANOS: u64 = 60 * 1_000_000_000;
/// How long after its first arrival at most, nanoseconds.
const LONGEST_NANOS: u64 = 600 * 1_000_000_000;
/// Traces thinned in one transaction, which takes a few milliseconds.
const TRACES_AT_ONCE: usize = 1024;
/// Nanoseconds in an hour.
const HOUR_NANOS: u64 = 3_600 * 1_000_000_000;

/// What rules would keep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// Traces that were looked at.
    pub traces: u64,
    /// Of these, kept.
    pub kept: u64,
    /// Kept traces by [`sampling::KeepReason::name`].
    pub kept_by_reason: BTreeMap<&'static str, u64>,
}

/// What was decided, to be written in one transaction.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    pub(crate) thinned: Vec<(TraceId, Thinned)>,
    /// Traces that need no longer be known as thinned, and when something was last done about each, as it was seen.
    pub(crate) forgotten: Vec<(TraceId, u64)>,
    /// Up to when all that had settled is decided, nanoseconds since the Unix epoch.
    pub(crate) up_to_unix_nano: Option<u64>,
    /// A minute, and what was counted in it.
    pub(crate) volume: Option<(u64, Vec<u8>)>,
}

/// What was decided until now.
#[derive(Debug)]
pub(crate) struct Decisions {
    up_to_unix_nano: u64,
    volume: Volume,
}

/// A trace all of which is in segments.
struct Whole {
    facts: RuleFacts,
    first_received_unix_nano: u64,
    last_received_unix_nano: u64,
    spans: SpansByService,
}

impl Whole {
    /// When it is decided: again whenever something comes after it was.
    fn settles_unix_nano(&self) -> u64 {
        let longest = self.first_received_unix_nano.saturating_add(LONGEST_NANOS);
        let settled = self.last_received_unix_nano.saturating_add(SETTLED_NANOS);
        settled.min(longest.max(self.last_received_unix_nano))
    }

    fn operation(&self) -> Option<Operation> {
        let RuleFacts { environment, root_service, root_operation, .. } = &self.facts;
        let environment = environment.clone()?;
        Some(Operation { environment, service: root_service.clone(), name: root_operation.clone() })
    }
}

impl Work {
    /// Decides the traces that have settled since the last time.
    pub(super) fn decide(&mut self, now_unix_nano: u64, rules: &Rules) -> Result<(), AppendError> {
        // A trace is decided when all of it is in segments; few rows would wait for long to become one.
        let waits = |at: u64| at.saturating_add(SETTLED_NANOS) <= now_unix_nano;
        if rules.is_on && self.oldest_waiting()?.is_some_and(waits) {
            self.compact(true)?;
        }
        // What waits may belong to a trace that would settle from here on: it settles later then.
        let up_to = self.oldest_waiting()?.map_or(now_unix_nano, |at| now_unix_nano.min(at.saturating_sub(1)));
        // Where this fails they are read anew.
        let mut decisions = match self.decisions.take() {
            Some(decisions) => decisions,
            None => self.read_decisions()?,
        };
        if up_to > decisions.up_to_unix_nano {
            self.decide_between(&mut decisions, up_to, now_unix_nano, rules)?;
        }
        self.decisions = Some(decisions);
        Ok(())
    }

    fn decide_between(
        &mut self,
        decisions: &mut Decisions,
        up_to: u64,
        now_unix_nano: u64,
        rules: &Rules,
    ) -> Result<(), AppendError> {
        let after = decisions.up_to_unix_nano;
        let settled = self.wholes(after.saturating_sub(SETTLED_NANOS), is_sampled, |whole| {
            let settles = whole.settles_unix_nano();
            after < settles && settles <= up_to
        })?;
        let is_counted = |operation: &Operation| rules.environments.contains_key(&operation.environment);
        let operations = settled.iter().filter_map(Whole::operation).filter(is_counted);
        let counted = decisions.volume.add(now_unix_nano, operations);
        let counted = counted.map_err(|error| AppendError::Other(error.to_string()))?;
        let volume = decisions.volume.of_the_hour();
        let mut thinned = Vec::new();
        for mut whole in settled {
            let trace_id = whole.facts.trace_id;
            let is_decided = {
                let catalogue = self.reader.catalogue();
                catalogue.pinned.contains(&trace_id) || catalogue.thinned.get(trace_id).is_some()
            };
            if is_decided {
                continue;
            }
            whole.facts.traces_an_hour =
                whole.operation().and_then(|operation| volume.get(&operation).copied()).unwrap_or_default();
            if !rules.decide(&whole.facts).is_kept() {
                let new = Thinned {
                    decided_unix_nano: now_unix_nano,
                    touched_unix_nano: now_unix_nano,
                    hidden: whole.spans.into(),
                    removed_spans: 0,
                    is_shown: false,
                };
                thinned.push((trace_id, new));
            }
        }
        let forgotten = self.forgettable(now_unix_nano)?;
        while thinned.len() > TRACES_AT_ONCE {
            let rest = thinned.split_off(TRACES_AT_ONCE);
            self.send_decided(Decided { thinned, ..Decided::default() })?;
            thinned = rest;
        }
        let volume = (!counted.1.is_empty()).then_some(counted);
        self.send_decided(Decided { thinned, forgotten, up_to_unix_nano: Some(up_to), volume })?;
        decisions.up_to_unix_nano = up_to;
        Ok(())
    }

    /// What rules would keep of what arrived since a time: of what was imported too, so that rules can be tried on it.
    pub(super) fn preview(&mut self, rules: &Rules, since_unix_nano: u64) -> Result<Preview, AppendError> {
        self.join()?;
        let is_spans = |segment: &Segment| segment.signal == Signal::Traces;
        let wholes =
            self.wholes(since_unix_nano, is_spans, |whole| whole.last_received_unix_nano >= since_unix_nano)?;
        let latest = wholes.iter().map(|whole| whole.last_received_unix_nano).max().unwrap_or_default();
        let period = latest.saturating_sub(since_unix_nano).max(HOUR_NANOS);
        let mut volume: HashMap<Operation, u64> = HashMap::new();
        for operation in wholes.iter().filter_map(Whole::operation) {
            *volume.entry(operation).or_default() += 1;
        }
        let an_hour = |count: u64| (u128::from(count) * u128::from(HOUR_NANOS) / u128::from(period)) as u64;
        let mut preview = Preview::default();
        let pinned = self.reader.catalogue().pinned.clone();
        for mut whole in wholes {
            let count = whole.operation().and_then(|operation| volume.get(&operation).copied());
            whole.facts.traces_an_hour = an_hour(count.unwrap_or_default());
            preview.traces += 1;
            let reason = match rules.decide(&whole.facts) {
                _ if pinned.contains(&whole.facts.trace_id) => "pinned",
                Decision::Keep(reason) => reason.name(),
                Decision::Thin { .. } => continue,
            };
            preview.kept += 1;
            *preview.kept_by_reason.entry(reason).or_default() += 1;
        }
        Ok(preview)
    }

    /// Traces all of which is in segments that say enough of them, and of which something arrived after a time, so far
    /// as they are wanted.
    fn wholes(
        &self,
        after_unix_nano: u64,
        is_looked_at: fn(&Segment) -> bool,
        mut is_wanted: impl FnMut(&Whole) -> bool,
    ) -> Result<Vec<Whole>, AppendError> {
        let mut wholes = Vec::new();
        let mut joined: HashSet<TraceId> = HashSet::new();
        let mut facts = FastMap::new();
        let segments =
            self.that_are(|segment| is_looked_at(segment) && segment.received_unix_nano.1 >= after_unix_nano);
        for segment in segments {
            let block = past_damage(self.runtime.block_on(self.reader.block(&segment)));
            let Some(block) = block.map_err(|error| into_append(&error))? else { continue };
            for (at, part) in block.parts().iter().enumerate() {
                let trace_id = part.fragment.trace_id;
                let (is_joined, is_in_rows) = {
                    let catalogue = self.reader.catalogue();
                    let (holders, is_in_rows) = catalogue.index.holders(trace_id);
                    (holders.count() > 1, is_in_rows)
                };
                if is_in_rows || is_joined && !joined.insert(trace_id) {
                    continue;
                }
                let parts = match is_joined {
                    true => self.parts_of(trace_id)?,
                    false => vec![FoundPart::new(&segment, &block, at)],
                };
                if let Some(whole) = self.whole(trace_id, &parts, is_looked_at, &mut facts)?
                    && is_wanted(&whole)
                {
                    wholes.push(whole);
                }
            }
        }
        Ok(wholes)
    }

    /// A trace from its parts; `None` if one is in a segment that does not say enough of it.
    fn whole(
        &self,
        trace_id: TraceId,
        parts: &[FoundPart],
        is_looked_at: fn(&Segment) -> bool,
        facts: &mut FastMap<u64, Option<Facts>>,
    ) -> Result<Option<Whole>, AppendError> {
        let mut whole = Whole {
            facts: RuleFacts {
                trace_id,
                randomness: Randomness::of_trace(trace_id),
                root_service: String::new(),
                root_operation: String::new(),
                environment: None,
                has_error: false,
                has_http_error: false,
                services: Vec::new(),
                traces_an_hour: 0,
            },
            first_received_unix_nano: u64::MAX,
            last_received_unix_nano: 0,
            spans: SpansByService::new(),
        };
        let mut head: Option<&FoundPart> = None;
        for found in parts {
            if !self.reader.catalogue().segments.get(found.segment).is_some_and(|segment| is_looked_at(segment)) {
                return Ok(None);
            }
            if !facts.contains_key(&found.segment) {
                let read = past_damage(self.runtime.block_on(self.reader.facts(found.segment)));
                facts.insert(found.segment, read.map_err(|error| into_append(&error))?);
            }
            let of_segment = facts.get(&found.segment).and_then(Option::as_ref);
            let of_trace = of_segment.and_then(|facts| Some((facts, facts.traces.get(found.at)?)));
            let (Some(part), Some((of_segment, of_trace))) = (found.block.part(found.at), of_trace) else {
                return Ok(None);
            };
            whole.facts.has_error |= part.fragment.error_count > 0;
            whole.facts.has_http_error |= of_trace.has_http_error;
            if let Some(bits) = of_trace.randomness {
                whole.facts.randomness = Randomness::from_bits(bits);
            }
            for (service, spans) in of_segment.spans_by_service(found.at) {
                *whole.spans.entry(service).or_default() += spans;
            }
            whole.first_received_unix_nano = whole.first_received_unix_nano.min(of_trace.first_received_unix_nano);
            whole.last_received_unix_nano = whole.last_received_unix_nano.max(part.last_received_unix_nano);
            let named = head.and_then(|head| head.block.part(head.at));
            if named.is_none_or(|named| part.fragment.head.outranks(&named.fragment.head)) {
                head = Some(found);
                whole.facts.root_service = found.block.text(part.fragment.head.service).to_string();
                whole.facts.root_operation = found.block.text(part.fragment.head.name).to_string();
                whole.facts.environment = of_segment.environment(of_trace).map(str::to_owned);
            }
        }
        whole.facts.services = whole.spans.keys().map(|name| name.to_string()).collect();
        Ok((!parts.is_empty()).then_some(whole))
    }

    fn read_decisions(&self) -> Result<Decisions, AppendError> {
        let read = async {
            let up_to_unix_nano = self.reader.decided_unix_nano().await?;
            let volume = Volume::from_minutes(&self.reader.volume().await?);
            Ok(Decisions { up_to_unix_nano, volume })
        };
        self.runtime.block_on(read).map_err(|error: crate::ReadError| into_append(&error))
    }

    /// When the oldest span arrived that is in no segment.
    fn oldest_waiting(&self) -> Result<Option<u64>, AppendError> {
        self.runtime.block_on(self.reader.oldest_waiting_unix_nano()).map_err(|error| into_append(&error))
    }

    fn send_decided(&self, decided: Decided) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Decide(Box::new(decided), reply)).map_err(|_| AppendError::Closed)?;
        answer.blocking_recv().map_err(|_| AppendError::Closed)?
    }
}

/// Whether the traces of a segment are decided at all: what the user imported stays.
fn is_sampled(segment: &Segment) -> bool {
    segment.signal == Signal::Traces && segment.source == Source::Live
}
