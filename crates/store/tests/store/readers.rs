//! Reading from elsewhere: beside a writer, after it, and where there has never been one.

use std::{collections::BTreeMap, fs};

use store::{DataDir, Reader};

use crate::given::{Kept, in_protobuf, names, span, trace_id, traces};

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

#[tokio::test]
async fn an_empty_directory_stays_empty() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open_existing(temp.path()).unwrap();
    let reader = Reader::open_read_only(&dir).await.unwrap();
    reader.refresh().await.unwrap();
    assert_eq!((reader.trace_count(), reader.sequence()), (0, 0));
    assert!(reader.trace(trace_id(1)).await.unwrap().is_none());
    assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
}
