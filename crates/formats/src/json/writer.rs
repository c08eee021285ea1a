//! JSON text being written: canonical ProtoJSON, compact or indented.

use base64::{Engine, engine::general_purpose::STANDARD};
use model::{KeyValue, Value};

use crate::{limits::MAX_DEPTH, protobuf::decode};

/// Levels of a value in JSON. What lies deeper is written as the bytes of its protobuf; no other
/// OTLP library reads so deep either.
const MAX_JSON_DEPTH: u32 = 94;

/// Writes objects, field by field; as ProtoJSON has it, zeros, empty texts and empty lists are left out.
#[derive(Debug)]
pub(super) struct JsonWriter {
    out: String,
    is_pretty: bool,
    indent: usize,
    /// Whether the object or array around has no entry yet.
    is_first: bool,
}

impl JsonWriter {
    pub(super) fn new(is_pretty: bool) -> Self {
        Self { out: String::new(), is_pretty, indent: 0, is_first: true }
    }

    pub(super) fn into_text(self) -> String {
        self.out
    }

    fn line(&mut self) {
        if self.is_pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.indent));
        }
    }

    /// Begins one more entry of the object or array around.
    fn entry(&mut self) {
        if !self.is_first {
            self.out.push(',');
        }
        self.is_first = false;
        self.line();
    }

    fn within(&mut self, open: char, close: char, fill: impl FnOnce(&mut Self)) {
        self.out.push(open);
        self.indent += 1;
        self.is_first = true;
        fill(self);
        self.indent -= 1;
        if !self.is_first {
            self.line();
        }
        self.is_first = false;
        self.out.push(close);
    }

    /// An object as value.
    pub(super) fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.within('{', '}', fill);
    }

    fn key(&mut self, key: &str) {
        self.entry();
        self.quoted(key);
        self.out.push_str(if self.is_pretty { ": " } else { ":" });
    }

    fn quoted(&mut self, text: &str) {
        self.out.push('"');
        let mut plain = 0;
        for (at, byte) in text.bytes().enumerate() {
            let escape = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0..0x20 => "",
                _ => continue,
            };
            self.out.push_str(text.get(plain..at).unwrap_or_default());
            plain = at + 1;
            if escape.is_empty() {
                self.out.push_str(&format!("\\u{byte:04x}"));
            } else {
                self.out.push_str(escape);
            }
        }
        self.out.push_str(text.get(plain..).unwrap_or_default());
        self.out.push('"');
    }

    /// A message, empty too.
    pub(super) fn message(&mut self, key: &str, fill: impl FnOnce(&mut Self)) {
        self.key(key);
        self.object(fill);
    }

    /// A list of values.
    fn values<T>(&mut self, key: &str, items: &[T], mut value: impl FnMut(&mut Self, &T)) {
        if !items.is_empty() {
            self.key(key);
            self.within('[', ']', |w| {
                for item in items {
                    w.entry();
                    value(w, item);
                }
            });
        }
    }

    /// A list of messages.
    pub(super) fn list<T>(&mut self, key: &str, items: &[T], mut fill: impl FnMut(&mut Self, &T)) {
        self.values(key, items, |w, item| w.object(|w| fill(w, item)));
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &str, texts: &[String]) {
        self.values(key, texts, |w, text| w.quoted(text));
    }

    /// A list of 64-bit integers.
    pub(super) fn integers64(&mut self, key: &str, integers: &[u64]) {
        self.values(key, integers, |w, integer| w.out.push_str(&format!("\"{integer}\"")));
    }

    /// A list of doubles.
    pub(super) fn doubles(&mut self, key: &str, doubles: &[f64]) {
        self.values(key, doubles, |w, &double| w.number(double));
    }

    /// A text, empty too.
    fn text_always(&mut self, key: &str, text: &str) {
        self.key(key);
        self.quoted(text);
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.text_always(key, text);
        }
    }

    /// An id, in hex.
    pub(super) fn id(&mut self, key: &str, id: &[u8]) {
        if !id.is_empty() {
            let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
            self.text_always(key, &hex);
        }
    }

    /// An integer of at most 32 bits, or an enumeration.
    pub(super) fn integer(&mut self, key: &str, integer: impl Into<i64>) {
        let integer = integer.into();
        if integer != 0 {
            self.key(key);
            self.out.push_str(&integer.to_string());
        }
    }

    /// A 64-bit integer.
    pub(super) fn integer64(&mut self, key: &str, integer: u64) {
        if integer != 0 {
            self.text_always(key, &integer.to_string());
        }
    }

    /// A 64-bit integer, zero too.
    pub(super) fn signed64_always(&mut self, key: &str, integer: i64) {
        self.text_always(key, &integer.to_string());
    }

    /// A bool.
    pub(super) fn bool(&mut self, key: &str, bool: bool) {
        if bool {
            self.bool_always(key, bool);
        }
    }

    fn bool_always(&mut self, key: &str, bool: bool) {
        self.key(key);
        self.out.push_str(if bool { "true" } else { "false" });
    }

    /// A double, zero too.
    pub(super) fn double_always(&mut self, key: &str, double: f64) {
        self.key(key);
        self.number(double);
    }

    /// A double; -0.0 is written.
    pub(super) fn double(&mut self, key: &str, double: f64) {
        if double.to_bits() != 0 {
            self.double_always(key, double);
        }
    }

    /// A double that may be absent.
    pub(super) fn optional_double(&mut self, key: &str, double: Option<f64>) {
        if let Some(double) = double {
            self.double_always(key, double);
        }
    }

    /// The shortest text that reads back as the same double.
    fn number(&mut self, double: f64) {
        let magnitude = double.abs();
        if double.is_nan() {
            self.quoted("NaN");
        } else if double.is_infinite() {
            self.quoted(if double > 0.0 { "Infinity" } else { "-Infinity" });
        } else if magnitude == 0.0 || (1e-5..1e17).contains(&magnitude) {
            self.out.push_str(&double.to_string());
        } else {
            self.out.push_str(&format!("{double:e}"));
        }
    }

    /// A list of attributes.
    pub(super) fn attributes(&mut self, key: &str, attributes: &[KeyValue]) {
        self.list(key, attributes, |w, attribute| {
            w.text("key", &attribute.key);
            if attribute.value != Value::Empty {
                w.message("value", |w| w.value(&attribute.value));
            }
        });
    }

    /// The members of an `AnyValue`.
    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Empty => {}
            Value::String(text) => self.text_always("stringValue", text),
            Value::Bool(bool) => self.bool_always("boolValue", *bool),
            Value::Int(int) => self.signed64_always("intValue", *int),
            Value::Double(double) => self.double_always("doubleValue", *double),
            Value::Bytes(bytes) => self.text_always("bytesValue", &STANDARD.encode(bytes)),
            Value::Array(items) => {
                self.message("arrayValue", |w| w.list("values", items, |w, item| w.value(item)));
            }
            Value::Map(entries) => self.message("kvlistValue", |w| w.attributes("values", entries)),
            Value::TooDeep(raw) => self.too_deep(raw),
        }
    }

    /// A value below [`MAX_DEPTH`] levels: looked into as far as JSON goes.
    fn too_deep(&mut self, raw: &[u8]) {
        let mut value = Value::Empty;
        match decode::value(&mut value, raw, MAX_JSON_DEPTH - MAX_DEPTH) {
            Ok(()) => self.value(&without_too_deep(value)),
            Err(_) => self.text_always("bytesValue", &STANDARD.encode(raw)),
        }
    }
}

/// The value with the bytes of what still lies too deep in place of it.
fn without_too_deep(value: Value) -> Value {
    match value {
        Value::TooDeep(raw) => Value::Bytes(raw),
        Value::Array(items) => Value::Array(items.into_iter().map(without_too_deep).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|entry| KeyValue { key: entry.key, value: without_too_deep(entry.value) })
                .collect(),
        ),
        scalar => scalar,
    }
}
