//! The focus goes through the buttons of a part of the screen with the arrow keys, and stays where it is while they are
//! made anew.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use crate::{
    dom::{NodeRef, before_paint},
    state::{
        Action,
        keys::{self, Scope},
    },
};

/// What the arrows stop at. What stands in a heading does something to all that is below it; Tab gets there.
const STOPS: &str = "button:enabled:not(h3 > button, header button), input";

/// Moves the focus with the arrow keys, within the part that is named by `part` and holds what was pressed.
pub(super) fn rove(event: &KeyboardEvent, part: &str) {
    let forwards = match keys::own_action_of(Scope::Values, &keys::chord(event)) {
        Some(Action::NextValue) => true,
        Some(Action::PreviousValue) => false,
        _ => return,
    };
    let pressed = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    if let Some(part) = pressed.and_then(|pressed| pressed.closest(part).ok().flatten()) {
        step(&part, forwards);
        // Else the list moves too.
        event.prevent_default();
    }
}

/// Moves the focus to the next stop of a part, or the one before; to an end of it where the focus is at none.
pub(super) fn step(part: &Element, forwards: bool) {
    let stops = stops(part);
    let to = match (place(&stops), forwards) {
        (Some(at), true) => at + 1,
        (Some(at), false) => at.wrapping_sub(1),
        (None, true) => 0,
        (None, false) => stops.len().wrapping_sub(1),
    };
    focus(stops.get(to));
}

/// Makes a change that may replace the stops of a part: if one of them has the focus, the one in its place gets it.
pub(super) fn keep_focus(part: NodeRef<HtmlElement>, change: impl FnOnce()) {
    let at = part.get_untracked().and_then(|part| place(&stops(&part)));
    change();
    let Some(at) = at else { return };
    before_paint(move || {
        let is_lost = focused().is_none_or(|element| element.tag_name() == "BODY");
        if let Some(part) = part.get_untracked().filter(|_| is_lost) {
            let stops = stops(&part);
            focus(stops.get(at).or(stops.last()));
        }
    });
}

fn focused() -> Option<Element> {
    web_sys::window()?.document()?.active_element()
}

fn stops(part: &Element) -> Vec<HtmlElement> {
    let Ok(all) = part.query_selector_all(STOPS) else { return Vec::new() };
    (0..all.length()).filter_map(|at| all.item(at)?.dyn_into().ok()).collect()
}

fn place(stops: &[HtmlElement]) -> Option<usize> {
    let focused = focused()?;
    stops.iter().position(|stop| **stop == focused)
}

fn focus(stop: Option<&HtmlElement>) {
    if let Some(stop) = stop {
        // What cannot take the focus is still pressed with the pointer.
        let _ = stop.focus();
    }
}
