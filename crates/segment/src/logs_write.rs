//! Log records becoming columns.

use formats::raw::{RawAttribute, RawLog, RawValue};
use serde::{Deserialize, Serialize};

use crate::{
    Batch, Encoded, SegmentError, Shapes,
    attributes::AttributeColumns,
    batch::Item,
    bytes::{difference, zigzag},
    container::{Directory, Packer},
    origins::{Origins, UsedOrigins},
    texts::TextColumn,
};

/// Version of the layout of a segment of log records.
pub(crate) const VERSION: u8 = 1;

/// The columns of every segment of log records, in the order in which they are packed. Values of attributes
/// and bodies follow them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Column {
    /// When it happened, else when it was seen.
    Time,
    /// [`HAPPENED`] or [`SEEN`]: what the time says.
    TimeIs,
    /// When it was seen, from the time, zigzag.
    Observed,
    /// Zigzag.
    Severity,
    SeverityText,
    /// As it came.
    TraceId,
    /// As it came.
    SpanId,
    EventName,
    Flags,
    DroppedAttributes,
    /// Index of resource and scope.
    Origin,
    /// Index of the request.
    Request,
    Shape,
    /// Shape of the body, which is a list of one attribute without a key, or of none.
    BodyShape,
}

/// How many columns there are before those of values.
pub(crate) const FIXED: usize = Column::BodyShape as usize + 1;

/// The time is when the record happened.
pub(crate) const HAPPENED: u64 = 0;
/// The time is when the record was seen: when it happened is not known.
pub(crate) const SEEN: u64 = 1;

/// What is needed to read the columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) version: u8,
    pub(crate) rows: u32,
    /// The least and the greatest time.
    pub(crate) times: (u64, u64),
    pub(crate) directory: Directory,
    pub(crate) origins: Origins,
    /// Of attributes and bodies.
    pub(crate) shapes: [Shapes; 2],
}

#[derive(Default)]
struct Columns {
    time: Vec<u64>,
    time_is: Vec<u64>,
    observed: Vec<u64>,
    severity: Vec<u64>,
    severity_text: TextColumn,
    trace_id: TextColumn,
    span_id: TextColumn,
    event_name: TextColumn,
    flags: Vec<u64>,
    dropped_attributes: Vec<u64>,
    origin: Vec<u64>,
    request: Vec<u64>,
    attributes: AttributeColumns,
    body: AttributeColumns,
}

/// Makes a segment of log records; `None` if there are none. Records stand by [`model::LogRecord::time`], at one
/// time as they arrived.
///
/// # Errors
/// [`SegmentError::Request`] where a record is not one.
pub fn encode_logs(batch: &Batch<'_>) -> Result<Option<Encoded>, SegmentError> {
    if batch.items.is_empty() {
        return Ok(None);
    }
    let mut by_time: Vec<(u64, &Item<'_>)> = Vec::with_capacity(batch.items.len());
    for item in &batch.items {
        by_time.push((formats::raw::trace_and_time(item.message)?.1, item));
    }
    by_time.sort_by_key(|(time, _)| *time);
    let mut columns = Columns::default();
    let mut used = UsedOrigins::default();
    let mut log = RawLog::default();
    for (time, item) in by_time {
        log.read(item.message)?;
        columns.origin.push(used.pair(item.origin, &batch.origins));
        columns.request.push(used.request(item.request, &batch.requests));
        columns.push(&log, time);
    }
    columns.pack(used.finish()).map(Some)
}

impl Columns {
    fn push(&mut self, log: &RawLog<'_>, time: u64) {
        self.time.push(time);
        self.time_is.push(if log.time_unix_nano == 0 { SEEN } else { HAPPENED });
        self.observed.push(difference(log.observed_time_unix_nano, time));
        self.severity.push(zigzag(log.severity_number.into()));
        self.severity_text.push(log.severity_text);
        self.trace_id.push(log.trace_id);
        self.span_id.push(log.span_id);
        self.event_name.push(log.event_name);
        self.flags.push(log.flags.into());
        self.dropped_attributes.push(log.dropped_attributes_count.into());
        self.attributes.push(&log.attributes);
        match log.body.as_deref() {
            None => self.body.push(&[]),
            Some(body) => self.body.push(&[RawAttribute { key: &[], value: RawValue::of(body) }]),
        }
    }

    fn pack(self, origins: Origins) -> Result<Encoded, SegmentError> {
        let rows = self.time.len() as u32;
        let times = (self.time.first().copied().unwrap_or_default(), self.time.last().copied().unwrap_or_default());
        let mut packer = Packer::new()?;
        let (shapes, shape, values) = self.attributes.finish();
        let (body_shapes, body_shape, body_values) = self.body.finish();
        // In the order of `Column`.
        packer.add_deltas(&self.time);
        packer.add_ints(&self.time_is);
        packer.add_ints(&self.observed);
        packer.add_ints(&self.severity);
        for texts in [self.severity_text, self.trace_id, self.span_id, self.event_name] {
            packer.add_texts(texts);
        }
        for numbers in [&self.flags, &self.dropped_attributes, &self.origin, &self.request] {
            packer.add_ints(numbers);
        }
        packer.add(shape);
        packer.add(body_shape);
        for column in values.into_iter().chain(body_values) {
            packer.add(column);
        }
        let (directory, blobs) = packer.finish();
        let header = Header { version: VERSION, rows, times, directory, origins, shapes: [shapes, body_shapes] };
        Encoded::new(&header, rows, blobs)
    }
}
