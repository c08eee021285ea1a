//! What the search finds by the value of a key, in place of the list.

use std::rc::Rc;

use api::{Call, Group, Groups, GroupsRequest, Reply, Search};
use web_sys::HtmlElement;

use super::{
    TracesState,
    key_picker::key_picker,
    list::{TraceList, unreadable},
    popover::Popover,
    question::Question,
    roving::{keep_focus, step},
    search::SearchState,
};
use crate::{
    dom::{NodeRef, View, live, view},
    reactive::{RwSignal, StoredValue, effect},
    state::{Action, AppState, keys::hint, use_app},
    widgets::{Shape, count, duration_figure, percentage, permille, small_icon, visible},
};

/// So many groups are shown.
const MOST: u32 = 200;

/// By which key, and what was found.
#[derive(Clone, Copy)]
pub(crate) struct GroupsState {
    question: Question,
    /// The groups; `None` until the first answer.
    found: RwSignal<Option<Groups>>,
    rows: NodeRef<HtmlElement>,
    asked: StoredValue<Option<(Search, String)>>,
}

impl GroupsState {
    /// Nothing is asked yet. Belongs to the reactive owner it is made in.
    pub(super) fn new(app: AppState, search: SearchState) -> Self {
        Self {
            question: Question::new(app, search),
            found: RwSignal::new(None),
            rows: NodeRef::new(),
            asked: StoredValue::new(None),
        }
    }

    /// Asks for what the list shows.
    fn follow(self, list: TraceList) {
        let (Some(search), Some(key)) = (list.moment.get(), list.search.group_key.get()) else {
            self.asked.set_value(None);
            return self.found.set(None);
        };
        let wanted = (search.clone(), key.clone());
        let (is_same, is_live) = self.asked.with_value(|asked| match asked {
            Some(asked) => {
                let is_live = asked.0.query == search.query && asked.1 == key;
                (*asked == wanted, is_live && list.search.is_going_on(&asked.0, &search))
            }
            None => (false, false),
        });
        if is_same || (is_live && !self.question.is_due(move || self.follow(list))) {
            return;
        }
        if self.asked.with_value(|asked| asked.as_ref().is_none_or(|(_, old)| *old != key)) {
            self.found.set(None);
        }
        self.asked.set_value(Some(wanted));
        self.question.ask(Call::Groups(GroupsRequest { search, key, most: MOST }), move |reply| {
            let Reply::Groups(found) = reply else { return None };
            let progress = found.progress;
            keep_focus(self.rows, || self.found.set(Some(found)));
            Some(progress)
        });
    }
}

/// The button that chooses the key.
pub(super) fn group_button(search: SearchState, popover: Popover) -> View {
    let app = use_app();
    app.on_action(move |action| {
        let takes = action == Action::GroupBy;
        if takes {
            if search.group_key.with_untracked(Option::is_some) {
                search.group_key.set(None);
            } else {
                popover.toggle();
            }
        }
        takes
    });
    let label = move || match search.group_key.get() {
        Some(key) => visible(&key).into_owned(),
        None => "Group by".to_owned(),
    };
    let button = view! {
        <button
            type="button"
            class="btn group"
            title=format!("Group by a key ({})", hint(Action::GroupBy))
            aria-haspopup="dialog"
            aria-pressed=move || search.group_key.with(Option::is_some).to_string()
            aria-expanded=move || popover.is_open.get().to_string()
            data-testid="group-by"
            on:click=move |_| popover.toggle()
        >
            <span class="clip">{label}</span>
            <i class="caret"></i>
        </button>
    };
    let choose = move |key: String| {
        search.group_key.set(Some(key));
        popover.close();
    };
    popover.view(button, move || {
        let is_grouped = search.group_key.with_untracked(Option::is_some);
        view! {
            <div class="pop keys" role="dialog" aria-label="Group by a key">
                <h3>"Group by"</h3>
                {is_grouped.then(|| {
                    view! {
                        <button
                            type="button"
                            class="option all"
                            data-testid="group-none"
                            on:click=move |_| {
                                search.group_key.set(None);
                                popover.close();
                            }
                        >
                            <span class="ty"></span>
                            "Nothing: list the traces"
                        </button>
                    }
                })}
                {key_picker(Rc::new(choose))}
            </div>
        }
    })
}

