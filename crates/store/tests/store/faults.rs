//! What does not fit is refused whole, and the store goes on.

use std::{
    fs,
    time::{Duration, Instant},
};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{AppendError, DataDir, OpenError, Reader, Store};

use crate::given::{Kept, in_protobuf, names, span, trace_id, traces, turn_away};

/// A request that compression does not make small.
fn large(trace: u8) -> store::Append {
    let mut noise = 1_u64;
    let mut text = String::new();
    while text.len() < 200_000 {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(u64::from(trace));
        text.push_str(&format!("{:x}", noise >> 8));
    }
    in_protobuf(&traces("a", vec![span(trace, 1, &text), span(1, 1, "a")]))
}

#[tokio::test]
async fn a_full_disk() {
    let mut kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "a")]))).await.unwrap();
    let before = kept.store().ledger();
    kept.store().limit_bytes(Some(64 << 10)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(kept.add(large(2)).await, Err(AppendError::Full));
    }
    assert_eq!(kept.store().ledger(), before);
    assert!(!kept.reader().contains(trace_id(2)).await.unwrap());
    // What is small still fits, and what was refused has left no trace that could make it a duplicate.
    assert_eq!(kept.outcome(in_protobuf(&traces("a", vec![span(1, 2, "b")]))).await, "1/0/0");
    turn_away(kept.store(), "disk_full", 2, 400_000);
    kept.store().limit_bytes(None).await.unwrap();
    assert_eq!(kept.outcome(large(2)).await, "1/1/0");
    kept.reopen().await;
    assert_eq!(names(&kept.reader(), 1).await, ["a#0", "b#0"]);
    assert_eq!(kept.reader().summary(trace_id(2)).await.unwrap().unwrap().span_count, 1);
    let ledger = kept.store().ledger();
    assert!(ledger.spans.is_balanced());
    assert_eq!((ledger.spans.received, ledger.spans.stored, ledger.spans.duplicate), (4, 3, 1));
    assert_eq!(ledger.turned_away["disk_full"].requests, 2);
}

/// The files as a kill leaves them: a copy taken while the store runs holds everything acknowledged.
#[tokio::test]
async fn a_kill_loses_nothing_acknowledged() {
    let kept = Kept::new().await;
    let temp = tempfile::tempdir().unwrap();
    for n in 1..=5 {
        kept.add(in_protobuf(&traces("a", vec![span(n, 1, "x"), span(1, n, "y")]))).await.unwrap();
        let dir = store::DataDir::open(temp.path().join(n.to_string())).unwrap();
        // Once with the log's index as the kill left it, once without.
        let files = ["spanscope.db", "spanscope.db-wal", "spanscope.db-shm"];
        for file in &files[..2 + usize::from(n % 2)] {
            std::fs::copy(kept.dir.path().join(file), dir.path().join(file)).unwrap();
        }
        let reader = Reader::open_read_only(&dir).await.unwrap();
        assert_eq!(reader.trace_count(), u64::from(n));
        let store = Store::open(&dir, dir.try_lock().unwrap()).await.unwrap();
        assert_eq!(store.ledger(), kept.store().ledger());
        for trace in 1..=n {
            assert_eq!(
                store.reader().summary(trace_id(trace)).await.unwrap(),
                kept.reader().summary(trace_id(trace)).await.unwrap()
            );
        }
        store.close().await.unwrap();
    }
}

/// The write-ahead log does not grow without bound while data arrives, and is emptied at the end.
#[tokio::test]
async fn the_write_ahead_log_is_bounded() {
    let kept = Kept::new().await;
    let mut largest = 0;
    let request = large(2);
    let mut data = formats::decode_traces(request.encoding, &request.body).unwrap();
    for n in 0..400_u32 {
        let mut id = [1; 16];
        id[..4].copy_from_slice(&n.to_le_bytes());
        data.resource_spans[0].scope_spans[0].spans[0].trace_id = model::TraceId(id);
        kept.add(in_protobuf(&data)).await.unwrap();
        largest = largest.max(kept.store().bytes_on_disk().write_ahead_log);
    }
    let bytes = kept.store().bytes_on_disk();
    assert!(bytes.database > largest && largest <= 64 << 20, "log {largest}, database {}", bytes.database);
    kept.store().close().await.unwrap();
    assert_eq!(kept.store().bytes_on_disk().write_ahead_log, 0);
}

