use leptos::prelude::*;

/// How the service is doing, at the bottom.
#[component]
pub fn StatusBar() -> impl IntoView {
    view! { <footer class="status" data-testid="status"></footer> }
}
