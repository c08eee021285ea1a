//! The bar above the timeline: find, next error, layers, zoom.

use std::time::Duration;

use api::Call;
use web_sys::HtmlInputElement;

use super::view::{Hits, TraceView};
use crate::{
    dom::{NodeRef, Timeout, View, after, typed, view},
    reactive::StoredValue,
    state::{Action, keys, remembered},
    widgets::{Shape, count, icon, small_icon},
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
    remembered::write_on("trace.critical", trace.layers.get_untracked().has_critical_path);
}

/// Shows or hides self time.
pub(crate) fn toggle_self_time(trace: TraceView) {
    trace.layers.update(|layers| layers.has_self_time = !layers.has_self_time);
    remembered::write_on("trace.self", trace.layers.get_untracked().has_self_time);
}

/// The bar.
pub(crate) fn toolbar(trace: TraceView, field: NodeRef<HtmlInputElement>) -> View {
    let timer = StoredValue::new(None::<Timeout>);
    let find_text = move |text: String| {
        trace.needle.set(text);
        timer.set_value(Some(after(Duration::from_millis(180), move || find(trace, false, false))));
    };
    let pressed = move |event: web_sys::KeyboardEvent| match event.key().as_str() {
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
        Hits::None => String::new(),
        Hits::Nothing => "none".to_owned(),
        Hits::Of(ordinal, of) => format!("{} of {}", count(u64::from(ordinal)), count(u64::from(of))),
    };
    let errors = move || trace.head.get().map_or(0, |head| head.error_count);
    let error_at = move || match trace.error_at.get() {
        Some((ordinal, of)) => format!("{} of {}", count(u64::from(ordinal)), count(u64::from(of))),
        None => count(errors()),
    };
    view! {
        <div class="bar" data-testid="trace-toolbar">
            <div class="field find" class:missed=move || trace.hits.get() == Hits::Nothing title=tooltip("Find in this trace", Action::FindInTrace)>
                {small_icon(Shape::Search)}
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
                    on:input=move |event| find_text(typed(&event))
                    on:keydown=pressed
                />
                <span class="count" role="status" data-testid="find-count">{hits}</span>
                {step_button(trace, Shape::Up, "Previous hit", Action::PreviousHit)}
                {step_button(trace, Shape::Down, "Next hit", Action::NextHit)}
            </div>
            <span class="grow"></span>
            {button(
                Shape::Warning,
                "Next error",
                Action::NextError,
                Some("Next error"),
                Some(Box::new(error_at)),
                Mode::Disabled(Box::new(move || errors() == 0)),
                Box::new(move |is_shifted| next_error(trace, is_shifted)),
            )}
            <span class="btns">
                {button(
                    Shape::Path,
                    "Critical path",
                    Action::CriticalPath,
                    Some("Critical path"),
                    None,
                    Mode::Pressed(Box::new(move || trace.layers.get().has_critical_path)),
                    Box::new(move |_| toggle_critical_path(trace)),
                )}
                {button(
                    Shape::SelfTime,
                    "Self time",
                    Action::SelfTime,
                    Some("Self time"),
                    None,
                    Mode::Pressed(Box::new(move || trace.layers.get().has_self_time)),
                    Box::new(move |_| toggle_self_time(trace)),
                )}
            </span>
            <span class="btns">
                {plain(Shape::Minus, "Zoom out", Action::ZoomOut, None, move |_| trace.zoom(1.0 / ZOOM_STEP, 0.5))}
                {plain(Shape::Plus, "Zoom in", Action::ZoomIn, None, move |_| trace.zoom(ZOOM_STEP, 0.5))}
                {plain(
                    Shape::Fit,
                    "Show the whole trace",
                    Action::WholeTrace,
                    Some("Reset"),
                    move |_| trace.zoom_to(trace.whole()),
                )}
            </span>
            {button(
                Shape::Panel,
                "Panel of the selected span",
                Action::TogglePanel,
                None,
                None,
                Mode::Pressed(Box::new(move || trace.is_panel_open.get())),
                Box::new(move |_| trace.show_panel(!trace.is_panel_open.get_untracked())),
            )}
        </div>
    }
}

/// A button that goes to another hit.
fn step_button(trace: TraceView, shape: Shape, name: &'static str, action: Action) -> View {
    view! {
        <button
            type="button"
            class="btn ghost"
            data-testid=name.to_ascii_lowercase().replace(' ', "-")
            title=tooltip(name, action)
            aria-label=name
            disabled=move || trace.needle.get().trim().is_empty()
            on:click=move |_| find(trace, action == Action::PreviousHit, true)
        >
            {icon(shape)}
        </button>
    }
}

/// What a button of the bar has besides its press.
enum Mode {
    /// Nothing.
    Plain,
    /// It is a switch.
    Pressed(Box<dyn Fn() -> bool>),
    /// It cannot always be pressed.
    Disabled(Box<dyn Fn() -> bool>),
}

fn plain(
    shape: Shape,
    name: &'static str,
    action: Action,
    word: Option<&'static str>,
    act: impl Fn(bool) + 'static,
) -> View {
    button(shape, name, action, word, None, Mode::Plain, Box::new(act))
}

/// A button with an icon, a word that narrow windows leave out, and a figure. `act` is told
/// whether Shift is held. Its `data-testid` is the name in lower case with dashes.
fn button(
    shape: Shape,
    name: &'static str,
    action: Action,
    word: Option<&'static str>,
    figure: Option<Box<dyn Fn() -> String>>,
    mode: Mode,
    act: Box<dyn Fn(bool)>,
) -> View {
    let (is_pressed, is_disabled) = match mode {
        Mode::Plain => (None, None),
        Mode::Pressed(is_on) => (Some(is_on), None),
        Mode::Disabled(is_off) => (None, Some(is_off)),
    };
    view! {
        <button
            type="button"
            class="btn"
            class:alarm=matches!(shape, Shape::Warning)
            data-testid=name.to_ascii_lowercase().replace(' ', "-")
            title=tooltip(name, action)
            aria-label=name
            aria-pressed=move || is_pressed.as_ref().map(|is_pressed| is_pressed().to_string())
            disabled=move || is_disabled.as_ref().is_some_and(|is_disabled| is_disabled())
            on:click=move |event: web_sys::MouseEvent| act(event.shift_key())
        >
            {icon(shape)}
            {word.map(|word| view! { <span class="wide">{word}</span> })}
            {figure.map(|figure| view! { <span class="t2" data-testid="error-count">{figure}</span> })}
        </button>
    }
}
