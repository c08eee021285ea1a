//! A session in a fresh directory.

use std::time::Duration;

use api::{Call, ErrorCode, Event, ImportSummary, ListenerState, Protocol, Reply, Status, TracePage, TracesRequest};
use model::{LogsData, TracesData};
use service::{Events, Options, Session};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Options for a directory of its own, on free ports, with an empty configuration.
pub(crate) fn fresh() -> (TempDir, Options) {
    let temp = tempfile::tempdir().expect("a directory");
    let config = temp.path().join("config.toml");
    std::fs::write(&config, "").expect("a file");
    let options = Options {
        data_dir: Some(temp.path().join("data")),
        grpc: Some(vec!["127.0.0.1:0".to_owned()]),
        http: Some(vec!["127.0.0.1:0".to_owned()]),
        config: Some(config),
        ..Options::default()
    };
    (temp, options)
}

/// A session without ports in a directory of its own.
pub(crate) async fn quiet() -> (TempDir, Session) {
    let (temp, options) = fresh();
    let session = Session::start_quiet(options).await.expect("a fresh directory can be owned");
    assert!(session.is_owner());
    (temp, session)
}

/// What a call is answered with.
macro_rules! ask {
    ($session:expr, $call:expr, $reply:ident) => {
        match $session.call($call).await {
            Ok(api::Reply::$reply(reply)) => reply,
            other => panic!("{other:?}"),
        }
    };
}
pub(crate) use ask;

/// What keeps a call from being answered.
pub(crate) async fn failure(session: &Session, call: Call) -> ErrorCode {
    match session.call(call).await {
        Err(err) => err.code,
        Ok(reply) => panic!("{reply:?}"),
    }
}

pub(crate) async fn status(session: &Session) -> Status {
    *ask!(session, Call::Status, Status)
}

/// The whole list.
pub(crate) async fn traces(session: &Session) -> TracePage {
    ask!(session, Call::Traces(TracesRequest { count: 100, ..TracesRequest::default() }), Traces)
}

/// Imports spans.
pub(crate) async fn import(session: &Session, traces: &TracesData) -> ImportSummary {
    import_bytes(session, formats::encode_traces_json(traces)).await
}

/// Imports log records.
pub(crate) async fn import_logs(session: &Session, logs: &LogsData) -> ImportSummary {
    import_bytes(session, formats::encode_logs_json(logs)).await
}

pub(crate) async fn import_bytes(session: &Session, bytes: Vec<u8>) -> ImportSummary {
    ask!(session, Call::ImportBytes { name: "test.json".to_owned(), bytes }, Imported)
}

/// Where a session listens.
pub(crate) async fn address(session: &Session, protocol: Protocol) -> String {
    let status = status(session).await;
    let found = status.listeners.iter().find(|one| one.protocol == protocol && one.state == ListenerState::Listening);
    found.expect("it listens").address.clone()
}

/// Sends spans as an exporter does; the status code of the answer.
pub(crate) async fn post(address: &str, traces: &TracesData) -> u16 {
    let body = testkit::otlp_protobuf(traces);
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("it reads");
    stream.write_all(&body).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line")
}

/// The first event that is wanted.
pub(crate) async fn event<T>(events: &mut Events, wanted: impl Fn(Event) -> Option<T>) -> T {
    let waiting = async {
        loop {
            let event = events.next().await.expect("events go on");
            if let Some(found) = wanted(event) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the event comes")
}

/// Until the events end.
pub(crate) async fn end(events: &mut Events) {
    let waiting = async { while events.next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the events end");
}

/// A reply that says only that it is done.
pub(crate) async fn done(session: &Session, call: Call) {
    assert_eq!(session.call(call).await, Ok(Reply::Done));
}
