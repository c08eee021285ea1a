use leptos::prelude::*;

/// All keys, over everything else.
#[component]
pub fn KeySheet() -> impl IntoView {}
