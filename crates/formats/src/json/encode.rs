//! Requests encoded in OTLP/JSON, canonically: fields in lowerCamelCase, ids in hex, 64-bit integers
//! as texts, enumerations as numbers.

use model::{
    Buckets, EntityRef, Event, Exemplar, ExponentialHistogramPoint, HistogramPoint, Link, LogRecord, LogsData, Metric,
    MetricData, MetricsData, Number, NumberPoint, Resource, Scope, Span, Status, SummaryPoint, TracesData,
};

use super::writer::JsonWriter;

pub(super) fn traces_data(w: &mut JsonWriter, data: &TracesData) {
    w.list("resourceSpans", &data.resource_spans, |w, spans| {
        resource(w, spans.resource.as_ref());
        w.list("scopeSpans", &spans.scope_spans, |w, spans| {
            scope(w, spans.scope.as_ref());
            w.list("spans", &spans.spans, span);
            w.text("schemaUrl", &spans.schema_url);
        });
        w.text("schemaUrl", &spans.schema_url);
    });
}

pub(super) fn logs_data(w: &mut JsonWriter, data: &LogsData) {
    w.list("resourceLogs", &data.resource_logs, |w, logs| {
        resource(w, logs.resource.as_ref());
        w.list("scopeLogs", &logs.scope_logs, |w, logs| {
            scope(w, logs.scope.as_ref());
            w.list("logRecords", &logs.log_records, log_record);
            w.text("schemaUrl", &logs.schema_url);
        });
        w.text("schemaUrl", &logs.schema_url);
    });
}

pub(super) fn metrics_data(w: &mut JsonWriter, data: &MetricsData) {
    w.list("resourceMetrics", &data.resource_metrics, |w, metrics| {
        resource(w, metrics.resource.as_ref());
        w.list("scopeMetrics", &metrics.scope_metrics, |w, metrics| {
            scope(w, metrics.scope.as_ref());
            w.list("metrics", &metrics.metrics, metric);
            w.text("schemaUrl", &metrics.schema_url);
        });
        w.text("schemaUrl", &metrics.schema_url);
    });
}

fn resource(w: &mut JsonWriter, resource: Option<&Resource>) {
    if let Some(resource) = resource {
        w.message("resource", |w| {
            w.attributes("attributes", &resource.attributes);
            w.integer("droppedAttributesCount", resource.dropped_attributes_count);
            w.list("entityRefs", &resource.entity_refs, entity_ref);
        });
    }
}

fn entity_ref(w: &mut JsonWriter, entity: &EntityRef) {
    w.text("schemaUrl", &entity.schema_url);
    w.text("type", &entity.entity_type);
    w.texts("idKeys", &entity.id_keys);
    w.texts("descriptionKeys", &entity.description_keys);
}

fn scope(w: &mut JsonWriter, scope: Option<&Scope>) {
    if let Some(scope) = scope {
        w.message("scope", |w| {
            w.text("name", &scope.name);
            w.text("version", &scope.version);
            w.attributes("attributes", &scope.attributes);
            w.integer("droppedAttributesCount", scope.dropped_attributes_count);
        });
    }
}

fn span(w: &mut JsonWriter, span: &Span) {
    w.id("traceId", &span.trace_id.0);
    w.id("spanId", &span.span_id.0);
    w.text("traceState", &span.trace_state);
    w.id("parentSpanId", &span.parent_span_id);
    w.integer("flags", span.flags);
    w.text("name", &span.name);
    w.integer("kind", span.kind.0);
    w.integer64("startTimeUnixNano", span.start_unix_nano);
    w.integer64("endTimeUnixNano", span.end_unix_nano);
    w.attributes("attributes", &span.attributes);
    w.integer("droppedAttributesCount", span.dropped_attributes_count);
    w.list("events", &span.events, event);
    w.integer("droppedEventsCount", span.dropped_events_count);
    w.list("links", &span.links, link);
    w.integer("droppedLinksCount", span.dropped_links_count);
    if let Some(Status { code, message }) = &span.status {
        w.message("status", |w| {
            w.text("message", message);
            w.integer("code", code.0);
        });
    }
}

fn event(w: &mut JsonWriter, event: &Event) {
    w.integer64("timeUnixNano", event.time_unix_nano);
    w.text("name", &event.name);
    w.attributes("attributes", &event.attributes);
    w.integer("droppedAttributesCount", event.dropped_attributes_count);
}

fn link(w: &mut JsonWriter, link: &Link) {
    w.id("traceId", &link.trace_id);
    w.id("spanId", &link.span_id);
    w.text("traceState", &link.trace_state);
    w.attributes("attributes", &link.attributes);
    w.integer("droppedAttributesCount", link.dropped_attributes_count);
    w.integer("flags", link.flags);
}

