use leptos::prelude::*;

use crate::{
    state::use_app,
    widgets::{Icon, Shape, handler, visible},
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
                    on:click=handler(move |_| app.failure.set(None))
                >
                    <Icon shape=Shape::Close />
                </button>
            </div>
        })
    }
}

/// Sentences of errors start in lower case and have no full stop; on a line of their own they do.
fn sentence_case(sentence: &str) -> String {
    let mut whole = sentence.to_owned();
    if let Some(first) = whole.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !whole.ends_with(['.', '!', '?', ':']) {
        whole.push('.');
    }
    whole
}
