//! Columns becoming spans again.

use std::ops::Range;

use model::{Event, Link, Span, SpanId, SpanKind, Status, StatusCode, TraceId};

use crate::{
    Request, SegmentError, SegmentResource, SegmentScope,
    attributes::AttributeReader,
    bytes::{later, unzigzag},
    columns::Columns,
    ints::Ints,
    spans_write::{Column, FIXED, Header, NO_PARENT, OTHER_PARENT, VERSION},
    texts::Texts,
};

/// A segment of spans. Columns are unpacked when they are first needed.
#[derive(Debug)]
pub struct SpanSegment {
    header: Header,
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
        let start_of_trace = {
            let (ids, _) = self.fixed(Column::TraceId)?.as_chunks::<16>();
            let starts = self.ints(Column::StartOfTrace)?;
            let at = ids.iter().position(|id| *id == trace_id.0);
            starts.get(at.ok_or(SegmentError::Damaged("a trace is not in its segment"))?)
        };
        let before = |column| -> Result<usize, SegmentError> {
            let counts = self.ints(column)?;
            Ok((0..rows.start).map(|row| counts.get(row) as usize).sum())
        };
        let ids = self.span_ids(rows.clone())?;
        let ints = |column| self.ints(column);
        let (parent, other_parent) = (ints(Column::Parent)?, self.texts(Column::OtherParent)?);
        let mut other_parents = (0..rows.start).filter(|&row| parent.get(row) == OTHER_PARENT).count();
        let (start, duration) = (ints(Column::Start)?, ints(Column::Duration)?);
        let (name, kind) = (self.texts(Column::Name)?, ints(Column::Kind)?);
        let (origin, request) = (ints(Column::Origin)?, ints(Column::Request)?);
        let (status, message) = (ints(Column::Status)?, self.texts(Column::Message)?);
        let has_message = |status: u64| status > 0 && (status - 1) & 1 == 1;
        let mut messages = (0..rows.start).filter(|&row| has_message(status.get(row))).count();
        let (trace_state, flags) = (self.texts(Column::TraceState)?, ints(Column::Flags)?);
        let dropped_attributes = ints(Column::DroppedAttributes)?;
        let (dropped_events, dropped_links) = (ints(Column::DroppedEvents)?, ints(Column::DroppedLinks)?);
        let (event_count, link_count) = (ints(Column::EventsOfSpan)?, ints(Column::LinksOfSpan)?);
        let mut attributes = self.attributes(0, Column::Shape, rows.clone())?;
        let sum = |counts: &Ints<'_>| rows.clone().map(|row| counts.get(row) as usize).sum::<usize>();
        let mut events = Events::new(self, before(Column::EventsOfSpan)?, sum(&event_count))?;
        let mut links = Links::new(self, before(Column::LinksOfSpan)?, sum(&link_count))?;
        let mut spans = Vec::with_capacity(ids.len());
        for (row, &span_id) in rows.clone().zip(&ids) {
            let parent_span_id = match parent.get(row) {
                NO_PARENT => Vec::new(),
                OTHER_PARENT => {
                    other_parents += 1;
                    other_parent.get(other_parents - 1).to_vec()
                }
                below => {
                    let at = (row - rows.start) as i64 - unzigzag(below - 2);
                    let id = usize::try_from(at).ok().and_then(|at| ids.get(at));
                    id.ok_or(SegmentError::Damaged("a parent outside of its trace"))?.0.to_vec()
                }
            };
            let start_unix_nano = later(start_of_trace, start.get(row));
            let of_status = (status.get(row) > 0).then(|| {
                let status = status.get(row) - 1;
                let text = if status & 1 == 1 {
                    messages += 1;
                    message.get(messages - 1)
                } else {
                    &[]
                };
                Status { code: StatusCode(unzigzag(status >> 1) as i32), message: formats::decode_text(text) }
            });
            let (resource, scope) = self.header.origins.pair(origin.get(row))?;
            let span = Span {
                trace_id,
                span_id,
                parent_span_id,
                trace_state: formats::decode_text(trace_state.get(row)),
                flags: flags.get(row) as u32,
                name: formats::decode_text(name.get(row)),
                kind: SpanKind(unzigzag(kind.get(row)) as i32),
                start_unix_nano,
                end_unix_nano: later(start_unix_nano, duration.get(row)),
                attributes: attributes.next()?,
                dropped_attributes_count: dropped_attributes.get(row) as u32,
                events: (0..event_count.get(row)).map(|_| events.next(start_unix_nano)).collect::<Result<_, _>>()?,
                dropped_events_count: dropped_events.get(row) as u32,
                links: (0..link_count.get(row)).map(|_| links.next()).collect::<Result<_, _>>()?,
                dropped_links_count: dropped_links.get(row) as u32,
                status: of_status,
            };
            spans.push(SegmentSpan { span, resource, scope, request: self.header.origins.request(request.get(row))? });
        }
        Ok(spans)
    }

    /// A column of attributes of spans (0), events (1) or links (2).
    fn attributes(&self, of: usize, shape: Column, rows: Range<usize>) -> Result<AttributeReader<'_>, SegmentError> {
        let before: usize = self.header.shapes.iter().take(of).map(|shapes| shapes.columns.len()).sum();
        let shapes = self.header.shapes.get(of).ok_or(SegmentError::Damaged("no shapes"))?;
        self.columns.attributes(shapes, shape as usize, FIXED + before, rows)
    }

    fn fixed(&self, column: Column) -> Result<&[u8], SegmentError> {
        self.columns.bytes(column as usize)
    }

    fn ints(&self, column: Column) -> Result<Ints<'_>, SegmentError> {
        self.columns.ints(column as usize)
    }

    fn texts(&self, column: Column) -> Result<Texts<'_>, SegmentError> {
        self.columns.texts(column as usize)
    }
}

