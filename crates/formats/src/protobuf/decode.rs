//! Requests in protobuf, decoded to the model: the parts that all signals share.
//!
//! Fields merge as protobuf says ("Last One Wins"): scalars are replaced, lists grow, messages merge.

use model::{EntityRef, KeyValue, Resource, Scope, Value};

use super::wire::{Reader, Wire};
use crate::limits::MAX_DEPTH;

/// A text, invalid UTF-8 repaired.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Merges `Resource`.
pub(crate) fn resource(resource: &mut Resource, bytes: &[u8]) -> Wire<()> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => resource.attributes.push(attribute(fields.bytes(key)?)?),
            2 => resource.dropped_attributes_count = fields.uint32(key)?,
            3 => resource.entity_refs.push(entity_ref(fields.bytes(key)?)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(())
}

/// `EntityRef`.
fn entity_ref(bytes: &[u8]) -> Wire<EntityRef> {
    let mut entity = EntityRef::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => entity.schema_url = text(fields.bytes(key)?),
            2 => entity.entity_type = text(fields.bytes(key)?),
            3 => entity.id_keys.push(text(fields.bytes(key)?)),
            4 => entity.description_keys.push(text(fields.bytes(key)?)),
            _ => fields.skip(key)?,
        }
    }
    Ok(entity)
}

/// Merges `InstrumentationScope`.
pub(crate) fn scope(scope: &mut Scope, bytes: &[u8]) -> Wire<()> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => scope.name = text(fields.bytes(key)?),
            2 => scope.version = text(fields.bytes(key)?),
            3 => scope.attributes.push(attribute(fields.bytes(key)?)?),
            4 => scope.dropped_attributes_count = fields.uint32(key)?,
            _ => fields.skip(key)?,
        }
    }
    Ok(())
}

/// `KeyValue` that is an attribute.
pub(crate) fn attribute(bytes: &[u8]) -> Wire<KeyValue> {
    key_value(bytes, MAX_DEPTH)
}

/// `KeyValue`, whose value is followed for so many levels.
fn key_value(bytes: &[u8], levels: u32) -> Wire<KeyValue> {
    let mut attribute = KeyValue::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => attribute.key = text(fields.bytes(key)?),
            2 => value(&mut attribute.value, fields.bytes(key)?, levels)?,
            3 => drop(fields.int32(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(attribute)
}

/// Merges `AnyValue`, followed for so many levels; what lies deeper is kept as bytes.
pub(crate) fn value(value: &mut Value, bytes: &[u8], levels: u32) -> Wire<()> {
    if levels == 0 {
        // Protobuf messages merge when their bytes are put one after the other.
        match value {
            Value::TooDeep(raw) => raw.extend_from_slice(bytes),
            _ => *value = Value::TooDeep(bytes.to_vec()),
        }
        return Ok(());
    }
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => *value = Value::String(text(fields.bytes(key)?)),
            2 => *value = Value::Bool(fields.varint(key)? != 0),
            3 => *value = Value::Int(fields.varint(key)?.cast_signed()),
            4 => *value = Value::Double(fields.double(key)?),
            5 => {
                let mut items = if let Value::Array(items) = std::mem::take(value) { items } else { Vec::new() };
                array(&mut items, fields.bytes(key)?, levels - 1)?;
                *value = Value::Array(items);
            }
            6 => {
                let mut entries = if let Value::Map(entries) = std::mem::take(value) { entries } else { Vec::new() };
                map(&mut entries, fields.bytes(key)?, levels - 1)?;
                *value = Value::Map(entries);
            }
            7 => *value = Value::Bytes(fields.bytes(key)?.to_vec()),
            8 => {
                fields.int32(key)?;
                *value = Value::Empty;
            }
            _ => fields.skip(key)?,
        }
    }
    Ok(())
}

/// Merges `ArrayValue`, whose items are followed for so many levels.
fn array(items: &mut Vec<Value>, bytes: &[u8], levels: u32) -> Wire<()> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => {
                let mut item = Value::Empty;
                value(&mut item, fields.bytes(key)?, levels)?;
                items.push(item);
            }
            _ => fields.skip(key)?,
        }
    }
    Ok(())
}

/// Merges `KeyValueList`, whose values are followed for so many levels.
fn map(entries: &mut Vec<KeyValue>, bytes: &[u8], levels: u32) -> Wire<()> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => entries.push(key_value(fields.bytes(key)?, levels)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(())
}
