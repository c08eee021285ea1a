//! Thresholds and randomness of 56 bits, as the OpenTelemetry specification has them ("TraceState: Probability
//! Sampling").

use std::fmt;

use model::TraceId;

/// Bits of a threshold, and of the randomness that is compared with it.
const BITS: u32 = 56;
/// One more than the greatest.
const END: u64 = 1 << BITS;
/// Hexadecimal digits of all bits.
const DIGITS: usize = 14;
/// Digits to which a ratio is rounded, after the leading `f` that small ratios have: 10 % is `e666`.
const PRECISION: u32 = 4;

/// T: a trace is kept if its randomness is not below it. Shown as `th` has it, without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threshold(u64);

impl Threshold {
    /// Keeps everything.
    pub const ALL: Self = Self(0);

    /// Reads the value of `th`: 1 to 14 lower-case hexadecimal digits, those that are missing being zeros.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let missing = DIGITS.checked_sub(text.len())?;
        Some(Self(hexadecimal(text)? << (4 * missing)))
    }

    /// The one that keeps this share of all traces, from 0 to 1, rounded to 4 digits beyond leading `f`; `None`
    /// where that is none.
    #[must_use]
    pub fn of_ratio(ratio: f64) -> Option<Self> {
        if ratio.is_nan() || ratio <= 0.0 {
            return None;
        }
        // A ratio that is not above 1 makes a number of at most 57 bits.
        let kept = (ratio.min(1.0) * END as f64).round() as u64;
        if kept == 0 {
            return None;
        }
        let leading = kept.leading_zeros().saturating_sub(u64::BITS - BITS) / 4;
        let unit = 1_u64 << (4 * (DIGITS as u32).saturating_sub(PRECISION + leading));
        let rounded = (END - kept + unit / 2) / unit * unit;
        (rounded < END).then_some(Self(rounded))
    }

    /// How many traces one that was kept stands for: 2^56 / (2^56 - T).
    #[must_use]
    pub fn adjusted_count(self) -> f64 {
        END as f64 / (END - self.0) as f64
    }

    /// Whether it keeps a trace.
    #[must_use]
    pub fn keeps(self, randomness: Randomness) -> bool {
        randomness.0 >= self.0
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:014x}", self.0);
        let digits = digits.trim_end_matches('0');
        f.write_str(if digits.is_empty() { "0" } else { digits })
    }
}

/// R: 56 bits that are random and the same for all spans of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Randomness(u64);

impl Randomness {
    /// Reads the value of `rv`: exactly 14 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == DIGITS).then_some(())?;
        hexadecimal(text).map(Self)
    }

    /// The last 7 bytes of a trace id.
    #[must_use]
    pub fn of_trace(trace_id: TraceId) -> Self {
        Self((u128::from_be_bytes(trace_id.0) & u128::from(END - 1)) as u64)
    }

    /// From its number, of which the lowest 56 bits count.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits & (END - 1))
    }

    /// As a number below 2^56.
    #[must_use]
    pub fn bits(self) -> u64 {
        self.0
    }
}

fn hexadecimal(text: &str) -> Option<u64> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.is_empty() || !text.bytes().all(is_digit) {
        return None;
    }
    u64::from_str_radix(text, 16).ok()
}
