//! The table of bad inputs over HTTP. The numbers are its rows.

use std::time::Duration;

use expect_test::{Expect, expect};
use prost::Message;
use receive::{Limits, Refusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::payloads::{self, gzip, log_json, metric_json, span_json, zlib, zstd};
use crate::support::{Reply, Server, raw};

const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Status, what became of it (kept, or the reason), and what the body says.
async fn seen(server: &Server, before: usize, reply: &Reply) -> String {
    let kept = server.sink.kept() - before;
    let fate = if kept > 0 { "kept".to_owned() } else { server.sink.reasons().join(" ") };
    let said = if reply.header("content-type") == Some("application/json") { reply.text() } else { String::new() };
    server.still_works().await;
    format!("{} {fate} {said}", reply.status)
}

async fn check(server: &Server, path: &str, headers: &[(&str, &str)], body: &[u8], expected: Expect) {
    let before = server.sink.kept();
    let reply = server.post(path, headers, body).await;
    expected.assert_eq(&seen(server, before, &reply).await);
}

#[tokio::test]
async fn rows_1_to_3_method_path_and_media_type() {
    let server = Server::start().await;
    for method in ["GET", "PUT"] {
        let request = format!("{method} /v1/traces HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let reply = raw(server.http, request.as_bytes()).await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
        assert_eq!(server.sink.reasons(), ["wrong_method"]);
    }
    let body = payloads::traces();
    check(&server, "/v2/traces", &[JSON], &body, expect![[r#"404 wrong_path {"code":12,"message":"nothing is taken at /v2/traces: the paths are /v1/traces, /v1/logs and /v1/metrics"}"#]]).await;
    check(&server, "/", &[PROTOBUF], &body, expect!["404 wrong_path "]).await;
    let hints = server.sink.hints();
    assert!(hints.iter().any(|hint| hint.name == "wrong_path" && hint.remedy.contains("OTEL_EXPORTER_OTLP_ENDPOINT=")));
    check(&server, "/v1/traces", &[], &body, expect![[r#"415 wrong_media_type {"code":3,"message":"the content type has to be application/x-protobuf or application/json; it is none"}"#]]).await;
    check(&server, "/v1/traces", &[("content-type", "text/plain")], &body, expect![[r#"415 wrong_media_type {"code":3,"message":"the content type has to be application/x-protobuf or application/json; it is `text/plain`"}"#]]).await;
    check(&server, "/v1/traces", &[("content-type", "multipart/form-data; boundary=x")], &body, expect![[r#"415 wrong_media_type {"code":3,"message":"the content type has to be application/x-protobuf or application/json; it is `multipart/form-data; boundary=x`"}"#]]).await;
    check(&server, "/v1/traces/", &[PROTOBUF], &body, expect!["200 kept "]).await;
}

#[tokio::test]
async fn rows_4_to_8_encodings_and_empty_bodies() {
    let server = Server::start().await;
    let json = span_json("");
    let charset = ("content-type", "application/json; charset=utf-8");
    check(&server, "/v1/traces", &[charset], json.as_bytes(), expect!["200 kept {}"]).await;
    check(&server, "/v1/traces", &[PROTOBUF], json.as_bytes(), expect!["400 undecodable "]).await;
    check(&server, "/v1/traces", &[PROTOBUF], b"", expect!["200  "]).await;
    check(&server, "/v1/traces", &[JSON], b"{}", expect!["200  {}"]).await;
    check(
        &server,
        "/v1/traces",
        &[JSON],
        b"",
        expect![[r#"400 undecodable {"code":3,"message":"the body is empty: an empty request in JSON is {}"}"#]],
    )
    .await;
}

#[tokio::test]
async fn rows_9_to_14_compression() {
    let server = Server::start().await;
    let body = payloads::traces();
    let (gzipped, with) = (gzip(&body), |name: &'static str| [JSON, ("content-encoding", name)]);
    let protobuf = |name: &'static str| [PROTOBUF, ("content-encoding", name)];
    for (name, compressed) in
        [("gzip", gzip(&body)), ("zstd", zstd(&body)), ("deflate", zlib(&body)), ("identity", body.clone())]
    {
        check(&server, "/v1/traces", &protobuf(name), &compressed, expect!["200 kept "]).await;
    }
    check(&server, "/v1/traces", &protobuf("gzip"), &body, expect!["400 undecodable "]).await;
    check(&server, "/v1/traces", &protobuf("gzip"), &gzipped[..gzipped.len() / 2], expect!["400 undecodable "]).await;
    let mut wrong = gzipped.clone();
    let crc = wrong.len() - 8;
    wrong[crc] ^= 1;
    check(&server, "/v1/traces", &protobuf("gzip"), &wrong, expect!["400 undecodable "]).await;
    let twice = gzip(&gzipped);
    check(&server, "/v1/traces", &protobuf("gzip"), &twice, expect!["400 undecodable "]).await;
    check(
        &server,
        "/v1/traces",
        &with("gzip"),
        &payloads::BOMBS.0,
        expect![[r#"413 too_large {"code":8,"message":"the body is larger than 67108864 bytes"}"#]],
    )
    .await;
    check(
        &server,
        "/v1/traces",
        &with("zstd"),
        &payloads::BOMBS.1,
        expect![[r#"413 too_large {"code":8,"message":"the body is larger than 67108864 bytes"}"#]],
    )
    .await;
    // 300,000 empty spans: small on the wire, large once decoded.
    let spans = payloads::request(vec![Default::default(); 300_000]).encode_to_vec();
    check(&server, "/v1/traces", &protobuf("gzip"), &gzip(&spans), expect!["413 too_large "]).await;
    check(&server, "/v1/traces", &with("br"), &body, expect![[r#"400 unknown_encoding {"code":12,"message":"content encoding `br` is not known; supported: gzip, zstd, deflate"}"#]]).await;
    check(
        &server,
        "/v1/traces",
        &with("gzip, gzip"),
        &twice,
        expect![[r#"400 bad_request {"code":3,"message":"more than one content encoding on one body"}"#]],
    )
    .await;
}

#[tokio::test]
async fn row_12_a_body_over_the_limit_is_not_buffered() {
    let server = Server::start().await;
    let head = "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n";
    let announced = format!("{head}content-length: {}\r\n\r\n", (64 << 20) + 1);
    let reply = raw(server.http, announced.as_bytes()).await;
    assert_eq!(reply.status, 413);
    let mut chunked = format!("{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
    let chunk = [b"100000\r\n".as_slice(), &vec![0; 1 << 20], b"\r\n"].concat();
    for _ in 0..65 {
        chunked.extend_from_slice(&chunk);
    }
    let reply = raw(server.http, &chunked).await;
    assert_eq!(reply.status, 413);
    assert_eq!(server.sink.reasons(), ["too_large", "too_large"]);
    server.still_works().await;
}

#[tokio::test]
async fn row_15_expect_continue_is_honoured() {
    let server = Server::start().await;
    let body = payloads::traces();
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\n\
         expect: 100-continue\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!((Reply::parse(&answer).status, server.sink.kept()), (200, 1));
}

#[tokio::test]
async fn row_16_slow_clients_are_let_go_and_others_do_not_notice() {
    let limits = Limits {
        header_timeout: Duration::from_millis(200),
        body_timeout: Duration::from_millis(200),
        ..Limits::default()
    };
    let server = Server::with_limits(limits).await;
    let head = b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\n";
    let body = b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: 99\r\n\r\nx";
    let (headers, bodies, _) = tokio::join!(raw(server.http, head), raw(server.http, body), server.still_works());
    assert_eq!((headers.status, bodies.status), (408, 408));
    assert_eq!(server.sink.reasons(), ["timeout", "timeout"]);
    server.still_works().await;
}

#[tokio::test]
async fn row_17_nothing_is_kept_of_a_client_that_goes_mid_body() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.http).await.unwrap();
    let body = payloads::traces();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        body.len() * 2
    );
    stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    drop(stream);
    assert_eq!(server.sink.next_reason().await, "aborted");
    assert_eq!(server.sink.kept(), 0);
    server.still_works().await;
}

#[tokio::test]
async fn row_18_the_wrong_protocol_is_told_so() {
    let server = Server::start().await;
    let reply = raw(server.grpc, b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains(&server.http.port().to_string()), "{}", reply.text());
    for address in [server.grpc, server.http] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await.unwrap();
        let mut alert = Vec::new();
        stream.read_to_end(&mut alert).await.unwrap();
        assert_eq!(alert[..1], [0x15]);
    }
    let call = crate::support::call(server.http, crate::support::TRACES, &[], b"").await;
    assert_eq!(call.code(), 12, "{call:?}");
    assert!(call.text("grpc-message").contains(&server.grpc.port().to_string()));
    let hints: Vec<_> = server.sink.hints().into_iter().map(|hint| hint.name).collect();
    assert_eq!(hints, ["wrong_port"; 4]);
    assert_eq!(server.sink.reasons(), ["wrong_port"; 4]);
    server.still_works().await;
}

#[tokio::test]
async fn row_19_a_request_cut_anywhere_is_refused() {
    let server = Server::start().await;
    let body = payloads::traces();
    for end in 1..body.len() {
        let reply = server.post("/v1/traces", &[PROTOBUF], &body[..end]).await;
        assert_eq!(reply.status, 400, "cut at {end}");
    }
    let two = [body.clone(), body.clone()].concat();
    check(&server, "/v1/traces", &[PROTOBUF], &two[..body.len()], expect!["200 kept "]).await;
}

#[tokio::test]
async fn rows_20_and_21_broken_text_and_deep_json() {
    let server = Server::start().await;
    let body = payloads::broken_text();
    let reply = server.post("/v1/traces", &[PROTOBUF], &body).await;
    assert_eq!((reply.status, server.sink.last().walked.repaired_texts), (200, 1));
    assert_eq!(server.sink.last().body, body, "kept as it came");
    let deep = format!("{}{}", r#"{"resourceSpans":"#.repeat(10_000), "}".repeat(10_000));
    let reply = server.post_json("/v1/traces", &deep).await;
    assert_eq!((reply.status, server.sink.reasons()), (400, vec!["undecodable"]));
    server.still_works().await;
}

#[tokio::test]
async fn rows_22_and_23_full_means_again() {
    let server = Server::start().await;
    for refusal in [Refusal::Busy, Refusal::Full, Refusal::Failed("disk I/O error".to_owned())] {
        server.sink.refuse(Some(refusal));
        let reply = server.post_json("/v1/traces", &span_json("")).await;
        assert_eq!((reply.status, reply.header("retry-after").is_some()), (503, true));
        assert!(reply.text().contains("google.rpc.RetryInfo"), "{}", reply.text());
        assert!(server.sink.reasons().is_empty(), "the sink counts what it refuses");
    }
    server.sink.refuse(None);
    server.still_works().await;

    let (large, heap_bytes) = payloads::large_with_budget();
    let limits = Limits { heap_bytes, admission: Duration::from_millis(50), ..Limits::default() };
    let server = Server::with_limits(limits).await;
    server.sink.close_gate();
    // One waits in the sink and keeps its share; the other is refused, and opens the gate.
    let post = || async {
        let reply = server.post("/v1/traces", &[PROTOBUF], &large).await;
        server.sink.open_gate();
        reply
    };
    let (first, second) = tokio::join!(post(), post());
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 503]);
    assert_eq!(server.sink.reasons(), ["overloaded"]);
    let huge = payloads::request(vec![payloads::span(); 1000]).encode_to_vec();
    check(&server, "/v1/traces", &[PROTOBUF], &huge, expect!["413 too_large "]).await;
}

#[tokio::test]
async fn rows_24_to_26_unknown_fields_and_times() {
    let server = Server::start().await;
    let unknown = r#"{"a":1,"resourceSpans":[{"b":{},"scopeSpans":[{"c":[],"spans":[]}]}]}"#;
    check(&server, "/v1/traces", &[JSON], unknown.as_bytes(), expect!["200  {}"]).await;
    for time in [r#""1544712660000000000""#, "1544712660000000000", "1.5e18"] {
        let body = span_json(&format!(r#","startTimeUnixNano":{time},"endTimeUnixNano":{time},"x":{{"y":0}}"#));
        check(&server, "/v1/traces", &[JSON], body.as_bytes(), expect!["200 kept {}"]).await;
    }
    let pair = span_json(r#","startTimeUnixNano":{"low":1,"high":2}"#);
    check(&server, "/v1/traces", &[JSON], pair.as_bytes(), expect![[r#"200 kept {"partialSuccess":{"errorMessage":"1 of 1 spans refused (1: a time is not a number of nanoseconds)","rejectedSpans":"1"}}"#]]).await;
}

#[tokio::test]
async fn row_27_what_is_a_file_is_to_be_imported() {
    let server = Server::start().await;
    let good = span_json("");
    for body in [format!("[{good}]"), format!("{good}\n{good}\n"), format!("{good} garbage")] {
        let reply = server.post_json("/v1/traces", &body).await;
        assert_eq!((reply.status, server.sink.kept()), (400, 0));
        assert!(reply.text().contains("import"), "{}", reply.text());
    }
    server.still_works().await;
}

#[tokio::test]
async fn row_28_another_signal_is_named_with_its_path() {
    let server = Server::start().await;
    let json = log_json(r#""body":{"stringValue":"hello"}"#);
    for (header, body) in [(PROTOBUF, payloads::logs()), (JSON, json.into_bytes())] {
        let reply = server.post("/v1/traces", &[header], &body).await;
        assert_eq!((reply.status, server.sink.reasons()), (400, vec!["wrong_signal"]));
        assert!(reply.text().contains("/v1/logs"), "{}", reply.text());
    }
    server.still_works().await;
}

#[tokio::test]
async fn rows_29_and_30_ids() {
    let server = Server::start().await;
    for body in payloads::one_of_two_without_ids() {
        let reply = server.post("/v1/traces", &[PROTOBUF], &body).await;
        let response = payloads::Response::decode(reply.body.as_slice()).unwrap();
        let partial = response.partial_success.unwrap();
        assert_eq!((reply.status, partial.rejected_spans), (200, 1), "{}", partial.error_message);
    }
    let orphan = span_json(r#","parentSpanId":"abcd""#);
    check(&server, "/v1/traces", &[JSON], orphan.as_bytes(), expect!["200 kept {}"]).await;
}

#[tokio::test]
async fn rows_31_to_33_points_and_records() {
    let server = Server::start().await;
    let histogram =
        |point: &str| metric_json(&format!(r#""histogram":{{"aggregationTemporality":2,"dataPoints":[{{{point}}}]}}"#));
    let exponential = |point: &str| {
        metric_json(&format!(r#""exponentialHistogram":{{"aggregationTemporality":2,"dataPoints":[{{{point}}}]}}"#))
    };
    let counts = histogram(r#""bucketCounts":["1","2"],"explicitBounds":[1,2,3]"#);
    check(&server, "/v1/metrics", &[JSON], counts.as_bytes(), expect![[r#"200 kept {"partialSuccess":{"errorMessage":"1 of 1 metric points refused (1: histogram bucket counts are not one more than its bounds)","rejectedDataPoints":"1"}}"#]]).await;
    let bounds = histogram(r#""bucketCounts":["1","2","0"],"explicitBounds":[3,2]"#);
    check(&server, "/v1/metrics", &[JSON], bounds.as_bytes(), expect![[r#"200 kept {"partialSuccess":{"errorMessage":"1 of 1 metric points refused (1: histogram bounds do not rise)","rejectedDataPoints":"1"}}"#]]).await;
    let scale = exponential(r#""scale":1000,"positive":{"offset":0,"bucketCounts":["1"]}"#);
    check(&server, "/v1/metrics", &[JSON], scale.as_bytes(), expect![[r#"200 kept {"partialSuccess":{"errorMessage":"1 of 1 metric points refused (1: exponential histogram scale or offset is out of range)","rejectedDataPoints":"1"}}"#]]).await;
    let offset = exponential(r#""scale":0,"positive":{"offset":2147483647,"bucketCounts":["1"]}"#);
    check(&server, "/v1/metrics", &[JSON], offset.as_bytes(), expect![[r#"200 kept {"partialSuccess":{"errorMessage":"1 of 1 metric points refused (1: exponential histogram scale or offset is out of range)","rejectedDataPoints":"1"}}"#]]).await;
    for record in [r#""severityNumber":0"#, r#""severityNumber":99"#, r#""spanId":"eee19b7ec3c1b174""#] {
        check(&server, "/v1/logs", &[JSON], log_json(record).as_bytes(), expect!["200 kept {}"]).await;
    }
}
