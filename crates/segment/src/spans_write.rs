//! Spans becoming columns.

use formats::raw::{RawEvent, RawLink, RawSpan};
use hashbrown::HashMap;
use model::TraceId;
use serde::{Deserialize, Serialize};

use crate::{
    Batch, ByTrace, Encoded, Request, SegmentError, Shapes,
    attributes::AttributeColumns,
    bytes::{difference, zigzag},
    container::{Directory, Packer},
    origins::{Origins, UsedOrigins},
    texts::TextColumn,
};

/// Version of the layout of a segment of spans.
pub(crate) const VERSION: u8 = 1;

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
}

/// How many columns there are before those of values.
pub(crate) const FIXED: usize = Column::LinkShape as usize + 1;

pub(crate) const NO_PARENT: u64 = 0;
pub(crate) const OTHER_PARENT: u64 = 1;

/// What is needed to read the columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) version: u8,
    pub(crate) rows: u32,
    pub(crate) directory: Directory,
    pub(crate) origins: Origins,
    /// Of spans, events and links.
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
    for trace in traces.0.iter().filter(|trace| is_wanted(trace.trace_id)) {
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
    }
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

    fn pack(self, origins: Origins) -> Result<Encoded, SegmentError> {
        let rows = self.kind.len() as u32;
        let mut packer = Packer::new()?;
        let (shapes, shape, values) = self.attributes.finish();
        let (event_shapes, event_shape, event_values) = self.event_attributes.finish();
        let (link_shapes, link_shape, link_values) = self.link_attributes.finish();
        // In the order of `Column`.
        packer.add(self.trace_ids);
        packer.add_ints(&self.spans_of_trace);
        packer.add_deltas(&self.start_of_trace);
        packer.add(self.span_ids);
        packer.add_ints(&self.parent);
        packer.add_texts(self.other_parent);
        packer.add_ints(&self.start);
        packer.add_ints(&self.duration);
        packer.add_texts(self.name);
        for numbers in [&self.kind, &self.origin, &self.request, &self.status] {
            packer.add_ints(numbers);
        }
        packer.add_texts(self.message);
        packer.add_texts(self.trace_state);
        for numbers in [&self.flags, &self.dropped_attributes, &self.dropped_events, &self.dropped_links] {
            packer.add_ints(numbers);
        }
        packer.add(shape);
        packer.add_ints(&self.events_of_span);
        packer.add_ints(&self.event_time);
        packer.add_texts(self.event_name);
        packer.add_ints(&self.event_dropped_attributes);
        packer.add(event_shape);
        packer.add_ints(&self.links_of_span);
        packer.add_texts(self.link_trace_id);
        packer.add_texts(self.link_span_id);
        packer.add_texts(self.link_trace_state);
        packer.add_ints(&self.link_flags);
        packer.add_ints(&self.link_dropped_attributes);
        packer.add(link_shape);
        for column in values.into_iter().chain(event_values).chain(link_values) {
            packer.add(column);
        }
        let (directory, blobs) = packer.finish();
        let header = Header { version: VERSION, rows, directory, origins, shapes: [shapes, event_shapes, link_shapes] };
        Encoded::new(&header, rows, blobs)
    }
}
