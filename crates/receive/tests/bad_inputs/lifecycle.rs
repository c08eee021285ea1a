//! Ports, connections, and stopping.

use std::net::TcpListener;
use std::time::Duration;

use receive::{Bind, BridgePorts, FailureKind, Limits, Protocol, Receiver, bind};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::payloads;
use crate::support::{Memory, Server, TRACES, frame};

#[tokio::test]
async fn a_taken_port_is_named_with_its_owner_and_another_offered() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let bound = bind(Protocol::Http, &Bind::localhost(address.port())).await;
    assert!(bound.addresses().iter().all(std::net::SocketAddr::is_ipv6), "never moved");
    let [failure] = bound.failures() else { panic!("{:?}", bound.failures()) };
    assert_eq!(failure.address, address);
    let FailureKind::Taken { by, offer, setting } = &failure.kind else { panic!("{failure:?}") };
    if cfg!(target_os = "linux") {
        assert!(by.as_ref().unwrap().ends_with(&format!("(pid {})", std::process::id())), "{by:?}");
    }
    assert_eq!(*setting, format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://{offer}"));
    let offered = bind(Protocol::Http, &offer.parse().unwrap()).await;
    assert!(offered.failures().is_empty());
}

#[tokio::test]
async fn any_free_port_is_the_same_one_in_both_families() {
    let bound = bind(Protocol::Grpc, &Bind::localhost(0)).await;
    assert!(bound.failures().is_empty());
    let ports: Vec<u16> = bound.addresses().iter().map(std::net::SocketAddr::port).collect();
    assert!(ports.iter().all(|port| *port != 0 && *port == ports[0]), "{ports:?}");
    let receiver = Receiver::new(Memory::default(), receive::ReceiveOptions::default());
    let addresses = bound.addresses();
    receiver.listen(bound);
    let listening: Vec<_> = receiver.addresses().into_iter().map(|(_, address)| address).collect();
    assert_eq!(listening, addresses);
    receiver.follow_bridges(Some(BridgePorts { grpc: Some(0), http: None }));
    receiver.follow_bridges(None);
    receiver.stop().await;
    assert!(TcpStream::connect(addresses[0]).await.is_err());
}

#[tokio::test]
async fn stopping_lets_a_request_in_flight_finish() {
    let server = Server::start().await;
    let (sink, http, grpc) = (server.sink.clone(), server.http, server.grpc);
    sink.close_gate();
    let body = payloads::traces();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let bytes = [head.as_bytes(), &body].concat();
    let posted = tokio::spawn(async move { crate::support::raw(http, &bytes).await });
    let called = tokio::spawn(async move { crate::support::call(grpc, TRACES, &[], &frame(0, &body)).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let stopping = tokio::spawn(server.receiver.stop());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(TcpStream::connect(http).await.is_err(), "nothing new is taken");
    sink.open_gate();
    assert_eq!(posted.await.unwrap().status, 200);
    assert_eq!(called.await.unwrap().code(), 0);
    stopping.await.unwrap();
    assert_eq!(sink.kept(), 2);
}

#[tokio::test]
async fn idle_connections_make_room() {
    let server = Server::with_limits(Limits { connections: 4, ..Limits::default() }).await;
    let mut idle = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(server.http).await.unwrap();
        stream.write_all(b"POST /v1").await.unwrap();
        idle.push(stream);
    }
    server.still_works().await;
    assert_eq!(server.sink.reasons(), [""; 0]);
}

#[tokio::test]
async fn a_silent_connection_stays_open_between_exports() {
    let limits = Limits { header_timeout: Duration::from_millis(50), ..Limits::default() };
    let server = Server::with_limits(limits).await;
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    for _ in 0..3 {
        let request = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 1024];
        let read = tokio::io::AsyncReadExt::read(&mut stream, &mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"), "longer idle than headers may take");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}
