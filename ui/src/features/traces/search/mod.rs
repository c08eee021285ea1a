//! What is searched: a text in the search language, and when.

pub(super) mod bar;
mod colours;
pub(super) mod conditions;
mod field;
mod menu;
mod positions;
mod recent;
mod suggestions;

use api::{
    Search, TraceSort,
    query::{Diagnostic, parse},
};

use super::range::RangeChoice;
use crate::{
    reactive::{Memo, RwSignal},
    state::remembered,
    widgets::time,
};
use recent::Saved;

const RANGE: &str = "search.range";
const COLUMNS: &str = "search.columns";
const LAST_LOOK: &str = "search.last-look";

/// What the list, the picture and the facets are about. They follow [`Self::wanted`].
#[derive(Clone, Copy)]
pub(crate) struct SearchState {
    /// What stands in the box.
    pub(crate) text: RwSignal<String>,
    /// The text that is in effect: the last one that was valid.
    pub(crate) query: RwSignal<String>,
    /// What is wrong with the text, once there was time to finish it.
    pub(crate) problem: RwSignal<Option<Diagnostic>>,
    /// When.
    pub(crate) range: RwSignal<RangeChoice>,
    /// In which order.
    pub(crate) sort: RwSignal<TraceSort>,
    /// Attributes shown as columns.
    pub(crate) columns: RwSignal<Vec<String>>,
    /// The key by which what is found is grouped, if it is.
    pub(crate) group_key: RwSignal<Option<String>>,
    /// When the window was last hidden or closed.
    pub(crate) last_look: RwSignal<Option<u64>>,
    /// Searches that were run.
    pub(crate) recent: RwSignal<Vec<String>>,
    /// Searches with a name.
    pub(crate) saved: RwSignal<Vec<Saved>>,
    /// Whether a link to the search was copied just now.
    pub(crate) is_link_copied: RwSignal<bool>,
    /// Whether the user has stopped searching.
    pub(crate) is_stopped: RwSignal<bool>,
    /// Counts how often a search that was stopped went on.
    pub(crate) resumed: RwSignal<u32>,
}

/// All that a change of starts a new list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The text.
    pub(crate) query: String,
    /// When.
    pub(crate) range: RangeChoice,
    /// In which order.
    pub(crate) sort: TraceSort,
    /// Attributes shown as columns.
    pub(crate) columns: Vec<String>,
}

impl SearchState {
    /// What a window that has just opened searches: everything, when it did last. Belongs to the reactive owner it is
    /// made in.
    pub(super) fn new() -> Self {
        // Of something that is no key any more there would be no list at all.
        let keys = |text: String| text.lines().filter(|key| conditions::is_key(key)).map(str::to_owned).collect();
        Self {
            text: RwSignal::new(String::new()),
            query: RwSignal::new(String::new()),
            problem: RwSignal::new(None),
            range: RwSignal::new(remembered::read(RANGE).map(|text| RangeChoice::read(&text)).unwrap_or_default()),
            sort: RwSignal::new(TraceSort::default()),
            columns: RwSignal::new(remembered::read(COLUMNS).map(keys).unwrap_or_default()),
            group_key: RwSignal::new(None),
            last_look: RwSignal::new(remembered::read(LAST_LOOK).and_then(|text| text.parse().ok())),
            recent: RwSignal::new(recent::recent()),
            saved: RwSignal::new(recent::saved()),
            is_link_copied: RwSignal::new(false),
            is_stopped: RwSignal::new(false),
            resumed: RwSignal::new(0),
        }
    }

    /// What is wanted, followed.
    pub(super) fn wanted(self) -> Memo<Wanted> {
        Memo::new(move || Wanted {
            query: self.query.get(),
            range: self.range.get(),
            sort: self.sort.get(),
            columns: self.columns.get(),
        })
    }

    /// The search of now.
    pub(super) fn now(self) -> Search {
        Search {
            query: self.query.get_untracked(),
            range: self.range.get_untracked().range(time::now_unix_nano(), self.last_look.get_untracked()),
            as_of: None,
        }
    }

    /// Whether two searches of the same text differ by the time that has passed only.
    pub(super) fn is_going_on(self, before: &Search, now: &Search) -> bool {
        before.range == now.range || self.range.get_untracked().grain().is_some()
    }

    /// Puts a text into the box, and in effect.
    pub(crate) fn set(self, text: &str) {
        self.text.set(text.to_owned());
        self.take_effect(true);
    }

    /// Puts the text of the box in effect if it is valid; else the last result stays, and what is wrong is said: what
    /// is missing at the end only to somebody who insists, because it may be about to be written. Whether it is valid.
    pub(super) fn take_effect(self, insists: bool) -> bool {
        let text = self.text.with_untracked(|text| text.trim().to_owned());
        let parsed = parse(&text);
        let is_valid = parsed.query.is_some();
        let end = text.chars().count();
        // Positions count from the beginning of what stands in the box.
        let skipped = self.text.with_untracked(|text| text.chars().take_while(|c| c.is_whitespace()).count());
        let problem = parsed.diagnostics.into_iter().next().filter(|problem| insists || problem.at.start < end);
        self.show_problem(problem.map(|problem| {
            let at = problem.at.start + skipped..problem.at.end + skipped;
            Diagnostic { at, sentence: problem.sentence }
        }));
        if is_valid && self.query.with_untracked(|query| *query != text) {
            self.query.set(text);
        }
        is_valid
    }

    /// Says nothing more of what was wrong if the text of the box is right by now.
    fn forget_problem_if_right(self) {
        if self.problem.with_untracked(Option::is_some) && self.text.with_untracked(|text| parse(text).query.is_some())
        {
            self.problem.set(None);
        }
    }

    fn show_problem(self, problem: Option<Diagnostic>) {
        if self.problem.with_untracked(|old| *old != problem) {
            self.problem.set(problem);
        }
    }

    /// Narrows the search by a condition, or takes it away if it is there.
    pub(super) fn toggle(self, condition: &str) {
        let text = self.query.with_untracked(|query| conditions::toggled(query, condition));
        self.set(&text);
    }

    /// Narrows the search by a condition.
    pub(super) fn narrow(self, condition: &str) {
        let text = self.query.with_untracked(|query| conditions::with(query, condition));
        self.set(&text);
    }

    /// Chooses when.
    pub(super) fn choose_range(self, range: RangeChoice) {
        remembered::write(RANGE, &range.written());
        self.range.set(range);
    }

    /// Chooses the attributes that are shown as columns.
    pub(super) fn choose_columns(self, columns: Vec<String>) {
        remembered::write(COLUMNS, &columns.join("\n"));
        self.columns.set(columns);
    }

    /// Notes that the search was run on purpose.
    pub(super) fn note_run(self) {
        let text = self.query.get_untracked();
        if !text.is_empty() {
            self.recent.update(|recent| *recent = recent::note(recent, &text));
        }
    }

    /// Notes that somebody looks now.
    pub(super) fn note_look() {
        remembered::write(LAST_LOOK, &time::now_unix_nano().to_string());
    }

    /// Notes that somebody looks again after the window was hidden.
    pub(super) fn note_return(self) {
        self.last_look.set(remembered::read(LAST_LOOK).and_then(|text| text.parse().ok()));
    }
}
