use crate::{
    dom::{View, view},
    state::use_app,
    widgets::{Shape, icon},
};

/// The screens, at the left edge.
pub fn rail() -> View {
    let app = use_app();
    // A trace belongs to the list it was opened from.
    view! {
        <nav class="rail" aria-label="Screens" data-testid="rail">
            <button
                type="button"
                title="Traces"
                aria-current="page"
                data-testid="rail-traces"
                on:click=move |_| app.go_home()
            >
                {icon(Shape::Traces)}
                <span>"Traces"</span>
            </button>
        </nav>
    }
}
