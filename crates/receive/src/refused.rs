//! A request that is not taken: the one place where its answer in both protocols is decided.

use std::time::Duration;

use bytes::Bytes;
use formats::{Encoding, FormatError};
use http::StatusCode;
use prost::Message;
use serde_json::json;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt, pb};

use crate::Refusal;
use crate::budget::NoRoom;

/// Longest message that is sent: it also travels in gRPC's headers, twice.
const MESSAGE_CHARS: usize = 500;

/// What the decompression schemes are called, for `accept-encoding` and messages.
pub(crate) const ENCODINGS: &str = "gzip, zstd, deflate";

/// Why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Undecodable,
    WrongSignal,
    TooLarge,
    Overloaded,
    Store,
    Timeout,
    Aborted,
    BadRequest,
    UnknownEncoding,
    WrongMediaType,
    WrongPath,
    WrongMethod,
    WrongPort,
    ForbiddenHost,
    ForbiddenOrigin,
    Unauthenticated,
    /// A defect of ours.
    Internal,
}

impl Reason {
    /// The stable name, see [`crate::Sink::turned_away`].
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::WrongSignal => "wrong_signal",
            Self::TooLarge => "too_large",
            Self::Overloaded => "overloaded",
            Self::Store => "store",
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
            Self::BadRequest => "bad_request",
            Self::UnknownEncoding => "unknown_encoding",
            Self::WrongMediaType => "wrong_media_type",
            Self::WrongPath => "wrong_path",
            Self::WrongMethod => "wrong_method",
            Self::WrongPort => "wrong_port",
            Self::ForbiddenHost => "forbidden_host",
            Self::ForbiddenOrigin => "forbidden_origin",
            Self::Unauthenticated => "unauthenticated",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status (OTLP/HTTP, "Failures"): only 503 is sent again by clients.
    pub(crate) fn http(self) -> StatusCode {
        match self {
            Self::Undecodable
            | Self::WrongSignal
            | Self::BadRequest
            | Self::UnknownEncoding
            | Self::WrongPort
            | Self::Aborted => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Overloaded | Self::Store => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::WrongMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::WrongPath => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::ForbiddenHost | Self::ForbiddenOrigin => StatusCode::FORBIDDEN,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The gRPC code (OTLP/gRPC, "Failures"). RESOURCE_EXHAUSTED is sent again only with RetryInfo,
    /// which it never gets here.
    pub(crate) fn grpc(self) -> Code {
        match self {
            Self::Undecodable | Self::WrongSignal | Self::BadRequest | Self::WrongMediaType => Code::InvalidArgument,
            Self::TooLarge => Code::ResourceExhausted,
            Self::Overloaded | Self::Store => Code::Unavailable,
            Self::Timeout => Code::DeadlineExceeded,
            Self::Aborted => Code::Cancelled,
            Self::UnknownEncoding | Self::WrongPath | Self::WrongMethod | Self::WrongPort => Code::Unimplemented,
            Self::ForbiddenHost | Self::ForbiddenOrigin => Code::PermissionDenied,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::Internal => Code::Internal,
        }
    }
}

/// A request that is not taken.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) reason: Reason,
    message: String,
    /// When the client may send it again; `None` for never.
    pub(crate) retry_after: Option<Duration>,
}

impl Refused {
    /// For good.
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        let message: String = message.into();
        let message = match message.char_indices().nth(MESSAGE_CHARS) {
            Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
            None => message,
        };
        Self { reason, message, retry_after: None }
    }

    /// For now.
    fn later(reason: Reason, message: impl Into<String>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(reason, message) }
    }

    pub(crate) fn too_large(limit: u64) -> Self {
        Self::new(Reason::TooLarge, format!("the request is larger than {limit} bytes; send smaller batches"))
    }

    pub(crate) fn timeout(waited: Duration) -> Self {
        Self::new(Reason::Timeout, format!("the body did not arrive within {} s", waited.as_secs_f64()))
    }

    pub(crate) fn busy(message: &str) -> Self {
        Self::later(Reason::Overloaded, message, Duration::from_secs(1))
    }

    /// The sink did not answer in time. It may still keep the request, so that this is nothing to count.
    pub(crate) fn slow_store() -> Self {
        Self::later(Reason::Store, "the store is slow; send again", Duration::from_secs(1))
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// As gRPC says it: details in `grpc-status-details-bin`, and RetryInfo beside it in
    /// `google.rpc.retryinfo-bin`, the only place where the Python exporter looks.
    pub(crate) fn grpc_status(&self) -> Status {
        let mut details = ErrorDetails::new();
        let mut metadata = MetadataMap::new();
        if let Some(delay) = self.retry_after {
            details.set_retry_info(Some(delay));
            let info = pb::RetryInfo { retry_delay: delay.try_into().ok() };
            metadata.insert_bin("google.rpc.retryinfo-bin", MetadataValue::from_bytes(&info.encode_to_vec()));
        }
        if self.reason.grpc() == Code::InvalidArgument {
            details.add_bad_request_violation("request", self.message.as_str());
        }
        Status::with_error_details_and_metadata(self.reason.grpc(), self.message.as_str(), details, metadata)
    }

    /// The body of an HTTP answer: google.rpc.Status.
    pub(crate) fn http_body(&self, encoding: Encoding) -> Bytes {
        match encoding {
            // The details of a status are a whole google.rpc.Status.
            Encoding::Protobuf => Bytes::copy_from_slice(self.grpc_status().details()),
            Encoding::Json => {
                let mut body = json!({ "code": self.reason.grpc() as i32, "message": self.message });
                if let (Some(delay), Some(body)) = (self.retry_after, body.as_object_mut()) {
                    let details = json!([{
                        "@type": "type.googleapis.com/google.rpc.RetryInfo",
                        "retryDelay": format!("{}s", delay.as_secs_f64()),
                    }]);
                    body.insert("details".to_owned(), details);
                }
                Bytes::from(body.to_string())
            }
        }
    }
}

impl From<FormatError> for Refused {
    fn from(err: FormatError) -> Self {
        match err {
            FormatError::Malformed(message) => Self::new(Reason::Undecodable, message),
            FormatError::WrongSignal(message) => Self::new(Reason::WrongSignal, message),
            FormatError::TooLarge(message) => Self::new(Reason::TooLarge, message),
        }
    }
}

impl From<NoRoom> for Refused {
    fn from(no_room: NoRoom) -> Self {
        match no_room {
            NoRoom::Never => Self::new(
                Reason::TooLarge,
                "the request needs more memory than all requests together may hold; send smaller batches",
            ),
            NoRoom::Now => Self::busy("too many requests are in flight; send again"),
        }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let retry_after = match refusal {
            Refusal::Busy => Duration::from_secs(1),
            Refusal::Full | Refusal::Failed(_) => Duration::from_secs(5),
        };
        Self::later(Reason::Store, format!("{refusal}; send again"), retry_after)
    }
}
