//! Reading from elsewhere: beside a writer, after it, and where there has never been one.

use std::{collections::BTreeMap, fs};

use segment::ValueFilter;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{DataDir, Reader};

use crate::given::{Kept, T0, in_protobuf, logs, logs_in_protobuf, names, record, span, trace_id, traces};

#[tokio::test]
async fn beside_a_writer() {
    let mut kept = Kept::new().await;
    let reader = Reader::open_read_only(&kept.dir).await.unwrap();
    for trace in 1..=3 {
        kept.add(in_protobuf(&traces("a", vec![span(trace, 1, "x")]))).await.unwrap();
        assert!(!reader.contains(trace_id(trace)).await.unwrap());
        reader.refresh().await.unwrap();
        assert_eq!(names(&reader, trace).await, ["x#0"]);
        assert_eq!(reader.sequence(), kept.reader().sequence());
        assert_eq!(
            reader.summary(trace_id(trace)).await.unwrap(),
            kept.reader().summary(trace_id(trace)).await.unwrap()
        );
        assert_eq!(reader.ledger(), kept.store().ledger());
    }
    kept.reopen().await;
    kept.add(in_protobuf(&traces("a", vec![span(4, 1, "x")]))).await.unwrap();
    reader.refresh().await.unwrap();
    assert_eq!(names(&reader, 4).await, ["x#0"]);
}

#[tokio::test]
async fn without_a_writer_nothing_is_created_or_changed() {
    let mut kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    kept.close().await;
    let files = || {
        let files = fs::read_dir(kept.dir.path()).unwrap().map(|file| file.unwrap().path());
        files.map(|path| (path.clone(), fs::read(path).unwrap())).collect::<BTreeMap<_, _>>()
    };
    let before = files();
    let reader = Reader::open_read_only(&kept.dir).await.unwrap();
    assert_eq!(names(&reader, 1).await, ["x#0"]);
    reader.refresh().await.unwrap();
    assert_eq!(files(), before);
}

/// A reader that came first sees what a writer that comes later commits.
#[tokio::test]
async fn before_a_writer() {
    let mut kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    kept.close().await;
    let reader = Reader::open_read_only(&kept.dir).await.unwrap();
    let store = store::Store::open(&kept.dir, kept.dir.try_lock().unwrap()).await.unwrap();
    store.append(in_protobuf(&traces("a", vec![span(1, 2, "y")]))).await.unwrap();
    reader.refresh().await.unwrap();
    assert_eq!(names(&reader, 1).await, ["x#0", "y#0"]);
    store.close().await.unwrap();
    assert_eq!(names(&reader, 1).await, ["x#0", "y#0"]);
}

/// Who asks for one trace gets the same of it, wherever it is, and nothing of the others.
#[tokio::test]
async fn for_one_trace() {
    let mut kept = Kept::new().await;
    for trace in 1..=6 {
        kept.add(in_protobuf(&traces("a", vec![span(trace, 1, "x")]))).await.unwrap();
    }
    kept.store().compact().await.unwrap();
    // 2 goes on in another segment, 3 in a row, 4 with a record in a segment, 5 with one in a row; 7 is in a row only.
    kept.add(in_protobuf(&traces("b", vec![span(2, 2, "y")]))).await.unwrap();
    kept.add(logs_in_protobuf(&logs("b", vec![record(4, T0, "z")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    kept.add(in_protobuf(&traces("b", vec![span(3, 2, "y"), span(7, 1, "y")]))).await.unwrap();
    kept.add(logs_in_protobuf(&logs("b", vec![record(5, T0, "z")]))).await.unwrap();
    for is_closed in [false, true] {
        if is_closed {
            kept.close().await;
        }
        let all = Reader::open_read_only(&kept.dir).await.unwrap();
        for trace in 1..=8 {
            let id = trace_id(trace);
            let one = Reader::open_for_trace(&kept.dir, id).await.unwrap();
            let contents = all.trace(id).await.unwrap();
            assert_eq!(format!("{:?}", one.trace(id).await.unwrap()), format!("{contents:?}"));
            assert_eq!(contents.is_some(), trace < 8);
            let summary = all.summary(id).await.unwrap();
            assert_eq!(one.summary(id).await.unwrap(), summary);
            for reader in [&one, &all] {
                let last = summary.as_ref().map(|summary| summary.last_sequence);
                assert_eq!(reader.last_sequence(id).await.unwrap(), last);
            }
        }
    }
}

/// What the filter of values says is not in a segment is not, and what is there may be.
#[tokio::test]
async fn filters_of_values() {
    let mut kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x")]))).await.unwrap();
    kept.add(logs_in_protobuf(&logs("b", vec![record(4, T0, "z")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    kept.close().await;
    let options = SqliteConnectOptions::new().filename(kept.dir.database_path());
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let select = "SELECT value FROM segment_blob WHERE id & 0xffff = 0xfffc";
    let blobs: Vec<Vec<u8>> = sqlx::query_scalar(select).fetch_all(&mut other).await.unwrap();
    other.close().await.unwrap();
    let [blob] = &blobs[..] else { panic!("one for each segment of spans") };
    let filter = ValueFilter::of_bytes(blob).unwrap();
    assert!(filter.may_hold_text("service.name", "a") && !filter.may_hold_text("service.name", "b"));
    assert!(filter.may_hold_name("x") && !filter.may_hold_name("y"));
    let mut damaged = blob.clone();
    damaged[7] ^= 1;
    assert_eq!(ValueFilter::of_bytes(&damaged), None);
}

#[tokio::test]
async fn an_empty_directory_stays_empty() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open_existing(temp.path()).unwrap();
    let reader = Reader::open_read_only(&dir).await.unwrap();
    reader.refresh().await.unwrap();
    assert_eq!((reader.trace_count(), reader.sequence()), (0, 0));
    assert!(reader.trace(trace_id(1)).await.unwrap().is_none());
    let reader = Reader::open_for_trace(&dir, trace_id(1)).await.unwrap();
    assert!(reader.trace(trace_id(1)).await.unwrap().is_none());
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}
