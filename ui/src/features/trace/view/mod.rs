//! The state of an open trace: what is known of it, what is shown, what is selected; and the calls
//! that change it. Every other part of the screen reads and steers this.

mod motion;
mod selection;

use std::{sync::Arc, time::Duration};

use api::{ApiError, Call, ErrorCode, FoldChange, Found, OpenedTrace, Reply, Row, SpanDetail, ViewportRequest};
use model::{SpanId, TraceId};

use super::{
    bars::{Layers, ROW},
    scale::{Range, Scale},
    window::{Answered, Drawn, Needed},
};
use crate::{
    dom::{NodeRef, after, device_pixel_ratio},
    reactive::{Memo, RwSignal, StoredValue},
    spawn,
    state::{AppState, remembered, use_app},
    transport,
};

/// A span that is selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Selected {
    /// Its index in the view.
    pub(crate) node: u32,
    /// Its row.
    pub(crate) row: u32,
    /// Its id, once it is known.
    pub(crate) span_id: Option<SpanId>,
}

/// What the search in the trace has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hits {
    /// Nothing was searched for.
    None,
    /// There is none.
    Nothing,
    /// This one of so many.
    Of(u32, u32),
}

/// What the panel shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Detail {
    /// Nothing has come yet.
    Loading,
    /// A span.
    Span(Arc<SpanDetail>),
    /// A span that has not arrived.
    Missing {
        /// Its id.
        span_id: SpanId,
        /// How many spans name it as their parent.
        children: u32,
    },
    /// The service could not say.
    Failed(String),
}

/// The state of the screen; a handful of handles: copy it.
#[derive(Clone, Copy)]
pub(crate) struct TraceView {
    /// The application.
    pub(crate) app: AppState,
    /// The trace.
    pub(crate) trace_id: TraceId,
    /// What is known of the trace; `None` until it is assembled.
    pub(crate) head: RwSignal<Option<Arc<OpenedTrace>>>,
    /// Why the trace cannot be shown.
    pub(crate) failure: RwSignal<Option<ApiError>>,
    /// The rows that have come.
    pub(crate) rows: RwSignal<Option<Arc<Answered>>>,
    /// Whether rows are asked for.
    pub(crate) is_waiting: RwSignal<bool>,
    /// What stretch of time is shown.
    pub(crate) range: RwSignal<Range>,
    /// Width of the column of the tree, CSS pixels.
    pub(crate) tree_width: RwSignal<f64>,
    /// Width of the lane, CSS pixels.
    pub(crate) lane_width: RwSignal<f64>,
    /// Height of the visible rows, CSS pixels.
    pub(crate) height: RwSignal<f64>,
    /// How far the rows are scrolled, CSS pixels.
    pub(crate) top: RwSignal<f64>,
    /// The rows in the page.
    pub(crate) drawn: Memo<Drawn>,
    /// The element that scrolls the rows.
    pub(crate) scroller: NodeRef,
    /// The selected span.
    pub(crate) selected: RwSignal<Option<Selected>>,
    /// Everything about it.
    pub(crate) detail: RwSignal<Detail>,
    /// Whether the panel is open.
    pub(crate) is_panel_open: RwSignal<bool>,
    /// The text that is searched for.
    pub(crate) needle: RwSignal<String>,
    /// What the search found.
    pub(crate) hits: RwSignal<Hits>,
    /// Which error the last jump led to, and of how many.
    pub(crate) error_at: RwSignal<Option<(u32, u32)>>,
    /// Which layers are shown.
    pub(crate) layers: RwSignal<Layers>,
    /// The row under the pointer and where the pointer is in the lane, CSS pixels.
    pub(crate) pointer: RwSignal<Option<f64>>,
    last_asked: StoredValue<Option<(ViewportRequest, u64)>>,
    /// A row to select as soon as it has come.
    awaited_row: StoredValue<Option<u32>>,
    /// Whether the selected span is to be brought into the visible time when its times are known.
    brings_into_time: StoredValue<bool>,
    is_refreshing: StoredValue<bool>,
    is_stale: StoredValue<bool>,
    /// Counts zooms, so that a newer one stops an older one's motion.
    motion: StoredValue<u32>,
}

