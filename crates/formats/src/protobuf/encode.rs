//! Requests encoded in protobuf: fields in the order of their numbers, as protobuf libraries write them.

use model::{EntityRef, KeyValue, Resource, Scope, Value};

use super::wire::Writer;

/// `Resource`.
pub(crate) fn resource(w: &mut Writer, resource: &Resource) {
    attributes(w, 1, &resource.attributes);
    w.uint(2, resource.dropped_attributes_count);
    for entity in &resource.entity_refs {
        w.message(3, |w| entity_ref(w, entity));
    }
}

fn entity_ref(w: &mut Writer, entity: &EntityRef) {
    w.bytes(1, &entity.schema_url);
    w.bytes(2, &entity.entity_type);
    entity.id_keys.iter().for_each(|key| w.bytes_always(3, key.as_bytes()));
    entity.description_keys.iter().for_each(|key| w.bytes_always(4, key.as_bytes()));
}

/// `InstrumentationScope`.
pub(crate) fn scope(w: &mut Writer, scope: &Scope) {
    w.bytes(1, &scope.name);
    w.bytes(2, &scope.version);
    attributes(w, 3, &scope.attributes);
    w.uint(4, scope.dropped_attributes_count);
}

/// A field of type repeated `KeyValue`.
pub(super) fn attributes(w: &mut Writer, field: u32, attributes: &[KeyValue]) {
    for attribute in attributes {
        w.message(field, |w| {
            w.bytes(1, &attribute.key);
            if attribute.value != Value::Empty {
                w.message(2, |w| value(w, &attribute.value));
            }
        });
    }
}

/// `AnyValue`.
pub(crate) fn value(w: &mut Writer, value: &Value) {
    match value {
        Value::Empty => {}
        Value::String(text) => w.bytes_always(1, text.as_bytes()),
        Value::Bool(bool) => w.varint(2, u64::from(*bool)),
        Value::Int(int) => w.varint(3, int.cast_unsigned()),
        Value::Double(double) => w.fixed64_always(4, double.to_bits()),
        Value::Array(items) => w.message(5, |w| items.iter().for_each(|item| w.message(1, |w| self::value(w, item)))),
        Value::Map(entries) => w.message(6, |w| attributes(w, 1, entries)),
        Value::Bytes(bytes) => w.bytes_always(7, bytes),
        Value::TooDeep(raw) => w.bytes.extend_from_slice(raw),
    }
}
