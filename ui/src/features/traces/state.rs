use std::ops::Range;

use api::{ApiError, Call, Reply, TracePage, TracesRequest};
use model::TraceId;

use super::{
    filter::Filter,
    rows::{BLOCK, Rows},
};
use crate::{
    reactive::{RwSignal, StoredValue},
    spawn,
    state::AppState,
    transport,
};

/// The list of traces; it outlives its screen, so that coming back finds it as it was left.
///
/// The list shows one moment. It moves on to the next by itself only at rest: scrolled to the very
/// top, nothing selected, the pointer elsewhere, not paused. Otherwise what is newer is counted.
#[derive(Clone, Copy)]
pub(crate) struct TraceList {
    app: AppState,
    /// What stands in the filter bar.
    pub(crate) filter: RwSignal<Filter>,
    /// What is shown; `None` until the first answer.
    pub(crate) rows: RwSignal<Option<Rows>>,
    /// Whether an answer that changes the whole list is awaited.
    pub(crate) is_loading: RwSignal<bool>,
    /// Whether spans are being searched for an attribute; set to false, it stops.
    pub(crate) is_searching: RwSignal<bool>,
    /// Whether newer traces are kept out until told otherwise.
    pub(crate) is_paused: RwSignal<bool>,
    /// Row and trace that are selected.
    pub(crate) selected: RwSignal<Option<(u32, TraceId)>>,
    /// Whether the pointer is over the list.
    pub(crate) is_pointer_inside: RwSignal<bool>,
    /// How far the list is scrolled, CSS pixels.
    pub(crate) scroll_top: RwSignal<f64>,
    /// Rows that are drawn.
    pub(crate) drawn: RwSignal<Range<u32>>,
    generation: StoredValue<u64>,
    awaited: StoredValue<Vec<u32>>,
    is_catching_up: StoredValue<bool>,
    has_more_arrived: StoredValue<bool>,
}

impl TraceList {
    /// The list of a window that has just opened. Belongs to the reactive owner it is made in.
    pub(crate) fn new(app: AppState) -> Self {
        Self {
            app,
            filter: RwSignal::new(Filter::default()),
            rows: RwSignal::new(None),
            is_loading: RwSignal::new(false),
            is_searching: RwSignal::new(false),
            is_paused: RwSignal::new(false),
            selected: RwSignal::new(None),
            is_pointer_inside: RwSignal::new(false),
            scroll_top: RwSignal::new(0.0),
            drawn: RwSignal::new(0..0),
            generation: StoredValue::new(0),
            awaited: StoredValue::new(Vec::new()),
            is_catching_up: StoredValue::new(false),
            has_more_arrived: StoredValue::new(false),
        }
    }

    /// The number of rows.
    pub(crate) fn len(self) -> u32 {
        self.rows.with_untracked(|rows| rows.as_ref().map_or(0, Rows::len))
    }

    /// Whether the list moves on by itself.
    pub(crate) fn is_at_rest(self) -> bool {
        let is_empty = self.rows.with_untracked(|rows| rows.as_ref().is_none_or(|rows| rows.matching == 0));
        !self.is_paused.get_untracked()
            && (is_empty
                || (!self.is_pointer_inside.get_untracked()
                    && self.selected.get_untracked().is_none()
                    && self.scroll_top.get_untracked() < 1.0))
    }

    /// Shows the list of now, from the row that is drawn first.
    pub(crate) fn reload(self) {
        spawn(self.load_now());
    }

    async fn load_now(self) {
        let generation = self.generation.try_update_value(|generation| {
            *generation += 1;
            *generation
        });
        self.awaited.update_value(Vec::clear);
        let first = self.drawn.with_untracked(|drawn| drawn.start) / BLOCK * BLOCK;
        self.is_loading.set(true);
        self.is_searching.set(false);
        let mut answer = self.ask(None, first, BLOCK).await;
        if generation != self.generation.try_get_value() {
            return;
        }
        if let Ok(page) = &answer
            && page.rows.is_empty()
            && page.matching > 0
        {
            // The list has become shorter than it is scrolled.
            answer = self.ask(Some(page.as_of), 0, BLOCK).await;
            if generation != self.generation.try_get_value() {
                return;
            }
        }
        self.is_loading.set(false);
        match answer {
            Ok(page) => {
                let rows = Rows::of(page);
                self.selected.update(|selected| {
                    *selected = selected.and_then(|(_, id)| rows.position(id).map(|index| (index, id)));
                });
                let is_partial = rows.is_partial();
                self.rows.set(Some(rows));
                if is_partial {
                    self.search_on();
                }
            }
            Err(error) => self.app.fail(error.sentence),
        }
    }

