//! Damage that is found while the store runs: what else there is goes on.

use std::ops::ControlFlow;

use model::Signal;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{AppendError, Gone, ReadError, Reader, Retention, Selection};

use crate::given::{Kept, T0, in_protobuf, logs, logs_in_protobuf, names, record, span, trace_id, traces};

const DAY: u64 = 86_400 * 1_000_000_000;
/// Blobs by their number: the first of the columns, and those that every segment has.
const COLUMNS: u64 = 0;
const HEADER: u64 = 0xffff;
const PARTS: u64 = 0xfffe;
/// What becomes of a blob.
const FLIPPED: &str = "UPDATE segment_blob SET value = CAST(substr(value, 1, length(value) / 2) || x'5aa55a' || \
                       substr(value, length(value) / 2 + 4) AS BLOB) WHERE id = ?";
const LOST: &str = "DELETE FROM segment_blob WHERE id = ?";

/// Spans of traces 1 to 4 and log records of the first, each in a segment of a day of its own.
async fn given() -> Kept {
    let mut kept = Kept::new().await;
    for trace in 1..=4 {
        let noise: String = (1..400_u64).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
        let mut spans = in_protobuf(&traces("shop", vec![span(trace, 1, "a"), span(trace, 2, &noise)]));
        let mut records = logs_in_protobuf(&logs("shop", vec![record(trace, T0, &noise)]));
        spans.received_at_unix_nano = T0 + u64::from(trace) * DAY;
        records.received_at_unix_nano = spans.received_at_unix_nano;
        kept.add(spans).await.unwrap();
        if trace == 1 {
            kept.add(records).await.unwrap();
        }
        kept.store().compact().await.unwrap();
    }
    // What is in memory of the segments is forgotten.
    kept.reopen().await;
    kept
}

/// Damages a blob of the first segment of a signal; its id.
async fn damage(kept: &Kept, signal: Signal, blob: u64, how: &'static str) -> u64 {
    let options = SqliteConnectOptions::new().filename(kept.dir.database_path());
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let select = "SELECT min(id) FROM segment WHERE signal = ? AND is_retired = 0";
    let signal = if signal == Signal::Traces { 1 } else { 2 };
    let segment: i64 = sqlx::query_scalar(select).bind(signal).fetch_one(&mut other).await.unwrap();
    let id = segment << 16 | blob.cast_signed();
    assert_eq!(sqlx::query(how).bind(id).execute(&mut other).await.unwrap().rows_affected(), 1);
    other.close().await.unwrap();
    segment.cast_unsigned()
}

async fn listed(reader: &Reader) -> u64 {
    let mut traces = 0;
    let visit = |_: &store::TraceSummary| {
        traces += 1;
        ControlFlow::Continue(())
    };
    reader.traces(None, visit).await.unwrap();
    traces
}

async fn goes_on(signal: Signal, blob: u64, how: &'static str) {
    let case = format!("{signal:?} {blob:x} {how}");
    let mut kept = given().await;
    let damaged = damage(&kept, signal, blob, how).await;
    let reader = kept.reader();

    // What is read says which segment it is, unless it needs none of it.
    let listed = listed(&reader).await;
    assert_eq!(listed, if blob == PARTS { 3 } else { 4 }, "{case}");
    match reader.trace(trace_id(1)).await {
        Err(ReadError::Segment { segment, .. }) => assert_eq!(segment, damaged, "{case}"),
        Ok(Some(_)) => assert!(blob == PARTS, "{case}"),
        other => panic!("{case}: {other:?}"),
    }
    for trace in 2..=4 {
        assert_eq!(names(&reader, trace).await.len(), 2, "{case}");
    }

    // What comes is kept: of the damaged trace, again or new, and of others.
    kept.add(in_protobuf(&traces("shop", vec![span(1, 1, "a"), span(1, 3, "c")]))).await.unwrap();
    assert_eq!(kept.outcome(in_protobuf(&traces("shop", vec![span(2, 1, "a"), span(5, 1, "e")]))).await, "1/1/0");
    kept.store().compact().await.unwrap();
    assert_eq!(names(&reader, 5).await, ["e#0"], "{case}");

    // What is to go goes, but for what cannot be told apart.
    let is_left = kept.store().delete(Selection::Trace(trace_id(1))).await;
    kept.store().delete(Selection::Trace(trace_id(2))).await.unwrap();
    assert_eq!(names(&reader, 2).await.len(), 0, "{case}");
    kept.store().pin(trace_id(4), true).await.unwrap();
    let old = T0 + 60 * DAY;
    let retention = Retention { cap_bytes: 0, ..Retention::default() };
    kept.store().set_retention(retention).await.unwrap();
    let gone = kept.store().let_go(old, true).await.unwrap().unwrap();
    assert!(gone != Gone::default(), "{case}");
    assert_eq!((names(&reader, 3).await.len(), names(&reader, 4).await.len()), (0, 2), "{case}");

    let unreadable = reader.unreadable();
    let ids: Vec<u64> = unreadable.iter().map(|one| one.segment).collect();
    assert_eq!(ids, [damaged], "{case}: it is named, and still there");
    assert!(unreadable[0].items > 0);
    assert!(matches!(is_left, Err(AppendError::Other(sentence)) if sentence.contains(&damaged.to_string())), "{case}");
    let ledger = kept.store().ledger();
    assert!(ledger.spans.is_balanced() && ledger.logs.is_balanced(), "{case}");
    kept.reopen().await;
    assert_eq!(names(&kept.reader(), 4).await.len(), 2, "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_that_do_not_read_are_gone_past() {
    for how in [FLIPPED, LOST] {
        for blob in [COLUMNS, HEADER, PARTS] {
            goes_on(Signal::Traces, blob, how).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn log_records_that_do_not_read_are_gone_past() {
    for how in [FLIPPED, LOST] {
        for blob in [COLUMNS, HEADER] {
            goes_on(Signal::Logs, blob, how).await;
        }
    }
}

/// Two segments of a day are merged when the next ones come; one that does not read is left out of that.
#[tokio::test(flavor = "multi_thread")]
async fn segments_are_merged_without_one_that_does_not_read() {
    let mut kept = Kept::new().await;
    kept.add(in_protobuf(&traces("shop", vec![span(1, 1, "a")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    kept.reopen().await;
    let damaged = damage(&kept, Signal::Traces, PARTS, FLIPPED).await;
    for trace in 2..=4 {
        kept.add(in_protobuf(&traces("shop", vec![span(trace, 1, "b")]))).await.unwrap();
        kept.store().compact().await.unwrap();
        assert_eq!(kept.reader().sizes().waiting_bytes, 0, "nothing waits");
    }
    assert_eq!(kept.reader().unreadable().iter().map(|one| one.segment).collect::<Vec<_>>(), [damaged]);
    assert_eq!(listed(&kept.reader()).await, 3);
}
