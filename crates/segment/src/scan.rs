//! The rows of a segment that are what a condition asks for. Each scan unpacks the columns that it needs, and judges a
//! text that many rows have once.
//!
//! Times are nanoseconds. Where a scan asks what it is given about a number, it asks in no order and may ask again.

use std::ops::{Range, RangeBounds};

use model::{SpanId, SpanKind, StatusCode};

use crate::{
    AnyValue, Rows, SegmentError, SpanSegment, Substring, ValueTest, ValueType,
    bytes::{later, unzigzag},
    frames::Wanted,
    scan_texts::{Judge, Judgement, OfKeys, OfText, TextJudge},
    spans_write::{Column, NO_PARENT, OTHER_PARENT, SPAN_ID_BYTES},
};

/// Whose attributes are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The spans themselves.
    Span,
    /// Their events.
    Event,
    /// Their links.
    Link,
}

impl Holder {
    fn shape(self) -> Column {
        match self {
            Self::Span => Column::Shape,
            Self::Event => Column::EventShape,
            Self::Link => Column::LinkShape,
        }
    }

    /// The column that says how many of them each span has; itself it is once.
    fn counts(self) -> Option<Column> {
        match self {
            Self::Span => None,
            Self::Event => Some(Column::EventsOfSpan),
            Self::Link => Some(Column::LinksOfSpan),
        }
    }
}

/// What a scan reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scan<'k> {
    /// [`SpanSegment::rows_with_attribute`].
    Attribute(Holder, &'k [&'k str]),
    /// [`SpanSegment::rows_with_text`].
    Text,
    /// [`SpanSegment::rows_with_name`].
    Name,
    /// [`SpanSegment::rows_with_event_name`].
    EventName,
    /// [`SpanSegment::rows_of_origins`], [`SpanSegment::resources`] and [`SpanSegment::scopes`].
    Origins,
    /// [`SpanSegment::rows_of_kinds`].
    Kind,
    /// [`SpanSegment::rows_of_status`].
    Status,
    /// [`SpanSegment::rows_lasting`] and [`SpanSegment::visit_durations`].
    Duration,
    /// [`SpanSegment::rows_starting`] and [`SpanSegment::visit_starts`].
    Start,
    /// [`SpanSegment::rows_with_id`].
    Id,
    /// [`SpanSegment::traces`].
    Traces,
    /// [`SpanSegment::visit_parents`].
    Parents,
    /// [`SpanSegment::ids_with_parents`].
    ParentIds,
}

const TOO_MANY: SegmentError = SegmentError::Damaged("more than can be counted");

/// Events or links of a run at the most: what a damaged count claims ends.
const MOST_OF_RUN: u64 = 1 << 28;

impl SpanSegment {
    /// The numbers of the blobs that a scan reads, and that it has not been given.
    #[must_use]
    pub fn blobs_of_scan(&self, scan: &Scan<'_>) -> Vec<u16> {
        let mut columns: Vec<usize> = Vec::new();
        let mut add = |fixed: &[Column]| columns.extend(fixed.iter().map(|column| *column as usize));
        match scan {
            Scan::Attribute(holder, keys) => {
                add(&[holder.shape()]);
                holder.counts().into_iter().for_each(|counts| add(&[counts]));
                columns.extend(self.columns_of(*holder, |key| is_one_of(keys, key)).map(|(number, _)| number));
            }
            Scan::Text => {
                add(&[Column::Shape, Column::EventShape, Column::EventsOfSpan, Column::LinkShape, Column::LinksOfSpan]);
                add(&[Column::Name, Column::EventName]);
                for holder in [Holder::Span, Holder::Event, Holder::Link] {
                    columns.extend(self.columns_of(holder, |_| true).map(|(number, _)| number));
                }
            }
            Scan::Name => add(&[Column::Name]),
            Scan::EventName => add(&[Column::EventName, Column::EventsOfSpan]),
            Scan::Origins => add(&[Column::Origin, Column::Origins]),
            Scan::Kind => add(&[Column::Kind]),
            Scan::Status => add(&[Column::Status]),
            Scan::Duration => add(&[Column::Duration]),
            Scan::Start => add(&[Column::Start, Column::StartOfTrace, Column::TraceId, Column::SpansOfTrace]),
            Scan::Id => add(&[Column::SpanId]),
            Scan::Traces => add(&[Column::TraceId, Column::SpansOfTrace]),
            Scan::Parents => add(&[Column::Parent]),
            Scan::ParentIds => add(&[Column::SpanId, Column::Parent, Column::OtherParent]),
        }
        self.missing(columns.into_iter().map(|column| (column, Wanted::All)))
    }

