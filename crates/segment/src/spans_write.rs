//! Spans becoming columns.

use formats::raw::{RawEvent, RawLink, RawSpan};
use hashbrown::HashMap;
use model::TraceId;
use serde::{Deserialize, Serialize};

use crate::{
    Batch, ByTrace, Encoded, Request, SegmentError, Shapes,
    attributes::{AttributeColumns, CutAttributes, Values},
    batch::TraceItems,
    bytes::{difference, zigzag},
    container::Directory,
    frames::{FrameDirectory, FramePacker},
    ints::{put_deltas, put_ints},
    origins::{Origins, UsedOrigins, requests_to_bytes},
    texts::TextColumn,
    trigrams::TrigramFilterBuilder,
    value_filter::ValueFilterBuilder,
};

/// Version of the layout of a segment of spans. In version 1 no column was cut in runs, and origins and requests stood in
/// the header.
pub(crate) const VERSION: u8 = 2;
/// Rows of a run, about: what is unpacked at least to read one trace. Half as many cost a byte a span more.
const RUN_ROWS: usize = 8192;

/// The columns of every segment of spans, in the order in which they are packed. Values of attributes of
/// spans, events and links follow them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Column {
    /// 16 bytes a trace.
    TraceId,
    /// Spans of each trace.
    SpansOfTrace,
    /// Start of each trace's earliest span.
    StartOfTrace,
    /// 8 bytes a span.
    SpanId,
    /// [`NO_PARENT`], [`OTHER_PARENT`], or how many rows below it its parent stands, zigzag, from 2.
    Parent,
    /// Parent ids that are not those of a span of the trace in this segment, as they came.
    OtherParent,
    /// From the start of the trace, zigzag.
    Start,
    /// From start to end, zigzag.
    Duration,
    Name,
    Kind,
    /// Index of resource and scope.
    Origin,
    /// Index of the request.
    Request,
    /// 0 without a status; else its code, zigzag, doubled, with a bit for a message, from 1.
    Status,
    Message,
    TraceState,
    Flags,
    DroppedAttributes,
    DroppedEvents,
    DroppedLinks,
    Shape,
    EventsOfSpan,
    /// From the start of the span, zigzag.
    EventTime,
    EventName,
    EventDroppedAttributes,
    EventShape,
    LinksOfSpan,
    LinkTraceId,
    LinkSpanId,
    LinkTraceState,
    LinkFlags,
    LinkDroppedAttributes,
    LinkShape,
    /// Resources, scopes and their pairs.
    Origins,
    Requests,
}

impl Column {
    /// How many columns there were before those of values in version 1.
    pub(crate) const FIXED_1: usize = Column::LinkShape as usize + 1;
}

/// How many columns there are before those of values.
pub(crate) const FIXED: usize = Column::Requests as usize + 1;

pub(crate) const NO_PARENT: u64 = 0;
pub(crate) const OTHER_PARENT: u64 = 1;

/// What is needed to read the columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) version: u8,
    pub(crate) rows: u32,
    /// The rows of each run. No trace is in two.
    pub(crate) runs: Vec<u32>,
    pub(crate) directory: FrameDirectory,
    /// Of spans, events and links.
    pub(crate) shapes: [Shapes; 3],
}

/// The same in version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header1 {
    pub(crate) version: u8,
    pub(crate) rows: u32,
    pub(crate) directory: Directory,
    pub(crate) origins: Origins,
    pub(crate) shapes: [Shapes; 3],
}

#[derive(Default)]
struct Columns {
    trace_ids: Vec<u8>,
    spans_of_trace: Vec<u64>,
    start_of_trace: Vec<u64>,
    span_ids: Vec<u8>,
    parent: Vec<u64>,
    other_parent: TextColumn,
    start: Vec<u64>,
    duration: Vec<u64>,
    name: TextColumn,
    kind: Vec<u64>,
    origin: Vec<u64>,
    request: Vec<u64>,
    status: Vec<u64>,
    message: TextColumn,
    trace_state: TextColumn,
    flags: Vec<u64>,
    dropped_attributes: Vec<u64>,
    dropped_events: Vec<u64>,
    dropped_links: Vec<u64>,
    attributes: AttributeColumns,
    events_of_span: Vec<u64>,
    event_time: Vec<u64>,
    event_name: TextColumn,
    event_dropped_attributes: Vec<u64>,
    event_attributes: AttributeColumns,
    links_of_span: Vec<u64>,
    link_trace_id: TextColumn,
    link_span_id: TextColumn,
    link_trace_state: TextColumn,
    link_flags: Vec<u64>,
    link_dropped_attributes: Vec<u64>,
    link_attributes: AttributeColumns,
    /// By run, how long the columns of spans, events, links, messages and other parents were at its end.
    ends: [Vec<usize>; 5],
}

