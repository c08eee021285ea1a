//! OTLP/JSON: read leniently, written canonically.

mod columns;
mod common;
mod encode;
mod log;
mod metric;
pub(crate) mod parser;
mod scalar;
mod trace;
mod writer;

use model::{LogsData, MetricsData, ResourceLogs, ResourceMetrics, ResourceSpans, Signal, TracesData};

use crate::{FormatError, WalkLimits, Walked, WalkedRows, intern::Interner, limits::Budget};
use parser::{Json, JsonError, Parser};
use writer::JsonWriter;

/// The key of a request's only list.
pub(crate) fn root_key(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "resourceSpans",
        Signal::Logs => "resourceLogs",
        Signal::Metrics => "resourceMetrics",
    }
}

/// See [`crate::decode_traces`].
pub(crate) fn decode_traces(body: &[u8]) -> Result<TracesData, FormatError> {
    request(&mut Parser::new(body, Budget::unlimited()), Signal::Traces, Parser::resource_spans).map(traces_data)
}

/// See [`crate::decode_logs`].
pub(crate) fn decode_logs(body: &[u8]) -> Result<LogsData, FormatError> {
    request(&mut Parser::new(body, Budget::unlimited()), Signal::Logs, Parser::resource_logs).map(logs_data)
}

/// See [`crate::decode_metrics`].
pub(crate) fn decode_metrics(body: &[u8]) -> Result<MetricsData, FormatError> {
    request(&mut Parser::new(body, Budget::unlimited()), Signal::Metrics, Parser::resource_metrics).map(metrics_data)
}

fn traces_data(resource_spans: Vec<ResourceSpans>) -> TracesData {
    TracesData { resource_spans }
}

fn logs_data(resource_logs: Vec<ResourceLogs>) -> LogsData {
    LogsData { resource_logs }
}

fn metrics_data(resource_metrics: Vec<ResourceMetrics>) -> MetricsData {
    MetricsData { resource_metrics }
}

/// Walks a request; see [`crate::walk`]. It is decoded on the way, within the limits.
pub(crate) fn walk(signal: Signal, body: &[u8], limits: &WalkLimits) -> Result<Walked, FormatError> {
    let mut p = Parser::new(body, Budget::new(*limits));
    let mut texts = Interner::default();
    let mut rejected_of = Vec::new();
    let rows = match signal {
        Signal::Traces => {
            let data = traces_data(request(&mut p, signal, Parser::resource_spans)?);
            WalkedRows::Spans(columns::spans(&data, &p.rejected, &mut texts, &mut rejected_of))
        }
        Signal::Logs => {
            let data = logs_data(request(&mut p, signal, Parser::resource_logs)?);
            WalkedRows::Logs(columns::logs(&data, &p.rejected, &mut texts, &mut rejected_of))
        }
        Signal::Metrics => {
            let data = metrics_data(request(&mut p, signal, Parser::resource_metrics)?);
            WalkedRows::Points(columns::points(&data, &p.rejected, &mut texts, &mut rejected_of))
        }
    };
    Ok(Walked {
        received: p.budget.items,
        rejected: p.rejected,
        rejected_of,
        repaired_texts: p.repaired_texts,
        unknown_fields: p.unknown_fields,
        heap_bytes: p.budget.heap_bytes,
        texts: texts.into_texts(),
        rows,
    })
}

/// The list that a request of this signal is, the whole body being one document.
fn request<'a, T>(
    p: &mut Parser<'a>,
    signal: Signal,
    item: fn(&mut Parser<'a>) -> Json<Option<T>>,
) -> Result<Vec<T>, FormatError> {
    let malformed = |what: &str| Err(FormatError::Malformed(what.to_owned()));
    match p.peek() {
        Some(b'{') => {}
        None => return malformed("the body is empty: an empty request in JSON is {}"),
        Some(b'[') => return malformed("the body is a JSON array, not a request: import it as a file"),
        Some(_) => return malformed("the body is not JSON: it does not begin with {"),
    }
    let items = document(p, signal, item).map_err(|error| error.of_request(signal))?;
    match p.peek() {
        None => Ok(items),
        Some(b'{' | b'[') => malformed("the body holds more than one JSON document: import it as a file"),
        Some(_) => malformed("the body goes on behind its JSON document; a file of JSON lines can be imported"),
    }
}

fn document<'a, T>(p: &mut Parser<'a>, signal: Signal, item: fn(&mut Parser<'a>) -> Json<Option<T>>) -> Json<Vec<T>> {
    let mut items = Vec::new();
    let start = p.mark();
    p.object(|p, key| {
        if key == root_key(signal) {
            p.forget_since(start);
            items = p.list(item)?;
            return Ok(());
        }
        match Signal::ALL.into_iter().find(|&other| key == root_key(other)) {
            Some(_) if p.take_null()? => Ok(()),
            Some(other) => Err(JsonError::Signal(other)),
            None => p.unknown(),
        }
    })?;
    Ok(items)
}

/// See [`crate::encode_traces_json`].
pub(crate) fn encode_traces(data: &TracesData, is_pretty: bool) -> String {
    written(is_pretty, |w| encode::traces_data(w, data))
}

/// See [`crate::encode_logs_json`].
pub(crate) fn encode_logs(data: &LogsData) -> String {
    written(false, |w| encode::logs_data(w, data))
}

/// See [`crate::encode_metrics_json`].
pub(crate) fn encode_metrics(data: &MetricsData) -> String {
    written(false, |w| encode::metrics_data(w, data))
}

fn written(is_pretty: bool, fill: impl FnOnce(&mut JsonWriter)) -> String {
    let mut w = JsonWriter::new(is_pretty);
    w.object(fill);
    w.into_text()
}
