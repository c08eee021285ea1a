//! One row of the lane as shapes: where the bar, its parts, marks and label lie. Pure geometry in
//! CSS pixels, snapped to the device's, so that edges are crisp; `paint` only carries it out.

use api::{Interval, Row, RowKind};
use model::SeverityClass;

use super::{oddity, scale::Scale};
use crate::widgets::duration;

/// Height of a row.
pub(crate) const ROW: f64 = 20.0;
/// Where a bar begins in its row.
pub(crate) const BAR_TOP: f64 = 3.0;
/// Height of a bar.
pub(crate) const BAR_HEIGHT: f64 = 12.0;
const CRITICAL_TOP: f64 = 16.0;
const CRITICAL_HEIGHT: f64 = 2.0;
/// Baseline of a label.
pub(crate) const BASELINE: f64 = 12.75;
/// Half the diagonal of an event's diamond.
pub(crate) const DIAMOND: f64 = 4.25;

/// Colours by what they mean; the palette knows what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// A service at full strength, by its index.
    Service(u32),
    /// A service where its children work.
    Tint(u32),
    /// A label on a bar.
    OnBar,
    /// A label beside a bar.
    Beside,
    /// Marks: events.
    Mark,
    /// Log records that are no warning.
    Quiet,
    /// The background, as a halo.
    Ground,
    /// The critical path.
    Critical,
    /// The outline of what is missing.
    Missing,
    /// Errors.
    Error,
    /// Warnings, as a fill.
    WarningFill,
    /// Warnings, as text.
    Warning,
}

/// Something to draw. `y` counts from the top of the row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    /// A bar with its outline and the parts where the span itself works.
    Bar { left: f64, right: f64, fill: Ink, outline: Option<Ink>, parts: Vec<(f64, f64)>, ink: Ink },
    /// A dashed outline.
    Dashed { left: f64, right: f64 },
    /// A filled rectangle.
    Rect { left: f64, top: f64, width: f64, height: f64, ink: Ink },
    /// An event.
    Diamond { x: f64, ink: Ink },
    /// A text whose left end is at `x`.
    Text { x: f64, ink: Ink, text: String, is_strong: bool },
}

/// Which layers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layers {
    /// Self time apart from the children's.
    pub(crate) has_self_time: bool,
    /// The critical path.
    pub(crate) has_critical_path: bool,
}

/// What rows are laid out on.
pub(crate) struct Lane<'a> {
    /// Time and width.
    pub(crate) scale: Scale,
    /// Device pixels of a CSS pixel.
    pub(crate) ratio: f64,
    /// What is shown.
    pub(crate) layers: Layers,
    /// The width of a text: the text, and whether it is strong.
    pub(crate) measure: &'a mut dyn FnMut(&str, bool) -> f64,
}

