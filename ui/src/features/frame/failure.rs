use leptos::prelude::*;

use crate::{
    state::use_app,
    widgets::{Icon, Shape, visible},
};

/// What failed last, in a sentence, until it is closed.
#[component]
pub fn Failure() -> impl IntoView {
    let app = use_app();
    move || {
        let sentence = app.failure.get()?;
        Some(view! {
            <div class="msg e" role="alert" data-testid="failure">
                <Icon shape=Shape::Warning />
                <span class="grow">{sentence_case(&visible(&sentence))}</span>
                <button
                    type="button"
                    class="btn ghost"
                    title="Close"
                    aria-label="Close"
                    on:click=move |_| app.failure.set(None)
                >
                    <Icon shape=Shape::Close />
                </button>
            </div>
        })
    }
}

/// Sentences of errors start in lower case and have no full stop; on a line of their own they do.
fn sentence_case(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let mut whole: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    if !whole.ends_with(['.', '!', '?', ':']) {
        whole.push('.');
    }
    whole
}
