//! The state of an open trace: what is known of it, what is shown, what is selected; and the calls
//! that change it. Every other part of the screen reads and steers this.

use std::{sync::Arc, time::Duration};

use api::{
    ApiError, Call, ErrorCode, FoldChange, Found, OpenedTrace, Reply, Row, RowKind, SpanDetail, ViewportRequest,
};
use model::{SpanId, TraceId};

use super::{
    bars::{Layers, ROW},
    remembered,
    scale::{Range, Scale},
    window::{Answered, Drawn, Needed},
};
use crate::{
    dom::{NodeRef, after, before_paint},
    reactive::{Memo, RwSignal, StoredValue},
    spawn,
    state::{AppState, use_app},
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
            is_panel_open: RwSignal::new(remembered::is_on("panel", true)),
            needle: RwSignal::new(String::new()),
            hits: RwSignal::new(Hits::None),
            error_at: RwSignal::new(None),
            layers: RwSignal::new(Layers {
                has_self_time: remembered::is_on("self", true),
                has_critical_path: remembered::is_on("critical", true),
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
                Ok(_) => {
                    self.head.try_update(|head| {
                        if let Some(head) = head {
                            Arc::make_mut(head).is_pinned = is_pinned;
                        }
                    });
                }
                Err(error) => self.app.fail(error.sentence),
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

    // ---- selection

    /// Selects a span and shows it.
    pub(crate) fn select(self, selected: Selected) {
        let is_other = self.selected.get_untracked().is_none_or(|old| old.node != selected.node);
        self.awaited_row.set_value(None);
        self.selected.set(Some(selected));
        self.scroll_to_row(selected.row);
        if is_other {
            self.load_detail();
        }
    }

    /// Selects what stands in a row, now or when it has come.
    pub(crate) fn select_row(self, index: u32) {
        let last = self.known().map_or(0, |head| head.row_count.saturating_sub(1));
        let index = index.min(last);
        let revision = self.known().map(|head| head.revision);
        let rows = self.rows.get_untracked().filter(|rows| Some(rows.viewport.revision) == revision);
        let row = rows.as_ref().and_then(|rows| rows.row(index)).map(|row| (row.node, row.span_id));
        match row {
            Some((node, span_id)) => self.select(Selected { node, row: index, span_id: Some(span_id) }),
            None => {
                self.awaited_row.set_value(Some(index));
                self.scroll_to_row(index);
                self.ask();
            }
        }
    }

    /// Moves the selection by rows.
    pub(crate) fn step(self, rows: i64) {
        let from = self.awaited_row.get_value().or(self.selected.get_untracked().map(|selected| selected.row));
        let to = from.map_or(0, |from| (i64::from(from) + rows).clamp(0, i64::from(u32::MAX)));
        self.select_row(u32::try_from(to).unwrap_or(u32::MAX));
    }

    /// Selects the parent of the selected span.
    pub(crate) fn step_to_parent(self) {
        let Some(selected) = self.selected.get_untracked() else { return };
        let rows = self.rows.get_untracked();
        let parent = rows.as_ref().and_then(|rows| {
            let depth = rows.row(selected.row)?.depth;
            let above = (0..selected.row).rev().map_while(|index| rows.row(index).map(|row| (index, row)));
            let (index, row) = above.into_iter().find(|(_, row)| row.depth < depth)?;
            Some(Selected { node: row.node, row: index, span_id: Some(row.span_id) })
        });
        if let Some(parent) = parent {
            return self.select(parent);
        }
        let Detail::Span(detail) = self.detail.get_untracked() else { return };
        if let (Some(node), Some(head)) = (detail.parent_node, self.known()) {
            self.go_to(Call::Reveal { view: head.view, node }, |_| {});
        }
    }

    /// Looks for a row, selects it and brings it into view, in rows and in time.
    pub(crate) fn go_to(self, call: Call, and_then: impl FnOnce(Option<Found>) + 'static) {
        spawn(async move {
            let found = self.find(call).await;
            if self.is_gone() {
                return;
            }
            if let Some(found) = found {
                self.note(&found);
                self.brings_into_time.set_value(true);
                let rows = self.rows.get_untracked().filter(|rows| rows.viewport.revision == found.revision);
                let span_id = rows.as_ref().and_then(|rows| rows.row_of(found.node)).map(|(_, row)| row.span_id);
                let is_same = self.selected.get_untracked().is_some_and(|old| old.node == found.node);
                self.select(Selected { node: found.node, row: found.row, span_id });
                if is_same {
                    self.bring_into_time();
                }
            }
            and_then(found);
        });
    }

    /// Everything about the selected span; of several questions the newest counts.
    pub(crate) fn load_detail(self) {
        let (Some(head), Some(selected)) = (self.known(), self.selected.get_untracked()) else { return };
        if !self.is_panel_open.get_untracked() {
            return;
        }
        spawn(async move {
            let answer = transport::call(Call::Span { view: head.view, node: selected.node }).await;
            if self.is_gone() || self.selected.get_untracked().is_none_or(|now| now.node != selected.node) {
                return;
            }
            match answer {
                Ok(Reply::Span(detail)) => {
                    if let Some(mut now) = self.selected.get_untracked()
                        && now.span_id.is_none()
                    {
                        now.span_id = Some(detail.span_id);
                        self.selected.set(Some(now));
                    }
                    self.detail.set(Detail::Span(Arc::from(detail)));
                    self.bring_into_time();
                }
                Ok(_) => {}
                Err(error) if error.code == ErrorCode::ViewGone => self.fail(error),
                Err(error) => self.detail.set(match self.row(selected.row) {
                    Some(row) if row.kind == RowKind::Missing => {
                        Detail::Missing { span_id: row.span_id, children: row.child_count }
                    }
                    _ => Detail::Failed(error.sentence),
                }),
            }
        });
    }

    /// Opens or closes the panel.
    pub(crate) fn show_panel(self, is_open: bool) {
        self.is_panel_open.set(is_open);
        remembered::write_on("panel", is_open);
        if is_open {
            self.load_detail();
        }
    }

    // ---- scrolling and zooming

    fn scroll_to(self, top: f64) {
        if let Some(scroller) = self.scroller.get_untracked() {
            // The height must be there before the position can be: after the page has changed.
            before_paint(move || {
                scroller.set_scroll_top(top.max(0.0) as i32);
            });
        }
    }

    fn scroll_to_row(self, row: u32) {
        let (top, height) = (self.top.get_untracked(), self.height.get_untracked());
        let y = f64::from(row) * ROW;
        if height < ROW || (y >= top && y + ROW <= top + height) {
            return;
        }
        let is_near = y >= top - 2.0 * ROW && y + ROW <= top + height + 2.0 * ROW;
        self.scroll_to(match is_near {
            true if y < top => y,
            true => y + ROW - height,
            false => y - (height - ROW) / 2.0,
        });
    }

    fn bring_into_time(self) {
        let Detail::Span(detail) = self.detail.get_untracked() else { return };
        if !self.brings_into_time.get_value() {
            return;
        }
        self.brings_into_time.set_value(false);
        let range = self.range.get_untracked();
        let from = detail.start_offset_nanos;
        let to = from.saturating_add(i64::try_from(detail.duration_nanos).unwrap_or(i64::MAX));
        if to < range.from || from > range.to {
            self.zoom_to(range.moved(from.saturating_sub(range.from + range.nanos() / 4), self.whole()));
        }
    }

    /// Shows a stretch of time at once.
    pub(crate) fn show(self, range: Range) {
        self.motion.update_value(|motion| *motion = motion.wrapping_add(1));
        self.range.set(range);
    }

    /// Moves to a stretch of time; at once where less motion is wanted.
    pub(crate) fn zoom_to(self, range: Range) {
        self.show(self.range.get_untracked());
        let duration = motion_millis();
        if duration <= 0.0 {
            return self.range.set(range);
        }
        let motion = self.motion.get_value();
        let from = self.range.get_untracked();
        self.move_on(motion, from, range, now_millis(), duration);
    }

    fn move_on(self, motion: u32, from: Range, to: Range, began: f64, duration: f64) {
        before_paint(move || {
            if self.is_gone() || self.motion.get_value() != motion {
                return;
            }
            let share = ((now_millis() - began) / duration).clamp(0.0, 1.0);
            if share >= 1.0 {
                return self.range.set(to);
            }
            // Quick at first, then settling: about the curve of `--ease`.
            self.range.set(from.towards(to, 1.0 - (1.0 - share).powi(3)));
            self.move_on(motion, from, to, began, duration);
        });
    }

    /// Shows `factor` times as much time, around `share` of the width.
    pub(crate) fn zoom(self, factor: f64, share: f64) {
        self.show(self.range.get_untracked().zoomed(factor, share, self.whole()));
    }

    /// Moves by a share of what is shown.
    pub(crate) fn pan(self, share: f64) {
        let range = self.range.get_untracked();
        self.show(range.moved((range.nanos() as f64 * share) as i64, self.whole()));
    }

    /// Shows all of a span.
    pub(crate) fn zoom_to_row(self, index: u32) {
        if let Some(row) = self.row(index) {
            self.zoom_to(Range::around(row.start_offset_nanos, row.duration_nanos, self.whole()));
        }
    }
}

/// Device pixels of a CSS pixel.
pub(crate) fn device_pixel_ratio() -> f64 {
    web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(0.5, 8.0)
}

fn now_millis() -> f64 {
    js_sys::Date::now()
}

/// How long a zoom takes, from the token, which is 0 where less motion is wanted.
fn motion_millis() -> f64 {
    let value = super::palette::token("--slow").unwrap_or_default();
    value.trim().strip_suffix("ms").and_then(|millis| millis.parse::<u16>().ok()).map_or(0.0, f64::from)
}
