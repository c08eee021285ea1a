//! One pass over a request in protobuf: everything checked and charged, columns filled, nothing
//! built.

use model::{RejectReason, SpanId, TraceId, UNKNOWN_SERVICE};

use super::wire::{Key, Reader, Wire, WireError};
use crate::{WalkLimits, Walked, WalkedRows, hash::Surroundings, intern::Interner, limits::Budget};

/// What the walk has found so far, besides the rows.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) budget: Budget,
    pub(super) texts: Interner,
    pub(super) rejected: Vec<(u32, RejectReason)>,
    /// The names of those, and of their services as far as these are known.
    pub(super) rejected_names: Vec<u32>,
    rejected_services: Vec<u32>,
    repaired_texts: u64,
    unknown_fields: u64,
}

/// Columns that take the items of their signal.
pub(super) trait Rows: Default + Into<WalkedRows> {
    /// The model's types by resource and by scope, which are charged.
    type OfResource;
    type OfScope;

    /// Takes one item: a span, a log record, or a metric with its points.
    fn item(&mut self, walk: &mut Walk, bytes: &[u8]) -> Wire<()>;

    /// How many rows there are.
    fn len(&self) -> usize;

    /// Gives all rows that have no service yet this one.
    fn set_service(&mut self, service: u32);

    /// Mixes the hash of a scope or resource into the rows from this one on.
    fn add_surroundings(&mut self, from: usize, hash: u64);
}

/// Walks a request whose rows are these.
pub(super) fn request<R: Rows>(body: &[u8], limits: &WalkLimits) -> Wire<Walked> {
    let mut walk = Walk {
        budget: Budget::new(*limits),
        texts: Interner::default(),
        rejected: Vec::new(),
        rejected_names: Vec::new(),
        rejected_services: Vec::new(),
        repaired_texts: 0,
        unknown_fields: 0,
    };
    let mut rows = R::default();
    let mut fields = Reader::new(body);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => walk.of_resource(fields.bytes(key)?, &mut rows)?,
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    Ok(Walked {
        received: walk.budget.items,
        rejected: walk.rejected,
        rejected_of: walk.rejected_services.into_iter().zip(walk.rejected_names).collect(),
        repaired_texts: walk.repaired_texts,
        unknown_fields: walk.unknown_fields,
        heap_bytes: walk.budget.heap_bytes,
        texts: walk.texts.into_texts(),
        rows: rows.into(),
    })
}

