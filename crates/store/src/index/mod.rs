//! The index in memory: the traces that something is in the append level of, and those with parts in more
//! than one segment. They are few at a time, so that their order is made when it is asked for. Every other trace is whole in one segment, which lists it.

mod digest;
mod entry;
mod summary;
mod texts;

use std::collections::VecDeque;

use hashbrown::{HashMap, HashSet};
use model::TraceId;

pub(crate) use digest::{Digest, Head, SpanFragment, join_fragments, join_times};
pub use summary::{EARLIEST_POSSIBLE_UNIX_NANO, FirstError, LATEST_POSSIBLE_UNIX_NANO, TraceSummary, is_possible};

use crate::segments::Block;
use digest::LogFragment;
use entry::{Entry, FirstErrorEntry, PartOf};
use texts::{ServiceSets, Texts};

/// How many of the latest changes are remembered in order.
const RECENT: usize = 65_536;

/// Traces by id.
#[derive(Debug, Default)]
pub(crate) struct Index {
    texts: Texts,
    sets: ServiceSets,
    by_id: HashMap<TraceId, Entry>,
    /// The latest changes: row and trace, rising.
    recent: VecDeque<(u64, TraceId)>,
    sequence: u64,
    last_row: u64,
}

/// Where a trace is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Places {
    /// Rows of the append level that hold spans or log records of it, rising.
    pub(crate) rows: Vec<u64>,
    /// Segments of spans, if the index knows them: it does where it lists the trace.
    pub(crate) segments: Option<Vec<u64>>,
}

impl Index {
    /// Takes in the digest of a row. Rows come in rising order, and each trace's parts in segments before
    /// its first row.
    pub(crate) fn apply(&mut self, row: u64, digest: &Digest) {
        self.apply_of(row, digest, |_| true);
    }

    /// Takes in what the digest of a row says of the traces that are wanted.
    pub(crate) fn apply_of(&mut self, row: u64, digest: &Digest, is_wanted: impl Fn(TraceId) -> bool) {
        self.last_row = self.last_row.max(row);
        if digest.spans.is_empty() && digest.logs.is_empty() {
            return;
        }
        let numbers: Vec<u32> = digest.texts.iter().map(|text| self.texts.number(text)).collect();
        let number = |text: u32| numbers.get(text as usize).copied().unwrap_or_default();
        for fragment in digest.spans.iter().filter(|fragment| is_wanted(fragment.trace_id)) {
            self.join(fragment, number, (row, row)).rows.push(row);
            self.remember(row, fragment.trace_id);
        }
        for LogFragment { trace_id, .. } in digest.logs.iter().filter(|fragment| is_wanted(fragment.trace_id)) {
            let entry = self.by_id.entry(*trace_id).or_insert_with(|| Entry::new(*trace_id));
            entry.rows.push(row);
            entry.last_sequence = row;
            self.remember(row, *trace_id);
        }
        self.sequence = self.sequence.max(row);
    }

    /// Takes in the part of a trace that a segment has.
    pub(crate) fn add_part(&mut self, segment: u64, block: &Block, at: usize) {
        let Some(part) = block.part(at) else { return };
        let trace_id = part.fragment.trace_id;
        let has_it = |entry: &Entry| entry.parts.iter().any(|part| part.segment == segment);
        if self.by_id.get(&trace_id).is_some_and(has_it) {
            return;
        }
        let fragment = part.fragment.renamed(|text| self.texts.number(&block.text(text)));
        let services = fragment.services.iter().fold(0, |set, &service| self.sets.with(set, service, &self.texts));
        let entry = self.join(&fragment, |text| text, (part.first_row, part.last_row));
        entry.parts.push(PartOf { segment, services });
    }

    /// Whether the parts of a trace in segments are known here, because its spans are.
    pub(crate) fn knows_parts(&self, trace_id: TraceId) -> bool {
        self.by_id.get(&trace_id).is_some_and(Entry::is_listed)
    }

    /// Whether a trace is known to have no part in a segment.
    pub(crate) fn has_no_parts(&self, trace_id: TraceId) -> bool {
        self.by_id.get(&trace_id).is_some_and(|entry| entry.is_listed() && entry.parts.is_empty())
    }

    /// Whether a trace has parts in segments other than these.
    pub(crate) fn is_beyond(&self, trace_id: TraceId, segments: &[u64]) -> bool {
        let entry = self.by_id.get(&trace_id);
        entry.is_some_and(|entry| entry.parts.iter().any(|part| !segments.contains(&part.segment)))
    }

