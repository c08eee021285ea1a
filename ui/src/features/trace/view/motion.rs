//! Scrolling, zooming and panning.

use super::{
    super::{bars::ROW, scale::Range},
    Detail, TraceView,
};
use crate::dom::{before_paint, token};

impl TraceView {
    pub(super) fn scroll_to(self, top: f64) {
        if let Some(scroller) = self.scroller.get_untracked() {
            // The height must be there before the position can be: after the page has changed.
            before_paint(move || {
                scroller.set_scroll_top(top.max(0.0) as i32);
            });
        }
    }

    pub(super) fn scroll_to_row(self, row: u32) {
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

    pub(super) fn bring_into_time(self) {
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

fn now_millis() -> f64 {
    js_sys::Date::now()
}

/// How long a zoom takes, from the token, which is 0 where less motion is wanted.
fn motion_millis() -> f64 {
    let value = token("--slow").unwrap_or_default();
    value.trim().strip_suffix("ms").and_then(|millis| millis.parse::<u16>().ok()).map_or(0.0, f64::from)
}
