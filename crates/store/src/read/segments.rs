//! Segments, read when they are needed.

use std::{ops::Range, sync::Arc};

use hashbrown::HashSet;
use model::{Signal, TraceId};
use segment::{LogSegment, PointSegment, SegmentError, SpanSegment};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Reader, in_background, past_damage};
use crate::{
    ReadError, Source,
    aggregates::{Earlier, Places, is_key_wanted},
    packed, schema,
    segments::{BLOB_BITS, Block, Class, FACTS, Facts, HEADER, PARTS, Parts, Segment, Segments, TRIGRAMS, TraceFilter},
};

/// A part of a trace that was found in a segment.
#[derive(Debug, Clone)]
pub(crate) struct FoundPart {
    pub(crate) segment: u64,
    pub(crate) block: Arc<Block>,
    /// Its place in the block.
    pub(crate) at: usize,
    /// The first row of the append level that the segment holds something of.
    pub(crate) first_row: u64,
}

impl FoundPart {
    pub(crate) fn new(segment: &Segment, block: &Arc<Block>, at: usize) -> Self {
        Self { segment: segment.id, block: Arc::clone(block), at, first_row: segment.rows.0 }
    }
}

/// A segment of spans, with what is read of one trace in it.
pub(crate) struct OfTrace {
    pub(crate) spans: Arc<SpanSegment>,
    /// The rows of the trace's spans; `None` if it has none here.
    pub(crate) rows: Option<Range<usize>>,
}

impl Reader {
    /// Segments that were replaced and are still there, and the first id that is free.
    pub(crate) async fn retired_segments(&self) -> Result<(Vec<u64>, u64), ReadError> {
        let select = "SELECT id FROM segment WHERE is_retired = ? ORDER BY id LIMIT ?";
        let rows = self.shared.connection.rows(select, 1, i64::MAX).await?;
        let mut retired = Vec::new();
        for row in &rows {
            retired.push(row.try_get::<i64, _>(0)?.cast_unsigned());
        }
        // Columns of a segment that was never published go too.
        let select = "SELECT DISTINCT id >> ? FROM segment_blob WHERE id >> 16 NOT IN (SELECT id FROM segment) LIMIT ?";
        let rows = self.shared.connection.rows(select, i64::from(BLOB_BITS), i64::MAX).await?;
        for row in &rows {
            retired.push(row.try_get::<i64, _>(0)?.cast_unsigned());
        }
        let select = "SELECT coalesce(max(id), ?) + 1 FROM segment LIMIT ?";
        let rows = self.shared.connection.rows(select, 0, 1).await?;
        let next = rows.first().map(|row| row.try_get::<i64, _>(0)).transpose()?.unwrap_or(1).cast_unsigned();
        let next = retired.iter().map(|id| id + 1).fold(next, u64::max);
        Ok((retired, next))
    }

    /// A blob of a segment; `None` if there is none.
    async fn optional_blob(&self, segment: u64, number: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let id = (segment << BLOB_BITS | number).cast_signed();
        let rows = self.shared.connection.rows("SELECT value FROM segment_blob WHERE id = ? LIMIT ?", id, 1).await;
        let rows = rows.map_err(|error| of_segment(segment, error))?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
    }

    /// A blob that every segment has; `None` if the segment is gone.
    async fn blob(&self, segment: u64, number: u64) -> Result<Option<Vec<u8>>, ReadError> {
        let found = self.optional_blob(segment, number).await?;
        if found.is_none() {
            self.is_there_without(segment, number).await?;
        }
        Ok(found)
    }

    /// `false` if a segment is gone that lacks a blob; an error if it is there.
    async fn is_there_without(&self, segment: u64, number: u64) -> Result<bool, ReadError> {
        // Both go in one transaction.
        let described =
            self.shared.connection.rows("SELECT 1 FROM segment WHERE id = ? LIMIT ?", segment.cast_signed(), 1);
        if !described.await?.is_empty() {
            return Err(ReadError::Segment { segment, detail: format!("blob {number} is missing") });
        }
        Ok(false)
    }

