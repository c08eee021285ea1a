//! What tells the selected traces from the rest: keys, the most telling first, with how often each value is on either
//! side.

use api::{Call, Difference, DifferenceValue, Differences, DifferencesRequest, Reply, Search};

use web_sys::{HtmlElement, KeyboardEvent};

use super::{
    list::TraceList,
    question::Question,
    roving::{keep_focus, rove},
    search::SearchState,
};
use crate::{
    dom::{NodeRef, View, before_paint, live, view},
    reactive::{RwSignal, effect},
    state::{
        Action, AppState,
        keys::{self, Scope},
    },
    widgets::{Shape, count, icon, percentage, permille, visible},
};

/// So many keys are shown, and so many values of each.
const MOST: u32 = 30;
const MOST_VALUES: usize = 5;
/// Values whose shares differ by less, per mille, are not shown.
const LEAST: u64 = 10;

/// What is compared, and what was found.
#[derive(Clone, Copy)]
pub(crate) struct DifferencesState {
    question: Question,
    /// Which of which; `None`: the panel is closed.
    pub(super) asked: RwSignal<Option<(Search, String)>>,
    /// The differences; `None` until the first answer.
    found: RwSignal<Option<Differences>>,
    panel: NodeRef<HtmlElement>,
}

impl DifferencesState {
    /// The panel is closed. Belongs to the reactive owner it is made in.
    pub(super) fn new(app: AppState, search: SearchState) -> Self {
        Self {
            question: Question::new(app, search),
            asked: RwSignal::new(None),
            found: RwSignal::new(None),
            panel: NodeRef::new(),
        }
    }

    /// Compares the traces that `selection` finds with the rest of those that the search does, and has the focus in the
    /// panel.
    pub(super) fn compare(self, search: Search, selection: String) {
        self.found.set(None);
        self.asked.set(Some((search.clone(), selection.clone())));
        before_paint(move || {
            if let Some(panel) = self.panel.get_untracked() {
                // A panel that cannot take it is still read.
                let _ = panel.focus();
            }
        });
        let request = DifferencesRequest { search, selection, most: MOST };
        self.question.ask(Call::Differences(request), move |reply| {
            let Reply::Differences(found) = reply else { return None };
            let progress = found.progress;
            keep_focus(self.panel, || self.found.set(Some(found)));
            Some(progress)
        });
    }

    /// Closes the panel; whether it was open.
    pub(super) fn close(self) -> bool {
        let was_open = self.asked.with_untracked(Option::is_some);
        if was_open {
            self.question.abandon();
            self.asked.set(None);
        }
        was_open
    }
}

/// The panel.
pub(super) fn differences(state: DifferencesState, list: TraceList) -> View {
    // Another search has other differences.
    let of = state.asked.with_untracked(|asked| asked.as_ref().map(|(search, _)| search.query.clone()));
    effect(move || {
        if list.search.query.with(|query| of.as_ref() != Some(query)) {
            state.close();
        }
    });
    let heading = move || {
        state.found.with(|found| {
            let found = found.as_ref()?;
            Some(view! {
                <p class="t2 sides">
                    <span><i class="side selected"></i>{format!("{} selected", count(found.selected))}</span>
                    <span><i class="side"></i>{format!("{} others", count(found.others))}</span>
                    {(!found.progress.is_over).then_some("still counting")}
                </p>
            })
        })
    };
    let keys = move || {
        state.found.with(|found| {
            let Some(found) = found else {
                return view! { <p class="t2 none">"Comparing…"</p> };
            };
            if found.keys.is_empty() {
                let sentence = match (found.selected, found.others) {
                    (0, _) => "No trace is selected.",
                    (_, 0) => "There are no others to compare with: everything that the search finds is selected.",
                    _ => "Nothing tells them apart: the same values are as frequent on both sides.",
                };
                return view! { <p class="t2 none">{sentence}</p> };
            }
            found.keys.iter().map(|key| key_view(list.search, key, found)).collect::<View>()
        })
    };
    view! {
        <aside
            class="differences"
            tabindex="-1"
            aria-label="What is different"
            data-testid="differences"
            node_ref=state.panel
            on:keydown=move |event: KeyboardEvent| {
                // Whoever is in it means it, and not what is picked in the list.
                if keys::own_action_of(Scope::Anywhere, &keys::chord(&event)) == Some(Action::Back) {
                    state.close();
                    event.prevent_default();
                } else {
                    rove(&event, ".differences");
                }
            }
        >
            <header>
                <h2>"What is different about these"</h2>
                <span class="grow"></span>
                <button
                    type="button"
                    class="btn ghost"
                    title="Close (Esc)"
                    aria-label="Close"
                    data-testid="differences-close"
                    on:click=move |_| {
                        state.close();
                    }
                >
                    {icon(Shape::Close)}
                </button>
            </header>
            {live(heading)}
            <div class="scroll">{live(keys)}</div>
        </aside>
    }
}

fn key_view(search: SearchState, key: &Difference, found: &Differences) -> View {
    // The one that differs most is first; those that hardly do are listed by the way only.
    let differs = |value: &&DifferenceValue| {
        permille(value.selected, found.selected).abs_diff(permille(value.others, found.others)) >= LEAST
    };
    let shown = key.values.iter().filter(differs).count().clamp(1, MOST_VALUES);
    let rows = key.values.iter().take(shown).map(|value| value_row(search, value, found));
    let more = key.values.len().saturating_sub(shown);
    let score = key.score_ppm / 10_000;
    view! {
        <section data-testid="difference" data-key=key.key.clone()>
            <h3>
                <span class="q clip grow" title=key.key.clone()>{visible(&key.key).into_owned()}</span>
                <span class="t3 xs" title="How much this key tells the two apart">{format!("{score}\u{202f}%")}</span>
            </h3>
            {rows.collect::<View>()}
            {(more > 0).then(|| view! { <p class="t3 none">{if more == 1 { "1 more value".to_owned() } else { format!("{more} more values") }}</p> })}
        </section>
    }
}

fn value_row(search: SearchState, value: &DifferenceValue, found: &Differences) -> View {
    let text = match visible(&value.text).into_owned() {
        text if text.is_empty() => "(empty)".to_owned(),
        text => text,
    };
    let (here, there) = (permille(value.selected, found.selected), permille(value.others, found.others));
    let query = value.query.clone();
    let title = format!(
        "{text}: {} of {} selected, {} of {} others",
        count(value.selected),
        count(found.selected),
        count(value.others),
        count(found.others)
    );
    view! {
        <button
            type="button"
            class="value"
            title=title
            disabled=query.is_empty()
            data-testid="difference-value"
            on:click=move |_| {
                search.narrow(&query);
                search.note_run();
            }
        >
            <span class="clip">{text}</span>
            <span class="pair" aria-hidden="true">
                <span class="meter"><i style:width=format!("{}.{}%", here / 10, here % 10)></i></span>
                <span class="meter other"><i style:width=format!("{}.{}%", there / 10, there % 10)></i></span>
            </span>
            <span class="num pairs">
                <span>{percentage(here)}</span>
                <span class="t3">{percentage(there)}</span>
            </span>
        </button>
    }
}
