use std::time::Duration;

use web_sys::HtmlInputElement;

use super::{filter::parse_duration, service_picker::service_picker, state::TraceList};
use crate::{
    dom::{NodeRef, Timeout, View, after, typed, view},
    reactive::{Memo, RwSignal, StoredValue, effect},
    state::{Action, keys::hint, use_app},
    widgets::{Shape, icon, small_icon, visible},
};

/// How long after the last letter a field takes effect.
const PAUSE_IN_TYPING: Duration = Duration::from_millis(150);

/// What the list is narrowed by, and whether it moves.
pub(super) fn filter_bar(list: TraceList) -> View {
    let app = use_app();
    let field = NodeRef::<HtmlInputElement>::new();
    let text = RwSignal::new(list.filter.with_untracked(|filter| filter.text.clone()));
    let min_duration = RwSignal::new(list.filter.with_untracked(|filter| filter.min_duration.clone()));
    let errors_only = Memo::new(move || list.filter.with(|filter| filter.errors_only));
    let attribute = Memo::new(move || list.filter.with(|filter| filter.attribute.clone()));
    let duration_problem = Memo::new(move || parse_duration(&min_duration.get()).err());

    let typing = StoredValue::new(None::<Timeout>);
    let take_effect = move || {
        typing.set_value(None);
        let (text, min_duration) = (text.get_untracked(), min_duration.get_untracked());
        let changes = list.filter.with_untracked(|filter| filter.text != text || filter.min_duration != min_duration);
        if changes {
            list.filter.update(|filter| (filter.text, filter.min_duration) = (text, min_duration));
        }
    };
    let type_on = move || typing.set_value(Some(after(PAUSE_IN_TYPING, take_effect)));
    // Clearing the filter elsewhere clears the fields.
    effect(move || {
        let (new_text, new_duration) = list.filter.with(|filter| (filter.text.clone(), filter.min_duration.clone()));
        text.set(new_text);
        min_duration.set(new_duration);
    });

    let toggle_errors = move || list.filter.update(|filter| filter.errors_only = !filter.errors_only);
    let pause = move |is_paused| {
        list.is_paused.set(is_paused);
        if !is_paused {
            list.catch_up();
        }
    };
    app.on_action(move |action| {
        match action {
            Action::FocusFilter => {
                if let Some(field) = field.get_untracked() {
                    // A field that cannot take the focus is no reason to do anything else.
                    let _ = field.focus();
                    field.select();
                }
            }
            Action::ErrorsOnly => toggle_errors(),
            Action::Pause => pause(!list.is_paused.get_untracked()),
            _ => return false,
        }
        true
    });

    view! {
        <div class="top" role="search" aria-label="Filter the traces">
            <label class="field grow" title=format!("Filter ({})", hint(Action::FocusFilter))>
                {small_icon(Shape::Search)}
                {move || attribute.get().map(|(key, value)| attribute_chip(list, key, value))}
                <input
                    type="text"
                    placeholder="Name, service, error or trace id"
                    aria-label="Filter by text"
                    spellcheck="false"
                    autocomplete="off"
                    data-testid="filter-text"
                    node_ref=field
                    prop:value=text
                    on:input=move |event: web_sys::Event| {
                        text.set(typed(&event));
                        type_on();
                    }
                    on:change=move |_| take_effect()
                />
                {move || {
                    (!text.get().is_empty())
                        .then(|| {
                            view! {
                                <button
                                    type="button"
                                    class="btn link"
                                    title="Clear the text"
                                    aria-label="Clear the text"
                                    on:click=move |_| {
                                        text.set(String::new());
                                        take_effect();
                                    }
                                >
                                    {small_icon(Shape::Close)}
                                </button>
                            }
                        })
                }}
            </label>
            {service_picker(list)}
            <label
                class="field shortest"
                class:bad=move || duration_problem.get().is_some()
                title=move || duration_problem.get().unwrap_or_else(|| "Shortest duration, for example 200ms or 1.5s".to_owned())
            >
                {small_icon(Shape::Clock)}
                <span class="wide">"at least"</span>
                <input
                    type="text"
                    placeholder="0 ms"
                    aria-label="Shortest duration"
                    aria-invalid=move || duration_problem.get().is_some().to_string()
                    spellcheck="false"
                    autocomplete="off"
                    data-testid="filter-min-duration"
                    prop:value=min_duration
                    on:input=move |event: web_sys::Event| {
                        min_duration.set(typed(&event));
                        type_on();
                    }
                    on:change=move |_| take_effect()
                />
            </label>
            <button
                type="button"
                class="btn"
                title=format!("Only traces with errors ({})", hint(Action::ErrorsOnly))
                aria-label="Only traces with errors"
                aria-pressed=move || errors_only.get().to_string()
                data-testid="filter-errors"
                on:click=move |_| toggle_errors()
            >
                {icon(Shape::Warning)}
                <span class="wide">"Errors only"</span>
            </button>
            <span class="btns">
                <button
                    type="button"
                    class="btn live"
                    title="Newer traces come in while the list is at rest"
                    aria-label="Live"
                    aria-pressed=move || (!list.is_paused.get()).to_string()
                    data-testid="live"
                    on:click=move |_| pause(false)
                >
                    <i class="led"></i>
                    <span class="wide">"Live"</span>
                </button>
                <button
                    type="button"
                    class="btn"
                    title=format!("Hold the list; receiving goes on ({})", hint(Action::Pause))
                    aria-label="Pause"
                    aria-pressed=move || list.is_paused.get().to_string()
                    data-testid="pause"
                    on:click=move |_| pause(true)
                >
                    {icon(Shape::Pause)}
                    <span class="wide">"Pause"</span>
                </button>
            </span>
        </div>
    }
}

/// The attribute that the list is filtered by, with a way to drop it.
fn attribute_chip(list: TraceList, key: String, value: String) -> View {
    let (key, value) = (visible(&key).into_owned(), visible(&value).into_owned());
    let title = format!("{key} = {value}");
    view! {
        <span class="condition" title=title data-testid="filter-attribute">
            <span class="q clip">
                <span class="k">{key}</span>
                <span class="o">" = "</span>
                <span class="v">{value}</span>
            </span>
            <button
                type="button"
                class="btn link"
                title="Drop this condition"
                aria-label="Drop this condition"
                data-testid="filter-attribute-drop"
                on:click=move |event: web_sys::MouseEvent| {
                    event.prevent_default();
                    list.filter.update(|filter| filter.attribute = None);
                }
            >
                {small_icon(Shape::Close)}
            </button>
        </span>
    }
}
