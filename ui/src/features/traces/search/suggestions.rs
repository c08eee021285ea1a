//! What is offered below the box: what may be written here, or searches that were run.

use api::{Call, CompleteRequest, Completion, CompletionKind, Reply};

use super::{
    super::key_picker::mark,
    SearchState,
    positions::{between, replaced},
};
use crate::{
    dom::{View, live, view},
    reactive::{RwSignal, StoredValue},
    spawn, transport,
    widgets::{count, visible},
};

/// So many are offered.
const MOST: u32 = 12;

/// What is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// What may be written in place of some characters.
    Written(Completion),
    /// A whole search.
    Run(String),
}

/// The list below the box.
#[derive(Clone, Copy)]
pub(super) struct Suggestions {
    search: SearchState,
    /// What is offered; empty: the list is closed.
    pub(super) offers: RwSignal<Vec<Offer>>,
    /// Which one is chosen.
    pub(super) chosen: RwSignal<Option<usize>>,
    /// The characters that an offer takes the place of.
    pub(super) replaces: RwSignal<(usize, usize)>,
    generation: StoredValue<u32>,
}

/// A text and where to go on writing in it.
pub(super) struct Inserted {
    /// The text.
    pub(super) text: String,
    /// The place, in characters.
    pub(super) at: usize,
    /// Whether it is a whole search, to be run.
    pub(super) is_whole: bool,
}

impl Suggestions {
    /// A list that is closed. Belongs to the reactive owner it is made in.
    pub(super) fn new(search: SearchState) -> Self {
        Self {
            search,
            offers: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(None),
            replaces: RwSignal::new((0, 0)),
            generation: StoredValue::new(0),
        }
    }

    /// Whether it is there, followed.
    pub(super) fn is_open(self) -> bool {
        self.offers.with(|offers| !offers.is_empty())
    }

    /// Whether it is there.
    pub(super) fn is_open_untracked(self) -> bool {
        self.offers.with_untracked(|offers| !offers.is_empty())
    }

    /// Whether what is written here is the beginning of a key: alone it would be a word to look for, which nobody
    /// means who is about to write a condition.
    pub(super) fn is_key_begun(self) -> bool {
        let (from, to) = self.replaces.get_untracked();
        let typed = self.search.text.with_untracked(|text| between(text, from, to).to_owned());
        let is_key =
            |offer: &Offer| matches!(offer, Offer::Written(item) if mark(item.kind).is_some() && item.text != typed);
        from < to && self.offers.with_untracked(|offers| offers.iter().any(is_key))
    }

    /// Closes it.
    pub(super) fn close(self) {
        self.generation.update_value(|generation| *generation += 1);
        self.show(Vec::new());
    }

    fn show(self, offers: Vec<Offer>) {
        self.chosen.set(None);
        if self.offers.with_untracked(|old| *old != offers) {
            self.offers.set(offers);
        }
    }

    /// Offers the searches that were run.
    pub(super) fn offer_recent(self) {
        self.close();
        self.replaces.set((0, 0));
        self.show(self.search.recent.get_untracked().into_iter().map(Offer::Run).collect());
    }

    /// Offers what may be written at a character of the text.
    pub(super) fn ask(self, at: usize) {
        self.generation.update_value(|generation| *generation += 1);
        let generation = self.generation.get_value();
        let text = self.search.text.get_untracked();
        spawn(async move {
            loop {
                let at = u32::try_from(at).unwrap_or(u32::MAX);
                let request = CompleteRequest { text: text.clone(), at, most: MOST };
                // A list that does not come is no reason to disturb whoever writes.
                let Ok(Reply::Completions(found)) = transport::call(Call::Complete(request)).await else { return };
                if self.generation.try_get_value() != Some(generation) {
                    return;
                }
                let (from, to) = (found.replaces.0 as usize, found.replaces.1 as usize);
                // What is written in full already needs no offer, unless more has to follow.
                let is_written = |item: &Completion| item.text == between(&text, from, to) && !goes_on(item);
                let is_done = found.items.len() == 1 && found.items.iter().all(is_written);
                self.replaces.set((from, to));
                self.show(if is_done { Vec::new() } else { found.items.into_iter().map(Offer::Written).collect() });
                if !found.is_partial {
                    return;
                }
            }
        });
    }

    /// Chooses the next one or the one before; beyond the ends none.
    pub(super) fn choose(self, forwards: bool) {
        let count = self.offers.with_untracked(Vec::len);
        self.chosen.update(|chosen| {
            *chosen = match (*chosen, forwards) {
                (None, true) => Some(0),
                (None, false) => count.checked_sub(1),
                (Some(at), true) => Some(at + 1).filter(|at| *at < count),
                (Some(at), false) => at.checked_sub(1),
            };
        });
    }

