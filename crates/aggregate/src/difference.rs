//! Durations that come and go: what was counted can be taken back, so that counts may be negative on their way.

use crate::{
    Sketch,
    sketch::{bounds, bucket},
};

/// Durations in the buckets of a [`Sketch`], each with a weight that may be negative. The shortest and the longest are
/// not known: they could not be taken back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Difference {
    /// Buckets and the weight in each, rising; of none is it 0.
    pub(crate) buckets: Vec<(u16, i64)>,
    pub(crate) sum: i128,
}

impl Difference {
    /// Adds a duration, nanoseconds, with a weight in [`crate::UNIT`]s.
    pub(crate) fn add(&mut self, nanos: u64, weight: i64) {
        self.sum = self.sum.saturating_add(i128::from(nanos).saturating_mul(weight.into()));
        self.put(bucket(nanos), weight);
    }

    /// Adds all that another has.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.sum = self.sum.saturating_add(other.sum);
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
            return;
        }
        for &(bucket, weight) in &other.buckets {
            self.put(bucket, weight);
        }
    }

    fn put(&mut self, bucket: u16, weight: i64) {
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => {
                if let Some((_, sum)) = self.buckets.get_mut(at) {
                    *sum = sum.saturating_add(weight);
                    if *sum == 0 {
                        self.buckets.remove(at);
                    }
                }
            }
            Err(at) if weight != 0 => self.buckets.insert(at, (bucket, weight)),
            Err(_) => {}
        }
    }

    /// Whether nothing is left.
    pub(crate) fn is_none(&self) -> bool {
        self.buckets.is_empty() && self.sum == 0
    }

    /// What there is of it: nothing is there less than never. The shortest and the longest are bounds of buckets.
    pub(crate) fn sketch(&self) -> Sketch {
        let there = self.buckets.iter().filter_map(|(bucket, weight)| Some((*bucket, u64::try_from(*weight).ok()?)));
        let buckets: Vec<(u16, u64)> = there.filter(|(_, weight)| *weight > 0).collect();
        let least = buckets.first().map_or(0, |(bucket, _)| bounds(*bucket).0);
        let most = buckets.last().map_or(0, |(bucket, _)| bounds(*bucket).1);
        Sketch { buckets, sum: u128::try_from(self.sum).unwrap_or_default(), least, most }
    }
}
