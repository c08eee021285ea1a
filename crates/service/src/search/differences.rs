//! What tells the traces of a selection from the others that a search finds: by key the value that is much more frequent
//! among one than among the other.
//!
//! All traces are counted rather than a sample: the columns of a segment are read as a whole in any case. It ends where
//! there are more of both than change anything.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use api::{Difference, DifferenceValue, Differences};
use query::{Compiled, Field, Intrinsic, Scope, Subject};
use store::{Found, Search, StoredKey, ValueKind, Vocabulary};

use super::{
    key::Key,
    numbers::{self, Numbers},
    running::Gathers,
};

/// Keys that are compared: those that most spans carry, of spans, of events and of roots.
const MOST_KEYS: (usize, usize, usize) = (80, 16, 32);
/// Traces of the selection and others from which on more change little: of a thousand drawn at random a share would be
/// right within 3 in 100.
const ENOUGH: (u64, u64) = (1_000, 5_000);
/// Traces that have a key from which on it is known whether it is an id.
const TELLING_IDS: u64 = 500;
/// A key that fewer traces have tells nothing.
const LEAST_TRACES: u64 = 5;
/// Parts of the traces that have a key: with more values than this it is an id.
const MOST_DISTINCT: f64 = 0.9;
/// Shares that differ by less are alike.
const LEAST_SCORE: f64 = 0.05;
/// What a key is worth more that people know to look at.
const WELL_KNOWN_BONUS: f64 = 0.1;
/// Values of a key in an answer.
const MOST_VALUES: usize = 12;
/// Values of a key that are told apart.
const MOST_TOLD: usize = 20_000;

/// Keys that people know to look at, besides what every span has.
const WELL_KNOWN: [&str; 16] = [
    "db.system.name",
    "deployment.environment.name",
    "error.type",
    "exception.type",
    "feature_flag.key",
    "gen_ai.request.model",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "messaging.destination.name",
    "rpc.method",
    "rpc.service",
    "server.address",
    "service.version",
    "tenant.id",
    "user.id",
];

/// Traces that have something: of the selection, and others.
type Both = (u64, u64);

/// What is compared, and what was counted.
#[derive(Debug)]
pub(super) struct Comparison {
    /// By the number of their subject.
    keys: Vec<Compared>,
    root_service: Tally<Arc<str>>,
    root_name: Tally<Arc<str>>,
    /// What the selection asks for.
    restated: Vec<Subject>,
    traces: Both,
    /// Texts that are to be read as numbers: the subject, whether it is of the selection, the texts of a trace.
    unread: Vec<(usize, bool, Vec<u32>)>,
}

/// A key that is compared.
#[derive(Debug)]
struct Compared {
    key: Key,
    values: Tally<u32>,
    /// Where the values are numbers.
    numbers: Option<Numbers>,
    is_over: bool,
}

/// Traces by value.
#[derive(Debug)]
struct Tally<V> {
    values: HashMap<V, Both>,
    /// Those with any.
    traces: Both,
    /// Those with one that is not told apart.
    untold: Both,
}

impl<V> Default for Tally<V> {
    fn default() -> Self {
        Self { values: HashMap::new(), traces: (0, 0), untold: (0, 0) }
    }
}

impl Comparison {
    /// Of the keys that are stored; `selection` is what it selects by.
    pub(super) fn new(vocabulary: &Vocabulary, is_of_all: bool, selection: &Compiled) -> Self {
        let restated: Vec<Subject> = selection.conditions().iter().map(|condition| condition.subject.clone()).collect();
        let intrinsics = [
            Intrinsic::Service,
            Intrinsic::Name,
            Intrinsic::Kind,
            Intrinsic::Status,
            Intrinsic::EventName,
            Intrinsic::ScopeName,
        ];
        let mut keys: Vec<Compared> =
            intrinsics.map(|intrinsic| Compared::new(Field::Intrinsic(intrinsic), false)).into();
        let (of_spans, of_events, of_roots) = MOST_KEYS;
        keys.extend(stored(vocabulary, Scope::Any, of_spans));
        keys.extend(stored(vocabulary, Scope::Event, of_events));
        if !is_of_all {
            // The root need not be among the spans that are found.
            keys.extend(stored(vocabulary, Scope::Root, of_roots));
        }
        keys.retain(|compared| !restates(&compared.key.subject(), &restated));
        Self {
            keys,
            root_service: Tally::default(),
            root_name: Tally::default(),
            restated,
            traces: (0, 0),
            unread: Vec::new(),
        }
    }

    /// What is to be noted of the spans that are found.
    pub(super) fn subjects(&self) -> Vec<Subject> {
        self.keys.iter().map(|compared| compared.key.subject()).collect()
    }

