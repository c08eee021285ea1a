//! The sample trace that the application ships.

use api::{ApiError, ErrorCode, ImportSummary};
use model::{LogsData, Signal, TracesData};
use store::Store;

use crate::{answers::blocking, error, import};

const NAME: &str = "the sample trace";
const SAMPLE: &[u8] = include_bytes!("../../../assets/sample-trace.json");

/// Stores the sample as if it had just happened: its latest span ends now, and its trace ids are
/// new each time, so that loading it twice gives two traces.
pub(crate) async fn load(store: &Store, now: fn() -> u64) -> Result<ImportSummary, ApiError> {
    let end = now();
    let (traces, logs) = blocking(move || {
        let (mut traces, mut logs) = read()?;
        renew(&mut traces, &mut logs, end);
        Ok((traces, logs))
    })
    .await?;
    import::data(store, now, traces, logs).await
}

fn read() -> Result<(TracesData, LogsData), ApiError> {
    let (mut traces, mut logs) = (TracesData::default(), LogsData::default());
    let of_format = |err| error::of_format(NAME, &err);
    for request in formats::file::requests_in_file(NAME, SAMPLE).map_err(of_format)? {
        match request.signal {
            Signal::Traces => {
                let more = formats::decode_traces(request.encoding, &request.body).map_err(of_format)?;
                traces.resource_spans.extend(more.resource_spans);
            }
            Signal::Logs => {
                let more = formats::decode_logs(request.encoding, &request.body).map_err(of_format)?;
                logs.resource_logs.extend(more.resource_logs);
            }
            Signal::Metrics => {}
        }
    }
    if traces.resource_spans.is_empty() {
        return Err(ApiError::new(ErrorCode::Internal, "the sample trace is empty"));
    }
    Ok((traces, logs))
}

/// Moves all times so that the latest end is `end_unix_nano`, and changes all trace ids alike.
fn renew(traces: &mut TracesData, logs: &mut LogsData, end_unix_nano: u64) {
    let spans = || traces.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans);
    let latest = spans().map(|span| span.end_unix_nano).max().unwrap_or_default();
    let moved = |time: &mut u64| {
        if *time != 0 {
            *time = time.wrapping_sub(latest).wrapping_add(end_unix_nano);
        }
    };
    // The last eight bytes: what the first say, for example a time, stays.
    let renewed = |id: &mut [u8]| {
        if let Some(last) = id.get_mut(8..16) {
            last.iter_mut().zip(end_unix_nano.to_be_bytes()).for_each(|(byte, other)| *byte ^= other);
        }
    };
    for span in traces.resource_spans.iter_mut().flat_map(|of| &mut of.scope_spans).flat_map(|of| &mut of.spans) {
        renewed(&mut span.trace_id.0);
        moved(&mut span.start_unix_nano);
        moved(&mut span.end_unix_nano);
        span.events.iter_mut().for_each(|event| moved(&mut event.time_unix_nano));
        span.links.iter_mut().for_each(|link| renewed(&mut link.trace_id));
    }
    for record in logs.resource_logs.iter_mut().flat_map(|of| &mut of.scope_logs).flat_map(|of| &mut of.log_records) {
        renewed(&mut record.trace_id);
        moved(&mut record.time_unix_nano);
        moved(&mut record.observed_time_unix_nano);
    }
}
