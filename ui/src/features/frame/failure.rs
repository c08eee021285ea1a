use crate::{
    dom::{View, live, view},
    state::use_app,
    widgets::{Shape, icon, visible},
};

/// What failed last, in a sentence, until it is closed.
pub fn failure() -> View {
    let app = use_app();
    live(move || {
        let sentence = app.failure.get()?;
        Some(view! {
            <div class="msg e" role="alert" data-testid="failure">
                {icon(Shape::Warning)}
                <span class="grow">{sentence_case(&visible(&sentence))}</span>
                <button
                    type="button"
                    class="btn ghost"
                    title="Close"
                    aria-label="Close"
                    on:click=move |_| app.failure.set(None)
                >
                    {icon(Shape::Close)}
                </button>
            </div>
        })
    })
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
