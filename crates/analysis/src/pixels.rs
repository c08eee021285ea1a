//! What is finer than a pixel is merged before it is drawn.

/// A pixel's width as a fraction, so that it is exact: nanoseconds per so many pixels.
#[derive(Clone, Copy)]
struct Scale {
    from: i64,
    to: i64,
    nanos: u128,
    pixels: u128,
}

impl Scale {
    fn new(from: i64, to: i64, pixels: u32) -> Self {
        Self { from, to: to.max(from), nanos: u128::from(to.max(from).abs_diff(from)), pixels: pixels.max(1).into() }
    }

    /// Whether two moments, the first not after the second, are less than a pixel apart.
    fn within_a_pixel(&self, first: i64, second: i64) -> bool {
        u128::from(second.abs_diff(first)) * self.pixels < self.nanos
    }
}

/// Clips intervals to what is visible and closes gaps finer than a pixel, so that at most
/// `pixels + 1` come out. In: by start, from the start of the trace. Out: in order, disjoint.
pub fn merge_by_pixel(
    intervals: impl IntoIterator<Item = (i64, i64)>,
    from: i64,
    to: i64,
    pixels: u32,
) -> Vec<(i64, i64)> {
    let scale = Scale::new(from, to, pixels);
    let mut merged: Vec<(i64, i64)> = Vec::new();
    for (start, end) in intervals {
        if start > scale.to {
            break;
        }
        if end < scale.from {
            continue;
        }
        let (start, end) = (start.max(scale.from), end.min(scale.to));
        match merged.last_mut() {
            Some(last) if start <= last.1 || scale.within_a_pixel(last.1, start) => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}

/// One or more marks at a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark<T> {
    /// When the first was, nanoseconds from the start of the trace.
    pub offset_nanos: i64,
    /// How many.
    pub count: u32,
    /// What they are together.
    pub what: T,
}

/// Leaves out marks that are not visible and joins those that are less than a pixel after the first
/// of a group, so that at most `pixels + 1` come out. In: by time, from the start of the trace.
pub fn merge_marks<T>(
    marks: impl IntoIterator<Item = (i64, T)>,
    from: i64,
    to: i64,
    pixels: u32,
    mut join: impl FnMut(&mut T, T),
) -> Vec<Mark<T>> {
    let scale = Scale::new(from, to, pixels);
    let mut merged: Vec<Mark<T>> = Vec::new();
    for (offset_nanos, what) in marks {
        if offset_nanos > scale.to {
            break;
        }
        if offset_nanos < scale.from {
            continue;
        }
        match merged.last_mut() {
            Some(last) if scale.within_a_pixel(last.offset_nanos, offset_nanos) => {
                last.count = last.count.saturating_add(1);
                join(&mut last.what, what);
            }
            _ => merged.push(Mark { offset_nanos, count: 1, what }),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gaps_finer_than_a_pixel_are_closed() {
        // 100 ns on 10 pixels: a pixel is 10 ns.
        let merged = merge_by_pixel([(-20, -10), (-5, 3), (12, 15), (25, 25), (40, 130), (101, 140)], 0, 100, 10);
        assert_eq!(merged, [(0, 15), (25, 25), (40, 100)]);
        assert_eq!(merge_by_pixel([(0, 10)], 5, 5, 0), [(5, 5)], "nothing is visible but a moment");
        assert_eq!(merge_by_pixel([(i64::MIN, 0), (2, i64::MAX)], i64::MIN, i64::MAX, 1), [(i64::MIN, i64::MAX)]);
    }

    #[test]
    fn marks_closer_than_a_pixel_become_one() {
        let marks = [(-1, 'a'), (0, 'b'), (9, 'c'), (10, 'd'), (30, 'e'), (101, 'f')];
        let merged = merge_marks(marks, 0, 100, 10, |all, one| *all = one.max(*all));
        let mark = |offset_nanos, count, what| Mark { offset_nanos, count, what };
        assert_eq!(merged, [mark(0, 2, 'c'), mark(10, 1, 'd'), mark(30, 1, 'e')]);
    }

    proptest! {
        #[test]
        fn merging_covers_what_is_visible_and_never_exceeds_the_pixels(
            mut intervals in prop::collection::vec((-50_i64..150).prop_flat_map(|from| (Just(from), from..200)), 0..40),
            pixels in 1_u32..20,
        ) {
            intervals.sort_unstable();
            let merged = merge_by_pixel(intervals.iter().copied(), 0, 100, pixels);
            prop_assert!(merged.len() <= pixels as usize + 1);
            prop_assert!(merged.windows(2).all(|pair| pair[0].1 < pair[1].0));
            for moment in 0..100 {
                let is_in = |&(from, to): &(i64, i64)| from <= moment && moment <= to;
                prop_assert!(!intervals.iter().any(is_in) || merged.iter().any(is_in), "{moment}");
            }
        }
    }
}