    /// Takes in what was noted since the last time, and has no more noted of what tells nothing.
    pub(super) fn settle(&mut self, search: &mut Search) {
        for (subject, is_selected, texts) in self.unread.drain(..) {
            let Some(Compared { numbers: Some(numbers), .. }) = self.keys.get_mut(subject) else { continue };
            let read = |text: &u32| search.text((u32::try_from(subject).ok()?, *text))?.parse::<f64>().ok();
            numbers.add(is_selected, texts.iter().filter_map(read).filter(|number| number.is_finite()).collect());
        }
        for (compared, subject) in self.keys.iter_mut().zip(0..) {
            if !compared.is_over && compared.is_id(TELLING_IDS) {
                *compared = Compared { is_over: true, ..Compared::new(compared.key.field().clone(), false) };
                search.forget(subject);
            }
        }
    }

    /// The keys that tell most.
    pub(super) fn differences(&self, search: &Search, most: usize) -> Differences {
        let mut found: Vec<Scored> = Vec::new();
        for (compared, subject) in self.keys.iter().zip(0..) {
            if compared.is_over || compared.is_id(LEAST_TRACES) {
                continue;
            }
            let ranges = compared.numbers.as_ref().filter(|_| compared.needs_ranges());
            let values = match ranges {
                Some(numbers) => compared.ranges(numbers),
                None => compared.values.named(|text| {
                    let text = search.text((subject, *text))?;
                    let is_number = compared.numbers.is_some() && numbers::is_plain(&text);
                    let query =
                        if is_number { format!("{} = {text}", compared.key.text()) } else { compared.key.is(&text) };
                    Some((text.to_string(), query))
                }),
            };
            let well_known = is_well_known(compared.key.field());
            let scored = Scored::new(compared.key.text(), &compared.values, values, self.traces, well_known);
            found.extend(scored.map(|scored| Scored { has_ranges: ranges.is_some(), ..scored }));
        }
        for (intrinsic, tally) in [(Intrinsic::RootService, &self.root_service), (Intrinsic::RootName, &self.root_name)]
        {
            let key = Key::of(Field::Intrinsic(intrinsic));
            if !restates(&key.subject(), &self.restated) && !tally.is_distinct(LEAST_TRACES) {
                let values = tally.named(|text| Some((text.to_string(), key.is(text))));
                found.extend(Scored::new(key.text(), tally, values, self.traces, true));
            }
        }
        let order = |scored: &Scored| (scored.has_ranges, scored.difference.key.clone());
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| order(a).cmp(&order(b))));
        let mut keys: Vec<Difference> = found.into_iter().map(|scored| scored.difference).collect();
        without_repeated_roots(&mut keys);
        keys.truncate(most);
        let (selected, others) = self.traces;
        Differences { selected, others, keys, ..Differences::default() }
    }
}

impl Gathers for Comparison {
    fn is_full(&self, _reached_unix_nano: Option<u64>) -> bool {
        let (selected, others) = ENOUGH;
        self.traces.0 >= selected && self.traces.1 >= others
    }

    fn take(&mut self, found: Found) {
        let Found { summary, is_selected, noted, .. } = found;
        count(&mut self.traces, is_selected);
        self.root_service.add(is_selected, [Some(summary.root_service)]);
        self.root_name.add(is_selected, [Some(summary.root_name)]);
        for of_subject in noted.chunk_by(|(a, _), (b, _)| a == b) {
            let Some(subject) = of_subject.first().map(|(subject, _)| *subject as usize) else { continue };
            let Some(compared) = self.keys.get_mut(subject).filter(|compared| !compared.is_over) else { continue };
            let texts = of_subject.iter().map(|(_, text)| *text);
            if compared.numbers.is_some() {
                self.unread.push((subject, is_selected, texts.clone().collect()));
            }
            // The store tells no more apart than it numbers.
            compared.values.add(is_selected, texts.map(|text| Some(text).filter(|text| *text != u32::MAX)));
        }
    }
}

impl Compared {
    fn new(field: Field, are_numbers: bool) -> Self {
        Self {
            key: Key::of(field),
            values: Tally::default(),
            numbers: are_numbers.then(Numbers::default),
            is_over: false,
        }
    }

    /// Whether, of so many traces that have it, nearly every one has another. Of numbers that is so of amounts too.
    fn is_id(&self, least_traces: u64) -> bool {
        let is_distinct = self.values.is_distinct(least_traces);
        match &self.numbers {
            Some(numbers) => is_distinct && (is_named_id(self.key.field()) || numbers.are_moments()),
            None => is_distinct,
        }
    }

    /// Whether there are more values than tell something each by itself.
    fn needs_ranges(&self) -> bool {
        self.values.values.len() > numbers::MOST_SINGLE || self.values.is_distinct(LEAST_TRACES)
    }

    fn ranges(&self, numbers: &Numbers) -> Vec<DifferenceValue> {
        let of_range = |(range, (selected, others)): (numbers::Range, Both)| DifferenceValue {
            text: range.to_string(),
            query: range.query(self.key.text()),
            selected,
            others,
        };
        numbers.ranges().into_iter().map(of_range).collect()
    }
}