impl Walk {
    /// `ResourceSpans`, `ResourceLogs` and `ResourceMetrics`, which are of one shape.
    fn of_resource<R: Rows>(&mut self, bytes: &[u8], rows: &mut R) -> Wire<()> {
        self.budget.charge::<R::OfResource>()?;
        let from = rows.len();
        let mut service = None;
        let mut surroundings = Surroundings::default();
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => {
                    let resource = fields.bytes(key)?;
                    surroundings.add_message(resource);
                    self.resource(resource, &mut service)?;
                }
                2 => self.of_scope(fields.bytes(key)?, rows)?,
                3 => surroundings.set_schema_url(self.text_field(&mut fields, key)?),
                _ => self.unknown(&mut fields, key)?,
            }
        }
        if rows.len() > from || self.rejected.len() > self.rejected_services.len() {
            let service = match service {
                None | Some([]) => self.texts.index_of(UNKNOWN_SERVICE),
                Some(name) => self.texts.index_of_bytes(name),
            };
            rows.set_service(service);
            self.rejected_services.resize(self.rejected.len(), service);
            rows.add_surroundings(from, surroundings.hash());
        }
        Ok(())
    }

    /// `ScopeSpans`, `ScopeLogs` and `ScopeMetrics`, which are of one shape.
    fn of_scope<R: Rows>(&mut self, bytes: &[u8], rows: &mut R) -> Wire<()> {
        self.budget.charge::<R::OfScope>()?;
        let from = rows.len();
        let mut surroundings = Surroundings::default();
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => {
                    let scope = fields.bytes(key)?;
                    surroundings.add_message(scope);
                    self.scope(scope)?;
                }
                2 => rows.item(self, fields.bytes(key)?)?,
                3 => surroundings.set_schema_url(self.text_field(&mut fields, key)?),
                _ => self.unknown(&mut fields, key)?,
            }
        }
        rows.add_surroundings(from, surroundings.hash());
        Ok(())
    }

    /// `Resource`; the last `service.name` decides, if it is a text.
    fn resource<'a>(&mut self, bytes: &'a [u8], service: &mut Option<&'a [u8]>) -> Wire<()> {
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => {
                    let attribute = self.key_value(fields.bytes(key)?, 1)?;
                    if attribute.key == b"service.name" {
                        *service = attribute.text;
                    }
                }
                2 => drop(fields.uint32(key)?),
                3 => self.entity_ref(fields.bytes(key)?)?,
                _ => self.unknown(&mut fields, key)?,
            }
        }
        Ok(())
    }

    /// `EntityRef`: nothing but texts.
    fn entity_ref(&mut self, bytes: &[u8]) -> Wire<()> {
        self.budget.charge::<model::EntityRef>()?;
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 | 2 => drop(self.text_field(&mut fields, key)?),
                3 | 4 => {
                    self.budget.charge::<String>()?;
                    self.text_field(&mut fields, key)?;
                }
                _ => self.unknown(&mut fields, key)?,
            }
        }
        Ok(())
    }

    /// `InstrumentationScope`.
    fn scope(&mut self, bytes: &[u8]) -> Wire<()> {
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 | 2 => drop(self.text_field(&mut fields, key)?),
                3 => self.attribute(&mut fields, key)?,
                4 => drop(fields.uint32(key)?),
                _ => self.unknown(&mut fields, key)?,
            }
        }
        Ok(())
    }

    /// Past a field that the protocol does not have, counted.
    #[cold]
    pub(super) fn unknown(&mut self, fields: &mut Reader<'_>, key: Key) -> Wire<()> {
        self.unknown_fields += 1;
        fields.skip(key)
    }

    /// A field of type string.
    #[inline]
    pub(super) fn text_field<'a>(&mut self, fields: &mut Reader<'a>, key: Key) -> Wire<&'a [u8]> {
        let text = fields.bytes(key)?;
        self.text(text)?;
        Ok(text)
    }

    #[inline]
    fn text(&mut self, text: &[u8]) -> Wire<()> {
        self.budget.charge_bytes(text.len())?;
        if !is_utf8(text) {
            self.repaired_texts += 1;
        }
        Ok(())
    }

    /// A field of type bytes.
    #[inline]
    pub(super) fn bytes_field<'a>(&mut self, fields: &mut Reader<'a>, key: Key) -> Wire<&'a [u8]> {
        let bytes = fields.bytes(key)?;
        self.budget.charge_bytes(bytes.len())?;
        Ok(bytes)
    }

    /// A field of type `KeyValue` that is an attribute.
    #[inline]
    pub(super) fn attribute(&mut self, fields: &mut Reader<'_>, key: Key) -> Wire<()> {
        self.key_value(fields.bytes(key)?, 1).map(drop)
    }

    /// `KeyValue` whose value lies at this depth.
    fn key_value<'a>(&mut self, bytes: &'a [u8], depth: u32) -> Wire<Attribute<'a>> {
        self.budget.charge::<model::KeyValue>()?;
        let mut attribute = Attribute { key: &[], text: None };
        if let Some((key, value)) = usual_key_value(bytes) {
            self.text(key)?;
            self.value(value, depth, &mut attribute.text)?;
            attribute.key = key;
            return Ok(attribute);
        }
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => attribute.key = self.text_field(&mut fields, key)?,
                2 => self.value(fields.bytes(key)?, depth, &mut attribute.text)?,
                3 => self.string_table_index(&mut fields, key)?,
                _ => self.unknown(&mut fields, key)?,
            }
        }
        Ok(attribute)
    }

    /// `AnyValue` at this depth, whose last member counts; `text` is what it is if that is a text.
    pub(super) fn value<'a>(&mut self, bytes: &'a [u8], depth: u32, text: &mut Option<&'a [u8]>) -> Wire<()> {
        if depth > self.budget.max_depth() {
            return Ok(self.budget.charge_bytes(bytes.len())?);
        }
        // As nearly all texts are written: nothing else, and shorter than 128 bytes.
        if let [0x0a, len @ 0..0x80, short @ ..] = bytes
            && usize::from(*len) == short.len()
        {
            self.text(short)?;
            *text = Some(short);
            return Ok(());
        }
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => {
                    *text = Some(self.text_field(&mut fields, key)?);
                    continue;
                }
                2 | 3 => drop(fields.varint(key)?),
                4 => drop(fields.fixed64(key)?),
                5 => self.array(fields.bytes(key)?, depth)?,
                6 => self.map(fields.bytes(key)?, depth)?,
                7 => drop(self.bytes_field(&mut fields, key)?),
                8 => self.string_table_index(&mut fields, key)?,
                _ => {
                    self.unknown(&mut fields, key)?;
                    continue;
                }
            }
            *text = None;
        }
        Ok(())
    }

    /// `ArrayValue` in a value at this depth.
    fn array(&mut self, bytes: &[u8], depth: u32) -> Wire<()> {
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => {
                    self.budget.charge::<model::Value>()?;
                    self.value(fields.bytes(key)?, depth + 1, &mut None)?;
                }
                _ => self.unknown(&mut fields, key)?,
            }
        }
        Ok(())
    }

    /// `KeyValueList` in a value at this depth.
    fn map(&mut self, bytes: &[u8], depth: u32) -> Wire<()> {
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => {
                    self.key_value(fields.bytes(key)?, depth + 1)?;
                }
                _ => self.unknown(&mut fields, key)?,
            }
        }
        Ok(())
    }

    /// An index into a string table, which only profiles have: checked, without meaning here.
    #[cold]
    fn string_table_index(&mut self, fields: &mut Reader<'_>, key: Key) -> Wire<()> {
        self.unknown_fields += 1;
        fields.int32(key).map(drop)
    }
}

