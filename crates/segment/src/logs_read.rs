//! Columns becoming log records again.

use std::ops::Range;

use hashbrown::{HashMap, hash_map::Entry};
use model::{LogRecord, TraceId};

use crate::{
    Request, SegmentError, SegmentResource, SegmentScope,
    bytes::{later, unzigzag},
    columns::Columns,
    ints::Ints,
    logs_write::{Column, FIXED, Header, SEEN, VERSION},
    texts::Texts,
};

/// A segment of log records. Columns are unpacked when they are first needed.
#[derive(Debug)]
pub struct LogSegment {
    header: Header,
    columns: Columns,
}

/// A log record as a segment holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentLog {
    /// The record.
    pub record: LogRecord,
    /// Index in [`LogSegment::resources`].
    pub resource: u32,
    /// Index in [`LogSegment::scopes`].
    pub scope: u32,
    /// The request that brought it.
    pub request: Request,
}

impl LogSegment {
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

    /// How many log records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.header.rows as usize
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.header.rows == 0
    }

    /// The least and the greatest [`LogRecord::time`], nanoseconds since the Unix epoch.
    #[must_use]
    pub fn times(&self) -> (u64, u64) {
        self.header.times
    }

    /// What the columns take, packed, in bytes: the fixed ones by number, the others by their key.
    pub fn sizes(&self) -> impl Iterator<Item = (String, usize)> + '_ {
        let fixed = (0..FIXED).map(|number| format!("column {number}"));
        let values = self.header.shapes.iter().flat_map(|shapes| &shapes.columns);
        fixed.chain(values.map(|column| formats::decode_text(&column.key))).zip(self.columns.sizes())
    }

    /// The traces whose valid ids the records name, each with the number of its records, by its earliest.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn trace_ids(&self) -> Result<Vec<(TraceId, u32)>, SegmentError> {
        let ids = self.texts(Column::TraceId)?;
        let mut traces: Vec<(TraceId, u32)> = Vec::new();
        let mut numbers: HashMap<TraceId, usize> = HashMap::new();
        for row in 0..self.len().min(ids.len()) {
            let Some(id) = TraceId::from_slice(ids.get(row)).filter(|id| !id.is_zero()) else { continue };
            match numbers.entry(id) {
                Entry::Vacant(new) => {
                    new.insert(traces.len());
                    traces.push((id, 1));
                }
                Entry::Occupied(known) => {
                    if let Some((_, count)) = traces.get_mut(*known.get()) {
                        *count += 1;
                    }
                }
            }
        }
        Ok(traces)
    }

    /// The resources that records name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where one does not decode.
    pub fn resources(&self) -> Result<Vec<SegmentResource>, SegmentError> {
        self.header.origins.resources()
    }

    /// The scopes that records name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where one does not decode.
    pub fn scopes(&self) -> Result<Vec<SegmentScope>, SegmentError> {
        self.header.origins.scopes()
    }

    /// The records of a trace by time, at one time as they arrived; none where it has none here.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn records_of(&self, trace_id: TraceId) -> Result<Vec<SegmentLog>, SegmentError> {
        let rows = self.texts(Column::TraceId)?.rows_of(&trace_id.0, self.len());
        self.read(rows.iter().copied())
    }

    /// The records in these rows; rows rise with time. Rows beyond the last are none.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn records(&self, rows: Range<usize>) -> Result<Vec<SegmentLog>, SegmentError> {
        self.read(rows.start..rows.end.min(self.len()))
    }

    fn read(&self, rows: impl Iterator<Item = usize> + Clone) -> Result<Vec<SegmentLog>, SegmentError> {
        if rows.clone().next().is_none() {
            return Ok(Vec::new());
        }
        let time = self.ints(Column::Time)?;
        // What the header claims must not cost memory: times are the column that cannot be constant.
        if time.len() != self.len() {
            return Err(SegmentError::Damaged("records are missing or too many"));
        }
        let (time_is, observed) = (self.ints(Column::TimeIs)?, self.ints(Column::Observed)?);
        let (severity, severity_text) = (self.ints(Column::Severity)?, self.texts(Column::SeverityText)?);
        let (trace_id, span_id) = (self.texts(Column::TraceId)?, self.texts(Column::SpanId)?);
        let (event_name, flags) = (self.texts(Column::EventName)?, self.ints(Column::Flags)?);
        let dropped_attributes = self.ints(Column::DroppedAttributes)?;
        let (origin, request) = (self.ints(Column::Origin)?, self.ints(Column::Request)?);
        let [shapes, body_shapes] = &self.header.shapes;
        let bodies = FIXED + shapes.columns.len();
        let mut attributes = self.columns.attributes(shapes, Column::Shape as usize, FIXED, rows.clone())?;
        let mut body = self.columns.attributes(body_shapes, Column::BodyShape as usize, bodies, rows.clone())?;
        let mut records = Vec::new();
        for row in rows {
            attributes.skip_to(row);
            body.skip_to(row);
            let time = time.get(row);
            let (resource, scope) = self.header.origins.pair(origin.get(row))?;
            let record = LogRecord {
                time_unix_nano: if time_is.get(row) == SEEN { 0 } else { time },
                observed_time_unix_nano: later(time, observed.get(row)),
                severity_number: unzigzag(severity.get(row)) as i32,
                severity_text: formats::decode_text(severity_text.get(row)),
                body: body.next()?.pop().map(|attribute| attribute.value),
                attributes: attributes.next()?,
                dropped_attributes_count: dropped_attributes.get(row) as u32,
                flags: flags.get(row) as u32,
                trace_id: trace_id.get(row).to_vec(),
                span_id: span_id.get(row).to_vec(),
                event_name: formats::decode_text(event_name.get(row)),
            };
            let request = self.header.origins.request(request.get(row))?;
            records.push(SegmentLog { record, resource, scope, request });
        }
        Ok(records)
    }

    fn ints(&self, column: Column) -> Result<Ints<'_>, SegmentError> {
        self.columns.ints(column as usize)
    }

    fn texts(&self, column: Column) -> Result<Texts<'_>, SegmentError> {
        self.columns.texts(column as usize)
    }
}
