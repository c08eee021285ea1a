//! Columns becoming spans again.

use std::{ops::Range, sync::OnceLock};

use model::{Span, SpanId, TraceId};

use crate::{
    Request, SegmentError, SegmentResource, SegmentScope, Shapes, ValueColumn, ValueType,
    attributes::{AttributeReader, ValuesOf},
    frames::{FrameDirectory, Frames, Wanted},
    ints::Ints,
    origins::{Origins, requests_from_bytes},
    span_reader::SpanReader,
    spans_write::{Column, FIXED, Header, Header1, SPAN_ID_BYTES, VERSION},
    texts::{TextList, Texts},
};

/// Rows that a segment may claim at the most: what is sized by them must not cost memory.
const MOST_ROWS: u32 = 1 << 28;

/// A segment of spans. Columns are unpacked when they are first needed.
#[derive(Debug)]
pub struct SpanSegment {
    rows: usize,
    /// The first row of each run.
    starts: Vec<usize>,
    /// Of spans, events and links.
    pub(crate) shapes: [Shapes; 3],
    pub(crate) frames: Frames,
    origins: OnceLock<Origins>,
    requests: OnceLock<Vec<Request>>,
}

/// A span as a segment holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentSpan {
    /// The span.
    pub span: Span,
    /// Index in [`SpanSegment::resources`].
    pub resource: u32,
    /// Index in [`SpanSegment::scopes`].
    pub scope: u32,
    /// The request that brought it.
    pub request: Request,
}

impl SpanSegment {
    /// A segment from its header and all of its blobs, by number.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] where the header is not one.
    pub fn new(header: &[u8], blobs: Vec<Vec<u8>>) -> Result<Self, SegmentError> {
        let segment = Self::open(header)?;
        (0..).zip(blobs).for_each(|(number, blob)| segment.supply(number, blob));
        Ok(segment)
    }

    /// A segment from its header alone. Before it is read it needs the blobs in which lies what is read.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] where the header is not one.
    pub fn open(header: &[u8]) -> Result<Self, SegmentError> {
        let bytes = crate::header_bytes(header)?;
        let (header, origins) = match bytes.first() {
            Some(&VERSION) => (crate::read_header::<Header>(&bytes)?, None),
            Some(1) => {
                let Header1 { rows, directory, origins, shapes, .. } = crate::read_header(&bytes)?;
                let directory = FrameDirectory::of_whole(directory);
                (Header { version: 1, rows, runs: vec![rows], directory, shapes }, Some(origins))
            }
            _ => return Err(SegmentError::Damaged("a segment of an unknown version")),
        };
        let Header { version, rows, runs, directory, shapes } = header;
        let (mut starts, mut end) = (Vec::with_capacity(runs.len()), 0);
        for run in runs {
            starts.push(end);
            end += run as usize;
        }
        if rows > MOST_ROWS || end != rows as usize || starts.is_empty() {
            return Err(SegmentError::Damaged("runs that are not its rows"));
        }
        let values: usize = shapes.iter().map(|shapes| shapes.columns.len()).sum();
        let frames = Frames::new(directory, FIXED + values, version == 1)?;
        let segment = Self { rows: end, starts, shapes, frames, origins: OnceLock::new(), requests: OnceLock::new() };
        if let Some(mut origins) = origins {
            segment.requests.get_or_init(|| origins.take_requests());
            segment.origins.get_or_init(|| origins);
        }
        Ok(segment)
    }

    /// Gives a blob by its number; what is there already stays.
    pub fn supply(&self, number: u16, blob: Vec<u8>) {
        self.frames.supply(number.into(), blob);
    }

