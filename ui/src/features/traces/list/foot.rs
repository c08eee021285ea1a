use super::{Rows, TraceList};
use crate::{
    dom::{View, live, view},
    features::traces::range::RangeChoice,
    reactive::Memo,
    state::{Action, keys::hint, use_app},
    widgets::{Shape, count, small_icon, time},
};

/// How much of what is shown, how far the search has come, and why the list stands still.
pub(in super::super) fn foot(list: TraceList) -> View {
    let app = use_app();
    app.on_action(move |action| {
        let takes = action == Action::StopSearch;
        if takes {
            stop_or_go_on(list);
        }
        takes
    });
    let size = move || list.rows.with(|rows| rows.as_ref().map(size));
    let stillness = move || {
        let newer = list.rows.with(|rows| rows.as_ref().map_or(0, |rows| rows.newer));
        if list.search.problem.with(Option::is_some) {
            Some("Still showing the last valid search")
        } else if list.is_paused.get() {
            Some("Paused; receiving goes on")
        } else {
            (newer > 0).then_some("List held while you read; receiving goes on")
        }
    };
    view! {
        <div class="foot" data-testid="trace-count">
            <span data-testid="shown">{size}</span>
            {unreadable(list)}
            {live(progress(list))}
            <span class="grow"></span>
            <span data-testid="held">{stillness}</span>
        </div>
    }
}

/// How many traces are in no list, picture or count, because they cannot be read.
pub(in super::super) fn unreadable(list: TraceList) -> View {
    let number = Memo::new(move || list.rows.with(|rows| rows.as_ref().map_or(0, |rows| rows.unreadable)));
    live(move || {
        (number.get() > 0).then(|| {
            let noun = if number.get() == 1 { "trace" } else { "traces" };
            let title = "They lie in a damaged part of the database and are in no list. They stay where they are.";
            view! {
                <span class="row warn unreadable" title=title data-testid="unreadable">
                    {small_icon(Shape::Warning)}
                    {format!("{} {noun} cannot be read", count(number.get()))}
                </span>
            }
        })
    })
}

/// `200 shown of 48 310 stored`, `212 of 48 310 traces match`.
fn size(rows: &Rows) -> String {
    let noun = if rows.stored == 1 { "trace" } else { "traces" };
    match (rows.is_everything(), !rows.progress.is_over) {
        (true, true) => format!("{} shown of {} stored", count(rows.matching), count(rows.stored)),
        (true, false) => format!("{} {noun} stored", count(rows.stored)),
        (false, true) => format!("{} found so far, of {} {noun}", count(rows.matching), count(rows.stored)),
        (false, false) => format!("{} of {} {noun} match", count(rows.matching), count(rows.stored)),
    }
}

/// `back to 14:02, 3 of 41 segments`.
fn reached(rows: &Rows) -> String {
    let progress = rows.progress;
    let back = progress.reached_unix_nano.map(|at| format!("back to {}", time::to_the_minute(at)));
    let segments = (progress.segments > 0).then(|| {
        format!("{} of {} segments", count(progress.segments_searched.into()), count(progress.segments.into()))
    });
    [back, segments].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn stop_or_go_on(list: TraceList) {
    if list.is_searching.get_untracked() {
        list.stop();
    } else if let Some(until) = list.rows.with_untracked(|rows| full_at(rows.as_ref()?)) {
        // What it holds is all that it may hold: what is older is another search.
        let since = list.search.now().range.since_unix_nano.unwrap_or_default();
        list.search.choose_range(RangeChoice::Between(since, until));
    } else {
        list.search_further();
    }
}

/// Where a search that is full has come to.
fn full_at(rows: &Rows) -> Option<u64> {
    rows.progress.reached_unix_nano.filter(|_| rows.progress.is_full)
}

/// In place of the list while nothing has been found and not all was searched.
pub(in super::super) fn nothing_yet(list: TraceList) -> View {
    let is_searching = move || list.is_searching.get() || list.is_loading.get();
    let title = move || if is_searching() { "Nothing found so far" } else { "Nothing found; not all was searched" };
    let name = move || if is_searching() { "Stop" } else { "Search further back" };
    let how_far = move || list.rows.with(|rows| rows.as_ref().map(|rows| format!("Searched {}.", reached(rows))));
    view! {
        <div class="say grow nothing waiting" data-testid="nothing-yet">
            <h2>{title}</h2>
            <p>{how_far}</p>
            <button
                type="button"
                class="btn"
                title=hint(Action::StopSearch)
                on:click=move |_| stop_or_go_on(list)
            >
                {name}
            </button>
        </div>
    }
}

fn progress(list: TraceList) -> impl FnMut() -> Option<View> {
    // A list that is not narrowed goes on as it is read: there is nothing to stop.
    let shown = Memo::new(move || {
        list.rows.with(|rows| {
            let rows = rows.as_ref()?;
            let is_work = !rows.search.query.is_empty() || list.is_searching.get();
            let text = if rows.progress.is_full {
                format!("the first {}: search further back, or narrow", count(rows.matching))
            } else if rows.is_partial() && is_work {
                reached(rows)
            } else {
                return None;
            };
            Some((text, list.is_searching.get()))
        })
    });
    move || {
        let (text, is_searching) = shown.get()?;
        let name = if is_searching { "Stop" } else { "Search further back" };
        Some(view! {
            <span data-testid="reached">{text}</span>
            <button
                type="button"
                class="btn link"
                title=format!("{name} ({})", hint(Action::StopSearch))
                data-testid="stop-search"
                on:click=move |_| stop_or_go_on(list)
            >
                {name}
            </button>
        })
    }
}
