//! The bar above the timeline: find, next error, layers, zoom.

use std::time::Duration;

use api::Call;
use leptos::{ev, html, prelude::*};

use super::{
    remembered,
    view::{Hits, TraceView},
};
use crate::{
    state::{Action, keys},
    widgets::{Icon, Shape, count},
};

/// How much a press of plus shows of what was shown.
pub(crate) const ZOOM_STEP: f64 = 0.6;

fn tooltip(name: &str, action: Action) -> String {
    match keys::hint(action) {
        keys if keys.is_empty() => name.to_owned(),
        keys => format!("{name} ({keys})"),
    }
}

/// Looks for the next or previous hit of the text that is searched for.
pub(crate) fn find(trace: TraceView, is_backwards: bool, from_selected: bool) {
    let text = trace.needle.get_untracked().trim().to_owned();
    let Some(head) = trace.known() else { return };
    if text.is_empty() {
        return trace.hits.set(Hits::None);
    }
    let after = trace.selected.get_untracked().filter(|_| from_selected).map(|selected| selected.node);
    let call = Call::FindText { view: head.view, text: text.clone(), after, backwards: is_backwards };
    trace.go_to(call, move |found| {
        if trace.needle.get_untracked().trim() == text {
            trace.hits.set(found.map_or(Hits::Nothing, |found| Hits::Of(found.ordinal, found.of)));
        }
    });
}

/// Goes to the next or previous span with an error.
pub(crate) fn next_error(trace: TraceView, is_backwards: bool) {
    let Some(head) = trace.known() else { return };
    let after = trace.selected.get_untracked().map(|selected| selected.node);
    trace.go_to(Call::NextError { view: head.view, after, backwards: is_backwards }, move |found| {
        trace.error_at.set(found.map(|found| (found.ordinal, found.of)));
    });
}

/// Shows or hides the critical path.
pub(crate) fn toggle_critical_path(trace: TraceView) {
    trace.layers.update(|layers| layers.has_critical_path = !layers.has_critical_path);
    remembered::write_on("critical", trace.layers.get_untracked().has_critical_path);
}

/// Shows or hides self time.
pub(crate) fn toggle_self_time(trace: TraceView) {
    trace.layers.update(|layers| layers.has_self_time = !layers.has_self_time);
    remembered::write_on("self", trace.layers.get_untracked().has_self_time);
}