    /// Header and columns of a segment; `None` if it is gone.
    async fn columns(&self, segment: u64) -> Result<Option<(Vec<u8>, Vec<Vec<u8>>)>, ReadError> {
        let Some(header) = self.blob(segment, HEADER).await? else { return Ok(None) };
        let from = segment << BLOB_BITS;
        let select = "SELECT value FROM segment_blob WHERE id >= ? AND id < ? ORDER BY id";
        let rows = self.shared.connection.rows(select, from.cast_signed(), (from | TRIGRAMS).cast_signed()).await;
        let rows = rows.map_err(|error| of_segment(segment, error))?;
        let mut blobs = Vec::with_capacity(rows.len());
        for row in &rows {
            blobs.push(row.try_get(0)?);
        }
        Ok(Some((header, blobs)))
    }

    /// The traces of a segment of spans; `None` if the segment is gone.
    pub(crate) async fn block(&self, segment: &Segment) -> Result<Option<Arc<Block>>, ReadError> {
        if let Some(block) = self.cache().block(segment.id) {
            return Ok(Some(block));
        }
        let Some(bytes) = self.noted(self.blob(segment.id, PARTS).await)? else { return Ok(None) };
        let parts = packed::unpack(&bytes).map_err(|detail| ReadError::Segment { segment: segment.id, detail });
        let parts: Parts = self.noted(parts)?;
        let block = Arc::new(Block::new(parts));
        self.cache().add_block(segment.id, &block);
        Ok(Some(block))
    }

    /// The same of a segment that may hold a trace, or nothing if it does not: of hundreds of segments the filter of one or
    /// other is wrong, and to know it takes a tenth of what it takes to read the lines of all its traces.
    async fn block_with(&self, segment: &Segment, trace_id: TraceId) -> Result<Option<Option<Arc<Block>>>, ReadError> {
        if let Some(block) = self.cache().block(segment.id) {
            return Ok(Some(Some(block)));
        }
        let of_trace = self.noted(self.try_of_trace(segment.id, trace_id, |_, _| Vec::new()).await)?;
        match of_trace {
            None => Ok(None),
            Some(OfTrace { rows: None, .. }) => Ok(Some(None)),
            Some(OfTrace { rows: Some(_), .. }) => Ok(self.block(segment).await?.map(Some)),
        }
    }

    /// The same of these traces alone, and maybe of others.
    pub(crate) async fn block_of(
        &self,
        segment: &Segment,
        traces: HashSet<TraceId>,
    ) -> Result<Option<Arc<Block>>, ReadError> {
        // Of so many it is no quicker.
        if traces.len() as u64 > segment.traces / 2 {
            return self.block(segment).await;
        }
        if let Some(block) = self.cache().block(segment.id) {
            return Ok(Some(block));
        }
        let id = segment.id;
        let Some(bytes) = self.noted(self.blob(id, PARTS).await)? else { return Ok(None) };
        let wrong = |detail| ReadError::Segment { segment: id, detail };
        let parts = move || Ok(packed::decompress(&bytes).and_then(|bytes| Parts::of_traces(&bytes, &traces)));
        let parts = self.noted(in_background(parts).await?.map_err(wrong))?;
        Ok(Some(Arc::new(Block::new(parts))))
    }

    /// What the rules of sampling look at in a segment of spans; `None` if it is gone, or of before there were
    /// rules.
    pub(crate) async fn facts(&self, segment: u64) -> Result<Option<Facts>, ReadError> {
        let Some(bytes) = self.noted(self.optional_blob(segment, FACTS).await)? else { return Ok(None) };
        self.noted(packed::unpack(&bytes).map(Some).map_err(|detail| ReadError::Segment { segment, detail }))
    }

    /// A segment of spans with what is read of one trace in it, and the rows of that, if it is there; `None` if the segment
    /// is gone.
    pub(crate) async fn spans_of(&self, segment: u64, trace_id: TraceId) -> Result<Option<OfTrace>, ReadError> {
        self.noted(self.try_of_trace(segment, trace_id, SpanSegment::blobs_of_spans).await)
    }

    /// The same with only the ids of the spans.
    pub(crate) async fn span_ids_of(&self, segment: u64, trace_id: TraceId) -> Result<Option<OfTrace>, ReadError> {
        self.noted(self.try_of_trace(segment, trace_id, SpanSegment::blobs_of_span_ids).await)
    }