    /// How many spans there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// What the columns take, packed, in bytes: the fixed ones by number, the others by their key.
    pub fn sizes(&self) -> impl Iterator<Item = (String, usize)> + '_ {
        let fixed = (0..FIXED).map(|number| format!("column {number}"));
        let values = self.shapes.iter().flat_map(|shapes| &shapes.columns);
        fixed.chain(values.map(|column| formats::decode_text(&column.key))).zip(self.frames.sizes())
    }

    /// The numbers of the blobs that are read to know the traces in it, and that it has not been given.
    #[must_use]
    pub fn blobs_of_traces(&self) -> Vec<u16> {
        self.missing([Column::TraceId, Column::SpansOfTrace].into_iter().map(|column| (column as usize, Wanted::All)))
    }

    /// The numbers of the blobs that are read for the spans in these rows, and that it has not been given.
    #[must_use]
    pub fn blobs_of_spans(&self, rows: &Range<usize>) -> Vec<u16> {
        let columns = FIXED + self.shapes.iter().map(|shapes| shapes.columns.len()).sum::<usize>();
        let run = self.run_of(rows.start);
        self.missing((0..columns).map(|column| (column, Wanted::Run(run))))
    }

    /// The numbers of the blobs that are read for the ids of the spans in these rows, and that it has not been given.
    #[must_use]
    pub fn blobs_of_span_ids(&self, rows: &Range<usize>) -> Vec<u16> {
        self.missing(std::iter::once((Column::SpanId as usize, Wanted::Run(self.run_of(rows.start)))))
    }

    /// The numbers of the blobs that [`SpanSegment::earliest_start_unix_nano`] reads, and that it has not been given.
    #[must_use]
    pub fn blobs_of_earliest_start(&self) -> Vec<u16> {
        self.missing(std::iter::once((Column::StartOfTrace as usize, Wanted::All)))
    }

    /// The earliest start of a trace in it that is not 0, nanoseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn earliest_start_unix_nano(&self) -> Result<Option<u64>, SegmentError> {
        Ok(self.ints(Column::StartOfTrace, 0)?.iter().filter(|start| *start > 0).min())
    }

    /// The numbers of the blobs in which this lies of these columns, rising.
    pub(crate) fn missing(&self, wanted: impl Iterator<Item = (usize, Wanted)>) -> Vec<u16> {
        let mut missing = Vec::new();
        wanted.for_each(|(column, wanted)| self.frames.add_missing(column, wanted, &mut missing));
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// The traces in it with the rows of their spans, by earliest start.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn traces(&self) -> Result<Vec<(TraceId, Range<usize>)>, SegmentError> {
        let ids = self.trace_ids()?;
        let counts = self.ints(Column::SpansOfTrace, 0)?;
        let mut start = 0;
        let mut traces = Vec::with_capacity(ids.len());
        for (id, count) in ids.iter().zip(counts.iter()) {
            let end = start + usize::try_from(count).unwrap_or(usize::MAX).min(self.len() - start);
            traces.push((TraceId(*id), start..end));
            start = end;
        }
        Ok(traces)
    }

    /// The rows of a trace's spans; `None` if it has none here.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn rows_of(&self, trace_id: TraceId) -> Result<Option<Range<usize>>, SegmentError> {
        if !self.trace_ids()?.contains(&trace_id.0) {
            return Ok(None);
        }
        Ok(self.traces()?.into_iter().find(|(id, _)| *id == trace_id).map(|(_, rows)| rows))
    }

    fn trace_ids(&self) -> Result<&[[u8; 16]], SegmentError> {
        Ok(self.bytes(Column::TraceId, 0)?.as_chunks::<16>().0)
    }

    /// The ids of the spans of one trace, which are all in these rows.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn span_ids(&self, rows: Range<usize>) -> Result<Vec<SpanId>, SegmentError> {
        let (run, rows) = self.in_run(rows)?;
        self.span_ids_in(run, rows)
    }

    /// The ids of the spans in these rows of a run.
    pub(crate) fn span_ids_in(&self, run: usize, rows: Range<usize>) -> Result<Vec<SpanId>, SegmentError> {
        let (ids, _) = self.bytes(Column::SpanId, run)?.as_chunks::<SPAN_ID_BYTES>();
        Ok(ids.get(rows).unwrap_or_default().iter().map(|id| SpanId(*id)).collect())
    }

    /// The latest request that brought one of the spans in these rows, all of one trace, by its row in the append level.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn last_row_of(&self, rows: Range<usize>) -> Result<u64, SegmentError> {
        let (run, rows) = self.in_run(rows)?;
        let request = self.ints(Column::Request, run)?;
        rows.into_iter().try_fold(0, |last, row| Ok(last.max(self.request(request.get(row))?.row)))
    }

    /// The resources that spans name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where one does not decode.
    pub fn resources(&self) -> Result<Vec<SegmentResource>, SegmentError> {
        self.origins()?.resources()
    }

    /// The scopes that spans name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where one does not decode.
    pub fn scopes(&self) -> Result<Vec<SegmentScope>, SegmentError> {
        self.origins()?.scopes()
    }

    /// One of the resources that spans name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where there is none, or it does not decode.
    pub fn resource(&self, index: u32) -> Result<SegmentResource, SegmentError> {
        self.origins()?.resource(index)
    }

    /// One of the scopes that spans name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where there is none, or it does not decode.
    pub fn scope(&self, index: u32) -> Result<SegmentScope, SegmentError> {
        self.origins()?.scope(index)
    }

    /// The spans of one trace, which are all in these rows.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn spans(&self, trace_id: TraceId, rows: Range<usize>) -> Result<Vec<SegmentSpan>, SegmentError> {
        let at = self.trace_ids()?.iter().position(|id| *id == trace_id.0);
        let trace = at.ok_or(SegmentError::Damaged("a trace is not in its segment"))?;
        let (run, rows) = self.in_run(rows)?;
        SpanReader::new(self, run, rows.clone())?.trace(trace, trace_id, rows)
    }

    /// Visits all traces with their spans, by earliest start.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`], and what the visitor returns.
    pub fn visit<E: From<SegmentError>>(
        &self,
        mut visit: impl FnMut(TraceId, Vec<SegmentSpan>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader: Option<(usize, SpanReader<'_>)> = None;
        for (trace, (trace_id, rows)) in self.traces()?.into_iter().enumerate() {
            let (run, rows) = self.in_run(rows)?;
            let of_run = match reader.take() {
                Some((of, reader)) if of == run => reader,
                _ => SpanReader::new(self, run, 0..self.rows_of_run(run).len())?,
            };
            let (_, reader) = reader.insert((run, of_run));
            visit(trace_id, reader.trace(trace, trace_id, rows)?)?;
        }
        Ok(())
    }

    /// The run in which a row is.
    pub(crate) fn run_of(&self, row: usize) -> usize {
        self.starts.partition_point(|start| *start <= row).saturating_sub(1)
    }

    /// The run in which the rows of one trace are, and the rows in it.
    pub(crate) fn in_run(&self, rows: Range<usize>) -> Result<(usize, Range<usize>), SegmentError> {
        let run = self.run_of(rows.start);
        let start = self.starts.get(run).copied().unwrap_or_default();
        if rows.start > rows.end || rows.end > self.rows_of_run(run).end {
            return Err(SegmentError::Damaged("a trace in more than one run"));
        }
        Ok((run, rows.start - start..rows.end - start))
    }

    /// Lists of attributes of spans (0), events (1) or links (2), in these rows of a run, rising; only those whose keys
    /// are wanted.
    pub(crate) fn attributes(
        &self,
        of: usize,
        run: usize,
        rows: impl Iterator<Item = usize> + Clone,
        is_key_wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<AttributeReader<'_>, SegmentError> {
        const NO_SHAPES: SegmentError = SegmentError::Damaged("no shapes");
        let shape = [Column::Shape, Column::EventShape, Column::LinkShape].get(of).copied().ok_or(NO_SHAPES)?;
        let shapes = self.shapes.get(of).ok_or(NO_SHAPES)?;
        let first = self.first_value(of);
        let open = |number, column: &ValueColumn| self.values(first + number, column.of, run);
        AttributeReader::new(shapes, self.ints(shape, run)?, rows, is_key_wanted, open)
    }

    /// The first column of values of spans (0), events (1) or links (2).
    pub(crate) fn first_value(&self, of: usize) -> usize {
        FIXED + self.shapes.iter().take(of).map(|shapes| shapes.columns.len()).sum::<usize>()
    }

    /// A column of values of this type in a run.
    pub(crate) fn values(&self, number: usize, of: ValueType, run: usize) -> Result<ValuesOf<'_>, SegmentError> {
        Ok(match of {
            ValueType::Empty => ValuesOf::None,
            ValueType::Bool | ValueType::Int | ValueType::Double => ValuesOf::Numbers(self.frames.ints(number, run)?),
            ValueType::String | ValueType::Bytes | ValueType::Other | ValueType::List => {
                ValuesOf::Texts(self.frames.texts(number, run)?)
            }
        })
    }

    /// The texts of a column that more than one run has.
    pub(crate) fn shared_texts(&self, column: usize) -> Result<TextList<'_>, SegmentError> {
        self.frames.shared_texts(column)
    }

    /// The texts of a column that only this run has.
    pub(crate) fn own_texts(&self, column: usize, run: usize) -> Result<TextList<'_>, SegmentError> {
        self.frames.own_texts(column, run)
    }

    /// The numbers of the texts of a column in a run; see [`Texts::into_codes`].
    pub(crate) fn codes(&self, column: usize, run: usize) -> Result<Option<Ints<'_>>, SegmentError> {
        self.frames.codes(column, run)
    }

    /// How many runs there are.
    pub(crate) fn run_count(&self) -> usize {
        self.starts.len()
    }

    /// The rows of a run.
    pub(crate) fn rows_of_run(&self, run: usize) -> Range<usize> {
        let start = |run: usize| self.starts.get(run).copied().unwrap_or(self.rows);
        start(run)..start(run + 1)
    }

    pub(crate) fn origins(&self) -> Result<&Origins, SegmentError> {
        if let Some(origins) = self.origins.get() {
            return Ok(origins);
        }
        let origins = Origins::from_bytes(self.bytes(Column::Origins, 0)?)?;
        Ok(self.origins.get_or_init(|| origins))
    }

    /// A request by its index.
    pub(crate) fn request(&self, at: u64) -> Result<Request, SegmentError> {
        let requests = match self.requests.get() {
            Some(requests) => requests,
            None => {
                let requests = requests_from_bytes(self.bytes(Column::Requests, 0)?)?;
                self.requests.get_or_init(|| requests)
            }
        };
        let request = usize::try_from(at).ok().and_then(|at| requests.get(at)).copied();
        request.ok_or(SegmentError::Damaged("an item without a request"))
    }

    pub(crate) fn bytes(&self, column: Column, run: usize) -> Result<&[u8], SegmentError> {
        self.frames.bytes(column as usize, run)
    }

    pub(crate) fn ints(&self, column: Column, run: usize) -> Result<Ints<'_>, SegmentError> {
        self.frames.ints(column as usize, run)
    }

    pub(crate) fn texts(&self, column: Column, run: usize) -> Result<Texts<'_>, SegmentError> {
        self.frames.texts(column as usize, run)
    }
}