/// A span on its way into a segment, for those who note something of it while it is at hand.
#[derive(Debug)]
pub struct Passing<'b, 'a> {
    /// The trace to which it belongs.
    pub trace_id: TraceId,
    /// The span.
    pub span: &'b RawSpan<'a>,
    /// The request that brought it.
    pub request: Request,
    /// Index in [`Batch::resources`].
    pub origin: u32,
}

impl<'a> Batch<'a> {
    /// Shows each span to `visit`, trace by trace.
    ///
    /// # Errors
    /// [`SegmentError::Request`] where a span is not one.
    pub fn visit_spans(&self, traces: &ByTrace, mut visit: impl FnMut(&Passing<'_, 'a>)) -> Result<(), SegmentError> {
        let mut span = RawSpan::default();
        for trace in &traces.0 {
            for item in trace.items.iter().filter_map(|&at| self.items.get(at as usize)) {
                span.read(item.message)?;
                let request = self.requests.get(item.request as usize).copied().unwrap_or_default();
                visit(&Passing { trace_id: trace.trace_id, span: &span, request, origin: item.origin });
            }
        }
        Ok(())
    }
}

/// Makes a segment of the spans of the traces that are wanted; `None` if there are none. Each span is shown to
/// `visit`, trace by trace.
///
/// # Errors
/// [`SegmentError::Request`] where a span is not one.
pub fn encode_spans<'a>(
    batch: &Batch<'a>,
    traces: &ByTrace,
    is_wanted: impl Fn(TraceId) -> bool,
    mut visit: impl FnMut(&Passing<'_, 'a>),
) -> Result<Option<Encoded>, SegmentError> {
    let mut columns = Columns::default();
    let mut used = UsedOrigins::default();
    let mut span = RawSpan::default();
    let mut parents = Parents::default();
    let wanted: Vec<&TraceItems> = traces.0.iter().filter(|trace| is_wanted(trace.trace_id)).collect();
    let rows: usize = wanted.iter().map(|trace| trace.items.len()).sum();
    // All about as long.
    let run_rows = rows.div_ceil((rows / batch.run_rows.unwrap_or(RUN_ROWS)).max(1));
    columns.reserve(rows);
    for trace in wanted {
        columns.trace_ids.extend_from_slice(&trace.trace_id.0);
        columns.spans_of_trace.push(trace.items.len() as u64);
        columns.start_of_trace.push(trace.start_unix_nano);
        parents.begin();
        for item in trace.items.iter().filter_map(|&at| batch.items.get(at as usize)) {
            span.read(item.message)?;
            columns.origin.push(used.pair(item.origin, &batch.origins));
            columns.request.push(used.request(item.request, &batch.requests));
            parents.add(span.span_id, span.parent_span_id);
            columns.push(&span, trace.start_unix_nano)?;
            let request = batch.requests.get(item.request as usize).copied().unwrap_or_default();
            visit(&Passing { trace_id: trace.trace_id, span: &span, request, origin: item.origin });
        }
        parents.put(&mut columns);
        columns.end_run_of(run_rows);
    }
    columns.end_run_of(1);
    if columns.kind.is_empty() {
        return Ok(None);
    }
    columns.pack(used.finish()).map(Some)
}

/// The ids of one trace's spans, and those of their parents.
#[derive(Default)]
struct Parents<'a> {
    ids: Vec<&'a [u8]>,
    parents: Vec<&'a [u8]>,
    rows: HashMap<&'a [u8], usize>,
}

/// In traces of so few spans a parent is looked for one by one.
const FEW: usize = 24;

impl<'a> Parents<'a> {
    fn begin(&mut self) {
        self.ids.clear();
        self.parents.clear();
        self.rows.clear();
    }

