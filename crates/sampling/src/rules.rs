//! The rules, and how they decide.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{CriticalFlow, Decision, Facts, KeepReason, Threshold};

/// By what settled traces are kept or thinned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Whether anything is thinned.
    pub is_on: bool,
    /// The environments whose traces are thinned, as `deployment.environment.name` says it, each with the share
    /// that is kept, from 0 to 1. Traces of all others, and those without one, stay.
    pub environments: BTreeMap<String, f64>,
    /// The most that is kept of a root operation with high volume, from 0 to 1.
    pub high_volume_ratio: f64,
    /// Traces an hour of one root operation over which its volume is high.
    pub high_volume_over: u64,
    /// Traces an hour of one root operation below which its volume is low: these stay.
    pub low_volume_under: u64,
    /// These stay.
    pub critical_flows: Vec<CriticalFlow>,
}

impl Default for Rules {
    /// Of `production` and `prod` 10 %, and 1 % beyond 1,000 traces an hour; all below 10.
    fn default() -> Self {
        Self {
            is_on: true,
            environments: ["production", "prod"].map(|name| (name.to_owned(), 0.1)).into(),
            high_volume_ratio: 0.01,
            high_volume_over: 1_000,
            low_volume_under: 10,
            critical_flows: Vec::new(),
        }
    }
}

/// Rules that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RulesError {
    /// A share that is none.
    #[error("the ratio of {of} is {ratio}: write a number from 0 (none is kept) to 1 (all are kept)")]
    Ratio {
        /// An environment, or "high volume".
        of: String,
        /// What was written.
        ratio: f64,
    },
    /// Volume that is low and high.
    #[error("low volume is under {under} and high volume over {over} traces an hour: the first must not be larger")]
    Volumes {
        /// [`Rules::low_volume_under`].
        under: u64,
        /// [`Rules::high_volume_over`].
        over: u64,
    },
    /// An environment without a name.
    #[error("an environment has no name: traces without one are never thinned")]
    NoName,
    /// A critical flow that fits nothing.
    #[error("critical flow {number} names neither a service nor an operation: write at least one")]
    EmptyFlow {
        /// From 1.
        number: usize,
    },
}

impl Rules {
    /// Whether the rules can be applied.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), RulesError> {
        let ratios = self.environments.iter().map(|(name, ratio)| (name.as_str(), *ratio));
        for (of, ratio) in ratios.chain([("high volume", self.high_volume_ratio)]) {
            if !(0.0..=1.0).contains(&ratio) {
                return Err(RulesError::Ratio { of: of.to_owned(), ratio });
            }
        }
        if self.environments.contains_key("") {
            return Err(RulesError::NoName);
        }
        if self.low_volume_under > self.high_volume_over {
            return Err(RulesError::Volumes { under: self.low_volume_under, over: self.high_volume_over });
        }
        match self.critical_flows.iter().position(CriticalFlow::is_empty) {
            Some(at) => Err(RulesError::EmptyFlow { number: at + 1 }),
            None => Ok(()),
        }
    }

    /// What becomes of a trace: the first reason counts, in the order of [`KeepReason`].
    #[must_use]
    pub fn decide(&self, facts: &Facts) -> Decision {
        if !self.is_on {
            return Decision::Keep(KeepReason::Off);
        }
        if facts.has_error || facts.has_http_error {
            return Decision::Keep(KeepReason::Error);
        }
        let services = || facts.services.iter().map(String::as_str);
        if self.critical_flows.iter().any(|flow| flow.fits(services(), &facts.root_operation)) {
            return Decision::Keep(KeepReason::CriticalFlow);
        }
        let Some(&ratio) = facts.environment.as_ref().and_then(|name| self.environments.get(name)) else {
            return Decision::Keep(KeepReason::Environment);
        };
        if facts.traces_an_hour < self.low_volume_under {
            return Decision::Keep(KeepReason::LowVolume);
        }
        let is_high = facts.traces_an_hour > self.high_volume_over;
        let ratio = if is_high { ratio.min(self.high_volume_ratio) } else { ratio };
        if Threshold::of_ratio(ratio).is_some_and(|threshold| threshold.keeps(facts.randomness)) {
            Decision::Keep(KeepReason::Ratio { ratio })
        } else {
            Decision::Thin { ratio }
        }
    }
}
