//! Bodies of answers.

use std::convert::Infallible;

use bytes::Bytes;
use formats::Encoding;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use model::Signal;
use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsPartialSuccess, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;
use serde_json::json;

use crate::intake::Taken;

pub(crate) type ReplyBody = UnsyncBoxBody<Bytes, Infallible>;

/// A body that is whole.
pub(crate) fn whole(bytes: Bytes) -> ReplyBody {
    Full::new(bytes).boxed_unsync()
}

/// A sentence for people.
pub(crate) fn plain_text(status: StatusCode, sentence: &str) -> Response<ReplyBody> {
    let mut response = Response::new(whole(Bytes::from(format!("{sentence}\n"))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The response message of `signal`: empty, or a partial success where items were rejected.
pub(crate) fn success(signal: Signal, encoding: Encoding, taken: &Taken) -> Bytes {
    match encoding {
        Encoding::Protobuf => protobuf(signal, taken),
        Encoding::Json if taken.rejected == 0 => Bytes::from_static(b"{}"),
        Encoding::Json => {
            let rejected = match signal {
                Signal::Traces => "rejectedSpans",
                Signal::Logs => "rejectedLogRecords",
                Signal::Metrics => "rejectedDataPoints",
            };
            let partial = json!({ rejected: taken.rejected.to_string(), "errorMessage": taken.message });
            Bytes::from(json!({ "partialSuccess": partial }).to_string())
        }
    }
}

fn protobuf(signal: Signal, taken: &Taken) -> Bytes {
    if taken.rejected == 0 {
        return Bytes::new();
    }
    let rejected = i64::try_from(taken.rejected).unwrap_or(i64::MAX);
    let error_message = taken.message.clone();
    let bytes = match signal {
        Signal::Traces => {
            let partial = ExportTracePartialSuccess { rejected_spans: rejected, error_message };
            ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec()
        }
        Signal::Logs => {
            let partial = ExportLogsPartialSuccess { rejected_log_records: rejected, error_message };
            ExportLogsServiceResponse { partial_success: Some(partial) }.encode_to_vec()
        }
        Signal::Metrics => {
            let partial = ExportMetricsPartialSuccess { rejected_data_points: rejected, error_message };
            ExportMetricsServiceResponse { partial_success: Some(partial) }.encode_to_vec()
        }
    };
    Bytes::from(bytes)
}
