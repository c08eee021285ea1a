//! Who sent it: resources and instrumentation scopes.

use serde::{Deserialize, Serialize};

use crate::{KeyValue, Value, find};

/// The service name of a resource that has none (semantic conventions, `service.name`).
pub const UNKNOWN_SERVICE: &str = "unknown_service";

/// What emitted the telemetry (OTLP `Resource`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Resource {
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// Entities that make up the resource (in development).
    pub entity_refs: Vec<EntityRef>,
}

impl Resource {
    /// `service.name`, or [`UNKNOWN_SERVICE`] where it is missing, empty or not text.
    #[must_use]
    pub fn service_name(&self) -> &str {
        match find(&self.attributes, "service.name").and_then(Value::as_str) {
            None | Some("") => UNKNOWN_SERVICE,
            Some(name) => name,
        }
    }

    /// `service.namespace`; empty where it is missing or not text.
    #[must_use]
    pub fn service_namespace(&self) -> &str {
        find(&self.attributes, "service.namespace").and_then(Value::as_str).unwrap_or_default()
    }

    /// `deployment.environment.name`, or `deployment.environment` as it was called before; `None` where both are
    /// missing, empty or not text.
    #[must_use]
    pub fn environment(&self) -> Option<&str> {
        let text = |key| find(&self.attributes, key).and_then(Value::as_str).filter(|text| !text.is_empty());
        text("deployment.environment.name").or_else(|| text("deployment.environment"))
    }

    /// Whether both are the same to the bit.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.dropped_attributes_count == other.dropped_attributes_count
            && self.entity_refs == other.entity_refs
            && KeyValue::all_same(&self.attributes, &other.attributes)
    }
}

/// A reference to an entity (OTLP `EntityRef`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EntityRef {
    /// Schema of the entity.
    pub schema_url: String,
    /// Type, for example `host`.
    pub entity_type: String,
    /// Keys of the resource that identify it.
    pub id_keys: Vec<String>,
    /// Keys of the resource that describe it.
    pub description_keys: Vec<String>,
}

/// The instrumentation scope (OTLP `InstrumentationScope`).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scope {
    /// Name, usually of the instrumentation library.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
}

impl Scope {
    /// Whether both are the same to the bit.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.version == other.version
            && self.dropped_attributes_count == other.dropped_attributes_count
            && KeyValue::all_same(&self.attributes, &other.attributes)
    }
}
