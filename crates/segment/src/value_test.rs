//! What decides whether a value of an attribute is one that is looked for.

use model::Value;

/// A test of one value of an attribute. It is asked once for each text that a column says more than once.
pub trait ValueTest {
    /// Whether a text, its invalid UTF-8 repaired, is one.
    fn text(&self, text: &str) -> bool;
    /// Whether an integer is one.
    fn int(&self, int: i64) -> bool;
    /// Whether a double is one.
    fn double(&self, double: f64) -> bool;
    /// Whether true or false is one.
    fn bool(&self, bool: bool) -> bool;
    /// Whether a value of another type is one: none, bytes, a list, or a map.
    fn other(&self, value: &Value) -> bool;
}

/// Whether a decoded value passes.
pub(crate) fn passes(test: &dyn ValueTest, value: &Value) -> bool {
    match value {
        Value::String(text) => test.text(text),
        Value::Int(int) => test.int(*int),
        Value::Double(double) => test.double(*double),
        Value::Bool(bool) => test.bool(*bool),
        Value::Empty | Value::Bytes(_) | Value::Array(_) | Value::Map(_) | Value::TooDeep(_) => test.other(value),
    }
}

/// Whether a text as it came passes.
pub(crate) fn text_passes(test: &dyn ValueTest, text: &[u8]) -> bool {
    match std::str::from_utf8(text) {
        Ok(text) => test.text(text),
        Err(_) => test.text(&formats::decode_text(text)),
    }
}

/// Any value passes: for who asks whether there is an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnyValue;

impl ValueTest for AnyValue {
    fn text(&self, _: &str) -> bool {
        true
    }

    fn int(&self, _: i64) -> bool {
        true
    }

    fn double(&self, _: f64) -> bool {
        true
    }

    fn bool(&self, _: bool) -> bool {
        true
    }

    fn other(&self, _: &Value) -> bool {
        true
    }
}
