//! Spans counted by key.

use std::collections::BTreeMap;

use hashbrown::{HashMap, hash_map::Entry};
use model::SpanKind;

use crate::{Sketch, texts::Texts};

/// Keys beyond which operations are folded into [`OTHER`]: far more than services have whose spans are named as they
/// should be, and what a minute of them takes is still a few megabytes.
pub const MOST_KEYS: usize = 20_000;
/// Texts longer than this are [`OTHER`], bytes.
pub const MOST_TEXT_BYTES: usize = 1024;
/// The name of what has too many names.
pub const OTHER: &str = "(other)";
/// An hour, minutes.
const HOUR: u32 = 60;

/// The first minute of the hour of a minute, and how many it has.
pub(crate) fn in_hours(minute: u32) -> (u32, u32) {
    (minute - minute % HOUR, HOUR)
}

/// What spans are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key<'a> {
    /// When they started, minutes since the Unix epoch.
    pub start_minute: u32,
    /// How many minutes are counted together, from that one on: 1 or 60.
    pub minutes: u32,
    /// Who sent them.
    pub origin: Origin<'a>,
    /// Name of the spans.
    pub operation: &'a str,
    /// Kind of the spans.
    pub kind: SpanKind,
    /// Whether they are errors.
    pub is_error: bool,
}

/// Who sends spans, as far as they are counted apart. What is missing is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Origin<'a> {
    /// `service.namespace`.
    pub namespace: &'a str,
    /// `service.name`.
    pub service: &'a str,
    /// `deployment.environment.name`.
    pub environment: &'a str,
    /// `service.version`.
    pub version: &'a str,
}

/// An origin of certain [`Aggregates`], by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OriginId(pub(crate) u32);

/// A span to be counted.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    /// When it started, minutes since the Unix epoch.
    pub start_minute: u32,
    /// Who sent it.
    pub origin: OriginId,
    /// Its name.
    pub operation: &'a str,
    /// Its kind.
    pub kind: SpanKind,
    /// Whether it is an error.
    pub is_error: bool,
    /// How long it took, nanoseconds.
    pub duration_nanos: u64,
    /// How much it stands for, in [`crate::UNIT`]s.
    pub weight: u64,
}

/// A [`Key`] in numbers of texts and origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Numbers {
    pub(crate) origin: OriginId,
    pub(crate) operation: u32,
    pub(crate) kind: i32,
    pub(crate) is_error: bool,
    pub(crate) minutes: u32,
    pub(crate) start_minute: u32,
}

/// Spans counted by [`Key`].
#[derive(Debug, Clone, Default)]
pub struct Aggregates {
    pub(crate) texts: Texts,
    /// Namespace, service, environment and version, by the numbers of their texts.
    pub(crate) origins: Vec<[u32; 4]>,
    origin_ids: HashMap<[u32; 4], OriginId>,
    pub(crate) sketches: HashMap<Numbers, Sketch>,
    pub(crate) folded: u64,
}

impl Aggregates {
    /// The number of an origin.
    pub fn origin(&mut self, origin: Origin<'_>) -> OriginId {
        let Origin { namespace, service, environment, version } = origin;
        let texts = [namespace, service, environment, version].map(|text| self.text(text));
        self.origin_of(texts)
    }

    pub(crate) fn origin_of(&mut self, texts: [u32; 4]) -> OriginId {
        *self.origin_ids.entry(texts).or_insert_with(|| {
            self.origins.push(texts);
            OriginId(u32::try_from(self.origins.len() - 1).unwrap_or(u32::MAX))
        })
    }

    /// The number of a text that is not too long.
    pub(crate) fn text(&mut self, text: &str) -> u32 {
        self.texts.number(if text.len() > MOST_TEXT_BYTES { OTHER } else { text })
    }

    /// Counts a span.
    pub fn add(&mut self, span: &Observation<'_>) {
        let numbers = Numbers {
            origin: span.origin,
            operation: self.text(span.operation),
            kind: span.kind.0,
            is_error: span.is_error,
            minutes: 1,
            start_minute: span.start_minute,
        };
        self.put(numbers, span.weight, |sketch| sketch.add(span.duration_nanos, span.weight));
    }

