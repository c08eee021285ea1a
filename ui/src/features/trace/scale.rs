//! Time on the screen: which stretch is shown, where a moment lies, where the ruler has its ticks.

/// The shortest stretch that can be shown, nanoseconds.
const SHORTEST: i64 = 100;
/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;

/// A stretch of time, nanoseconds from the start of the trace; `to` is greater than `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    /// Left edge.
    pub(crate) from: i64,
    /// Right edge.
    pub(crate) to: i64,
}

impl Range {
    /// The whole trace with a little air, so that marks at its ends are not cut.
    pub(crate) fn whole(duration_nanos: u64) -> Self {
        let duration = i64::try_from(duration_nanos).unwrap_or(i64::MAX / 4).clamp(1_000, i64::MAX / 4);
        Self { from: -(duration / 300), to: duration + duration / 80 }
    }

    /// How long it is, nanoseconds.
    pub(crate) fn nanos(self) -> i64 {
        self.to.saturating_sub(self.from)
    }

    /// The same length moved, and if need be shortened, into `bounds`.
    pub(crate) fn within(self, bounds: Self) -> Self {
        let nanos = self.nanos().clamp(SHORTEST.min(bounds.nanos()), bounds.nanos());
        let from = self.from.clamp(bounds.from, bounds.to.saturating_sub(nanos));
        Self { from, to: from.saturating_add(nanos) }
    }

    /// Shows `factor` times as much (below 1: zooms in); what lies at `share` of the width stays.
    pub(crate) fn zoomed(self, factor: f64, share: f64, bounds: Self) -> Self {
        let nanos = self.nanos() as f64;
        let wanted = (nanos * factor).clamp(SHORTEST as f64, bounds.nanos() as f64);
        let from = self.from as f64 + (nanos - wanted) * share;
        Self { from: from as i64, to: (from as i64).saturating_add((wanted as i64).max(1)) }.within(bounds)
    }

    /// Moved by so many nanoseconds.
    pub(crate) fn moved(self, nanos: i64, bounds: Self) -> Self {
        Self { from: self.from.saturating_add(nanos), to: self.to.saturating_add(nanos) }.within(bounds)
    }

    /// A span with air on both sides.
    pub(crate) fn around(from: i64, duration_nanos: u64, bounds: Self) -> Self {
        let duration = i64::try_from(duration_nanos).unwrap_or(i64::MAX / 4).max(SHORTEST);
        let air = duration / 12 + 1;
        Self { from: from.saturating_sub(air), to: from.saturating_add(duration).saturating_add(air) }.within(bounds)
    }

    /// On the way from `self` to `other`; 0 is `self`, 1 is `other`.
    pub(crate) fn towards(self, other: Self, share: f64) -> Self {
        let mix = |a: i64, b: i64| a + ((b as f64 - a as f64) * share) as i64;
        let from = mix(self.from, other.from);
        Self { from, to: mix(self.to, other.to).max(from + 1) }
    }

    /// Whether all of `other` is in it.
    pub(crate) fn covers(self, other: Self) -> bool {
        self.from <= other.from && other.to <= self.to
    }
}

/// A stretch of time on so many pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    /// What is shown.
    pub(crate) range: Range,
    /// On how many CSS pixels.
    pub(crate) width: f64,
}

impl Scale {
    /// Where a moment lies, CSS pixels from the left edge.
    pub(crate) fn x(self, offset_nanos: i64) -> f64 {
        let since = i128::from(offset_nanos) - i128::from(self.range.from);
        since as f64 / self.range.nanos() as f64 * self.width
    }

    /// The moment at a pixel.
    pub(crate) fn at(self, x: f64) -> i64 {
        self.range.from.saturating_add((x / self.width.max(1.0) * self.range.nanos() as f64) as i64)
    }

    /// Nanoseconds of a pixel.
    pub(crate) fn nanos_per_pixel(self) -> f64 {
        self.range.nanos() as f64 / self.width.max(1.0)
    }

    /// The ticks of the ruler: round moments, at least `apart` pixels from each other.
    pub(crate) fn ticks(self, apart: f64) -> Vec<Tick> {
        let step = step(self.nanos_per_pixel() * apart);
        let first = self.range.from.div_euclid(step).saturating_add(1).saturating_mul(step);
        let first = if self.range.from.rem_euclid(step) == 0 { self.range.from } else { first };
        let mut ticks = Vec::new();
        let mut at = first;
        while at <= self.range.to && ticks.len() < 200 {
            if at >= 0 {
                ticks.push(Tick { x: self.x(at), label: moment(at, step) });
            }
            at = at.saturating_add(step);
        }
        ticks
    }
}

/// A tick of the ruler.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// Where, CSS pixels.
    pub(crate) x: f64,
    /// What it says.
    pub(crate) label: String,
}

/// The smallest round step that is at least so many nanoseconds.
fn step(nanos: f64) -> i64 {
    let mut power = 1_i64;
    while power < SECOND {
        for factor in [1, 2, 5] {
            if (power * factor) as f64 >= nanos {
                return power * factor;
            }
        }
        power *= 10;
    }
    for seconds in [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400] {
        if (seconds * SECOND) as f64 >= nanos {
            return seconds * SECOND;
        }
    }
    let mut days = 1_i64;
    while ((days * 86_400).saturating_mul(SECOND) as f64) < nanos && days < 50_000 {
        days *= 2;
    }
    (days * 86_400).saturating_mul(SECOND)
}