impl<V: Hash + Eq> Tally<V> {
    /// Adds a trace with what it has, each once; `None`: something that is not told apart.
    fn add(&mut self, is_selected: bool, values: impl IntoIterator<Item = Option<V>>) {
        count(&mut self.traces, is_selected);
        for value in values {
            let value = value.filter(|value| self.values.len() < MOST_TOLD || self.values.contains_key(value));
            let counted = value.map_or(&mut self.untold, |value| self.values.entry(value).or_default());
            count(counted, is_selected);
        }
    }

    fn is_distinct(&self, least_traces: u64) -> bool {
        let traces = self.traces.0 + self.traces.1;
        let untold = self.untold.0 + self.untold.1;
        traces >= least_traces && (self.values.len() as u64 + untold) as f64 > MOST_DISTINCT * traces as f64
    }

    fn named(&self, name: impl Fn(&V) -> Option<(String, String)>) -> Vec<DifferenceValue> {
        let named = self.values.iter().filter_map(|(value, (selected, others))| {
            let (text, query) = name(value)?;
            Some(DifferenceValue { text, query, selected: *selected, others: *others })
        });
        named.collect()
    }
}

/// A key with how much it tells.
struct Scored {
    score: f64,
    /// Whether its values are ranges: of keys that tell as much people want the one with names first.
    has_ranges: bool,
    difference: Difference,
}

impl Scored {
    /// `None`: it tells nothing.
    fn new<V>(
        key: &str,
        tally: &Tally<V>,
        mut values: Vec<DifferenceValue>,
        (selected, others): Both,
        is_well_known: bool,
    ) -> Option<Self> {
        // What cannot be said of some is said of the others.
        let of = (selected.saturating_sub(tally.untold.0), others.saturating_sub(tally.untold.1));
        if tally.traces.0 + tally.traces.1 < LEAST_TRACES || of.0 == 0 || of.1 == 0 {
            return None;
        }
        let apart = |value: &DifferenceValue| {
            (value.selected as f64 / of.0 as f64 - value.others as f64 / of.1 as f64).abs().min(1.0)
        };
        values.sort_by(|a, b| apart(b).total_cmp(&apart(a)).then_with(|| a.text.cmp(&b.text)));
        let score = values.first().map(apart).filter(|score| *score >= LEAST_SCORE)?;
        values.truncate(MOST_VALUES);
        let score = if is_well_known { score + WELL_KNOWN_BONUS } else { score };
        let score_ppm = (score.min(1.0) * 1e6).round() as u32;
        Some(Self { score, has_ranges: false, difference: Difference { key: key.to_owned(), score_ppm, values } })
    }
}

fn count((selected, others): &mut Both, is_selected: bool) {
    *(if is_selected { selected } else { others }) += 1;
}

/// The keys of a scope that most spans carry; of several names of one key that of most.
fn stored(vocabulary: &Vocabulary, scope: Scope, most: usize) -> Vec<Compared> {
    let mut keys: Vec<StoredKey<'_>> = vocabulary.keys(scope).collect();
    keys.sort_unstable_by(|a, b| b.spans.cmp(&a.spans).then_with(|| a.key.cmp(b.key)));
    let mut taken: HashSet<&str> = HashSet::new();
    let mut compared = Vec::new();
    for key in keys {
        // The service is compared as such.
        let is_new = key.key != "service.name" && !query::names_of(key.key).any(|name| taken.contains(name));
        if is_new && compared.len() < most {
            taken.insert(key.key);
            let field = Field::Attribute { scope, key: key.key.to_owned() };
            compared.push(Compared::new(field, key.kind == ValueKind::Number));
        }
    }
    compared
}

/// Whether a key only says again by what was selected.
fn restates(subject: &Subject, by: &[Subject]) -> bool {
    by.iter().any(|by| match (subject, by) {
        (Subject::Attribute { keys, .. }, Subject::Attribute { keys: by, .. }) => {
            keys.iter().any(|key| by.contains(key))
        }
        (Subject::Intrinsic(Intrinsic::Status), Subject::Intrinsic(Intrinsic::Error)) => true,
        (subject, by) => subject == by,
    })
}

fn is_well_known(field: &Field) -> bool {
    match field {
        Field::Intrinsic(_) => true,
        Field::Attribute { key, .. } => query::names_of(key).any(|name| WELL_KNOWN.contains(&name)),
    }
}

/// Whether its name says that it is an id.
fn is_named_id(field: &Field) -> bool {
    let Field::Attribute { key, .. } = field else { return false };
    let last = key.rsplit(['.', '_', '-']).next().unwrap_or_default();
    last.eq_ignore_ascii_case("id") || key.ends_with("Id")
}

/// Leaves out what the root has where spans have the same, and it tells as much.
fn without_repeated_roots(keys: &mut Vec<Difference>) {
    let of_spans: HashMap<String, u32> = keys.iter().map(|one| (one.key.clone(), one.score_ppm)).collect();
    let repeats = |one: &Difference| {
        let of_span = one.key.strip_prefix(Scope::Root.prefix()).and_then(|key| of_spans.get(key));
        of_span.is_some_and(|score_ppm| *score_ppm >= one.score_ppm)
    };
    keys.retain(|one| !repeats(one));
}
