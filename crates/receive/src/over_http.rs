//! OTLP/HTTP.

use std::sync::Arc;

use bytes::Bytes;
use formats::{Compression, Encoding};
use http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ORIGIN,
    RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use model::Signal;

use crate::answer::{ReplyBody, success, whole};
use crate::body::{Framing, Reading};
use crate::connections::Busy;
use crate::intake::{Envelope, Taken, Tally, take};
use crate::refused::{ENCODINGS, Reason, Refused};
use crate::shared::{Access, Shared};
use crate::web::{check_host, check_origin};
use crate::{Hint, Protocol, Sink, over_grpc};

/// Answers one request.
pub(crate) async fn answer<S: Sink>(
    shared: Arc<Shared<S>>,
    access: Access,
    mut busy: Busy,
    request: Request<Incoming>,
) -> Response<ReplyBody> {
    let mut tally = Tally::new(shared.sink.clone(), busy.peer());
    if over_grpc::is_grpc(request.headers()) {
        let told = shared.wrong_port(Protocol::Http, "gRPC", Some(Protocol::Grpc));
        tally.count(Reason::WrongPort, &told);
        return over_grpc::refusal(&Refused::new(Reason::WrongPort, told));
    }
    let version = request.version();
    // The answer is in the request's encoding; where that is not known, in the readable one.
    let encoding = media_type(request.headers()).ok();
    let origin = allowed_origin(&shared, &request);
    let mut response = match &origin {
        Err(refused) => {
            hint_forbidden(&shared, refused);
            refusal(refused, encoding, version, &mut tally)
        }
        Ok(Some(_)) if is_preflight(&request) => {
            tally.settle();
            preflight(request.headers())
        }
        Ok(_) => match export(&shared, access, &mut busy, request, &mut tally).await {
            Ok((signal, encoding, taken)) => reply(StatusCode::OK, encoding, success(signal, encoding, &taken)),
            Err(refused) => refusal(&refused, encoding, version, &mut tally),
        },
    };
    let headers = response.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Ok(Some(origin)) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    }
    response
}

/// Whether the request may come from where it comes; the origin to echo for a web page.
fn allowed_origin<S: Sink>(shared: &Shared<S>, request: &Request<Incoming>) -> Result<Option<HeaderValue>, Refused> {
    let web = shared.web();
    check_host(request.uri(), request.headers(), &web)?;
    check_origin(request.headers(), &web)
}

fn hint_forbidden<S: Sink>(shared: &Shared<S>, refused: &Refused) {
    let remedy = match refused.reason {
        Reason::ForbiddenHost => "add the host name in Settings if it is yours",
        Reason::ForbiddenOrigin => "approve the origin in Settings if the page is yours",
        _ => return,
    };
    shared.sink.hint(Hint {
        name: refused.reason.name(),
        sentence: refused.message().to_owned(),
        remedy: remedy.to_owned(),
    });
}

