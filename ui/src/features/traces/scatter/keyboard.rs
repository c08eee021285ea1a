//! What keys do on the picture.

use api::ScatterCell;
use web_sys::HtmlElement;

use super::{
    super::TracesState,
    REACH,
    grid::{Marked, nearest},
    marked::search_marked,
};
use crate::{dom::NodeRef, state::Action};

/// What a key does on the picture; whether it did anything.
pub(super) fn act(traces: TracesState, plot: NodeRef<HtmlElement>, action: Action) -> bool {
    let state = traces.scatter;
    let Some(picture) = state.picture.get_untracked() else { return false };
    let grid = picture.grid;
    let dots = || picture.scatter.cells.iter().filter(|cell| cell.trace_id.is_some());
    // The keys begin at the newest dot.
    let newest = || dots().max_by_key(|cell| cell.x).map(|cell| (cell.x, cell.y));
    let here = state.cursor.get_untracked();
    let step = |across: i64, up: i64| {
        let (x, y) = here.or_else(newest).unwrap_or((grid.across / 2, grid.up / 2));
        if here.is_none() {
            return (x, y);
        }
        let moved = |at: u32, by: i64, count: u32| (i64::from(at) + by).clamp(0, i64::from(count) - 1) as u32;
        (moved(x, across, grid.across), moved(y, up, grid.up))
    };
    // Dots go by time, and at one time by duration.
    let along = |cell: &ScatterCell| (cell.x, cell.y);
    let to = match action {
        Action::ScatterLeft | Action::ScatterExtendLeft => step(-1, 0),
        Action::ScatterRight | Action::ScatterExtendRight => step(1, 0),
        Action::ScatterUp | Action::ScatterExtendUp => step(0, 1),
        Action::ScatterDown | Action::ScatterExtendDown => step(0, -1),
        Action::ScatterNextDot => {
            let next = dots().map(along).filter(|at| here.is_none_or(|here| *at > here)).min();
            next.or(here).unwrap_or_default()
        }
        Action::ScatterPreviousDot => {
            let before = dots().map(along).filter(|at| here.is_none_or(|here| *at < here)).max();
            before.or(here).unwrap_or_default()
        }
        Action::ScatterOpen => {
            let Some(here) = here else { return false };
            let at = (f64::from(here.0) + 0.5, f64::from(here.1) + 0.5);
            if let Some(trace_id) = nearest(&picture.scatter.cells, at, REACH).and_then(|cell| cell.trace_id) {
                traces.list.search.note_run();
                traces.app.open_trace(trace_id, None);
            }
            return true;
        }
        Action::ScatterSearch => {
            search_marked(traces);
            return true;
        }
        Action::ScatterDifferences => {
            traces.show_differences();
            return true;
        }
        Action::ScatterLeave => {
            if state.marked.get_untracked().is_some() {
                state.marked.set(None);
            } else if let Some(plot) = plot.get_untracked() {
                let _ = plot.blur();
            }
            return true;
        }
        _ => return false,
    };
    let extends = matches!(
        action,
        Action::ScatterExtendLeft | Action::ScatterExtendRight | Action::ScatterExtendUp | Action::ScatterExtendDown
    );
    if extends {
        // The corner that is not where the keys are stays.
        let from = here.unwrap_or(to);
        let fixed = match state.marked.get_untracked() {
            Some(marked) => (
                if marked.x.0 == from.0 { marked.x.1 } else { marked.x.0 },
                if marked.y.0 == from.1 { marked.y.1 } else { marked.y.0 },
            ),
            None => from,
        };
        state.marked.set(Some(Marked::between(fixed, to)));
    }
    state.cursor.set(Some(to));
    true
}
