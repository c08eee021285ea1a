//! What is written on the picture: the ticks of its axes, what the dots mean, and what is read off at a place.

use super::{
    axes::{self, Says},
    state::{Picture, ScatterState},
};
use crate::{
    dom::{View, px, view},
    widgets::{count, duration, time},
};

/// Ticks of time are so many pixels apart at least.
const TICKS_APART: f64 = 110.0;

/// What is in a cell, and when and how long it is.
pub(super) fn readout(state: ScatterState, cell: (u32, u32)) -> Option<String> {
    state.picture.with(|picture| {
        let Picture { grid, scatter, .. } = &**picture.as_ref()?;
        let middle = (grid.time(cell.0) + grid.step / 2, (grid.duration(cell.1) + grid.duration(cell.1 + 1)) / 2);
        let found = scatter.cells.iter().find(|other| (other.x, other.y) == cell);
        let mut parts = vec![clock(middle.0, grid.step), duration(middle.1).text()];
        if let Some(cell) = found {
            for (number, what) in [(cell.ok, "ok"), (cell.failed, "with errors"), (cell.others, "do not match")] {
                if number > 0 {
                    parts.push(format!("{} {what}", count(number.into())));
                }
            }
        }
        Some(parts.join("   "))
    })
}

/// A moment, as exact as the columns are.
fn clock(unix_nano: u64, step: u64) -> String {
    let text = time::clock(unix_nano);
    let text = if step >= 1_000_000_000 { text.get(..8).unwrap_or(&text) } else { &text };
    if time::is_same_day(unix_nano, time::now_unix_nano()) {
        return text.to_owned();
    }
    format!("{} {text}", time::day(unix_nano))
}

/// What the dots mean, and how many of each there are.
pub(super) fn legend(picture: &Picture) -> View {
    let scatter = &picture.scatter;
    let more = if scatter.progress.is_over { "" } else { "+" };
    let others = (scatter.others > 0).then(|| {
        view! { <span><i class="k-other"></i>{format!("{}{more} do not match", count(scatter.others))}</span> }
    });
    view! {
        <div class="key" data-testid="scatter-key">
            <span><i class="k-ok"></i>{format!("{}{more} ok", count(scatter.ok))}</span>
            <span><i class="k-failed"></i>{format!("{}{more} with errors", count(scatter.failed))}</span>
            {others}
        </div>
    }
}

/// Where a tick is, CSS pixels, and what it says.
pub(super) type Tick = (f64, String);

/// Ticks of the picture, of time and of durations.
pub(super) fn ticks(picture: &Picture, size: (f64, f64)) -> (Vec<Tick>, Vec<Tick>) {
    let grid = &picture.grid;
    let range = (grid.since, grid.until());
    let offset = time::offset_secs(range.1);
    let columns = axes::times(range, size.0, TICKS_APART, offset).into_iter().map(|(at, says)| {
        let x = (at - range.0) as f64 / (range.1 - range.0).max(1) as f64 * size.0;
        let clock = time::clock(at);
        let text = match says {
            Says::Day => {
                let day = time::day(at);
                day.split_once(' ').map_or(day.as_str(), |(_, day)| day).to_owned()
            }
            Says::Minute => clock.get(..5).unwrap_or_default().to_owned(),
            Says::Second => clock.get(..8).unwrap_or_default().to_owned(),
            Says::Millisecond => clock,
        };
        (x, text)
    });
    let (low, high) = grid.decades;
    // Where there is little room every other one is enough.
    let apart = size.1 / f64::from(high - low);
    let every = if apart < 14.0 { (14.0 / apart).ceil() as usize } else { 1 };
    let rows = (low..=high)
        .rev()
        .step_by(every)
        .map(|exponent| (size.1 - f64::from(exponent - low) / f64::from(high - low) * size.1, axes::power(exponent)));
    (columns.collect(), rows.collect())
}

pub(super) fn axes_view(state: ScatterState) -> View {
    let size = state.size.get();
    let Some(picture) = state.picture.get() else { return View::new() };
    let (columns, rows) = ticks(&picture, size);
    let columns = columns.into_iter().map(|(x, text)| {
        let (is_first, is_last) = (x < 24.0, x > size.0 - 24.0);
        view! { <span class="time" class:first=is_first class:last=is_last style=("--x", px(x))>{text}</span> }
    });
    let rows = rows.into_iter().map(|(y, text)| view! { <span class="long" style=("--y", px(y))>{text}</span> });
    view! {
        {columns.collect::<View>()}
        {rows.collect::<View>()}
    }
}