    /// Has the search through spans go on to its end, or until something else is asked for.
    pub(crate) fn search_on(self) {
        spawn(async move {
            let generation = self.generation.try_get_value();
            self.is_searching.set(true);
            loop {
                let at = |rows: &Rows| (rows.as_of, rows.searched, rows.is_partial());
                let Some((as_of, searched, true)) = self.rows.with_untracked(|rows| rows.as_ref().map(at)) else {
                    break;
                };
                let first = self.drawn.with_untracked(|drawn| drawn.start) / BLOCK * BLOCK;
                let answer = self.ask(Some(as_of), first, BLOCK).await;
                if generation != self.generation.try_get_value() {
                    return;
                }
                match answer {
                    Ok(page) => {
                        let is_stuck = page.searched <= searched;
                        self.rows.update(|rows| {
                            if let Some(rows) = rows {
                                rows.add(page);
                            }
                        });
                        if is_stuck || !self.is_searching.get_untracked() {
                            break;
                        }
                    }
                    Err(error) => {
                        self.app.fail(error.sentence);
                        break;
                    }
                }
            }
            self.is_searching.set(false);
        });
    }

    /// Has the blocks of these rows fetched, as of the moment that is shown.
    pub(crate) fn fetch(self, wanted: Range<u32>) {
        let Some((as_of, missing)) =
            self.rows.with_untracked(|rows| rows.as_ref().map(|rows| (rows.as_of, rows.missing(wanted.clone()))))
        else {
            return;
        };
        for first in missing {
            if !self.awaited.with_value(|awaited| awaited.contains(&first)) {
                self.awaited.update_value(|awaited| awaited.push(first));
                spawn(self.load_block(as_of, first));
            }
        }
    }

    async fn load_block(self, as_of: u64, first: u32) {
        let generation = self.generation.try_get_value();
        let answer = self.ask(Some(as_of), first, BLOCK).await;
        if generation != self.generation.try_get_value() {
            return;
        }
        self.awaited.update_value(|awaited| awaited.retain(|other| *other != first));
        match answer {
            Ok(page) => self.rows.update(|rows| {
                if let Some(rows) = rows {
                    rows.add(page);
                    rows.keep_near(self.drawn.get_untracked());
                }
            }),
            Err(error) => self.app.fail(error.sentence),
        }
    }

    /// Takes notice that something was stored: moves on, or counts what is newer. One call at a time,
    /// however much arrives.
    pub(crate) fn catch_up(self) {
        if self.is_catching_up.get_value() {
            self.has_more_arrived.set_value(true);
            return;
        }
        self.is_catching_up.set_value(true);
        spawn(async move {
            loop {
                self.has_more_arrived.set_value(false);
                if self.is_at_rest() {
                    self.load_now().await;
                } else {
                    self.count_newer().await;
                }
                if self.has_more_arrived.try_get_value() != Some(true) {
                    break;
                }
            }
            self.is_catching_up.set_value(false);
        });
    }

    async fn count_newer(self) {
        let Some(as_of) = self.rows.with_untracked(|rows| rows.as_ref().map(|rows| rows.as_of)) else { return };
        let generation = self.generation.try_get_value();
        match self.ask(Some(as_of), 0, 0).await {
            Ok(page) if generation == self.generation.try_get_value() => self.rows.update(|rows| {
                if let Some(rows) = rows {
                    (rows.newer, rows.stored) = (page.newer, page.stored);
                }
            }),
            Ok(_) => {}
            Err(error) => self.app.fail(error.sentence),
        }
    }

    async fn ask(self, as_of: Option<u64>, first: u32, count: u32) -> Result<TracePage, ApiError> {
        let filter = self.filter.with_untracked(Filter::wanted);
        match transport::call(Call::Traces(TracesRequest { filter, as_of, first, count })).await? {
            Reply::Traces(page) => Ok(page),
            _ => Err(ApiError::new(api::ErrorCode::Internal, "the list of traces was answered with something else")),
        }
    }
}
