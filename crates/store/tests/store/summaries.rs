//! What a trace is in a line, whatever order it arrives in.

use std::ops::ControlFlow;

use expect_test::{Expect, expect};
use model::Span;
use store::{Reader, TraceSummary};

use crate::given::{Kept, T0, child_of, failed, in_protobuf, logs, logs_in_protobuf, record, span, trace_id, traces};

fn line(summary: &TraceSummary) -> String {
    let since = |time: u64| if time == 0 { "none".to_owned() } else { (i128::from(time) - i128::from(T0)).to_string() };
    let error = summary.first_error.as_ref();
    format!(
        "{}{} {} [{}..{}] spans {} errors {} services {} first error {}",
        summary.root_service,
        if summary.has_root { "" } else { "?" },
        summary.root_name,
        since(summary.start_unix_nano),
        since(summary.end_unix_nano),
        summary.span_count,
        summary.error_count,
        summary.services.join(","),
        error.map_or("none".to_owned(), |e| format!("{}/{}/{}", e.service, e.name, e.message)),
    )
}

/// Each service's spans in a request of its own, forwards and backwards, must come to the same line.
async fn check(requests: Vec<(&str, Vec<Span>)>, expected: Expect) {
    let mut lines = Vec::new();
    for backwards in [false, true] {
        let mut kept = Kept::new().await;
        let mut order: Vec<_> = requests.iter().collect();
        if backwards {
            order.reverse();
        }
        for (service, spans) in order {
            kept.add(in_protobuf(&traces(service, spans.clone()))).await.unwrap();
        }
        lines.push(line(&kept.reader().summary(trace_id(1)).await.unwrap().unwrap()));
        kept.reopen().await;
        lines.push(line(&kept.reader().summary(trace_id(1)).await.unwrap().unwrap()));
    }
    lines.dedup();
    expected.assert_eq(&lines.join("\n"));
}

fn with_times(mut span: Span, start: u64, end: u64) -> Span {
    (span.start_unix_nano, span.end_unix_nano) = (start, end);
    span
}

#[tokio::test]
async fn lines() {
    check(
        vec![
            ("web", vec![with_times(span(1, 1, "GET /"), T0, T0 + 1000)]),
            ("shop", vec![child_of(span(1, 2, "list"), 1), failed(child_of(span(1, 5, "pay"), 1), "declined")]),
            ("bank", vec![failed(child_of(span(1, 4, "charge"), 5), "no funds")]),
        ],
        expect!["web GET / [0..1000] spans 4 errors 2 services bank,shop,web first error bank/charge/no funds"],
    )
    .await;
    // Without a root the earliest span names it.
    check(
        vec![("b", vec![child_of(span(1, 3, "late"), 9)]), ("a", vec![child_of(span(1, 2, "early"), 9)])],
        expect!["a? early [200..310] spans 2 errors 0 services a,b first error none"],
    )
    .await;
    // The longest of several roots; ties: the later start, then the smaller span id.
    check(
        vec![
            ("a", vec![with_times(span(1, 1, "short"), T0, T0 + 5), with_times(span(1, 2, "long"), T0, T0 + 50)]),
            ("b", vec![with_times(span(1, 4, "later"), T0 + 9, T0 + 59)]),
            ("c", vec![with_times(span(1, 3, "later, smaller"), T0 + 9, T0 + 59)]),
        ],
        expect!["c later, smaller [0..59] spans 4 errors 0 services a,b,c first error none"],
    )
    .await;
    // Impossible times neither stretch a trace nor come first.
    check(
        vec![
            ("a", vec![with_times(span(1, 1, "zero"), 0, 0), with_times(span(1, 2, "end of time"), T0, u64::MAX)]),
            ("b", vec![with_times(span(1, 3, "reversed"), T0 + 9, T0), span(1, 4, "fine")]),
        ],
        expect!["b fine [400..410] spans 4 errors 0 services a,b first error none"],
    )
    .await;
    check(
        vec![("a", vec![with_times(failed(span(1, 1, "1970"), ""), 5, 10)])],
        expect!["a 1970 [none..none] spans 1 errors 1 services a first error a/1970/"],
    )
    .await;
}

