//! What operations did, by the minute: how often, how often in vain, and how long it took.
//!
//! Entry points: [`Aggregates`] counts spans by [`Key`] and merges with others of its kind; each key has a
//! [`Sketch`] of durations, whose quantiles are at most 2 % off. Sums are of integers, so that nothing depends on
//! the order in which spans come or aggregates are merged.
//!
//! Deliberately absent: spans and their attributes (`store` says what of a span is its key), compression, and
//! any clock.

mod aggregates;
mod encoding;
mod sketch;
mod texts;

pub use aggregates::{Aggregates, Key, MOST_KEYS, MOST_TEXT_BYTES, OTHER, Observation, Origin, OriginId};
pub use encoding::EncodingError;
pub use sketch::{Sketch, UNIT, weight_of};
