//! Sampling: what `tracestate` says of it, and the rules by which a settled trace is kept or thinned.
//!
//! Entry points: [`Threshold`] and [`Randomness`] (consistent probability sampling: keep if R >= T),
//! [`upstream_weight`] of a span's `tracestate`, and [`Rules::decide`] over the [`Facts`] of a trace.
//!
//! Deliberately absent: when a trace is settled, what is stored of it, and any clock (`store`), and the
//! files in which rules are written (`service`).

mod facts;
mod flow;
mod rules;
mod threshold;
mod trace_state;

pub use facts::{Decision, Facts, KeepReason};
pub use flow::CriticalFlow;
pub use rules::{Rules, RulesError};
pub use threshold::{Randomness, Threshold};
pub use trace_state::{ProbabilityState, upstream_weight};
