//! What comes twice is kept once, and what only looks like it is kept.

use formats::Compression;
use model::Signal;

use crate::given::{Kept, T0, append, in_json, in_protobuf, logs, logs_in_protobuf, names, record, span, traces};

#[tokio::test]
async fn table() {
    let one = || traces("shop", vec![span(1, 1, "a")]);
    let two = || traces("shop", vec![span(1, 1, "a"), span(1, 2, "b")]);
    let other_content = || traces("shop", vec![span(1, 1, "changed")]);
    let other_service = || traces("bank", vec![span(1, 1, "a")]);
    let twice_in_one = || traces("shop", vec![span(1, 1, "a"), span(1, 1, "a"), span(1, 1, "changed")]);
    // What comes, what becomes of each request (stored/duplicate/rejected), and what is read back.
    let table = [
        ("same body", vec![in_protobuf(&one()), in_protobuf(&one())], "1/0/0 0/1/0", "a#0"),
        ("same body in JSON", vec![in_json(&one()), in_json(&one())], "1/0/0 0/1/0", "a#0"),
        ("protobuf, then JSON", vec![in_protobuf(&one()), in_json(&one())], "1/0/0 0/1/0", "a#0"),
        ("JSON, then protobuf", vec![in_json(&one()), in_protobuf(&one())], "1/0/0 0/1/0", "a#0"),
        ("another batch", vec![in_protobuf(&one()), in_protobuf(&two())], "1/0/0 1/1/0", "a#0 b#0"),
        ("another batch in JSON", vec![in_protobuf(&one()), in_json(&two())], "1/0/0 1/1/0", "a#0 b#0"),
        ("within one request", vec![in_protobuf(&twice_in_one())], "2/1/0", "a#0 changed#1"),
        ("within one request in JSON", vec![in_json(&twice_in_one())], "2/1/0", "a#0 changed#1"),
        ("other content", vec![in_protobuf(&one()), in_protobuf(&other_content())], "1/0/0 1/0/0", "a#0 changed#1"),
        ("other resource", vec![in_protobuf(&one()), in_json(&other_service())], "1/0/0 1/0/0", "a#0 a#1"),
        (
            "variants again",
            vec![in_protobuf(&one()), in_protobuf(&other_content()), in_json(&other_content()), in_json(&one())],
            "1/0/0 1/0/0 0/1/0 0/1/0",
            "a#0 changed#1",
        ),
    ];
    for (what, requests, outcomes, read) in table {
        for between in ["nothing", "reopened", "compacted"] {
            let mut kept = Kept::new().await;
            let mut seen = Vec::new();
            for request in requests.clone() {
                seen.push(kept.outcome(request).await);
                match between {
                    "reopened" => kept.reopen().await,
                    "compacted" => kept.store().compact().await.unwrap(),
                    _ => {}
                }
            }
            assert_eq!(seen.join(" "), outcomes, "{what}, {between} in between");
            assert_eq!(names(&kept.reader(), 1).await.join(" "), read, "{what}, {between} in between");
            assert!(kept.store().ledger().spans.is_balanced());
        }
    }
}

/// Many at once are committed in groups; the answers do not depend on how.
#[tokio::test]
async fn requests_that_wait_together() {
    let kept = Kept::new().await;
    let requests = (0..40).map(|n| {
        let data = traces("shop", vec![span(1, 1, "a"), span(1, 2 + n / 2, "b")]);
        kept.add(if n % 2 == 0 { in_protobuf(&data) } else { in_json(&data) })
    });
    let outcomes = futures_util::future::join_all(requests).await;
    let stored: u64 = outcomes.iter().map(|outcome| outcome.as_ref().unwrap().stored).sum();
    assert_eq!(stored, 21);
    assert_eq!(names(&kept.reader(), 1).await.len(), 21);
    let spans = kept.store().ledger().spans;
    assert_eq!((spans.received, spans.stored, spans.duplicate), (80, 21, 59));
}

#[tokio::test]
async fn the_same_body_compressed_as_it_came() {
    let kept = Kept::new().await;
    let plain = in_protobuf(&traces("shop", vec![span(1, 1, "a")]));
    let mut compressed = plain.clone();
    compressed.compression = Compression::Lz4;
    compressed.body = formats::compress_lz4(&plain.body).into();
    assert_eq!(kept.outcome(compressed.clone()).await, "1/0/0");
    assert_eq!(kept.outcome(compressed).await, "0/1/0");
    assert_eq!(kept.outcome(plain).await, "0/1/0");
    assert_eq!(names(&kept.reader(), 1).await, ["a#0"]);
}

/// Log records have no identity: only a whole request that came again counts, and only if all its
/// records have a time.
#[tokio::test]
async fn log_requests() {
    let mut kept = Kept::new().await;
    let timed = logs_in_protobuf(&logs("shop", vec![record(1, T0, "a"), record(0, T0, "b")]));
    let timeless = logs_in_protobuf(&logs("shop", vec![record(1, T0, "a"), record(0, 0, "b")]));
    assert_eq!(kept.outcome(timed.clone()).await, "2/0/0");
    assert_eq!(kept.outcome(timed.clone()).await, "0/2/0");
    kept.reopen().await;
    assert_eq!(kept.outcome(timed.clone()).await, "0/2/0");
    kept.store().compact().await.unwrap();
    assert_eq!(kept.outcome(timed.clone()).await, "0/2/0");
    kept.reopen().await;
    assert_eq!(kept.outcome(timed).await, "0/2/0");
    assert_eq!(kept.outcome(timeless.clone()).await, "2/0/0");
    assert_eq!(kept.outcome(timeless).await, "2/0/0");
    let ledger = kept.store().ledger().logs;
    assert_eq!((ledger.received, ledger.stored, ledger.duplicate), (14, 6, 8));
    assert!(ledger.is_balanced());
}

#[tokio::test]
async fn refused_spans_are_left_out_and_counted() {
    let kept = Kept::new().await;
    let data = traces("shop", vec![span(0, 1, "no trace"), span(1, 1, "a"), span(1, 0, "no id")]);
    let request = in_protobuf(&data);
    assert_eq!(kept.outcome(request.clone()).await, "1/0/2");
    assert_eq!(kept.outcome(request).await, "0/1/2");
    assert_eq!(kept.outcome(in_protobuf(&traces("shop", vec![span(0, 1, "none")]))).await, "0/0/1");
    assert_eq!(kept.outcome(append(Signal::Traces, formats::Encoding::Protobuf, Vec::new())).await, "0/0/0");
    assert_eq!(names(&kept.reader(), 1).await, ["a#0"]);
    let ledger = kept.store().ledger().spans;
    assert!(ledger.is_balanced());
    assert_eq!(ledger.received, 7);
    assert_eq!(
        ledger.rejected.into_iter().collect::<Vec<_>>(),
        [("span_id_zero".to_owned(), 2), ("trace_id_zero".to_owned(), 3)]
    );
}
