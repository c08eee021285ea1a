//! Attributes as JSON with native types.

use std::collections::HashMap;

use api::model::{KeyValue, Value};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Serialize, Serializer};

/// Attributes as one object in the order in which they came. Of a key that came several times the
/// last value stands, as everywhere in OTLP/JSON.
pub(crate) struct Attributes<'a>(pub(crate) &'a [KeyValue]);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let last: HashMap<&str, usize> = self.0.iter().enumerate().map(|(at, kv)| (kv.key.as_str(), at)).collect();
        let standing = self.0.iter().enumerate().filter(|(at, kv)| last.get(kv.key.as_str()) == Some(at));
        serializer.collect_map(standing.map(|(_, kv)| (&kv.key, AttributeValue(&kv.value))))
    }
}

/// A value with its native type: bytes are base64 (RFC 4648, section 4), and doubles that JSON
/// does not have are the texts of OTLP/JSON: `NaN`, `Infinity`, `-Infinity`.
pub(crate) struct AttributeValue<'a>(pub(crate) &'a Value);

impl Serialize for AttributeValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Empty => serializer.serialize_unit(),
            Value::String(text) => serializer.serialize_str(text),
            Value::Bool(is_true) => serializer.serialize_bool(*is_true),
            Value::Int(int) => serializer.serialize_i64(*int),
            Value::Double(double) if double.is_nan() => serializer.serialize_str("NaN"),
            Value::Double(double) if double.is_infinite() => {
                serializer.serialize_str(if *double > 0.0 { "Infinity" } else { "-Infinity" })
            }
            Value::Double(double) => serializer.serialize_f64(*double),
            Value::Bytes(bytes) | Value::TooDeep(bytes) => serializer.serialize_str(&BASE64_STANDARD.encode(bytes)),
            Value::Array(values) => serializer.collect_seq(values.iter().map(AttributeValue)),
            Value::Map(pairs) => Attributes(pairs).serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn values_keep_their_types_and_the_last_of_a_key_stands() {
        let attributes = [
            KeyValue::new("text", "1"),
            KeyValue::new("twice", 1),
            KeyValue { key: "list".into(), value: Value::Array(vec![Value::Bool(true), Value::Empty, 7.into()]) },
            KeyValue::new("twice", 2),
            KeyValue::new("int", i64::MIN),
            KeyValue { key: "double".into(), value: Value::Double(1.0) },
            KeyValue { key: "nan".into(), value: Value::Double(f64::NAN) },
            KeyValue { key: "low".into(), value: Value::Double(f64::NEG_INFINITY) },
            KeyValue { key: "bytes".into(), value: Value::Bytes(vec![0, 255]) },
            KeyValue { key: "map".into(), value: Value::Map(vec![KeyValue::new("k\n\"", "v")]) },
        ];
        let json = serde_json::to_string(&Attributes(&attributes)).expect("attributes are JSON");
        expect![[r#"{"text":"1","list":[true,null,7],"twice":2,"int":-9223372036854775808,"double":1.0,"nan":"NaN","low":"-Infinity","bytes":"AP8=","map":{"k\n\"":"v"}}"#]].assert_eq(&json);
    }
}