    fn join(&mut self, fragment: &SpanFragment, number: impl Fn(u32) -> u32, rows: (u64, u64)) -> &mut Entry {
        let Self { texts, sets, by_id, .. } = self;
        let no_message = if fragment.first_error.is_some() { texts.number("") } else { 0 };
        let trace_id = fragment.trace_id;
        let entry = by_id.entry(trace_id).or_insert_with(|| Entry::new(trace_id));
        let was_listed = entry.is_listed();
        entry.first_sequence = entry.first_sequence.min(rows.0);
        entry.last_sequence = entry.last_sequence.max(rows.1);
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
        entry
    }

    fn remember(&mut self, row: u64, trace_id: TraceId) {
        if self.recent.back().is_some_and(|(last, _)| *last > row) {
            return;
        }
        if self.recent.len() >= RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((row, trace_id));
    }

    /// After rows up to this one became segments: `parts` are where traces went. What is whole in one
    /// segment is listed by that.
    pub(crate) fn compacted(&mut self, up_to: u64, parts: &[(u64, &Block)]) {
        for (segment, block) in parts {
            for part in block.parts() {
                let Some(entry) = self.by_id.get_mut(&part.fragment.trace_id) else { continue };
                let services = part.fragment.services.iter().fold(0, |set, &service| {
                    let service = self.texts.number(&block.text(service));
                    self.sets.with(set, service, &self.texts)
                });
                entry.parts.push(PartOf { segment: *segment, services });
            }
        }
        self.by_id.retain(|_, entry| !entry.rows.forget(up_to) || entry.parts.len() > 1);
    }

    /// After segments were replaced by one: `block` has the traces of all of them.
    pub(crate) fn merged(&mut self, replaced: &[u64], segment: u64, block: &Block) {
        for part in block.parts() {
            let trace_id = part.fragment.trace_id;
            let Some(entry) = self.by_id.get_mut(&trace_id) else { continue };
            let services = part.fragment.services.iter().fold(0, |set, &service| {
                let service = self.texts.number(&block.text(service));
                self.sets.with(set, service, &self.texts)
            });
            let before = entry.parts.len();
            entry.parts.retain(|part| !replaced.contains(&part.segment));
            if entry.parts.len() < before {
                entry.parts.push(PartOf { segment, services });
            }
            if entry.parts.len() < 2 && matches!(entry.rows, entry::Rows::None) {
                self.by_id.remove(&trace_id);
            }
        }
    }

    /// Traces with parts in these segments, each with its rows of the append level.
    pub(crate) fn with_parts_in(&self, segments: &[u64]) -> Vec<(TraceId, Vec<u64>)> {
        let has_part = |entry: &&Entry| entry.parts.iter().any(|part| segments.contains(&part.segment));
        self.by_id.values().filter(has_part).map(|entry| (entry.trace_id, entry.rows.to_vec())).collect()
    }

    /// Forgets a trace.
    pub(crate) fn forget(&mut self, trace_id: TraceId) {
        self.by_id.remove(&trace_id);
    }

    /// The segments that hold parts of a trace, as far as the index knows, and whether rows of the append
    /// level do.
    pub(crate) fn holders(&self, trace_id: TraceId) -> (impl Iterator<Item = u64> + '_, bool) {
        let entry = self.by_id.get(&trace_id);
        let parts = entry.into_iter().flat_map(|entry| entry.parts.iter().map(|part| part.segment));
        (parts, entry.is_some_and(|entry| entry.is_listed() && !matches!(entry.rows, entry::Rows::None)))
    }

    /// An index of no traces that is to take in the rows after this one; which traces changed lately stays
    /// known.
    pub(crate) fn emptied(&self, after: u64) -> Self {
        Self { sequence: self.sequence.max(after), last_row: after, recent: self.recent.clone(), ..Self::default() }
    }

    /// The row that brought the latest of a trace, as far as the index knows; 0 if it knows nothing of it.
    pub(crate) fn last_sequence(&self, trace_id: TraceId) -> u64 {
        self.by_id.get(&trace_id).map_or(0, |entry| entry.last_sequence)
    }

    fn listed(&self, trace_id: TraceId) -> Option<&Entry> {
        self.by_id.get(&trace_id).filter(|entry| entry.is_listed())
    }

