//! Rows of a viewport.

use analysis::{Node, merge_by_pixel, merge_marks};
use api::{EventMark, Interval, LogMark, Oddity, Row, RowKind, SpanIcon, Text, Viewport, ViewportRequest};
use model::SeverityClass;

use super::{View, label};
use crate::text;

/// Most rows in an answer.
const MAX_ROWS: u32 = 500;

/// Longest name in a row, bytes.
const MAX_NAME_BYTES: usize = 256;

/// Widest drawing that is answered for.
const MAX_PIXELS: u32 = 16_384;

impl View {
    /// The rows that are visible.
    pub(crate) fn viewport(&self, request: &ViewportRequest) -> Viewport {
        let window = self.rows.window(request.first_row, request.row_count.min(MAX_ROWS));
        let nodes = window.iter().filter_map(|&node| self.trace.node(node));
        Viewport {
            revision: self.revision,
            row_count: self.rows.row_count(),
            first_row: request.first_row,
            rows: nodes.map(|node| self.row(node, request)).collect(),
        }
    }

    fn row(&self, node: Node<'_>, request: &ViewportRequest) -> Row {
        let stored = self.span_of(node);
        let span = stored.map(|stored| &stored.span);
        let is_expanded = self.rows.is_expanded(node.index());
        let merged = |intervals: &mut dyn Iterator<Item = (i64, i64)>| {
            merge_by_pixel(intervals, request.from_offset_nanos, request.to_offset_nanos, pixels(request))
                .into_iter()
                .map(|(from_offset_nanos, to_offset_nanos)| Interval { from_offset_nanos, to_offset_nanos })
                .collect::<Vec<_>>()
        };
        Row {
            node: node.index(),
            kind: if node.is_missing() { RowKind::Missing } else { RowKind::Span },
            span_id: node.span_id(),
            depth: node.depth(),
            service: node.service(),
            names_service: node.service().is_some() && node.parent().and_then(Node::service) != node.service(),
            name: span.map_or_else(Text::default, |span| text::cut(&span.name, MAX_NAME_BYTES)),
            span_kind: node.kind(),
            icon: span.map_or(SpanIcon::None, label::icon),
            child_count: node.child_count(),
            is_expanded,
            hidden_count: self.rows.hidden_count(node.index()),
            start_offset_nanos: node.start_offset_nanos(),
            duration_nanos: node.duration_nanos(),
            self_intervals: merged(&mut node.self_intervals()),
            critical_intervals: if is_expanded {
                merged(&mut node.critical_intervals())
            } else {
                merged(&mut node.critical_extent().into_iter())
            },
            is_error: node.is_error(),
            error_text: span.filter(|_| node.is_error()).map(label::error_text).unwrap_or_default(),
            errors_below: node.errors_below(),
            note: span.map(label::note).unwrap_or_default(),
            events: span.map(|span| self.event_marks(span, request)).unwrap_or_default(),
            logs: self.log_marks(node, request),
            oddities: oddities(node),
        }
    }

    fn event_marks(&self, span: &model::Span, request: &ViewportRequest) -> Vec<EventMark> {
        let mut events: Vec<(i64, bool)> = span
            .events
            .iter()
            .map(|event| (self.offset_nanos(event.time_unix_nano), event.name == "exception"))
            .collect();
        events.sort_unstable();
        let (from, to) = (request.from_offset_nanos, request.to_offset_nanos);
        merge_marks(events, from, to, pixels(request), |is_exception, other| *is_exception |= other)
            .into_iter()
            .map(|mark| EventMark { offset_nanos: mark.offset_nanos, count: mark.count, is_exception: mark.what })
            .collect()
    }

    fn log_marks(&self, node: Node<'_>, request: &ViewportRequest) -> Vec<LogMark> {
        let logs = self.logs_of(node.span_id()).map(|log| {
            let record = &log.record;
            (self.offset_nanos(record.time()), SeverityClass::of(record.severity_number))
        });
        let (from, to) = (request.from_offset_nanos, request.to_offset_nanos);
        merge_marks(logs, from, to, pixels(request), |gravest, other| *gravest = other.max(*gravest))
            .into_iter()
            .map(|mark| LogMark { offset_nanos: mark.offset_nanos, count: mark.count, severity: mark.what })
            .collect()
    }
}

fn pixels(request: &ViewportRequest) -> u32 {
    request.pixels.clamp(1, MAX_PIXELS)
}

/// What is odd about a node, in the words of the API.
pub(crate) fn oddities(node: Node<'_>) -> Vec<Oddity> {
    node.oddities()
        .map(|oddity| match oddity {
            analysis::Oddity::ParentMissing => Oddity::ParentMissing,
            analysis::Oddity::ParentMalformed(bytes) => Oddity::ParentMalformed(bytes),
            analysis::Oddity::ParentIsSelf => Oddity::ParentIsSelf,
            analysis::Oddity::Cycle => Oddity::Cycle,
            analysis::Oddity::EndBeforeStart(nanos) => Oddity::EndBeforeStart(nanos),
            analysis::Oddity::ImpossibleTime => Oddity::ImpossibleTime,
            analysis::Oddity::Variants(count) => Oddity::Variants(count),
            analysis::Oddity::OutsideParent => Oddity::OutsideParent,
        })
        .collect()
}
