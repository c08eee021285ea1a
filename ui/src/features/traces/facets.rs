//! The values of some keys under the current search, beside the list: a click narrows by one, or leaves it out.

use std::rc::Rc;

use api::{Call, Facet, FacetValue, Facets, FacetsRequest, Reply, Search};
use web_sys::{HtmlElement, KeyboardEvent};

use super::{
    TracesState,
    key_picker::key_picker,
    list::TraceList,
    popover::Popover,
    question::Question,
    roving::{keep_focus, rove, step},
    search::{SearchState, conditions},
};
use crate::{
    dom::{NodeRef, View, before_paint, live, view},
    reactive::{Memo, RwSignal, StoredValue, effect},
    state::{
        Action, AppState,
        keys::{self, Scope, hint},
        remembered, use_app,
    },
    widgets::{Shape, chevron, count, icon, permille, small_icon, visible},
};

const KEYS: &str = "traces.facets";
const IS_OPEN: &str = "traces.facets.open";
/// What is shown until somebody chooses.
const USUAL: [&str; 5] = ["service", "name", "status", "kind", "deployment.environment.name"];
/// So many values of a key are shown, and so many when all are asked for.
const FEW: u32 = 6;
const MANY: u32 = 40;
/// Narrower windows have no room for it beside the list.
const ROOMY: f64 = 1_180.0;

/// Which keys are shown, and what they have.
#[derive(Clone, Copy)]
pub(crate) struct FacetsState {
    question: Question,
    /// The keys, in order.
    keys: RwSignal<Vec<String>>,
    /// Keys of which more values are shown.
    unfolded: RwSignal<Vec<String>>,
    /// The values; `None` until the first answer.
    found: RwSignal<Option<Facets>>,
    /// Whether they are on the screen.
    pub(super) is_open: RwSignal<bool>,
    values: NodeRef<HtmlElement>,
    asked: StoredValue<Option<(Search, Vec<String>, u32)>>,
}

impl FacetsState {
    /// The keys that were chosen last. Belongs to the reactive owner it is made in.
    pub(super) fn new(app: AppState, search: SearchState) -> Self {
        let width = web_sys::window().and_then(|window| window.inner_width().ok()?.as_f64()).unwrap_or(ROOMY);
        let keys = remembered::read(KEYS)
            .map(|keys| keys.lines().filter(|key| conditions::is_key(key)).map(str::to_owned).collect());
        Self {
            question: Question::new(app, search),
            keys: RwSignal::new(keys.unwrap_or_else(|| USUAL.map(str::to_owned).to_vec())),
            unfolded: RwSignal::new(Vec::new()),
            found: RwSignal::new(None),
            is_open: RwSignal::new(remembered::is_on(IS_OPEN, width >= ROOMY)),
            values: NodeRef::new(),
            asked: StoredValue::new(None),
        }
    }

    fn choose(self, keys: Vec<String>) {
        remembered::write(KEYS, &keys.join("\n"));
        self.keys.set(keys);
    }

    /// Shows or hides them.
    pub(super) fn toggle(self) {
        self.is_open.update(|is_open| *is_open = !*is_open);
        remembered::write_on(IS_OPEN, self.is_open.get_untracked());
    }

    /// Asks for what the list shows.
    fn follow(self, list: TraceList) {
        let (Some(search), true) = (list.moment.get(), self.is_open.get()) else { return };
        let keys = self.keys.get();
        let most = if self.unfolded.with(Vec::is_empty) { FEW } else { MANY };
        let wanted = (search.clone(), keys.clone(), most);
        let (is_same, is_live) = self.asked.with_value(|asked| match asked {
            Some(asked) => {
                let is_live = (&asked.0.query, &asked.1, asked.2) == (&wanted.0.query, &wanted.1, wanted.2);
                (*asked == wanted, is_live && list.search.is_going_on(&asked.0, &wanted.0))
            }
            None => (false, false),
        });
        if is_same || (is_live && !self.question.is_due(move || self.follow(list))) {
            return;
        }
        self.asked.set_value(Some(wanted));
        self.question.ask(Call::Facets(FacetsRequest { search, keys, most }), move |reply| {
            let Reply::Facets(found) = reply else { return None };
            let progress = found.progress;
            if self.found.with_untracked(|old| old.as_ref() != Some(&found)) {
                keep_focus(self.values, || self.found.set(Some(found)));
            }
            Some(progress)
        });
    }
}

