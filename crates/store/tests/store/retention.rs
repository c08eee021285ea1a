//! What is let go, and what never is.

use std::time::Duration;

use model::Span;
use store::{Append, Gone, Retention, Selected, Selection};

use crate::given::{Kept, T0, failed, in_protobuf, logs, logs_in_protobuf, names, record, span, trace_id, traces};

const DAY: u64 = 86_400 * 1_000_000_000;

fn at(mut append: Append, day: u64) -> Append {
    append.received_at_unix_nano = T0 + day * DAY;
    append
}

/// A request on a day, made a segment.
async fn on(kept: &Kept, day: u64, service: &str, spans: Vec<Span>) {
    kept.add(at(in_protobuf(&traces(service, spans)), day)).await.unwrap();
    kept.store().compact().await.unwrap();
}

/// Lets go what is too old on a day, the clock being right.
async fn pass(kept: &Kept, day: u64) -> Gone {
    kept.store().let_go(T0 + day * DAY, true).await.unwrap().unwrap()
}

async fn stored(kept: &Kept) -> Vec<u8> {
    let mut stored = Vec::new();
    for trace in 1..=60 {
        if kept.reader().contains(trace_id(trace)).await.unwrap() {
            stored.push(trace);
        }
    }
    stored
}

fn assert_adds_up(kept: &Kept) {
    let ledger = kept.store().ledger();
    assert!(ledger.spans.is_balanced());
}

#[tokio::test]
async fn by_age() {
    let mut kept = Kept::new().await;
    on(&kept, 0, "a", vec![span(1, 1, "x"), failed(span(2, 1, "bad"), "bad"), span(3, 1, "pinned"), span(4, 1, "x")])
        .await;
    assert!(kept.store().pin(trace_id(3), true).await.unwrap());
    assert!(!kept.store().pin(trace_id(9), true).await.unwrap(), "there is no such trace");
    // An error that comes later, and a trace that goes on for two days.
    on(&kept, 1, "a", vec![failed(span(4, 2, "late"), "bad"), span(5, 1, "x")]).await;
    on(&kept, 2, "a", vec![span(5, 2, "y")]).await;
    assert_eq!(pass(&kept, 6).await, Gone::default());
    assert_eq!(stored(&kept).await, [1, 2, 3, 4, 5]);
    // A week after the first day: what is ordinary of that goes.
    assert_eq!(pass(&kept, 7).await, Gone { expired: 1, evicted: 0 });
    assert_eq!(stored(&kept).await, [2, 3, 4, 5]);
    assert_eq!(names(&kept.reader(), 4).await, ["x#0", "late#0"], "a late error keeps all of its trace");
    // A week after the second: the fifth trace ended on the third.
    assert_eq!(pass(&kept, 8).await, Gone::default());
    assert_eq!(names(&kept.reader(), 5).await, ["x#0", "y#0"]);
    assert_eq!(pass(&kept, 9).await, Gone { expired: 2, evicted: 0 });
    assert_eq!(stored(&kept).await, [2, 3, 4]);
    kept.reopen().await;
    assert_eq!(stored(&kept).await, [2, 3, 4]);
    assert_eq!(pass(&kept, 31).await, Gone { expired: 3, evicted: 0 });
    assert_eq!(stored(&kept).await, [3]);
    assert_eq!(pass(&kept, 4_000).await, Gone::default());
    assert!(kept.store().pin(trace_id(3), false).await.unwrap());
    assert_eq!(pass(&kept, 4_000).await, Gone { expired: 1, evicted: 0 }, "it is as old as it is");
    let ledger = kept.store().ledger().spans;
    assert_eq!((ledger.stored, ledger.expired, ledger.kept()), (7, 7, 0));
    assert_adds_up(&kept);
}

#[tokio::test]
async fn log_records_stay_with_their_trace() {
    let kept = Kept::new().await;
    kept.add(at(
        logs_in_protobuf(&logs(
            "a",
            vec![record(1, T0, "of the error"), record(2, T0, "other"), record(0, T0, "of none")],
        )),
        0,
    ))
    .await
    .unwrap();
    on(&kept, 0, "a", vec![failed(span(1, 1, "bad"), "bad"), span(2, 1, "x")]).await;
    assert_eq!(pass(&kept, 7).await, Gone { expired: 3, evicted: 0 });
    let contents = kept.reader().trace(trace_id(1)).await.unwrap().unwrap();
    assert_eq!(contents.logs.len(), 1);
    assert!(kept.reader().trace(trace_id(2)).await.unwrap().is_none());
    let ledger = kept.store().ledger().logs;
    assert_eq!((ledger.stored, ledger.expired, ledger.kept()), (3, 2, 1));
}

