//! Spans of a run of rows, read one after the other: what stands before them is counted once.

use std::ops::Range;

use model::{Event, Link, Span, SpanKind, Status, StatusCode, TraceId};

use crate::{
    SegmentError, SegmentSpan, SpanSegment,
    attributes::AttributeReader,
    bytes::{later, unzigzag},
    ints::Ints,
    spans_write::{Column, NO_PARENT, OTHER_PARENT},
    texts::Texts,
};

/// Columns of spans, and how far those have been read that not every span has a row in.
pub(crate) struct SpanReader<'a> {
    segment: &'a SpanSegment,
    run: usize,
    start_of_trace: Ints<'a>,
    parent: Ints<'a>,
    other_parent: Texts<'a>,
    other_parents: usize,
    start: Ints<'a>,
    duration: Ints<'a>,
    name: Texts<'a>,
    kind: Ints<'a>,
    origin: Ints<'a>,
    request: Ints<'a>,
    status: Ints<'a>,
    message: Texts<'a>,
    messages: usize,
    trace_state: Texts<'a>,
    flags: Ints<'a>,
    dropped_attributes: Ints<'a>,
    dropped_events: Ints<'a>,
    dropped_links: Ints<'a>,
    attributes: AttributeReader<'a>,
    event_count: Ints<'a>,
    events: Events<'a>,
    link_count: Ints<'a>,
    links: Links<'a>,
}

/// A sum, and the counts of these rows added to it.
fn sum(counts: &Ints<'_>, to: usize, rows: Range<usize>) -> Result<usize, SegmentError> {
    let mut counts = rows.map(|row| usize::try_from(counts.get(row)).ok());
    let sum = counts.try_fold(to, |sum, count| sum.checked_add(count?));
    sum.ok_or(SegmentError::Damaged("more than can be counted"))
}

fn has_message(status: u64) -> bool {
    status > 0 && (status - 1) & 1 == 1
}

