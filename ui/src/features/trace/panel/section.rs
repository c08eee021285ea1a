//! The sections of the panel: each folds, and stays as it was left.

use leptos::prelude::*;

use super::super::remembered;
use crate::widgets::Chevron;

/// A section.
#[component]
pub(crate) fn Section(
    /// Its title.
    title: &'static str,
    /// The word under which it is remembered and found.
    name: &'static str,
    /// Beside the title: how many, or what.
    #[prop(into)]
    note: String,
    /// Whether it is open until somebody says otherwise.
    is_open_by_default: bool,
    /// What stands at the right end of its head.
    #[prop(optional, into)]
    tools: Option<ViewFn>,
    /// What is in it; made when it is open.
    #[prop(into)]
    body: ViewFn,
) -> impl IntoView {
    let key = format!("section.{name}");
    let is_open = RwSignal::new(remembered::is_on(&key, is_open_by_default));
    let toggle = move |_| {
        is_open.update(|is_open| *is_open = !*is_open);
        remembered::write_on(&key, is_open.get_untracked());
    };
    view! {
        <section class="sec" data-testid=format!("section-{name}")>
            <h3>
                <button type="button" class="sec-head" aria-expanded=move || is_open.get().to_string() on:click=toggle>
                    <Chevron is_open />
                    {title}
                    <span class="n clip">{note}</span>
                </button>
                {move || tools.as_ref().filter(|_| is_open.get()).map(|tools| tools.run())}
            </h3>
            {move || is_open.get().then(|| body.run())}
        </section>
    }
}
