//! Bytes to model and back: OTLP in protobuf and JSON, one request at a time.
//!
//! Entry points: [`walk`] reads a request once and says what is in it, for the way in;
//! [`decode_traces`], [`decode_logs`] and [`decode_metrics`] give all of it, for reading; [`raw`] takes a
//! request apart without decoding it, for those who make columns of it.
//!
//! Deliberately absent: any proto crate (the walker over the wire format and the lenient JSON
//! codec are our own), sockets, storage.

mod body;
#[cfg(not(target_arch = "wasm32"))]
mod compress;
mod error;
pub mod file;
mod hash;
mod intern;
mod json;
mod limits;
mod protobuf;
mod reject;
mod walked;

use model::{
    Exemplar, ExponentialHistogramPoint, KeyValue, LogsData, Metric, MetricsData, Resource, ResourceSpans, Scope,
    ScopeSpans, Signal, Span, SummaryPoint, TracesData, Value,
};

pub use body::{Compression, Encoding};
#[cfg(not(target_arch = "wasm32"))]
pub use compress::{compress_lz4, decompress};
pub use error::FormatError;
pub use intern::cut_text;
pub use limits::WalkLimits;
pub use protobuf::raw;
pub use walked::{LogColumns, PointColumns, SpanColumns, Walked, WalkedRows};

/// Reads a request once: checks it, counts it, charges what it would cost in memory, and gives its
/// columns in document order.
///
/// A body of no bytes is an empty request in protobuf. Invalid UTF-8 is repaired and counted,
/// unknown fields are ignored and counted, values nested too deep are kept unread. Items that
/// cannot be kept are refused one by one ([`Walked::rejected`]).
///
/// # Errors
/// [`FormatError::Malformed`] where the body is not what it is said to be,
/// [`FormatError::WrongSignal`] where it is a request of another signal, and
/// [`FormatError::TooLarge`] as soon as a limit is passed.
pub fn walk(signal: Signal, encoding: Encoding, body: &[u8], limits: &WalkLimits) -> Result<Walked, FormatError> {
    match encoding {
        Encoding::Protobuf => protobuf::walk(signal, body, limits),
        Encoding::Json => json::walk(signal, body, limits),
    }
}

/// All of a trace request. Spans stand in document order, refused ones included (their ids are
/// zero): the ordinals of [`walk`] count them.
///
/// # Errors
/// [`FormatError`] where [`walk`] finds the body malformed or of another signal.
pub fn decode_traces(encoding: Encoding, body: &[u8]) -> Result<TracesData, FormatError> {
    match encoding {
        Encoding::Protobuf => protobuf::decode_traces(body),
        Encoding::Json => json::decode_traces(body),
    }
}

/// All of a log request. Records stand in document order, refused ones included: the ordinals of
/// [`walk`] count them.
///
/// # Errors
/// [`FormatError`] where [`walk`] finds the body malformed or of another signal.
pub fn decode_logs(encoding: Encoding, body: &[u8]) -> Result<LogsData, FormatError> {
    match encoding {
        Encoding::Protobuf => protobuf::decode_logs(body),
        Encoding::Json => json::decode_logs(body),
    }
}

/// All of a metrics request. Points stand in document order, refused ones included: the ordinals of
/// [`walk`] count them.
///
/// # Errors
/// [`FormatError`] where [`walk`] finds the body malformed or of another signal.
pub fn decode_metrics(encoding: Encoding, body: &[u8]) -> Result<MetricsData, FormatError> {
    match encoding {
        Encoding::Protobuf => protobuf::decode_metrics(body),
        Encoding::Json => json::decode_metrics(body),
    }
}

/// A text as it came, invalid UTF-8 repaired (U+FFFD).
#[must_use]
pub fn decode_text(bytes: &[u8]) -> String {
    protobuf::decode::text(bytes)
}

/// A message `AnyValue` that does not lie in another.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn decode_value(message: &[u8]) -> Result<Value, FormatError> {
    Ok(protobuf::raw::value(message)?)
}

