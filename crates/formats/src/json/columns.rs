//! The columns of a request that is decoded already.

use model::{
    LogsData, MetricData, MetricsData, RejectReason, Resource, Scope, StatusCode, TracesData, UNKNOWN_SERVICE,
};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    LogColumns, PointColumns, SpanColumns,
    hash::{Surroundings, mix},
    intern::Interner,
    protobuf::{encode, encode_span, wire::Writer},
};

/// Items in document order, those left out that are refused.
struct Ordinals<'a> {
    next: u32,
    rejected: &'a [(u32, RejectReason)],
}

impl Ordinals<'_> {
    /// The next item's ordinal, unless it is refused.
    fn next(&mut self) -> Option<u32> {
        let ordinal = self.next;
        self.next += 1;
        match self.rejected {
            [(refused, _), rest @ ..] if *refused == ordinal => {
                self.rejected = rest;
                None
            }
            _ => Some(ordinal),
        }
    }
}

fn service_of(resource: Option<&Resource>) -> &str {
    resource.map_or(UNKNOWN_SERVICE, Resource::service_name)
}

/// The hash of a resource, by its canonical protobuf bytes.
fn resource_hash(w: &mut Writer, resource: Option<&Resource>, schema_url: &str) -> u64 {
    let mut surroundings = Surroundings::default();
    if let Some(resource) = resource {
        w.bytes.clear();
        encode::resource(w, resource);
        surroundings.add_message(&w.bytes);
    }
    surroundings.set_schema_url(schema_url.as_bytes());
    surroundings.hash()
}

/// The hash of a scope, by its canonical protobuf bytes.
fn scope_hash(w: &mut Writer, scope: Option<&Scope>, schema_url: &str) -> u64 {
    let mut surroundings = Surroundings::default();
    if let Some(scope) = scope {
        w.bytes.clear();
        encode::scope(w, scope);
        surroundings.add_message(&w.bytes);
    }
    surroundings.set_schema_url(schema_url.as_bytes());
    surroundings.hash()
}

/// Columns of a trace request.
pub(super) fn spans(
    data: &TracesData,
    rejected: &[(u32, RejectReason)],
    texts: &mut Interner,
    rejected_of: &mut Vec<(u32, u32)>,
) -> SpanColumns {
    let mut columns = SpanColumns::default();
    let mut ordinals = Ordinals { next: 0, rejected };
    let mut w = Writer::default();
    for of_resource in &data.resource_spans {
        let service = service_of(of_resource.resource.as_ref());
        let resource_hash = resource_hash(&mut w, of_resource.resource.as_ref(), &of_resource.schema_url);
        for of_scope in &of_resource.scope_spans {
            let scope_hash = scope_hash(&mut w, of_scope.scope.as_ref(), &of_scope.schema_url);
            for span in &of_scope.spans {
                let Some(ordinal) = ordinals.next() else {
                    rejected_of.push((texts.index_of(service), texts.index_of(&span.name)));
                    continue;
                };
                columns.ordinal.push(ordinal);
                columns.trace_id.push(span.trace_id);
                columns.span_id.push(span.span_id);
                columns.is_root.push(span.parent().is_none() && !span.has_malformed_parent());
                columns.start_unix_nano.push(span.start_unix_nano);
                columns.end_unix_nano.push(span.end_unix_nano);
                columns.is_error.push(span.status_code() == StatusCode::ERROR);
                columns.service.push(texts.index_of(service));
                columns.name.push(texts.index_of(&span.name));
                let message = span.status_message();
                columns.message.push(if message.is_empty() { u32::MAX } else { texts.index_of(message) });
                w.bytes.clear();
                encode_span::span(&mut w, span);
                columns.content_hash.push(mix(mix(xxh3_64(&w.bytes), scope_hash), resource_hash));
            }
        }
    }
    columns
}

/// Columns of a log request.
pub(super) fn logs(
    data: &LogsData,
    rejected: &[(u32, RejectReason)],
    texts: &mut Interner,
    rejected_of: &mut Vec<(u32, u32)>,
) -> LogColumns {
    let mut columns = LogColumns::default();
    let mut ordinals = Ordinals { next: 0, rejected };
    for of_resource in &data.resource_logs {
        let service = service_of(of_resource.resource.as_ref());
        for record in of_resource.scope_logs.iter().flat_map(|of_scope| &of_scope.log_records) {
            let Some(ordinal) = ordinals.next() else {
                rejected_of.push((texts.index_of(service), texts.index_of(&record.event_name)));
                continue;
            };
            columns.ordinal.push(ordinal);
            columns.trace_id.push(record.trace().unwrap_or_default());
            columns.span_id.push(record.span().unwrap_or_default());
            columns.time_unix_nano.push(record.time());
            columns.severity_number.push(record.severity_number);
            columns.service.push(texts.index_of(service));
        }
    }
    columns
}

/// Columns of a metrics request.
pub(super) fn points(
    data: &MetricsData,
    rejected: &[(u32, RejectReason)],
    texts: &mut Interner,
    rejected_of: &mut Vec<(u32, u32)>,
) -> PointColumns {
    let mut columns = PointColumns::default();
    let mut ordinals = Ordinals { next: 0, rejected };
    for of_resource in &data.resource_metrics {
        let service = service_of(of_resource.resource.as_ref());
        for metric in of_resource.scope_metrics.iter().flat_map(|of_scope| &of_scope.metrics) {
            let mut push = |time| {
                let Some(ordinal) = ordinals.next() else {
                    rejected_of.push((texts.index_of(service), texts.index_of(&metric.name)));
                    return;
                };
                columns.ordinal.push(ordinal);
                columns.time_unix_nano.push(time);
                columns.service.push(texts.index_of(service));
                columns.name.push(texts.index_of(&metric.name));
            };
            match &metric.data {
                None => {}
                Some(MetricData::Gauge(gauge)) => gauge.data_points.iter().for_each(|point| push(point.time_unix_nano)),
                Some(MetricData::Sum(sum)) => sum.data_points.iter().for_each(|point| push(point.time_unix_nano)),
                Some(MetricData::Histogram(histogram)) => {
                    histogram.data_points.iter().for_each(|point| push(point.time_unix_nano));
                }
                Some(MetricData::ExponentialHistogram(histogram)) => {
                    histogram.data_points.iter().for_each(|point| push(point.time_unix_nano));
                }
                Some(MetricData::Summary(summary)) => {
                    summary.data_points.iter().for_each(|point| push(point.time_unix_nano));
                }
            }
        }
    }
    columns
}