    fn add(&mut self, id: &'a [u8], parent: &'a [u8]) {
        self.ids.push(id);
        self.parents.push(parent);
    }

    fn put(&mut self, columns: &mut Columns) {
        if self.ids.len() > FEW {
            self.rows.extend(self.ids.iter().enumerate().map(|(row, &id)| (id, row)));
        }
        for (row, &parent) in self.parents.iter().enumerate() {
            let found = || match self.ids.len() > FEW {
                true => self.rows.get(parent).copied(),
                false => self.ids.iter().position(|&id| id == parent),
            };
            columns.parent.push(match parent {
                [] => NO_PARENT,
                parent => match found() {
                    Some(at) => 2 + zigzag(row as i64 - at as i64),
                    None => {
                        columns.other_parent.push(parent);
                        OTHER_PARENT
                    }
                },
            });
        }
    }
}

impl Columns {
    /// Makes room for so many spans: to grow step by step would copy all that is there again and again.
    fn reserve(&mut self, rows: usize) {
        self.span_ids.reserve(rows * SPAN_ID_BYTES);
        for numbers in [
            &mut self.parent,
            &mut self.start,
            &mut self.duration,
            &mut self.kind,
            &mut self.origin,
            &mut self.request,
            &mut self.status,
            &mut self.flags,
            &mut self.dropped_attributes,
            &mut self.dropped_events,
            &mut self.dropped_links,
            &mut self.events_of_span,
            &mut self.links_of_span,
        ] {
            numbers.reserve(rows);
        }
        self.attributes.reserve(rows);
        for texts in [&mut self.name, &mut self.trace_state] {
            texts.reserve(rows);
        }
    }

    fn push(&mut self, span: &RawSpan<'_>, start_of_trace: u64) -> Result<(), SegmentError> {
        let id: &[u8; 8] = span.span_id.try_into().map_err(|_| SegmentError::Damaged("a span without an id"))?;
        self.span_ids.extend_from_slice(id);
        self.start.push(difference(span.start_unix_nano, start_of_trace));
        self.duration.push(difference(span.end_unix_nano, span.start_unix_nano));
        self.name.push(span.name);
        self.kind.push(zigzag(span.kind.into()));
        self.status.push(match span.status {
            None => 0,
            Some((code, message)) => {
                if !message.is_empty() {
                    self.message.push(message);
                }
                1 + (zigzag(code.into()) << 1 | u64::from(!message.is_empty()))
            }
        });
        self.trace_state.push(span.trace_state);
        self.flags.push(span.flags.into());
        self.dropped_attributes.push(span.dropped_attributes_count.into());
        self.dropped_events.push(span.dropped_events_count.into());
        self.dropped_links.push(span.dropped_links_count.into());
        self.attributes.push(&span.attributes);
        self.events_of_span.push(span.events.len() as u64);
        for event in &span.events {
            let event = RawEvent::of(event)?;
            self.event_time.push(difference(event.time_unix_nano, span.start_unix_nano));
            self.event_name.push(event.name);
            self.event_dropped_attributes.push(event.dropped_attributes_count.into());
            self.event_attributes.push(&event.attributes);
        }
        self.links_of_span.push(span.links.len() as u64);
        for link in &span.links {
            let link = RawLink::of(link)?;
            self.link_trace_id.push(link.trace_id);
            self.link_span_id.push(link.span_id);
            self.link_trace_state.push(link.trace_state);
            self.link_flags.push(link.flags.into());
            self.link_dropped_attributes.push(link.dropped_attributes_count.into());
            self.link_attributes.push(&link.attributes);
        }
        Ok(())
    }

    /// Ends the run if it has so many rows.
    fn end_run_of(&mut self, rows: usize) {
        let [of_spans, of_events, of_links, of_messages, of_other_parents] = &mut self.ends;
        let row = self.kind.len();
        if row - of_spans.last().copied().unwrap_or_default() < rows {
            return;
        }
        of_spans.push(row);
        of_events.push(self.event_time.len());
        of_links.push(self.link_flags.len());
        of_messages.push(self.message.len());
        of_other_parents.push(self.other_parent.len());
        self.attributes.end_run();
        self.event_attributes.end_run();
        self.link_attributes.end_run();
    }