/// Key and value of a `KeyValue` as nearly all are written: one behind the other, nothing else, and
/// each shorter than 128 bytes.
#[inline]
pub(super) fn usual_key_value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [0x0a, len @ 0..0x80, rest @ ..] = bytes else { return None };
    let (key, rest) = rest.split_at_checked(usize::from(*len))?;
    let [0x12, len @ 0..0x80, value @ ..] = rest else { return None };
    (usize::from(*len) == value.len()).then_some((key, value))
}

/// What of an attribute the walk looks at.
struct Attribute<'a> {
    key: &'a [u8],
    text: Option<&'a [u8]>,
}

/// Whether bytes are UTF-8. Most texts are short and ASCII: two words that may overlap hold them.
#[inline]
fn is_utf8(bytes: &[u8]) -> bool {
    let high = match (bytes.len(), bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (..=16, Some(first), Some(last)) => u64::from_le_bytes(*first) | u64::from_le_bytes(*last),
        (..8, ..) => bytes.iter().fold(0, |high, &byte| high | u64::from(byte)),
        _ => u64::MAX,
    };
    high & 0x8080_8080_8080_8080 == 0 || bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}

/// The trace id in these bytes; zero where they are none.
#[inline]
pub(super) fn trace_id(bytes: &[u8]) -> TraceId {
    TraceId::from_slice(bytes).unwrap_or(TraceId::ZERO)
}

/// The span id in these bytes; zero where they are none.
#[inline]
pub(super) fn span_id(bytes: &[u8]) -> SpanId {
    SpanId::from_slice(bytes).unwrap_or(SpanId::ZERO)
}

/// Whether a walk failed at a limit, not at the bytes.
pub(super) fn is_limit(error: WireError) -> bool {
    matches!(error, WireError::Exceeded(_))
}
