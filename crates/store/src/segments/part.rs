//! What a segment says of each of its traces without its columns: enough for the list of traces.

use std::sync::{Arc, OnceLock};

use hashbrown::{HashMap, HashSet};
use model::TraceId;
use serde::{Deserialize, Serialize};

use crate::{
    FirstError, TraceSummary,
    index::{Digest, SpanFragment, join_fragments},
};

/// A trace as far as its spans are in one segment. Texts are named by index in [`Parts::texts`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TracePart {
    pub(crate) fragment: SpanFragment,
    /// The rows of the append level that brought its first and its last span.
    pub(crate) first_row: u64,
    pub(crate) last_row: u64,
    /// When the last of it arrived, nanoseconds since the Unix epoch.
    pub(crate) last_received_unix_nano: u64,
    /// The service to which it belongs: the one with most bytes in it.
    pub(crate) owner: u32,
}

/// The traces of a segment, by earliest start.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Parts {
    pub(crate) texts: Vec<String>,
    pub(crate) traces: Vec<TracePart>,
}

impl Parts {
    /// Those of these traces alone, from all of a segment, encoded.
    pub(crate) fn of_traces(bytes: &[u8], wanted: &HashSet<TraceId>) -> Result<Self, String> {
        let wrong = |error: postcard::Error| error.to_string();
        let (texts, rest): (Vec<&str>, _) = postcard::take_from_bytes(bytes).map_err(wrong)?;
        let (count, mut rest): (u64, _) = postcard::take_from_bytes(rest).map_err(wrong)?;
        let mut found = PartsBuilder::default();
        for _ in 0..count {
            let part: TracePart;
            (part, rest) = postcard::take_from_bytes(rest).map_err(wrong)?;
            if wanted.contains(&part.fragment.trace_id) {
                found.add(&texts, &part);
            }
        }
        Ok(found.finish(|_| true))
    }
}

/// Parts being put together.
#[derive(Debug, Default)]
pub(crate) struct PartsBuilder {
    texts: Vec<String>,
    numbers: HashMap<String, u32>,
    parts: HashMap<TraceId, TracePart>,
}

impl PartsBuilder {
    /// Adds what a row of the append level brought.
    pub(crate) fn add_digest(&mut self, row: u64, received_at_unix_nano: u64, digest: &Digest) {
        for fragment in &digest.spans {
            let part = TracePart {
                fragment: fragment.clone(),
                first_row: row,
                last_row: row,
                last_received_unix_nano: received_at_unix_nano,
                owner: 0,
            };
            self.add(&digest.texts, &part);
        }
    }

    /// Adds a trace of a segment.
    pub(crate) fn add_part(&mut self, part: &TracePart, block: &Block) {
        self.add(&block.texts, part);
    }

    /// Says to which service each trace belongs, by number.
    pub(crate) fn set_owners(&mut self, owners: &HashMap<TraceId, u32>, services: &[String]) {
        let Self { texts, numbers, parts } = self;
        for (trace_id, part) in parts {
            let owner = owners.get(trace_id).and_then(|owner| services.get(*owner as usize));
            part.owner = number(owner.map(String::as_str).unwrap_or_default(), numbers, texts);
        }
    }

    fn add(&mut self, texts: &[impl AsRef<str>], part: &TracePart) {
        let Self { texts: all, numbers, parts } = self;
        let mut renamed = |text: u32| {
            let text = texts.get(text as usize).map(AsRef::as_ref).unwrap_or_default();
            number(text, numbers, all)
        };
        let part = TracePart { fragment: part.fragment.renamed(&mut renamed), owner: renamed(part.owner), ..*part };
        match parts.entry(part.fragment.trace_id) {
            hashbrown::hash_map::Entry::Vacant(new) => {
                new.insert(part);
            }
            hashbrown::hash_map::Entry::Occupied(mut known) => {
                let joined = known.get_mut();
                // It belongs to whom the larger part does.
                if part.fragment.span_count > joined.fragment.span_count {
                    joined.owner = part.owner;
                }
                join_fragments(&mut joined.fragment, &part.fragment);
                joined.first_row = joined.first_row.min(part.first_row);
                joined.last_row = joined.last_row.max(part.last_row);
                joined.last_received_unix_nano = joined.last_received_unix_nano.max(part.last_received_unix_nano);
            }
        }
    }

