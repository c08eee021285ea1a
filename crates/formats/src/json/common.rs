//! The parts of OTLP/JSON that all signals share. A field that comes twice counts as it came last.

use model::{EntityRef, KeyValue, Number, RejectReason, Resource, Scope, Value};

use super::parser::{Json, Parser};
use crate::protobuf::{encode, wire::Writer};

/// Where the items of an object begin, to forget them when its list of items comes again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    items: u64,
    rejected: usize,
}

impl Parser<'_> {
    /// A list; `null` items are absent.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Json<Option<T>>) -> Json<Vec<T>> {
        let mut items = Vec::new();
        self.array(|p| {
            p.budget.charge::<T>()?;
            items.extend(item(p)?);
            Ok(())
        })?;
        Ok(items)
    }

    /// One message; `None` where there is `null`.
    pub(super) fn message<M: Default>(
        &mut self,
        mut field: impl FnMut(&mut Self, &mut M, &str) -> Json<()>,
    ) -> Json<Option<M>> {
        let mut message = M::default();
        Ok(self.object(|p, key| field(p, &mut message, key))?.then_some(message))
    }

    /// One span, record or point: `parse` gives it and why it is refused, if not for its times.
    pub(super) fn item<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Json<Option<(T, Option<RejectReason>)>>,
        refuse: impl FnOnce(&mut T),
    ) -> Json<Option<T>> {
        if self.take_null()? {
            return Ok(None);
        }
        let ordinal = self.budget.item()?;
        self.has_bad_time = false;
        let Some((mut item, reason)) = parse(self)? else {
            return Ok(None);
        };
        let bad_time = self.has_bad_time.then_some(RejectReason::Time);
        if let Some(reason) = reason.or(bad_time) {
            self.rejected.push((ordinal, reason));
            refuse(&mut item);
        }
        Ok(Some(item))
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { items: self.budget.items, rejected: self.rejected.len() }
    }

    /// Forgets the items since then: the list that held them comes again.
    pub(super) fn forget_since(&mut self, mark: Mark) {
        self.budget.items = mark.items;
        self.rejected.truncate(mark.rejected);
    }

    /// `Resource`.
    pub(super) fn resource(&mut self) -> Json<Option<Resource>> {
        self.message(|p, resource: &mut Resource, key| {
            match key {
                "attributes" => resource.attributes = p.attributes()?,
                "droppedAttributesCount" => resource.dropped_attributes_count = p.integer()?,
                "entityRefs" => resource.entity_refs = p.list(Self::entity_ref)?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn entity_ref(&mut self) -> Json<Option<EntityRef>> {
        self.message(|p, entity: &mut EntityRef, key| {
            match key {
                "schemaUrl" => entity.schema_url = p.text()?,
                "type" => entity.entity_type = p.text()?,
                "idKeys" => entity.id_keys = p.list(|p| p.text().map(Some))?,
                "descriptionKeys" => entity.description_keys = p.list(|p| p.text().map(Some))?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    /// `InstrumentationScope`.
    pub(super) fn scope(&mut self) -> Json<Option<Scope>> {
        self.message(|p, scope: &mut Scope, key| {
            match key {
                "name" => scope.name = p.text()?,
                "version" => scope.version = p.text()?,
                "attributes" => scope.attributes = p.attributes()?,
                "droppedAttributesCount" => scope.dropped_attributes_count = p.integer()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    /// A list of attributes.
    pub(super) fn attributes(&mut self) -> Json<Vec<KeyValue>> {
        self.key_values(1)
    }

    /// A list of `KeyValue` whose values lie at this depth.
    fn key_values(&mut self, depth: u32) -> Json<Vec<KeyValue>> {
        self.list(|p| {
            p.message(|p, attribute: &mut KeyValue, key| {
                match key {
                    "key" => attribute.key = p.text()?,
                    "value" => attribute.value = p.value(depth)?.unwrap_or_default(),
                    _ => p.unknown()?,
                }
                Ok(())
            })
        })
    }

    /// `AnyValue` at this depth; `None` where there is `null`. Of several members the last that is
    /// not `null` counts. What lies too deep is kept as the protobuf bytes that it would be.
    pub(super) fn value(&mut self, depth: u32) -> Json<Option<Value>> {
        let mut value = Value::Empty;
        let present = self.object(|p, key| {
            let member = match key {
                "stringValue" if p.take_null()? => None,
                "stringValue" => Some(Value::String(p.text()?)),
                "boolValue" => p.bool()?.map(Value::Bool),
                "intValue" => p.int_or_double()?.map(|number| match number {
                    Number::Int(int) => Value::Int(int),
                    Number::Double(double) => Value::Double(double),
                }),
                "doubleValue" => p.double()?.map(Value::Double),
                "arrayValue" => p.array_value(depth)?,
                "kvlistValue" => p.map_value(depth)?,
                "bytesValue" => p.base64()?.map(Value::Bytes),
                _ => {
                    p.unknown()?;
                    None
                }
            };
            if let Some(member) = member {
                value = member;
            }
            Ok(())
        })?;
        if present && depth == self.budget.max_depth() + 1 {
            let mut w = Writer::default();
            encode::value(&mut w, &value);
            return Ok(Some(Value::TooDeep(w.bytes)));
        }
        Ok(present.then_some(value))
    }

    /// `ArrayValue` in a value at this depth. A `null` item keeps its place.
    fn array_value(&mut self, depth: u32) -> Json<Option<Value>> {
        let mut items = Vec::new();
        let present = self.object(|p, key| {
            match key {
                "values" => items = p.list(|p| Ok(Some(p.value(depth + 1)?.unwrap_or_default())))?,
                _ => p.unknown()?,
            }
            Ok(())
        })?;
        Ok(present.then_some(Value::Array(items)))
    }

    /// `KeyValueList` in a value at this depth.
    fn map_value(&mut self, depth: u32) -> Json<Option<Value>> {
        let mut entries = Vec::new();
        let present = self.object(|p, key| {
            match key {
                "values" => entries = p.key_values(depth + 1)?,
                _ => p.unknown()?,
            }
            Ok(())
        })?;
        Ok(present.then_some(Value::Map(entries)))
    }
}
