//! The list of traces: newest first, alive, and still while someone reads it.

mod empty;
mod filter;
mod filter_bar;
mod list;
mod row;
mod rows;
mod service_picker;
mod state;

use api::Event;
use reactive_graph::owner::expect_context;

pub(crate) use self::state::TraceList;
use self::{empty::nothing_matches, filter_bar::filter_bar};
use super::first_run::{first_run, ports};
use crate::{
    dom::{View, view},
    reactive::{Memo, effect},
    state::use_app,
    widgets::count,
};

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

/// The screen with the list of traces.
pub fn traces_screen() -> View {
    let app = use_app();
    let list: TraceList = expect_context();
    // A panel may have asked for an attribute since.
    if let Some(attribute) = app.attribute.try_update(Option::take).flatten() {
        list.filter.set(filter::Filter { attribute: Some(attribute), ..filter::Filter::default() });
        list.selected.set(None);
        list.rows.set(None);
    }
    // A letter that is not yet a duration changes what stands in the bar, not what is wanted.
    let mut before = None;
    effect(move || {
        let wanted = list.filter.with(filter::Filter::wanted);
        match &before {
            Some(before) if *before == wanted => {}
            None if list.rows.with_untracked(Option::is_some) => list.catch_up(),
            _ => list.reload(),
        }
        before = Some(wanted);
    });
    app.on_event(move |event| {
        if matches!(event, Event::Arrived { .. }) {
            list.catch_up();
        }
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
    let middle = move || match shown.get() {
        Shown::Nothing | Shown::Searching => view! { <div class="grow"></div> },
        Shown::FirstRun => first_run(),
        Shown::NoMatch(stored) => nothing_matches(list, stored),
        Shown::Rows => list::list(list),
    };
    view! {
        {ports()}
        {move || (!matches!(shown.get(), Shown::FirstRun)).then(|| filter_bar(list))}
        <div
            class="progress"
            class:on=move || list.is_loading.get() || list.is_searching.get()
            role="progressbar"
            aria-label="Reading the list"
            aria-hidden=move || (!list.is_loading.get() && !list.is_searching.get()).to_string()
        ></div>
        {middle}
        {move || matches!(shown.get(), Shown::Rows | Shown::Searching | Shown::NoMatch(_)).then(|| foot(list))}
    }
}

/// How much of what is shown, and why it stands still.
fn foot(list: TraceList) -> View {
    let size = move || {
        list.rows.with(|rows| {
            let rows = rows.as_ref()?;
            let noun = if rows.stored == 1 { "trace" } else { "traces" };
            Some(if rows.matching == rows.stored {
                format!("{} {noun}, newest first", count(rows.matching))
            } else {
                format!("{} of {} {noun} match, newest first", count(rows.matching), count(rows.stored))
            })
        })
    };
    let stillness = move || {
        let newer = list.rows.with(|rows| rows.as_ref().map_or(0, |rows| rows.newer));
        if list.is_paused.get() {
            Some("Paused; receiving goes on")
        } else {
            (newer > 0).then_some("List held while you read; receiving goes on")
        }
    };
    let search = move || {
        let (searched, searchable) = list
            .rows
            .with(|rows| rows.as_ref().filter(|rows| rows.is_partial()).map(|rows| (rows.searched, rows.searchable)))?;
        let text = format!("{} of {} searched", count(searched), count(searchable));
        let (name, press): (_, fn(TraceList)) = if list.is_searching.get() {
            ("Stop", |list| list.is_searching.set(false))
        } else {
            ("Go on", TraceList::search_on)
        };
        Some(view! {
            <span data-testid="searched">{text}</span>
            <button type="button" class="btn link" on:click=move |_| press(list)>
                {name}
            </button>
        })
    };
    view! {
        <div class="foot" data-testid="trace-count">
            <span>{size}</span>
            {search}
            <span class="grow"></span>
            <span data-testid="held">{stillness}</span>
        </div>
    }
}
