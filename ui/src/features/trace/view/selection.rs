//! Selecting spans, and what the panel shows of the one that is selected.

use std::sync::Arc;

use api::{Call, ErrorCode, Found, Reply, RowKind};

use super::{Detail, Selected, TraceView};
use crate::{spawn, state::remembered, transport};

impl TraceView {
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
        remembered::write_on("trace.panel", is_open);
        if is_open {
            self.load_detail();
        }
    }
}
