//! The frame around the screens, and what runs for as long as the window is open.

use reactive_graph::{graph::untrack, owner::provide_context};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use crate::{
    dom::{View, on_window, view},
    features::{
        frame::{failure, key_sheet, rail, status_bar},
        settings::settings_screen,
        trace::trace_screen,
        traces::{TracesState, traces_screen},
    },
    reactive::effect,
    spawn,
    state::{AppState, Route, keys},
    transport,
};

/// The whole window.
pub fn app() -> View {
    let app = AppState::new();
    provide_context(app);
    provide_context(TracesState::new(app));
    effect(move || app.theme.get().apply());
    on_window("keydown", move |event| press(app, &event));
    spawn(async move {
        if let Err(error) = transport::listen(move |event| app.tell(&event)).await {
            app.fail(error.sentence);
        }
    });
    spawn(app.refresh_status());

    // What a screen reads while it is made does not make it anew.
    let screen = move || match app.route() {
        Route::Traces => untrack(traces_screen),
        Route::Settings => untrack(settings_screen),
        Route::Trace { trace_id, span } => untrack(|| trace_screen(trace_id, span)),
    };
    view! {
        <div id="app">
            {rail()}
            <main>
                {failure()}
                {screen}
            </main>
            {status_bar()}
        </div>
        {key_sheet()}
    }
}

/// Turns a key press into an action, unless someone is typing or the focused control wants the key.
fn press(app: AppState, event: &KeyboardEvent) {
    if event.default_prevented() || event.is_composing() {
        return;
    }
    let chord = keys::chord(event);
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let tag = target.as_ref().map(Element::tag_name).unwrap_or_default();
    match tag.as_str() {
        "INPUT" | "TEXTAREA" | "SELECT" => {
            if chord == "Escape" {
                // Out of the field first; the next Escape closes.
                if let Some(field) = target.and_then(|target| target.dyn_into::<HtmlElement>().ok()) {
                    let _ = field.blur();
                }
                event.prevent_default();
                return;
            }
            if !chord.starts_with("Ctrl+") && !chord.starts_with("F3") {
                return;
            }
        }
        "BUTTON" | "A" if chord == "Enter" || chord == " " => return,
        _ => {}
    }
    if keys::action_of(app.scope(), &chord).is_some_and(|action| app.act(action)) {
        event.prevent_default();
    }
}
