//! Bytes to model and back: OTLP in protobuf and JSON, one request at a time.
//!
//! Entry points: [`walk`] reads a request once and says what is in it, for the way in;
//! [`decode_traces`], [`decode_logs`] and [`decode_metrics`] give all of it, for reading.
//!
//! Deliberately absent: any proto crate (the walker over the wire format and the lenient JSON
//! codec are our own), sockets, storage.

mod body;
mod error;
mod walked;

pub use body::{Compression, Encoding};
pub use error::FormatError;
pub use walked::{LogColumns, PointColumns, SpanColumns, Walked, WalkedRows};
