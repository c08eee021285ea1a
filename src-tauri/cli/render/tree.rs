//! A trace as a tree for people.

use api::{AssembledTrace, Oddity, SpanRecord, model::StatusCode};
use jiff::tz::TimeZone;

use super::{
    quantity::{count, duration, moment},
    text::{Paint, line, right},
};

/// Levels that are indented; what lies deeper says its depth instead.
const MOST_LEVELS: u32 = 48;

/// The trace: two lines of what it is, then a line for each span.
pub(crate) fn tree(trace: &AssembledTrace, zone: &TimeZone, paint: Paint) -> String {
    let mut out = format!("{} {}\n", line(&trace.root_service, 80), line(&trace.root_name, 200));
    let errors = count(trace.error_count, "error");
    let errors = if trace.error_count > 0 { paint.error(&errors) } else { errors };
    let span_count = u64::try_from(trace.spans.len()).unwrap_or(u64::MAX);
    let service_count = u64::try_from(trace.services.len()).unwrap_or(u64::MAX);
    out.push_str(&format!(
        "{}  {}  {}, {}, {errors}\n\n",
        moment(trace.start_unix_nano, zone),
        duration(trace.duration_nanos),
        count(span_count, "span"),
        count(service_count, "service"),
    ));
    let head = format!("{}  {}     SERVICE NAME", right("DURATION", 10), right("SELF", 10));
    out.push_str(&paint.faint(&head));
    out.push('\n');
    let rows = rows(&trace.spans);
    for (row, guide) in rows.iter().zip(guides(&rows)) {
        out.push_str(&match row {
            Row::Missing { parent, .. } => {
                let what = format!("({} has not arrived)", line(parent, 40));
                format!("{:<26}{guide}{}", "", paint.faint(&what))
            }
            Row::Span(span) => self::span(span, &guide, paint),
        });
        out.push('\n');
    }
    out
}

enum Row<'a> {
    /// A span that others name as parent and that has not arrived.
    Missing { parent: &'a str, depth: u32 },
    /// A span.
    Span(&'a SpanRecord),
}

impl Row<'_> {
    fn depth(&self) -> u32 {
        match self {
            Self::Missing { depth, .. } => *depth,
            Self::Span(span) => span.depth,
        }
    }
}

/// The spans, with a row before those whose parent has not arrived.
fn rows(spans: &[SpanRecord]) -> Vec<Row<'_>> {
    let mut rows = Vec::with_capacity(spans.len());
    let mut shown: Option<&str> = None;
    for span in spans {
        if span.oddities.contains(&Oddity::ParentMissing) {
            let parent = span.parent_span_id.as_str();
            if shown != Some(parent) {
                rows.push(Row::Missing { parent, depth: span.depth.saturating_sub(1) });
            }
            shown = Some(parent);
        } else if span.depth == 0 {
            shown = None;
        }
        rows.push(Row::Span(span));
    }
    rows
}

