//! The list of traces for people.

use api::{
    Group, SpanRecord, TraceRow,
    model::{StatusCode, TraceId},
};
use jiff::tz::TimeZone;

use super::{
    quantity::{self, duration, moment},
    text::{Paint, line, right},
};

/// Widest column of an attribute, characters.
const COLUMN: usize = 24;

/// The head of the table.
pub(crate) fn head(columns: &[String], paint: Paint) -> String {
    let columns: String = columns.iter().map(|key| format!("{:<COLUMN$}  ", line(key, COLUMN))).collect();
    let head = format!(
        "{:<23}  {}  {}  {}  {:<32}  {columns}ROOT",
        "START",
        right("DURATION", 10),
        right("SPANS", 7),
        right("ERRORS", 6),
        "TRACE ID"
    );
    paint.faint(&head)
}

/// One trace.
pub(crate) fn row(row: &TraceRow, zone: &TimeZone, paint: Paint) -> String {
    let errors = right(&quantity::group(row.error_count), 6);
    let errors = if row.error_count > 0 { paint.error(&errors) } else { paint.faint(&errors) };
    let others = row.services.iter().filter(|service| **service != row.root_service).count();
    let others = if others > 0 { format!(" +{others}") } else { String::new() };
    let columns = row.columns.iter().map(|value| line(value.as_deref().unwrap_or("-"), COLUMN));
    let columns: String = columns.map(|value| format!("{value:<COLUMN$}  ")).collect();
    let missing = if row.has_root { "" } else { " (its root has not arrived)" };
    format!(
        "{}  {}  {}  {errors}  {}  {columns}{} {}{}",
        moment(row.start_unix_nano, zone),
        right(&duration(row.duration_nanos), 10),
        right(&quantity::group(row.span_count), 7),
        row.trace_id,
        line(&row.root_service, 40),
        line(&row.root_name, 80),
        paint.faint(&format!("{others}{missing}")),
    )
}

/// The head of a table of groups.
pub(crate) fn head_of_groups(key: &str, paint: Paint) -> String {
    let [traces, errors, p50, p95] =
        [("TRACES", 9), ("ERRORS", 9), ("P50", 10), ("P95", 10)].map(|(name, width)| right(name, width));
    paint.faint(&format!("{traces}  {errors}  {p50}  {p95}  {}", line(key, 80)))
}

/// One group.
pub(crate) fn group(of: &Group, paint: Paint) -> String {
    let errors = right(&quantity::group(of.failed), 9);
    let errors = if of.failed > 0 { paint.error(&errors) } else { paint.faint(&errors) };
    let [p50, p95] = [of.p50_nanos, of.p95_nanos].map(|nanos| right(&duration(nanos), 10));
    format!("{}  {errors}  {p50}  {p95}  {}", right(&quantity::group(of.traces), 9), line(&of.text, 200))
}

/// The head of a table of spans.
pub(crate) fn head_of_spans(paint: Paint) -> String {
    paint.faint(&format!(
        "{:<23}  {}  {:<32}  {:<16}  SERVICE NAME",
        "START",
        right("DURATION", 10),
        "TRACE ID",
        "SPAN ID"
    ))
}

/// One span.
pub(crate) fn span(trace_id: TraceId, of: &SpanRecord, zone: &TimeZone, paint: Paint) -> String {
    let is_error = of.status == StatusCode::ERROR;
    let message = if of.status_message.is_empty() { "error" } else { of.status_message.as_str() };
    let why = if is_error { format!("  {}", paint.error(&line(message, 80))) } else { String::new() };
    format!(
        "{}  {}  {trace_id}  {}  {} {}{why}",
        moment(of.start_unix_nano, zone),
        right(&duration(of.duration_nanos), 10),
        of.span_id,
        line(&of.service, 40),
        line(&of.name, 80),
    )
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_table_lines_up() {
        let one = TraceRow {
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".parse().expect("an id"),
            root_service: "shop-web".into(),
            root_name: "POST /checkout".into(),
            has_root: true,
            start_unix_nano: 1_769_860_800_123_456_789,
            duration_nanos: 1_240_000_000,
            span_count: 60,
            error_count: 2,
            services: ["cart", "shop-web"].map(str::to_owned).into(),
            ..TraceRow::default()
        };
        let two = TraceRow {
            root_name: format!("line\n{}", "x".repeat(100)),
            has_root: false,
            error_count: 0,
            span_count: 1_234_567,
            duration_nanos: 820_000,
            services: vec!["shop-web".into()],
            ..one.clone()
        };
        let paint = Paint { is_on: false };
        let rows = [&one, &two].map(|trace| row(trace, &TimeZone::UTC, paint));
        expect![[r#"
            START                      DURATION    SPANS  ERRORS  TRACE ID                          ROOT
            2026-01-31 12:00:00.123      1.24 s       60       2  4bf92f3577b34da6a3ce929d0e0e4736  shop-web POST /checkout +1
            2026-01-31 12:00:00.123      820 µs  1 234 567       0  4bf92f3577b34da6a3ce929d0e0e4736  shop-web line\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (its root has not arrived)
        "#]].assert_eq(&format!("{}\n{}\n", head(&[], paint), rows.join("\n")));
    }
}
