//! Searching traces: the list, its picture over time, and what is common to what was found.
//!
//! A search does a little of its work at each call and says how far it has come: whoever asks the same again has it go
//! on, and who stops asking stops it. Two calls are the same where all but the window of rows is.

use model::TraceId;

use crate::Wire;

/// When traces started; both ends `None`: whenever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Wire)]
pub struct TimeRange {
    /// Then or later, nanoseconds since the Unix epoch.
    pub since_unix_nano: Option<u64>,
    /// Before then.
    pub until_unix_nano: Option<u64>,
}

/// Which traces are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Wire)]
pub struct Search {
    /// A text in the search language; empty: all. [`crate::ErrorCode::Malformed`] where it is none.
    pub query: String,
    /// When they started.
    pub range: TimeRange,
    /// Only traces that had arrived at this sequence number: what is shown stands still while more arrives.
    /// `None`: now.
    pub as_of: Option<u64>,
}

/// How far a search has come, newest start first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Wire)]
pub struct SearchProgress {
    /// All that started after this has been searched, nanoseconds since the Unix epoch; `None`: nothing yet, or all.
    pub reached_unix_nano: Option<u64>,
    /// Segments that were searched.
    pub segments_searched: u32,
    /// Of how many.
    pub segments: u32,
    /// Whether all was searched.
    pub is_over: bool,
    /// Whether it stopped because it holds as much as it may: a search that ends where this one has come to goes
    /// further back.
    pub is_full: bool,
}

/// A window of the traces that are found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct TracesRequest {
    /// Which traces.
    pub search: Search,
    /// In which order.
    pub sort: TraceSort,
    /// Attributes that are shown as columns: of the root span, or of the first span that has it.
    pub columns: Vec<String>,
    /// Index of the first row wanted.
    pub first: u32,
    /// How many rows at most. With the order newest first the search goes no further than they need.
    pub count: u32,
}

/// The spans that a search finds, of a window of the traces that it finds. [`crate::Call::Spans`]
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct SpansRequest {
    /// Which spans.
    pub search: Search,
    /// Index of the first trace wanted, newest start first.
    pub first: u32,
    /// How many traces at most.
    pub count: u32,
}

/// The answer to a [`SpansRequest`].
#[derive(Debug, Clone, PartialEq, Default, Wire)]
pub struct FoundSpans {
    /// See [`Search::as_of`].
    pub as_of: u64,
    /// Traces of which the spans are here.
    pub traces: u32,
    /// How many traces that match have been found.
    pub matching: u64,
    /// How far the search has come.
    pub progress: SearchProgress,
    /// The spans, those of a trace together in the order of its tree.
    pub spans: Vec<(TraceId, crate::SpanRecord)>,
}

/// An order of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Wire)]
pub struct TraceSort {
    /// By what.
    pub by: SortBy,
    /// The least first; by itself the greatest, or newest, is.
    pub is_ascending: bool,
}

/// What traces are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Wire)]
pub enum SortBy {
    /// Start.
    #[default]
    Start,
    /// Duration.
    Duration,
    /// Number of spans.
    Spans,
    /// Number of spans with status ERROR.
    Errors,
}

/// Traces over time and duration, counted by cell. [`crate::Call::Scatter`]
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct ScatterRequest {
    /// Which traces match; those of the range that do not are counted too.
    pub search: Search,
    /// Cells across the range, which must have a beginning; at most 4,096.
    pub across: u32,
    /// Cells from the least duration to the greatest; at most 1,024.
    pub up: u32,
    /// Where the lowest cell begins and where the highest ends, nanoseconds; the cells are equal steps of the logarithm.
    /// What is shorter or longer is in the lowest or highest.
    pub durations_nanos: (u64, u64),
}

/// The answer to a [`ScatterRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Scatter {
    /// See [`Search::as_of`].
    pub as_of: u64,
    /// The range, nanoseconds since the Unix epoch.
    pub range: (u64, u64),
    /// Cells in which there is something.
    pub cells: Vec<ScatterCell>,
    /// Traces that match and have no error.
    pub ok: u64,
    /// Traces that match and have one.
    pub failed: u64,
    /// Traces of the range that do not match.
    pub others: u64,
    /// How far it has come.
    pub progress: SearchProgress,
}

/// What is in a cell of a [`Scatter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Wire)]
pub struct ScatterCell {
    /// From the left, from 0.
    pub x: u32,
    /// From below, from 0.
    pub y: u32,
    /// Traces that match and have no error.
    pub ok: u32,
    /// Traces that match and have one.
    pub failed: u32,
    /// Traces that do not match.
    pub others: u32,
    /// The newest of those that match, one with an error first.
    pub trace_id: Option<TraceId>,
}

/// Values of some keys among what matches. [`crate::Call::Facets`]
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct FacetsRequest {
    /// Which traces.
    pub search: Search,
    /// Keys as the search language writes them: `service`, `name`, `kind`, `status`, or that of an attribute.
    pub keys: Vec<String>,
    /// Most values of each key in the answer.
    pub most: u32,
}

