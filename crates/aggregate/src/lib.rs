//! What operations did, and who called whom, by the minute: how often, how often in vain, and how long it took.
//!
//! Entry points: [`Aggregates`] counts spans by [`Key`], and [`Edges`] counts calls by [`EdgeKey`]; both merge with others
//! of their kind. Durations are in a [`Sketch`], whose quantiles are at most 2 % off. Sums are of integers, so that nothing
//! depends on the order in which spans come or aggregates are merged, and calls that turn out to be others can be taken
//! back.
//!
//! Deliberately absent: spans and their attributes (`store` says what of a span is its key, `analysis` what is a call),
//! compression, and any clock.

mod aggregates;
mod difference;
mod edges;
mod edges_encoding;
mod encoding;
mod sketch;
mod texts;

pub use aggregates::{Aggregates, Key, MOST_KEYS, MOST_TEXT_BYTES, OTHER, Observation, Origin, OriginId};
pub use edges::{Edge, EdgeKey, Edges};
pub use encoding::EncodingError;
pub use sketch::{Sketch, UNIT, weight_of};
