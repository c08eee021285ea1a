//! The box: a text that is coloured as it is written, with what is wrong in it and what may follow.

use std::time::Duration;

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlInputElement, KeyboardEvent};

use super::{
    super::list::TraceList,
    SearchState,
    colours::{Piece, pieces},
    menu::{saved_menu, star},
    positions::{characters, units},
    suggestions::{Suggestions, suggestions},
};
use crate::{
    dom::{NodeRef, Timeout, View, after, before_paint, live, px, typed, view},
    reactive::{Memo, RwSignal, StoredValue, effect},
    state::{
        Action,
        keys::{self, Scope, hint},
        use_app,
    },
    widgets::{Shape, count, duration, small_icon},
};

/// How long after the last letter the text takes effect.
const PAUSE_IN_TYPING: Duration = Duration::from_millis(250);

/// The element in which the text is written, and what hangs on it.
#[derive(Clone, Copy)]
struct Field {
    search: SearchState,
    input: NodeRef<HtmlInputElement>,
    /// The coloured text below it.
    paint: NodeRef<HtmlElement>,
    offers: Suggestions,
    /// How far the text is scrolled, CSS pixels.
    scrolled: RwSignal<f64>,
    /// Where the list of offers begins, CSS pixels.
    left: RwSignal<f64>,
    typing: StoredValue<Option<Timeout>>,
}

impl Field {
    /// Where the caret is, in characters.
    fn caret(self) -> usize {
        let units = self.input.get_untracked().and_then(|input| input.selection_start().ok().flatten());
        self.search.text.with_untracked(|text| characters(text, units.unwrap_or(u32::MAX) as usize))
    }

    /// The coloured text follows the field, which scrolls by itself.
    fn follow(self) {
        before_paint(move || {
            if let Some(input) = self.input.get_untracked() {
                let scrolled = f64::from(input.scroll_left());
                if self.scrolled.try_get_untracked().is_some_and(|old| old != scrolled) {
                    self.scrolled.set(scrolled);
                }
            }
        });
    }

    /// Places the list of offers below what it takes the place of.
    fn place_offers(self) {
        before_paint(move || {
            let anchor = self.paint.get_untracked().and_then(|paint| paint.query_selector(".anchor").ok().flatten());
            if let Some(anchor) = anchor.and_then(|anchor| anchor.dyn_into::<HtmlElement>().ok()) {
                let scrolled = self.scrolled.get_untracked();
                self.left.try_set((f64::from(anchor.offset_left()) - scrolled).max(0.0));
            }
        });
    }

    fn typed(self, text: String) {
        self.search.text.set(text);
        // What was wrong may be right now; what is wrong now may be unfinished.
        self.search.forget_problem_if_right();
        // In the empty box everything may stand: that is offered to whoever asks.
        if self.search.text.with_untracked(String::is_empty) {
            self.offers.close();
        } else {
            self.offers.ask(self.caret());
        }
        self.typing.set_value(Some(after(PAUSE_IN_TYPING, move || {
            if !self.offers.is_key_begun() {
                self.search.take_effect(false);
            }
        })));
        self.follow();
    }

    fn run(self) {
        self.typing.set_value(None);
        self.offers.close();
        if self.search.take_effect(true) {
            self.search.note_run();
        }
    }

    /// Puts an offer in, and goes on.
    fn insert(self, index: usize) {
        let Some(inserted) = self.offers.inserted(index) else { return };
        self.offers.close();
        if let Some(input) = self.input.get_untracked() {
            input.set_value(&inserted.text);
            let at = u32::try_from(units(&inserted.text, inserted.at)).unwrap_or(u32::MAX);
            // Fails for fields without a selection only.
            let _ = input.set_selection_range(at, at);
            let _ = input.focus();
        }
        if inserted.is_whole {
            self.search.text.set(inserted.text);
            self.run();
        } else {
            self.typed(inserted.text);
        }
        self.follow();
    }

    /// Whether a key was meant for the box.
    fn press(self, event: &KeyboardEvent) -> bool {
        if event.is_composing() {
            return false;
        }
        let is_open = self.offers.is_open_untracked();
        let is_empty = self.search.text.with_untracked(String::is_empty);
        match keys::own_action_of(Scope::Search, &keys::chord(event)) {
            Some(Action::Complete) if is_open => {
                self.insert(self.offers.chosen.get_untracked().unwrap_or_default());
            }
            Some(Action::RunSearch) => match self.offers.chosen.get_untracked() {
                Some(index) if is_open => self.insert(index),
                _ => self.run(),
            },
            Some(Action::AskCompletions) => self.offers.ask(self.caret()),
            Some(Action::ChooseNext) if is_open => self.offers.choose(true),
            Some(Action::ChooseNext) => self.offers.ask(self.caret()),
            Some(Action::ChoosePrevious) if is_open => self.offers.choose(false),
            Some(Action::ChoosePrevious) if is_empty => {
                self.offers.offer_recent();
                self.place_offers();
            }
            Some(Action::CloseCompletions) if is_open => {
                self.offers.close();
                self.search.take_effect(false);
            }
            _ => return false,
        }
        true
    }
}

