//! Time and duration in cells: what is asked for, and what a stretch of cells means in the search language.

use api::{Scatter, ScatterCell, ScatterRequest, Search, TimeRange};

use crate::widgets::time::rfc_3339;

/// Width and height of a cell, CSS pixels, about.
pub(super) const CELL: f64 = 3.0;
/// As far as is asked for (see [`ScatterRequest`]).
const MOST_ACROSS: u64 = 4_096;
const MOST_UP: u32 = 1_024;
const MILLISECOND: u64 = 1_000_000;
/// Durations of which it is found out which occur: powers of ten, from a nanosecond to hours, ten cells each.
const DECADES: u32 = 14;
const PER_DECADE: u32 = 10;

/// Cells of time and duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    /// Where the first column begins, nanoseconds since the Unix epoch.
    pub(super) since: u64,
    /// How long a column is.
    pub(super) step: u64,
    /// Columns.
    pub(super) across: u32,
    /// Rows.
    pub(super) up: u32,
    /// The powers of ten at which the rows begin and end, nanoseconds.
    pub(super) decades: (u32, u32),
}

impl Grid {
    /// Cells for so many pixels. The step is a part of `grain`, of which `since` is a multiple, or whole milliseconds.
    pub(super) fn new(size: (f64, f64), since: u64, now: u64, grain: Option<u64>, decades: (u32, u32)) -> Self {
        let span = now.saturating_sub(since).max(MILLISECOND);
        let wanted = ((size.0 / CELL) as u64).clamp(1, MOST_ACROSS);
        let least = span.div_ceil(wanted);
        let unit = if least < MILLISECOND { 1_000 } else { MILLISECOND };
        let step = match grain {
            Some(grain) => {
                let steps = [grain / 4, grain / 3, grain / 2, grain, 2 * grain, 4 * grain];
                steps.into_iter().find(|step| step * 4 >= least * 3).unwrap_or(least)
            }
            None => least.div_ceil(unit) * unit,
        };
        let since = if grain.is_some() { since } else { since - since % unit };
        let across = (now.saturating_sub(since) / step.max(1) + 1).min(MOST_ACROSS);
        Self {
            since,
            step: step.max(1),
            across: u32::try_from(across).unwrap_or(1),
            up: ((size.1 / CELL) as u32).clamp(1, MOST_UP),
            decades,
        }
    }

    /// Where the columns end.
    pub(super) fn until(&self) -> u64 {
        self.time(self.across)
    }

    /// Where a column begins.
    pub(super) fn time(&self, column: u32) -> u64 {
        self.since.saturating_add(self.step.saturating_mul(column.into()))
    }

    /// Where a row begins, nanoseconds.
    pub(super) fn duration(&self, row: u32) -> u64 {
        let (low, high) = (f64::from(self.decades.0), f64::from(self.decades.1));
        let exponent = low + (high - low) * f64::from(row) / f64::from(self.up);
        (exponent * std::f64::consts::LN_10).exp().round() as u64
    }

    /// What is asked.
    pub(super) fn request(&self, search: &Search) -> ScatterRequest {
        let range = TimeRange { since_unix_nano: Some(self.since), until_unix_nano: Some(self.until()) };
        ScatterRequest {
            search: Search { range, ..search.clone() },
            across: self.across,
            up: self.up,
            durations_nanos: (10_u64.pow(self.decades.0), 10_u64.pow(self.decades.1)),
        }
    }
}

/// What finds out which durations occur, and from when to when, whatever the search.
pub(super) fn survey(search: &Search) -> ScatterRequest {
    ScatterRequest {
        search: Search { query: String::new(), ..search.clone() },
        across: 1,
        up: DECADES * PER_DECADE,
        durations_nanos: (1, 10_u64.pow(DECADES)),
    }
}

/// The powers of ten between which all durations of a [`survey`] lie.
pub(super) fn decades(cells: &[ScatterCell]) -> (u32, u32) {
    let low = cells.iter().map(|cell| cell.y).min().unwrap_or(6 * PER_DECADE) / PER_DECADE;
    let high = cells.iter().map(|cell| cell.y).max().unwrap_or(9 * PER_DECADE) / PER_DECADE + 1;
    match high - low {
        // One decade alone would make much of little.
        1 if low > 0 => (low - 1, high),
        1 => (low, high + 1),
        _ => (low, high),
    }
}

/// A stretch of cells, both corners in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marked {
    /// First and last column.
    pub(super) x: (u32, u32),
    /// Lowest and highest row.
    pub(super) y: (u32, u32),
}

impl Marked {
    /// The stretch between two cells.
    pub(super) fn between(a: (u32, u32), b: (u32, u32)) -> Self {
        Self { x: (a.0.min(b.0), a.0.max(b.0)), y: (a.1.min(b.1), a.1.max(b.1)) }
    }

    fn has(&self, cell: &ScatterCell) -> bool {
        (self.x.0..=self.x.1).contains(&cell.x) && (self.y.0..=self.y.1).contains(&cell.y)
    }

    /// How many traces that match are in it, and how many of them have errors.
    pub(super) fn counts(&self, scatter: &Scatter) -> (u64, u64) {
        let cells = scatter.cells.iter().filter(|cell| self.has(cell));
        cells.fold((0, 0), |(all, failed), cell| {
            (all + u64::from(cell.ok) + u64::from(cell.failed), failed + u64::from(cell.failed))
        })
    }

