use super::{
    super::{groups::group_button, list::TraceList, popover::Popover, range::picker::range_picker},
    field,
};
use crate::{
    dom::{View, view},
    state::{Action, keys::hint, use_app},
    widgets::{Shape, icon},
};

/// What is searched, whether the list moves, and what is wrong with the text.
pub(in super::super) fn search_bar(list: TraceList) -> View {
    let app = use_app();
    let pause = move |is_paused| {
        list.is_paused.set(is_paused);
        if !is_paused {
            list.catch_up();
        }
    };
    app.on_action(move |action| {
        let takes = action == Action::Pause;
        if takes {
            pause(!list.is_paused.get_untracked());
        }
        takes
    });
    view! {
        <div class="top" role="search" aria-label="Search the traces">
            {field::search_field(list)}
            {range_picker(list.search)}
            <span class="btns">
                <button
                    type="button"
                    class="btn live"
                    title="Newer traces come in while the list is at rest"
                    aria-label="Live"
                    aria-pressed=move || (!list.is_paused.get()).to_string()
                    data-testid="live"
                    on:click=move |_| pause(false)
                >
                    <i class="led"></i>
                    <span class="wide">"Live"</span>
                </button>
                <button
                    type="button"
                    class="btn"
                    title=format!("Hold the list; receiving goes on ({})", hint(Action::Pause))
                    aria-label="Pause"
                    aria-pressed=move || list.is_paused.get().to_string()
                    data-testid="pause"
                    on:click=move |_| pause(true)
                >
                    {icon(Shape::Pause)}
                    <span class="wide">"Pause"</span>
                </button>
            </span>
            {group_button(list.search, Popover::new())}
        </div>
        {field::problem(list.search)}
    }
}
