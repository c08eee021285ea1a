//! The index of traces in memory: made of digests when a database is opened, and kept up with each
//! commit. A trace is an entry of at most 136 bytes and its places by id and by start; names are kept
//! once.

mod digest;
mod entry;
mod summary;
mod texts;

use std::{
    collections::{BTreeSet, VecDeque},
    hash::BuildHasher,
    ops::ControlFlow,
};

use hashbrown::{DefaultHashBuilder, HashSet, HashTable};
use model::TraceId;

pub(crate) use digest::Digest;
pub use summary::{EARLIEST_POSSIBLE_UNIX_NANO, FirstError, LATEST_POSSIBLE_UNIX_NANO, TraceSummary, is_possible};

use digest::{ErrorMark, LogFragment, SpanFragment, join_times};
use entry::{Entry, FirstErrorEntry, Rows};
use texts::{ServiceSets, Texts};

/// Entries are added in chunks, so that growing never copies them.
const CHUNK: usize = 4096;
/// How many of the latest changes are remembered in order.
const RECENT: usize = 65_536;

/// All traces, by id and by start.
#[derive(Debug, Default)]
pub(crate) struct Index {
    texts: Texts,
    sets: ServiceSets,
    chunks: Vec<Vec<Entry>>,
    hasher: DefaultHashBuilder,
    by_id: HashTable<u32>,
    /// Traces that have spans, by start.
    by_start: BTreeSet<(u64, u32)>,
    /// The latest changes: row and slot, rising.
    recent: VecDeque<(u64, u32)>,
    /// Changes up to this row are no longer in `recent`.
    forgotten: u64,
    sequence: u64,
    last_row: u64,
}

impl Index {
    /// Takes in the digest of a row. Rows come in rising order.
    pub(crate) fn apply(&mut self, row: u64, digest: &Digest) {
        self.last_row = row;
        if digest.spans.is_empty() && digest.logs.is_empty() {
            return;
        }
        let numbers: Vec<u32> = digest.texts.iter().map(|text| self.texts.number(text)).collect();
        let number = |text: u32| numbers.get(text as usize).copied().unwrap_or_default();
        for fragment in &digest.spans {
            self.apply_spans(row, fragment, number);
        }
        for fragment in &digest.logs {
            self.apply_logs(row, fragment);
        }
        self.sequence = row;
    }

    fn apply_spans(&mut self, row: u64, fragment: &SpanFragment, number: impl Fn(u32) -> u32) {
        let slot = self.slot_or_new(fragment.trace_id, row);
        let no_message = if fragment.first_error.is_some() { self.texts.number("") } else { 0 };
        let Self { chunks, texts, sets, by_start, .. } = self;
        let Some(entry) = entry_mut(chunks, slot) else { return };
        let was_listed = entry.span_count > 0;
        let start_before = entry.start_unix_nano;
        entry.rows.push(row);
        if !was_listed {
            entry.first_sequence = row;
        }
        entry.span_count = entry.span_count.saturating_add(fragment.span_count);
        entry.error_count = entry.error_count.saturating_add(fragment.error_count);
        (entry.start_unix_nano, entry.end_unix_nano) = join_times(
            (entry.start_unix_nano, entry.end_unix_nano),
            (fragment.start_unix_nano, fragment.end_unix_nano),
        );
        if !was_listed || fragment.head.outranks(&entry.head) {
            entry.head = fragment.head;
            entry.head.service = number(fragment.head.service);
            entry.head.name = number(fragment.head.name);
        }
        if let Some(error) = &fragment.first_error
            && entry.first_error.as_ref().is_none_or(|first| error.is_before(&first.mark()))
        {
            entry.first_error = Some(Box::new(FirstErrorEntry {
                start_unix_nano: error.start_unix_nano,
                span_id: error.span_id,
                service: number(error.service),
                name: number(error.name),
                message: error.message.map_or(no_message, &number),
            }));
        }
        for &service in &fragment.services {
            entry.services = sets.with(entry.services, number(service), texts);
        }
        let start = entry.start_unix_nano;
        if !was_listed {
            by_start.insert((start, slot));
        } else if start != start_before {
            by_start.remove(&(start_before, slot));
            by_start.insert((start, slot));
        }
        self.remember(row, slot);
    }

    fn apply_logs(&mut self, row: u64, fragment: &LogFragment) {
        let slot = self.slot_or_new(fragment.trace_id, row);
        if let Some(entry) = entry_mut(&mut self.chunks, slot) {
            entry.rows.push(row);
            entry.log_count = entry.log_count.saturating_add(fragment.record_count);
        }
        self.remember(row, slot);
    }

    fn remember(&mut self, row: u64, slot: u32) {
        if self.recent.len() >= RECENT
            && let Some((row, _)) = self.recent.pop_front()
        {
            self.forgotten = row;
        }
        self.recent.push_back((row, slot));
    }

    fn slot(&self, trace_id: TraceId) -> Option<u32> {
        let is_it = |&slot: &u32| self.entry(slot).is_some_and(|entry| entry.trace_id == trace_id);
        self.by_id.find(self.hasher.hash_one(trace_id), is_it).copied()
    }