async fn listed(reader: &Reader, as_of: Option<u64>) -> Vec<u8> {
    let mut listed = Vec::new();
    let visit = |summary: &TraceSummary| {
        listed.push(summary.trace_id.0[0]);
        ControlFlow::Continue(())
    };
    reader.traces(as_of, visit).await.unwrap();
    listed
}

#[tokio::test]
async fn the_list_stands_still() {
    let kept = Kept::new().await;
    let reader = kept.reader();
    let mut changes = reader.changes();
    for (trace, at) in [(1, 5), (2, 9), (3, 7)] {
        kept.add(in_protobuf(&traces("a", vec![span(trace, at, "x")]))).await.unwrap();
    }
    let then = reader.sequence();
    assert!(changes.has_changed().unwrap());
    assert_eq!(*changes.borrow_and_update(), then);
    assert_eq!(listed(&reader, None).await, [2, 3, 1]);

    kept.add(in_protobuf(&traces("b", vec![span(4, 8, "x"), span(1, 6, "more")]))).await.unwrap();
    assert_eq!(listed(&reader, Some(then)).await, [2, 3, 1]);
    assert_eq!(listed(&reader, None).await, [2, 4, 3, 1]);
    assert_eq!(reader.changed_since(then, 10), [trace_id(1), trace_id(4)]);
    assert_eq!(reader.changed_since(0, 2), [trace_id(1), trace_id(4)]);
    assert!(reader.changed_since(reader.sequence(), 10).is_empty());
    assert_eq!(reader.services().await.unwrap(), [("a".to_owned(), 3), ("b".to_owned(), 2)]);
    assert_eq!(reader.trace_count(), 4);

    // A duplicate changes nothing.
    let sequence = reader.sequence();
    kept.add(in_protobuf(&traces("a", vec![span(1, 5, "x")]))).await.unwrap();
    assert_eq!(reader.sequence(), sequence);

    let mut first = Vec::new();
    let visit = |summary: &TraceSummary| {
        first.push(summary.trace_id);
        ControlFlow::Break(())
    };
    reader.traces(None, visit).await.unwrap();
    assert_eq!(first, [trace_id(2)]);
}

/// Log records find their trace, before its spans come and after.
#[tokio::test]
async fn log_records_of_a_trace() {
    let mut kept = Kept::new().await;
    kept.add(logs_in_protobuf(&logs("shop", vec![record(1, T0 + 2, "second"), record(2, T0, "other")]))).await.unwrap();
    assert!(!kept.reader().contains(trace_id(1)).await.unwrap());
    assert_eq!(kept.reader().trace_count(), 0);
    kept.add(in_protobuf(&traces("shop", vec![span(1, 1, "a")]))).await.unwrap();
    kept.add(logs_in_protobuf(&logs("bank", vec![record(0, T0, "none"), record(1, T0 + 1, "first")]))).await.unwrap();
    kept.reopen().await;
    let in_requests = kept.reader().trace(trace_id(1)).await.unwrap().unwrap();
    kept.store().compact().await.unwrap();
    let reader = kept.reader();
    assert_eq!(reader.trace(trace_id(1)).await.unwrap().unwrap(), in_requests);
    let contents = reader.trace(trace_id(1)).await.unwrap().unwrap();
    let logs: Vec<_> = contents
        .logs
        .iter()
        .map(|log| {
            let service = contents.resources[log.resource as usize].service_name();
            (service, log.record.body.as_ref().unwrap().as_str().unwrap())
        })
        .collect();
    assert_eq!(logs, [("bank", "first"), ("shop", "second")]);
    // The span came under the same resource and scope as the first record.
    assert_eq!((contents.resources.len(), contents.scopes.len(), contents.spans.len()), (2, 1, 1));
}