/// The groups.
pub(super) fn groups(traces: TracesState, key: &str) -> View {
    let state = traces.groups;
    let search = traces.list.search;
    effect(move || state.follow(traces.list));
    use_app().on_action(move |action| {
        let forwards = match action {
            Action::NextTrace => true,
            Action::PreviousTrace => false,
            _ => return false,
        };
        if let Some(rows) = state.rows.get_untracked() {
            step(&rows, forwards);
        }
        true
    });
    let shown_key = visible(key).into_owned();
    let rows = move || {
        state.found.with(|found| {
            let found = found.as_ref()?;
            let largest = found.groups.iter().map(|group| group.traces).max().unwrap_or_default();
            let slowest = found.groups.iter().map(|group| group.p95_nanos).max().unwrap_or_default();
            Some(found.groups.iter().map(|group| row(search, group, largest, slowest)).collect::<View>())
        })
    };
    let foot = move || {
        state.found.with(|found| {
            let found = found.as_ref()?;
            let mut parts = vec![format!("{} groups", count(found.groups.len() as u64))];
            if found.more > 0 {
                parts.push(format!("{} more", count(found.more)));
            }
            if found.without > 0 {
                parts.push(format!("{} traces without this key", count(found.without)));
            }
            if !found.progress.is_over {
                parts.push("still counting".to_owned());
            }
            Some(parts.join(", "))
        })
    };
    view! {
        <div class="grid groups" role="grid" aria-label=format!("Traces by {shown_key}") data-testid="groups">
            <div class="thead group-columns" role="row">
                <span class="row" role="columnheader">
                    <span class="clip">{shown_key}</span>
                    <button
                        type="button"
                        class="btn ghost small"
                        title=format!("List the traces ({})", hint(Action::GroupBy))
                        aria-label="List the traces"
                        on:click=move |_| search.group_key.set(None)
                    >
                        {small_icon(Shape::Close)}
                    </button>
                </span>
                <span class="sort" role="columnheader" aria-sort="descending">"Traces" {small_icon(Shape::Down)}</span>
                <span class="num" role="columnheader">"With errors"</span>
                <span class="num" role="columnheader">"p50"</span>
                <span role="columnheader">"p95"</span>
            </div>
            <div class="list" role="rowgroup" node_ref=state.rows>{live(rows)}</div>
            <div class="foot">
                <span data-testid="group-count">{foot}</span>
                {unreadable(traces.list)}
            </div>
        </div>
    }
}

fn row(search: SearchState, group: &Group, largest: u64, slowest: u64) -> View {
    let text = match visible(&group.text).into_owned() {
        text if text.is_empty() => "(empty)".to_owned(),
        text => text,
    };
    let (share, slow) = (permille(group.traces, largest), permille(group.p95_nanos, slowest));
    let query = group.query.clone();
    let has_failed = group.failed > 0;
    view! {
        <button
            type="button"
            class="trow group-columns"
            role="row"
            title=format!("The traces with {text}")
            data-testid="group-row"
            data-value=group.text.clone()
            on:click=move |_| {
                search.group_key.set(None);
                search.narrow(&query);
                search.note_run();
            }
        >
            <span class="clip" role="gridcell">{text.clone()}</span>
            <span class="length" role="gridcell">
                <span class="num">{count(group.traces)}</span>
                <span class="meter"><i style:width=format!("{}.{}%", share / 10, share % 10)></i></span>
            </span>
            <span class="num" class:err=has_failed role="gridcell">
                {if has_failed {
                    format!("{} ({})", count(group.failed), percentage(permille(group.failed, group.traces).max(1)))
                } else {
                    "0".to_owned()
                }}
            </span>
            <span role="gridcell" class="num">{duration_figure(group.p50_nanos)}</span>
            <span class="length" role="gridcell">
                {duration_figure(group.p95_nanos)}
                <span class="meter"><i style:width=format!("{}.{}%", slow / 10, slow % 10)></i></span>
            </span>
        </button>
    }
}