    /// The newest row that brought spans or log records of a trace.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The newest row of all.
    pub(crate) fn last_row(&self) -> u64 {
        self.last_row
    }

    /// Traces that are listed here and in no segment, or, where it is negative, listed by more segments
    /// than there are of them here: added to what the segments list it makes the number of traces.
    pub(crate) fn traces_beyond_segments(&self) -> i64 {
        let listed = self.by_id.values().filter(|entry| entry.is_listed());
        listed.map(|entry| 1 - entry.parts.len() as i64).sum()
    }

    /// Traces by service, to be added to what the segments count.
    pub(crate) fn services_beyond_segments(&self) -> Vec<(String, i64)> {
        let mut counts: HashMap<u32, i64> = HashMap::new();
        for entry in self.by_id.values().filter(|entry| entry.is_listed()) {
            self.sets.members(entry.services).for_each(|service| *counts.entry(service).or_default() += 1);
            for part in &entry.parts {
                self.sets.members(part.services).for_each(|service| *counts.entry(service).or_default() -= 1);
            }
        }
        counts.into_iter().map(|(service, count)| (self.texts.get(service).to_string(), count)).collect()
    }

    pub(crate) fn summary(&self, trace_id: TraceId) -> Option<TraceSummary> {
        self.listed(trace_id).map(|entry| self.summarise(entry))
    }

    /// Whether a trace has errors, as far as the index knows.
    pub(crate) fn has_errors(&self, trace_id: TraceId) -> bool {
        self.by_id.get(&trace_id).is_some_and(|entry| entry.error_count > 0)
    }

    /// Where a trace is, as far as the index knows.
    pub(crate) fn places(&self, trace_id: TraceId) -> Places {
        let Some(entry) = self.by_id.get(&trace_id) else { return Places::default() };
        let segments = entry.is_listed().then(|| entry.parts.iter().map(|part| part.segment).collect());
        Places { rows: entry.rows.to_vec(), segments }
    }

    /// A trace in a line, if all of it is in several segments that are listed.
    pub(crate) fn summary_of_parts(&self, trace_id: TraceId, is_listed: impl Fn(u64) -> bool) -> Option<TraceSummary> {
        let entry = self.by_id.get(&trace_id).filter(|entry| entry.is_listed() && entry.parts.len() > 1)?;
        let is_in_rows = !matches!(entry.rows, entry::Rows::None);
        (!is_in_rows && entry.parts.iter().all(|part| is_listed(part.segment))).then(|| self.summarise(entry))
    }

    /// The traces that are listed here of which there are spans in the append level, oldest start first.
    pub(crate) fn summaries_in_rows(&self) -> Vec<TraceSummary> {
        let in_rows = |entry: &&Entry| entry.is_listed() && !matches!(entry.rows, entry::Rows::None);
        let listed = self.by_id.values().filter(in_rows);
        let mut summaries: Vec<TraceSummary> = listed.map(|entry| self.summarise(entry)).collect();
        summaries.sort_unstable_by_key(|summary| (summary.start_unix_nano, summary.trace_id));
        summaries
    }

    /// The first and the last possible start of the traces that are listed here.
    pub(crate) fn starts(&self) -> Option<(u64, u64)> {
        let starts = self.by_id.values().filter(|entry| entry.is_listed()).map(|entry| entry.start_unix_nano);
        let starts = starts.filter(|start| *start > 0);
        starts.fold(None, |both: Option<(u64, u64)>, start| {
            Some(both.map_or((start, start), |(first, last)| (first.min(start), last.max(start))))
        })
    }

    /// Traces that changed after a sequence number and are to be shown, latest first, as far back as is remembered.
    pub(crate) fn changed_since(&self, sequence: u64, max: usize, is_shown: impl Fn(TraceId) -> bool) -> Vec<TraceId> {
        let mut seen = HashSet::new();
        let latest = self.recent.iter().rev().take_while(|(row, _)| *row > sequence);
        latest
            .map(|(_, trace_id)| *trace_id)
            .filter(|trace_id| seen.insert(*trace_id))
            // A trace of which only log records came is not listed anywhere.
            .filter(|trace_id| self.by_id.get(trace_id).is_none_or(Entry::is_listed) && is_shown(*trace_id))
            .take(max)
            .collect()
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
            last_sequence: entry.last_sequence,
        }
    }
}