impl TraceView {
    /// The state of a trace that is about to be opened.
    pub(crate) fn new(trace_id: TraceId) -> Self {
        let head: RwSignal<Option<Arc<OpenedTrace>>> = RwSignal::new(None);
        let height = RwSignal::new(0.0);
        let top = RwSignal::new(0.0);
        let drawn = Memo::new(move || {
            let row_count = head.get().map_or(0, |head| head.row_count);
            Drawn::of(top.get() / ROW, height.get() / ROW, row_count)
        });
        Self {
            app: use_app(),
            trace_id,
            head,
            failure: RwSignal::new(None),
            rows: RwSignal::new(None),
            is_waiting: RwSignal::new(false),
            range: RwSignal::new(Range::whole(0)),
            tree_width: RwSignal::new(0.0),
            lane_width: RwSignal::new(0.0),
            height,
            top,
            drawn,
            scroller: NodeRef::new(),
            selected: RwSignal::new(None),
            detail: RwSignal::new(Detail::Loading),
            is_panel_open: RwSignal::new(remembered::is_on("trace.panel", true)),
            needle: RwSignal::new(String::new()),
            hits: RwSignal::new(Hits::None),
            error_at: RwSignal::new(None),
            layers: RwSignal::new(Layers {
                has_self_time: remembered::is_on("trace.self", true),
                has_critical_path: remembered::is_on("trace.critical", true),
            }),
            pointer: RwSignal::new(None),
            last_asked: StoredValue::new(None),
            awaited_row: StoredValue::new(None),
            brings_into_time: StoredValue::new(false),
            is_refreshing: StoredValue::new(false),
            is_stale: StoredValue::new(false),
            motion: StoredValue::new(0),
        }
    }

    /// Whether the screen is gone while an answer was under way.
    fn is_gone(self) -> bool {
        self.range.is_disposed()
    }

    /// What is known of the trace, untracked.
    pub(crate) fn known(self) -> Option<Arc<OpenedTrace>> {
        self.head.get_untracked()
    }

    /// The whole trace's stretch of time.
    pub(crate) fn whole(self) -> Range {
        Range::whole(self.known().map_or(0, |head| head.duration_nanos))
    }

    /// Time and width of the lane; tracked.
    pub(crate) fn scale(self) -> Scale {
        Scale { range: self.range.get(), width: self.lane_width.get().max(1.0) }
    }

    /// A row that has come, untracked.
    pub(crate) fn row(self, index: u32) -> Option<Row> {
        self.rows.get_untracked()?.row(index).cloned()
    }

    // ---- opening and refreshing

    /// Opens the trace and selects a span, else the first row.
    pub(crate) fn open(self, span: Option<SpanId>) {
        spawn(async move {
            let answer = transport::call(Call::OpenTrace { trace_id: self.trace_id }).await;
            match answer {
                Ok(Reply::Opened(head)) if self.is_gone() => {
                    // Nobody looks any more; an error about it would concern nobody.
                    let _ = transport::call(Call::CloseView { view: head.view }).await;
                }
                _ if self.is_gone() => {}
                Ok(Reply::Opened(head)) => {
                    self.failure.set(None);
                    self.last_asked.set_value(None);
                    self.range.set(Range::whole(head.duration_nanos));
                    let view = head.view;
                    self.head.set(Some(Arc::new(head)));
                    match span {
                        Some(span_id) => self.go_to(Call::RevealSpan { view, span_id }, |_| {}),
                        None => self.select_row(0),
                    }
                }
                Ok(_) => {}
                Err(error) => self.failure.set(Some(error)),
            }
        });
    }

    /// Whether the trace is kept for ever; followed.
    pub(crate) fn is_pinned(self) -> bool {
        self.head.with(|head| head.as_ref().is_some_and(|head| head.is_pinned))
    }

    /// Keeps the trace for ever, or lets it go with its age again.
    pub(crate) fn toggle_pin(self) {
        let Some(head) = self.known() else { return };
        let (trace_id, is_pinned) = (self.trace_id, !head.is_pinned);
        spawn(async move {
            match transport::call(Call::Pin { trace_id, is_pinned }).await {
                // That it is done comes as an event.
                Ok(_) => {}
                Err(error) => self.app.fail(error.sentence),
            }
        });
    }

