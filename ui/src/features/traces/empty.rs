use api::Search;

use super::{
    TracesState,
    list::TraceList,
    near::{Finds, Meant, finds, meant},
    range::{RangeChoice, picker},
    search::conditions,
};
use crate::{
    dom::{View, live, view},
    reactive::{RwSignal, effect},
    spawn,
    state::{Action, keys::hint},
    widgets::{count, visible},
};

/// So many conditions are offered to be left out.
const MOST_CONDITIONS: usize = 6;

/// What nearly matched, of the search that is shown.
#[derive(Debug, Clone, PartialEq, Default)]
struct Nearly {
    meant: Vec<Meant>,
    /// What is found without the condition of this index.
    without: Vec<(usize, Finds)>,
}

/// Finds out what nearly matches, again for each search.
fn look(list: TraceList) -> RwSignal<Nearly> {
    let nearly = RwSignal::new(Nearly::default());
    effect(move || {
        let (query, _) = (list.search.query.get(), list.search.range.track());
        nearly.set(Nearly::default());
        let is_current = move || {
            let is_shown = nearly.try_get_untracked().is_some();
            is_shown && list.search.query.with_untracked(|now| *now == query)
        };
        let search = list.search.now();
        spawn(async move {
            let all = conditions::conditions(&search.query);
            for condition in all.iter().take(MOST_CONDITIONS) {
                if let Some(meant) = meant(condition).await
                    && is_current()
                {
                    nearly.update(|nearly| nearly.meant.push(meant));
                }
            }
            for (at, condition) in all.iter().enumerate().take(MOST_CONDITIONS).filter(|_| all.len() > 1) {
                if !is_current() {
                    return;
                }
                let query = conditions::without(&search.query, condition);
                if let Some(finds) = finds(Search { query, ..search.clone() }).await
                    && is_current()
                {
                    nearly.update(|nearly| nearly.without.push((at, finds)));
                }
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
        let line = |Meant { written, meant }: Meant| {
            let (was, is) = (written.to_string(), meant.to_string());
            view! {
                <p>
                    "Nothing stored is "
                    <span class="q">{visible(&was).into_owned()}</span>
                    ". Did you mean "
                    <button
                        type="button"
                        class="btn link"
                        data-testid="did-you-mean"
                        on:click=move |_| {
                            let text = search.query.with_untracked(|query| {
                                conditions::replaced(query, &written, &meant)
                            });
                            search.set(&text);
                        }
                    >
                        <span class="q">{visible(&is).into_owned()}</span>
                    </button>
                    "?"
                </p>
            }
        };
        nearly.with(|nearly| nearly.meant.iter().cloned().map(line).collect::<View>())
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
            .enumerate()
            .take(MOST_CONDITIONS)
            .map(|(at, condition)| {
                let finds = move || {
                    nearly.with(|nearly| {
                        let (_, finds) = nearly.without.iter().find(|(other, _)| *other == at)?;
                        let more = if finds.is_partial { "+" } else { "" };
                        Some(format!("{}{more}", count(finds.traces)))
                    })
                };
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
                        <span class="t3 num">{finds}</span>
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
            {live(meant)}
            <div class="row">{live(wider)}{live(clear)}</div>
            <div class="row">{live(without)}</div>
        </div>
    }
}

fn number_of(traces: u64) -> String {
    if traces == 1 { "one trace".to_owned() } else { format!("{} traces", count(traces)) }
}
