//! Numbers that traces have, in ranges: of amounts no single value says much.

use std::fmt::{self, Display};

/// Values that are compared each by itself.
pub(super) const MOST_SINGLE: usize = 20;
/// Ranges that are wanted.
const RANGES: usize = 8;
/// Traces by which the ranges are chosen.
const LEARNED: usize = 2_000;
/// Numbers of a trace that are looked at.
const MOST_OF_TRACE: usize = 1_000;
/// What may be a time since the Unix epoch: from 2001 to 2096, in seconds, milliseconds, microseconds or nanoseconds.
const MOMENTS_SECONDS: (f64, f64) = (1e9, 4e9);

/// Traces by the ranges in which their numbers are.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Those that come first, until the ranges are chosen.
    learned: Vec<(bool, Vec<f64>)>,
    /// Where ranges begin, rising; the first begins nowhere.
    edges: Option<Vec<f64>>,
    /// Traces of each range: of the selection, and others.
    traces: Vec<(u64, u64)>,
    /// The least and the greatest number.
    all: Option<(f64, f64)>,
}

/// Numbers from one on and less than another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    from: Option<f64>,
    to: Option<f64>,
}

impl Numbers {
    /// Adds a trace.
    pub(super) fn add(&mut self, is_selected: bool, mut numbers: Vec<f64>) {
        numbers.truncate(MOST_OF_TRACE);
        for number in &numbers {
            let (least, greatest) = self.all.unwrap_or((*number, *number));
            self.all = Some((least.min(*number), greatest.max(*number)));
        }
        match &self.edges {
            Some(edges) => count(edges, &mut self.traces, is_selected, &numbers),
            None => self.learned.push((is_selected, numbers)),
        }
        if self.learned.len() >= LEARNED {
            let (edges, traces) = self.chosen();
            (self.edges, self.traces, self.learned) = (Some(edges), traces, Vec::new());
        }
    }

    /// The ranges, rising, with the traces that have a number in them.
    pub(super) fn ranges(&self) -> Vec<(Range, (u64, u64))> {
        let (edges, traces) = match &self.edges {
            Some(edges) => (edges.clone(), self.traces.clone()),
            None => self.chosen(),
        };
        let from = std::iter::once(None).chain(edges.iter().copied().map(Some));
        let to = edges.iter().copied().map(Some).chain([None]);
        from.zip(to).map(|(from, to)| Range { from, to }).zip(traces).collect()
    }

    /// Whether all may be times since the Unix epoch.
    pub(super) fn are_moments(&self) -> bool {
        let (from, to) = MOMENTS_SECONDS;
        let within = |unit: f64| self.all.is_some_and(|(least, most)| least >= from * unit && most <= to * unit);
        [1.0, 1e3, 1e6, 1e9].into_iter().any(within)
    }

    /// Ranges in each of which are about as many of the numbers, at edges that people can read.
    fn chosen(&self) -> (Vec<f64>, Vec<(u64, u64)>) {
        let mut all: Vec<f64> = self.learned.iter().flat_map(|(_, numbers)| numbers).copied().collect();
        all.sort_unstable_by(f64::total_cmp);
        let least = all.first().copied().unwrap_or_default();
        let at = |part: usize| all.get(all.len() * part / RANGES).copied().unwrap_or_default();
        let mut edges: Vec<f64> = (1..RANGES).map(|part| readable(at(part))).filter(|edge| *edge > least).collect();
        edges.dedup();
        let mut traces = vec![(0, 0); edges.len() + 1];
        self.learned.iter().for_each(|(is_selected, numbers)| count(&edges, &mut traces, *is_selected, numbers));
        (edges, traces)
    }
}

/// Adds a trace to the ranges in which it has numbers.
fn count(edges: &[f64], traces: &mut [(u64, u64)], is_selected: bool, numbers: &[f64]) {
    let mut ranges: Vec<usize> = numbers.iter().map(|number| edges.partition_point(|edge| edge <= number)).collect();
    ranges.sort_unstable();
    ranges.dedup();
    for range in ranges {
        if let Some((selected, others)) = traces.get_mut(range) {
            *(if is_selected { selected } else { others }) += 1;
        }
    }
}

/// The number with two digits that count.
fn readable(number: f64) -> f64 {
    format!("{number:.1e}").parse().unwrap_or(number)
}

impl Range {
    /// The condition that finds a number in it.
    pub(super) fn query(self, key: &str) -> String {
        match (self.from, self.to) {
            (None, None) => format!("has({key})"),
            (Some(from), None) => format!("{key} >= {from}"),
            (None, Some(to)) => format!("{key} < {to}"),
            (Some(from), Some(to)) => format!("{key} >= {from} and {key} < {to}"),
        }
    }
}

impl Display for Range {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (None, None) => out.write_str("any"),
            (Some(from), None) => write!(out, "{from} and more"),
            (None, Some(to)) => write!(out, "less than {to}"),
            (Some(from), Some(to)) => write!(out, "{from} to {to}"),
        }
    }
}

/// Whether it is a number as those are shown: without quotes it finds texts that say so too.
pub(super) fn is_plain(text: &str) -> bool {
    let is_whole = text.parse::<i64>().is_ok_and(|whole| whole.to_string() == text);
    let is_real = || text.parse::<f64>().is_ok_and(|real| real.is_finite() && format!("{real:?}") == text);
    is_whole || is_real()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_as_many_and_readable_edges() {
        let mut numbers = Numbers::default();
        for number in 0..800 {
            numbers.add(number >= 700, vec![f64::from(number) * 1.25, f64::from(number) * 1.25 + 0.1]);
        }
        let lines = |numbers: &Numbers| {
            let line = |(range, (selected, others)): &(Range, (u64, u64))| {
                format!("{range}: {selected}, {others}; {}", range.query("size"))
            };
            numbers.ranges().iter().map(line).collect::<Vec<_>>()
        };
        let few = lines(&numbers);
        assert_eq!(few[0], "less than 120: 0, 96; size < 120");
        assert_eq!(few[7], "880 and more: 96, 0; size >= 880");
        assert_eq!(few[6], "750 to 880: 4, 100; size >= 750 and size < 880");
        for _ in 0..5_000 {
            numbers.add(false, vec![1.0]);
        }
        let many = lines(&numbers);
        assert_ne!(many, few);
        assert_eq!(many.len(), numbers.ranges().len());
    }

    #[test]
    fn what_is_alike_is_one_range() {
        let mut numbers = Numbers::default();
        (0..9).for_each(|_| numbers.add(true, vec![5.0, 5.0]));
        let [(range, traces)] = numbers.ranges()[..] else { panic!("one range") };
        assert_eq!((range.query("a"), range.to_string(), traces), ("has(a)".into(), "any".into(), (9, 0)));
    }

    #[test]
    fn times_are_told_by_their_size() {
        for (numbers, are_moments) in [
            ([1.7e9, 1.71e9], true),
            ([1.7e12, 1.71e12], true),
            ([1.7e18, 1.71e18], true),
            ([3.0, 1.7e9], false),
            ([1.7e9, 1.7e12], false),
        ] {
            let mut all = Numbers::default();
            all.add(true, numbers.to_vec());
            assert_eq!(all.are_moments(), are_moments, "{numbers:?}");
        }
        assert!(!Numbers::default().are_moments());
    }

    #[test]
    fn only_what_is_shown_so_is_plain() {
        for (text, is_a_number) in
            [("500", true), ("-1", true), ("2.5", true), ("007", false), ("5ms", false), ("1e3", false), ("NaN", false)]
        {
            assert_eq!(is_plain(text), is_a_number, "{text}");
        }
    }
}
