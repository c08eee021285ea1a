//! Telemetry in and out as files.

use api::{Call, ErrorCode, ExportFormat};

use crate::support::{ask, failure, import, import_bytes, import_logs, quiet, status, traces};

const ORDER: &str = r#"
    frontend  POST /order  [------------------]
      orders  create         [------]            error="out of stock" items=3 kind=client
        db  INSERT             [--]              db.system.name=sqlite log="3 rows" event=retry
"#;

#[tokio::test]
async fn an_export_imported_elsewhere_gives_the_same_trace() {
    let (_here, here) = quiet().await;
    let (_there, there) = quiet().await;
    import(&here, &testkit::trace(ORDER)).await;
    import_logs(&here, &testkit::logs(ORDER)).await;
    let export = Call::Export { trace_ids: vec![testkit::TRACE_ID], format: ExportFormat::OtlpJson };
    let file = ask!(here, export.clone(), File);

    let imported = import_bytes(&there, file.clone()).await;
    assert_eq!((imported.spans, imported.logs, imported.duplicates), (3, 1, 0));
    assert_eq!(imported.trace_ids, [testkit::TRACE_ID]);
    let trace = Call::Trace { trace_id: testkit::TRACE_ID };
    let original = ask!(here, trace.clone(), Trace);
    assert_eq!((original.spans.len(), original.spans[2].logs.len()), (3, 1));
    assert_eq!(ask!(there, trace, Trace), original);
    assert_eq!(ask!(there, export, File), file);

    let again = import_bytes(&there, file).await;
    assert_eq!((again.spans, again.logs, again.duplicates), (3, 1, 4));
    let ledger = status(&there).await.ledger;
    assert_eq!((ledger.spans.received, ledger.spans.stored, ledger.spans.duplicate), (6, 3, 3));
    assert!(ledger.spans.is_balanced() && ledger.logs.is_balanced());
    here.stop().await;
    there.stop().await;
}

#[tokio::test]
async fn the_sample_is_another_trace_each_time_it_is_loaded() {
    let (_temp, session) = quiet().await;
    let first = ask!(session, Call::LoadSample, Imported);
    let second = ask!(session, Call::LoadSample, Imported);
    assert!(first.spans > 1 && first.logs > 0);
    assert_eq!((first.duplicates, second.duplicates, second.spans), (0, 0, first.spans));
    assert_eq!(traces(&session).await.matching as usize, first.trace_ids.len() + second.trace_ids.len());
    session.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_adds_nothing() {
    let (temp, session) = quiet().await;
    let bytes = |bytes: &[u8]| Call::ImportBytes { name: "x.json".to_owned(), bytes: bytes.to_vec() };
    let path = |path: &str| Call::ImportPath { path: path.to_owned() };
    assert_eq!(failure(&session, bytes(b"{\"resourceSpans\": [")).await, ErrorCode::Malformed);
    assert_eq!(failure(&session, bytes(b"no telemetry")).await, ErrorCode::Malformed);
    assert_eq!(failure(&session, path("relative.json")).await, ErrorCode::File);
    assert_eq!(failure(&session, path(&temp.path().join("absent").display().to_string())).await, ErrorCode::File);
    assert_eq!(failure(&session, Call::Trace { trace_id: testkit::TRACE_ID }).await, ErrorCode::NotFound);
    let export = Call::Export { trace_ids: vec![testkit::TRACE_ID], format: ExportFormat::OtlpJson };
    assert_eq!(failure(&session, export).await, ErrorCode::NotFound);
    assert_eq!(status(&session).await.ledger.spans.received, 0);
    session.stop().await;
}
