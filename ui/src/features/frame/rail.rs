use leptos::prelude::*;

use crate::{
    state::use_app,
    widgets::{Icon, Shape, handler},
};

/// The screens, at the left edge.
#[component]
pub fn Rail() -> impl IntoView {
    let app = use_app();
    // A trace belongs to the list it was opened from.
    view! {
        <nav class="rail" aria-label="Screens" data-testid="rail">
            <button
                type="button"
                title="Traces"
                aria-current="page"
                data-testid="rail-traces"
                on:click=handler(move |_| app.go_home())
            >
                <Icon shape=Shape::Traces />
                <span>"Traces"</span>
            </button>
        </nav>
    }
}
