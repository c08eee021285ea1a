//! Values as text, and long texts in part.

use std::fmt::Write as _;

use api::{AttributeValue, Text};
use base64::{Engine, prelude::BASE64_STANDARD};
use model::{KeyValue, Value};

/// Bytes of a value that are shown before the rest is asked for.
pub(crate) const MAX_VALUE_BYTES: usize = 4 << 10;

/// The text or its first `max_bytes` bytes, less where that would split a character.
pub(crate) fn beginning(text: &str, max_bytes: usize) -> &str {
    let mut end = max_bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The text, at most `max_bytes` bytes of it.
pub(crate) fn cut(text: &str, max_bytes: usize) -> Text {
    Text { shown: beginning(text, max_bytes).to_owned(), whole_bytes: text.len() as u64 }
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A value as people read and search it: texts as they are, bytes in base64, lists and maps as JSON.
pub(crate) fn of_value(value: &Value) -> String {
    match value {
        Value::Empty => String::new(),
        Value::String(text) => text.clone(),
        Value::Bytes(bytes) | Value::TooDeep(bytes) => BASE64_STANDARD.encode(bytes),
        Value::Double(double) if !double.is_finite() => not_finite(*double).to_owned(),
        Value::Bool(_) | Value::Int(_) | Value::Double(_) | Value::Array(_) | Value::Map(_) => {
            let mut json = String::new();
            write_json(value, &mut json);
            json
        }
    }
}

/// The name of a value's type.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Empty => "empty",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Double(_) => "double",
        Value::Bytes(_) | Value::TooDeep(_) => "bytes",
        Value::Array(_) => "array",
        Value::Map(_) => "map",
    }
}

/// Attributes as the panel shows them.
pub(crate) fn attributes(attributes: &[KeyValue]) -> Vec<AttributeValue> {
    attributes.iter().map(attribute).collect()
}

fn attribute(KeyValue { key, value }: &KeyValue) -> AttributeValue {
    let (whole_bytes, shown) = match value {
        Value::String(text) => (text.len(), cut_value(text)),
        _ => {
            let text = of_value(value);
            (text.len(), cut_value(&text))
        }
    };
    AttributeValue {
        key: key.clone(),
        is_cut: shown.is_some(),
        value: shown.unwrap_or_else(|| value.clone()),
        type_name: type_name(value).to_owned(),
        whole_bytes: whole_bytes as u64,
    }
}

/// The beginning of a value's text, if that is too long to be shown whole.
fn cut_value(text: &str) -> Option<Value> {
    (text.len() > MAX_VALUE_BYTES).then(|| Value::from(beginning(text, MAX_VALUE_BYTES)))
}

fn not_finite(double: f64) -> &'static str {
    if double.is_nan() {
        "NaN"
    } else if double > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

/// Plain JSON, not OTLP/JSON: for people. Keys keep their order and their duplicates.
fn write_json(value: &Value, json: &mut String) {
    // Writing to a string does not fail; the depth of values is bounded where they are decoded.
    match value {
        Value::Empty => json.push_str("null"),
        Value::String(text) => write_json_text(text, json),
        Value::Bool(is_true) => json.push_str(if *is_true { "true" } else { "false" }),
        Value::Int(int) => {
            let _ = write!(json, "{int}");
        }
        Value::Double(double) if double.is_finite() => {
            let _ = write!(json, "{double:?}");
        }
        Value::Double(double) => write_json_text(not_finite(*double), json),
        Value::Bytes(bytes) | Value::TooDeep(bytes) => write_json_text(&BASE64_STANDARD.encode(bytes), json),
        Value::Array(items) => {
            json.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_json(item, json);
            }
            json.push(']');
        }
        Value::Map(entries) => {
            json.push('{');
            for (index, KeyValue { key, value }) in entries.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_json_text(key, json);
                json.push(':');
                write_json(value, json);
            }
            json.push('}');
        }
    }
}

fn write_json_text(text: &str, json: &mut String) {
    json.push_str(&serde_json::Value::from(text).to_string());
}

/// A text to look for without case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Needle(String);

impl Needle {
    /// `text` without the space around it.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_lowercase())
    }

    /// Whether it is empty, and so everywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it is in `text`. ASCII is compared without allocating.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        if !text.is_ascii() {
            return text.to_lowercase().contains(&self.0);
        }
        let (text, needle) = (text.as_bytes(), self.0.as_bytes());
        let Some(&first) = needle.first() else { return true };
        text.windows(needle.len()).any(|at| at[0].to_ascii_lowercase() == first && at.eq_ignore_ascii_case(needle))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn values_read_as_people_write_them() {
        let map = Value::Map(vec![
            KeyValue::new("a \"quoted\" key", "é\n"),
            KeyValue::new("twice", 1),
            KeyValue {
                key: "twice".into(),
                value: Value::Array(vec![Value::Empty, Value::Bool(true), Value::Double(1.0)]),
            },
            KeyValue { key: "bytes".into(), value: Value::Bytes(vec![1, 2, 255]) },
            KeyValue { key: "nan".into(), value: Value::Double(f64::NAN) },
        ]);
        let values = [
            Value::Empty,
            "as it is".into(),
            Value::Int(-3),
            Value::Double(0.1),
            Value::Double(f64::NEG_INFINITY),
            map,
        ];
        let texts: Vec<_> = values.iter().map(|value| format!("{}: {}", type_name(value), of_value(value))).collect();
        expect![[r#"
            empty: 
            string: as it is
            int: -3
            double: 0.1
            double: -Infinity
            map: {"a \"quoted\" key":"é\n","twice":1,"twice":[null,true,1.0],"bytes":"AQL/","nan":"NaN"}"#]]
        .assert_eq(&texts.join("\n"));
    }

    #[test]
    fn long_values_are_cut_at_a_character_and_say_so() {
        let long = format!("{}é", "x".repeat(MAX_VALUE_BYTES - 1));
        let list = Value::Array(vec![Value::from("y"); 2_000]);
        let shown = attributes(&[
            KeyValue::new("short", "x"),
            KeyValue::new("long", long.as_str()),
            KeyValue { key: "list".into(), value: list },
        ]);
        let seen: Vec<_> = shown
            .iter()
            .map(|one| format!("{} {} {} {}", one.type_name, of_value(&one.value).len(), one.whole_bytes, one.is_cut))
            .collect();
        expect![[r#"
            string 1 1 false
            string 4095 4097 true
            array 4096 8001 true"#]]
        .assert_eq(&seen.join("\n"));
    }

    #[test]
    fn a_needle_is_found_without_case() {
        for (text, needle, is_there) in [
            ("GET /Cart", "get /c", true),
            ("ÄRGER", "ärg", true),
            ("cart", "carts", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(Needle::new(needle).is_in(text), is_there, "{needle} in {text}");
        }
    }
}
