//! The table of bad inputs over gRPC, where it applies. The numbers are its rows.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use prost::Message;
use receive::{Limits, Refusal};
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::Channel;

use crate::payloads::{self, gzip, zlib, zstd};
use crate::support::{Call, LOGS, METRICS, Server, TRACES, frame};

const INVALID_ARGUMENT: i32 = Code::InvalidArgument as i32;
const UNIMPLEMENTED: i32 = Code::Unimplemented as i32;
const RESOURCE_EXHAUSTED: i32 = Code::ResourceExhausted as i32;
const UNAVAILABLE: i32 = Code::Unavailable as i32;
const DEADLINE_EXCEEDED: i32 = Code::DeadlineExceeded as i32;

/// Never to be sent again: a client would do so for minutes.
fn for_good(call: &Call, code: i32) {
    assert_eq!((call.http_status, call.code(), call.has_retry_info()), (200, code, false), "{call:?}");
}

#[tokio::test]
async fn the_generated_client_is_understood_with_every_compression() {
    let server = Server::start().await;
    let channel = Channel::from_shared(format!("http://{}", server.grpc)).unwrap().connect().await.unwrap();
    let plain = TraceServiceClient::new(channel);
    let gzip = plain.clone().send_compressed(CompressionEncoding::Gzip);
    let zstd = plain.clone().send_compressed(CompressionEncoding::Zstd);
    let no_id = payloads::Span { trace_id: vec![], ..payloads::span() };
    for mut client in [plain, gzip, zstd] {
        let response = client.export(payloads::request(vec![payloads::span()])).await.unwrap().into_inner();
        assert_eq!(response.partial_success, None);
        let response = client.export(payloads::request(vec![payloads::span(), no_id.clone()])).await.unwrap();
        assert_eq!(response.into_inner().partial_success.unwrap().rejected_spans, 1);
    }
    assert_eq!(server.sink.kept(), 6);
    server.still_works().await;
}

#[tokio::test]
async fn rows_2_and_6_unknown_methods_profiles_and_empty_messages() {
    let server = Server::start().await;
    let profiles = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
    for path in ["/x.Y/Export", profiles] {
        for_good(&server.call(path, &[], &frame(0, b"")).await, UNIMPLEMENTED);
    }
    for path in [TRACES, LOGS, METRICS] {
        let call = server.call(path, &[], &frame(0, b"")).await;
        assert_eq!((call.code(), call.body.as_ref()), (0, &[0; 5][..]));
    }
    let http = server.call("/v1/traces", &[("content-type", "application/x-protobuf")], b"").await;
    assert_eq!(http.http_status, 415);
    assert!(server.sink.hints().iter().any(|hint| hint.name == "wrong_port"));
    server.still_works().await;
}

#[tokio::test]
async fn rows_10_to_13_compression() {
    let server = Server::start().await;
    let body = payloads::traces();
    let call = |name: &'static str, message: Vec<u8>| {
        let server = &server;
        async move { server.call(TRACES, &[("grpc-encoding", name)], &frame(1, &message)).await }
    };
    for (name, message) in [("gzip", gzip(&body)), ("zstd", zstd(&body)), ("deflate", zlib(&body))] {
        assert_eq!(call(name, message).await.code(), 0);
    }
    let gzipped = gzip(&body);
    for_good(&call("gzip", gzipped[..gzipped.len() / 2].to_vec()).await, INVALID_ARGUMENT);
    for_good(&call("gzip", body.clone()).await, INVALID_ARGUMENT);
    for_good(&call("identity", body.clone()).await, INVALID_ARGUMENT);
    for_good(&call("gzip", payloads::BOMBS.0.clone()).await, RESOURCE_EXHAUSTED);
    for_good(&call("zstd", payloads::BOMBS.1.clone()).await, RESOURCE_EXHAUSTED);
    let unknown = call("snappy", body).await;
    for_good(&unknown, UNIMPLEMENTED);
    assert_eq!(unknown.text("grpc-accept-encoding"), "identity,gzip,zstd,deflate");
    server.still_works().await;
}

#[tokio::test]
async fn row_12_too_large_is_said_before_it_is_read() {
    let server = Server::start().await;
    let announced = [&[0_u8][..], &((64 << 20) + 1_u32).to_be_bytes(), b"x"].concat();
    for_good(&server.call(TRACES, &[], &announced).await, RESOURCE_EXHAUSTED);
    assert_eq!(server.sink.reasons(), ["too_large"]);
    let spans = payloads::request(vec![Default::default(); 300_000]).encode_to_vec();
    for_good(&server.call(TRACES, &[], &frame(0, &spans)).await, RESOURCE_EXHAUSTED);
    server.still_works().await;
}

#[tokio::test]
async fn rows_19_and_28_undecodable_and_misplaced_requests() {
    let server = Server::start().await;
    let body = payloads::traces();
    for end in 1..body.len() {
        for_good(&server.call(TRACES, &[], &frame(0, &body[..end])).await, INVALID_ARGUMENT);
    }
    let framed = frame(0, &body);
    for (what, bytes) in [
        ("no message", &b""[..]),
        ("half a prefix", &framed[..3]),
        ("half a message", &framed[..20]),
        ("two messages", &framed.repeat(2)[..]),
        ("an unknown flag", &frame(2, &body)[..]),
    ] {
        let call = server.call(TRACES, &[], bytes).await;
        assert_eq!((call.code(), call.has_retry_info()), (INVALID_ARGUMENT, false), "{what}");
    }
    let misplaced = server.call(TRACES, &[], &frame(0, &payloads::logs())).await;
    for_good(&misplaced, INVALID_ARGUMENT);
    assert!(misplaced.headers.contains_key("grpc-status-details-bin"), "BadRequest");
    assert_eq!(server.sink.kept(), 0);
    server.still_works().await;
}

