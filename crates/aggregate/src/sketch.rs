//! Durations by their magnitude, in buckets whose width grows with them.

/// Weights are integers, of which so many are one span: sums are then the same in any order, and an adjusted count
/// is at most 0.05 % off.
pub const UNIT: u64 = 1024;
/// No span stands for more than this many: what says so is damaged.
const MOST_WEIGHT: f64 = 4_294_967_296.0;

/// 2^(i/18) times 2^16: where the buckets of an octave begin. From one to the next it is 3.93 %, so that what
/// stands for a bucket is at most 1.93 % off.
const STEPS: [u64; 18] = [
    65_536, 68_109, 70_783, 73_562, 76_450, 79_451, 82_570, 85_812, 89_181, 92_682, 96_321, 100_102, 104_032, 108_116,
    112_361, 116_772, 121_356, 126_121,
];
const BUCKETS_AN_OCTAVE: u16 = STEPS.len() as u16;
/// Bits to which a number is cut before it is compared with [`STEPS`].
const STEP_BITS: u32 = 16;

/// The weight of a span that stands for so many, in [`UNIT`]s; without an adjusted count it stands for itself.
#[must_use]
pub fn weight_of(adjusted_count: Option<f64>) -> u64 {
    match adjusted_count {
        Some(count) if count.is_finite() => (count.clamp(1.0, MOST_WEIGHT) * UNIT as f64).round() as u64,
        _ => UNIT,
    }
}

/// How durations are distributed: quantiles of it are at most 2 % off.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch {
    /// Buckets and the weight in each, rising.
    pub(crate) buckets: Vec<(u16, u64)>,
    pub(crate) sum: u128,
    pub(crate) least: u64,
    pub(crate) most: u64,
}

impl Sketch {
    /// Adds a duration, nanoseconds, with a weight in [`UNIT`]s.
    pub fn add(&mut self, duration_nanos: u64, weight: u64) {
        let other = u128::from(duration_nanos) * u128::from(weight);
        self.note(other, duration_nanos, duration_nanos);
        self.put(bucket(duration_nanos), weight);
    }

    /// Adds all that another has.
    pub fn merge(&mut self, other: &Self) {
        if other.buckets.is_empty() {
            return;
        }
        self.note(other.sum, other.least, other.most);
        if self.buckets.is_empty() {
            self.buckets.clone_from(&other.buckets);
            return;
        }
        for &(bucket, weight) in &other.buckets {
            self.put(bucket, weight);
        }
    }

    fn note(&mut self, sum: u128, least: u64, most: u64) {
        self.least = if self.buckets.is_empty() { least } else { self.least.min(least) };
        self.most = self.most.max(most);
        self.sum = self.sum.saturating_add(sum);
    }

    fn put(&mut self, bucket: u16, weight: u64) {
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => {
                if let Some((_, sum)) = self.buckets.get_mut(at) {
                    *sum = sum.saturating_add(weight);
                }
            }
            Err(at) => self.buckets.insert(at, (bucket, weight)),
        }
    }

    /// How many durations it has, in [`UNIT`]s.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, (_, weight)| sum.saturating_add(*weight))
    }

    /// How many durations it has.
    #[must_use]
    pub fn count(&self) -> f64 {
        self.weight() as f64 / UNIT as f64
    }

    /// Their sum, nanoseconds.
    #[must_use]
    pub fn sum_nanos(&self) -> f64 {
        self.sum as f64 / UNIT as f64
    }

    /// The shortest, nanoseconds; 0 if there is none.
    #[must_use]
    pub fn least_nanos(&self) -> u64 {
        self.least
    }

    /// The longest, nanoseconds; 0 if there is none.
    #[must_use]
    pub fn most_nanos(&self) -> u64 {
        self.most
    }

    /// The duration that this share of all, from 0 to 1, does not exceed, nanoseconds; `None` if there is none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let rank = share.clamp(0.0, 1.0) * self.weight() as f64;
        let mut below = 0_u64;
        let found = self.buckets.iter().find(|(_, weight)| {
            below = below.saturating_add(*weight);
            below as f64 >= rank
        });
        let (bucket, _) = found.or(self.buckets.last())?;
        Some(middle(*bucket).clamp(self.least, self.most))
    }
}

/// The bucket of a duration: 0 for none, then 18 an octave.
pub(crate) fn bucket(nanos: u64) -> u16 {
    let Some(octave) = nanos.checked_ilog2() else { return 0 };
    let cut = match octave.checked_sub(STEP_BITS) {
        Some(more) => nanos >> more,
        None => nanos << (STEP_BITS - octave),
    };
    let step = STEPS.partition_point(|step| *step <= cut) as u16;
    // The first step is never above the number, so that `step` is at least 1.
    octave as u16 * BUCKETS_AN_OCTAVE + step
}

/// What stands for a bucket, nanoseconds: as far from its begin as from its end, by ratio of the error.
fn middle(bucket: u16) -> u64 {
    let Some(at) = bucket.checked_sub(1) else { return 0 };
    let (begin, end) = (begin(at), begin(at.saturating_add(1)));
    (2.0 * begin * end / (begin + end)).round() as u64
}

/// The shortest and the longest duration of a bucket, nanoseconds.
pub(crate) fn bounds(bucket: u16) -> (u64, u64) {
    let Some(at) = bucket.checked_sub(1) else { return (0, 0) };
    let (least, most) = (begin(at).ceil() as u64, begin(at.saturating_add(1)).floor() as u64);
    // Below some nanoseconds there are more buckets than whole ones.
    (least.min(most), most)
}

/// Where the bucket after this one begins, nanoseconds.
fn begin(at: u16) -> f64 {
    let step = STEPS.get(usize::from(at % BUCKETS_AN_OCTAVE)).copied().unwrap_or_default();
    step as f64 * f64::from(at / BUCKETS_AN_OCTAVE).exp2() / f64::from(STEP_BITS).exp2()
}
