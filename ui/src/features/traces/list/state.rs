use std::ops::Range;

use api::{ApiError, Call, ErrorCode, Reply, Search, TracePage, TracesRequest, query::Diagnostic};
use model::TraceId;

use super::{
    super::search::SearchState,
    picked::Picked,
    rows::{BLOCK, Rows},
};
use crate::{
    reactive::{RwSignal, StoredValue},
    spawn,
    state::AppState,
    transport,
    widgets::time::now_unix_nano,
};

/// The list of traces; it outlives its screen, so that coming back finds it as it was left.
///
/// The list shows one moment. It moves on to the next by itself only at rest: scrolled to the very
/// top, nothing selected or picked, the pointer elsewhere, not paused. Otherwise what is newer is counted.
#[derive(Clone, Copy)]
pub(crate) struct TraceList {
    app: AppState,
    /// What is searched.
    pub(crate) search: SearchState,
    /// What is shown; `None` until the first answer.
    pub(crate) rows: RwSignal<Option<Rows>>,
    /// What is shown, with its moment: whatever else is shown of the search follows it.
    pub(crate) moment: RwSignal<Option<Search>>,
    /// Whether an answer that changes the whole list is awaited.
    pub(crate) is_loading: RwSignal<bool>,
    /// Whether the search goes on.
    pub(crate) is_searching: RwSignal<bool>,
    /// How long the search has taken so far, milliseconds.
    pub(crate) taken_millis: RwSignal<u64>,
    /// Whether newer traces are kept out until told otherwise.
    pub(crate) is_paused: RwSignal<bool>,
    /// Row and trace that are selected: where the keys are.
    pub(crate) selected: RwSignal<Option<(u32, TraceId)>>,
    /// Traces that something is to be done with.
    pub(crate) picked: RwSignal<Picked>,
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
    pub(crate) fn new(app: AppState, search: SearchState) -> Self {
        Self {
            app,
            search,
            rows: RwSignal::new(None),
            moment: RwSignal::new(None),
            is_loading: RwSignal::new(false),
            is_searching: RwSignal::new(false),
            taken_millis: RwSignal::new(0),
            is_paused: RwSignal::new(false),
            selected: RwSignal::new(None),
            picked: RwSignal::new(Picked::default()),
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

    /// How many traces have come since that match.
    pub(crate) fn newer(self) -> u64 {
        self.rows.with_untracked(|rows| rows.as_ref().map_or(0, |rows| rows.newer))
    }

    /// Scrolls to the first row.
    pub(crate) fn to_the_top(self) {
        self.drawn.set(0..0);
        self.scroll_top.set(0.0);
    }

    /// Whether the list moves on by itself.
    pub(crate) fn is_at_rest(self) -> bool {
        let is_empty = self.rows.with_untracked(|rows| rows.as_ref().is_none_or(|rows| rows.matching == 0));
        !self.is_paused.get_untracked()
            && (is_empty
                || (!self.is_pointer_inside.get_untracked()
                    && self.selected.get_untracked().is_none()
                    && self.picked.with_untracked(Picked::is_empty)
                    && self.scroll_top.get_untracked() < 1.0))
    }

    /// Shows what is wanted now.
    pub(crate) fn reload(self) {
        spawn(self.load_now(false));
    }

    /// Shows the list of now, from the row that is drawn first. Quietly: what is shown stays until as much has been
    /// found again.
    async fn load_now(self, quietly: bool) {
        let generation = self.generation.try_update_value(|generation| {
            *generation += 1;
            *generation
        });
        self.awaited.update_value(Vec::clear);
        self.is_loading.set(true);
        self.is_searching.set(false);
        self.search.is_stopped.set(false);
        self.taken_millis.set(0);
        let mut search = self.search.now();
        let (sort, columns) = (self.search.sort.get_untracked(), self.search.columns.get_untracked());
        let mut first = self.drawn.with_untracked(|drawn| drawn.start) / BLOCK * BLOCK;
        let loaded = loop {
            let request = TracesRequest { search: search.clone(), sort, columns: columns.clone(), first, count: BLOCK };
            let answer = self.ask(request).await;
            if generation != self.generation.try_get_value() {
                return;
            }
            let page = match answer {
                Ok(page) => page,
                Err(error) => break Err(error),
            };
            search.as_of = Some(page.as_of);
            let is_done = page.progress.is_over || page.progress.is_full;
            let shown = self.rows.with_untracked(|rows| rows.as_ref().map_or(0, |rows| rows.matching));
            if page.rows.is_empty() && page.matching > 0 && first > 0 {
                // The list has become shorter than it is scrolled.
                first = 0;
            } else if !quietly
                || is_done
                || self.search.is_stopped.get_untracked()
                || page.matching >= shown.min(u64::from(BLOCK))
            {
                break Ok(page);
            }
        };
        self.is_loading.set(false);
        match loaded {
            Ok(page) => {
                let rows = Rows::of(page, search, sort, columns);
                self.selected.update(|selected| {
                    *selected = selected.and_then(|(_, id)| rows.position(id).map(|index| (index, id)));
                });
                self.moment.set(Some(rows.search.clone()));
                self.rows.set(Some(rows));
                self.search_on(false);
            }
            Err(error) => self.fail(error),
        }
    }

    /// Says what is wrong: with the search below its box, with anything else above the screen.
    fn fail(self, error: ApiError) {
        if error.code == ErrorCode::Malformed {
            let at = self.search.text.with_untracked(|text| 0..text.chars().count());
            self.search.problem.set(Some(Diagnostic { at, sentence: error.sentence }));
        } else {
            self.app.fail(error.sentence);
        }
    }

    /// Has the search go on as far as the rows that are drawn need it, or to its end.
    pub(crate) fn search_on(self, to_its_end: bool) {
        if self.is_searching.get_untracked() {
            return;
        }
        let wants = move |rows: &Rows| {
            let drawn = self.drawn.get_untracked();
            let goes_on =
                !self.search.is_stopped.get_untracked() && rows.is_partial() && (to_its_end || rows.wants_more(&drawn));
            goes_on.then(|| rows.next_block(&drawn))
        };
        let next = move || self.rows.with_untracked(|rows| rows.as_ref().and_then(wants));
        if next().is_none() {
            return;
        }
        self.is_searching.set(true);
        spawn(async move {
            let generation = self.generation.try_get_value();
            while let Some((first, request)) = next().and_then(|first| Some((first, self.request(first, BLOCK)?))) {
                let answer = self.ask(request).await;
                if generation != self.generation.try_get_value() {
                    return;
                }
                match answer {
                    Ok(page) => {
                        self.awaited.update_value(|awaited| awaited.retain(|other| *other != first));
                        self.add(page);
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

    /// Has the search stop where it is.
    pub(crate) fn stop(self) {
        self.search.is_stopped.set(true);
    }

    /// Has a search that was stopped, or has found enough, go on to its end.
    pub(crate) fn search_further(self) {
        self.search.is_stopped.set(false);
        self.search.resumed.update(|resumed| *resumed = resumed.wrapping_add(1));
        self.search_on(true);
    }

    fn add(self, page: TracePage) {
        self.rows.update(|rows| {
            if let Some(rows) = rows {
                rows.add(page);
                rows.keep_near(self.drawn.get_untracked());
            }
        });
    }

    /// Has the blocks of these rows fetched, as of the moment that is shown.
    pub(crate) fn fetch(self, wanted: Range<u32>) {
        let missing =
            self.rows.with_untracked(|rows| rows.as_ref().map(|rows| rows.missing(wanted)).unwrap_or_default());
        for first in missing {
            if !self.awaited.with_value(|awaited| awaited.contains(&first)) {
                self.awaited.update_value(|awaited| awaited.push(first));
                spawn(self.load_block(first));
            }
        }
        self.search_on(false);
    }

    async fn load_block(self, first: u32) {
        let generation = self.generation.try_get_value();
        let Some(request) = self.request(first, BLOCK) else { return };
        let answer = self.ask(request).await;
        if generation != self.generation.try_get_value() {
            return;
        }
        self.awaited.update_value(|awaited| awaited.retain(|other| *other != first));
        match answer {
            Ok(page) => self.add(page),
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
                // What narrows is costly to search again: only where there is something new.
                let is_narrow = self.rows.with_untracked(|rows| {
                    rows.as_ref().is_some_and(|rows| !rows.search.query.is_empty() && rows.matching > 0)
                });
                if is_narrow || !self.is_at_rest() {
                    self.count_newer().await;
                }
                if self.is_at_rest() && (!is_narrow || self.newer() > 0) {
                    self.load_now(true).await;
                }
                if self.has_more_arrived.try_get_value() != Some(true) {
                    break;
                }
            }
            self.is_catching_up.set_value(false);
        });
    }

    /// Shows that a trace is kept for ever, or no longer.
    pub(crate) fn note_pin(self, trace_id: TraceId, is_pinned: bool) {
        let has_it =
            self.rows.with_untracked(|rows| rows.as_ref().is_some_and(|rows| rows.position(trace_id).is_some()));
        if has_it {
            self.rows.update(|rows| {
                if let Some(rows) = rows {
                    rows.note_pin(trace_id, is_pinned);
                }
            });
        }
    }

    /// Keeps traces for ever; where all of them are so already, lets them go with their age again.
    pub(crate) fn toggle_pins(self, traces: Vec<TraceId>) {
        let is_pinned = !self.are_pinned(&traces);
        spawn(async move {
            for trace_id in traces {
                // That it is done comes as an event, to whoever shows the trace.
                if let Err(error) = transport::call(Call::Pin { trace_id, is_pinned }).await {
                    self.app.fail(error.sentence);
                }
            }
        });
    }

    /// Whether all of these are known to be kept for ever, followed.
    pub(crate) fn are_pinned(self, traces: &[TraceId]) -> bool {
        let is_pinned = |rows: &Rows, trace_id| {
            let row = rows.position(trace_id).and_then(|index| rows.get(index));
            row.is_some_and(|row| row.is_pinned)
        };
        self.rows
            .with(|rows| rows.as_ref().is_some_and(|rows| traces.iter().all(|trace_id| is_pinned(rows, *trace_id))))
    }

    async fn count_newer(self) {
        let generation = self.generation.try_get_value();
        let Some(request) = self.request(0, 0) else { return };
        match ask(request).await {
            Ok(page) if generation == self.generation.try_get_value() => self.rows.update(|rows| {
                if let Some(rows) = rows {
                    (rows.newer, rows.stored) = (page.newer, page.stored);
                }
            }),
            Ok(_) => {}
            Err(error) => self.app.fail(error.sentence),
        }
    }

    async fn ask(self, request: TracesRequest) -> Result<TracePage, ApiError> {
        let before = now_unix_nano();
        let answer = ask(request).await;
        let millis = now_unix_nano().saturating_sub(before) / 1_000_000;
        self.taken_millis.update(|taken| *taken += millis);
        answer
    }

    /// Rows of the moment that is shown.
    fn request(self, first: u32, count: u32) -> Option<TracesRequest> {
        self.rows.with_untracked(|rows| {
            let rows = rows.as_ref()?;
            let (search, columns) = (rows.search.clone(), rows.columns.clone());
            Some(TracesRequest { search, sort: rows.sort, columns, first, count })
        })
    }
}

async fn ask(request: TracesRequest) -> Result<TracePage, ApiError> {
    match transport::call(Call::Traces(request)).await? {
        Reply::Traces(page) => Ok(page),
        _ => Err(ApiError::new(ErrorCode::Internal, "the list of traces was answered with something else")),
    }
}
