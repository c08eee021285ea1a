//! How many traces of each root operation were decided in the last hour.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Serialize};

/// Volume is counted by the minute and asked for by the hour.
pub(crate) const MINUTES_AN_HOUR: u64 = 60;
/// Nanoseconds in a minute.
const MINUTE_NANOS: u64 = 60 * 1_000_000_000;
/// Operations counted in a minute; of any more the volume stays low, and their traces stay.
const MOST_OPERATIONS: usize = 20_000;

/// A root operation. Only those in environments that are thinned are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Operation {
    pub(super) environment: String,
    pub(super) service: String,
    pub(super) name: String,
}

/// Traces by minute since the Unix epoch and operation.
#[derive(Debug, Default)]
pub(super) struct Volume(VecDeque<(u64, HashMap<Operation, u64>)>);

impl Volume {
    /// From what was written of each minute, the oldest first. What cannot be read counts nothing.
    pub(super) fn from_minutes(minutes: &[(u64, Vec<u8>)]) -> Self {
        let read = |(minute, value): &(u64, Vec<u8>)| Some((*minute, postcard::from_bytes(value).ok()?));
        Self(minutes.iter().filter_map(read).collect())
    }

    /// Counts traces at a time, nanoseconds since the Unix epoch; the minute, and all of it as it is written.
    pub(super) fn add(
        &mut self,
        now_unix_nano: u64,
        operations: impl Iterator<Item = Operation>,
    ) -> postcard::Result<(u64, Vec<u8>)> {
        let minute = now_unix_nano / MINUTE_NANOS;
        self.0.retain(|(other, _)| other + MINUTES_AN_HOUR > minute && *other <= minute);
        if self.0.back().is_none_or(|(last, _)| *last != minute) {
            self.0.push_back((minute, HashMap::new()));
        }
        let Some((_, counts)) = self.0.back_mut() else { return Ok((minute, Vec::new())) };
        for operation in operations {
            if counts.len() < MOST_OPERATIONS || counts.contains_key(&operation) {
                *counts.entry(operation).or_default() += 1;
            }
        }
        Ok((minute, postcard::to_stdvec(counts)?))
    }

    /// Traces of each operation in the hour that ends with the latest minute.
    pub(super) fn of_the_hour(&self) -> HashMap<&Operation, u64> {
        let mut sums = HashMap::new();
        for (operation, count) in self.0.iter().flat_map(|(_, counts)| counts) {
            *sums.entry(operation).or_default() += count;
        }
        sums
    }
}