    fn pack(self, mut origins: Origins) -> Result<Encoded, SegmentError> {
        let rows = self.kind.len() as u32;
        let [spans, events, links, messages, other_parents] = &self.ends;
        let mut start = 0;
        let runs = spans.iter().map(|&end| (end - std::mem::replace(&mut start, end)) as u32).collect();
        let mut packer = FramePacker::new()?;
        let CutAttributes { shapes, rows: shape, values } = self.attributes.cut();
        let of_events = self.event_attributes.cut();
        let of_links = self.link_attributes.cut();
        let (mut filter, mut trigrams) = (ValueFilterBuilder::default(), TrigramFilterBuilder::default());
        for (of, values) in
            [(&shapes, &values), (&of_events.shapes, &of_events.values), (&of_links.shapes, &of_links.values)]
        {
            for (column, (values, _)) in of.columns.iter().zip(values) {
                filter.add_column(column, values);
                trigrams.add_column(column, values);
            }
        }
        filter.add_names(&self.name);
        filter.add_event_names(&self.event_name);
        [&self.name, &self.event_name].into_iter().for_each(|names| trigrams.add_texts(names));
        let resources = origins.resources()?.into_iter().filter_map(|one| Some(one.resource?.attributes));
        let scopes = origins.scopes()?.into_iter().filter_map(|one| Some(one.scope?.attributes));
        for attributes in resources.chain(scopes) {
            filter.add_attributes(&attributes);
            trigrams.add_attributes(&attributes);
        }
        // In the order of `Column`.
        packer.add_whole(&self.trace_ids);
        packer.add_whole(&ints(&self.spans_of_trace));
        packer.add_whole(&deltas(&self.start_of_trace));
        packer.add_bytes(&self.span_ids, SPAN_ID_BYTES, spans);
        packer.add_ints(&self.parent, spans);
        packer.add_texts(self.other_parent, other_parents);
        packer.add_ints(&self.start, spans);
        packer.add_ints(&self.duration, spans);
        packer.add_texts(self.name, spans);
        for numbers in [&self.kind, &self.origin, &self.request, &self.status] {
            packer.add_ints(numbers, spans);
        }
        packer.add_texts(self.message, messages);
        packer.add_texts(self.trace_state, spans);
        for numbers in [&self.flags, &self.dropped_attributes, &self.dropped_events, &self.dropped_links] {
            packer.add_ints(numbers, spans);
        }
        packer.add_ints(&shape, spans);
        packer.add_ints(&self.events_of_span, spans);
        packer.add_ints(&self.event_time, events);
        packer.add_texts(self.event_name, events);
        packer.add_ints(&self.event_dropped_attributes, events);
        packer.add_ints(&of_events.rows, events);
        packer.add_ints(&self.links_of_span, spans);
        packer.add_texts(self.link_trace_id, links);
        packer.add_texts(self.link_span_id, links);
        packer.add_texts(self.link_trace_state, links);
        packer.add_ints(&self.link_flags, links);
        packer.add_ints(&self.link_dropped_attributes, links);
        packer.add_ints(&of_links.rows, links);
        let requests = origins.take_requests();
        packer.add_whole(&origins.to_bytes()?);
        packer.add_whole(&requests_to_bytes(&requests));
        for (values, ends) in values.into_iter().chain(of_events.values).chain(of_links.values) {
            match values {
                Values::None(_) => packer.add_nothing(),
                Values::Texts(texts) => packer.add_texts(texts, &ends),
                Values::Numbers(numbers) => packer.add_ints(&numbers, &ends),
            }
        }
        let (directory, blobs) = packer.finish();
        let shapes = [shapes, of_events.shapes, of_links.shapes];
        let encoded = Encoded::new(&Header { version: VERSION, rows, runs, directory, shapes }, rows, blobs)?;
        Ok(Encoded { values: filter.finish(), trigrams: trigrams.finish(), ..encoded })
    }
}

/// Bytes of the id of a span.
pub(crate) const SPAN_ID_BYTES: usize = 8;

fn ints(values: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_ints(&mut bytes, values);
    bytes
}

fn deltas(values: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_deltas(&mut bytes, values);
    bytes
}
