//! Lists of attributes in the making.

use model::{KeyValue, Value};

/// Attributes in the order in which they are added.
#[derive(Debug)]
pub(super) struct Attributes(Vec<KeyValue>);

impl Attributes {
    pub(super) fn with_capacity(attributes: usize) -> Self {
        Self(Vec::with_capacity(attributes))
    }

    pub(super) fn add(&mut self, key: &str, value: Value) {
        self.0.push(KeyValue { key: key.to_owned(), value });
    }

    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.add(key, Value::String(text.to_owned()));
    }

    pub(super) fn string(&mut self, key: &str, text: String) {
        self.add(key, Value::String(text));
    }

    pub(super) fn int(&mut self, key: &str, number: u64) {
        self.add(key, Value::Int(number as i64));
    }

    pub(super) fn double(&mut self, key: &str, number: f64) {
        self.add(key, Value::Double(number));
    }

    pub(super) fn flag(&mut self, key: &str, flag: bool) {
        self.add(key, Value::Bool(flag));
    }

    /// What was added.
    pub(super) fn list(self) -> Vec<KeyValue> {
        self.0
    }
}