/// The values beside the list.
pub(super) fn facets(traces: TracesState) -> View {
    let app = use_app();
    let state = traces.facets;
    effect(move || state.follow(traces.list));
    app.on_action(move |action| {
        let takes = action == Action::ToggleFacets;
        if takes {
            state.toggle();
            // Whoever opens it by key goes on in it.
            before_paint(move || {
                if let Some(values) = state.values.get_untracked().filter(|_| state.is_open.get_untracked()) {
                    step(&values, true);
                }
            });
        }
        takes
    });
    let head = view! {
        <button
            type="button"
            class="btn ghost small"
            title=format!("Show, hide the values ({})", hint(Action::ToggleFacets))
            aria-label="Values"
            aria-expanded=move || state.is_open.get().to_string()
            aria-controls="facets"
            data-testid="toggle-facets"
            on:click=move |_| state.toggle()
        >
            {icon(Shape::Filter)}
        </button>
    };
    let body = move || {
        state.is_open.get().then(|| {
            view! {
                <span class="grow med">"Values"</span>
                {adder(state)}
            }
        })
    };
    view! {
        <aside class="facets" class:open=state.is_open id="facets" aria-label="Values of keys" data-testid="facets">
            <header>{head}{live(body)}</header>
            {live(move || {
                state.is_open.get().then(|| {
                    view! {
                        <div
                            class="scroll"
                            node_ref=state.values
                            on:keydown=move |event: KeyboardEvent| rove(&event, ".scroll")
                        >
                            {live(move || {
                                state.keys.get().into_iter().map(|key| facet(traces, key)).collect::<View>()
                            })}
                        </div>
                    }
                })
            })}
        </aside>
    }
}

/// Adds a key.
fn adder(state: FacetsState) -> View {
    let popover = Popover::new();
    let button = view! {
        <button
            type="button"
            class="btn ghost small"
            title="Add a key"
            aria-label="Add a key"
            aria-haspopup="dialog"
            aria-expanded=move || popover.is_open.get().to_string()
            data-testid="add-facet"
            on:click=move |_| popover.toggle()
        >
            {icon(Shape::Plus)}
        </button>
    };
    let add = move |key: String| {
        let mut keys = state.keys.get_untracked();
        if !keys.contains(&key) {
            keys.push(key);
            state.choose(keys);
        }
        popover.close();
    };
    popover.view(button, move || {
        view! {
            <div class="pop keys" role="dialog" aria-label="Add a key">
                <h3>"Show the values of"</h3>
                {key_picker(Rc::new(add))}
            </div>
        }
    })
}

/// A condition of the search about a key, and whether it leaves something out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Active {
    text: String,
    is_excluded: bool,
}

/// The conditions of a search that are about a key.
fn active(query: &str, key: &str) -> Vec<Active> {
    conditions::conditions(query)
        .iter()
        .filter_map(|condition| {
            let (of, is_excluded) = conditions::key_of(condition)?;
            (of == key).then(|| Active { text: condition.to_string(), is_excluded })
        })
        .collect()
}

/// Values of a key with their counts.
fn facet(traces: TracesState, key: String) -> View {
    let state = traces.facets;
    let search = traces.list.search;
    let (of_key, active_key, dropped) = (key.clone(), key.clone(), key.clone());
    let found = Memo::new(move || {
        state.found.with(|found| {
            let found = found.as_ref()?;
            let facet = found.facets.iter().find(|facet| facet.key == of_key)?;
            Some((facet.clone(), found.traces, found.progress.is_over))
        })
    });
    let active = Memo::new(move || search.query.with(|query| active(query, &active_key)));
    let fold_key = key.clone();
    let is_unfolded = Memo::new(move || state.unfolded.with(|unfolded| unfolded.contains(&fold_key)));
    let (toggled, shown_key) = (key.clone(), visible(&key).into_owned());
    let toggle_fold = move |_| {
        state.unfolded.update(|unfolded| match unfolded.iter().position(|other| *other == toggled) {
            Some(at) => drop(unfolded.remove(at)),
            None => unfolded.push(toggled.clone()),
        });
    };
    let values = move || {
        let active = active.get();
        let (facet, all, is_over) = found.get()?;
        let shown = if is_unfolded.get() { MANY } else { FEW } as usize;
        let is_listed = |active: &Active| facet.values.iter().any(|value| is_same(&value.query, &active.text));
        let hidden = active.iter().filter(|active| !is_listed(active)).cloned().collect::<Vec<_>>();
        let rows = facet.values.iter().take(shown).map(|value| {
            let is_active = active.iter().any(|active| is_same(&value.query, &active.text));
            value_row(traces, value, all, is_active)
        });
        let is_more = facet.more > 0 || facet.values.len() > shown;
        let is_empty = facet.values.is_empty() && hidden.is_empty();
        Some(view! {
            {hidden.into_iter().map(|active| active_row(traces, active)).collect::<View>()}
            {rows.collect::<View>()}
            {is_empty.then(|| view! { <p class="t3 none">{if is_over { "None" } else { "None so far" }}</p> })}
            {(is_more || is_unfolded.get()).then(|| more(&facet, is_unfolded.get(), toggle_fold.clone()))}
        })
    };
    view! {
        <section data-testid="facet" data-key=key.clone()>
            <h3>
                <span class="clip grow" title=key>{shown_key}</span>
                <button
                    type="button"
                    class="btn ghost small"
                    title="Take this key away"
                    aria-label="Take this key away"
                    on:click=move |_| {
                        let mut keys = state.keys.get_untracked();
                        keys.retain(|other| *other != dropped);
                        state.choose(keys);
                    }
                >
                    {small_icon(Shape::Close)}
                </button>
            </h3>
            {live(values)}
        </section>
    }
}

