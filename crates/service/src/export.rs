//! Traces as a file, losslessly.

use std::{collections::BTreeMap, sync::Arc};

use api::ExportFormat;
use model::{LogsData, ResourceLogs, ResourceSpans, ScopeLogs, ScopeSpans, TracesData};
use store::{StoredResource, StoredScope, TraceContents};

/// The bytes of a file with these traces, in this order.
pub(crate) fn file(traces: Vec<TraceContents>, format: ExportFormat) -> Vec<u8> {
    match format {
        ExportFormat::OtlpJson => otlp_json(traces),
    }
}

/// One object with the keys of both requests.
fn otlp_json(traces: Vec<TraceContents>) -> Vec<u8> {
    let (mut spans, mut logs) = (TracesData::default(), LogsData::default());
    for trace in traces {
        let (spans_of_trace, logs_of_trace) = grouped(trace);
        spans.resource_spans.extend(spans_of_trace);
        logs.resource_logs.extend(logs_of_trace);
    }
    let mut json = formats::encode_traces_json(&spans);
    if !logs.resource_logs.is_empty() {
        // Both are objects with one member: `{"resourceSpans":[…]}`.
        json.pop();
        json.push(b',');
        json.extend(formats::encode_logs_json(&logs).into_iter().skip(1));
    }
    json.push(b'\n');
    json
}

/// The spans and the log records of a trace, by resource and scope.
fn grouped(trace: TraceContents) -> (Vec<ResourceSpans>, Vec<ResourceLogs>) {
    let TraceContents { spans, logs, resources, scopes, .. } = trace;
    let spans = by_origin(spans.into_iter().map(|stored| (stored.resource, stored.scope, stored.span)));
    let logs = by_origin(logs.into_iter().map(|stored| (stored.resource, stored.scope, stored.record)));
    let resource = |index: u32| origin::<StoredResource>(&resources, index);
    let scope = |index: u32| origin::<StoredScope>(&scopes, index);
    let spans = spans.into_iter().map(|(index, groups)| {
        let StoredResource { resource, schema_url } = resource(index);
        let scope_spans = groups.into_iter().map(|(index, spans)| {
            let StoredScope { scope, schema_url } = scope(index);
            ScopeSpans { scope, spans, schema_url }
        });
        ResourceSpans { resource, scope_spans: scope_spans.collect(), schema_url }
    });
    let logs = logs.into_iter().map(|(index, groups)| {
        let StoredResource { resource, schema_url } = resource(index);
        let scope_logs = groups.into_iter().map(|(index, log_records)| {
            let StoredScope { scope, schema_url } = scope(index);
            ScopeLogs { scope, log_records, schema_url }
        });
        ResourceLogs { resource, scope_logs: scope_logs.collect(), schema_url }
    });
    (spans.collect(), logs.collect())
}

fn origin<T: Clone + Default>(origins: &[Arc<T>], index: u32) -> T {
    origins.get(index as usize).map(|origin| T::clone(origin)).unwrap_or_default()
}

/// Items by resource and by scope.
fn by_origin<T>(items: impl Iterator<Item = (u32, u32, T)>) -> BTreeMap<u32, BTreeMap<u32, Vec<T>>> {
    let mut groups: BTreeMap<u32, BTreeMap<u32, Vec<T>>> = BTreeMap::new();
    for (resource, scope, item) in items {
        groups.entry(resource).or_default().entry(scope).or_default().push(item);
    }
    groups
}