    /// The text with an offer in it.
    pub(super) fn inserted(self, index: usize) -> Option<Inserted> {
        let offer = self.offers.with_untracked(|offers| offers.get(index).cloned())?;
        let text = self.search.text.get_untracked();
        Some(match offer {
            Offer::Run(text) => Inserted { at: text.chars().count(), text, is_whole: true },
            Offer::Written(item) => {
                let (from, to) = self.replaces.get_untracked();
                let (written, at) = written(&text, from, to, &item);
                Inserted { text: written, at, is_whole: false }
            }
        })
    }
}

/// Whether something has to follow, behind a space.
fn goes_on(item: &Completion) -> bool {
    !matches!(item.kind, CompletionKind::Value | CompletionKind::Condition)
        && !item.text.ends_with(['(', '.', ' ', '/', '"'])
}

/// A text with something put in, and where to go on: behind it, and behind a space where something has to follow.
fn written(text: &str, from: usize, to: usize, item: &Completion) -> (String, usize) {
    let follows = between(text, to, to + 1);
    let space = if goes_on(item) && follows != " " { " " } else { "" };
    let at = from + item.text.chars().count() + usize::from(goes_on(item));
    (replaced(text, from, to, &format!("{}{space}", item.text)), at)
}

/// The list.
pub(super) fn suggestions(
    suggestions: Suggestions,
    left: RwSignal<f64>,
    insert: impl Fn(usize) + Copy + 'static,
) -> View {
    let option = move |(index, offer): (usize, Offer)| {
        let is_chosen = move || suggestions.chosen.get() == Some(index);
        let (line, kind) = match &offer {
            Offer::Run(text) => (view! { <span class="q clip whole">{visible(text).into_owned()}</span> }, "recent"),
            Offer::Written(item) => (item_line(suggestions, item), "completion"),
        };
        view! {
            <div
                class="o"
                class:on=is_chosen
                role="option"
                id=format!("suggestion-{index}")
                aria-selected=move || is_chosen().to_string()
                data-testid=kind
                // Pressing must not take the focus from the box.
                on:pointerdown=move |event: web_sys::PointerEvent| event.prevent_default()
                on:click=move |_| insert(index)
            >
                {line}
            </div>
        }
    };
    live(move || {
        let offers = suggestions.offers.get();
        let is_recent = matches!(offers.first(), Some(Offer::Run(_)));
        let has_counts = offers.iter().any(|offer| matches!(offer, Offer::Written(item) if item.spans.is_some()));
        (!offers.is_empty()).then(|| {
            view! {
                <div
                    class="pop suggestions"
                    style:left=move || crate::dom::px(left.get())
                    data-testid="suggestions"
                >
                    <div role="listbox" id="suggestions" aria-label="What may be written here">
                        {offers.into_iter().enumerate().map(option).collect::<View>()}
                    </div>
                    <div class="how" aria-hidden="true">
                        <span><kbd>"Tab"</kbd>"insert"</span>
                        <span><kbd>"↑"</kbd><kbd>"↓"</kbd>"choose"</span>
                        <span><kbd>"Esc"</kbd>"close"</span>
                        <span class="grow"></span>
                        <span class="t3">
                            {if is_recent { "recent searches" } else if has_counts { "spans that have it" } else { "" }}
                        </span>
                    </div>
                </div>
            }
        })
    })
}

fn item_line(suggestions: Suggestions, item: &Completion) -> View {
    let (from, to) = suggestions.replaces.get_untracked();
    let typed = suggestions.search.text.with_untracked(|text| between(text, from, to).to_owned());
    let begins =
        !typed.is_empty() && item.text.get(..typed.len()).is_some_and(|head| head.eq_ignore_ascii_case(&typed));
    let (head, tail) = item.text.split_at(if begins { typed.len() } else { 0 });
    let mark = mark(item.kind).unwrap_or(match item.kind {
        CompletionKind::Value => "=",
        _ => "",
    });
    view! {
        <span class="ty">{mark}</span>
        <span class="q clip" title=item.text.clone()><b>{visible(head).into_owned()}</b>{visible(tail).into_owned()}</span>
        <span class="h clip">{visible(&item.detail).into_owned()}</span>
        <span class="c">{item.spans.map(count)}</span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str, kind: CompletionKind) -> Completion {
        Completion { text: text.to_owned(), kind, ..Completion::default() }
    }

    #[test]
    fn what_is_put_in_is_followed_by_a_space_where_more_has_to_come() {
        let key = item("http.route", CompletionKind::TextKey);
        assert_eq!(written("error and http.r", 10, 16, &key), ("error and http.route ".to_owned(), 21));
        assert_eq!(written("http.r = x", 0, 6, &key), ("http.route = x".to_owned(), 11));
        let scope = item("span.", CompletionKind::Keyword);
        assert_eq!(written("sp", 0, 2, &scope), ("span.".to_owned(), 5));
        let value = item("\"ü b\"", CompletionKind::Value);
        assert_eq!(written("a = ü", 4, 5, &value), ("a = \"ü b\"".to_owned(), 9));
    }
}