    /// Counts all that another has counted, as far as it is wanted.
    pub fn merge(&mut self, other: &Self, is_wanted: impl Fn(&Key<'_>) -> bool) {
        self.merge_as(other, is_wanted, |numbers| numbers);
    }

    /// Counts all that another has counted, hours together.
    pub fn merge_hours(&mut self, other: &Self) {
        let hours = |numbers: Numbers| {
            let (start_minute, minutes) = in_hours(numbers.start_minute);
            Numbers { start_minute, minutes, ..numbers }
        };
        self.merge_as(other, |_| true, hours);
    }

    fn merge_as(&mut self, other: &Self, is_wanted: impl Fn(&Key<'_>) -> bool, as_key: impl Fn(Numbers) -> Numbers) {
        self.folded = self.folded.saturating_add(other.folded);
        // In order, so that which keys are folded does not depend on chance.
        for (numbers, sketch) in other.sorted() {
            if !is_wanted(&other.key(numbers)) {
                continue;
            }
            let origin = other.origin_texts(numbers.origin).map(|text| self.texts.number(text));
            let ours = Numbers {
                origin: self.origin_of(origin),
                operation: self.texts.number(other.texts.get(numbers.operation)),
                ..as_key(numbers)
            };
            self.put(ours, sketch.weight(), |ours| ours.merge(sketch));
        }
    }

    /// Adds to the sketch of a key, or of what has too many keys.
    fn put(&mut self, numbers: Numbers, weight: u64, add: impl FnOnce(&mut Sketch)) {
        let has_room = self.sketches.len() < MOST_KEYS;
        match self.sketches.entry(numbers) {
            Entry::Occupied(known) => return add(known.into_mut()),
            Entry::Vacant(new) if has_room => return add(new.insert(Sketch::default())),
            Entry::Vacant(_) => {}
        }
        self.folded = self.folded.saturating_add(weight);
        let other = self.texts.number(OTHER);
        let folded = Numbers { operation: other, kind: SpanKind::default().0, ..numbers };
        let has_room = self.sketches.len() < 2 * MOST_KEYS;
        match self.sketches.entry(folded) {
            Entry::Occupied(known) => add(known.into_mut()),
            Entry::Vacant(new) if has_room => add(new.insert(Sketch::default())),
            // Even the services are too many: what is left is told apart by the minute.
            Entry::Vacant(_) => {
                let origin = self.origin_of([other; 4]);
                add(self.sketches.entry(Numbers { origin, ..folded }).or_default());
            }
        }
    }

    pub(crate) fn sorted(&self) -> BTreeMap<Numbers, &Sketch> {
        self.sketches.iter().map(|(numbers, sketch)| (*numbers, sketch)).collect()
    }

    fn origin_texts(&self, origin: OriginId) -> [&str; 4] {
        let texts = self.origins.get(origin.0 as usize).copied().unwrap_or([u32::MAX; 4]);
        texts.map(|text| self.texts.get(text))
    }

    fn key(&self, numbers: Numbers) -> Key<'_> {
        let [namespace, service, environment, version] = self.origin_texts(numbers.origin);
        Key {
            start_minute: numbers.start_minute,
            minutes: numbers.minutes,
            origin: Origin { namespace, service, environment, version },
            operation: self.texts.get(numbers.operation),
            kind: SpanKind(numbers.kind),
            is_error: numbers.is_error,
        }
    }

    /// All keys, in no order, with what was counted by each.
    pub fn iter(&self) -> impl Iterator<Item = (Key<'_>, &Sketch)> {
        self.sketches.iter().map(|(numbers, sketch)| (self.key(*numbers), sketch))
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sketches.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sketches.is_empty()
    }

    /// The first and the last minute that is counted in, minutes since the Unix epoch; `None` if there is none.
    #[must_use]
    pub fn minutes(&self) -> Option<(u32, u32)> {
        let first = self.sketches.keys().map(|numbers| numbers.start_minute).min()?;
        let last = |numbers: &Numbers| numbers.start_minute.saturating_add(numbers.minutes.saturating_sub(1));
        Some((first, self.sketches.keys().map(last).max()?))
    }

    /// How many spans were folded into [`OTHER`] because there were too many keys.
    #[must_use]
    pub fn folded(&self) -> f64 {
        self.folded as f64 / crate::UNIT as f64
    }
}

impl PartialEq for Aggregates {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
            && self.iter().collect::<BTreeMap<_, _>>() == other.iter().collect::<BTreeMap<_, _>>()
    }
}
