//! Columns becoming spans again.

use std::ops::Range;

use model::{Span, SpanId, TraceId};

use crate::{
    Request, SegmentError, SegmentResource, SegmentScope,
    attributes::AttributeReader,
    columns::Columns,
    ints::Ints,
    span_reader::SpanReader,
    spans_write::{Column, FIXED, Header, VERSION},
    texts::Texts,
};

/// A segment of spans. Columns are unpacked when they are first needed.
#[derive(Debug)]
pub struct SpanSegment {
    pub(crate) header: Header,
    columns: Columns,
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
        let mut header: Header = crate::unpack_header(header)?;
        if header.version != VERSION {
            return Err(SegmentError::Damaged("a segment of an unknown version"));
        }
        let values: usize = header.shapes.iter().map(|shapes| shapes.columns.len()).sum();
        let columns = Columns::new(std::mem::take(&mut header.directory), blobs, FIXED + values);
        Ok(Self { header, columns })
    }

    /// How many spans there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.header.rows as usize
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.header.rows == 0
    }

    /// What the columns take, packed, in bytes: the fixed ones by number, the others by their key.
    pub fn sizes(&self) -> impl Iterator<Item = (String, usize)> + '_ {
        let fixed = (0..FIXED).map(|number| format!("column {number}"));
        let values = self.header.shapes.iter().flat_map(|shapes| &shapes.columns);
        fixed.chain(values.map(|column| formats::decode_text(&column.key))).zip(self.columns.sizes())
    }

    /// The traces in it with the rows of their spans, by earliest start.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn traces(&self) -> Result<Vec<(TraceId, Range<usize>)>, SegmentError> {
        let (ids, _) = self.fixed(Column::TraceId)?.as_chunks::<16>();
        let counts = self.ints(Column::SpansOfTrace)?;
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
        Ok(self.traces()?.into_iter().find(|(id, _)| *id == trace_id).map(|(_, rows)| rows))
    }

    /// The ids of the spans in these rows.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn span_ids(&self, rows: Range<usize>) -> Result<Vec<SpanId>, SegmentError> {
        let (ids, _) = self.fixed(Column::SpanId)?.as_chunks::<8>();
        Ok(ids.get(rows).unwrap_or_default().iter().map(|id| SpanId(*id)).collect())
    }

    /// The resources that spans name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where one does not decode.
    pub fn resources(&self) -> Result<Vec<SegmentResource>, SegmentError> {
        self.header.origins.resources()
    }

    /// The scopes that spans name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where one does not decode.
    pub fn scopes(&self) -> Result<Vec<SegmentScope>, SegmentError> {
        self.header.origins.scopes()
    }

    /// The spans of one trace, which are all in these rows.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn spans(&self, trace_id: TraceId, rows: Range<usize>) -> Result<Vec<SegmentSpan>, SegmentError> {
        let (ids, _) = self.fixed(Column::TraceId)?.as_chunks::<16>();
        let at = ids.iter().position(|id| *id == trace_id.0);
        let trace = at.ok_or(SegmentError::Damaged("a trace is not in its segment"))?;
        SpanReader::new(self, rows.clone())?.trace(trace, trace_id, rows)
    }

    /// Visits all traces with their spans, by earliest start.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`], and what the visitor returns.
    pub fn visit<E: From<SegmentError>>(
        &self,
        mut visit: impl FnMut(TraceId, Vec<SegmentSpan>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = SpanReader::new(self, 0..self.len())?;
        for (trace, (trace_id, rows)) in self.traces()?.into_iter().enumerate() {
            visit(trace_id, reader.trace(trace, trace_id, rows)?)?;
        }
        Ok(())
    }

    /// A column of attributes of spans (0), events (1) or links (2).
    pub(crate) fn attributes(
        &self,
        of: usize,
        shape: Column,
        rows: Range<usize>,
    ) -> Result<AttributeReader<'_>, SegmentError> {
        let before: usize = self.header.shapes.iter().take(of).map(|shapes| shapes.columns.len()).sum();
        let shapes = self.header.shapes.get(of).ok_or(SegmentError::Damaged("no shapes"))?;
        self.columns.attributes(shapes, shape as usize, FIXED + before, rows)
    }

    /// Those attributes of the spans in these rows, rising, whose keys are wanted.
    pub(crate) fn attributes_of_keys(
        &self,
        rows: impl Iterator<Item = usize> + Clone,
        is_key_wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<AttributeReader<'_>, SegmentError> {
        let [shapes, ..] = &self.header.shapes;
        self.columns.attributes_of_keys(shapes, Column::Shape as usize, FIXED, rows, is_key_wanted)
    }

    pub(crate) fn fixed(&self, column: Column) -> Result<&[u8], SegmentError> {
        self.columns.bytes(column as usize)
    }

    pub(crate) fn ints(&self, column: Column) -> Result<Ints<'_>, SegmentError> {
        self.columns.ints(column as usize)
    }

    pub(crate) fn texts(&self, column: Column) -> Result<Texts<'_>, SegmentError> {
        self.columns.texts(column as usize)
    }
}