    fn slot_or_new(&mut self, trace_id: TraceId, row: u64) -> u32 {
        if let Some(slot) = self.slot(trace_id) {
            return slot;
        }
        let slot = self.chunks.last().map_or(0, |chunk| (self.chunks.len() - 1) * CHUNK + chunk.len());
        let slot = u32::try_from(slot).unwrap_or(u32::MAX);
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK => chunk.push(Entry::new(trace_id, row)),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(Entry::new(trace_id, row));
                self.chunks.push(chunk);
            }
        }
        let Self { chunks, hasher, by_id, .. } = self;
        by_id.insert_unique(hasher.hash_one(trace_id), slot, |&slot| {
            entry(chunks, slot).map_or(0, |entry| hasher.hash_one(entry.trace_id))
        });
        slot
    }

    fn entry(&self, slot: u32) -> Option<&Entry> {
        entry(&self.chunks, slot)
    }

    /// The entry of a trace with spans.
    fn listed(&self, trace_id: TraceId) -> Option<&Entry> {
        self.slot(trace_id).and_then(|slot| self.entry(slot)).filter(|entry| entry.span_count > 0)
    }

    /// The newest row that brought spans or log records of a trace.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The newest row of all.
    pub(crate) fn last_row(&self) -> u64 {
        self.last_row
    }

    pub(crate) fn trace_count(&self) -> u64 {
        self.by_start.len() as u64
    }

    pub(crate) fn services(&self) -> Vec<(String, u64)> {
        self.sets.counts(&self.texts)
    }

    pub(crate) fn contains(&self, trace_id: TraceId) -> bool {
        self.listed(trace_id).is_some()
    }

    pub(crate) fn summary(&self, trace_id: TraceId) -> Option<TraceSummary> {
        self.listed(trace_id).map(|entry| self.summarise(entry))
    }

    /// Rows with spans or log records of a trace, rising.
    pub(crate) fn rows(&self, trace_id: TraceId) -> Option<Vec<u64>> {
        self.slot(trace_id).and_then(|slot| self.entry(slot)).map(|entry| entry.rows.to_vec())
    }

    /// Visits traces that had arrived at a sequence number, newest start first.
    pub(crate) fn visit(&self, as_of: Option<u64>, mut visit: impl FnMut(&TraceSummary) -> ControlFlow<()>) {
        let as_of = as_of.unwrap_or(u64::MAX);
        for &(_, slot) in self.by_start.iter().rev() {
            let Some(entry) = self.entry(slot) else { continue };
            if entry.first_sequence <= as_of && visit(&self.summarise(entry)).is_break() {
                return;
            }
        }
    }

    /// Traces that changed after a sequence number, latest first.
    pub(crate) fn changed_since(&self, sequence: u64, max: usize) -> Vec<TraceId> {
        let mut seen = HashSet::new();
        let mut changed = Vec::new();
        let listed = |slot: u32| self.entry(slot).filter(|entry| entry.span_count > 0);
        if sequence >= self.forgotten {
            for &(_, slot) in self.recent.iter().rev().take_while(|(row, _)| *row > sequence) {
                if changed.len() == max {
                    break;
                }
                if seen.insert(slot)
                    && let Some(entry) = listed(slot)
                {
                    changed.push(entry.trace_id);
                }
            }
            return changed;
        }
        let mut rows: Vec<(u64, TraceId)> = self
            .by_start
            .iter()
            .filter_map(|&(_, slot)| listed(slot))
            .map(|entry| (entry.rows.last(), entry.trace_id))
            .filter(|(row, _)| *row > sequence)
            .collect();
        rows.sort_unstable_by(|a, b| b.cmp(a));
        rows.into_iter().take(max).map(|(_, trace_id)| trace_id).collect()
    }

    fn summarise(&self, entry: &Entry) -> TraceSummary {
        TraceSummary {
            trace_id: entry.trace_id,
            root_service: self.texts.get(entry.head.service),
            root_name: self.texts.get(entry.head.name),
            has_root: entry.head.is_root,
            start_unix_nano: entry.start_unix_nano,
            end_unix_nano: entry.end_unix_nano,
            span_count: u64::from(entry.span_count),
            error_count: u64::from(entry.error_count),
            services: self.sets.names(entry.services),
            first_error: entry.first_error.as_ref().map(|error| FirstError {
                service: self.texts.get(error.service),
                name: self.texts.get(error.name),
                message: self.texts.get(error.message),
            }),
            first_sequence: entry.first_sequence,
            last_sequence: entry.rows.last(),
            log_count: u64::from(entry.log_count),
        }
    }
}

fn entry(chunks: &[Vec<Entry>], slot: u32) -> Option<&Entry> {
    let slot = slot as usize;
    chunks.get(slot / CHUNK)?.get(slot % CHUNK)
}

fn entry_mut(chunks: &mut [Vec<Entry>], slot: u32) -> Option<&mut Entry> {
    let slot = slot as usize;
    chunks.get_mut(slot / CHUNK)?.get_mut(slot % CHUNK)
}

impl FirstErrorEntry {
    fn mark(&self) -> ErrorMark {
        ErrorMark {
            start_unix_nano: self.start_unix_nano,
            span_id: self.span_id,
            service: self.service,
            name: self.name,
            message: Some(self.message),
        }
    }
}

// The index holds every trace: a field more should be a decision.
const _: () = assert!(size_of::<Entry>() <= 136 && size_of::<Rows>() == 16);