    /// The stretch in the search language. The lowest and the highest row hold what is shorter and longer, too.
    pub(super) fn query(&self, grid: &Grid) -> String {
        let mut conditions = vec![
            format!("trace.start >= {}", rfc_3339(grid.time(self.x.0))),
            format!("trace.start < {}", rfc_3339(grid.time(self.x.1 + 1))),
        ];
        if self.y.0 > 0 {
            conditions.push(format!("trace.duration >= {}", written(grid.duration(self.y.0))));
        }
        if self.y.1 + 1 < grid.up {
            conditions.push(format!("trace.duration < {}", written(grid.duration(self.y.1 + 1))));
        }
        conditions.join(" and ")
    }
}

/// A duration as it is written in a search: six digits in the unit that people read.
fn written(nanos: u64) -> String {
    let units = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)];
    let Some((unit, of_unit)) = units.into_iter().find(|(_, of_unit)| nanos >= *of_unit) else {
        return format!("{nanos}ns");
    };
    let whole = nanos / of_unit;
    let digits = 5_usize.saturating_sub(whole.to_string().len() - 1);
    // Of what is left so many digits as make six; never 1,000 parts of a unit, which are cut and not rounded.
    let fraction = format!("{:09}", nanos % of_unit * (1_000_000_000 / of_unit));
    let fraction = fraction.get(..digits).unwrap_or_default().trim_end_matches('0');
    if fraction.is_empty() { format!("{whole}{unit}") } else { format!("{whole}.{fraction}{unit}") }
}

/// The cell with something in it that is nearest to a place, both in cells; those that match come first.
pub(super) fn nearest(cells: &[ScatterCell], at: (f64, f64), reach: f64) -> Option<&ScatterCell> {
    let mut best: Option<(f64, &ScatterCell)> = None;
    for cell in cells {
        let (across, up) = (f64::from(cell.x) + 0.5 - at.0, f64::from(cell.y) + 0.5 - at.1);
        // What does not match opens nothing: anything that does is nearer.
        let distance = (across * across + up * up).sqrt() + if cell.trace_id.is_some() { 0.0 } else { reach };
        if distance <= 2.0 * reach
            && across.abs() <= reach
            && up.abs() <= reach
            && best.is_none_or(|(least, _)| distance < least)
        {
            best = Some((distance, cell));
        }
    }
    best.map(|(_, cell)| cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000_123_456_789;
    const MINUTE: u64 = 60_000_000_000;

    #[test]
    fn cells_are_about_three_pixels_and_hold_everything_until_now() {
        for (since, grain) in [
            (NOW - 30 * MINUTE, None),
            (NOW - 5_000_000, None),
            (NOW - 9 * 365 * 1_440 * MINUTE, None),
            (1_799_998_200_000_000_000, Some(6_000_000_000)),
            (NOW - NOW % 1_000_000_000 - 5 * MINUTE, Some(1_000_000_000)),
        ] {
            let grid = Grid::new((1_200.0, 200.0), since, NOW, grain, (6, 10));
            assert!(grid.since <= since && grid.until() > NOW, "{grid:?}");
            assert!((266..=601).contains(&grid.across), "{grid:?}");
            if let Some(grain) = grain {
                assert!(grain.is_multiple_of(grid.step) || grid.step.is_multiple_of(grain), "{grid:?}");
            }
            assert_eq!((grid.duration(0), grid.duration(grid.up)), (1_000_000, 10_000_000_000));
        }
    }

    #[test]
    fn the_durations_that_occur_are_shown() {
        let cell = |y| ScatterCell { y, ..ScatterCell::default() };
        assert_eq!(decades(&[]), (6, 10));
        assert_eq!(decades(&[cell(61), cell(95)]), (6, 10));
        assert_eq!(decades(&[cell(75)]), (6, 8));
        assert_eq!(decades(&[cell(0)]), (0, 2));
    }

    #[test]
    fn a_stretch_is_a_search_that_parses() {
        let grid = Grid { since: 1_700_000_000_000_000_000, step: 500_000_000, across: 100, up: 40, decades: (6, 10) };
        let marked = Marked::between((9, 30), (4, 20));
        let query = "trace.start >= 2023-11-14T22:13:22Z and trace.start < 2023-11-14T22:13:25Z \
                     and trace.duration >= 100ms and trace.duration < 1.25892s";
        assert_eq!(marked.query(&grid), query);
        for marked in [marked, Marked::between((0, 0), (99, 39)), Marked::between((3, 1), (3, 1))] {
            let text = marked.query(&grid);
            assert!(api::query::parse(&text).query.is_some(), "{text}");
        }
        assert!(!Marked::between((0, 0), (1, 39)).query(&grid).contains("duration"));
    }

    #[test]
    fn durations_are_written_in_six_digits() {
        for (nanos, text) in [
            (5, "5ns"),
            (1_500, "1.5us"),
            (637_204_113, "637.204ms"),
            (4_000_000_000, "4s"),
            (12_345_678_912_345, "12345.6s"),
        ] {
            assert_eq!(written(nanos), text);
        }
    }

    #[test]
    fn what_is_marked_is_counted() {
        let cell = |x, y, ok, failed| ScatterCell { x, y, ok, failed, others: 7, trace_id: None };
        let scatter =
            Scatter { cells: vec![cell(1, 1, 2, 1), cell(2, 2, 1, 0), cell(5, 1, 9, 9)], ..Scatter::default() };
        assert_eq!(Marked::between((2, 2), (1, 1)).counts(&scatter), (4, 1));
    }

    #[test]
    fn the_nearest_dot_is_one_that_matches() {
        let id = Some(model::TraceId([1; 16]));
        let cell = |x, y, trace_id| ScatterCell { x, y, trace_id, ..ScatterCell::default() };
        let cells = [cell(1, 1, None), cell(3, 1, id), cell(9, 9, id)];
        let found = nearest(&cells, (1.5, 1.5), 3.0).map(|cell| cell.x);
        assert_eq!(found, Some(3));
        assert!(nearest(&cells, (20.0, 1.0), 3.0).is_none());
    }
}