impl<'a> SpanReader<'a> {
    /// A reader that stands before these rows of a run.
    pub(crate) fn new(segment: &'a SpanSegment, run: usize, rows: Range<usize>) -> Result<Self, SegmentError> {
        let ints = |column| segment.ints(column, run);
        let texts = |column| segment.texts(column, run);
        let (parent, status) = (ints(Column::Parent)?, ints(Column::Status)?);
        let (event_count, link_count) = (ints(Column::EventsOfSpan)?, ints(Column::LinksOfSpan)?);
        let of_rows = |counts: &Ints<'_>| -> Result<Range<usize>, SegmentError> {
            let start = sum(counts, 0, 0..rows.start)?;
            Ok(start..sum(counts, start, rows.clone())?)
        };
        Ok(Self {
            segment,
            run,
            start_of_trace: ints(Column::StartOfTrace)?,
            other_parents: (0..rows.start).filter(|&row| parent.get(row) == OTHER_PARENT).count(),
            parent,
            other_parent: texts(Column::OtherParent)?,
            start: ints(Column::Start)?,
            duration: ints(Column::Duration)?,
            name: texts(Column::Name)?,
            kind: ints(Column::Kind)?,
            origin: ints(Column::Origin)?,
            request: ints(Column::Request)?,
            messages: (0..rows.start).filter(|&row| has_message(status.get(row))).count(),
            status,
            message: texts(Column::Message)?,
            trace_state: texts(Column::TraceState)?,
            flags: ints(Column::Flags)?,
            dropped_attributes: ints(Column::DroppedAttributes)?,
            dropped_events: ints(Column::DroppedEvents)?,
            dropped_links: ints(Column::DroppedLinks)?,
            attributes: segment.attributes(0, run, rows.clone(), |_| true)?,
            events: Events::new(segment, run, of_rows(&event_count)?)?,
            event_count,
            links: Links::new(segment, run, of_rows(&link_count)?)?,
            link_count,
        })
    }

    /// The spans of the next trace: its place among the traces, its id and its rows in the run.
    pub(crate) fn trace(
        &mut self,
        trace: usize,
        trace_id: TraceId,
        rows: Range<usize>,
    ) -> Result<Vec<SegmentSpan>, SegmentError> {
        let start_of_trace = self.start_of_trace.get(trace);
        let ids = self.segment.span_ids_in(self.run, rows.clone())?;
        let mut spans = Vec::with_capacity(ids.len());
        for (row, &span_id) in rows.clone().zip(&ids) {
            let parent_span_id = match self.parent.get(row) {
                NO_PARENT => Vec::new(),
                OTHER_PARENT => {
                    self.other_parents += 1;
                    self.other_parent.get(self.other_parents - 1).to_vec()
                }
                below => {
                    let at = (row - rows.start) as i64 - unzigzag(below - 2);
                    let id = usize::try_from(at).ok().and_then(|at| ids.get(at));
                    id.ok_or(SegmentError::Damaged("a parent outside of its trace"))?.0.to_vec()
                }
            };
            let start_unix_nano = later(start_of_trace, self.start.get(row));
            let status = self.status(row);
            let (resource, scope) = self.segment.origins()?.pair(self.origin.get(row))?;
            let (events, links) = (self.event_count.get(row), self.link_count.get(row));
            let span = Span {
                trace_id,
                span_id,
                parent_span_id,
                trace_state: formats::decode_text(self.trace_state.get(row)),
                flags: self.flags.get(row) as u32,
                name: formats::decode_text(self.name.get(row)),
                kind: SpanKind(unzigzag(self.kind.get(row)) as i32),
                start_unix_nano,
                end_unix_nano: later(start_unix_nano, self.duration.get(row)),
                attributes: self.attributes.next()?,
                dropped_attributes_count: self.dropped_attributes.get(row) as u32,
                events: (0..events).map(|_| self.events.next(start_unix_nano)).collect::<Result<_, _>>()?,
                dropped_events_count: self.dropped_events.get(row) as u32,
                links: (0..links).map(|_| self.links.next()).collect::<Result<_, _>>()?,
                dropped_links_count: self.dropped_links.get(row) as u32,
                status,
            };
            let request = self.segment.request(self.request.get(row))?;
            spans.push(SegmentSpan { span, resource, scope, request });
        }
        Ok(spans)
    }

    fn status(&mut self, row: usize) -> Option<Status> {
        let status = self.status.get(row).checked_sub(1)?;
        let mut message: &[u8] = &[];
        if status & 1 == 1 {
            message = self.message.get(self.messages);
            self.messages += 1;
        }
        Some(Status { code: StatusCode(unzigzag(status >> 1) as i32), message: formats::decode_text(message) })
    }
}

/// Events, read one after the other.
struct Events<'a> {
    at: usize,
    columns: Option<(Ints<'a>, Texts<'a>, Ints<'a>, AttributeReader<'a>)>,
}

impl<'a> Events<'a> {
    /// Those in these rows of their columns.
    fn new(segment: &'a SpanSegment, run: usize, rows: Range<usize>) -> Result<Self, SegmentError> {
        let at = rows.start;
        let columns = (!rows.is_empty()).then(|| -> Result<_, SegmentError> {
            let time = segment.ints(Column::EventTime, run)?;
            if rows.end > time.len() {
                return Err(SegmentError::Damaged("events are missing"));
            }
            Ok((
                time,
                segment.texts(Column::EventName, run)?,
                segment.ints(Column::EventDroppedAttributes, run)?,
                segment.attributes(1, run, rows, |_| true)?,
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
    /// Those in these rows of their columns.
    fn new(segment: &'a SpanSegment, run: usize, rows: Range<usize>) -> Result<Self, SegmentError> {
        let at = rows.start;
        let columns = (!rows.is_empty()).then(|| -> Result<_, SegmentError> {
            let trace_id = segment.texts(Column::LinkTraceId, run)?;
            if rows.end > trace_id.len() {
                return Err(SegmentError::Damaged("links are missing"));
            }
            Ok(LinkColumns {
                trace_id,
                span_id: segment.texts(Column::LinkSpanId, run)?,
                trace_state: segment.texts(Column::LinkTraceState, run)?,
                flags: segment.ints(Column::LinkFlags, run)?,
                dropped: segment.ints(Column::LinkDroppedAttributes, run)?,
                attributes: segment.attributes(2, run, rows, |_| true)?,
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