/// Events, read one after the other.
struct Events<'a> {
    at: usize,
    columns: Option<(Ints<'a>, Texts<'a>, Ints<'a>, AttributeReader<'a>)>,
}

impl<'a> Events<'a> {
    fn new(segment: &'a SpanSegment, at: usize, count: usize) -> Result<Self, SegmentError> {
        let columns = (count > 0).then(|| -> Result<_, SegmentError> {
            Ok((
                segment.ints(Column::EventTime)?,
                segment.texts(Column::EventName)?,
                segment.ints(Column::EventDroppedAttributes)?,
                segment.attributes(1, Column::EventShape, at..at + count)?,
            ))
        });
        Ok(Self { at, columns: columns.transpose()? })
    }

    fn next(&mut self, start_unix_nano: u64) -> Result<Event, SegmentError> {
        let Some((time, name, dropped, attributes)) = &mut self.columns else {
            return Err(SegmentError::Damaged("an event without columns"));
        };
        let at = self.at;
        self.at += 1;
        Ok(Event {
            time_unix_nano: later(start_unix_nano, time.get(at)),
            name: formats::decode_text(name.get(at)),
            attributes: attributes.next()?,
            dropped_attributes_count: dropped.get(at) as u32,
        })
    }
}

/// Links, read one after the other.
struct Links<'a> {
    at: usize,
    columns: Option<LinkColumns<'a>>,
}

struct LinkColumns<'a> {
    trace_id: Texts<'a>,
    span_id: Texts<'a>,
    trace_state: Texts<'a>,
    flags: Ints<'a>,
    dropped: Ints<'a>,
    attributes: AttributeReader<'a>,
}

impl<'a> Links<'a> {
    fn new(segment: &'a SpanSegment, at: usize, count: usize) -> Result<Self, SegmentError> {
        let columns = (count > 0).then(|| -> Result<_, SegmentError> {
            Ok(LinkColumns {
                trace_id: segment.texts(Column::LinkTraceId)?,
                span_id: segment.texts(Column::LinkSpanId)?,
                trace_state: segment.texts(Column::LinkTraceState)?,
                flags: segment.ints(Column::LinkFlags)?,
                dropped: segment.ints(Column::LinkDroppedAttributes)?,
                attributes: segment.attributes(2, Column::LinkShape, at..at + count)?,
            })
        });
        Ok(Self { at, columns: columns.transpose()? })
    }

    fn next(&mut self) -> Result<Link, SegmentError> {
        let Some(columns) = &mut self.columns else {
            return Err(SegmentError::Damaged("a link without columns"));
        };
        let at = self.at;
        self.at += 1;
        Ok(Link {
            trace_id: columns.trace_id.get(at).to_vec(),
            span_id: columns.span_id.get(at).to_vec(),
            trace_state: formats::decode_text(columns.trace_state.get(at)),
            attributes: columns.attributes.next()?,
            dropped_attributes_count: columns.dropped.get(at) as u32,
            flags: columns.flags.get(at) as u32,
        })
    }
}
