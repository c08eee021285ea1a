//! Requests in protobuf taken apart and not decoded: slices of the body, for those who make columns of them.
//!
//! What is odd but valid reads as decoding has it: of scalars the last one counts, lists grow, messages
//! merge (protobuf.dev, "Last One Wins"). Texts are bytes as they came; [`crate::decode_text`] repairs them.

use std::borrow::Cow;

pub use super::raw_metric::{PointKind, RawHistogramPoint, RawMetric, RawNumberPoint, point_time};
use super::{
    decode,
    walk::usual_key_value,
    wire::{Reader, Wire},
};
use crate::{FormatError, limits::MAX_DEPTH};

/// Who sent the items that follow: a resource and a scope, each with its schema.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct RawOrigin<'a> {
    /// The message `Resource`; `None` where there was none.
    pub resource: Option<Cow<'a, [u8]>>,
    /// Schema of the resource.
    pub resource_schema_url: &'a [u8],
    /// The message `InstrumentationScope`; `None` where there was none.
    pub scope: Option<Cow<'a, [u8]>>,
    /// Schema of the items.
    pub scope_schema_url: &'a [u8],
}

/// Takes what is in a request, in document order.
pub trait RawVisitor<'a> {
    /// A message `Span`, `LogRecord` or `Metric`.
    fn item(&mut self, item: &'a [u8]);

    /// The items since the last origin are of this one: part of it may stand behind them.
    fn origin(&mut self, origin: &RawOrigin<'a>);
}

/// Visits a request of any signal: all three have one shape.
///
/// # Errors
/// [`FormatError::Malformed`] where the frame around the items is not protobuf; items are not looked into.
pub fn visit_protobuf<'a>(body: &'a [u8], visitor: &mut impl RawVisitor<'a>) -> Result<(), FormatError> {
    Ok(visit(body, visitor)?)
}

fn visit<'a>(body: &'a [u8], visitor: &mut impl RawVisitor<'a>) -> Wire<()> {
    let mut fields = Reader::new(body);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => of_resource(fields.bytes(key)?, visitor)?,
            _ => fields.skip(key)?,
        }
    }
    Ok(())
}

fn of_resource<'a>(bytes: &'a [u8], visitor: &mut impl RawVisitor<'a>) -> Wire<()> {
    let mut origin = RawOrigin::default();
    // Twice over a handful of fields: the items within are skipped in one step.
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => merge(&mut origin.resource, fields.bytes(key)?),
            3 => origin.resource_schema_url = fields.bytes(key)?,
            _ => fields.skip(key)?,
        }
    }
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 => of_scope(fields.bytes(key)?, &mut origin, visitor)?,
            _ => fields.skip(key)?,
        }
    }
    Ok(())
}

fn of_scope<'a>(bytes: &'a [u8], origin: &mut RawOrigin<'a>, visitor: &mut impl RawVisitor<'a>) -> Wire<()> {
    (origin.scope, origin.scope_schema_url) = (None, &[]);
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => merge(&mut origin.scope, fields.bytes(key)?),
            2 => visitor.item(fields.bytes(key)?),
            3 => origin.scope_schema_url = fields.bytes(key)?,
            _ => fields.skip(key)?,
        }
    }
    visitor.origin(origin);
    Ok(())
}

/// Messages merge when their bytes are put one after the other.
fn merge<'a>(message: &mut Option<Cow<'a, [u8]>>, more: &'a [u8]) {
    match message {
        None => *message = Some(Cow::Borrowed(more)),
        Some(before) => before.to_mut().extend_from_slice(more),
    }
}

/// An attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct RawAttribute<'a> {
    /// The key.
    pub key: &'a [u8],
    /// The value.
    pub value: RawValue<'a>,
}

