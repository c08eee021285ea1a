//! What the user can set, and what is stored: how long, how much, and what to do about it.
//!
//! Entry: [`settings_screen`]. Every change is a call of its own, applied at once and answered at the
//! field. Deliberately absent: what a text means (the service reads ages and sizes), a button to
//! apply.

mod appearance;
mod deletion;
mod directory;
mod field;
mod key;
mod receiving;
mod retention;
mod sampling;
mod sizes;
mod state;

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use self::state::SettingsState;
use super::first_run::ports;
use crate::dom::{View, view};

/// The sections: the id of each, and its title.
const SECTIONS: [(&str, &str); 5] = [
    ("retention", "Retention"),
    ("sampling", "Sampling"),
    ("receiving", "Receiving"),
    ("directory", "Data directory"),
    ("appearance", "Appearance"),
];

/// The screen.
pub fn settings_screen() -> View {
    let state = SettingsState::new();
    let anchor = move |(id, title): (&'static str, &'static str)| {
        view! {
            <button
                type="button"
                aria-current=move || (state.current.get() == id).then_some("true")
                data-testid=format!("to-{id}")
                on:click=move |_| show(id)
            >
                {title}
            </button>
        }
    };
    view! {
        <div class="top">
            <h1>"Settings"</h1>
            <span class="t2">"Applied as you change them"</span>
        </div>
        {ports()}
        <div class="split settings" data-testid="settings">
            <nav aria-label="Sections">{SECTIONS.into_iter().map(anchor).collect::<View>()}</nav>
            <div class="sections">
                <div>{retention::retention(state)} {sampling::sampling(state)}</div>
                <div>
                    {receiving::receiving(state)} {directory::directory(state)} {appearance::appearance(state)}
                </div>
            </div>
        </div>
    }
}

/// Brings a section into view, and the keyboard to it.
fn show(id: &str) {
    let section = web_sys::window().and_then(|window| window.document()).and_then(|page| page.get_element_by_id(id));
    if let Some(section) = section.and_then(|section| section.dyn_into::<HtmlElement>().ok()) {
        // What takes the focus is scrolled to.
        let _ = section.focus();
    }
}

/// A section with its title and what it is about.
fn section(state: SettingsState, id: &'static str, about: &'static str, contents: View) -> View {
    let title = SECTIONS.iter().find(|(other, _)| *other == id).map_or("", |(_, title)| title);
    view! {
        <section id=id tabindex="-1" aria-label=title on:focusin=move |_| state.current.set(id)>
            <h2>{title}</h2>
            <p>{about}</p>
            {contents}
        </section>
    }
}

/// A line of a section that sets nothing.
fn line(label: &'static str, contents: View) -> View {
    view! {
        <div class="op">
            <span>{label}</span>
            <div class="row">{contents}</div>
        </div>
    }
}
