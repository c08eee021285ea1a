//! Searches that are kept: those with a name, and those that were run.

use std::time::Duration;

use api::link;
use web_sys::KeyboardEvent;

use super::{
    super::popover::Popover,
    SearchState,
    recent::{self, Saved},
};
use crate::{
    dom::{View, after, live, typed, view},
    reactive::{Memo, RwSignal},
    state::{Action, keys::hint, use_app},
    widgets::{Shape, copy_button, icon, small_icon, visible},
};

/// How long it is said that something was copied.
const SAID: Duration = Duration::from_millis(1_600);
/// So many of the searches that were run are in the menu.
const MOST_RUN: usize = 12;

impl SearchState {
    /// Whether the text in effect is kept under a name, followed.
    fn is_saved(self) -> bool {
        self.query.with(|query| self.saved.with(|saved| saved.iter().any(|saved| saved.text == *query)))
    }

    fn save(self, saved: Vec<Saved>) {
        recent::save(&saved);
        self.saved.set(saved);
    }
}

/// The star: gives the search a name, or shows the one it has.
pub(super) fn star(search: SearchState) -> View {
    let app = use_app();
    let popover = Popover::new();
    let is_saved = Memo::new(move || search.is_saved());
    let is_empty = Memo::new(move || search.query.with(String::is_empty));
    app.on_action(move |action| {
        let saves = action == Action::SaveSearch && !is_empty.get_untracked();
        if saves {
            popover.toggle();
        }
        saves
    });
    let button = live(move || {
        (!is_empty.get()).then(|| {
            view! {
                <button
                    type="button"
                    class="btn ghost small"
                    class:starred=is_saved
                    title=format!("Save the search ({})", hint(Action::SaveSearch))
                    aria-label="Save the search"
                    aria-haspopup="dialog"
                    aria-pressed=move || is_saved.get().to_string()
                    data-testid="save-search"
                    on:click=move |_| popover.toggle()
                >
                    {small_icon(Shape::Star)}
                </button>
            }
        })
    });
    popover.view(button, move || name_form(search, popover))
}

fn name_form(search: SearchState, popover: Popover) -> View {
    let query = search.query.get_untracked();
    let known = search.saved.with_untracked(|saved| saved.iter().find(|saved| saved.text == query).cloned());
    let name = RwSignal::new(known.as_ref().map(|saved| saved.name.clone()).unwrap_or_default());
    let save = move || {
        let (name, text) = (name.get_untracked(), search.query.get_untracked());
        if !name.trim().is_empty() {
            search.save(search.saved.with_untracked(|saved| recent::with(saved, &name, &text)));
            popover.close();
        }
    };
    let pressed = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            save();
        }
    };
    view! {
        <div class="pop naming" role="dialog" aria-label="Save the search">
            <p class="q clip">{visible(&query).into_owned()}</p>
            <div class="row">
                <span class="field grow">
                    <input
                        type="text"
                        placeholder="Name"
                        aria-label="Name of the search"
                        autocomplete="off"
                        data-testid="search-name"
                        prop:value=name
                        on:input=move |event| name.set(typed(&event))
                        on:keydown=pressed
                    />
                </span>
                <button type="button" class="btn primary" data-testid="search-name-save" on:click=move |_| save()>
                    "Save"
                </button>
            </div>
        </div>
    }
}

/// The menu of searches.
pub(super) fn saved_menu(search: SearchState) -> View {
    let app = use_app();
    let popover = Popover::new();
    app.on_action(move |action| {
        match action {
            Action::ShowSearches => popover.toggle(),
            Action::CopyLink => copy_link(search),
            _ => return false,
        }
        true
    });
    let button = view! {
        <button
            type="button"
            class="btn menu"
            title=format!("Recent and saved searches ({})", hint(Action::ShowSearches))
            aria-label="Recent and saved searches"
            aria-haspopup="menu"
            aria-expanded=move || popover.is_open.get().to_string()
            data-testid="searches"
            on:click=move |_| popover.toggle()
        >
            {icon(Shape::Bookmark)}
            <i class="caret"></i>
        </button>
    };
    popover.view(button, move || {
        view! {
            <div class="pop searches" role="menu" aria-label="Searches" data-testid="searches-menu">
                {live(move || lists(search, popover))}
            </div>
        }
    })
}

fn copy_link(search: SearchState) {
    let link = search.query.with_untracked(|query| link::to_search(query));
    crate::spawn(async move {
        if crate::widgets::copy(&link).await {
            search.is_link_copied.set(true);
            after(SAID, move || search.is_link_copied.set(false)).forget();
        }
    });
}

fn lists(search: SearchState, popover: Popover) -> View {
    let run = move |text: String| {
        popover.close();
        search.set(&text);
        search.note_run();
    };
    let query = search.query.get();
    let saved = search.saved.get();
    let recent: Vec<String> = search.recent.get().into_iter().take(MOST_RUN).collect();
    let has_none = saved.is_empty() && recent.is_empty();
    let saved_line = move |saved: Saved| {
        let (text, name) = (saved.text.clone(), saved.name.clone());
        view! {
            <div class="line">
                <button
                    type="button"
                    class="option"
                    role="menuitem"
                    title=saved.text.clone()
                    data-testid="saved-search"
                    on:click=move |_| run(text.clone())
                >
                    {small_icon(Shape::Star)}
                    <span class="name">{visible(&saved.name).into_owned()}</span>
                    <span class="q clip grow t2">{visible(&saved.text).into_owned()}</span>
                </button>
                <button
                    type="button"
                    class="btn ghost small"
                    title="Delete"
                    aria-label=format!("Delete {}", saved.name)
                    data-testid="delete-search"
                    on:click=move |_| {
                        let kept = search.saved.with_untracked(|saved| {
                            saved.iter().filter(|other| other.name != name).cloned().collect()
                        });
                        search.save(kept);
                    }
                >
                    {small_icon(Shape::Close)}
                </button>
            </div>
        }
    };
    let recent_line = move |text: String| {
        let shown = visible(&text).into_owned();
        view! {
            <button
                type="button"
                class="option"
                role="menuitem"
                title=shown.clone()
                data-testid="recent-search"
                on:click=move |_| run(text.clone())
            >
                <span class="q clip grow">{shown.clone()}</span>
            </button>
        }
    };
    let of_link = (!query.is_empty()).then(|| {
        view! {
            <div class="line link">
                <span class="q clip grow t2">{link::to_search(&query)}</span>
                <span title=format!("Copy a link to this search ({})", hint(Action::CopyLink)) data-testid="copy-link">
                    {copy_button(move || link::to_search(&query), "Copy a link to this search")}
                </span>
            </div>
        }
    });
    view! {
        {(!saved.is_empty()).then(|| view! { <h3>"Saved"</h3> })}
        {saved.into_iter().map(saved_line).collect::<View>()}
        {(!recent.is_empty()).then(|| view! { <h3>"Recent"</h3> })}
        {recent.into_iter().map(recent_line).collect::<View>()}
        {has_none.then(|| view! { <p class="t2">"Searches that you run stand here; the star keeps one under a name."</p> })}
        {of_link}
    }
}