/// The bar.
#[component]
pub(crate) fn Toolbar(
    trace: TraceView,
    /// The field, for the key that leads to it.
    field: NodeRef<html::Input>,
) -> impl IntoView {
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let typed = move |text: String| {
        trace.needle.set(text);
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        let wait = set_timeout_with_handle(move || find(trace, false, false), Duration::from_millis(180));
        timer.set_value(wait.ok());
    };
    let pressed = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            find(trace, event.shift_key(), true);
        }
        "Escape" if !trace.needle.get_untracked().is_empty() => {
            event.prevent_default();
            trace.needle.set(String::new());
            trace.hits.set(Hits::None);
        }
        "Escape" | "ArrowDown" => {
            event.prevent_default();
            if let Some(rows) = trace.scroller.get_untracked() {
                // An element that is in the page takes the focus.
                let _ = rows.focus();
            }
        }
        _ => {}
    };
    let hits = move || match trace.hits.get() {
        Hits::None => None,
        Hits::Nothing => Some("none".to_owned()),
        Hits::Of(ordinal, of) => Some(format!("{} of {}", count(u64::from(ordinal)), count(u64::from(of)))),
    };
    let has_no_needle = move || trace.needle.with(|needle| needle.trim().is_empty());
    let errors = Memo::new(move |_| trace.head.with(|head| head.as_ref().map_or(0, |head| head.error_count)));
    let error_at = move || match trace.error_at.get() {
        Some((ordinal, of)) => format!("{} of {}", count(u64::from(ordinal)), count(u64::from(of))),
        None => count(errors.get()),
    };
    view! {
        <div class="bar" data-testid="trace-toolbar">
            <label class="field find" class:none=move || trace.hits.get() == Hits::Nothing title=tooltip("Find in this trace", Action::FindInTrace)>
                <Icon shape=Shape::Search small=true />
                <input
                    type="text"
                    class="q grow"
                    placeholder="Find in this trace"
                    aria-label="Find in this trace"
                    spellcheck="false"
                    autocomplete="off"
                    data-testid="find"
                    node_ref=field
                    prop:value=trace.needle
                    on:input=move |event| typed(event_target_value(&event))
                    on:keydown=pressed
                />
                <span class="count" role="status" data-testid="find-count">{hits}</span>
                <button
                    type="button"
                    class="btn ghost"
                    data-testid="find-previous"
                    title=tooltip("Previous hit", Action::PreviousHit)
                    aria-label="Previous hit"
                    disabled=has_no_needle
                    on:click=move |_| find(trace, true, true)
                >
                    <Icon shape=Shape::Up />
                </button>
                <button
                    type="button"
                    class="btn ghost"
                    data-testid="find-next"
                    title=tooltip("Next hit", Action::NextHit)
                    aria-label="Next hit"
                    disabled=has_no_needle
                    on:click=move |_| find(trace, false, true)
                >
                    <Icon shape=Shape::Down />
                </button>
            </label>
            <span class="grow"></span>
            <button
                type="button"
                class="btn"
                data-testid="next-error"
                title=tooltip("Next error", Action::NextError)
                aria-label="Next error"
                disabled=move || errors.get() == 0
                on:click=move |event| next_error(trace, event.shift_key())
            >
                <span class="err-icon"><Icon shape=Shape::Warning /></span>
                <span class="wide">"Next error"</span>
                <span class="t2" data-testid="error-count">{error_at}</span>
            </button>
            <span class="btns">
                <button
                    type="button"
                    class="btn"
                    data-testid="toggle-critical"
                    aria-pressed=move || trace.layers.get().has_critical_path.to_string()
                    title=tooltip("Critical path", Action::CriticalPath)
                    aria-label="Critical path"
                    on:click=move |_| toggle_critical_path(trace)
                >
                    <Icon shape=Shape::Path />
                    <span class="wide">"Critical path"</span>
                </button>
                <button
                    type="button"
                    class="btn"
                    data-testid="toggle-self"
                    aria-pressed=move || trace.layers.get().has_self_time.to_string()
                    title=tooltip("Self time", Action::SelfTime)
                    aria-label="Self time"
                    on:click=move |_| toggle_self_time(trace)
                >
                    <Icon shape=Shape::SelfTime />
                    <span class="wide">"Self time"</span>
                </button>
            </span>
            <span class="btns">
                <button
                    type="button"
                    class="btn"
                    data-testid="zoom-out"
                    title=tooltip("Zoom out", Action::ZoomOut)
                    aria-label="Zoom out"
                    on:click=move |_| trace.zoom(1.0 / ZOOM_STEP, 0.5)
                >
                    <Icon shape=Shape::Minus />
                </button>
                <button
                    type="button"
                    class="btn"
                    data-testid="zoom-in"
                    title=tooltip("Zoom in", Action::ZoomIn)
                    aria-label="Zoom in"
                    on:click=move |_| trace.zoom(ZOOM_STEP, 0.5)
                >
                    <Icon shape=Shape::Plus />
                </button>
                <button
                    type="button"
                    class="btn"
                    data-testid="zoom-reset"
                    title=tooltip("Show the whole trace", Action::WholeTrace)
                    aria-label="Show the whole trace"
                    on:click=move |_| trace.zoom_to(trace.whole())
                >
                    <Icon shape=Shape::Fit />
                    <span class="wide">"Reset"</span>
                </button>
            </span>
            <button
                type="button"
                class="btn"
                data-testid="toggle-panel"
                aria-pressed=move || trace.is_panel_open.get().to_string()
                title=tooltip("Panel of the selected span", Action::TogglePanel)
                aria-label="Panel of the selected span"
                on:click=move |_| trace.show_panel(!trace.is_panel_open.get_untracked())
            >
                <Icon shape=Shape::Panel />
            </button>
        </div>
    }
}