impl Lane<'_> {
    /// Snapped to a device pixel.
    fn snap(&self, x: f64) -> f64 {
        (x * self.ratio).round() / self.ratio
    }

    /// A moment's pixel, snapped, and not far outside of the lane.
    fn x(&self, offset_nanos: i64) -> f64 {
        self.snap(self.scale.x(offset_nanos).clamp(-8.0, self.scale.width + 8.0))
    }

    fn ends(&self, interval: &Interval) -> (f64, f64) {
        (self.x(interval.from_offset_nanos), self.x(interval.to_offset_nanos))
    }

    /// Everything of one row, in drawing order.
    pub(crate) fn row(&mut self, row: &Row) -> Vec<Shape> {
        let mut shapes = Vec::new();
        let width = self.scale.width;
        let end = row.start_offset_nanos.saturating_add(i64::try_from(row.duration_nanos).unwrap_or(i64::MAX));
        let left = self.x(row.start_offset_nanos);
        // A bar is two pixels wide at least, so that no span is invisible.
        let right = self.x(end).max(left + 2.0);
        let is_left = self.scale.x(end) < 0.0;
        let is_right = self.scale.x(row.start_offset_nanos) > width;
        let is_inside = !is_left && !is_right;
        if is_inside {
            self.bar(row, left, right, &mut shapes);
        }
        if self.layers.has_critical_path {
            for interval in &row.critical_intervals {
                let (from, to) = self.ends(interval);
                if from < width && to > 0.0 {
                    shapes.push(Shape::Rect {
                        left: from,
                        top: CRITICAL_TOP,
                        width: (to - from).max(1.0),
                        height: CRITICAL_HEIGHT,
                        ink: Ink::Critical,
                    });
                }
            }
        }
        let diamonds = self.marks(row, &mut shapes);
        let arrow = |x: f64, text: &str, ink| Shape::Text { x, ink, text: text.to_owned(), is_strong: true };
        if is_inside {
            let on = if row.kind == RowKind::Missing { Ink::Beside } else { Ink::OnBar };
            if left < -1.0 {
                shapes.push(arrow(3.0, "‹", on));
            }
            if right > width + 1.0 {
                shapes.push(arrow(width - 8.0, "›", on));
            }
            self.label(row, left, right, &diamonds, &mut shapes);
        } else {
            let (error, plain) = self.texts(row);
            let error_width = if error.is_empty() { 0.0 } else { (self.measure)(&error, true) + 6.0 };
            let plain_width = (self.measure)(&plain, false);
            shapes.push(arrow(if is_left { 3.0 } else { width - 8.0 }, if is_left { "‹" } else { "›" }, Ink::Beside));
            let x = if is_left { 13.0 } else { width - 14.0 - error_width - plain_width };
            if !error.is_empty() {
                shapes.push(Shape::Text { x, ink: error_ink(row), text: error, is_strong: true });
            }
            if !plain.is_empty() {
                shapes.push(Shape::Text { x: x + error_width, ink: Ink::Beside, text: plain, is_strong: false });
            }
        }
        shapes
    }

    fn bar(&self, row: &Row, left: f64, right: f64, shapes: &mut Vec<Shape>) {
        let Some(service) = row.service.filter(|_| row.kind == RowKind::Span) else {
            shapes.push(Shape::Dashed { left, right: right.max(left + 8.0) });
            return;
        };
        let is_whole = !self.layers.has_self_time || row.child_count == 0;
        let parts = if is_whole {
            Vec::new()
        } else {
            let ends = row.self_intervals.iter().map(|interval| self.ends(interval));
            ends.map(|(from, to)| (from.max(left), to.max(from + 1.0).min(right))).filter(|(a, b)| a < b).collect()
        };
        let outline = if row.is_error { Some(Ink::Error) } else { (!is_whole).then_some(Ink::Service(service)) };
        shapes.push(Shape::Bar {
            left,
            right,
            fill: if is_whole { Ink::Service(service) } else { Ink::Tint(service) },
            outline,
            parts,
            ink: Ink::Service(service),
        });
        if oddity::beside_bar(&row.oddities).is_some() {
            // No length could show this: a mark on the hairline says that something is wrong.
            shapes.push(Shape::Rect { left: left - 1.0, top: 0.0, width: 4.0, height: 3.0, ink: Ink::WarningFill });
        }
    }

    /// Log ticks and events; where the diamonds are.
    fn marks(&self, row: &Row, shapes: &mut Vec<Shape>) -> Vec<f64> {
        let width = self.scale.width;
        let is_visible = |x: f64| (-DIAMOND..=width + DIAMOND).contains(&x);
        for mark in &row.logs {
            let x = self.scale.x(mark.offset_nanos);
            if is_visible(x) {
                let thick = (1.5 * self.ratio).round().max(1.0) / self.ratio;
                let (height, ink) = match mark.severity {
                    SeverityClass::Error | SeverityClass::Fatal => (5.0, Ink::Error),
                    SeverityClass::Warn => (5.0, Ink::WarningFill),
                    _ => (4.0, Ink::Quiet),
                };
                shapes.push(Shape::Rect { left: self.snap(x), top: 0.0, width: thick, height, ink });
            }
        }
        let mut diamonds = Vec::new();
        for mark in &row.events {
            let x = self.snap(self.scale.x(mark.offset_nanos).clamp(-99.0, width + 99.0));
            if is_visible(x) {
                diamonds.push(x);
                shapes.push(Shape::Diamond { x, ink: if mark.is_exception { Ink::Error } else { Ink::Mark } });
            }
        }
        diamonds
    }

    /// What the label says: the reason of an error or what is wrong with the times, and the rest.
    fn texts(&self, row: &Row) -> (String, String) {
        if row.kind == RowKind::Missing {
            return (String::new(), String::new());
        }
        let strong = if row.is_error && !row.error_text.is_empty() {
            shortened(&row.error_text)
        } else {
            oddity::beside_bar(&row.oddities).unwrap_or_default()
        };
        let mut plain = duration(row.duration_nanos).text();
        if !row.note.is_empty() {
            plain.push_str(" · ");
            plain.push_str(&row.note);
        }
        (strong, plain)
    }

    /// Inside where it fits, else right of the bar, else left; without the note where nothing else
    /// helps; the reason of an error always beside the bar.
    fn label(&mut self, row: &Row, left: f64, right: f64, diamonds: &[f64], shapes: &mut Vec<Shape>) {
        let (strong, plain) = self.texts(row);
        if plain.is_empty() {
            return;
        }
        let width = self.scale.width;
        let room_left = if left < -1.0 { 12.0 } else { left + 6.0 };
        let room_right = if right > width + 1.0 { width - 12.0 } else { right - 6.0 };
        let plain_width = (self.measure)(&plain, false);
        // Behind a diamond that would cover the beginning.
        let mut inside = room_left;
        for x in diamonds {
            if *x + DIAMOND + 3.0 > inside && *x - DIAMOND - 3.0 < inside + plain_width {
                inside = x + DIAMOND + 3.0;
            }
        }
        let is_inside = inside + plain_width <= room_right;
        let mut beside = Vec::new();
        if !strong.is_empty() {
            beside.push((strong, error_ink(row), true));
        }
        if is_inside {
            shapes.push(Shape::Text { x: inside, ink: Ink::OnBar, text: plain, is_strong: false });
        } else {
            beside.push((plain, Ink::Beside, false));
        }
        if beside.is_empty() {
            return;
        }
        let mut widths: Vec<f64> = beside.iter().map(|(text, _, is_strong)| (self.measure)(text, *is_strong)).collect();
        let covers_end = |edge: f64| diamonds.iter().any(|x| (x - edge).abs() < DIAMOND + 3.0);
        let after = right + if covers_end(right) { DIAMOND + 5.0 } else { 6.0 };
        let before = left - if covers_end(left) { DIAMOND + 5.0 } else { 6.0 };
        let total = |widths: &[f64]| widths.iter().sum::<f64>() + 6.0 * (widths.len() as f64 - 1.0);
        let place = |total: f64| {
            if after + total <= width - 4.0 { Some(after) } else { (before - total >= 4.0).then_some(before - total) }
        };
        let mut at = place(total(&widths));
        if at.is_none() && beside.len() > 1 {
            // The reason alone: the duration is in the panel.
            beside.truncate(1);
            widths.truncate(1);
            at = place(total(&widths));
        } else if at.is_none() && !is_inside && !row.note.is_empty() {
            // The duration alone.
            let text = duration(row.duration_nanos).text();
            let text_width = (self.measure)(&text, false);
            let room = if inside + text_width <= room_right { Some((inside, Ink::OnBar)) } else { None };
            if let Some((x, ink)) = room.or_else(|| place(text_width).map(|x| (x, Ink::Beside))) {
                shapes.push(Shape::Text { x, ink, text, is_strong: false });
            }
            return;
        }
        // Nowhere beside the bar: not at all, rather than across it.
        let Some(mut x) = at else { return };
        for ((text, ink, is_strong), text_width) in beside.into_iter().zip(widths) {
            shapes.push(Shape::Text { x, ink, text, is_strong });
            x += text_width + 6.0;
        }
    }
}

