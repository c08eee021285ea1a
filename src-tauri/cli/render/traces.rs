//! The list of traces for people.

use api::TraceRow;
use jiff::tz::TimeZone;

use super::{
    quantity::{duration, group, moment},
    text::{Paint, line, right},
};

/// The head of the table.
pub(crate) fn head(paint: Paint) -> String {
    let head = format!(
        "{:<23}  {}  {}  {}  {:<32}  ROOT",
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
    let errors = right(&group(row.error_count), 6);
    let errors = if row.error_count > 0 { paint.error(&errors) } else { paint.faint(&errors) };
    let others = row.services.iter().filter(|service| **service != row.root_service).count();
    let others = if others > 0 { format!(" +{others}") } else { String::new() };
    let missing = if row.has_root { "" } else { " (its root has not arrived)" };
    format!(
        "{}  {}  {}  {errors}  {}  {} {}{}",
        moment(row.start_unix_nano, zone),
        right(&duration(row.duration_nanos), 10),
        right(&group(row.span_count), 7),
        row.trace_id,
        line(&row.root_service, 40),
        line(&row.root_name, 80),
        paint.faint(&format!("{others}{missing}")),
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
        "#]].assert_eq(&format!("{}\n{}\n", head(paint), rows.join("\n")));
    }
}
