use super::{filter::Filter, state::TraceList};
use crate::{
    dom::{View, view},
    widgets::{count, visible},
};

/// That nothing matches, why, and the way out.
pub(super) fn nothing_matches(list: TraceList, stored: u64) -> View {
    let reason = move || {
        let conditions = list.filter.with(Filter::in_words);
        let traces = if stored == 1 {
            "The one trace that is stored".to_owned()
        } else {
            format!("Of {} traces that are stored, none", count(stored))
        };
        let verdict = conditions.join(" and ");
        let sentence = if stored == 1 {
            format!("{traces} does not fit: a trace that {verdict}.")
        } else {
            format!("{traces} {verdict}.")
        };
        visible(&sentence).into_owned()
    };
    view! {
        <div class="say grow" data-testid="nothing-matches">
            <h2>"No trace matches"</h2>
            <p>{reason}</p>
            <div class="row">
                <button
                    type="button"
                    class="btn"
                    data-testid="clear-filter"
                    on:click=move |_| list.filter.set(Filter::default())
                >
                    "Clear the filter"
                </button>
            </div>
        </div>
    }
}