/// What stands before each row so that they look like a tree.
fn guides(rows: &[Row<'_>]) -> Vec<String> {
    // From the last row up: whether a later row continues the line of each level.
    let mut continues: Vec<bool> = Vec::new();
    let mut guides: Vec<String> = Vec::with_capacity(rows.len());
    for row in rows.iter().rev() {
        let depth = row.depth().min(MOST_LEVELS);
        let level = usize::try_from(depth).unwrap_or(0);
        let has_later_sibling = continues.get(level).copied().unwrap_or(false);
        continues.resize(level + 1, false);
        let mut guide: String =
            continues.iter().take(level).skip(1).map(|continues| if *continues { "│  " } else { "   " }).collect();
        if level > 0 {
            guide.push_str(if has_later_sibling { "├─ " } else { "└─ " });
        }
        if row.depth() > MOST_LEVELS {
            guide.push_str(&format!("(level {}) ", row.depth()));
        }
        if let Some(own) = continues.get_mut(level) {
            *own = true;
        }
        guides.push(guide);
    }
    guides.reverse();
    guides
}

fn span(span: &SpanRecord, guide: &str, paint: Paint) -> String {
    let critical = if span.critical_nanos > 0 { "●" } else { " " };
    let mut out = format!(
        "{}  {}  {critical}  {guide}{} {}",
        right(&duration(span.duration_nanos), 10),
        paint.faint(&right(&duration(span.self_nanos), 10)),
        paint.faint(&line(&span.service, 40)),
        line(&span.name, 120),
    );
    if span.status == StatusCode::ERROR {
        let message = line(&span.status_message, 200);
        let message = if message.is_empty() { "error".to_owned() } else { format!("error: {message}") };
        out.push_str(&format!("  {}", paint.error(&message)));
    }
    for oddity in span.oddities.iter().filter_map(remark) {
        out.push_str(&format!("  {}", paint.faint(&format!("({oddity})"))));
    }
    out
}

/// What to say of an oddity; `None` where the tree shows it already.
fn remark(oddity: &Oddity) -> Option<String> {
    Some(match oddity {
        Oddity::ParentMissing | Oddity::OutsideParent => return None,
        Oddity::ParentMalformed(bytes) => format!("its parent id has {bytes} bytes"),
        Oddity::ParentIsSelf => "names itself as parent".to_owned(),
        Oddity::Cycle => "a cycle of parents is cut here".to_owned(),
        Oddity::EndBeforeStart(nanos) => format!("ends {} before its start", duration(*nanos)),
        Oddity::ImpossibleTime => "impossible time".to_owned(),
        Oddity::Variants(number) => format!("{} with the same id", count(u64::from(*number), "other span")),
    })
}

#[cfg(test)]
mod tests {
    use api::model::{SpanId, SpanKind};
    use expect_test::{Expect, expect};

    use super::*;

    fn span(depth: u32, service: &str, name: &str, nanos: [u64; 3]) -> SpanRecord {
        SpanRecord {
            span_id: SpanId([7; 8]),
            parent_span_id: String::new(),
            depth,
            service: service.into(),
            name: name.into(),
            kind: SpanKind::SERVER,
            status: StatusCode::UNSET,
            status_message: String::new(),
            start_unix_nano: 0,
            duration_nanos: nanos[0],
            self_nanos: nanos[1],
            critical_nanos: nanos[2],
            attributes: Vec::new(),
            resource: Vec::new(),
            scope: (String::new(), String::new()),
            events: Vec::new(),
            links: Vec::new(),
            logs: Vec::new(),
            oddities: Vec::new(),
        }
    }

    fn check(spans: Vec<SpanRecord>, expected: Expect) {
        let trace = AssembledTrace {
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().expect("an id"),
            root_service: "web".into(),
            root_name: "POST /checkout".into(),
            start_unix_nano: 1_769_860_800_123_456_789,
            duration_nanos: 1_240_000_000,
            error_count: spans.iter().filter(|span| span.status == StatusCode::ERROR).count() as u64,
            services: vec!["web".into()],
            missing_count: 0,
            spans,
        };
        expected.assert_eq(&tree(&trace, &TimeZone::UTC, Paint { is_on: false }));
    }

    #[test]
    fn a_tree_with_errors_and_odd_spans() {
        const MS: u64 = 1_000_000;
        let failed = SpanRecord {
            status: StatusCode::ERROR,
            status_message: "card\ndeclined".into(),
            ..span(2, "payment", "charge", [320 * MS, 320 * MS, 320 * MS])
        };
        let reversed =
            SpanRecord { oddities: vec![Oddity::EndBeforeStart(5 * MS)], ..span(2, "cart", "save", [0, 0, 0]) };
        let orphan = |name| SpanRecord {
            parent_span_id: "00f067aa0ba902b7".into(),
            oddities: vec![Oddity::ParentMissing],
            ..span(1, "worker", name, [MS, MS, 0])
        };
        check(
            vec![
                span(0, "web", "POST /checkout", [1_240 * MS, 40 * MS, 40 * MS]),
                span(1, "cart", "load", [400 * MS, 400 * MS, 0]),
                reversed,
                span(1, "web", "pay", [880 * MS, 560 * MS, 560 * MS]),
                failed,
                orphan("mail"),
                span(2, "worker", "smtp", [MS, MS, 0]),
                orphan("log"),
            ],
            expect![[r#"
                web POST /checkout
                2026-01-31 12:00:00.123  1.24 s  8 spans, 1 service, 1 error

                  DURATION        SELF     SERVICE NAME
                    1.24 s     40.0 ms  ●  web POST /checkout
                    400 ms      400 ms     ├─ cart load
                      0 ns        0 ns     │  └─ cart save  (ends 5.00 ms before its start)
                    880 ms      560 ms  ●  └─ web pay
                    320 ms      320 ms  ●     └─ payment charge  error: card\ndeclined
                                          (00f067aa0ba902b7 has not arrived)
                   1.00 ms     1.00 ms     ├─ worker mail
                   1.00 ms     1.00 ms     │  └─ worker smtp
                   1.00 ms     1.00 ms     └─ worker log
            "#]],
        );
    }

    #[test]
    fn what_lies_too_deep_says_so() {
        let spans: Vec<_> = (0..60).map(|depth| span(depth, "a", "b", [1, 0, 0])).collect();
        let rows = rows(&spans);
        let guides = guides(&rows);
        assert_eq!(guides.iter().map(|guide| guide.chars().count()).max(), Some(3 * 48 + "(level 59) ".len()));
        assert_eq!(guides.get(49).map(|guide| guide.ends_with("(level 49) ")), Some(true));
    }
}
