//! Values as they are written in a query.

use model::Value;

use crate::{Literal, print::quoted};

/// A value of an attribute as it is written behind `=`, so that it finds this value; `None` for lists, maps, NaN,
/// infinities and values without content.
#[must_use]
pub fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(Literal::of_text(text).to_string()),
        Value::Int(int) => Some(int.to_string()),
        Value::Double(double) => double.is_finite().then(|| format!("{double:?}")),
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Bytes(bytes) => Some(quoted(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())),
        Value::Empty | Value::Array(_) | Value::Map(_) | Value::TooDeep(_) => None,
    }
}