    /// The traces that were added.
    pub(crate) fn traces(&self) -> impl Iterator<Item = TraceId> + '_ {
        self.parts.keys().copied()
    }

    /// The parts of the traces that are wanted.
    pub(crate) fn finish(&self, is_wanted: impl Fn(TraceId) -> bool) -> Parts {
        let wanted: Vec<&TracePart> = self.parts.values().filter(|part| is_wanted(part.fragment.trace_id)).collect();
        let mut used = Self::default();
        wanted.into_iter().for_each(|part| used.add(&self.texts, part));
        let mut traces: Vec<TracePart> = used.parts.into_values().collect();
        traces.sort_unstable_by_key(|part| (part.fragment.start_unix_nano, part.fragment.trace_id));
        Parts { texts: used.texts, traces }
    }
}

fn number(text: &str, numbers: &mut HashMap<String, u32>, all: &mut Vec<String>) -> u32 {
    if let Some(&number) = numbers.get(text) {
        return number;
    }
    let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
    all.push(text.to_owned());
    numbers.insert(text.to_owned(), number);
    number
}

/// The traces of a segment in memory, ready to be listed.
#[derive(Debug)]
pub(crate) struct Block {
    parts: Vec<TracePart>,
    texts: Vec<Arc<str>>,
    /// Names of the services of each trace, sorted; equal ones shared.
    services: Vec<Arc<[Arc<str>]>>,
    /// The place of each trace, once somebody has asked for one.
    places: OnceLock<HashMap<TraceId, u32>>,
}

impl Block {
    pub(crate) fn new(parts: Parts) -> Self {
        let texts: Vec<Arc<str>> = parts.texts.into_iter().map(Arc::from).collect();
        let mut sets: HashMap<Vec<u32>, Arc<[Arc<str>]>> = HashMap::new();
        let services = parts.traces.iter().map(|part| {
            let mut set = part.fragment.services.clone();
            set.sort_unstable();
            let named = sets.entry(set).or_insert_with_key(|set| {
                let mut names: Vec<Arc<str>> = set.iter().map(|&text| text_at(&texts, text)).collect();
                names.sort_unstable();
                names.into()
            });
            Arc::clone(named)
        });
        let services = services.collect();
        Self { parts: parts.traces, texts, services, places: OnceLock::new() }
    }

    /// How many traces there are.
    pub(crate) fn len(&self) -> usize {
        self.parts.len()
    }

    /// A trace by its place in the order of earliest start.
    pub(crate) fn part(&self, at: usize) -> Option<&TracePart> {
        self.parts.get(at)
    }

    /// Where a trace is.
    pub(crate) fn position(&self, trace_id: TraceId) -> Option<usize> {
        let ids = || self.parts.iter().map(|part| part.fragment.trace_id);
        let places = self.places.get_or_init(|| ids().zip(0..).collect());
        places.get(&trace_id).map(|at| *at as usize)
    }

    /// All traces.
    pub(crate) fn parts(&self) -> &[TracePart] {
        &self.parts
    }

    /// How many traces each service takes part in, by name.
    pub(crate) fn services(&self) -> Vec<(String, u64)> {
        let mut counts: HashMap<u32, u64> = HashMap::new();
        for service in self.parts.iter().flat_map(|part| &part.fragment.services) {
            *counts.entry(*service).or_default() += 1;
        }
        let mut counts: Vec<_> =
            counts.into_iter().map(|(service, traces)| (self.text(service).to_string(), traces)).collect();
        counts.sort_unstable();
        counts
    }

    /// A text by its number.
    pub(crate) fn text(&self, number: u32) -> Arc<str> {
        text_at(&self.texts, number)
    }

    /// A trace in a line, all of whose spans are in this segment.
    pub(crate) fn summary(&self, at: usize) -> Option<TraceSummary> {
        let TracePart { fragment, first_row, last_row, .. } = self.parts.get(at)?;
        Some(TraceSummary {
            trace_id: fragment.trace_id,
            root_service: self.text(fragment.head.service),
            root_name: self.text(fragment.head.name),
            has_root: fragment.head.is_root,
            start_unix_nano: fragment.start_unix_nano,
            end_unix_nano: fragment.end_unix_nano,
            span_count: fragment.span_count.into(),
            error_count: fragment.error_count.into(),
            services: self.services.get(at).cloned().unwrap_or_default(),
            first_error: fragment.first_error.map(|error| FirstError {
                service: self.text(error.service),
                name: self.text(error.name),
                message: error.message.map(|message| self.text(message)).unwrap_or_default(),
            }),
            first_sequence: *first_row,
            last_sequence: *last_row,
        })
    }
}

fn text_at(texts: &[Arc<str>], number: u32) -> Arc<str> {
    texts.get(number as usize).cloned().unwrap_or_default()
}
