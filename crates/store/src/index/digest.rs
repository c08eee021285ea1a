//! The digest of a request: all that the index keeps of it, a fragment per trace.

use std::cmp::Reverse;

use formats::{LogColumns, SpanColumns};
use hashbrown::HashMap;
use model::{Span, SpanId, TraceId};
use serde::{Deserialize, Serialize};

use super::is_possible;

/// What a stored request means for the index. Texts are named by index in `texts`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Digest {
    pub(crate) texts: Vec<String>,
    pub(crate) spans: Vec<SpanFragment>,
    pub(crate) logs: Vec<LogFragment>,
}

/// The spans of one trace in one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SpanFragment {
    pub(crate) trace_id: TraceId,
    pub(crate) span_count: u32,
    pub(crate) error_count: u32,
    /// Earliest start and latest end of spans with possible times; both 0 without such.
    pub(crate) start_unix_nano: u64,
    pub(crate) end_unix_nano: u64,
    pub(crate) head: Head,
    pub(crate) first_error: Option<ErrorMark>,
    pub(crate) services: Vec<u32>,
}

impl SpanFragment {
    /// The same with its texts numbered otherwise.
    pub(crate) fn renamed(&self, mut number: impl FnMut(u32) -> u32) -> Self {
        let mut fragment = self.clone();
        fragment.head.service = number(fragment.head.service);
        fragment.head.name = number(fragment.head.name);
        if let Some(error) = &mut fragment.first_error {
            error.service = number(error.service);
            error.name = number(error.name);
            error.message = error.message.map(&mut number);
        }
        fragment.services.iter_mut().for_each(|service| *service = number(*service));
        fragment
    }
}

/// Adds to a fragment another of the same trace, with texts numbered alike.
pub(crate) fn join_fragments(fragment: &mut SpanFragment, other: &SpanFragment) {
    fragment.span_count = fragment.span_count.saturating_add(other.span_count);
    fragment.error_count = fragment.error_count.saturating_add(other.error_count);
    (fragment.start_unix_nano, fragment.end_unix_nano) =
        join_times((fragment.start_unix_nano, fragment.end_unix_nano), (other.start_unix_nano, other.end_unix_nano));
    if other.head.outranks(&fragment.head) {
        fragment.head = other.head;
    }
    if let Some(error) = other.first_error
        && fragment.first_error.is_none_or(|first| error.is_before(&first))
    {
        fragment.first_error = Some(error);
    }
    for service in &other.services {
        if !fragment.services.contains(service) {
            fragment.services.push(*service);
        }
    }
}

/// The span that gives a trace its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) is_root: bool,
    /// [`NO_TIME`] where the span's times are impossible.
    pub(crate) start_unix_nano: u64,
    pub(crate) duration_nanos: u64,
    pub(crate) span_id: SpanId,
    pub(crate) service: u32,
    pub(crate) name: u32,
}

/// Stands for impossible times: later than any that is possible.
const NO_TIME: u64 = u64::MAX;

impl Head {
    /// What a span is as a head, its texts aside.
    pub(crate) fn of(span: &Span) -> Self {
        let (start, end) = (span.start_unix_nano, span.end_unix_nano);
        let (start_unix_nano, duration_nanos) =
            if is_possible(start, end) { (start, end - start) } else { (NO_TIME, 0) };
        let is_root = span.parent().is_none() && !span.has_malformed_parent();
        Self { is_root, start_unix_nano, duration_nanos, span_id: span.span_id, service: 0, name: 0 }
    }

    /// Whether this one names the trace rather than the other: roots before others; the longest root
    /// (ties: later start, then smaller span id), else the earliest span.
    pub(crate) fn outranks(&self, other: &Self) -> bool {
        if self.is_root != other.is_root {
            return self.is_root;
        }
        if self.is_root {
            let rank = |head: &Self| {
                let is_possible = head.start_unix_nano != NO_TIME;
                (is_possible, head.duration_nanos, head.start_unix_nano, Reverse(head.span_id))
            };
            return rank(self) > rank(other);
        }
        (self.start_unix_nano, self.span_id) < (other.start_unix_nano, other.span_id)
    }
}

/// A span with status ERROR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ErrorMark {
    /// [`NO_TIME`] where the span's times are impossible.
    pub(crate) start_unix_nano: u64,
    pub(crate) span_id: SpanId,
    pub(crate) service: u32,
    pub(crate) name: u32,
    pub(crate) message: Option<u32>,
}

impl ErrorMark {
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        (self.start_unix_nano, self.span_id) < (other.start_unix_nano, other.span_id)
    }
}

/// The log records of one trace in one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LogFragment {
    pub(crate) trace_id: TraceId,
    pub(crate) record_count: u32,
}

impl Digest {
    /// The digest of the spans at these rows of the columns.
    pub(crate) fn of_spans(columns: &SpanColumns, texts: &[String], rows: &[u32]) -> Self {
        let mut used = UsedTexts::new(texts);
        let mut spans: Vec<SpanFragment> = Vec::new();
        let mut by_trace = LastSeen::default();
        for &row in rows {
            let Some(span) = SpanRow::of(columns, row as usize, &mut used) else { continue };
            let at = by_trace.position(span.trace_id, spans.len());
            match spans.get_mut(at) {
                Some(fragment) => span.join(fragment),
                None => spans.push(span.into_fragment()),
            }
        }
        Self { texts: used.texts, spans, logs: Vec::new() }
    }

