//! The part of `tracestate` that is OpenTelemetry's: the list member `ot`, with `th` and `rv` in it.

use crate::{Randomness, Threshold};

/// What `tracestate` says of sampling before it came to us. What is missing or invalid is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProbabilityState {
    /// `th`.
    pub threshold: Option<Threshold>,
    /// `rv`.
    pub randomness: Option<Randomness>,
}

impl ProbabilityState {
    /// Reads a `tracestate`: the first member `ot` counts, and in it the first of each key.
    #[must_use]
    pub fn parse(trace_state: &str) -> Self {
        let members = trace_state.split(',').map(|member| member.trim_matches([' ', '\t']));
        let Some(ours) = members.filter_map(|member| member.strip_prefix("ot=")).next() else {
            return Self::default();
        };
        let value =
            |key: &str| ours.split(';').filter_map(|field| field.split_once(':')).find(|(name, _)| *name == key);
        Self {
            threshold: value("th").and_then(|(_, value)| Threshold::parse(value)),
            randomness: value("rv").and_then(|(_, value)| Randomness::parse(value)),
        }
    }
}

/// How many spans one with this `tracestate` stands for, by the sampling before it came to us; `None` where that is
/// unknown, and the span counts once.
#[must_use]
pub fn upstream_weight(trace_state: &str) -> Option<f64> {
    ProbabilityState::parse(trace_state).threshold.map(Threshold::adjusted_count)
}
