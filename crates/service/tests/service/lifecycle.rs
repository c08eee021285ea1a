//! Owners, guests, readers, ports and the control socket.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::PermissionsExt, net::UnixListener},
};

use api::{Call, ErrorCode, Event, ListenerState, Protocol, TracesRequest};
use service::{Client, Options, Reading, Session};

use crate::support::{address, ask, done, end, event, failure, fresh, import, post, quiet, status, traces};

const CART: &str = "
    frontend  GET /cart  [------------------]
      cart  GetCart        [------]            error=timeout
";

#[tokio::test]
async fn what_is_sent_is_seen_by_the_owner_a_guest_and_a_reader() {
    let (_temp, options) = fresh();
    let owner = Session::start(options.clone()).await.expect("a fresh directory can be owned");
    let guest = Session::start(options).await.expect("an owned directory can be visited");
    assert!(owner.is_owner() && !guest.is_owner());
    let (mut owners, mut guests) = (owner.events().await.expect("events"), guest.events().await.expect("events"));

    assert_eq!(post(&address(&guest, Protocol::Http).await, &testkit::trace(CART)).await, 200);

    let arrived = |event| match event {
        Event::Arrived { traces, .. } => Some(traces),
        _ => None,
    };
    assert_eq!(event(&mut owners, arrived).await, [testkit::TRACE_ID]);
    assert_eq!(event(&mut guests, arrived).await, [testkit::TRACE_ID]);
    let page = traces(&owner).await;
    assert_eq!((page.matching, page.rows[0].root_name.as_str(), page.rows[0].error_count), (1, "GET /cart", 1));
    assert_eq!(traces(&guest).await, page);
    let reading = Reading::open(owner.data_dir(), || 0).await.expect("a directory beside its owner");
    let request = TracesRequest { count: 100, ..TracesRequest::default() };
    assert_eq!(ask!(reading, Call::Traces(request), Traces).rows, page.rows);
    assert_eq!(reading.call(Call::Status).await.map_err(|err| err.code), Err(ErrorCode::NotOwner));
    let status = status(&guest).await;
    assert_eq!((status.pid, status.ledger.spans.stored, status.traces), (std::process::id(), 2, 1));
    assert!(status.ledger.spans.is_balanced());

    owner.stop().await;
    end(&mut owners).await;
    end(&mut guests).await;
    assert_eq!(failure(&guest, Call::Status).await, ErrorCode::NotOwner);
    assert_eq!(failure(&owner, Call::Status).await, ErrorCode::NotOwner);
    assert_eq!(ask!(reading, Call::Services, Services).len(), 2);
}

#[tokio::test]
async fn everything_is_there_after_a_restart_and_nobody_owns_in_between() {
    let (_temp, options) = fresh();
    let first = Session::start_quiet(options.clone()).await.expect("a fresh directory can be owned");
    import(&first, &testkit::trace(CART)).await;
    let before = traces(&first).await;
    let socket = first.data_dir().join("control.sock");
    assert_eq!(fs::metadata(&socket).expect("it listens").permissions().mode() & 0o777, 0o600);
    first.stop().await;
    first.stop().await;
    assert!(!socket.exists());
    assert!(Client::connect(first.data_dir()).await.expect("a directory").is_none());
    let second = Session::start_quiet(options).await.expect("the lock was given back");
    assert!(second.is_owner());
    assert_eq!(traces(&second).await.rows, before.rows);
    second.stop().await;
}

#[tokio::test]
async fn a_socket_that_a_killed_process_left_behind_is_replaced() {
    let (_temp, options) = fresh();
    Session::start_quiet(options.clone()).await.expect("a fresh directory can be owned").stop().await;
    let dir = options.data_dir.clone().expect("it is named");
    drop(UnixListener::bind(dir.join("control.sock")).expect("a socket that nobody listens to"));
    let session = Session::start_quiet(options).await.expect("the lock says that nobody owns it");
    let client = Client::connect(&dir).await.expect("a directory").expect("an owner");
    assert_eq!(ask!(client, Call::Status, Status).pid, std::process::id());
    session.stop().await;
}

