use super::{
    list::TraceList,
    range::{RangeChoice, picker},
    search::conditions,
};
use crate::{
    dom::{View, live, view},
    state::{Action, keys::hint},
    widgets::{count, visible},
};

/// So many conditions are offered to be left out.
const MOST_CONDITIONS: usize = 6;

/// That nothing matches, what was searched, and the ways out.
pub(super) fn nothing_matches(list: TraceList, stored: u64) -> View {
    let search = list.search;
    let reason = move || {
        let query = search.query.get();
        let traces = if stored == 1 { "one trace is".to_owned() } else { format!("{} traces are", count(stored)) };
        let when = match search.range.get() {
            RangeChoice::All => String::new(),
            choice @ RangeChoice::Between(..) => format!(" from {}", picker::title(choice)),
            choice => format!(" in “{}”", choice.name()),
        };
        let what = if query.is_empty() {
            view! { {format!("No trace started{when}")} }
        } else {
            view! { "No trace" {format!("{when} is ")} <span class="q">{visible(&query).into_owned()}</span> }
        };
        view! { {what} {format!(". In all {traces} stored.")} }
    };
    let wider = move || {
        let range = search.range.get();
        let all = (range != RangeChoice::All).then_some(RangeChoice::All);
        let next = range.wider().filter(|next| Some(*next) != all);
        next.into_iter()
            .chain(all)
            .map(move |choice| {
                let name = match choice {
                    RangeChoice::All => "Search all time".to_owned(),
                    choice => format!("Search the {}", choice.name().to_lowercase()),
                };
                view! {
                    <button
                        type="button"
                        class="btn"
                        data-testid="widen"
                        on:click=move |_| search.choose_range(choice)
                    >
                        {name}
                    </button>
                }
            })
            .collect::<View>()
    };
    let without = move || {
        let query = search.query.get();
        let all = conditions::conditions(&query);
        if all.len() < 2 {
            return View::new();
        }
        all.into_iter()
            .take(MOST_CONDITIONS)
            .map(|condition| {
                let rest = conditions::without(&query, &condition);
                view! {
                    <button
                        type="button"
                        class="btn"
                        data-testid="without"
                        on:click=move |_| search.set(&rest)
                    >
                        "Without "
                        <span class="q clip">{visible(&condition.to_string()).into_owned()}</span>
                    </button>
                }
            })
            .collect::<View>()
    };
    let clear = move || {
        search.query.with(|query| !query.is_empty()).then(|| {
            view! {
                <button
                    type="button"
                    class="btn"
                    title=format!("Clear the search ({})", hint(Action::ClearSearch))
                    data-testid="clear-all"
                    on:click=move |_| search.set("")
                >
                    "Clear the search"
                </button>
            }
        })
    };
    view! {
        <div class="say grow nothing" class:stale=move || search.problem.with(Option::is_some) data-testid="nothing-matches">
            <h2>"No trace matches"</h2>
            <p>{live(reason)}</p>
            <div class="row">{live(wider)}{live(clear)}</div>
            <div class="row">{live(without)}</div>
        </div>
    }
}