/// Whether two texts are the same condition.
fn is_same(one: &str, other: &str) -> bool {
    !one.is_empty() && (one == other || conditions::query_of(one) == conditions::query_of(other))
}

fn more(facet: &Facet, is_unfolded: bool, toggle: impl FnMut(web_sys::MouseEvent) + 'static) -> View {
    let number = facet.more + (facet.values.len() as u64).saturating_sub(FEW.into());
    let text = if is_unfolded { "Fewer".to_owned() } else { format!("{} more", count(number)) };
    view! {
        <button type="button" class="btn link fold" data-testid="more-values" on:click=toggle>
            {chevron(is_unfolded)}
            {text}
        </button>
    }
}

fn value_row(traces: TracesState, value: &FacetValue, all: u64, is_active: bool) -> View {
    let text = match visible(&value.text).into_owned() {
        text if text.is_empty() => "(empty)".to_owned(),
        text => text,
    };
    let share = permille(value.traces, all);
    let query = value.query.clone();
    let title = format!(
        "{text}: {} traces, {} with errors. Alt or {}: without these",
        count(value.traces),
        count(value.failed),
        hint(Action::ExcludeValue)
    );
    let excluded = conditions::excluded(&query);
    let by_key = excluded.clone();
    let toggle = move |condition: &str| {
        keep_focus(traces.facets.values, || traces.list.search.toggle(condition));
    };
    let pressed = move |event: web_sys::MouseEvent| toggle(if event.alt_key() { &excluded } else { &query });
    let key_pressed = move |event: KeyboardEvent| {
        if keys::own_action_of(Scope::Values, &keys::chord(&event)) == Some(Action::ExcludeValue) {
            event.prevent_default();
            toggle(&by_key);
        }
    };
    let failed = permille(value.failed, all);
    view! {
        <button
            type="button"
            class="value"
            class:active=is_active
            aria-pressed=is_active.to_string()
            title=title
            data-testid="facet-value"
            data-value=value.text.clone()
            on:click=pressed
            on:keydown=key_pressed
        >
            <span class="clip">{text}</span>
            <span class="num">{count(value.traces)}</span>
            <span class="meter" aria-hidden="true">
                <i style:width=format!("{}.{}%", share / 10, share % 10)></i>
                <i class="failed" style:width=format!("{}.{}%", failed / 10, failed % 10)></i>
            </span>
        </button>
    }
}

/// A condition that no listed value stands for; a press takes it away.
fn active_row(traces: TracesState, active: Active) -> View {
    let Active { text, is_excluded } = active;
    let shown = visible(text.strip_prefix("not ").unwrap_or(&text)).into_owned();
    view! {
        <button
            type="button"
            class="value active"
            class:without=is_excluded
            aria-pressed="true"
            title=format!("Take {text} away")
            data-testid="facet-active"
            on:click=move |_| keep_focus(traces.facets.values, || traces.list.search.toggle(&text))
        >
            <span class="clip">{is_excluded.then_some("without ")}<span class="q">{shown}</span></span>
            {small_icon(Shape::Close)}
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conditions_about_a_key_are_marked() {
        let query = "service = a and not service = \"b c\" and (service = d or error) and kind = server";
        let texts: Vec<_> = active(query, "service").into_iter().map(|one| (one.text, one.is_excluded)).collect();
        assert_eq!(texts, [("service = a".to_owned(), false), ("not service = \"b c\"".to_owned(), true)]);
        assert_eq!(active("service = a or kind = b", "kind"), []);
        assert!(is_same("service = \"a\"", "service = a") && !is_same("", ""));
    }
}
