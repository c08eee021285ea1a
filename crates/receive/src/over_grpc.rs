//! OTLP/gRPC: unary calls of `Export`, framed by hand, so that limits and the budget come before
//! decompression and a body is kept as it came.

use std::future::ready;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use formats::{Compression, Encoding};
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use model::Signal;

use crate::answer::{ReplyBody, plain_text, success};
use crate::body::{Framing, PREFIX, Reading};
use crate::connections::Busy;
use crate::intake::{Envelope, Taken, Tally, take};
use crate::refused::{Reason, Refused};
use crate::shared::{Access, Shared};
use crate::{Protocol, Sink};

/// The names of compression schemes, as `grpc-accept-encoding` lists them.
const ACCEPTED: HeaderValue = HeaderValue::from_static("identity,gzip,zstd,deflate");

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");

/// Answers one call.
pub(crate) async fn answer<S: Sink>(
    shared: Arc<Shared<S>>,
    access: Access,
    mut busy: Busy,
    request: Request<Incoming>,
) -> Response<ReplyBody> {
    let mut tally = Tally::new(shared.sink.clone(), busy.peer());
    if !is_grpc(request.headers()) {
        let told = shared.wrong_port(Protocol::Grpc, "HTTP without gRPC", Some(Protocol::Http));
        tally.count(Reason::WrongPort, &told);
        return plain_text(StatusCode::UNSUPPORTED_MEDIA_TYPE, &told);
    }
    if request.method() != Method::POST {
        let told = "gRPC calls are sent with POST";
        tally.count(Reason::WrongMethod, told);
        let mut response = plain_text(StatusCode::METHOD_NOT_ALLOWED, told);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let known = shared.check_key(access, request.headers()).and_then(|()| signal(request.uri().path()));
    let outcome = match known {
        Ok(signal) => call(&shared, &mut busy, signal, request, &mut tally).await.map(|taken| (signal, taken)),
        Err(refused) => Err(refused),
    };
    match outcome {
        Ok((signal, taken)) => accepted(signal, &taken),
        Err(refused) => {
            tally.count(refused.reason, refused.message());
            refusal(&refused)
        }
    }
}

/// Whether the headers are those of a gRPC call.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let rest = kind.strip_prefix("application/grpc");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['+', ';']))
}

/// The answer to a call that is not taken: its status alone.
pub(crate) fn refusal(refused: &Refused) -> Response<ReplyBody> {
    let mut response = refused.grpc_status().into_http::<()>().map(|()| Empty::new().boxed_unsync());
    response.headers_mut().insert("grpc-accept-encoding", ACCEPTED);
    response
}

fn accepted(signal: Signal, taken: &Taken) -> Response<ReplyBody> {
    let message = success(signal, Encoding::Protobuf, taken);
    let mut framed = BytesMut::with_capacity(PREFIX + message.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    framed.extend_from_slice(&message);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let body = Full::new(framed.freeze()).with_trailers(ready(Some(Ok(trailers))));
    let mut response = Response::new(body.boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, GRPC);
    response.headers_mut().insert("grpc-accept-encoding", ACCEPTED);
    response
}

/// The signal of a method.
fn signal(path: &str) -> Result<Signal, Refused> {
    match path {
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export" => Ok(Signal::Traces),
        "/opentelemetry.proto.collector.logs.v1.LogsService/Export" => Ok(Signal::Logs),
        "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" => Ok(Signal::Metrics),
        profiles if profiles.starts_with("/opentelemetry.proto.collector.profiles.") => {
            Err(Refused::new(Reason::WrongPath, "profiles are not taken: their protocol is not stable yet"))
        }
        other => Err(Refused::new(Reason::WrongPath, format!("there is no method {other} here"))),
    }
}

async fn call<S: Sink>(
    shared: &Arc<Shared<S>>,
    busy: &mut Busy,
    signal: Signal,
    request: Request<Incoming>,
    tally: &mut Tally<S>,
) -> Result<Taken, Refused> {
    let named = named_compression(request.headers())?;
    let mut share = shared.budget.share();
    let reading = Reading {
        framing: Framing::Grpc,
        limit: shared.body_bytes(),
        within: shared.limits.body_timeout,
        share: &mut share,
        seen: &mut tally.bytes,
    };
    let framed = reading.run(request.into_body()).await?;
    busy.served();
    let (compressed, body) = unframed(&framed)?;
    let compression = match (compressed, named) {
        (false, _) => Compression::None,
        (true, Compression::None) => {
            return Err(Refused::new(Reason::BadRequest, "a compressed message without grpc-encoding"));
        }
        (true, named) => named,
    };
    let envelope = Envelope { signal, encoding: Encoding::Protobuf, compression };
    take(shared, envelope, body, share, tally).await
}

fn named_compression(headers: &HeaderMap) -> Result<Compression, Refused> {
    match headers.get("grpc-encoding").map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(Compression::None),
        Some(b"gzip") => Ok(Compression::Gzip),
        Some(b"zstd") => Ok(Compression::Zstd),
        Some(b"deflate") => Ok(Compression::Deflate),
        Some(other) => Err(Refused::new(
            Reason::UnknownEncoding,
            format!(
                "grpc-encoding `{}` is not known; supported: {}",
                String::from_utf8_lossy(other),
                crate::refused::ENCODINGS
            ),
        )),
    }
}

/// Whether the message is compressed, and its bytes.
fn unframed(framed: &Bytes) -> Result<(bool, Bytes), Refused> {
    let malformed = |message: &str| Refused::new(Reason::Undecodable, message);
    let Some((&[flag, a, b, c, d], message)) = framed.split_first_chunk::<PREFIX>() else {
        return Err(malformed("the call holds no message"));
    };
    if u32::from_be_bytes([a, b, c, d]) as usize != message.len() {
        return Err(malformed("the message ends before its announced length"));
    }
    match flag {
        0 => Ok((false, framed.slice(PREFIX..))),
        1 => Ok((true, framed.slice(PREFIX..))),
        _ => Err(malformed("the message's compression flag is neither 0 nor 1")),
    }
}
