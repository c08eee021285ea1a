//! Attribute values as text.

use std::fmt::Write;

use api::query::{Comparison, Field, Literal, Operator, Query, Scope, Term, Text, Value as Meaning};
use model::{KeyValue, Value};

/// A value as people read it: texts as they are, lists and maps as JSON.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => {
            let mut out = String::new();
            write(&mut out, other);
            out
        }
    }
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Empty => out.push_str("null"),
        Value::String(text) => quoted(out, text),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Double(number) => out.push_str(&digits(*number)),
        Value::Bytes(bytes) | Value::TooDeep(bytes) => {
            out.push_str("0x");
            for byte in bytes {
                // A string takes everything.
                let _ = write!(out, "{byte:02x}");
            }
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write(out, item);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (at, KeyValue { key, value }) in entries.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                quoted(out, key);
                out.push_str(": ");
                write(out, value);
            }
            out.push('}');
        }
    }
}

/// A double in as few digits as tell it from its neighbours; by the browser, which knows how without
/// 20 KB of tables in the WASM.
#[cfg(target_arch = "wasm32")]
fn digits(number: f64) -> String {
    js_sys::Number::from(number).to_string_with_radix(10).map_or_else(|_| String::new(), String::from)
}

/// The same where there is no browser: in tests.
#[cfg(not(target_arch = "wasm32"))]
fn digits(number: f64) -> String {
    number.to_string()
}

fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// That an attribute has this value, in the search language; `None` for values that it does not write.
pub(crate) fn condition(key: &str, value: &Value) -> Option<String> {
    let meaning = match value {
        Value::String(_) => Meaning::Text,
        Value::Int(number) => Meaning::Int(*number),
        Value::Bool(truth) => Meaning::Bool(*truth),
        Value::Double(number) if number.is_finite() => Meaning::Double(*number),
        _ => return None,
    };
    let with = Text::Is(Operator::Equal, Literal { written: text(value), value: meaning });
    let field = Field::Attribute { scope: Scope::Any, key: key.to_owned() };
    Some(Query::Term(Term::Compare(Comparison { field, with })).to_string())
}

/// The class that colours a value by its type, as OTLP names it.
pub(crate) fn class(type_name: &str) -> &'static str {
    match type_name {
        "int" | "double" | "bool" => "v num",
        "empty" => "v none",
        "bytes" => "v bytes",
        _ => "v",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_maps_are_json() {
        let value = Value::Array(vec![
            "a \"b\"\n".into(),
            7.into(),
            Value::Double(0.5),
            Value::Map(vec![KeyValue::new("k", Value::Bytes(vec![1, 255]))]),
            Value::Empty,
        ]);
        assert_eq!(text(&value), r#"["a \"b\"\n", 7, 0.5, {"k": 0x01ff}, null]"#);
        assert_eq!(text(&"plain\ntext".into()), "plain\ntext");
        assert_eq!(text(&Value::Double(f64::NAN)), "NaN");
    }

    #[test]
    fn values_are_searched_for_as_they_are() {
        for (key, value, written) in [
            ("http.route", "/cart/{id}".into(), "http.route = /cart/{id}"),
            ("k", "200".into(), "k = \"200\""),
            ("k", 200.into(), "k = 200"),
            ("name", "a b".into(), "\"name\" = \"a b\""),
            ("k", Value::Bool(true), "k = true"),
            ("k", Value::Double(0.5), "k = 0.5"),
        ] {
            assert_eq!(condition(key, &value).as_deref(), Some(written));
            assert!(api::query::parse(written).query.is_some(), "{written}");
        }
        assert_eq!(condition("k", &Value::Double(f64::NAN)), None);
        assert_eq!(condition("k", &Value::Empty), None);
    }
}
