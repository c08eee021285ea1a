//! Attribute values (OTLP `AnyValue`).

use serde::{Deserialize, Serialize};

/// A value of an attribute or a log body (OTLP `AnyValue`), as it came.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Value {
    /// No value set.
    #[default]
    Empty,
    /// UTF-8 text.
    String(String),
    /// True or false.
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// A double; NaN and infinities arrive too.
    Double(f64),
    /// Opaque bytes.
    Bytes(Vec<u8>),
    /// A list; its items may be of different types.
    Array(Vec<Value>),
    /// A map in the order in which it came; keys may repeat.
    Map(Vec<KeyValue>),
    /// The protobuf bytes of an `AnyValue` that lies deeper than the decoder follows.
    TooDeep(Vec<u8>),
}

impl Value {
    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether both are the same to the bit: NaN equals itself, 0.0 differs from -0.0.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits(),
            (Self::Array(a), Self::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Self::Map(a), Self::Map(b)) => KeyValue::all_same(a, b),
            _ => self == other,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

/// One attribute. Lists of them keep their order and their duplicate keys.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KeyValue {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Value,
}

impl KeyValue {
    /// An attribute from its parts.
    pub fn new(key: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// Whether two lists are the same, in order, to the bit.
    #[must_use]
    pub fn all_same(a: &[Self], b: &[Self]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.key == b.key && a.value.same(&b.value))
    }
}

/// The value of the last attribute with this key: in OTLP/JSON and in SDK maps the last one wins.
#[must_use]
pub fn find<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes.iter().rev().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
}