    /// Shows that the trace is kept for ever, or no longer.
    pub(crate) fn note_pin(self, is_pinned: bool) {
        self.head.update(|head| {
            if let Some(head) = head {
                Arc::make_mut(head).is_pinned = is_pinned;
            }
        });
    }

    /// Forgets the trace.
    pub(crate) fn close(self) {
        if let Some(head) = self.head.try_get_untracked().flatten() {
            spawn(async move {
                // A view that is gone already is as good as closed.
                let _ = transport::call(Call::CloseView { view: head.view }).await;
            });
        }
    }

    /// Reads what has arrived since; at most a few times a second, however often it is called.
    pub(crate) fn refresh(self) {
        self.is_stale.set_value(true);
        if self.is_refreshing.get_value() || self.known().is_none() {
            return;
        }
        self.is_refreshing.set_value(true);
        let again = move || {
            spawn(async move {
                if self.is_gone() {
                    return;
                }
                self.is_stale.set_value(false);
                self.refresh_now().await;
                if self.is_gone() {
                    return;
                }
                self.is_refreshing.set_value(false);
                if self.is_stale.get_value() {
                    self.refresh();
                }
            });
        };
        after(Duration::from_millis(250), again).forget();
    }

    async fn refresh_now(self) {
        let Some(old) = self.known() else { return };
        let was_whole = self.range.get_untracked() == self.whole();
        let answer = transport::call(Call::RefreshView { view: old.view }).await;
        if self.is_gone() {
            return;
        }
        let head = match answer {
            Ok(Reply::Opened(head)) => head,
            Ok(_) => return,
            Err(error) => return self.fail(error),
        };
        if head.revision == old.revision {
            return;
        }
        let view = head.view;
        // What is being read stays where it is: the selected row if it is visible, else the first.
        let top = self.top.get_untracked();
        let selected = self.selected.get_untracked();
        let is_visible = |row: u32| {
            let y = f64::from(row) * ROW;
            y + ROW > top && y < top + self.height.get_untracked()
        };
        let first = (top / ROW).ceil() as u32;
        let anchor = match selected {
            Some(Selected { row, span_id: Some(span_id), .. }) if is_visible(row) => Some((row, span_id)),
            _ => self.row(first).map(|row| (first, row.span_id)),
        };
        let found_selected = match selected.and_then(|selected| selected.span_id) {
            Some(span_id) => self.find(Call::RevealSpan { view, span_id }).await,
            None => None,
        };
        let found_anchor = match anchor {
            Some((_, span_id)) if selected.is_some_and(|selected| selected.span_id == Some(span_id)) => found_selected,
            Some((_, span_id)) if top > 0.0 => self.find(Call::RevealSpan { view, span_id }).await,
            _ => None,
        };
        if self.is_gone() {
            return;
        }
        let whole = Range::whole(head.duration_nanos);
        self.head.set(Some(Arc::new(head)));
        for found in [found_selected, found_anchor].into_iter().flatten() {
            self.note(&found);
        }
        if was_whole {
            self.range.set(whole);
        }
        if let (Some(found), Some(mut selected)) = (found_selected, selected) {
            selected.node = found.node;
            selected.row = found.row;
            self.selected.set(Some(selected));
            self.load_detail();
        }
        if let (Some((row, _)), Some(found)) = (anchor, found_anchor)
            && top > 0.0
            && row != found.row
        {
            self.scroll_to(top + (f64::from(found.row) - f64::from(row)) * ROW);
        }
    }