#[tokio::test]
async fn a_directory_with_a_long_path_has_a_socket_too() {
    let (temp, options) = fresh();
    let options = Options { data_dir: Some(temp.path().join("long".repeat(40))), ..options };
    let owner = Session::start_quiet(options.clone()).await.expect("a fresh directory can be owned");
    let guest = Session::start_quiet(options).await.expect("an owned directory can be visited");
    assert_eq!((guest.is_owner(), guest.data_dir()), (false, owner.data_dir()));
    assert_eq!(status(&guest).await.pid, std::process::id());
    owner.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_named_and_another_one_can_be_taken_in_its_place() {
    let (_temp, options) = fresh();
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let taken = other.local_addr().expect("an address").to_string();
    let session = Session::start(Options { grpc: Some(vec![taken.clone()]), ..options }).await.expect("it starts");
    let before = status(&session).await;
    let listener = &before.listeners[0];
    assert_eq!((listener.protocol, &listener.address), (Protocol::Grpc, &taken));
    let ListenerState::Taken { offer, setting, .. } = &listener.state else { panic!("{listener:?}") };
    assert!(offer.contains(':') && setting.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT=http://"), "{offer} {setting}");
    assert_eq!(before.problems.iter().map(|problem| problem.name.as_str()).collect::<Vec<_>>(), ["port_taken"]);

    let listen = |address: &str| Call::Listen { protocol: Protocol::Grpc, address: address.to_owned() };
    assert_eq!(ask!(session, listen(&taken), Status).problems.len(), 1, "it is still taken");
    assert_eq!(failure(&session, listen("0.0.0.0:0")).await, ErrorCode::Address);
    drop(other);
    let after = ask!(session, listen(&taken), Status);
    assert_eq!((after.problems.len(), &after.listeners[0].state), (0, &ListenerState::Listening));
    session.stop().await;
}

#[tokio::test]
async fn bad_settings_are_refused_with_a_sentence() {
    let (temp, options) = fresh();
    let refused = |options: Options| async move { Session::start(options).await.expect_err("it is refused") };
    let beyond = refused(Options { grpc: Some(vec!["0.0.0.0:4317".to_owned()]), ..options.clone() }).await;
    assert_eq!(beyond.code, ErrorCode::Address);
    let malformed = refused(Options { http: Some(vec!["4318".to_owned()]), ..options.clone() }).await;
    assert_eq!(malformed.code, ErrorCode::Malformed);
    fs::write(temp.path().join("config.toml"), "port = 4317\n").expect("a file");
    let unknown = refused(options.clone()).await;
    assert_eq!(unknown.code, ErrorCode::Malformed);
    assert!(unknown.sentence.contains("unknown field `port`"), "{unknown}");
    let absent = refused(Options { config: Some(temp.path().join("absent.toml")), ..options.clone() }).await;
    assert_eq!(absent.code, ErrorCode::File);
    assert!(!options.data_dir.expect("it is named").exists(), "nothing is made for a start that is refused");
}

#[tokio::test]
async fn files_are_presented_only_where_there_is_a_window() {
    let (temp, owner) = quiet().await;
    let file = temp.path().join("trace.json");
    fs::write(&file, formats::encode_traces_json(&testkit::trace(CART))).expect("a file");
    let path = |path: &std::path::Path| path.display().to_string();
    let present = Call::Present {
        paths: vec![path(&temp.path().join("absent.json")), path(&file)],
        search: Some("error".to_owned()),
    };
    assert_eq!(failure(&owner, present.clone()).await, ErrorCode::NotFound);
    owner.set_presents(true);
    let mut events = owner.events().await.expect("events");
    done(&owner, present).await;
    event(&mut events, |event| (event == Event::Focus).then_some(())).await;
    event(&mut events, |event| (event == Event::Search { text: "error".to_owned() }).then_some(())).await;
    let failed = |event| match event {
        Event::Failed { sentence } => Some(sentence),
        _ => None,
    };
    assert!(event(&mut events, failed).await.contains("absent.json"));
    event(&mut events, |event| (event == Event::Show { trace_id: testkit::TRACE_ID }).then_some(())).await;
    owner.stop().await;
}