    async fn try_of_trace(
        &self,
        segment: u64,
        trace_id: TraceId,
        needed: fn(&SpanSegment, &Range<usize>) -> Vec<u16>,
    ) -> Result<Option<OfTrace>, ReadError> {
        let wrong = |error| damaged(segment, &error);
        let known = self.cache().spans(segment);
        let spans = match known {
            Some(spans) => spans,
            None => {
                let Some(header) = self.blob(segment, HEADER).await? else { return Ok(None) };
                let spans = Arc::new(SpanSegment::open(&header).map_err(wrong)?);
                self.cache().add_spans(segment, &spans);
                spans
            }
        };
        if !self.supply(segment, &spans, spans.blobs_of_traces()).await? {
            return Ok(None);
        }
        let rows = spans.rows_of(trace_id).map_err(wrong)?;
        if let Some(rows) = &rows
            && !self.supply(segment, &spans, needed(&spans, rows)).await?
        {
            return Ok(None);
        }
        Ok(Some(OfTrace { spans, rows }))
    }

    /// Gives these blobs to a segment of spans; `false` if it is gone.
    pub(crate) async fn give(&self, segment: u64, spans: &SpanSegment, blobs: Vec<u16>) -> Result<bool, ReadError> {
        self.noted(self.supply(segment, spans, blobs).await)
    }

    async fn supply(&self, segment: u64, spans: &SpanSegment, numbers: Vec<u16>) -> Result<bool, ReadError> {
        if numbers.is_empty() {
            return Ok(true);
        }
        let first = segment << BLOB_BITS;
        let ids: Vec<i64> = numbers.iter().map(|number| (first | u64::from(*number)).cast_signed()).collect();
        let rows = self.shared.connection.blobs(&ids).await.map_err(|error| of_segment(segment, error))?;
        for (row, (number, id)) in rows.iter().zip(numbers.iter().zip(&ids)) {
            if row.try_get::<i64, _>(0)? != *id {
                return self.is_there_without(segment, (*number).into()).await;
            }
            spans.supply(*number, row.try_get(1)?);
        }
        match numbers.get(rows.len()) {
            Some(missing) => self.is_there_without(segment, (*missing).into()).await,
            None => Ok(true),
        }
    }

    /// Those of these segments of which the filter of this number, where there is one and it reads, is so.
    pub(crate) async fn by_filter(&self, segments: &[u64], number: u64, is_so: impl Fn(&[u8]) -> bool) -> Vec<u64> {
        let ids: Vec<i64> = segments.iter().map(|segment| (segment << BLOB_BITS | number).cast_signed()).collect();
        let rows = self.shared.connection.blobs(&ids).await.unwrap_or_default();
        let is_so = |row: &&SqliteRow| row.try_get::<&[u8], _>(1).is_ok_and(&is_so);
        let so = rows.iter().filter(is_so).filter_map(|row| row.try_get::<i64, _>(0).ok());
        so.map(|id| id.cast_unsigned() >> BLOB_BITS).collect()
    }

    /// A segment of spans with these of its blobs; `None` if it is gone.
    pub(crate) async fn spans_with(
        &self,
        segment: u64,
        blobs: impl FnOnce(&SpanSegment) -> Vec<u16>,
    ) -> Result<Option<Arc<SpanSegment>>, ReadError> {
        self.noted(self.try_spans_with(segment, blobs).await)
    }

    async fn try_spans_with(
        &self,
        segment: u64,
        blobs: impl FnOnce(&SpanSegment) -> Vec<u16>,
    ) -> Result<Option<Arc<SpanSegment>>, ReadError> {
        let Some(header) = self.blob(segment, HEADER).await? else { return Ok(None) };
        let spans = SpanSegment::open(&header).map_err(|error| damaged(segment, &error))?;
        let numbers = blobs(&spans);
        Ok(self.supply(segment, &spans, numbers).await?.then(|| Arc::new(spans)))
    }

