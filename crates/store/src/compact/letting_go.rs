//! What is let go: what is too old, what is over the cap on disk, and what the user deletes.

use std::{cmp::Reverse, sync::Arc, time::Duration};

use hashbrown::{HashMap, HashSet};
use model::{Signal, TraceId};
use segment::Request;

use super::{
    Gone, ItemsGone, LetGo, Publication, Reason, Work,
    rewrite::{Keep, Rewritten},
};
use crate::{
    AppendError, Retention, Selected, Selection,
    read::into_append,
    segments::{Block, Class, Segment, TracePart},
};

/// How often a deletion begins again where something came meanwhile.
const ATTEMPTS: usize = 3;
/// A trace that got something within this time still grows, nanoseconds.
const STILL_GROWS_NANOS: u64 = 3_600 * 1_000_000_000;

impl Work {
    /// Decides what has settled, and lets go what is too old at this time, and then what is over the cap.
    pub(super) fn let_go(&mut self, let_go: &LetGo) -> Result<Gone, AppendError> {
        let now_unix_nano = let_go.now_unix_nano;
        let decided = let_go.rules.as_ref().map_or(Ok(()), |rules| self.decide(now_unix_nano, rules));
        if let Err(error) = decided.and_then(|()| self.remove_thinned(now_unix_nano)) {
            // What is too old goes all the same: on a full disk that makes the room which this needs.
            tracing::warn!(%error, "sampling waits for the next time");
        }
        let age = let_go.retention.map_or(Duration::MAX, |retention| retention.aggregates);
        if let Err(error) = self.tend_aggregates(now_unix_nano, age) {
            tracing::warn!(%error, "aggregates wait for the next time");
        }
        match &let_go.retention {
            Some(retention) => self.retain(now_unix_nano, retention),
            None => Ok(Gone::default()),
        }
    }

    fn retain(&mut self, now_unix_nano: u64, retention: &Retention) -> Result<Gone, AppendError> {
        let mut gone = Gone::default();
        let limit = |class| match class {
            Class::Ordinary => nanos(retention.ordinary),
            Class::Error => nanos(retention.errors),
            Class::Pinned => u64::MAX,
        };
        for segment in self.that_are(|segment| segment.class == Class::Pinned) {
            self.past_damage(&segment, |work| work.unpin(&segment))?;
        }
        let mut failed = Ok(());
        for segment in self.listed() {
            if segment.received_unix_nano.1.saturating_add(limit(segment.class)) <= now_unix_nano {
                let limit_nanos = limit(segment.class);
                match self.past_damage(&segment, |work| work.expire(&segment, now_unix_nano, retention, limit_nanos)) {
                    Ok(expired) => gone.add(&expired),
                    // Something came for a hidden trace in it, perhaps: the others go, and the cap works.
                    Err(error) => failed = Err(error),
                }
            }
        }
        while let Some(segment) = self.evictable(retention.cap_bytes) {
            gone.add(&self.past_damage(&segment, |work| work.evict(&segment))?);
        }
        failed.map(|()| gone)
    }

    /// Lets a segment go that is too old, but for traces that have a reason to stay longer.
    fn expire(
        &mut self,
        segment: &Arc<Segment>,
        now_unix_nano: u64,
        retention: &Retention,
        limit_nanos: u64,
    ) -> Result<Gone, AppendError> {
        let reader = self.reader.clone();
        let stays = |part: &TracePart, _: &Block| {
            let trace_id = part.fragment.trace_id;
            let catalogue = reader.catalogue();
            let last = part.last_received_unix_nano;
            if catalogue.pinned.contains(&trace_id) {
                return Some((Class::Pinned, last));
            }
            let is_within = |at: u64, limit: u64| at.saturating_add(limit) > now_unix_nano;
            if catalogue.index.has_errors(trace_id) && is_within(last, nanos(retention.errors)) {
                return Some((Class::Error, last));
            }
            // Age counts from the last arrival; but what still grows loses what is too old.
            let elsewhere = catalogue.last_arrival_elsewhere(trace_id, segment.id)?;
            let has_ended = elsewhere.saturating_add(STILL_GROWS_NANOS) <= now_unix_nano;
            (has_ended && is_within(elsewhere, limit_nanos)).then_some((segment.class, elsewhere))
        };
        let longer = self.that_are(|other| other.class != Class::Ordinary);
        let logs_of =
            |trace_id: Option<TraceId>| trace_id.is_some_and(|id| longer.iter().any(|other| other.filter.may_hold(id)));
        // Points, and log records of no trace, stay for no other reason than their age.
        let keeps_logs = segment.signal == Signal::Logs && !longer.is_empty();
        let keep = Keep { trace: &stays, items: &|_, _| keeps_logs, logs_of: &logs_of };
        self.replace(segment, &keep, Reason::Expired)
    }

