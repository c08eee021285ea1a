use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::roving::rove;
use crate::{
    dom::{NodeRef, View, before_paint, live, on_window, view},
    reactive::RwSignal,
    state::{Action, use_app},
};

/// What floats below a button until something else is pressed.
#[derive(Clone, Copy)]
pub(super) struct Popover {
    /// Whether it is there.
    pub(super) is_open: RwSignal<bool>,
    place: NodeRef<HtmlElement>,
}

impl Popover {
    /// One that is closed. Belongs to the reactive owner it is made in.
    pub(super) fn new() -> Self {
        let popover = Self { is_open: RwSignal::new(false), place: NodeRef::new() };
        use_app().on_action(move |action| action == Action::Back && popover.close());
        on_window("pointerdown", move |event: web_sys::Event| {
            let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
            let is_inside = popover.place.get_untracked().is_some_and(|place| place.contains(target.as_ref()));
            if popover.is_open.get_untracked() && !is_inside {
                popover.is_open.set(false);
            }
        });
        popover
    }

    /// Opens it with the focus in it, or closes it.
    pub(super) fn toggle(self) {
        if self.close() {
            return;
        }
        self.is_open.set(true);
        before_paint(move || self.focus(".pop input, .pop button"));
    }

    /// Closes it and gives the focus back to its button; whether it was open.
    pub(super) fn close(self) -> bool {
        let was_open = self.is_open.try_get_untracked().unwrap_or_default();
        if was_open {
            self.is_open.set(false);
            self.focus("button");
        }
        was_open
    }

    fn focus(self, css: &str) {
        let found = self.place.get_untracked().and_then(|place| place.query_selector(css).ok().flatten());
        if let Some(element) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            // What cannot take the focus is still pressed with the pointer.
            let _ = element.focus();
        }
    }

    /// The button and, while it is open, what `make` makes; the arrows go through its buttons.
    pub(super) fn view(self, button: View, make: impl Fn() -> View + 'static) -> View {
        let pressed = move |event: KeyboardEvent| match event.key().as_str() {
            "Escape" if self.close() => event.prevent_default(),
            _ => rove(&event, ".pop"),
        };
        let make = std::rc::Rc::new(make);
        view! {
            <div class="pick" node_ref=self.place on:keydown=pressed>
                {button}
                {live(move || self.is_open.get().then(|| make()))}
            </div>
        }
    }
}
