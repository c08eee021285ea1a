//! What tests need to say much in few words: traces drawn as text, and a corpus of realistic
//! requests that is the same on every machine.
//!
//! Entry points: [`trace`] and [`logs`] read a drawing; [`render`] draws; [`corpus`] generates load;
//! [`strategies`] are random requests;
//! [`sample`] is the trace that the application ships.
//!
//! Deliberately absent: anything that the product needs. This crate is a dev-dependency only, and
//! it panics with a sentence on a drawing that it cannot read.

mod art;
pub mod corpus;
mod draw;
mod random;
pub mod sample;
pub mod strategies;

pub use art::{START_UNIX_NANO, TRACE_ID, logs, trace};
pub use draw::{DrawnRow, render};
pub use random::Random;

use model::TracesData;

/// The bytes of an OTLP/protobuf request that carries these spans.
#[must_use]
pub fn otlp_protobuf(traces: &TracesData) -> Vec<u8> {
    formats::encode_traces_protobuf(traces)
}