/// A message `Resource`.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn decode_resource(message: &[u8]) -> Result<Resource, FormatError> {
    let mut resource = Resource::default();
    protobuf::decode::resource(&mut resource, message)?;
    Ok(resource)
}

/// A message `InstrumentationScope`.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn decode_scope(message: &[u8]) -> Result<Scope, FormatError> {
    let mut scope = Scope::default();
    protobuf::decode::scope(&mut scope, message)?;
    Ok(scope)
}

/// A message `KeyValue` that does not lie in a value: an attribute or an entry of metadata.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn decode_attribute(message: &[u8]) -> Result<KeyValue, FormatError> {
    Ok(protobuf::decode::attribute(message)?)
}

/// A message `Metric`.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn decode_metric(message: &[u8]) -> Result<Metric, FormatError> {
    Ok(protobuf::decode_metric::metric(message)?)
}

/// A message `ExponentialHistogramDataPoint`.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn decode_exponential_point(message: &[u8]) -> Result<ExponentialHistogramPoint, FormatError> {
    Ok(protobuf::decode_metric::exponential_point(message)?)
}

/// A message `SummaryDataPoint`.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn decode_summary_point(message: &[u8]) -> Result<SummaryPoint, FormatError> {
    Ok(protobuf::decode_metric::summary_point(message)?)
}

/// A message `Exemplar`.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn decode_exemplar(message: &[u8]) -> Result<Exemplar, FormatError> {
    Ok(protobuf::decode_metric::exemplar(message)?)
}

/// A trace request in protobuf, as [`decode_traces`] reads it back.
#[must_use]
pub fn encode_traces_protobuf(data: &TracesData) -> Vec<u8> {
    protobuf::encode_traces(data)
}

/// A log request in protobuf, as [`decode_logs`] reads it back.
#[must_use]
pub fn encode_logs_protobuf(data: &LogsData) -> Vec<u8> {
    protobuf::encode_logs(data)
}

/// A metrics request in protobuf, as [`decode_metrics`] reads it back.
#[must_use]
pub fn encode_metrics_protobuf(data: &MetricsData) -> Vec<u8> {
    protobuf::encode_metrics(data)
}

/// A trace request in OTLP/JSON, canonical and compact, as [`decode_traces`] reads it back.
///
/// Values nested deeper than 24 levels ([`model::Value::TooDeep`]) are written out like others down
/// to 94 levels and read back as the same bytes, if those were canonical protobuf; what lies deeper
/// still, or is not protobuf, becomes a `bytesValue`.
#[must_use]
pub fn encode_traces_json(data: &TracesData) -> Vec<u8> {
    json::encode_traces(data, false).into_bytes()
}

/// A log request in OTLP/JSON; see [`encode_traces_json`].
#[must_use]
pub fn encode_logs_json(data: &LogsData) -> Vec<u8> {
    json::encode_logs(data).into_bytes()
}

/// A metrics request in OTLP/JSON; see [`encode_traces_json`].
#[must_use]
pub fn encode_metrics_json(data: &MetricsData) -> Vec<u8> {
    json::encode_metrics(data).into_bytes()
}

/// One span in its resource and scope as a trace request in OTLP/JSON, indented by two spaces.
#[must_use]
pub fn span_json_pretty(
    resource: Option<&Resource>,
    resource_schema_url: &str,
    scope: Option<&Scope>,
    scope_schema_url: &str,
    span: &Span,
) -> String {
    let scope_spans =
        ScopeSpans { scope: scope.cloned(), spans: vec![span.clone()], schema_url: scope_schema_url.to_owned() };
    let resource_spans = ResourceSpans {
        resource: resource.cloned(),
        scope_spans: vec![scope_spans],
        schema_url: resource_schema_url.to_owned(),
    };
    json::encode_traces(&TracesData { resource_spans: vec![resource_spans] }, true)
}