/// The answer to a [`FacetsRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Facets {
    /// See [`Search::as_of`].
    pub as_of: u64,
    /// By key, in the order asked for.
    pub facets: Vec<Facet>,
    /// Traces counted.
    pub traces: u64,
    /// How far it has come.
    pub progress: SearchProgress,
}

/// The values of a key.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Facet {
    /// The key.
    pub key: String,
    /// The most frequent, by frequency.
    pub values: Vec<FacetValue>,
    /// How many more values there are, at least.
    pub more: u64,
}

/// A value and how many traces have a span that matches and has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct FacetValue {
    /// As a person reads it.
    pub text: String,
    /// `key = value` in the search language.
    pub query: String,
    /// Traces.
    pub traces: u64,
    /// Of these, with an error.
    pub failed: u64,
}

/// The traces that match by the value of a key. [`crate::Call::Groups`]
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct GroupsRequest {
    /// Which traces.
    pub search: Search,
    /// The key, as the search language writes it.
    pub key: String,
    /// Most groups in the answer.
    pub most: u32,
}

/// The answer to a [`GroupsRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Groups {
    /// See [`Search::as_of`].
    pub as_of: u64,
    /// The largest first.
    pub groups: Vec<Group>,
    /// How many more there are, at least.
    pub more: u64,
    /// Traces that match and have no span that matches and has the key.
    pub without: u64,
    /// How far it has come.
    pub progress: SearchProgress,
}

/// The traces that have a span that matches and has this value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Group {
    /// As a person reads it.
    pub text: String,
    /// `key = value` in the search language.
    pub query: String,
    /// Traces.
    pub traces: u64,
    /// Of these, with an error.
    pub failed: u64,
    /// Half of the traces take no longer, nanoseconds; within 1 %.
    pub p50_nanos: u64,
    /// 95 of 100 take no longer.
    pub p95_nanos: u64,
}

/// What is different about some of the traces that match. [`crate::Call::Differences`]
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct DifferencesRequest {
    /// Which traces are looked at.
    pub search: Search,
    /// Which of them are compared with the rest: a text in the search language.
    pub selection: String,
    /// Most keys in the answer.
    pub most: u32,
}

/// The answer to a [`DifferencesRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Differences {
    /// See [`Search::as_of`].
    pub as_of: u64,
    /// Traces that are selected.
    pub selected: u64,
    /// Traces with which they are compared.
    pub others: u64,
    /// Keys, the one that tells most first.
    pub keys: Vec<Difference>,
    /// How far it has come.
    pub progress: SearchProgress,
}

/// A key whose values tell the selected traces from the others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Difference {
    /// The key, as the search language writes it.
    pub key: String,
    /// How much it tells, in millionths of all: from 0 to 1,000,000.
    pub score_ppm: u32,
    /// Its values, the one that differs most first.
    pub values: Vec<DifferenceValue>,
}

/// How often a value is among both.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct DifferenceValue {
    /// As a person reads it.
    pub text: String,
    /// `key = value` in the search language; empty where no search finds exactly these.
    pub query: String,
    /// Selected traces that have it.
    pub selected: u64,
    /// Other traces that have it.
    pub others: u64,
}

/// What nearly matches where a search finds nothing. [`crate::Call::Nearly`]
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Nearly {
    /// Conditions that nothing stored can be, with what they may have been meant to be.
    pub meant: Vec<Meant>,
    /// What is found without one of the conditions, where there are several.
    pub without: Vec<Without>,
}

/// What a condition may have been meant to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Meant {
    /// The condition as it was written.
    pub condition: String,
    /// A condition like it that something stored is.
    pub meant: String,
    /// The search with the one in place of the other.
    pub query: String,
}

/// What is found without a condition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Without {
    /// The condition.
    pub condition: String,
    /// The search without it.
    pub query: String,
    /// Traces that were counted.
    pub traces: u64,
    /// Whether there may be more.
    pub is_partial: bool,
}

/// What may be written at a place of a search. [`crate::Call::Complete`]
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct CompleteRequest {
    /// The text.
    pub text: String,
    /// The place, in characters from its beginning.
    pub at: u32,
    /// Most items in the answer.
    pub most: u32,
}

/// The answer to a [`CompleteRequest`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Completions {
    /// The characters that an item takes the place of: first, and the one behind the last.
    pub replaces: (u32, u32),
    /// The best first.
    pub items: Vec<Completion>,
    /// Whether more is being looked up: ask again.
    pub is_partial: bool,
}

/// Something that may be written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Completion {
    /// What is put in.
    pub text: String,
    /// What it is.
    pub kind: CompletionKind,
    /// A few words about it: values of a key, what an operator means.
    pub detail: String,
    /// Spans that have it, where that is known.
    pub spans: Option<u64>,
}

/// What a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Wire)]
pub enum CompletionKind {
    /// A key of texts.
    #[default]
    TextKey,
    /// A key of numbers, durations or times.
    NumberKey,
    /// A key of yes and no.
    BoolKey,
    /// An operator.
    Operator,
    /// A value.
    Value,
    /// A word of the language.
    Keyword,
    /// A whole condition.
    Condition,
}
