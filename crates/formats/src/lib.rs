//! Bytes to model and back: OTLP in protobuf and JSON, one request at a time.
//!
//! Entry points: [`walk`] reads a request once and says what is in it, for the way in;
//! [`decode_traces`], [`decode_logs`] and [`decode_metrics`] give all of it, for reading.
//!
//! Deliberately absent: any proto crate (the walker over the wire format and the lenient JSON
//! codec are our own), sockets, storage.

mod body;
#[cfg(not(target_arch = "wasm32"))]
mod compress;
mod error;
pub mod file;
mod limits;
mod walked;

use model::{LogsData, MetricsData, Resource, Scope, Signal, Span, TracesData};

pub use body::{Compression, Encoding};
#[cfg(not(target_arch = "wasm32"))]
pub use compress::{compress_lz4, decompress};
pub use error::FormatError;
pub use limits::WalkLimits;
pub use walked::{LogColumns, PointColumns, SpanColumns, Walked, WalkedRows};

/// Walk.
pub fn walk(_signal: Signal, _encoding: Encoding, _body: &[u8], _limits: &WalkLimits) -> Result<Walked, FormatError> {
    Ok(Walked::default())
}
/// Decode.
pub fn decode_traces(_encoding: Encoding, _body: &[u8]) -> Result<TracesData, FormatError> {
    Ok(TracesData::default())
}
/// Decode.
pub fn decode_logs(_encoding: Encoding, _body: &[u8]) -> Result<LogsData, FormatError> {
    Ok(LogsData::default())
}
/// Decode.
pub fn decode_metrics(_encoding: Encoding, _body: &[u8]) -> Result<MetricsData, FormatError> {
    Ok(MetricsData::default())
}
/// Encode.
#[must_use]
pub fn encode_traces_protobuf(_data: &TracesData) -> Vec<u8> {
    Vec::new()
}
/// Encode.
#[must_use]
pub fn encode_logs_protobuf(_data: &LogsData) -> Vec<u8> {
    Vec::new()
}
/// Encode.
#[must_use]
pub fn encode_metrics_protobuf(_data: &MetricsData) -> Vec<u8> {
    Vec::new()
}
/// Encode.
#[must_use]
pub fn encode_traces_json(_data: &TracesData) -> Vec<u8> {
    Vec::new()
}
/// Encode.
#[must_use]
pub fn encode_logs_json(_data: &LogsData) -> Vec<u8> {
    Vec::new()
}
/// Encode.
#[must_use]
pub fn encode_metrics_json(_data: &MetricsData) -> Vec<u8> {
    Vec::new()
}
/// One span in its resource and scope, indented.
#[must_use]
pub fn span_json_pretty(
    _resource: Option<&Resource>,
    _resource_schema_url: &str,
    _scope: Option<&Scope>,
    _scope_schema_url: &str,
    _span: &Span,
) -> String {
    String::new()
}
