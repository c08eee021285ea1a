//! OTLP in protobuf.

pub(crate) mod decode;
mod decode_log;
pub(crate) mod decode_metric;
mod decode_span;
pub(crate) mod encode;
mod encode_log;
mod encode_metric;
pub(crate) mod encode_span;
pub mod raw;
mod raw_metric;
mod walk;
mod walk_log;
mod walk_metric;
mod walk_span;
pub(crate) mod wire;

use model::{LogsData, MetricsData, Signal, TracesData};

use crate::{FormatError, LogColumns, PointColumns, SpanColumns, WalkLimits, Walked, WalkedRows};

/// Walks a request; see [`crate::walk`].
pub(crate) fn walk(signal: Signal, body: &[u8], limits: &WalkLimits) -> Result<Walked, FormatError> {
    let walked = match walk_as(signal, body, limits) {
        Ok(walked) => walked,
        Err(error) if walk::is_limit(error) => return Err(error.into()),
        Err(error) => {
            return Err(match other_signal(signal, body, limits) {
                Some(other) => FormatError::wrong_signal(signal, other),
                None if looks_like_json(body) => FormatError::Malformed(
                    "the body looks like JSON but was sent as protobuf: send it as application/json".to_owned(),
                ),
                None => error.into(),
            });
        }
    };
    // Metrics and logs without times pass for spans with odd ids: prost and others misread them
    // without a word. A span of the real world has a time.
    if let WalkedRows::Spans(spans) = &walked.rows
        && walked.received > 0
        && spans.start_unix_nano.iter().chain(&spans.end_unix_nano).all(|&time| time == 0)
        && let Some(other) = other_signal(signal, body, limits)
    {
        return Err(FormatError::wrong_signal(signal, other));
    }
    Ok(walked)
}

fn walk_as(signal: Signal, body: &[u8], limits: &WalkLimits) -> wire::Wire<Walked> {
    match signal {
        Signal::Traces => walk::request::<SpanColumns>(body, limits),
        Signal::Logs => walk::request::<LogColumns>(body, limits),
        Signal::Metrics => walk::request::<PointColumns>(body, limits),
    }
}

/// The signal, other than this one, as which the body reads without a flaw: with content, without
/// unknown fields, broken texts or refused items.
fn other_signal(signal: Signal, body: &[u8], limits: &WalkLimits) -> Option<Signal> {
    Signal::ALL.into_iter().filter(|&other| other != signal).find(|&other| {
        walk_as(other, body, limits).is_ok_and(|walked| {
            walked.received > 0
                && walked.unknown_fields == 0
                && walked.repaired_texts == 0
                && walked.rejected.is_empty()
                && (other != Signal::Logs || decode_log::logs_data(body).is_ok_and(|logs| has_content(&logs)))
        })
    })
}

/// Whether any record says something: an empty one reads as an empty span just as well.
fn has_content(logs: &LogsData) -> bool {
    let mut records = logs.resource_logs.iter().flat_map(|logs| &logs.scope_logs).flat_map(|logs| &logs.log_records);
    records.any(|record| record.body.is_some() || record.time() != 0 || record.severity_number != 0)
}

/// Whether a body begins like a JSON document, which no OTLP request in protobuf does. (A line feed
/// is the key of the first field.)
fn looks_like_json(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    matches!(body.iter().find(|byte| !b" \t\r".contains(byte)), Some(b'{' | b'['))
}

/// See [`crate::decode_traces`].
pub(crate) fn decode_traces(body: &[u8]) -> Result<TracesData, FormatError> {
    Ok(decode_span::traces_data(body)?)
}

/// See [`crate::decode_logs`].
pub(crate) fn decode_logs(body: &[u8]) -> Result<LogsData, FormatError> {
    Ok(decode_log::logs_data(body)?)
}

/// See [`crate::decode_metrics`].
pub(crate) fn decode_metrics(body: &[u8]) -> Result<MetricsData, FormatError> {
    Ok(decode_metric::metrics_data(body)?)
}

/// See [`crate::encode_traces_protobuf`].
pub(crate) fn encode_traces(data: &TracesData) -> Vec<u8> {
    let mut w = wire::Writer::default();
    encode_span::traces_data(&mut w, data);
    w.bytes
}

/// See [`crate::encode_logs_protobuf`].
pub(crate) fn encode_logs(data: &LogsData) -> Vec<u8> {
    let mut w = wire::Writer::default();
    encode_log::logs_data(&mut w, data);
    w.bytes
}

/// See [`crate::encode_metrics_protobuf`].
pub(crate) fn encode_metrics(data: &MetricsData) -> Vec<u8> {
    let mut w = wire::Writer::default();
    encode_metric::metrics_data(&mut w, data);
    w.bytes
}