/// A moment as the ruler names it, exact to `step` nanoseconds: `0`, `200 ms`, `1.2 s`, `2 min 05 s`.
pub(crate) fn moment(offset_nanos: i64, step: i64) -> String {
    if offset_nanos == 0 {
        return "0".to_owned();
    }
    let sign = if offset_nanos < 0 { "-" } else { "" };
    let nanos = offset_nanos.unsigned_abs();
    let step = step.max(1).unsigned_abs();
    let second = SECOND.unsigned_abs();
    if nanos >= 120 * second && step >= second {
        let seconds = nanos / second;
        let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        return match (hours, step >= 60 * second) {
            (0, true) => format!("{sign}{minutes}\u{202f}min"),
            (0, false) => format!("{sign}{minutes}\u{202f}min {seconds:02}\u{202f}s"),
            (_, true) => format!("{sign}{hours}\u{202f}h {minutes:02}\u{202f}min"),
            (_, false) => format!("{sign}{hours}\u{202f}h {minutes:02}\u{202f}min {seconds:02}\u{202f}s"),
        };
    }
    let (unit_nanos, unit) = match nanos {
        _ if nanos >= second => (second, "s"),
        1_000_000.. => (1_000_000, "ms"),
        1_000.. => (1_000, "µs"),
        _ => (1, "ns"),
    };
    // As many decimals as the step needs in this unit, and one at least for seconds among
    // milliseconds, so that `1.0 s` stands beside `800 ms`.
    let mut decimals = 0;
    let mut scaled = step;
    while !scaled.is_multiple_of(unit_nanos) && decimals < 9 {
        scaled *= 10;
        decimals += 1;
    }
    let power = 10_u64.pow(decimals);
    // Apart, so that nothing leaves 64 bits: the rest and the power are a thousand million at most.
    let fraction = (nanos % unit_nanos * power + unit_nanos / 2) / unit_nanos;
    let (whole, fraction) = (nanos / unit_nanos + fraction / power, fraction % power);
    if decimals == 0 {
        format!("{sign}{whole}\u{202f}{unit}")
    } else {
        format!("{sign}{whole}.{fraction:0width$}\u{202f}{unit}", width = decimals as usize)
    }
}

/// The moment under the pointer, one decimal finer than a pixel.
pub(crate) fn pointed(scale: Scale, x: f64) -> String {
    let mut resolution = 1_i64;
    while (resolution as f64) * 10.0 <= scale.nanos_per_pixel() && resolution < SECOND {
        resolution *= 10;
    }
    let resolution = (resolution / 10).max(1);
    let at = scale.at(x);
    moment(at - at.rem_euclid(resolution), resolution)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const MS: i64 = 1_000_000;

    fn check_ticks(from: i64, to: i64, expected: Expect) {
        let scale = Scale { range: Range { from, to }, width: 600.0 };
        let ticks = scale.ticks(90.0);
        let text: Vec<String> =
            ticks.iter().map(|tick| format!("{} at {:.0}", tick.label.replace('\u{202f}', " "), tick.x)).collect();
        expected.assert_eq(&text.join(", "));
    }

    #[test]
    fn ticks_stand_at_round_moments() {
        check_ticks(
            0,
            1300 * MS,
            expect!["0 at 0, 200 ms at 92, 400 ms at 185, 600 ms at 277, 800 ms at 369, 1.0 s at 462, 1.2 s at 554"],
        );
        check_ticks(
            743 * MS,
            744 * MS,
            expect![
                "743.0 ms at 0, 743.2 ms at 120, 743.4 ms at 240, 743.6 ms at 360, 743.8 ms at 480, 744.0 ms at 600"
            ],
        );
        check_ticks(
            0,
            600,
            expect!["0 at 0, 100 ns at 100, 200 ns at 200, 300 ns at 300, 400 ns at 400, 500 ns at 500, 600 ns at 600"],
        );
        check_ticks(0, 900_000 * MS, expect!["0 at 0, 5 min at 200, 10 min at 400, 15 min at 600"]);
        check_ticks(
            0,
            400_000 * MS,
            expect!["0 at 0, 60 s at 90, 2 min at 180, 3 min at 270, 4 min at 360, 5 min at 450, 6 min at 540"],
        );
        check_ticks(-5 * MS, 30 * MS, expect!["0 at 86, 10 ms at 257, 20 ms at 429, 30 ms at 600"]);
    }

    #[test]
    fn zoom_keeps_what_is_under_the_pointer_and_stays_inside() {
        let whole = Range::whole(1_000 * MS as u64);
        let zoomed = Range { from: 0, to: 1_000 * MS }.zoomed(0.5, 0.25, whole);
        assert_eq!(zoomed, Range { from: 125 * MS, to: 625 * MS });
        assert_eq!(zoomed.zoomed(100.0, 0.5, whole), whole);
        assert_eq!(zoomed.moved(i64::MAX, whole).to, whole.to);
        assert_eq!(zoomed.zoomed(1e-12, 0.5, whole).nanos(), SHORTEST);
        assert!(Range::around(100 * MS, 0, whole).nanos() >= SHORTEST);
    }

    #[test]
    fn extreme_traces_have_a_scale() {
        for duration in [0, 1, u64::MAX] {
            let range = Range::whole(duration);
            let scale = Scale { range, width: 600.0 };
            assert!(range.nanos() > 0 && scale.x(i64::MIN).is_finite() && scale.x(i64::MAX).is_finite());
            assert!(!scale.ticks(90.0).is_empty());
        }
    }

    #[test]
    fn the_pointer_names_a_moment_finer_than_its_pixel() {
        let scale = Scale { range: Range { from: 0, to: 1_300 * MS }, width: 606.0 };
        expect!["743.3 ms"].assert_eq(&pointed(scale, 346.5).replace('\u{202f}', " "));
    }
}