    /// The spans that have an attribute, or an event or link with one, of one of these keys whose value passes.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn rows_with_attribute(
        &self,
        holder: Holder,
        keys: &[&str],
        test: &dyn ValueTest,
    ) -> Result<Rows, SegmentError> {
        let mut rows = Rows::none(self.len());
        self.scan_values(holder, |key| is_one_of(keys, key), |_| true, &mut OfKeys { keys, test }, &mut rows)?;
        Ok(rows)
    }

    /// The spans that have an attribute, or an event or link with one, of one of these keys.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn rows_with_key(&self, holder: Holder, keys: &[&str]) -> Result<Rows, SegmentError> {
        self.rows_with_attribute(holder, keys, &AnyValue)
    }

    /// The spans that hold a text in their name, in the name of one of their events, or in the value of an attribute of
    /// theirs, their events or links. `test` says the same of one value, whatever it is.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn rows_with_text(&self, text: &Substring, test: &dyn ValueTest) -> Result<Rows, SegmentError> {
        let mut rows = Rows::none(self.len());
        let mut judge = OfText { text, test, memory: Vec::new() };
        self.scan_fixed(Column::Name, None, &mut judge, &mut rows)?;
        self.scan_fixed(Column::EventName, Holder::Event.counts(), &mut judge, &mut rows)?;
        for holder in [Holder::Span, Holder::Event, Holder::Link] {
            self.scan_values(holder, |_| true, |_| true, &mut judge, &mut rows)?;
        }
        Ok(rows)
    }

    /// The spans whose name passes.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn rows_with_name(&self, test: impl FnMut(&str) -> bool) -> Result<Rows, SegmentError> {
        let mut rows = Rows::none(self.len());
        self.scan_fixed(Column::Name, None, &mut TextJudge(test), &mut rows)?;
        Ok(rows)
    }

    /// The spans with an event whose name passes.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn rows_with_event_name(&self, test: impl FnMut(&str) -> bool) -> Result<Rows, SegmentError> {
        let mut rows = Rows::none(self.len());
        self.scan_fixed(Column::EventName, Holder::Event.counts(), &mut TextJudge(test), &mut rows)?;
        Ok(rows)
    }

    /// The spans whose resource and scope, indexes in [`SpanSegment::resources`] and [`SpanSegment::scopes`], are wanted.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn rows_of_origins(&self, is_wanted: impl Fn(u32, u32) -> bool) -> Result<Rows, SegmentError> {
        let wanted: Vec<bool> = self.origins()?.pairs().map(|(resource, scope)| is_wanted(resource, scope)).collect();
        if !wanted.contains(&true) {
            return Ok(Rows::none(self.len()));
        }
        let is_wanted = |pair| usize::try_from(pair).ok().and_then(|pair| wanted.get(pair)).copied();
        self.rows_where(Column::Origin, |pair| is_wanted(pair).unwrap_or_default())
    }

    /// The spans whose kind passes.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn rows_of_kinds(&self, test: impl Fn(SpanKind) -> bool) -> Result<Rows, SegmentError> {
        self.rows_where(Column::Kind, |kind| test(SpanKind(unzigzag(kind) as i32)))
    }

    /// The spans whose status passes; it is unset where a span has none.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn rows_of_status(&self, test: impl Fn(StatusCode) -> bool) -> Result<Rows, SegmentError> {
        self.rows_where(Column::Status, |status| test(status_code(status)))
    }

    /// The spans that last so long; 0 where one ends before it starts.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn rows_lasting(&self, nanos: &impl RangeBounds<u64>) -> Result<Rows, SegmentError> {
        let mut rows = Rows::none(self.len());
        self.visit_durations(|row, duration| {
            rows.insert_if(row, nanos.contains(&duration));
        })?;
        Ok(rows)
    }

    /// Shows how long each span lasts; 0 where one ends before it starts.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn visit_durations(&self, mut visit: impl FnMut(usize, u64)) -> Result<(), SegmentError> {
        for (run, rows) in self.runs() {
            let durations = self.ints(Column::Duration, run)?;
            durations.visit(rows.len(), |row, duration| visit(rows.start + row, lasting(duration)));
        }
        Ok(())
    }

    /// The spans that start at such a time, nanoseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn rows_starting(&self, unix_nano: &impl RangeBounds<u64>) -> Result<Rows, SegmentError> {
        let mut rows = Rows::none(self.len());
        self.visit_starts(|row, start| {
            rows.insert_if(row, unix_nano.contains(&start));
        })?;
        Ok(rows)
    }

    /// Shows when each span starts, nanoseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn visit_starts(&self, mut visit: impl FnMut(usize, u64)) -> Result<(), SegmentError> {
        let traces = self.traces()?;
        let start_of_trace = self.ints(Column::StartOfTrace, 0)?;
        let mut traces = traces.iter().enumerate().map(|(at, (_, rows))| (rows.end, start_of_trace.get(at)));
        let (mut end, mut start) = (0, 0);
        for (run, rows) in self.runs() {
            self.ints(Column::Start, run)?.visit(rows.len(), |row, offset| {
                let row = rows.start + row;
                while row >= end
                    && let Some(next) = traces.next()
                {
                    (end, start) = next;
                }
                // What is behind the last trace, in a segment that is damaged, is no span.
                if row < end {
                    visit(row, later(start, offset));
                }
            });
        }
        Ok(())
    }

    /// The spans whose id passes.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn rows_with_id(&self, test: impl Fn(SpanId) -> bool) -> Result<Rows, SegmentError> {
        let mut found = Rows::none(self.len());
        for (run, rows) in self.runs() {
            let (ids, _) = self.bytes(Column::SpanId, run)?.as_chunks::<SPAN_ID_BYTES>();
            let ids = rows.zip(ids);
            ids.for_each(|(row, id)| found.insert_if(row, test(SpanId(*id))));
        }
        Ok(found)
    }

    /// Shows the parent of each span, as the row where it is, as far as it is in this segment. A parent that is another, or
    /// has not come, is none.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn visit_parents(&self, mut visit: impl FnMut(usize, Option<usize>)) -> Result<(), SegmentError> {
        for (run, rows) in self.runs() {
            self.ints(Column::Parent, run)?.visit(rows.len(), |row, parent| {
                let above = |below: u64| usize::try_from(row as i64 - unzigzag(below - 2)).ok();
                let parent = match parent {
                    NO_PARENT | OTHER_PARENT => None,
                    below => above(below).filter(|parent| *parent < rows.len()),
                };
                visit(rows.start + row, parent.map(|parent| rows.start + parent));
            });
        }
        Ok(())
    }

    /// The ids of the spans of one trace, which are all in these rows, each with that of its parent, wherever that is.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn ids_with_parents(&self, rows: Range<usize>) -> Result<Vec<(SpanId, Option<SpanId>)>, SegmentError> {
        let (run, rows) = self.in_run(rows)?;
        let ids = self.span_ids_in(run, rows.clone())?;
        let (parents, others) = (self.ints(Column::Parent, run)?, self.texts(Column::OtherParent, run)?);
        let mut other = (0..rows.start).filter(|row| parents.get(*row) == OTHER_PARENT).count();
        let mut found = Vec::with_capacity(ids.len());
        for (at, (row, id)) in rows.zip(&ids).enumerate() {
            let parent = match parents.get(row) {
                NO_PARENT => None,
                OTHER_PARENT => {
                    other += 1;
                    others.get(other - 1).try_into().ok().map(SpanId)
                }
                below => usize::try_from(at as i64 - unzigzag(below - 2)).ok().and_then(|at| ids.get(at)).copied(),
            };
            found.push((*id, parent));
        }
        Ok(found)
    }

    /// Runs with their rows.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        (0..self.run_count()).map(|run| (run, self.rows_of_run(run)))
    }

    /// The rows whose number in a column passes.
    fn rows_where(&self, column: Column, test: impl Fn(u64) -> bool) -> Result<Rows, SegmentError> {
        let mut found = Rows::none(self.len());
        for (run, rows) in self.runs() {
            let numbers = self.ints(column, run)?;
            if let Some(number) = numbers.constant() {
                if test(number) {
                    found.insert_all(rows);
                }
                continue;
            }
            // Most of these columns have few numbers, all small.
            let small: [bool; 256] = std::array::from_fn(|number| test(number as u64));
            numbers.visit(rows.len(), |row, number| {
                let known = usize::try_from(number).ok().and_then(|number| small.get(number));
                found.insert_if(rows.start + row, known.copied().unwrap_or_else(|| test(number)));
            });
        }
        Ok(found)
    }

    /// Adds the rows with a text in a column that passes; `counts` says how many texts each row has, else it is one.
    fn scan_fixed(
        &self,
        column: Column,
        counts: Option<Column>,
        judge: &mut dyn Judge,
        found: &mut Rows,
    ) -> Result<(), SegmentError> {
        let shared = judge.texts(ValueType::String, &self.shared_texts(column as usize)?)?;
        for (run, rows) in self.runs() {
            let own = judge.texts(ValueType::String, &self.own_texts(column as usize, run)?)?;
            if shared.is_none() && own.is_none() {
                continue;
            }
            let judgement = self.judgement(column as usize, run, shared.as_deref(), own.as_deref())?;
            self.visit_items(counts, run, &rows, |row, item| found.insert_if(row, judgement.passes(item)))?;
        }
        Ok(())
    }

    /// Adds the rows that hold a value of one of these columns that passes.
    fn scan_values(
        &self,
        holder: Holder,
        is_key_wanted: impl Fn(&[u8]) -> bool,
        is_type_wanted: impl Fn(ValueType) -> bool,
        judge: &mut dyn Judge,
        found: &mut Rows,
    ) -> Result<(), SegmentError> {
        let first = self.first_value(holder as usize);
        for (number, of) in self.columns_of(holder, is_key_wanted).filter(|(_, of)| is_type_wanted(*of)) {
            let shared = match of.is_text() {
                true => judge.texts(of, &self.shared_texts(number)?)?,
                false => None,
            };
            let times = self.times_of(holder, number - first);
            for (run, rows) in self.runs() {
                let judgement = match of {
                    ValueType::Empty => Judgement::All(judge.nothing()),
                    ValueType::Bool | ValueType::Int | ValueType::Double => {
                        Judgement::of_numbers(of, &self.frames.ints(number, run)?, judge)
                    }
                    ValueType::String | ValueType::Bytes | ValueType::Other | ValueType::List => {
                        let own = judge.texts(of, &self.own_texts(number, run)?)?;
                        if shared.is_none() && own.is_none() {
                            continue;
                        }
                        self.judgement(number, run, shared.as_deref(), own.as_deref())?
                    }
                };
                if judgement.is_none() {
                    continue;
                }
                self.visit_values(holder, run, &rows, &times, |row, value| {
                    found.insert_if(row, judgement.passes(value));
                })?;
            }
        }
        Ok(())
    }

    /// How often the lists of each shape have a column of values, counted from the first of this holder.
    pub(crate) fn times_of(&self, holder: Holder, column: usize) -> Vec<usize> {
        let shapes = self.shapes.get(holder as usize).map(|shapes| shapes.shapes.as_slice()).unwrap_or_default();
        shapes.iter().map(|shape| shape.iter().filter(|of| **of as usize == column).count()).collect()
    }

    /// Shows the values of a column in a run, by number, with the row of the span that has each.
    pub(crate) fn visit_values(
        &self,
        holder: Holder,
        run: usize,
        rows: &Range<usize>,
        times: &[usize],
        mut visit: impl FnMut(usize, usize),
    ) -> Result<(), SegmentError> {
        let shape = self.ints(holder.shape(), run)?;
        let mut next = 0;
        let times_of = |shape: u64| usize::try_from(shape).ok().and_then(|shape| times.get(shape)).copied();
        let mut pass = |row, shape| {
            let times = times_of(shape).unwrap_or_default();
            (next..next + times).for_each(|value| visit(row, value));
            next += times;
        };
        match holder.counts() {
            None => shape.visit(rows.len(), |row, shape| pass(rows.start + row, shape)),
            counts => self.visit_items(counts, run, rows, |row, item| pass(row, shape.get(item)))?,
        }
        Ok(())
    }

    /// Shows the items of a run, of which each row has so many, by number, with their rows.
    pub(crate) fn visit_items(
        &self,
        counts: Option<Column>,
        run: usize,
        rows: &Range<usize>,
        mut visit: impl FnMut(usize, usize),
    ) -> Result<(), SegmentError> {
        let Some(counts) = counts else {
            (0..rows.len()).for_each(|row| visit(rows.start + row, row));
            return Ok(());
        };
        let (mut next, mut is_damaged) = (0_u64, false);
        self.ints(counts, run)?.visit(rows.len(), |row, count| {
            let end = next.saturating_add(count);
            is_damaged |= end > MOST_OF_RUN;
            if !is_damaged {
                (next..end).for_each(|item| visit(rows.start + row, item as usize));
                next = end;
            }
        });
        if is_damaged { Err(TOO_MANY) } else { Ok(()) }
    }

    /// The columns of values of keys that are wanted, by number: lists that are one value may hold any.
    pub(crate) fn columns_of(
        &self,
        holder: Holder,
        is_key_wanted: impl Fn(&[u8]) -> bool,
    ) -> impl Iterator<Item = (usize, ValueType)> {
        let columns = self.shapes.get(holder as usize).map(|shapes| shapes.columns.as_slice()).unwrap_or_default();
        let columns = (self.first_value(holder as usize)..).zip(columns);
        columns.filter(move |(_, column)| column.is_wanted(&is_key_wanted)).map(|(number, column)| (number, column.of))
    }
}

/// The status that a number of its column stands for.
pub(crate) fn status_code(status: u64) -> StatusCode {
    status.checked_sub(1).map_or(StatusCode::default(), |status| StatusCode(unzigzag(status >> 1) as i32))
}

/// Whether a key as it came is one of these.
pub(crate) fn is_one_of(keys: &[&str], key: &[u8]) -> bool {
    match std::str::from_utf8(key) {
        Ok(key) => keys.contains(&key),
        Err(_) => keys.contains(&formats::decode_text(key).as_str()),
    }
}

/// How long a span lasts, by the difference of its end and start.
fn lasting(difference: u64) -> u64 {
    // A negative one is odd; see zigzag.
    if difference & 1 == 1 { 0 } else { difference >> 1 }
}