/// The box with what it says of the result, and its menus.
pub(super) fn search_field(list: TraceList) -> View {
    let app = use_app();
    let search = list.search;
    let field = Field {
        search,
        input: NodeRef::new(),
        paint: NodeRef::new(),
        offers: Suggestions::new(search),
        scrolled: RwSignal::new(0.0),
        left: RwSignal::new(0.0),
        typing: StoredValue::new(None),
    };
    app.on_action(move |action| {
        match action {
            Action::FocusSearch => {
                if let Some(input) = field.input.get_untracked() {
                    // A field that cannot take the focus is no reason to do anything else.
                    let _ = input.focus();
                    input.select();
                }
            }
            Action::ClearSearch => search.set(""),
            Action::ErrorsOnly => search.toggle("error"),
            _ => return false,
        }
        true
    });
    effect(move || {
        field.offers.replaces.track();
        field.offers.offers.track();
        search.text.track();
        field.follow();
        field.place_offers();
    });

    let is_empty = Memo::new(move || search.text.with(String::is_empty));
    let is_wrong = Memo::new(move || search.problem.with(Option::is_some));
    let paint = move || {
        let (from, _) = field.offers.replaces.get();
        let wrong = search.problem.with(|problem| problem.as_ref().map(|problem| problem.at.clone()));
        let drawn = search.text.with(|text| pieces(text, wrong.as_ref(), from));
        drawn.into_iter().map(piece).collect::<View>()
    };
    view! {
        <div class="searchbox">
            <div class="field grow" class:bad=is_wrong title=format!("Search ({})", hint(Action::FocusSearch))>
                {small_icon(Shape::Search)}
                <span class="writing">
                    <span class="paint" aria-hidden="true">
                        <span
                            class="q"
                            node_ref=field.paint
                            style:transform=move || format!("translateX(-{})", px(field.scrolled.get()))
                        >
                            {live(paint)}
                        </span>
                    </span>
                    <input
                        type="text"
                        class="q"
                        role="combobox"
                        placeholder="service = checkout and duration > 200ms, or any word"
                        aria-label="Search"
                        aria-autocomplete="list"
                        aria-controls="suggestions"
                        aria-expanded=move || field.offers.is_open().to_string()
                        aria-activedescendant=move || {
                            field.offers.chosen.get().map(|index| format!("suggestion-{index}"))
                        }
                        aria-invalid=move || is_wrong.get().to_string()
                        aria-describedby="search-problem"
                        spellcheck="false"
                        autocomplete="off"
                        autocapitalize="off"
                        data-testid="search"
                        node_ref=field.input
                        prop:value=search.text
                        on:input=move |event: web_sys::Event| field.typed(typed(&event))
                        on:scroll=move |_| field.follow()
                        on:keydown=move |event| {
                            if field.press(&event) {
                                event.prevent_default();
                            }
                            field.follow();
                        }
                        on:blur=move |_| {
                            field.offers.close();
                            search.take_effect(true);
                            field.follow();
                        }
                    />
                </span>
                <span class="count" role="status" data-testid="found">{found(list)}</span>
                {live(move || (!is_empty.get()).then(|| clear(search)))}
                {star(search)}
            </div>
            {saved_menu(search)}
            {suggestions(field.offers, field.left, move |index| field.insert(index))}
        </div>
    }
}

fn piece(piece: Piece) -> View {
    view! {
        {piece.is_anchor.then(|| view! { <i class="anchor"></i> })}
        <span class=piece.class class:wrong=piece.is_wrong>{piece.text}</span>
    }
}

fn clear(search: SearchState) -> View {
    view! {
        <button
            type="button"
            class="btn ghost small"
            title=format!("Clear the search ({})", hint(Action::ClearSearch))
            aria-label="Clear the search"
            data-testid="clear-search"
            on:click=move |_| search.set("")
        >
            {small_icon(Shape::Close)}
        </button>
    }
}

/// `212 traces, 9 ms`.
fn found(list: TraceList) -> impl Fn() -> Option<String> + 'static {
    move || {
        if list.search.is_link_copied.get() {
            return Some("Link copied".to_owned());
        }
        let taken = list.taken_millis.get();
        list.rows.with(|rows| {
            let rows = rows.as_ref()?;
            let is_over = rows.progress.is_over;
            let (number, more) = match (rows.is_everything() && !is_over, is_over) {
                // What is not narrowed needs no search to be counted.
                (true, _) => (rows.stored, ""),
                (false, false) => (rows.matching, "+"),
                (false, true) => (rows.matching, ""),
            };
            let noun = if number == 1 && more.is_empty() { "trace" } else { "traces" };
            let time = (!rows.search.query.is_empty()).then(|| format!(", {}", taken_text(taken)));
            Some(format!("{}{more} {noun}{}", count(number), time.unwrap_or_default()))
        })
    }
}

/// `9 ms`, `1.41 s`.
fn taken_text(millis: u64) -> String {
    match millis {
        0..1_000 => format!("{millis}\u{202f}ms"),
        _ => duration(millis.saturating_mul(1_000_000)).text(),
    }
}

/// What is wrong, below the bar.
pub(super) fn problem(search: SearchState) -> View {
    view! {
        <div class="problem" id="search-problem" role="alert">
            {live(move || {
                search.problem.get().map(|problem| {
                    let at = problem.at.start + 1;
                    view! {
                        <div class="msg e" data-testid="search-problem">
                            {small_icon(Shape::Warning)}
                            <span>{sentence(&problem.sentence)}</span>
                            <span class="at">{format!("character {at}")}</span>
                        </div>
                    }
                })
            })}
        </div>
    }
}

/// As a sentence: with a capital, which the diagnostics leave to whoever shows them.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}", characters.as_str())
}