    /// Traces that are pinned no longer go where they belong; their age is what it was.
    fn unpin(&mut self, segment: &Arc<Segment>) -> Result<(), AppendError> {
        let reader = self.reader.clone();
        let is_pinned = |part: &TracePart| reader.catalogue().pinned.contains(&part.fragment.trace_id);
        let block = self.runtime.block_on(reader.block(segment)).map_err(|error| into_append(&error))?;
        if block.is_none_or(|block| block.parts().iter().all(is_pinned)) {
            return Ok(());
        }
        let class = |part: &TracePart| match part.fragment.error_count {
            _ if is_pinned(part) => Class::Pinned,
            0 => Class::Ordinary,
            _ => Class::Error,
        };
        let stays = |part: &TracePart, _: &Block| Some((class(part), part.last_received_unix_nano));
        let keep = Keep { trace: &stays, items: &|_, _| true, logs_of: &|_| true };
        let segments = self.rewrite(&[Arc::clone(segment)], &keep)?.segments;
        self.publish(Publication { segments, replaced: vec![segment.id], ..Publication::default() })
    }

    /// The segment that goes next while there is more than the cap: of ordinary ones before those with errors,
    /// the oldest of the service that has most; one of its own before one that it shares with others.
    fn evictable(&self, cap_bytes: u64) -> Option<Arc<Segment>> {
        let segments = self.listed();
        let evictable = || segments.iter().filter(|segment| segment.class != Class::Pinned);
        if evictable().map(|segment| segment.bytes).sum::<u64>() <= cap_bytes {
            return None;
        }
        let class = evictable().map(|segment| segment.class).min()?;
        let of_class = || evictable().filter(|segment| segment.class == class);
        let mut bytes: HashMap<&str, u64> = HashMap::new();
        for (service, _, _, share) in of_class().flat_map(|segment| segment.bytes_by_service()) {
            *bytes.entry(service).or_default() += share;
        }
        let (chattiest, _) = bytes.into_iter().max_by_key(|(service, bytes)| (*bytes, Reverse(*service)))?;
        let oldest = |segment: &&Arc<Segment>| (segment.received_unix_nano.1, segment.id);
        let share = |segment: &Segment| {
            segment.bytes_by_service().find(|(service, ..)| *service == chattiest).map_or(0, |(.., bytes)| bytes)
        };
        of_class()
            .filter(|segment| segment.owner == chattiest)
            .min_by_key(oldest)
            .or_else(|| of_class().filter(|segment| share(segment) > 0).min_by_key(oldest))
            .or_else(|| of_class().min_by_key(oldest))
            .map(Arc::clone)
    }

    fn evict(&mut self, segment: &Arc<Segment>) -> Result<Gone, AppendError> {
        let reader = self.reader.clone();
        let stays = |part: &TracePart, _: &Block| {
            let is_pinned = reader.catalogue().pinned.contains(&part.fragment.trace_id);
            is_pinned.then_some((Class::Pinned, part.last_received_unix_nano))
        };
        let pinned = self.that_are(|other| other.class == Class::Pinned);
        let logs_of =
            |trace_id: Option<TraceId>| trace_id.is_some_and(|id| pinned.iter().any(|other| other.filter.may_hold(id)));
        let keeps_logs = segment.signal == Signal::Logs && !pinned.is_empty();
        let keep = Keep { trace: &stays, items: &|_, _| keeps_logs, logs_of: &logs_of };
        self.replace(segment, &keep, Reason::Evicted)
    }

    /// Deletes what is selected. With `is_asked` nothing is deleted, but counted.
    pub(super) fn delete(&mut self, selection: &Selection, is_asked: bool) -> Result<Selected, AppendError> {
        let mut selected = Selected::default();
        let mut traces = HashSet::new();
        let mut result = Ok(());
        for _ in 0..ATTEMPTS {
            // What is in no segment yet cannot be left out of one.
            self.compact(true)?;
            result = self.delete_from_segments(selection, is_asked, &mut selected, &mut traces);
            if result.is_ok() {
                break;
            }
        }
        selected.traces = traces.len() as u64;
        result.map(|()| selected)
    }

