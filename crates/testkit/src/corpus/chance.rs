//! How unevenly things happen: a few of many most of the time, and now and then something huge.
//! Reckoned in integers alone, because the last bits of `exp` and `ln` differ between machines.

use crate::Random;

/// Bits after the point of a logarithm.
const POINT: u32 = 16;

/// 2 to the power of it, straight between whole powers.
fn exp2(log: u64) -> u64 {
    let whole = (log >> POINT) as u32;
    let mantissa = 1 << POINT | log & ((1 << POINT) - 1);
    if whole >= POINT { mantissa << (whole - POINT) } else { mantissa >> (POINT - whole) }
}

/// The inverse of [`exp2`], of a number from 1 to 2^47.
fn log2(number: u64) -> u64 {
    let whole = number.ilog2();
    u64::from(whole) << POINT | (number << POINT >> whole) & ((1 << POINT) - 1)
}

/// An index less than `count`, by about one over its rank (Zipf), in steps: the first as often as the
/// next two together, and as the next four.
pub(super) fn zipf(random: &mut Random, count: usize) -> usize {
    let log = random.below(log2(count as u64 + 1));
    exp2(log) as usize - 1
}

/// One of these, the first far more often than the last.
pub(super) fn favour<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[zipf(random, from.len())]
}

/// A number around a median as durations and sizes are: two of three within `octaves` / 2 doublings
/// of it (log-normal), and one of a hundred up to 64 times beyond that.
pub(super) fn long_tailed(random: &mut Random, median: u64, octaves: u64) -> u64 {
    let bits = random.bits();
    // Four uniform numbers of 16 bits add up to nearly a bell.
    let sum = (0..4).map(|part| bits >> (16 * part) & 0xffff).sum::<u64>();
    let mut log = log2(median.max(1)) + octaves * sum;
    if random.percent(1) {
        log += random.below(6 << POINT);
    }
    exp2(log.saturating_sub(octaves * (2 << POINT)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_comes_as_often_as_the_next_two_together() {
        let mut random = Random::new(1);
        let mut counts = [0_u64; 15];
        (0..120_000).for_each(|_| counts[zipf(&mut random, 15)] += 1);
        for octave in [&counts[..1], &counts[1..3], &counts[3..7], &counts[7..]] {
            assert!(octave.iter().sum::<u64>().abs_diff(30_000) < 1_000, "{counts:?}");
        }
    }

    #[test]
    fn the_median_is_the_median_and_the_tail_is_long() {
        let mut random = Random::new(1);
        let mut drawn: Vec<u64> = (0..100_000).map(|_| long_tailed(&mut random, 1_000, 3)).collect();
        drawn.sort_unstable();
        assert!((950..1_100).contains(&drawn[50_000]), "{}", drawn[50_000]);
        assert!(drawn[95_000] > 4_000 && drawn[99_900] > 50_000, "{} {}", drawn[95_000], drawn[99_900]);
    }
}
