//! Walk, decoder and prost side by side; the fuzz targets use it too.

use formats::*;
use model::Signal;
use opentelemetry_proto::tonic::{logs::v1 as logs, metrics::v1 as metrics, trace::v1 as trace};
use prost::Message;

/// As text, where NaN equals itself.
pub(crate) fn shown(data: &impl std::fmt::Debug) -> String {
    format!("{data:?}")
}

/// What prost makes of the bytes, encoded again.
pub(crate) fn through_prost(signal: Signal, body: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    Ok(match signal {
        Signal::Traces => trace::TracesData::decode(body)?.encode_to_vec(),
        Signal::Logs => logs::LogsData::decode(body)?.encode_to_vec(),
        Signal::Metrics => metrics::MetricsData::decode(body)?.encode_to_vec(),
    })
}

/// What we make of the bytes, as text.
pub(crate) fn decoded(signal: Signal, body: &[u8]) -> Result<String, FormatError> {
    Ok(match signal {
        Signal::Traces => shown(&decode_traces(Encoding::Protobuf, body)?),
        Signal::Logs => shown(&decode_logs(Encoding::Protobuf, body)?),
        Signal::Metrics => shown(&decode_metrics(Encoding::Protobuf, body)?),
    })
}

/// Walk, decoder and prost agree on bytes that may be anything; else how they differ.
pub(crate) fn agree(signal: Signal, body: &[u8]) -> Result<(), String> {
    let ours = walk(signal, Encoding::Protobuf, body, &WalkLimits::default());
    let decoded_by_us = decoded(signal, body);
    match (&ours, through_prost(signal, body)) {
        // prost refuses what we repair.
        (Ok(walked), Err(error)) if walked.repaired_texts == 0 => return Err(format!("prost: {error}")),
        (Ok(walked), Ok(theirs)) if walked.repaired_texts == 0 => {
            // prost does not write -0.0 where a field has no presence.
            let zeros = |text: Result<String, FormatError>| text.map(|text| text.replace("-0.0", "0.0"));
            let (ours, theirs) = (zeros(decoded_by_us.clone()), zeros(decoded(signal, &theirs)));
            if ours != theirs {
                return Err(format!("{ours:?} is not {theirs:?}"));
            }
        }
        (Ok(_), _) | (Err(_), Err(_)) => {}
        (Err(FormatError::WrongSignal(_)), Ok(_)) => return Ok(()),
        (Err(error), Ok(_)) if error.to_string().contains("group") => {}
        // As keys `[` and `{` begin groups, of which this is said instead.
        (Err(error), Ok(_)) if error.to_string().contains("looks like JSON") => {}
        (Err(error), Ok(_)) => return Err(format!("prost takes it: {error}")),
    }
    if let Ok(walked) = &ours
        && walked.rejected.len() != walked.rejected_of.len()
    {
        return Err(format!("{} rejected, {} named", walked.rejected.len(), walked.rejected_of.len()));
    }
    if ours.is_ok() == decoded_by_us.is_ok() { Ok(()) } else { Err(format!("{ours:?} and {decoded_by_us:?}")) }
}

/// An input of the fuzz target: its first byte says which signal the rest is of.
pub(crate) fn agree_on(input: &[u8]) -> Result<(), String> {
    let Some((first, body)) = input.split_first() else { return Ok(()) };
    agree(Signal::ALL[usize::from(*first) % Signal::ALL.len()], body)
}