fn is_preflight(request: &Request<Incoming>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(headers: &HeaderMap) -> Response<ReplyBody> {
    let mut response = Response::new(whole(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    if let Some(requested) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested.clone());
    }
    response
}

async fn export<S: Sink>(
    shared: &Arc<Shared<S>>,
    access: Access,
    busy: &mut Busy,
    request: Request<Incoming>,
    tally: &mut Tally<S>,
) -> Result<(Signal, Encoding, Taken), Refused> {
    shared.check_key(access, request.headers())?;
    let signal = signal(shared, &request)?;
    if request.method() != Method::POST {
        return Err(Refused::new(Reason::WrongMethod, "telemetry is sent with POST"));
    }
    let encoding = media_type(request.headers())?;
    let compression = content_encoding(request.headers())?;
    let limit = shared.body_bytes();
    if announced_length(request.headers()).is_some_and(|length| length > limit) {
        return Err(Refused::too_large(limit));
    }
    let mut share = shared.budget.share();
    let reading = Reading {
        framing: Framing::Whole,
        limit,
        within: shared.limits.body_timeout,
        share: &mut share,
        seen: &mut tally.bytes,
    };
    let body = reading.run(request.into_body()).await?;
    busy.served();
    let envelope = Envelope { signal, encoding, compression };
    let taken = take(shared, envelope, body, share, tally).await?;
    Ok((signal, encoding, taken))
}

/// The signal of a path; trailing slashes do not matter.
fn signal<S: Sink>(shared: &Shared<S>, request: &Request<Incoming>) -> Result<Signal, Refused> {
    let path = request.uri().path().trim_end_matches('/');
    if let Some(signal) = Signal::ALL.into_iter().find(|signal| signal.path() == path) {
        return Ok(signal);
    }
    let endpoint = format!("http://localhost:{}", shared.port(Protocol::Http));
    let remedy = if path.starts_with("/v1development/profiles") {
        return Err(Refused::new(Reason::WrongPath, "profiles are not taken: their protocol is not stable yet"));
    } else if path.is_empty() {
        format!(
            "set OTEL_EXPORTER_OTLP_ENDPOINT={endpoint}, to which exporters add the path, \
             or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={endpoint}/v1/traces, which they take as it is"
        )
    } else if let Some(doubled) = Signal::ALL.into_iter().find(|signal| path.ends_with(signal.path())) {
        format!("set OTEL_EXPORTER_OTLP_ENDPOINT={endpoint} (exporters add {} themselves)", doubled.path())
    } else {
        "the paths are /v1/traces, /v1/logs and /v1/metrics".to_owned()
    };
    let shown: String = request.uri().path().chars().take(100).collect();
    let sentence = format!("nothing is taken at {shown}");
    if request.method() == Method::POST {
        let name = Reason::WrongPath.name();
        shared.sink.hint(Hint { name, sentence: format!("a client posts to {shown}"), remedy: remedy.clone() });
    }
    Err(Refused::new(Reason::WrongPath, format!("{sentence}: {remedy}")))
}

/// The encoding that the content type names.
fn media_type(headers: &HeaderMap) -> Result<Encoding, Refused> {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let encoding = if essence.eq_ignore_ascii_case("application/x-protobuf") {
        Some(Encoding::Protobuf)
    } else if essence.eq_ignore_ascii_case("application/json") {
        Some(Encoding::Json)
    } else {
        None
    };
    encoding.filter(|_| kinds.next().is_none()).ok_or_else(|| {
        let shown: String = if kind.is_empty() { "none".to_owned() } else { format!("`{kind}`") };
        Refused::new(
            Reason::WrongMediaType,
            format!("the content type has to be application/x-protobuf or application/json; it is {shown}"),
        )
    })
}

/// The one compression that the content encoding names.
fn content_encoding(headers: &HeaderMap) -> Result<Compression, Refused> {
    let mut found = None;
    for value in headers.get_all(CONTENT_ENCODING) {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        for name in value.split(',').map(str::trim).filter(|name| !matches!(*name, "" | "identity")) {
            let compression = match name {
                "gzip" | "x-gzip" => Compression::Gzip,
                "zstd" => Compression::Zstd,
                "deflate" | "zlib" => Compression::Deflate,
                _ => {
                    return Err(Refused::new(
                        Reason::UnknownEncoding,
                        format!("content encoding `{name}` is not known; supported: {ENCODINGS}"),
                    ));
                }
            };
            if found.replace(compression).is_some() {
                return Err(Refused::new(Reason::BadRequest, "more than one content encoding on one body"));
            }
        }
    }
    Ok(found.unwrap_or(Compression::None))
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn refusal<S: Sink>(
    refused: &Refused,
    encoding: Option<Encoding>,
    version: Version,
    tally: &mut Tally<S>,
) -> Response<ReplyBody> {
    tally.count(refused.reason, refused.message());
    let encoding = encoding.unwrap_or(Encoding::Json);
    let mut response = reply(refused.reason.http(), encoding, refused.http_body(encoding));
    let headers = response.headers_mut();
    if let Some(delay) = refused.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(delay.as_secs()));
    }
    match refused.reason {
        Reason::WrongMethod => {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        Reason::Unauthenticated => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Reason::UnknownEncoding => {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ENCODINGS));
        }
        Reason::Timeout if version < Version::HTTP_2 => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        _ => {}
    }
    response
}

/// With exactly the media type: some clients compare the text.
fn reply(status: StatusCode, encoding: Encoding, body: Bytes) -> Response<ReplyBody> {
    let mut response = Response::new(whole(body));
    *response.status_mut() = status;
    let media_type = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
