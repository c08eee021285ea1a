//! What does not fit is refused whole, and the store goes on.

use store::{AppendError, Reader, Store};

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
