//! Traces over time and duration, by cell.

use std::collections::HashMap;

use api::{ApiError, ErrorCode, Scatter, ScatterCell, ScatterRequest};
use store::Found;

use super::running::Gathers;

/// Most cells across, and from the least duration to the greatest.
const MOST_ACROSS: u32 = 4096;
const MOST_UP: u32 = 1024;
/// Where nothing says when to begin, and nothing is stored: the last hour.
const HOUR_NANOS: u64 = 3_600_000_000_000;

/// The cells in which there is something.
#[derive(Debug)]
pub(super) struct Cells {
    range: (u64, u64),
    across: u32,
    up: u32,
    /// Logarithms of the least and greatest duration.
    logs: (f64, f64),
    cells: HashMap<(u32, u32), ScatterCell>,
    ok: u64,
    failed: u64,
    others: u64,
}

impl Cells {
    /// `stored` are the first and last start of what is stored.
    pub(super) fn new(
        request: &ScatterRequest,
        stored: Option<(u64, u64)>,
        now_unix_nano: u64,
    ) -> Result<Self, ApiError> {
        let (least, greatest) = request.durations_nanos;
        if request.across == 0 || request.up == 0 || request.across > MOST_ACROSS || request.up > MOST_UP {
            let sentence = format!("between 1 and {MOST_ACROSS} cells across and {MOST_UP} cells up can be had");
            return Err(ApiError::new(ErrorCode::Malformed, sentence));
        }
        if least == 0 || least >= greatest {
            return Err(ApiError::new(ErrorCode::Malformed, "durations have to begin above 0 and end above that"));
        }
        let range = request.search.range;
        // With a beginning it goes to now, without one from the first to the last of what is stored.
        let latest = stored.map_or(now_unix_nano, |(_, latest)| latest.saturating_add(1));
        let until =
            range.until_unix_nano.unwrap_or(if range.since_unix_nano.is_some() { now_unix_nano } else { latest });
        let since = range.since_unix_nano.or(stored.map(|(earliest, _)| earliest));
        let since = since.unwrap_or_else(|| until.saturating_sub(HOUR_NANOS));
        Ok(Self {
            range: (since.min(until.saturating_sub(1)), until.max(1)),
            across: request.across,
            up: request.up,
            logs: ((least as f64).ln(), (greatest as f64).ln()),
            cells: HashMap::new(),
            ok: 0,
            failed: 0,
            others: 0,
        })
    }

    /// Beginning and end, nanoseconds since the Unix epoch.
    pub(super) fn range(&self) -> (u64, u64) {
        self.range
    }

    pub(super) fn picture(&self) -> Scatter {
        let mut cells: Vec<ScatterCell> = self.cells.values().copied().collect();
        cells.sort_unstable_by_key(|cell| (cell.x, cell.y));
        Scatter {
            range: self.range,
            cells,
            ok: self.ok,
            failed: self.failed,
            others: self.others,
            ..Scatter::default()
        }
    }

    fn place(&self, start_unix_nano: u64, duration_nanos: u64) -> (u32, u32) {
        let (since, until) = self.range;
        let after = u128::from(start_unix_nano.saturating_sub(since));
        let x = after * u128::from(self.across) / u128::from((until - since).max(1));
        let x = u32::try_from(x).unwrap_or(u32::MAX).min(self.across - 1);
        let share = ((duration_nanos.max(1) as f64).ln() - self.logs.0) / (self.logs.1 - self.logs.0);
        let y = (share * f64::from(self.up)).clamp(0.0, f64::from(self.up - 1)) as u32;
        (x, y)
    }
}

impl Gathers for Cells {
    fn take(&mut self, found: Found) {
        let Found { summary, is_found, .. } = found;
        let (x, y) = self.place(summary.start_unix_nano, summary.duration_nanos());
        let has_failed = summary.error_count > 0;
        let cell = self.cells.entry((x, y)).or_insert(ScatterCell { x, y, ..ScatterCell::default() });
        let (all, one) = match (is_found, has_failed) {
            (false, _) => (&mut self.others, &mut cell.others),
            (true, false) => (&mut self.ok, &mut cell.ok),
            (true, true) => (&mut self.failed, &mut cell.failed),
        };
        *all += 1;
        *one = one.saturating_add(1);
        if is_found && (cell.trace_id.is_none() || (has_failed && cell.failed == 1)) {
            cell.trace_id = Some(summary.trace_id);
        }
    }
}