    /// A segment of spans for who reads all of it and will not come back; `None` if it is gone.
    pub(crate) async fn spans_once(&self, segment: u64) -> Result<Option<SpanSegment>, ReadError> {
        let Some((header, blobs)) = self.noted(self.columns(segment).await)? else { return Ok(None) };
        self.noted(SpanSegment::new(&header, blobs).map(Some).map_err(|error| damaged(segment, &error)))
    }

    /// What of these traces is in segments, whether it is hidden or not, as far as it came live; `None` if one of the
    /// segments is gone.
    pub(crate) async fn earlier(&self, traces: impl Iterator<Item = TraceId>) -> Result<Option<Earlier>, ReadError> {
        let (mut places, mut unknown) = (Places::default(), Vec::new());
        let (segments, compacted_row) = {
            let catalogue = self.catalogue();
            for trace_id in traces {
                if catalogue.index.knows_parts(trace_id) {
                    let (holders, _) = catalogue.index.holders(trace_id);
                    places.add(trace_id, holders.filter_map(|id| catalogue.segments.get(id)).map(Arc::as_ref));
                } else {
                    unknown.push(trace_id);
                }
            }
            (catalogue.segments.clone(), catalogue.compacted_row)
        };
        for trace_id in unknown {
            let Some(found) = self.try_find_parts(&segments, trace_id).await? else { return Ok(None) };
            places.add(trace_id, found.iter().filter_map(|part| segments.get(part.segment)).map(Arc::as_ref));
        }
        let mut earlier = Earlier::new(compacted_row);
        for (segment, traces) in places.into_segments() {
            let Some(spans) = self.heads(segment, &traces).await? else { return Ok(None) };
            earlier.add(spans, traces).map_err(|error| damaged(segment, &error))?;
        }
        Ok(Some(earlier))
    }

    /// A segment of spans with that only of which the heads of these traces are read; `None` if it is gone.
    async fn heads(&self, segment: u64, traces: &HashSet<TraceId>) -> Result<Option<SpanSegment>, ReadError> {
        let wrong = |error| damaged(segment, &error);
        let Some(header) = self.blob(segment, HEADER).await? else { return Ok(None) };
        let spans = SpanSegment::open(&header).map_err(wrong)?;
        if !self.supply(segment, &spans, spans.blobs_of_traces()).await? {
            return Ok(None);
        }
        let needed = spans.blobs_of_heads(|trace_id| traces.contains(&trace_id), is_key_wanted).map_err(wrong)?;
        Ok(self.supply(segment, &spans, needed).await?.then_some(spans))
    }

    /// A segment of log records; `None` if it is gone.
    pub(crate) async fn logs(&self, segment: u64) -> Result<Option<LogSegment>, ReadError> {
        let Some((header, blobs)) = self.noted(self.columns(segment).await)? else { return Ok(None) };
        self.noted(LogSegment::new(&header, blobs).map(Some).map_err(|error| damaged(segment, &error)))
    }

    /// A segment of metric points; `None` if it is gone.
    pub(crate) async fn points(&self, segment: u64) -> Result<Option<PointSegment>, ReadError> {
        let Some((header, blobs)) = self.noted(self.columns(segment).await)? else { return Ok(None) };
        self.noted(PointSegment::new(&header, blobs).map(Some).map_err(|error| damaged(segment, &error)))
    }

    /// The parts of a trace that is in several of these segments, if they are all known from their descriptions and from
    /// what was read lately: of all that hold it one does not continue it.
    pub(super) async fn known_parts(
        &self,
        segments: &Segments,
        trace_id: TraceId,
    ) -> Result<Option<Vec<FoundPart>>, ReadError> {
        let continuing = segments.continuing(trace_id);
        let first = if continuing.is_empty() { None } else { self.cache().holder(trace_id, segments, continuing) };
        let Some((first, block, at)) = first else { return Ok(None) };
        let mut found = Vec::with_capacity(continuing.len() + 1);
        found.extend(segments.get(first).map(|segment| FoundPart::new(segment, &block, at)));
        for segment in continuing.iter().filter_map(|id| segments.get(*id)) {
            let Some(block) = self.block(segment).await? else { return Ok(None) };
            found.extend(block.position(trace_id).map(|at| FoundPart::new(segment, &block, at)));
        }
        found.sort_unstable_by_key(|part| part.segment);
        Ok(Some(found))
    }

