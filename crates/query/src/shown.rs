//! Values as the texts by which they are told apart and counted.

use model::{StatusCode, Value};

use crate::{Intrinsic, SpanView, Subject, evaluate::values_of, number::Number};

impl Subject {
    /// Passes on what a span has here, as text: `subject = "text"` finds the span again. Of a list its items, of a map its
    /// values. What a trace has as a whole, durations and times have no texts.
    pub fn texts(&self, span: &impl SpanView, visit: &mut dyn FnMut(&str)) {
        let mut if_any = |text: &str| {
            if !text.is_empty() {
                visit(text);
            }
        };
        match self {
            Self::Attribute { scope, keys } => values_of(*scope, keys, span, &mut |value| shown(value, visit)),
            Self::Intrinsic(Intrinsic::Service) => visit(span.service()),
            Self::Intrinsic(Intrinsic::Name) => visit(span.name()),
            Self::Intrinsic(Intrinsic::Kind) => visit(span.kind().name()),
            Self::Intrinsic(Intrinsic::Status) => visit(span.status().name()),
            Self::Intrinsic(Intrinsic::Error) => {
                visit(if span.status() == StatusCode::ERROR { "true" } else { "false" });
            }
            Self::Intrinsic(Intrinsic::EventName) => span.event_names(&mut if_any),
            Self::Intrinsic(Intrinsic::ScopeName) => if_any(span.scope_name()),
            Self::Intrinsic(Intrinsic::ScopeVersion) => if_any(span.scope_version()),
            Self::Intrinsic(_) | Self::Anywhere => {}
        }
    }
}

/// Passes on what a value shows as: of a list its items, of a map its values.
pub fn shown(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::Bool(bool) => visit(if *bool { "true" } else { "false" }),
        Value::Int(int) => visit(&Number::Whole((*int).into()).shown()),
        Value::Double(double) => visit(&Number::Real(*double).shown()),
        Value::Array(items) => items.iter().for_each(|item| shown(item, visit)),
        Value::Map(entries) => entries.iter().for_each(|entry| shown(&entry.value, visit)),
        Value::Bytes(_) | Value::Empty | Value::TooDeep(_) => {}
    }
}
