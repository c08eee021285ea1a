//! Requests become segments, and nobody notices but the disk.

use model::TracesData;
use store::{Reader, TraceContents};

use crate::given::{Kept, failed, in_protobuf, names, span, trace_id, traces};

/// Everything of every trace of the corpus, read from a store.
async fn contents(reader: &Reader, requests: &[TracesData]) -> Vec<TraceContents> {
    let mut ids: Vec<_> = requests
        .iter()
        .flat_map(|request| &request.resource_spans)
        .flat_map(|of| &of.scope_spans)
        .flat_map(|of| &of.spans)
        .map(|span| span.trace_id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let mut all = Vec::new();
    for trace_id in ids {
        all.push(reader.trace(trace_id).await.unwrap().unwrap());
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_corpus_reads_the_same_before_and_after() {
    let mut kept = Kept::new().await;
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    let requests: Vec<TracesData> = testkit::corpus::requests(11, 6_000, 100).collect();
    let (first, second) = requests.split_at(requests.len() / 2);
    for request in first {
        kept.add(in_protobuf(request)).await.unwrap();
    }
    kept.store().compact().await.unwrap();
    for request in second {
        kept.add(in_protobuf(request)).await.unwrap();
    }
    let expected = contents(&kept.reader(), &requests).await;
    kept.store().compact().await.unwrap();
    assert_eq!(contents(&kept.reader(), &requests).await, expected);
    beside.refresh().await.unwrap();
    assert_eq!(contents(&beside, &requests).await, expected);
    kept.reopen().await;
    assert_eq!(contents(&kept.reader(), &requests).await, expected);
    // All of it comes again: every span is known.
    for request in &requests {
        let again = kept.add(in_protobuf(request)).await.unwrap();
        assert_eq!(again.stored, 0);
    }
    assert!(kept.store().ledger().spans.is_balanced());
}

/// What requests took is given back to the disk once they are segments.
#[tokio::test(flavor = "multi_thread")]
async fn segments_are_smaller() {
    let mut kept = Kept::new().await;
    for request in testkit::corpus::requests(12, 60_000, 500) {
        kept.add(in_protobuf(&request)).await.unwrap();
    }
    kept.store().compact().await.unwrap();
    kept.reopen().await;
    let mut bytes = kept.store().bytes_on_disk().database;
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        bytes = kept.store().bytes_on_disk().database;
        if bytes < 60_000 * 200 {
            break;
        }
    }
    // With the pages that stay for what comes next.
    assert!(bytes < 60_000 * 200, "{bytes} bytes");
}

/// A reader that is halfway through never misses a trace because it moves.
#[tokio::test(flavor = "multi_thread")]
async fn readers_go_on_while_requests_become_segments() {
    let kept = Kept::new().await;
    let writing = async {
        for trace in 1..=60 {
            kept.add(in_protobuf(&traces("a", vec![span(trace, 1, "x"), span(trace, 2, "y")]))).await.unwrap();
            if trace % 4 == 0 {
                kept.store().compact().await.unwrap();
            }
        }
    };
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    let own = kept.reader();
    let reading = async {
        let mut seen = 0;
        while seen < 60 {
            beside.refresh().await.unwrap();
            for reader in [&own, &beside] {
                let count = reader.trace_count();
                for trace in 1..=count {
                    assert_eq!(names(reader, trace as u8).await, ["x#0", "y#0"], "trace {trace} of {count}");
                }
                seen = count;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(writing, reading);
}

/// An error that comes late makes a trace one of two classes, and still one trace.
#[tokio::test]
async fn a_late_error() {
    let mut kept = Kept::new().await;
    kept.add(in_protobuf(&traces("a", vec![span(1, 1, "x"), span(2, 1, "z")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    kept.add(in_protobuf(&traces("b", vec![failed(span(1, 2, "y"), "bad")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    for _ in 0..2 {
        let reader = kept.reader();
        let summary = reader.summary(trace_id(1)).await.unwrap().unwrap();
        assert_eq!((summary.span_count, summary.error_count), (2, 1));
        assert_eq!(names(&reader, 1).await, ["x#0", "y#0"]);
        assert_eq!(reader.services().await.unwrap(), [("a".to_owned(), 2), ("b".to_owned(), 1)]);
        assert_eq!(reader.trace_count(), 2);
        kept.reopen().await;
    }
}
