//! The few words and the sign that a row carries, by the span's attributes (semantic conventions,
//! old names included).

use api::SpanIcon;
use model::{KeyValue, Span, Value, find};

use crate::text;

/// Longest reason or note in a row, bytes.
const MAX_WORDS_BYTES: usize = 120;

/// Names of gRPC status codes by number (grpc.io, "Status codes and their use in gRPC").
const GRPC_CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// What the span talks to.
pub(super) fn icon(span: &Span) -> SpanIcon {
    let has = |key| find(&span.attributes, key).is_some();
    if has("db.system.name") || has("db.system") {
        SpanIcon::Database
    } else if has("messaging.system") {
        SpanIcon::Messaging
    } else if span.attributes.iter().any(|attribute| attribute.key.starts_with("gen_ai.")) || tokens(span).is_some() {
        SpanIcon::GenAi
    } else if !span.links.is_empty() {
        SpanIcon::Link
    } else {
        SpanIcon::None
    }
}

/// `1 204 in, 96 out`: the tokens of an LLM call; empty for other spans.
pub(super) fn note(span: &Span) -> String {
    let Some((input, output)) = tokens(span) else { return String::new() };
    let side = |count: Option<i64>, word| count.map(|count| format!("{} {word}", grouped(count)));
    let sides: Vec<_> = [side(input, "in"), side(output, "out")].into_iter().flatten().collect();
    sides.join(", ")
}

/// Input and output tokens: of the conventions, of their predecessor, and as people write them who
/// instrument by hand.
fn tokens(span: &Span) -> Option<(Option<i64>, Option<i64>)> {
    let count = |keys: [&str; 3]| {
        keys.iter().find_map(|key| match find(&span.attributes, key)? {
            Value::Int(count) => Some(*count),
            _ => None,
        })
    };
    let input = count(["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "input_tokens"]);
    let output = count(["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "output_tokens"]);
    (input.is_some() || output.is_some()).then_some((input, output))
}

/// Digits in groups of three, with a space between them.
fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::from(if count < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Why a span with status ERROR failed, in a few words: `error.type`, else the HTTP or RPC status,
/// else the type of the last exception, else the first line of the status message.
pub(super) fn error_text(span: &Span) -> String {
    let attributes = &span.attributes;
    let reason = error_type(attributes)
        .or_else(|| http_status(attributes))
        .or_else(|| rpc_status(attributes))
        .or_else(|| exception_type(span))
        .unwrap_or_else(|| span.status_message().lines().next().unwrap_or_default().to_owned());
    text::beginning(&reason, MAX_WORDS_BYTES).to_owned()
}

fn error_type(attributes: &[KeyValue]) -> Option<String> {
    let name = find(attributes, "error.type").and_then(Value::as_str)?;
    match name {
        "" | "_OTHER" => None,
        // HTTP instrumentations repeat the status code here.
        _ if http_status(attributes).is_some_and(|status| status.ends_with(&format!(" {name}"))) => None,
        _ => Some(name.to_owned()),
    }
}

fn http_status(attributes: &[KeyValue]) -> Option<String> {
    let code = ["http.response.status_code", "http.status_code"].iter().find_map(|key| find(attributes, key))?;
    match code {
        Value::Int(code) if *code >= 400 => Some(format!("HTTP {code}")),
        _ => None,
    }
}

fn rpc_status(attributes: &[KeyValue]) -> Option<String> {
    let keys = ["rpc.response.status_code", "rpc.status_code", "rpc.grpc.status_code"];
    match keys.iter().find_map(|key| find(attributes, key))? {
        Value::Int(0) => None,
        Value::Int(code) => Some(
            usize::try_from(*code)
                .ok()
                .and_then(|code| GRPC_CODES.get(code))
                .map_or_else(|| format!("RPC {code}"), |name| (*name).to_owned()),
        ),
        Value::String(name) if !name.is_empty() && name != "OK" => Some(name.clone()),
        _ => None,
    }
}

fn exception_type(span: &Span) -> Option<String> {
    span.events
        .iter()
        .rev()
        .filter(|event| event.name == "exception")
        .find_map(|event| find(&event.attributes, "exception.type").and_then(Value::as_str))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use model::{Event, Status, StatusCode};

    use super::*;

    fn span(attributes: &[(&str, Value)]) -> Span {
        let attributes = attributes.iter().map(|(key, value)| KeyValue::new(*key, value.clone())).collect();
        let status = Status { code: StatusCode::ERROR, message: "it broke\nat line 2".to_owned() };
        Span { attributes, status: Some(status), ..Span::default() }
    }

    #[test]
    fn the_reason_of_an_error_is_the_most_telling_there_is() {
        let exception = Event {
            name: "exception".to_owned(),
            attributes: vec![KeyValue::new("exception.type", "ValueError")],
            ..Event::default()
        };
        let with_exception = Span { events: vec![exception], ..span(&[]) };
        for (span, reason) in [
            (span(&[("error.type", "timeout".into()), ("http.response.status_code", 504.into())]), "timeout"),
            (span(&[("error.type", "504".into()), ("http.response.status_code", 504.into())]), "HTTP 504"),
            (span(&[("http.status_code", 500.into())]), "HTTP 500"),
            (span(&[("rpc.grpc.status_code", 4.into())]), "DEADLINE_EXCEEDED"),
            (span(&[("rpc.grpc.status_code", 99.into())]), "RPC 99"),
            (with_exception, "ValueError"),
            (span(&[]), "it broke"),
        ] {
            assert_eq!(error_text(&span), reason);
        }
    }

    #[test]
    fn tokens_of_a_call_are_noted() {
        let call = span(&[("gen_ai.usage.prompt_tokens", 1_204.into()), ("gen_ai.usage.output_tokens", 96.into())]);
        assert_eq!((note(&call).as_str(), icon(&call)), ("1 204 in, 96 out", SpanIcon::GenAi));
        let by_hand = span(&[("input_tokens", 1_234_567.into())]);
        assert_eq!((note(&by_hand).as_str(), icon(&by_hand)), ("1 234 567 in", SpanIcon::GenAi));
        let query = span(&[("db.system", "postgresql".into())]);
        assert_eq!((note(&query).as_str(), icon(&query)), ("", SpanIcon::Database));
    }
}