    /// A call that looks for a row, with failures told.
    async fn find(self, call: Call) -> Option<Found> {
        let answer = transport::call(call).await;
        if self.is_gone() {
            return None;
        }
        match answer {
            Ok(Reply::Found(found)) => found,
            Ok(_) => None,
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    /// Takes over that rows have unfolded.
    fn note(self, found: &Found) {
        let Some(head) = self.known() else { return };
        if head.revision < found.revision || head.row_count != found.row_count {
            let mut head = (*head).clone();
            head.revision = found.revision;
            head.row_count = found.row_count;
            self.head.set(Some(Arc::new(head)));
        }
    }

    /// A view that is gone is opened again; anything else is said.
    fn fail(self, error: ApiError) {
        if error.code == ErrorCode::ViewGone {
            let span = self.selected.get_untracked().and_then(|selected| selected.span_id);
            self.open(span);
        } else {
            self.app.fail(error.sentence);
        }
    }

    // ---- rows

    fn needed(self) -> Option<Needed> {
        let head = self.known()?;
        let width = self.lane_width.get_untracked();
        let drawn = self.drawn.get_untracked();
        let is_measured = width >= 1.0 && self.height.get_untracked() >= ROW;
        (is_measured && drawn.count() > 0).then(|| Needed {
            view: head.view,
            revision: head.revision,
            row_count: head.row_count,
            drawn,
            scale: Scale { range: self.range.get_untracked(), width },
            ratio: device_pixel_ratio(),
            whole: Range::whole(head.duration_nanos),
        })
    }

    /// Asks for the rows that are needed and not there, one question at a time: what is wanted when
    /// an answer comes is what is asked for next.
    pub(crate) fn ask(self) {
        if self.is_waiting.get_untracked() {
            return;
        }
        let Some(needed) = self.needed() else { return };
        let has = self.rows.get_untracked().is_some_and(|rows| rows.serves(&needed));
        let request = needed.request();
        // An answer that does not serve is not asked for twice.
        if has || self.last_asked.get_value() == Some((request, needed.revision)) {
            return;
        }
        self.last_asked.set_value(Some((request, needed.revision)));
        self.is_waiting.set(true);
        spawn(async move {
            let answer = transport::call(Call::Viewport(request)).await;
            if self.is_gone() {
                return;
            }
            self.is_waiting.set(false);
            match answer {
                Ok(Reply::Viewport(viewport)) => {
                    self.rows.set(Some(Arc::new(Answered { request, viewport })));
                    self.settle();
                }
                Ok(_) => {}
                Err(error) => self.fail(error),
            }
            self.ask();
        });
    }

    /// Takes from rows that have come what waited for them.
    fn settle(self) {
        if let Some(index) = self.awaited_row.get_value()
            && let Some(row) = self.row(index)
        {
            self.awaited_row.set_value(None);
            self.select(Selected { node: row.node, row: index, span_id: Some(row.span_id) });
            return;
        }
        let Some(mut selected) = self.selected.get_untracked() else { return };
        let revision = self.known().map(|head| head.revision);
        let rows = self.rows.get_untracked().filter(|rows| Some(rows.viewport.revision) == revision);
        let found = rows.as_ref().and_then(|rows| rows.row_of(selected.node)).map(|(index, row)| (index, row.span_id));
        if let Some((row, span_id)) = found
            && (selected.row != row || selected.span_id != Some(span_id))
        {
            selected.row = row;
            selected.span_id = Some(span_id);
            self.selected.set(Some(selected));
        }
    }

    /// Folds or unfolds; `at` is the row that is meant, for the selection to follow.
    pub(crate) fn fold(self, change: FoldChange, at: Option<u32>) {
        let Some(head) = self.known() else { return };
        spawn(async move {
            let answer = transport::call(Call::Fold { view: head.view, change }).await;
            if self.is_gone() {
                return;
            }
            let new = match answer {
                Ok(Reply::Opened(new)) => new,
                Ok(_) => return,
                Err(error) => return self.fail(error),
            };
            let (old_count, new_count) = (head.row_count, new.row_count);
            self.head.set(Some(Arc::new(new)));
            if let (Some(at), Some(mut selected)) = (at, self.selected.get_untracked())
                && selected.row > at
            {
                let folded = old_count.saturating_sub(new_count);
                if selected.row <= at.saturating_add(folded) {
                    return self.select_row(at);
                }
                selected.row = selected.row.saturating_sub(folded) + new_count.saturating_sub(old_count);
                self.selected.set(Some(selected));
            } else if at.is_none() {
                match (change, self.selected.get_untracked()) {
                    (FoldChange::ExpandAll, Some(selected)) => {
                        self.go_to(Call::Reveal { view: head.view, node: selected.node }, |_| {});
                    }
                    (FoldChange::ToDepth(_), Some(_)) => self.select_row(0),
                    _ => {}
                }
            }
        });
    }
}