/// A value, told apart as far as it takes no memory.
#[derive(Debug, Clone, PartialEq)]
pub enum RawValue<'a> {
    /// None.
    Empty,
    /// A text.
    String(&'a [u8]),
    /// True or false.
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// Opaque bytes.
    Bytes(&'a [u8]),
    /// The message `AnyValue` of what is none of these, for [`crate::decode_value`].
    Other(Cow<'a, [u8]>),
}

impl<'a> RawAttribute<'a> {
    /// Of a message `KeyValue`.
    #[inline]
    fn read(bytes: &'a [u8]) -> Wire<Self> {
        if let Some((key, value)) = usual_key_value(bytes) {
            return Ok(Self { key, value: RawValue::of(value) });
        }
        let mut key_bytes: &[u8] = &[];
        let mut value = None;
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => key_bytes = fields.bytes(key)?,
                2 => merge(&mut value, fields.bytes(key)?),
                _ => fields.skip(key)?,
            }
        }
        let value = match value {
            None => RawValue::Empty,
            Some(Cow::Borrowed(value)) => RawValue::of(value),
            Some(merged) => RawValue::Other(merged),
        };
        Ok(Self { key: key_bytes, value })
    }
}

impl<'a> RawValue<'a> {
    /// Of a message `AnyValue`. What holds anything but one member in its usual form stays as it is.
    #[inline]
    #[must_use]
    pub fn of(message: &'a [u8]) -> Self {
        match message {
            [] => Self::Empty,
            [0x10, bool @ (0 | 1)] => Self::Bool(*bool == 1),
            [0x21, double @ ..] => match double.try_into() {
                Ok(bytes) => Self::Double(f64::from_le_bytes(bytes)),
                Err(_) => Self::Other(Cow::Borrowed(message)),
            },
            _ => Self::member(message).unwrap_or(Self::Other(Cow::Borrowed(message))),
        }
    }

    /// A text, an integer or bytes and nothing else.
    #[inline]
    fn member(message: &'a [u8]) -> Option<Self> {
        let mut fields = Reader::new(message);
        let key = fields.key().ok()??;
        let value = match key.field {
            1 => Self::String(fields.bytes(key).ok()?),
            3 => Self::Int(fields.varint(key).ok()?.cast_signed()),
            7 => Self::Bytes(fields.bytes(key).ok()?),
            _ => return None,
        };
        fields.key().is_ok_and(|next| next.is_none()).then_some(value)
    }
}

/// A message `Span`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawSpan<'a> {
    /// As it came: 16 bytes where the span is kept.
    pub trace_id: &'a [u8],
    /// As it came: 8 bytes where the span is kept.
    pub span_id: &'a [u8],
    /// As it came.
    pub parent_span_id: &'a [u8],
    /// W3C tracestate.
    pub trace_state: &'a [u8],
    /// W3C flags and the remote bits.
    pub flags: u32,
    /// Name of the operation.
    pub name: &'a [u8],
    /// Kind.
    pub kind: i32,
    /// Start, nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
    /// End, nanoseconds since the Unix epoch.
    pub end_unix_nano: u64,
    /// Attributes in the order in which they came.
    pub attributes: Vec<RawAttribute<'a>>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// Messages `Event`.
    pub events: Vec<&'a [u8]>,
    /// How many events the sender dropped.
    pub dropped_events_count: u32,
    /// Messages `Link`.
    pub links: Vec<&'a [u8]>,
    /// How many links the sender dropped.
    pub dropped_links_count: u32,
    /// Status code and message; `None` where there was no status.
    pub status: Option<(i32, &'a [u8])>,
}

impl<'a> RawSpan<'a> {
    /// Reads another span into the memory of this one.
    ///
    /// # Errors
    /// [`FormatError::Malformed`] where the bytes are not the message.
    pub fn read(&mut self, bytes: &'a [u8]) -> Result<(), FormatError> {
        self.attributes.clear();
        self.events.clear();
        self.links.clear();
        *self = Self {
            attributes: std::mem::take(&mut self.attributes),
            events: std::mem::take(&mut self.events),
            links: std::mem::take(&mut self.links),
            ..Self::default()
        };
        Ok(self.fill(bytes)?)
    }