/// One service sends a thousand times more than another: under the cap the quiet one keeps its days.
#[tokio::test(flavor = "multi_thread")]
async fn the_cap_is_fair() {
    let kept = Kept::new().await;
    let mut number = 0_u64;
    let mut of = |trace: u8, spans: u64| -> Vec<Span> {
        (0..spans)
            .map(|_| {
                number += 1;
                let mut span = span(trace, 1, &format!("GET /{}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
                span.span_id.0 = number.to_be_bytes();
                span
            })
            .collect()
    };
    for day in 0..5_u64 {
        let quiet = of(50 + day as u8, 4);
        let loud = of(1 + day as u8, 4_000);
        kept.add(at(in_protobuf(&traces("quiet", quiet)), day)).await.unwrap();
        on(&kept, day, "loud", loud).await;
    }
    let sizes = kept.reader().sizes();
    let (loud, quiet) = (&sizes.by_service[0], &sizes.by_service[1]);
    assert_eq!((loud.0.as_str(), loud.2, quiet.0.as_str(), quiet.2), ("loud", 20_000, "quiet", 20));
    let all = loud.3 + quiet.3;
    kept.store().set_retention(Retention { cap_bytes: all / 2, ..Retention::default() }).await.unwrap();
    let gone = pass(&kept, 5).await;
    assert!(gone.evicted >= 8_000 && gone.evicted % 4_000 == 0, "{gone:?}");
    let left = stored(&kept).await;
    assert_eq!(left.iter().filter(|trace| **trace > 50 - 1).count(), 5, "the quiet one keeps all days: {left:?}");
    assert_eq!(left.first(), Some(&(1 + (gone.evicted / 4_000) as u8)), "the oldest went first: {left:?}");
    assert_adds_up(&kept);
}

#[tokio::test]
async fn a_clock_that_jumps_waits_for_the_user() {
    let mut kept = Kept::new().await;
    on(&kept, 0, "a", vec![span(1, 1, "x")]).await;
    let let_go = async |kept: &Kept, day: u64, is_believed| {
        kept.store().let_go(T0 + day * DAY, is_believed).await.unwrap().is_some()
    };
    assert!(let_go(&kept, 1, false).await, "the first time is believed");
    assert!(!let_go(&kept, 365 * 10, false).await, "ten years ahead");
    kept.reopen().await;
    assert!(!let_go(&kept, 365 * 10, false).await, "nor after a restart");
    assert!(!let_go(&kept, 0, false).await, "a day back");
    assert_eq!(stored(&kept).await, [1]);
    assert!(let_go(&kept, 365 * 10, true).await);
    assert!(stored(&kept).await.is_empty());
}

#[tokio::test]
async fn what_the_user_deletes() {
    let selected = |traces, spans, logs| Selected { traces, spans, logs, metric_points: 0 };
    let mut kept = Kept::new().await;
    on(&kept, 0, "a", vec![span(1, 1, "x"), span(2, 1, "x"), failed(span(3, 1, "x"), "bad")]).await;
    kept.add(at(in_protobuf(&traces("b", vec![span(4, 1, "x"), span(4, 2, "y")])), 1)).await.unwrap();
    kept.add(at(logs_in_protobuf(&logs("b", vec![record(1, T0, "one"), record(4, T0, "four")])), 1)).await.unwrap();
    let cases = [
        (Selection::Trace(trace_id(9)), selected(0, 0, 0), vec![1, 2, 3, 4]),
        (Selection::Trace(trace_id(1)), selected(1, 1, 1), vec![2, 3, 4]),
        (Selection::Before(T0 + DAY / 2), selected(2, 2, 0), vec![4]),
        (Selection::Service("b".to_owned()), selected(1, 2, 1), vec![]),
    ];
    for (selection, expected, left) in cases {
        let before = stored(&kept).await;
        assert_eq!(kept.store().select(selection.clone()).await.unwrap(), expected, "{selection:?}");
        assert_eq!(stored(&kept).await, before, "asking deletes nothing");
        assert_eq!(kept.store().delete(selection.clone()).await.unwrap(), expected, "{selection:?}");
        assert_eq!(stored(&kept).await, left, "{selection:?}");
        kept.reopen().await;
        assert_eq!(stored(&kept).await, left, "{selection:?}, reopened");
    }
    let ledger = kept.store().ledger();
    assert_eq!((ledger.spans.deleted, ledger.spans.kept(), ledger.logs.deleted), (5, 0, 2));
    // What was deleted can come again.
    assert_eq!(kept.outcome(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await, "1/0/0");
}

#[tokio::test]
async fn nothing_is_too_long() {
    let kept = Kept::new().await;
    let for_ever =
        Retention { ordinary: Duration::MAX, errors: Duration::MAX, aggregates: Duration::MAX, cap_bytes: u64::MAX };
    kept.store().set_retention(for_ever).await.unwrap();
    on(&kept, 0, "a", vec![span(1, 1, "x")]).await;
    assert_eq!(pass(&kept, 100_000).await, Gone::default());
    assert_eq!(stored(&kept).await, [1]);
}
