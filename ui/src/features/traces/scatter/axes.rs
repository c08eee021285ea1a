//! Where the axes have their ticks, and what these say.

use crate::widgets::count;

const SECOND: u64 = 1_000_000_000;

/// Round steps of time, nanoseconds.
const STEPS: [u64; 30] = [
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    60 * SECOND,
    120 * SECOND,
    300 * SECOND,
    600 * SECOND,
    900 * SECOND,
    1_800 * SECOND,
    3_600 * SECOND,
    7_200 * SECOND,
    10_800 * SECOND,
    21_600 * SECOND,
    43_200 * SECOND,
    86_400 * SECOND,
    172_800 * SECOND,
    7 * 86_400 * SECOND,
    30 * 86_400 * SECOND,
];

/// What a tick of time says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// The day.
    Day,
    /// Hours and minutes.
    Minute,
    /// Seconds too.
    Second,
    /// And thousandths.
    Millisecond,
}

/// Round moments of a range on so many pixels, at least so many apart, where local time is so many seconds ahead.
pub(super) fn times(range: (u64, u64), width: f64, apart: f64, offset_secs: i64) -> Vec<(u64, Says)> {
    let span = range.1.saturating_sub(range.0).max(1);
    let least = span as f64 / width.max(1.0) * apart;
    let step = STEPS.into_iter().find(|step| *step as f64 >= least).unwrap_or(365 * 86_400 * SECOND);
    // Round in local time: counted from a midnight there.
    let offset = offset_secs.unsigned_abs() * SECOND;
    let local = |at: u64| if offset_secs < 0 { at.saturating_sub(offset) } else { at.saturating_add(offset) };
    let first = (step - local(range.0) % step) % step;
    let says = |at: u64| {
        let is_midnight = local(at).is_multiple_of(86_400 * SECOND);
        match step {
            _ if step >= 86_400 * SECOND || (is_midnight && span > 6 * 3_600 * SECOND) => Says::Day,
            _ if step >= 60 * SECOND => Says::Minute,
            _ if step >= SECOND => Says::Second,
            _ => Says::Millisecond,
        }
    };
    let mut ticks = Vec::new();
    let mut at = range.0.saturating_add(first);
    while at < range.1 && ticks.len() < 100 {
        ticks.push((at, says(at)));
        at = at.saturating_add(step);
    }
    ticks
}

/// A power of ten of nanoseconds: `10 ms`.
pub(super) fn power(exponent: u32) -> String {
    let (unit, from) = match exponent {
        0..3 => ("ns", 0),
        3..6 => ("µs", 3),
        6..9 => ("ms", 6),
        _ => ("s", 9),
    };
    format!("{}\u{202f}{unit}", count(10_u64.pow(exponent - from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_in_local_time() {
        let from = 1_700_000_000 * SECOND; // 22:13:20 in UTC
        let range = (from, from + 1_800 * SECOND);
        let ticks = times(range, 1_200.0, 110.0, 0);
        let first: Vec<u64> = ticks.iter().map(|(at, _)| (at - from) / SECOND).collect();
        assert_eq!((first[0], first[1] - first[0], ticks[0].1), (100, 300, Says::Minute));
        // Half an hour ahead: the same in whole hours of there.
        let ticks = times((from, from + 86_400 * SECOND), 1_200.0, 110.0, 5 * 3_600 + 1_800);
        assert_eq!((ticks[0].0 / SECOND + 5 * 3_600 + 1_800) % 10_800, 0);
        assert!(ticks.iter().any(|(_, says)| *says == Says::Day));
        assert_eq!(times((from, from + 3_000_000), 1_200.0, 110.0, -3_600)[0].1, Says::Millisecond);
    }

    #[test]
    fn powers_of_ten_read_as_durations() {
        let texts: Vec<_> = [0, 4, 6, 8, 9, 12].map(power).iter().map(|text| text.replace('\u{202f}', " ")).collect();
        assert_eq!(texts, ["1 ns", "10 µs", "1 ms", "100 ms", "1 s", "1 000 s"]);
    }
}