    /// Goes through all segments; an error if one could not be replaced, which happens where something came for a
    /// hidden trace in it meanwhile.
    fn delete_from_segments(
        &mut self,
        selection: &Selection,
        is_asked: bool,
        selected: &mut Selected,
        traces: &mut HashSet<TraceId>,
    ) -> Result<(), AppendError> {
        let mut result = Ok(());
        for segment in self.listed() {
            let reader = self.reader.clone();
            let removed = std::cell::RefCell::new(Vec::new());
            let stays = |part: &TracePart, block: &Block| {
                let trace_id = part.fragment.trace_id;
                let catalogue = reader.catalogue();
                let is_pinned = catalogue.pinned.contains(&trace_id);
                let goes = match selection {
                    Selection::Trace(id) => trace_id == *id,
                    Selection::Service(service) => !is_pinned && *block.text(part.owner) == **service,
                    Selection::Before(time) => {
                        let elsewhere = catalogue.last_arrival_elsewhere(trace_id, segment.id);
                        !is_pinned && part.last_received_unix_nano < *time && elsewhere.is_none_or(|last| last < *time)
                    }
                };
                if goes && !catalogue.thinned.is_hidden(trace_id) {
                    removed.borrow_mut().push(trace_id);
                }
                (!goes).then_some((segment.class, part.last_received_unix_nano))
            };
            if !self.may_be_touched(&segment, selection) {
                continue;
            }
            let keep = Keep {
                trace: &stays,
                items: &|service, request| match selection {
                    Selection::Trace(_) => true,
                    Selection::Service(gone) => service != gone,
                    Selection::Before(time) => request.received_at_unix_nano >= *time,
                },
                logs_of: &|trace_id| match selection {
                    Selection::Trace(gone) => trace_id != Some(*gone),
                    Selection::Service(_) | Selection::Before(_) => true,
                },
            };
            let Some(new) =
                self.past_damage(&segment, |work| work.rewrite(&[Arc::clone(&segment)], &keep).map(Some))?
            else {
                continue;
            };
            let gone = ItemsGone::of(Reason::Deleted, &segment, &new);
            let items = gone.items();
            if items == 0 && new.removed.is_empty() {
                continue;
            }
            if !is_asked {
                let published = self.publish(Publication {
                    segments: new.segments,
                    removed: new.removed,
                    replaced: vec![segment.id],
                    gone: Some(gone),
                    ..Publication::default()
                });
                if published.is_err() {
                    result = published;
                    continue;
                }
            }
            match segment.signal {
                Signal::Traces => selected.spans += items,
                Signal::Logs => selected.logs += items,
                Signal::Metrics => selected.metric_points += items,
            }
            traces.extend(removed.into_inner());
        }
        let is_left = |segment: &Segment| !self.reader.reads(segment.id) && self.may_be_touched(segment, selection);
        let left = self.reader.catalogue().segments.iter().find(|segment| is_left(segment)).map(|segment| segment.id);
        match left {
            Some(segment) if !is_asked => {
                let sentence =
                    format!("segment {segment} cannot be read, and what of it was to be deleted is still there");
                Err(AppendError::Other(sentence))
            }
            _ => result,
        }
    }

    /// Does something with a segment; nothing where it is found not to read.
    pub(super) fn past_damage<T: Default>(
        &mut self,
        segment: &Segment,
        run: impl FnOnce(&mut Self) -> Result<T, AppendError>,
    ) -> Result<T, AppendError> {
        match run(self) {
            Err(_) if !self.reader.reads(segment.id) => Ok(T::default()),
            result => result,
        }
    }

    /// Whether something of a segment may be selected, as far as its description tells.
    fn may_be_touched(&self, segment: &Segment, selection: &Selection) -> bool {
        match selection {
            Selection::Trace(trace_id) => segment.signal != Signal::Metrics && segment.filter.may_hold(*trace_id),
            Selection::Service(service) => {
                let has_share = segment.services.iter().any(|share| share.name == *service);
                segment.owner == *service || segment.owner.is_empty() && has_share
            }
            Selection::Before(time) => segment.received_unix_nano.0 < *time,
        }
    }

    /// Replaces a segment by what is kept of it.
    fn replace(&mut self, segment: &Arc<Segment>, keep: &Keep<'_>, reason: Reason) -> Result<Gone, AppendError> {
        let keeps_nothing = segment.signal != Signal::Traces && !(keep.items)("", &Request::default());
        let new = if keeps_nothing { Rewritten::default() } else { self.rewrite(&[Arc::clone(segment)], keep)? };
        let gone = ItemsGone::of(reason, segment, &new);
        let items = gone.items();
        self.publish(Publication {
            segments: new.segments,
            removed: new.removed,
            replaced: vec![segment.id],
            gone: Some(gone),
            ..Publication::default()
        })?;
        Ok(Gone::of(reason, items))
    }

    fn listed(&self) -> Vec<Arc<Segment>> {
        self.that_are(|_| true)
    }

    /// Such segments as read.
    pub(super) fn that_are(&self, such: impl Fn(&Segment) -> bool) -> Vec<Arc<Segment>> {
        let is_such = |segment: &&Arc<Segment>| such(segment) && self.reader.reads(segment.id);
        self.reader.catalogue().segments.iter().filter(is_such).map(Arc::clone).collect()
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
