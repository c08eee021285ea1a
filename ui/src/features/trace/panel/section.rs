//! The sections of the panel: each folds, and stays as it was left.

use crate::{
    dom::{View, view},
    reactive::RwSignal,
    state::remembered,
    widgets::chevron,
};

/// What is in a section; made when it is open.
pub(crate) type Body = Box<dyn FnMut() -> View>;

/// A section.
pub(crate) fn section(
    title: &'static str,
    name: &'static str,
    note: String,
    is_open_by_default: bool,
    mut tools: Option<Body>,
    mut body: Body,
) -> View {
    let key = format!("trace.section.{name}");
    let is_open = RwSignal::new(remembered::is_on(&key, is_open_by_default));
    let toggle = move |_| {
        is_open.update(|is_open| *is_open = !*is_open);
        remembered::write_on(&key, is_open.get_untracked());
    };
    view! {
        <section class="sec" data-testid=format!("section-{name}")>
            <h3>
                <button type="button" class="sec-head" aria-expanded=move || is_open.get().to_string() on:click=toggle>
                    {chevron(is_open)}
                    {title}
                    <span class="n clip">{note}</span>
                </button>
                {move || tools.as_mut().filter(|_| is_open.get()).map(|tools| tools())}
            </h3>
            {move || is_open.get().then(&mut body)}
        </section>
    }
}