    /// The digest of a log request: records without a trace leave no trace in it.
    pub(crate) fn of_logs(columns: &LogColumns) -> Self {
        let mut logs: Vec<LogFragment> = Vec::new();
        let mut by_trace = LastSeen::default();
        for &trace_id in columns.trace_id.iter().filter(|id| !id.is_zero()) {
            let at = by_trace.position(trace_id, logs.len());
            match logs.get_mut(at) {
                Some(fragment) => fragment.record_count = fragment.record_count.saturating_add(1),
                None => logs.push(LogFragment { trace_id, record_count: 1 }),
            }
        }
        Self { texts: Vec::new(), spans: Vec::new(), logs }
    }
}

/// The columns of one span that a digest needs.
struct SpanRow {
    trace_id: TraceId,
    /// Start and end, if they are possible.
    times: Option<(u64, u64)>,
    head: Head,
    error: Option<ErrorMark>,
}

impl SpanRow {
    fn of(columns: &SpanColumns, row: usize, used: &mut UsedTexts<'_>) -> Option<Self> {
        let (start, end) = (*columns.start_unix_nano.get(row)?, *columns.end_unix_nano.get(row)?);
        let times = is_possible(start, end).then_some((start, end));
        let (start_unix_nano, duration_nanos) = times.map_or((NO_TIME, 0), |(start, end)| (start, end - start));
        let span_id = *columns.span_id.get(row)?;
        let service = used.index(*columns.service.get(row)?);
        let name = used.index(*columns.name.get(row)?);
        let message = *columns.message.get(row)?;
        let is_error = *columns.is_error.get(row)?;
        let error = is_error.then(|| ErrorMark {
            start_unix_nano,
            span_id,
            service,
            name,
            message: (message != u32::MAX).then(|| used.index(message)),
        });
        let is_root = *columns.is_root.get(row)?;
        let head = Head { is_root, start_unix_nano, duration_nanos, span_id, service, name };
        Some(Self { trace_id: *columns.trace_id.get(row)?, times, head, error })
    }

    fn into_fragment(self) -> SpanFragment {
        let (start_unix_nano, end_unix_nano) = self.times.unwrap_or_default();
        SpanFragment {
            trace_id: self.trace_id,
            span_count: 1,
            error_count: u32::from(self.error.is_some()),
            start_unix_nano,
            end_unix_nano,
            head: self.head,
            first_error: self.error,
            services: vec![self.head.service],
        }
    }

    fn join(self, fragment: &mut SpanFragment) {
        fragment.span_count = fragment.span_count.saturating_add(1);
        if let Some(times) = self.times {
            (fragment.start_unix_nano, fragment.end_unix_nano) =
                join_times((fragment.start_unix_nano, fragment.end_unix_nano), times);
        }
        if self.head.outranks(&fragment.head) {
            fragment.head = self.head;
        }
        if let Some(error) = self.error {
            fragment.error_count = fragment.error_count.saturating_add(1);
            if fragment.first_error.is_none_or(|first| error.is_before(&first)) {
                fragment.first_error = Some(error);
            }
        }
        if !fragment.services.contains(&self.head.service) {
            fragment.services.push(self.head.service);
        }
    }
}

/// The extent of both; an end of 0 means that there is none.
pub(crate) fn join_times(a: (u64, u64), b: (u64, u64)) -> (u64, u64) {
    match (a.1, b.1) {
        (0, _) => b,
        (_, 0) => a,
        _ => (a.0.min(b.0), a.1.max(b.1)),
    }
}

/// Where each trace's fragment stands. Spans of a trace mostly follow each other.
#[derive(Default)]
struct LastSeen {
    last: Option<(TraceId, usize)>,
    positions: HashMap<TraceId, usize>,
}

impl LastSeen {
    /// The position of the trace's fragment; `next` for a trace not seen before.
    fn position(&mut self, trace_id: TraceId, next: usize) -> usize {
        if let Some((last, at)) = self.last
            && last == trace_id
        {
            return at;
        }
        let at = *self.positions.entry(trace_id).or_insert(next);
        self.last = Some((trace_id, at));
        at
    }
}

/// Only the texts that are used go into a digest.
struct UsedTexts<'a> {
    all: &'a [String],
    index_of: Vec<Option<u32>>,
    texts: Vec<String>,
}

impl<'a> UsedTexts<'a> {
    fn new(all: &'a [String]) -> Self {
        Self { all, index_of: vec![None; all.len()], texts: Vec::new() }
    }

    fn index(&mut self, text: u32) -> u32 {
        // An index out of range would be a defect of the walk; it reads as an empty text.
        if let Some(Some(index)) = self.index_of.get(text as usize) {
            return *index;
        }
        let index = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(self.all.get(text as usize).cloned().unwrap_or_default());
        if let Some(slot) = self.index_of.get_mut(text as usize) {
            *slot = Some(index);
        }
        index
    }
}