    /// The parts of a trace in these segments; `None` if one of them is gone. An error where all that may hold it do
    /// not read.
    pub(super) async fn try_find_parts(
        &self,
        segments: &Segments,
        trace_id: TraceId,
    ) -> Result<Option<Vec<FoundPart>>, ReadError> {
        let mut found = Vec::new();
        let mut unread = None;
        for segment in segments.that_may_hold(Signal::Traces, trace_id) {
            let block = match self.block_with(segment, trace_id).await {
                Err(error @ ReadError::Segment { .. }) => {
                    unread = Some(error);
                    continue;
                }
                block => block?,
            };
            let Some(block) = block else { return Ok(None) };
            let Some(block) = block else { continue };
            if let Some(at) = block.position(trace_id) {
                found.push(FoundPart::new(segment, &block, at));
            }
        }
        match unread {
            Some(error) if found.is_empty() => Err(error),
            _ => Ok(Some(found)),
        }
    }

    /// The row that brought the latest span of a trace in segments, or nothing if it has none there; `None` if a segment is
    /// gone. An error where all that may hold it do not read.
    pub(super) async fn try_last_row(
        &self,
        segments: &[Arc<Segment>],
        trace_id: TraceId,
    ) -> Result<Option<Option<u64>>, ReadError> {
        let (mut last, mut unread) = (None, None);
        for segment in segments {
            let of_trace = match self.spans_of(segment.id, trace_id).await {
                Err(error @ ReadError::Segment { .. }) => {
                    unread = Some(error);
                    continue;
                }
                of_trace => of_trace?,
            };
            let Some(OfTrace { spans, rows }) = of_trace else { return Ok(None) };
            let row = rows.map(|rows| spans.last_row_of(rows)).transpose();
            last = last.max(self.noted(row.map_err(|error| damaged(segment.id, &error)))?);
        }
        match unread {
            Some(error) if last.is_none() => Err(error),
            _ => Ok(Some(last)),
        }
    }

    /// The parts of a trace in these segments. One that is gone is left out: whoever asks finds out that
    /// the set of segments has changed. So is one that does not read.
    pub(crate) async fn find_parts(&self, segments: &Segments, trace_id: TraceId) -> Result<Vec<FoundPart>, ReadError> {
        Ok(past_damage(self.try_find_parts(segments, trace_id).await)?.unwrap_or_default())
    }
}

/// Damage that SQLite found where a segment lies is damage to that segment.
fn of_segment(segment: u64, error: sqlx::Error) -> ReadError {
    if schema::is_corrupt(&error) {
        return ReadError::Segment { segment, detail: error.to_string() };
    }
    ReadError::Database(error)
}

pub(crate) fn damaged(segment: u64, error: &SegmentError) -> ReadError {
    ReadError::Segment { segment, detail: error.to_string() }
}

pub(super) fn description(row: &SqliteRow) -> Result<Segment, ReadError> {
    let number = |at: usize| row.try_get::<i64, _>(at).map(i64::cast_unsigned);
    let id = number(0)?;
    let wrong = |what: &str| ReadError::Segment { segment: id, detail: format!("its {what}") };
    let (continues, _) = row.try_get::<&[u8], _>(14)?.as_chunks::<16>();
    Ok(Segment {
        id,
        signal: schema::signal_of(row.try_get(1)?).ok_or_else(|| wrong("signal"))?,
        class: Class::of(row.try_get(2)?).ok_or_else(|| wrong("class"))?,
        source: Source::of(row.try_get(15)?).ok_or_else(|| wrong("source"))?,
        owner: row.try_get(3)?,
        items: number(4)?,
        bytes: number(5)?,
        rows: (number(6)?, number(7)?),
        received_unix_nano: (number(8)?, number(9)?),
        latest_start_unix_nano: number(10)?,
        traces: number(11)?,
        services: postcard::from_bytes(row.try_get(12)?).map_err(|_| wrong("services"))?,
        filter: TraceFilter::from_bytes(row.try_get(13)?).ok_or_else(|| wrong("filter"))?,
        continues: continues.iter().map(|id| TraceId(*id)).collect(),
    })
}