fn log_record(w: &mut JsonWriter, record: &LogRecord) {
    w.integer64("timeUnixNano", record.time_unix_nano);
    w.integer64("observedTimeUnixNano", record.observed_time_unix_nano);
    w.integer("severityNumber", record.severity_number);
    w.text("severityText", &record.severity_text);
    if let Some(body) = &record.body {
        w.message("body", |w| w.value(body));
    }
    w.attributes("attributes", &record.attributes);
    w.integer("droppedAttributesCount", record.dropped_attributes_count);
    w.integer("flags", record.flags);
    w.id("traceId", &record.trace_id);
    w.id("spanId", &record.span_id);
    w.text("eventName", &record.event_name);
}

fn metric(w: &mut JsonWriter, metric: &Metric) {
    w.text("name", &metric.name);
    w.text("description", &metric.description);
    w.text("unit", &metric.unit);
    match &metric.data {
        None => {}
        Some(MetricData::Gauge(gauge)) => {
            w.message("gauge", |w| w.list("dataPoints", &gauge.data_points, number_point));
        }
        Some(MetricData::Sum(sum)) => w.message("sum", |w| {
            w.list("dataPoints", &sum.data_points, number_point);
            w.integer("aggregationTemporality", sum.aggregation_temporality.0);
            w.bool("isMonotonic", sum.is_monotonic);
        }),
        Some(MetricData::Histogram(histogram)) => w.message("histogram", |w| {
            w.list("dataPoints", &histogram.data_points, histogram_point);
            w.integer("aggregationTemporality", histogram.aggregation_temporality.0);
        }),
        Some(MetricData::ExponentialHistogram(histogram)) => w.message("exponentialHistogram", |w| {
            w.list("dataPoints", &histogram.data_points, exponential_point);
            w.integer("aggregationTemporality", histogram.aggregation_temporality.0);
        }),
        Some(MetricData::Summary(summary)) => {
            w.message("summary", |w| w.list("dataPoints", &summary.data_points, summary_point));
        }
    }
    w.attributes("metadata", &metric.metadata);
}

fn number(w: &mut JsonWriter, number: Option<Number>) {
    match number {
        None => {}
        Some(Number::Int(int)) => w.signed64_always("asInt", int),
        Some(Number::Double(double)) => w.double_always("asDouble", double),
    }
}

fn number_point(w: &mut JsonWriter, point: &NumberPoint) {
    w.attributes("attributes", &point.attributes);
    w.integer64("startTimeUnixNano", point.start_time_unix_nano);
    w.integer64("timeUnixNano", point.time_unix_nano);
    number(w, point.value);
    w.list("exemplars", &point.exemplars, exemplar);
    w.integer("flags", point.flags);
}

fn histogram_point(w: &mut JsonWriter, point: &HistogramPoint) {
    w.attributes("attributes", &point.attributes);
    w.integer64("startTimeUnixNano", point.start_time_unix_nano);
    w.integer64("timeUnixNano", point.time_unix_nano);
    w.integer64("count", point.count);
    w.optional_double("sum", point.sum);
    w.integers64("bucketCounts", &point.bucket_counts);
    w.doubles("explicitBounds", &point.explicit_bounds);
    w.list("exemplars", &point.exemplars, exemplar);
    w.integer("flags", point.flags);
    w.optional_double("min", point.min);
    w.optional_double("max", point.max);
}

fn exponential_point(w: &mut JsonWriter, point: &ExponentialHistogramPoint) {
    w.attributes("attributes", &point.attributes);
    w.integer64("startTimeUnixNano", point.start_time_unix_nano);
    w.integer64("timeUnixNano", point.time_unix_nano);
    w.integer64("count", point.count);
    w.optional_double("sum", point.sum);
    w.integer("scale", point.scale);
    w.integer64("zeroCount", point.zero_count);
    for (key, run) in [("positive", &point.positive), ("negative", &point.negative)] {
        if let Some(Buckets { offset, bucket_counts }) = run {
            w.message(key, |w| {
                w.integer("offset", *offset);
                w.integers64("bucketCounts", bucket_counts);
            });
        }
    }
    w.integer("flags", point.flags);
    w.list("exemplars", &point.exemplars, exemplar);
    w.optional_double("min", point.min);
    w.optional_double("max", point.max);
    w.double("zeroThreshold", point.zero_threshold);
}

fn summary_point(w: &mut JsonWriter, point: &SummaryPoint) {
    w.attributes("attributes", &point.attributes);
    w.integer64("startTimeUnixNano", point.start_time_unix_nano);
    w.integer64("timeUnixNano", point.time_unix_nano);
    w.integer64("count", point.count);
    w.double("sum", point.sum);
    w.list("quantileValues", &point.quantile_values, |w, quantile| {
        w.double("quantile", quantile.quantile);
        w.double("value", quantile.value);
    });
    w.integer("flags", point.flags);
}

fn exemplar(w: &mut JsonWriter, exemplar: &Exemplar) {
    w.attributes("filteredAttributes", &exemplar.filtered_attributes);
    w.integer64("timeUnixNano", exemplar.time_unix_nano);
    number(w, exemplar.value);
    w.id("spanId", &exemplar.span_id);
    w.id("traceId", &exemplar.trace_id);
}
