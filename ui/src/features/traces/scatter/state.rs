use std::sync::Arc;

use api::{Call, Reply, Scatter, Search};

use super::{
    super::{list::TraceList, question::Question, range::RangeChoice},
    grid::{Grid, Marked, decades, survey},
};
use crate::{
    reactive::{RwSignal, StoredValue},
    state::AppState,
    widgets::time,
};

/// What is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Picture {
    /// The cells.
    pub(super) grid: Grid,
    /// What was searched.
    pub(super) search: Search,
    /// What is in the cells.
    pub(super) scatter: Scatter,
}

/// What was asked: what is searched, by which choice of the range, and for how many pixels.
type Asked = (Search, RangeChoice, (f64, f64));

/// Durations over time, what is marked in them, and where the keys are.
#[derive(Clone, Copy)]
pub(crate) struct ScatterState {
    list: TraceList,
    question: Question,
    /// Size of what is drawn on, without the axes, CSS pixels.
    pub(super) size: RwSignal<(f64, f64)>,
    /// What is drawn; `None` until the first answer.
    pub(super) picture: RwSignal<Option<Arc<Picture>>>,
    /// What is marked.
    pub(super) marked: RwSignal<Option<Marked>>,
    /// The cell at which the keys are.
    pub(super) cursor: RwSignal<Option<(u32, u32)>>,
    asked: StoredValue<Option<Asked>>,
}

impl ScatterState {
    /// Nothing is drawn yet. Belongs to the reactive owner it is made in.
    pub(crate) fn new(app: AppState, list: TraceList) -> Self {
        Self {
            list,
            question: Question::new(app, list.search),
            size: RwSignal::new((0.0, 0.0)),
            picture: RwSignal::new(None),
            marked: RwSignal::new(None),
            cursor: RwSignal::new(None),
            asked: StoredValue::new(None),
        }
    }

    /// How many traces of the range do not match, followed; `None` while that is not known.
    pub(crate) fn others(self) -> Option<u64> {
        self.picture.with(|picture| {
            let scatter = &picture.as_ref()?.scatter;
            scatter.progress.is_over.then_some(scatter.others)
        })
    }

    /// What is marked in the search language.
    pub(crate) fn marked_query(self) -> Option<String> {
        let marked = self.marked.get_untracked()?;
        self.picture.with_untracked(|picture| Some(marked.query(&picture.as_ref()?.grid)))
    }

    /// Has the picture follow the list. While something is marked it stands still.
    pub(super) fn follow(self) {
        let (Some(search), size) = (self.list.moment.get(), self.size.get()) else { return };
        if size.0 < 20.0 || size.1 < 20.0 {
            return;
        }
        let choice = self.list.search.range.get_untracked();
        let (is_same, is_live) = self.asked.with_value(|asked| match asked {
            // A range that goes on with the clock is the same search.
            Some((old, of_choice, of_size)) => {
                let is_live = old.query == search.query && *of_choice == choice && *of_size == size;
                (is_live && *old == search, is_live)
            }
            None => (false, false),
        });
        if is_same {
            return;
        }
        if is_live && self.marked.get_untracked().is_some() {
            return;
        }
        if is_live && !self.question.is_due(move || self.follow()) {
            return;
        }
        if !is_live {
            self.marked.set(None);
            self.cursor.set(None);
        }
        self.asked.set_value(Some((search.clone(), choice, size)));
        self.ask(search, size);
    }

    /// Finds out from when to when and which durations, and then what is in the cells.
    fn ask(self, search: Search, size: (f64, f64)) {
        let grain = self.list.search.range.get_untracked().grain();
        let until = search.range.until_unix_nano;
        self.question.ask(Call::Scatter(survey(&search)), move |reply| {
            let Reply::Scatter(found) = reply else { return None };
            let since = search.range.since_unix_nano.unwrap_or(found.range.0);
            // Without a beginning it ends with the last that is stored, which may be long ago.
            let is_whole = search.range.since_unix_nano.is_none();
            let until = until.unwrap_or_else(|| if is_whole { found.range.1 } else { time::now_unix_nano() });
            let grid = Grid::new(size, since, until, grain, decades(&found.cells));
            let search = search.clone();
            let call = Call::Scatter(grid.request(&search));
            self.question.ask(call, move |reply| {
                let Reply::Scatter(scatter) = reply else { return None };
                let progress = scatter.progress;
                let picture = Picture { grid, search: search.clone(), scatter };
                self.picture.set(Some(Arc::new(picture)));
                Some(progress)
            });
            None
        });
    }
}