#[tokio::test]
async fn row_16_a_body_that_does_not_come() {
    let server = Server::with_limits(Limits { body_timeout: Duration::from_millis(100), ..Limits::default() }).await;
    let stream = tokio::net::TcpStream::connect(server.grpc).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(hyper_util::rt::TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let (_held, never) = http_body_util::channel::Channel::<bytes::Bytes, std::convert::Infallible>::new(1);
    let request = http::Request::post(format!("http://localhost{TRACES}"))
        .header("content-type", "application/grpc")
        .body(never)
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], DEADLINE_EXCEEDED.to_string());
    assert_eq!(server.sink.reasons(), ["timeout"]);
    server.still_works().await;
}

#[tokio::test]
async fn row_17_nothing_is_kept_of_a_client_that_goes_mid_body() {
    let server = Server::start().await;
    let stream = std::net::TcpStream::connect(server.grpc).unwrap();
    let cable = stream.try_clone().unwrap();
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(hyper_util::rt::TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let (mut half, body) = http_body_util::channel::Channel::<bytes::Bytes, std::convert::Infallible>::new(1);
    let framed = frame(0, &payloads::traces());
    half.send_data(framed[..framed.len() / 2].to_vec().into()).await.unwrap();
    let request = http::Request::post(format!("http://localhost{TRACES}"))
        .header("content-type", "application/grpc")
        .body(body)
        .unwrap();
    let answer = tokio::spawn(sender.send_request(request));
    tokio::time::sleep(Duration::from_millis(100)).await;
    cable.shutdown(std::net::Shutdown::Both).unwrap();
    let answer = answer.await.unwrap();
    assert!(answer.is_err(), "{answer:?}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.sink.kept(), 0);
    server.still_works().await;
}

#[tokio::test]
async fn row_20_broken_text_is_kept_as_it_came() {
    let server = Server::start().await;
    let body = payloads::broken_text();
    let call = server.call(TRACES, &[], &frame(0, &body)).await;
    assert_eq!((call.code(), server.sink.last().walked.repaired_texts), (0, 1));
    assert_eq!(server.sink.last().body, body);
    server.still_works().await;
}

#[tokio::test]
async fn rows_22_and_23_full_means_again_in_both_places() {
    let server = Server::start().await;
    server.sink.refuse(Some(Refusal::Full));
    let call = server.call(TRACES, &[], &frame(0, &payloads::traces())).await;
    assert_eq!((call.code(), call.has_retry_info()), (UNAVAILABLE, true), "{call:?}");
    assert!(call.headers.contains_key("grpc-status-details-bin"));
    let status = tonic::Status::from_header_map(&call.headers).unwrap();
    let info = tonic_types::StatusExt::get_details_retry_info(&status).unwrap();
    assert_eq!(info.retry_delay, Some(Duration::from_secs(5)));
    server.sink.refuse(None);
    server.still_works().await;

    let (large, heap_bytes) = payloads::large_with_budget();
    let limits = Limits { heap_bytes, admission: Duration::from_millis(50), ..Limits::default() };
    let server = Server::with_limits(limits).await;
    let large = frame(0, &large);
    server.sink.close_gate();
    // One waits in the sink and keeps its share; the other is refused, and opens the gate.
    let send = || async {
        let call = server.call(TRACES, &[], &large).await;
        server.sink.open_gate();
        call
    };
    let (first, second) = tokio::join!(send(), send());
    let mut codes = [(first.code(), first.has_retry_info()), (second.code(), second.has_retry_info())];
    codes.sort_unstable();
    assert_eq!(codes, [(0, false), (UNAVAILABLE, true)]);
    server.still_works().await;
}

#[tokio::test]
async fn rows_29_and_30_ids() {
    let server = Server::start().await;
    for body in payloads::one_of_two_without_ids() {
        let call = server.call(TRACES, &[], &frame(0, &body)).await;
        let response = payloads::Response::decode(&call.body[5..]).unwrap();
        assert_eq!((call.code(), response.partial_success.unwrap().rejected_spans), (0, 1));
    }
    let orphan = payloads::request(vec![payloads::Span { parent_span_id: vec![1, 2], ..payloads::span() }]);
    let call = server.call(TRACES, &[], &frame(0, &orphan.encode_to_vec())).await;
    assert_eq!((call.code(), call.body.as_ref()), (0, &[0; 5][..]));
    server.still_works().await;
}

#[tokio::test]
async fn rows_31_to_33_points_and_records() {
    let server = Server::start().await;
    for metric in [
        payloads::histogram(vec![1, 2], vec![1.0, 2.0, 3.0]),
        payloads::histogram(vec![1, 2, 0], vec![3.0, 2.0]),
        payloads::exponential_histogram(1_000, 0),
        payloads::exponential_histogram(0, i32::MAX),
    ] {
        let call = server.call(METRICS, &[], &frame(0, &payloads::metrics(metric))).await;
        let response = payloads::MetricsResponse::decode(&call.body[5..]).unwrap();
        assert_eq!((call.code(), response.partial_success.unwrap().rejected_data_points), (0, 1));
    }
    let call = server.call(LOGS, &[], &frame(0, &payloads::logs())).await;
    assert_eq!((call.code(), call.body.as_ref()), (0, &[0; 5][..]), "severity 99");
    server.still_works().await;
}
