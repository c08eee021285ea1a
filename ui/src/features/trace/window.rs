//! Which rows are asked for, which are drawn, and whether what has come still serves.

use api::{Row, ViewId, Viewport, ViewportRequest};

use super::scale::{Range, Scale};

/// Rows drawn beyond each edge, so that scrolling does not show blanks.
const OVERSCAN: u32 = 6;
/// At most so many rows are answered (see [`ViewportRequest::row_count`]).
const MOST_ROWS: u32 = 500;

/// The rows that are in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Drawn {
    /// Index of the first.
    pub(crate) first: u32,
    /// One past the last.
    pub(crate) end: u32,
}

impl Drawn {
    /// The rows to draw for a scroll position and height, both in rows. Moves in steps, so that most
    /// scrolling changes nothing.
    pub(crate) fn of(top: f64, height: f64, row_count: u32) -> Self {
        let top = (top.max(0.0) as u32).min(row_count);
        let first = (top / OVERSCAN * OVERSCAN).saturating_sub(OVERSCAN);
        let end = first.saturating_add(height.max(0.0).ceil() as u32).saturating_add(3 * OVERSCAN).min(row_count);
        Self { first, end }
    }

    /// How many.
    pub(crate) fn count(self) -> u32 {
        self.end.saturating_sub(self.first)
    }
}

/// What is on the screen and what it needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Needed {
    /// The view.
    pub(crate) view: ViewId,
    /// Its revision.
    pub(crate) revision: u64,
    /// Rows that it has.
    pub(crate) row_count: u32,
    /// Rows to draw.
    pub(crate) drawn: Drawn,
    /// Time and width.
    pub(crate) scale: Scale,
    /// Device pixels of a CSS pixel.
    pub(crate) ratio: f64,
    /// The whole trace.
    pub(crate) whole: Range,
}

impl Needed {
    /// Nanoseconds of a pixel, rounded down to a power of two: zooming within it asks for nothing.
    fn resolution(&self) -> f64 {
        (self.scale.nanos_per_pixel() / self.ratio.max(0.5)).max(1e-3).log2().floor().exp2()
    }

    /// About three times what is visible, in rows and in time.
    pub(crate) fn request(&self) -> ViewportRequest {
        let count = self.drawn.count();
        let row_count = count.saturating_mul(3).clamp(1, MOST_ROWS.max(count));
        let before = row_count.saturating_sub(count) / 2;
        let first_row = self.drawn.first.saturating_sub(before).min(self.row_count.saturating_sub(row_count));
        let nanos = self.scale.range.nanos();
        let from = self.scale.range.from.saturating_sub(nanos).max(self.whole.from);
        let to = self.scale.range.to.saturating_add(nanos).min(self.whole.to).max(from + 1);
        let pixels = (to.saturating_sub(from) as f64 / self.resolution()).ceil().clamp(1.0, 65_536.0);
        ViewportRequest {
            view: self.view,
            first_row,
            row_count,
            from_offset_nanos: from,
            to_offset_nanos: to,
            pixels: pixels as u32,
        }
    }
}

/// A viewport and what was asked for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answered {
    /// The question.
    pub(crate) request: ViewportRequest,
    /// The answer.
    pub(crate) viewport: Viewport,
}

impl Answered {
    /// A row by its index.
    pub(crate) fn row(&self, index: u32) -> Option<&Row> {
        self.viewport.rows.get(index.checked_sub(self.viewport.first_row)? as usize)
    }

    /// A row by its span's index in the view, with its index.
    pub(crate) fn row_of(&self, node: u32) -> Option<(u32, &Row)> {
        let at = self.viewport.rows.iter().position(|row| row.node == node)?;
        Some((self.viewport.first_row + at as u32, self.viewport.rows.get(at)?))
    }

    /// Whether it shows what is needed, as finely as needed and not over four times finer.
    pub(crate) fn serves(&self, needed: &Needed) -> bool {
        let (first, end) = (self.viewport.first_row, self.viewport.first_row + self.viewport.rows.len() as u32);
        let drawn = needed.drawn;
        let has_rows = first <= drawn.first && drawn.end <= end;
        let asked = Range { from: self.request.from_offset_nanos, to: self.request.to_offset_nanos };
        let has_time = asked.covers(Range {
            from: needed.scale.range.from.max(needed.whole.from),
            to: needed.scale.range.to.min(needed.whole.to),
        });
        let resolution = asked.nanos() as f64 / f64::from(self.request.pixels.max(1));
        let fineness = needed.resolution() / resolution.max(1e-9);
        self.viewport.revision == needed.revision && has_rows && has_time && (0.9..5.0).contains(&fineness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn needed(top: f64, row_count: u32, from: i64, to: i64) -> Needed {
        Needed {
            view: ViewId(1),
            revision: 7,
            row_count,
            drawn: Drawn::of(top, 36.0, row_count),
            scale: Scale { range: Range { from, to }, width: 600.0 },
            ratio: 1.0,
            whole: Range { from: 0, to: 1_000 * MS },
        }
    }

    fn answer(needed: &Needed) -> Answered {
        let request = needed.request();
        let missing = api::Row {
            node: 0,
            kind: api::RowKind::Missing,
            span_id: model::SpanId::ZERO,
            depth: 0,
            service: None,
            names_service: false,
            name: api::Text::default(),
            span_kind: model::SpanKind::UNSPECIFIED,
            icon: api::SpanIcon::None,
            child_count: 0,
            is_expanded: false,
            hidden_count: 0,
            start_offset_nanos: 0,
            duration_nanos: 0,
            self_intervals: Vec::new(),
            critical_intervals: Vec::new(),
            is_error: false,
            error_text: String::new(),
            errors_below: 0,
            note: String::new(),
            events: Vec::new(),
            logs: Vec::new(),
            oddities: Vec::new(),
        };
        let count = request.row_count.min(needed.row_count - request.first_row);
        Answered {
            request,
            viewport: Viewport {
                revision: 7,
                row_count: needed.row_count,
                first_row: request.first_row,
                rows: vec![missing; count as usize],
            },
        }
    }

    #[test]
    fn an_answer_serves_its_own_question() {
        for top in [0.0, 17.0, 500.0, 963.0, 1_000.0] {
            for row_count in [1, 30, 1_000, 1_000_000] {
                let top = f64::min(top, f64::from(row_count));
                for (from, to) in [(0, 1_000 * MS), (-3 * MS, 1_010 * MS), (400 * MS, 401 * MS), (500, 600)] {
                    let needed = needed(top, row_count, from, to);
                    assert!(answer(&needed).serves(&needed), "{needed:?}");
                }
            }
        }
    }

    #[test]
    fn small_moves_ask_for_nothing_and_large_ones_do() {
        let answer = answer(&needed(500.0, 1_000, 400 * MS, 500 * MS));
        assert!(answer.serves(&needed(530.0, 1_000, 400 * MS, 500 * MS)));
        assert!(answer.serves(&needed(500.0, 1_000, 450 * MS, 550 * MS)));
        assert!(!answer.serves(&needed(700.0, 1_000, 400 * MS, 500 * MS)));
        assert!(!answer.serves(&needed(500.0, 1_000, 700 * MS, 800 * MS)));
        assert!(!answer.serves(&needed(500.0, 1_000, 440 * MS, 450 * MS)));
        assert!(!answer.serves(&Needed { revision: 8, ..needed(500.0, 1_000, 400 * MS, 500 * MS) }));
    }
}
