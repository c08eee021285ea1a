//! Addresses beyond loopback: nothing is taken there without the key.

use receive::{Bind, KeyHash, Protocol, bind};
use tonic::Code;

use crate::payloads;
use crate::support::{Server, TRACES, frame};

const KIND: (&str, &str) = ("content-type", "application/x-protobuf");

/// The server, reached by an address on which the network reaches it too.
async fn beyond_loopback() -> Server {
    let mut server = Server::start().await;
    for (protocol, reached) in [(Protocol::Grpc, &mut server.grpc), (Protocol::Http, &mut server.http)] {
        let bound = bind(protocol, &"0.0.0.0:0".parse::<Bind>().unwrap()).await;
        reached.set_port(bound.addresses()[0].port());
        server.receiver.listen(bound);
    }
    server
}

/// The answers to a good request in both protocols.
async fn answers(server: &Server, authorization: Option<&str>) -> (u16, i32) {
    let carried = authorization.map(|value| ("authorization", value));
    let headers: Vec<_> = [KIND].into_iter().chain(carried).collect();
    let reply = server.post("/v1/traces", &headers, &payloads::traces()).await;
    let headers: Vec<_> = carried.into_iter().collect();
    let call = server.call(TRACES, &headers, &frame(0, &payloads::traces())).await;
    assert!(!call.has_retry_info());
    (reply.status, call.code())
}

#[tokio::test]
async fn every_request_beyond_loopback_needs_the_key() {
    const REFUSED: (u16, i32) = (401, Code::Unauthenticated as i32);
    let server = beyond_loopback().await;
    assert_eq!(answers(&server, Some("Bearer ")).await, REFUSED, "without a key nothing is taken");
    server.receiver.set_key(Some(KeyHash::of(b"secret")));
    for wrong in [None, Some("Bearer secre"), Some("Bearer secret2"), Some("Basic secret"), Some("secret")] {
        assert_eq!(answers(&server, wrong).await, REFUSED, "{wrong:?}");
    }
    assert_eq!((server.sink.kept(), server.sink.reasons()), (0, vec!["unauthenticated"; 12]));
    assert!(server.sink.hints().iter().all(|hint| hint.name == "unauthenticated" && !hint.sentence.contains("secre")));
    assert_eq!(answers(&server, Some("Bearer secret")).await, (200, 0));
    server.receiver.set_key(Some(KeyHash::of(b"other")));
    assert_eq!(answers(&server, Some("Bearer secret")).await, REFUSED, "another key holds at once");
    assert_eq!(server.sink.kept(), 2);
}

#[tokio::test]
async fn loopback_needs_no_key() {
    let server = Server::start().await;
    server.receiver.set_key(Some(KeyHash::of(b"secret")));
    server.still_works().await;
}

#[tokio::test]
async fn room_changes_for_the_next_request() {
    let server = Server::start().await;
    server.receiver.set_room(10, 192 << 20);
    assert_eq!(answers(&server, None).await, (413, Code::ResourceExhausted as i32));
    server.receiver.set_room(64 << 20, 10);
    assert_eq!(answers(&server, None).await, (413, Code::ResourceExhausted as i32));
    server.receiver.set_room(64 << 20, 192 << 20);
    server.still_works().await;
}
