//! The list of traces.

use leptos::prelude::*;

/// The screen with the list of traces.
#[component]
pub fn TracesScreen() -> impl IntoView {
    view! { <p></p> }
}
