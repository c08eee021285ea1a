//! The focus goes through the buttons of a part of the screen with the arrow keys.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// What can have the focus.
const STOPS: &str = "button:enabled, input";

/// Moves the focus with the arrow keys, within the part that is named by `part` and holds what was pressed.
pub(super) fn rove(event: &KeyboardEvent, part: &str) {
    let forwards = match event.key().as_str() {
        "ArrowDown" => true,
        "ArrowUp" => false,
        _ => return,
    };
    let focused = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    if let Some(part) = focused.and_then(|focused| focused.closest(part).ok().flatten()) {
        step(&part, forwards);
        // Else the list moves too.
        event.prevent_default();
    }
}

/// Moves the focus to the next stop of a part, or the one before; to an end of it where the focus is at none.
pub(super) fn step(part: &Element, forwards: bool) {
    let Ok(all) = part.query_selector_all(STOPS) else { return };
    let all: Vec<HtmlElement> = (0..all.length()).filter_map(|at| all.item(at)?.dyn_into().ok()).collect();
    let focused = web_sys::window().and_then(|window| window.document()?.active_element());
    let at = all.iter().position(|stop| focused.as_ref() == Some(stop.unchecked_ref::<Element>()));
    let to = match (at, forwards) {
        (Some(at), true) => at + 1,
        (Some(at), false) => at.wrapping_sub(1),
        (None, true) => 0,
        (None, false) => all.len().wrapping_sub(1),
    };
    if let Some(stop) = all.get(to) {
        // What cannot take the focus is still pressed with the pointer.
        let _ = stop.focus();
    }
}