async fn another_program(dir: &DataDir) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(dir.database_path());
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// Refused soon for as long as it lasts, and taken as soon as it is over.
#[tokio::test(flavor = "multi_thread")]
async fn locked_by_another_program() {
    let kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    let mut other = another_program(&kept.dir).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    for number in 2..4 {
        let begun = Instant::now();
        assert_eq!(kept.add(in_protobuf(&traces("a", vec![span(number, 1, "x")]))).await, Err(AppendError::Busy));
        assert!(begun.elapsed() < Duration::from_secs(5));
        // What is there is read meanwhile.
        assert_eq!(names(&kept.reader(), 1).await, ["x#0"]);
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    assert_eq!(kept.outcome(in_protobuf(&traces("a", vec![span(2, 1, "x")]))).await, "1/0/0");
    assert!(kept.store().ledger().spans.is_balanced());
    other.close().await.unwrap();
}

/// A trace of which segments have a part goes on while nothing can be written, and again when it can: it is one trace.
#[tokio::test(flavor = "multi_thread")]
async fn a_trace_that_goes_on_after_a_failure_is_one_trace() {
    let mut kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    let next = || in_protobuf(&traces("a", vec![span(1, 2, "y")]));
    let mut other = another_program(&kept.dir).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    assert_eq!(kept.add(next()).await, Err(AppendError::Busy));
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    assert_eq!(kept.outcome(next()).await, "1/0/0");
    for is_compacted in [false, true] {
        if is_compacted {
            kept.store().compact().await.unwrap();
        }
        assert_eq!(listed(&kept.reader()).await, [2], "compacted: {is_compacted}");
    }
    kept.reopen().await;
    assert_eq!(listed(&kept.reader()).await, [2]);
}

/// Spans of each trace that is listed.
async fn listed(reader: &Reader) -> Vec<u64> {
    let mut spans = Vec::new();
    let visit = |summary: &store::TraceSummary| {
        spans.push(summary.span_count);
        std::ops::ControlFlow::Continue(())
    };
    reader.traces(None, visit).await.unwrap();
    spans
}

/// The log is deleted while we write to it: what is acknowledged afterwards is in the database.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_log_deleted_under_us() {
    let kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "before")]))).await.unwrap();
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(format!("{}{suffix}", kept.dir.database_path().display())).unwrap();
    }
    kept.add(in_protobuf(&traces("a", vec![span(1, 2, "after")]))).await.unwrap();
    // As a kill leaves it.
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(temp.path().join("data")).unwrap();
    fs::copy(kept.dir.database_path(), dir.database_path()).unwrap();
    let store = Store::open(&dir, dir.try_lock().unwrap()).await.unwrap();
    assert_eq!(names(&store.reader(), 1).await, ["before#0", "after#0"]);
    assert_eq!(store.ledger(), kept.store().ledger());
    store.close().await.unwrap();
}

/// Between two runs only what was in it is gone, and a reader is no reason to fail.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_deleted_between_runs() {
    let kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(temp.path().join("data")).unwrap();
    fs::copy(kept.dir.database_path(), dir.database_path()).unwrap();
    let store = Store::open(&dir, dir.try_lock().unwrap()).await.unwrap();
    assert!(store.ledger().spans.is_balanced());
    assert_eq!(store.append(in_protobuf(&traces("a", vec![span(2, 1, "y")]))).await.unwrap().stored, 1);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn views_and_triggers_of_others() {
    for hostile in
        ["CREATE TRIGGER gone AFTER INSERT ON l0 BEGIN DELETE FROM l0; END", "CREATE VIEW seen AS SELECT * FROM l0"]
    {
        let mut kept = Kept::new().await;
        kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
        kept.close().await;
        let mut other = another_program(&kept.dir).await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(hostile)).execute(&mut other).await.unwrap();
        other.close().await.unwrap();
        let before = fs::read(kept.dir.database_path()).unwrap();
        let refused = Store::open(&kept.dir, kept.dir.try_lock().unwrap()).await.map(drop).unwrap_err();
        assert!(matches!(refused, OpenError::Altered { .. }), "{refused}");
        assert!(fs::read(kept.dir.database_path()).unwrap() == before, "untouched");
    }
}
