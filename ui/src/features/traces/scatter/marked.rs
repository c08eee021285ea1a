//! What is marked on the picture: its box, what is in it, and what can be done with it.

use super::{super::TracesState, places::corner, state::ScatterState};
use crate::{
    dom::{View, live, px, view},
    state::{Action, keys::hint},
    widgets::count,
};

/// Room that the bar of what is marked needs, CSS pixels.
const BAR: (f64, f64) = (470.0, 34.0);

/// Narrows the search to what is marked.
pub(super) fn search_marked(traces: TracesState) {
    if let Some(query) = traces.scatter.marked_query() {
        traces.scatter.marked.set(None);
        traces.list.search.narrow(&query);
        traces.list.search.note_run();
    }
}

/// The box around what is marked.
pub(super) fn marked_view(state: ScatterState) -> Option<View> {
    let marked = state.marked.get()?;
    let size = state.size.get();
    state.picture.with(|picture| {
        let grid = picture.as_ref()?.grid;
        let (left, bottom) = corner(&grid, size, (marked.x.0, marked.y.0));
        let (right, top) = corner(&grid, size, (marked.x.1 + 1, marked.y.1 + 1));
        Some(view! {
            <i
                class="marked"
                data-testid="scatter-marked"
                style:left=px(left)
                style:top=px(top)
                style:width=px(right - left)
                style:height=px(bottom - top)
            ></i>
        })
    })
}

/// What is marked in numbers, and what can be done with it; below the box or, without room, above.
pub(super) fn marked_bar(traces: TracesState) -> View {
    let state = traces.scatter;
    live(move || {
        let marked = state.marked.get()?;
        let size = state.size.get();
        let picture = state.picture.get()?;
        let (left, bottom) = corner(&picture.grid, size, (marked.x.0, marked.y.0));
        let (_, top) = corner(&picture.grid, size, (marked.x.1, marked.y.1 + 1));
        let (all, failed) = marked.counts(&picture.scatter);
        let below = bottom + 8.0;
        let y = if below + BAR.1 > size.1 + 20.0 { (top - BAR.1).max(2.0) } else { below };
        let x = (left - 6.0).clamp(0.0, (size.0 - BAR.0).max(0.0));
        Some(view! {
            <div class="brushbox" role="toolbar" aria-label="What is marked" style=("--x", px(x)) style=("--y", px(y))>
                <span data-testid="marked-count">
                    <b class="med">{count(all)}</b>
                    " selected, "
                    {count(failed)}
                    " with errors"
                </span>
                <button
                    type="button"
                    class="btn"
                    title=format!("Search only these ({})", hint(Action::ScatterSearch))
                    data-testid="search-marked"
                    disabled=all == 0
                    on:click=move |_| search_marked(traces)
                >
                    "Search these"
                </button>
                <button
                    type="button"
                    class="btn primary"
                    title=format!("What tells them from the rest ({})", hint(Action::ScatterDifferences))
                    data-testid="differences-of-marked"
                    disabled=all == 0
                    on:click=move |_| traces.show_differences()
                >
                    "What is different about these?"
                </button>
            </div>
        })
    })
}
