use api::{Call, Meant, Nearly, Reply, Without};

use super::{
    TracesState,
    list::TraceList,
    range::{RangeChoice, picker},
};
use crate::{
    dom::{View, live, view},
    reactive::{RwSignal, effect},
    spawn,
    state::{Action, keys::hint},
    transport,
    widgets::{count, visible},
};

/// Finds out what nearly matches, again for each search.
fn look(list: TraceList) -> RwSignal<Nearly> {
    let nearly = RwSignal::new(Nearly::default());
    effect(move || {
        list.search.query.track();
        list.search.range.track();
        nearly.set(Nearly::default());
        let search = list.search.now();
        spawn(async move {
            // Without an answer the other ways out are still there.
            if let Ok(Reply::Nearly(found)) = transport::call(Call::Nearly(search.clone())).await
                && nearly.try_get_untracked().is_some()
                && list.search.query.with_untracked(|now| *now == search.query)
            {
                nearly.set(found);
            }
        });
    });
    nearly
}

/// That nothing matches, what was searched, what nearly matched, and the ways out.
pub(super) fn nothing_matches(traces: TracesState, stored: u64) -> View {
    let list = traces.list;
    let search = list.search;
    let nearly = look(list);
    let reason = move || {
        let query = search.query.get();
        let choice = search.range.get();
        let when = match choice {
            RangeChoice::All => String::new(),
            RangeChoice::Between(..) => format!(" from {}", picker::title(choice)),
            RangeChoice::SinceLastLook => " since you last looked".to_owned(),
            RangeChoice::Last(_) => format!(" in the {}", choice.name().to_lowercase()),
        };
        let what = if query.is_empty() {
            view! { {format!("No trace started{when}")} }
        } else {
            view! { <span class="q">{visible(&query).into_owned()}</span> {format!(" finds no trace{when}")} }
        };
        let others = traces.scatter.others().filter(|others| *others > 0 && choice != RangeChoice::All);
        let then = others.map(|others| format!("{} started then; ", number_of(others)));
        let are = if stored == 1 { "is" } else { "are" };
        view! { {what} {format!(". {}{} {are} stored in all.", then.unwrap_or_default(), number_of(stored))} }
    };
    let meant = move || {
        let line = |Meant { condition, meant, query }: Meant| {
            view! {
                <p>
                    "Nothing stored is "
                    <span class="q">{visible(&condition).into_owned()}</span>
                    ". Did you mean "
                    <button
                        type="button"
                        class="btn link"
                        data-testid="did-you-mean"
                        on:click=move |_| search.set(&query)
                    >
                        <span class="q">{visible(&meant).into_owned()}</span>
                    </button>
                    "?"
                </p>
            }
        };
        nearly.get().meant.into_iter().map(line).collect::<View>()
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
        let button = |Without { condition, query, traces, is_partial }: Without| {
            let more = if is_partial { "+" } else { "" };
            view! {
                <button
                    type="button"
                    class="btn"
                    // Without it there is nothing either: that is no way on.
                    disabled=traces == 0 && !is_partial
                    data-testid="without"
                    on:click=move |_| search.set(&query)
                >
                    "Without "
                    <span class="q clip">{visible(&condition).into_owned()}</span>
                    <span class="t3 num">{format!("{}{more}", count(traces))}</span>
                </button>
            }
        };
        nearly.get().without.into_iter().map(button).collect::<View>()
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
            {live(meant)}
            <div class="row">{live(wider)}{live(clear)}</div>
            <div class="row">{live(without)}</div>
        </div>
    }
}

fn number_of(traces: u64) -> String {
    if traces == 1 { "one trace".to_owned() } else { format!("{} traces", count(traces)) }
}