    fn fill(&mut self, bytes: &'a [u8]) -> Wire<()> {
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => self.trace_id = fields.bytes(key)?,
                2 => self.span_id = fields.bytes(key)?,
                3 => self.trace_state = fields.bytes(key)?,
                4 => self.parent_span_id = fields.bytes(key)?,
                5 => self.name = fields.bytes(key)?,
                6 => self.kind = fields.int32(key)?,
                7 => self.start_unix_nano = fields.fixed64(key)?,
                8 => self.end_unix_nano = fields.fixed64(key)?,
                9 => self.attributes.push(RawAttribute::read(fields.bytes(key)?)?),
                10 => self.dropped_attributes_count = fields.uint32(key)?,
                11 => self.events.push(fields.bytes(key)?),
                12 => self.dropped_events_count = fields.uint32(key)?,
                13 => self.links.push(fields.bytes(key)?),
                14 => self.dropped_links_count = fields.uint32(key)?,
                15 => self.status_fields(fields.bytes(key)?)?,
                16 => self.flags = fields.fixed32(key)?,
                _ => fields.skip(key)?,
            }
        }
        Ok(())
    }

    fn status_fields(&mut self, bytes: &'a [u8]) -> Wire<()> {
        let (code, message) = self.status.get_or_insert_default();
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                2 => *message = fields.bytes(key)?,
                3 => *code = fields.int32(key)?,
                _ => fields.skip(key)?,
            }
        }
        Ok(())
    }
}

/// A message `Span.Event`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawEvent<'a> {
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// Its name.
    pub name: &'a [u8],
    /// Attributes in the order in which they came.
    pub attributes: Vec<RawAttribute<'a>>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
}

impl<'a> RawEvent<'a> {
    /// Reads the message.
    ///
    /// # Errors
    /// [`FormatError::Malformed`] where the bytes are not the message.
    pub fn of(bytes: &'a [u8]) -> Result<Self, FormatError> {
        Ok(Self::read(bytes)?)
    }

    fn read(bytes: &'a [u8]) -> Wire<Self> {
        let mut event = Self::default();
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => event.time_unix_nano = fields.fixed64(key)?,
                2 => event.name = fields.bytes(key)?,
                3 => event.attributes.push(RawAttribute::read(fields.bytes(key)?)?),
                4 => event.dropped_attributes_count = fields.uint32(key)?,
                _ => fields.skip(key)?,
            }
        }
        Ok(event)
    }
}

/// A message `Span.Link`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawLink<'a> {
    /// As it came.
    pub trace_id: &'a [u8],
    /// As it came.
    pub span_id: &'a [u8],
    /// W3C tracestate.
    pub trace_state: &'a [u8],
    /// Attributes in the order in which they came.
    pub attributes: Vec<RawAttribute<'a>>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// W3C flags and the remote bits.
    pub flags: u32,
}

impl<'a> RawLink<'a> {
    /// Reads the message.
    ///
    /// # Errors
    /// [`FormatError::Malformed`] where the bytes are not the message.
    pub fn of(bytes: &'a [u8]) -> Result<Self, FormatError> {
        Ok(Self::read(bytes)?)
    }

    fn read(bytes: &'a [u8]) -> Wire<Self> {
        let mut link = Self::default();
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => link.trace_id = fields.bytes(key)?,
                2 => link.span_id = fields.bytes(key)?,
                3 => link.trace_state = fields.bytes(key)?,
                4 => link.attributes.push(RawAttribute::read(fields.bytes(key)?)?),
                5 => link.dropped_attributes_count = fields.uint32(key)?,
                6 => link.flags = fields.fixed32(key)?,
                _ => fields.skip(key)?,
            }
        }
        Ok(link)
    }
}

