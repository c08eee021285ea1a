use crate::{
    dom::{View, view},
    state::{Action, Route, keys::hint, use_app},
    widgets::{Shape, icon},
};

/// The screens, at the left edge.
pub fn rail() -> View {
    let app = use_app();
    // A trace belongs to the list it was opened from.
    let current = move |is_settings: bool| ((app.route() == Route::Settings) == is_settings).then_some("page");
    view! {
        <nav class="rail" aria-label="Screens" data-testid="rail">
            <button
                type="button"
                title="Traces"
                aria-current=move || current(false)
                data-testid="rail-traces"
                on:click=move |_| app.go_home()
            >
                {icon(Shape::Traces)}
                <span>"Traces"</span>
            </button>
            <span class="gap"></span>
            <button
                type="button"
                title=format!("Settings ({})", hint(Action::ShowSettings))
                aria-current=move || current(true)
                data-testid="rail-settings"
                on:click=move |_| app.go(Route::Settings)
            >
                {icon(Shape::Sliders)}
                <span>"Settings"</span>
            </button>
        </nav>
    }
}
