use std::time::Duration;

use gloo_events::{EventListener, EventListenerOptions};
pub(crate) use gloo_timers::callback::Timeout;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventTarget};

use crate::reactive::StoredValue;

/// Does this after a while; dropped, it does not. [`Timeout::forget`] lets it happen.
pub(crate) fn after(wait: Duration, run: impl FnOnce() + 'static) -> Timeout {
    let run: Box<dyn FnOnce()> = Box::new(run);
    Timeout::new(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX), run)
}

/// Does this before the page is painted next.
pub(crate) fn before_paint(run: impl FnOnce() + 'static) {
    let run: Box<dyn FnOnce()> = Box::new(run);
    let run = Closure::once_into_js(run);
    if let Some(window) = web_sys::window() {
        // A function is a function.
        let _ = window.request_animation_frame(run.unchecked_ref());
    }
}

/// Has events of the window handled for as long as the reactive owner lives.
pub(crate) fn on_window<E: JsCast + 'static>(name: &'static str, mut handle: impl FnMut(E) + 'static) {
    if let Some(window) = web_sys::window() {
        listen(&window, name, Box::new(move |event| handle(event.unchecked_into())));
    }
}

/// Has events handled for as long as the reactive owner lives.
pub(super) fn listen(target: &EventTarget, name: &'static str, mut handle: Box<dyn FnMut(Event)>) {
    let options = EventListenerOptions::enable_prevent_default();
    let listener = EventListener::new_with_options(target, name, options, move |event| handle(event.clone()));
    let _ = StoredValue::new(listener);
}

/// The text of the field that an event is about.
pub(crate) fn typed(event: &Event) -> String {
    let field = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
    field.map(|field| field.value()).unwrap_or_default()
}