/// A message `LogRecord`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawLog<'a> {
    /// When it happened, nanoseconds since the Unix epoch; 0 where unknown.
    pub time_unix_nano: u64,
    /// When it was seen, nanoseconds since the Unix epoch.
    pub observed_time_unix_nano: u64,
    /// Severity number.
    pub severity_number: i32,
    /// Severity as the source names it.
    pub severity_text: &'a [u8],
    /// The message `AnyValue`; `None` where there was none.
    pub body: Option<Cow<'a, [u8]>>,
    /// Attributes in the order in which they came.
    pub attributes: Vec<RawAttribute<'a>>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// W3C flags.
    pub flags: u32,
    /// As it came.
    pub trace_id: &'a [u8],
    /// As it came.
    pub span_id: &'a [u8],
    /// A name makes the record an event.
    pub event_name: &'a [u8],
}

impl<'a> RawLog<'a> {
    /// Reads another record into the memory of this one.
    ///
    /// # Errors
    /// [`FormatError::Malformed`] where the bytes are not the message.
    pub fn read(&mut self, bytes: &'a [u8]) -> Result<(), FormatError> {
        self.attributes.clear();
        *self = Self { attributes: std::mem::take(&mut self.attributes), ..Self::default() };
        Ok(self.fill(bytes)?)
    }

    fn fill(&mut self, bytes: &'a [u8]) -> Wire<()> {
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => self.time_unix_nano = fields.fixed64(key)?,
                2 => self.severity_number = fields.int32(key)?,
                3 => self.severity_text = fields.bytes(key)?,
                5 => merge(&mut self.body, fields.bytes(key)?),
                6 => self.attributes.push(RawAttribute::read(fields.bytes(key)?)?),
                7 => self.dropped_attributes_count = fields.uint32(key)?,
                8 => self.flags = fields.fixed32(key)?,
                9 => self.trace_id = fields.bytes(key)?,
                10 => self.span_id = fields.bytes(key)?,
                11 => self.observed_time_unix_nano = fields.fixed64(key)?,
                12 => self.event_name = fields.bytes(key)?,
                _ => fields.skip(key)?,
            }
        }
        Ok(())
    }
}

/// A message `AnyValue` at the top, decoded.
pub(crate) fn value(bytes: &[u8]) -> Wire<model::Value> {
    let mut value = model::Value::Empty;
    decode::value(&mut value, bytes, MAX_DEPTH)?;
    Ok(value)
}

/// Trace id and start of a message `Span`, reading no further than it takes.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn trace_and_start(span: &[u8]) -> Result<(&[u8], u64), FormatError> {
    let (mut trace_id, mut start): (&[u8], Option<u64>) = (&[], None);
    let mut fields = Reader::new(span);
    // Scalars may come again, and then the last one counts; nobody sends that, and it shifts an order only.
    while let Some(key) = fields.key().map_err(FormatError::from)? {
        match key.field {
            1 => trace_id = fields.bytes(key).map_err(FormatError::from)?,
            7 => start = Some(fields.fixed64(key).map_err(FormatError::from)?),
            _ => fields.skip(key).map_err(FormatError::from)?,
        }
        if let (false, Some(start)) = (trace_id.is_empty(), start) {
            return Ok((trace_id, start));
        }
    }
    Ok((trace_id, start.unwrap_or_default()))
}

/// Trace id (as it came) and time (when it happened, else when it was seen) of a message `LogRecord`, reading
/// nothing else.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn trace_and_time(record: &[u8]) -> Result<(&[u8], u64), FormatError> {
    Ok(trace_and_time_fields(record)?)
}

fn trace_and_time_fields(record: &[u8]) -> Wire<(&[u8], u64)> {
    let (mut trace_id, mut time, mut observed): (&[u8], u64, u64) = (&[], 0, 0);
    let mut fields = Reader::new(record);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => time = fields.fixed64(key)?,
            9 => trace_id = fields.bytes(key)?,
            11 => observed = fields.fixed64(key)?,
            _ => fields.skip(key)?,
        }
    }
    Ok((trace_id, if time == 0 { observed } else { time }))
}
