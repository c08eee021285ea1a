//! What web pages may do: `Host`, `Origin` and CORS on the HTTP port.

use receive::WebAccess;

use crate::payloads::span_json;
use crate::support::{Reply, Server, raw};

const JSON: (&str, &str) = ("content-type", "application/json");
const PAGE: &str = "http://localhost:3000";

async fn post(server: &Server, headers: &[(&str, &str)]) -> Reply {
    server.post("/v1/traces", &[&[JSON][..], headers].concat(), span_json("").as_bytes()).await
}

/// An answer that a page cannot read.
fn unreadable(reply: &Reply) -> bool {
    reply.header("access-control-allow-origin").is_none() && reply.header("vary") == Some("Origin")
}

#[tokio::test]
async fn a_rebound_host_is_refused_with_a_hint() {
    let server = Server::start().await;
    for host in ["evil.com", "evil.com:4318", "evil.com.", "localhost.evil.com", "127.0.0.1.evil.com"] {
        let reply = post(&server, &[("host", host)]).await;
        assert_eq!((reply.status, server.sink.reasons()), (403, vec!["forbidden_host"]), "{host}");
    }
    assert!(server.sink.hints().iter().all(|hint| hint.name == "forbidden_host"));
    for host in ["user@localhost", "", "local host", "localhost:x"] {
        assert_eq!(post(&server, &[("host", host)]).await.status, 400, "{host}");
    }
    assert_eq!(post(&server, &[("host", "localhost"), ("host", "evil.com")]).await.status, 400);
    let body = "content-length: 2\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{}";
    for (request, status) in [
        (format!("POST /v1/traces HTTP/1.1\r\n{body}"), 400),
        (format!("POST http://evil.com/v1/traces HTTP/1.1\r\nhost: localhost\r\n{body}"), 403),
        (format!("POST /v1/traces HTTP/1.1\r\nhost: localhost.\r\n{body}"), 200),
        (format!("POST /v1/traces HTTP/1.1\r\nhost: host.docker.internal:9\r\n{body}"), 200),
    ] {
        assert_eq!(raw(server.http, request.as_bytes()).await.status, status, "{request}");
    }
    let latin = [&b"POST /v1/traces HTTP/1.1\r\nhost: \xff\r\n"[..], body.as_bytes()].concat();
    assert_eq!(raw(server.http, &latin).await.status, 400);
    assert_eq!(server.sink.kept(), 0);
    server.receiver.set_web_access(WebAccess { hosts: vec!["evil.com".to_owned()], ..WebAccess::default() });
    assert_eq!(post(&server, &[("host", "evil.com:4318")]).await.status, 200);
    server.still_works().await;
}

#[tokio::test]
async fn pages_that_were_not_approved_store_nothing() {
    let server = Server::start().await;
    for origin in ["null", "https://evil.com", "http://localhost.evil.com", "http://localhost@evil.com"] {
        let reply = post(&server, &[("origin", origin)]).await;
        assert_eq!((reply.status, unreadable(&reply)), (403, true), "{origin}");
        assert_eq!(server.sink.reasons(), ["forbidden_origin"]);
    }
    // What a page can send without asking first: forms, text, beacons.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let reply = server.post("/v1/traces", &[("content-type", kind)], span_json("").as_bytes()).await;
        assert_eq!(reply.status, 415, "{kind}");
    }
    let preflight = preflight(&server, "https://evil.com").await;
    assert_eq!((preflight.status, unreadable(&preflight)), (403, true));
    assert_eq!(server.sink.kept(), 0);
    server.still_works().await;
}

async fn preflight(server: &Server, origin: &str) -> Reply {
    let request = format!(
        "OPTIONS /v1/traces HTTP/1.1\r\nhost: localhost:4318\r\norigin: {origin}\r\nconnection: close\r\n\
         access-control-request-method: POST\r\naccess-control-request-headers: content-type,x-a\r\n\r\n"
    );
    raw(server.http, request.as_bytes()).await
}

#[tokio::test]
async fn an_approved_page_may_send_until_it_is_revoked() {
    let server = Server::start().await;
    let asked = preflight(&server, PAGE).await;
    let named = |name: &str| asked.header(name).unwrap_or_default().to_owned();
    assert_eq!(asked.status, 204);
    assert_eq!(named("access-control-allow-origin"), PAGE);
    assert_eq!(named("access-control-allow-methods"), "POST");
    assert_eq!(named("access-control-allow-headers"), "content-type,x-a");
    assert_eq!(named("access-control-max-age"), "7200");
    assert_eq!(named("vary"), "Origin");
    let good = post(&server, &[("origin", PAGE)]).await;
    assert_eq!((good.status, good.header("access-control-allow-origin")), (200, Some(PAGE)));
    let bad = server.post("/v1/traces", &[JSON, ("origin", PAGE)], b"x").await;
    assert_eq!((bad.status, bad.header("access-control-allow-origin")), (400, Some(PAGE)), "on errors too");

    let app = "https://app.example.com";
    let access = WebAccess { local_pages: false, origins: vec![app.to_owned()], ..WebAccess::default() };
    server.receiver.set_web_access(access);
    assert_eq!(post(&server, &[("origin", app)]).await.status, 200);
    assert_eq!(post(&server, &[("origin", PAGE)]).await.status, 403);
    server.receiver.set_web_access(WebAccess { local_pages: false, ..WebAccess::default() });
    assert_eq!(post(&server, &[("origin", app)]).await.status, 403);
    assert_eq!(server.sink.kept(), 2);
    server.still_works().await;
}
