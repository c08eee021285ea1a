//! The traces: a search, its picture over time, its values, and the list: alive, and still while someone reads it.
//!
//! Entry: [`traces_screen`] and its state, [`TracesState`]. What is searched is in `search` and `range`; whatever shows
//! something of it (`list`, `scatter`, `facets`, `groups`, `differences`) asks by itself for the moment that the list
//! shows, again and again until all was searched (`question`).
//!
//! Deliberately absent: what a search means. The text is parsed here to colour it and to say what is wrong; the service
//! searches.

mod differences;
mod empty;
mod facets;
mod groups;
mod key_picker;
mod list;
mod popover;
mod question;
mod range;
mod roving;
mod scatter;
mod search;

use api::Event;
use reactive_graph::{graph::untrack, owner::expect_context};

use self::{
    differences::{DifferencesState, differences},
    empty::nothing_matches,
    facets::{FacetsState, facets},
    groups::{GroupsState, groups},
    list::{TraceList, foot, nothing_yet},
    scatter::{ScatterState, scatter},
    search::{SearchState, bar::search_bar},
};
use super::first_run::{first_run, ports};
use crate::{
    dom::{View, live, on_window, percent, view},
    reactive::{Memo, StoredValue, effect},
    state::{Action, AppState, use_app},
};

/// How often it is noted that somebody looks, in seconds: a window that ends without a word was looked at until about
/// then.
const NOTE_LOOKS: u32 = 10;

/// All that the screen shows; it outlives the screen, so that coming back finds it as it was left.
#[derive(Clone, Copy)]
pub(crate) struct TracesState {
    app: AppState,
    list: TraceList,
    scatter: ScatterState,
    facets: FacetsState,
    groups: GroupsState,
    differences: DifferencesState,
}

impl TracesState {
    /// The state of a window that has just opened. Belongs to the reactive owner it is made in.
    pub(crate) fn new(app: AppState) -> Self {
        let search = SearchState::new();
        let list = TraceList::new(app, search);
        note_looks(app, search);
        app.on_event(move |event| match event {
            Event::Search { text } => {
                search.set(text);
                list.selected.set(None);
                app.go_home();
            }
            Event::Pinned { trace_id, is_pinned } => list.note_pin(*trace_id, *is_pinned),
            _ => {}
        });
        Self {
            app,
            list,
            scatter: ScatterState::new(app, list),
            facets: FacetsState::new(app, search),
            groups: GroupsState::new(app, search),
            differences: DifferencesState::new(app, search),
        }
    }

    /// What is shown is not what is stored any more: the list is read anew when it is shown next.
    pub(crate) fn forget(self) {
        self.list.rows.set(None);
    }

    /// Compares what is marked in the picture, or picked in the list, with the rest of what the search finds.
    fn show_differences(self) {
        let Some(search) = self.list.moment.get_untracked() else { return };
        let picked = self.list.picked.with_untracked(list::Picked::query);
        if let Some(selection) = self.scatter.marked_query().or(picked) {
            self.differences.compare(search, selection);
        }
    }
}

/// Notes when the window was looked at last.
fn note_looks(app: AppState, search: SearchState) {
    let is_hidden = || web_sys::window().and_then(|window| window.document()).is_some_and(|page| page.hidden());
    on_window(
        "visibilitychange",
        move |_: web_sys::Event| {
            if is_hidden() { SearchState::note_look() } else { search.note_return() }
        },
    );
    on_window("pagehide", move |_: web_sys::Event| SearchState::note_look());
    let seconds = StoredValue::new(0_u32);
    app.on_event(move |event| {
        if matches!(event, Event::Status(_)) && !is_hidden() {
            seconds.update_value(|seconds| *seconds += 1);
            if seconds.get_value().is_multiple_of(NOTE_LOOKS) {
                SearchState::note_look();
            }
        }
    });
}

/// What the middle of the screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Nothing is known yet.
    Nothing,
    /// Nothing has been found so far.
    Searching,
    /// No trace has ever come.
    FirstRun,
    /// Traces, but none that match; of how many.
    NoMatch(u64),
    /// Rows.
    Rows,
}

/// The screen with the traces.
pub fn traces_screen() -> View {
    let app = use_app();
    let traces: TracesState = expect_context();
    let list = traces.list;
    // A panel may have asked for a search since.
    if let Some(query) = app.asked_search.try_update(Option::take).flatten() {
        list.search.set(&query);
        list.search.note_run();
        list.selected.set(None);
        list.rows.set(None);
    }
    let wanted = list.search.wanted();
    let mut before = None;
    effect(move || {
        let wanted = wanted.get();
        match &before {
            Some(before) if *before == wanted => {}
            None if list.rows.with_untracked(|rows| rows.as_ref().is_some_and(|rows| rows.is_of(&wanted))) => {
                list.catch_up();
            }
            _ => list.reload(),
        }
        before = Some(wanted);
    });
    app.on_event(move |event| {
        if matches!(event, Event::Arrived { .. }) {
            list.catch_up();
        }
    });
    app.on_action(move |action| match action {
        Action::ShowDifferences => {
            traces.show_differences();
            true
        }
        Action::Back => traces.differences.close(),
        _ => false,
    });

    let shown = Memo::new(move || {
        list.rows.with(|rows| match rows {
            None => Shown::Nothing,
            Some(rows) if rows.matching > 0 => Shown::Rows,
            Some(rows) if rows.is_partial() => Shown::Searching,
            Some(rows) if rows.stored == 0 => Shown::FirstRun,
            Some(rows) => Shown::NoMatch(rows.stored),
        })
    });
    let is_first_run = Memo::new(move || shown.get() == Shown::FirstRun);
    let is_known = Memo::new(move || shown.get() != Shown::Nothing);
    let group_key = Memo::new(move || list.search.group_key.get());
    let middle = move || match (shown.get(), group_key.get()) {
        (Shown::Rows | Shown::Searching, Some(key)) => untrack(|| groups(traces, &key)),
        (Shown::Searching, None) => nothing_yet(list),
        (Shown::Nothing | Shown::FirstRun, _) => view! { <div class="grow"></div> },
        (Shown::NoMatch(stored), _) => nothing_matches(traces, stored),
        (Shown::Rows, None) => list::list(list),
    };
    let is_compared = Memo::new(move || traces.differences.asked.get());
    let panel = move || is_compared.get().map(|_| untrack(|| differences(traces.differences, list)));
    let body = move || {
        if is_first_run.get() {
            return untrack(first_run);
        }
        untrack(|| {
            view! {
                {search_bar(list)}
                {progress(list)}
                {scatter(traces)}
                <div class="found">
                    {facets(traces)}
                    <div class="results">
                        {live(middle)}
                        {live(move || (is_known.get() && group_key.get().is_none()).then(|| untrack(|| foot(list))))}
                    </div>
                    {live(panel)}
                </div>
            }
        })
    };
    view! {
        {ports()}
        {live(body)}
    }
}

/// How far the search has come, as a line.
fn progress(list: TraceList) -> View {
    let is_on = move || list.is_loading.get() || list.is_searching.get();
    let done = move || {
        list.rows.with(|rows| {
            let progress = rows.as_ref()?.progress;
            let share = f64::from(progress.segments_searched) / f64::from(progress.segments.max(1));
            (list.is_searching.get() && progress.segments > 1).then(|| percent(share.min(1.0)))
        })
    };
    view! {
        <div
            class="progress"
            class:on=is_on
            class:known=move || done().is_some()
            style=("--done", done)
            role="progressbar"
            aria-label="Searching"
            aria-hidden=move || (!is_on()).to_string()
        ></div>
    }
}