fn error_ink(row: &Row) -> Ink {
    if row.is_error && !row.error_text.is_empty() { Ink::Error } else { Ink::Warning }
}

/// The reason of an error beside a bar is a few words; the panel has all of it.
fn shortened(text: &str) -> String {
    let text = crate::widgets::visible(text.lines().next().unwrap_or(""));
    if text.chars().count() <= 48 {
        return text.into_owned();
    }
    let mut short: String = text.chars().take(47).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use api::{EventMark, LogMark, Oddity, SpanIcon, Text};
    use expect_test::{Expect, expect};
    use model::{SpanId, SpanKind};

    use super::{super::scale::Range, *};

    const MS: i64 = 1_000_000;

    fn span(from_ms: i64, to_ms: i64) -> Row {
        Row {
            node: 0,
            kind: RowKind::Span,
            span_id: SpanId::ZERO,
            depth: 0,
            service: Some(3),
            names_service: false,
            name: Text::default(),
            span_kind: SpanKind::INTERNAL,
            icon: SpanIcon::None,
            child_count: 0,
            is_expanded: false,
            hidden_count: 0,
            start_offset_nanos: from_ms * MS,
            duration_nanos: ((to_ms - from_ms) * MS).unsigned_abs(),
            self_intervals: Vec::new(),
            critical_intervals: Vec::new(),
            is_error: false,
            error_text: String::new(),
            errors_below: 0,
            note: String::new(),
            events: Vec::new(),
            logs: Vec::new(),
            oddities: Vec::new(),
        }
    }

    /// Lays a row out on 600 px for 1,000 ms, six pixels a character.
    fn check(from_ms: i64, to_ms: i64, row: &Row, expected: Expect) {
        let mut measure = |text: &str, _: bool| text.chars().count() as f64 * 6.0;
        let mut lane = Lane {
            scale: Scale { range: Range { from: from_ms * MS, to: to_ms * MS }, width: 600.0 },
            ratio: 1.0,
            layers: Layers { has_self_time: true, has_critical_path: true },
            measure: &mut measure,
        };
        let text: String = lane
            .row(row)
            .into_iter()
            .map(|shape| match shape {
                Shape::Bar { left, right, fill, outline, parts, .. } => {
                    format!("bar {left}..{right} {fill:?} outline {outline:?} parts {parts:?}\n")
                }
                Shape::Dashed { left, right } => format!("dashed {left}..{right}\n"),
                Shape::Rect { left, top, width, height, ink } => {
                    format!("rect {left},{top} {width}x{height} {ink:?}\n")
                }
                Shape::Diamond { x, ink } => format!("diamond {x} {ink:?}\n"),
                Shape::Text { x, ink, text, .. } => format!("text {x} {ink:?} “{}”\n", text.replace('\u{202f}', " ")),
            })
            .collect();
        expected.assert_eq(&text);
    }

    #[test]
    fn a_label_is_inside_else_right_else_left() {
        check(
            0,
            1000,
            &span(100, 300),
            expect![[r#"
            bar 60..180 Service(3) outline None parts []
            text 66 OnBar “200 ms”
        "#]],
        );
        check(
            0,
            1000,
            &span(100, 120),
            expect![[r#"
            bar 60..72 Service(3) outline None parts []
            text 78 Beside “20.0 ms”
        "#]],
        );
        check(
            0,
            1000,
            &span(960, 990),
            expect![[r#"
            bar 576..594 Service(3) outline None parts []
            text 528 Beside “30.0 ms”
        "#]],
        );
    }

    #[test]
    fn a_parent_is_tinted_where_its_children_work() {
        let mut row = span(100, 300);
        row.child_count = 2;
        row.self_intervals = vec![
            Interval { from_offset_nanos: 100 * MS, to_offset_nanos: 110 * MS },
            Interval { from_offset_nanos: 299 * MS, to_offset_nanos: 300 * MS },
        ];
        row.critical_intervals = vec![Interval { from_offset_nanos: 100 * MS, to_offset_nanos: 200 * MS }];
        check(
            0,
            1000,
            &row,
            expect![[r#"
            bar 60..180 Tint(3) outline Some(Service(3)) parts [(60.0, 66.0), (179.0, 180.0)]
            rect 60,16 60x2 Critical
            text 66 OnBar “200 ms”
        "#]],
        );
    }

    #[test]
    fn an_error_says_its_reason_beside_the_bar() {
        let mut row = span(500, 700);
        row.is_error = true;
        row.error_text = "DEADLINE_EXCEEDED".to_owned();
        row.events = vec![
            EventMark { offset_nanos: 502 * MS, count: 1, is_exception: false },
            EventMark { offset_nanos: 700 * MS, count: 1, is_exception: true },
        ];
        row.logs = vec![LogMark { offset_nanos: 600 * MS, count: 3, severity: SeverityClass::Warn }];
        check(
            0,
            1000,
            &row,
            expect![[r#"
            bar 300..420 Service(3) outline Some(Error) parts []
            rect 360,0 2x5 WarningFill
            diamond 301 Mark
            diamond 420 Error
            text 308.25 OnBar “200 ms”
            text 429.25 Error “DEADLINE_EXCEEDED”
        "#]],
        );
    }

    #[test]
    fn bars_that_leave_the_view_say_so() {
        check(
            400,
            500,
            &span(100, 900),
            expect![[r#"
            bar -8..608 Service(3) outline None parts []
            text 3 OnBar “‹”
            text 592 OnBar “›”
            text 12 OnBar “800 ms”
        "#]],
        );
        check(
            400,
            500,
            &span(100, 200),
            expect![[r#"
            text 3 Beside “‹”
            text 13 Beside “100 ms”
        "#]],
        );
        check(
            400,
            500,
            &span(600, 700),
            expect![[r#"
            text 592 Beside “›”
            text 550 Beside “100 ms”
        "#]],
        );
    }

    #[test]
    fn what_has_no_length_is_still_drawn_and_marked() {
        let mut row = span(500, 500);
        check(
            0,
            1000,
            &row,
            expect![[r#"
            bar 300..302 Service(3) outline None parts []
            text 308 Beside “0 ns”
        "#]],
        );
        row.oddities = vec![Oddity::EndBeforeStart(3_000_000)];
        check(
            0,
            1000,
            &row,
            expect![[r#"
            bar 300..302 Service(3) outline None parts []
            rect 299,0 4x3 WarningFill
            text 308 Warning “ends 3.00 ms before it starts”
            text 488 Beside “0 ns”
        "#]],
        );
        let mut missing = span(500, 600);
        missing.kind = RowKind::Missing;
        missing.service = None;
        check(
            0,
            1000,
            &missing,
            expect![[r#"
            dashed 300..360
        "#]],
        );
    }
}
