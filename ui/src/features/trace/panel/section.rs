//! The sections of the panel: each folds, and stays as it was left.

use leptos::prelude::*;

use super::super::{
    erased::{Live, live, text},
    remembered,
};
use crate::widgets::{Chevron, handler};

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
    #[prop(optional)]
    mut tools: Option<Live>,
    /// What is in it; made when it is open.
    mut body: Live,
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
                <button type="button" class="sec-head" aria-expanded=text(move || is_open.get().to_string()) on:click=handler(toggle)>
                    <Chevron is_open />
                    {title}
                    <span class="n clip">{note}</span>
                </button>
                {live(move || tools.as_mut().filter(|_| is_open.get()).map(|tools| tools()))}
            </h3>
            {live(move || is_open.get().then(&mut body))}
        </section>
    }
}
