//! Random requests, weird ones included, for property tests.

use model::*;
use proptest::{collection::vec, option, prelude::*};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z.]{0,12}",
        1 => any::<String>(),
        1 => Just("\u{202e}<script>\0\"\\\u{2028}🦀".to_owned()),
        1 => "x{1020,1030}",
    ]
}

fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-0.0),
        Just(1e17),
        Just(1e-5),
        Just(123.0),
    ]
}

/// Not -0.0, which prost does not write where a field has no presence.
fn plain_double() -> impl Strategy<Value = f64> {
    double().prop_map(|double| if double == 0.0 { 0.0 } else { double })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..20)
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Empty),
        text().prop_map(Value::String),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        double().prop_map(Value::Double),
        bytes().prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![vec(inner.clone(), 0..3).prop_map(Value::Array), vec(key_value(inner), 0..3).prop_map(Value::Map),]
    })
}

fn key() -> impl Strategy<Value = String> {
    // Few keys, so that they repeat.
    prop_oneof!["[ab]", Just("service.name".to_owned()), text()]
}

fn key_value(value: impl Strategy<Value = Value>) -> impl Strategy<Value = KeyValue> {
    (key(), value).prop_map(|(key, value)| KeyValue { key, value })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec(key_value(value()), 0..4)
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), any::<u32>()]
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1_700_000_000_123_456_789), Just(u64::MAX), any::<u64>()]
}

fn id() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), Just(vec![0; 8]), vec(1..=u8::MAX, 8), vec(1..=u8::MAX, 16), bytes()]
}

fn entity_ref() -> impl Strategy<Value = EntityRef> {
    (text(), text(), vec(text(), 0..2), vec(text(), 0..2)).prop_map(
        |(schema_url, entity_type, id_keys, description_keys)| EntityRef {
            schema_url,
            entity_type,
            id_keys,
            description_keys,
        },
    )
}

fn resource() -> impl Strategy<Value = Option<Resource>> {
    option::of((attributes(), count(), vec(entity_ref(), 0..2)).prop_map(
        |(attributes, dropped_attributes_count, entity_refs)| Resource {
            attributes,
            dropped_attributes_count,
            entity_refs,
        },
    ))
}

fn scope() -> impl Strategy<Value = Option<Scope>> {
    option::of((text(), text(), attributes(), count()).prop_map(
        |(name, version, attributes, dropped_attributes_count)| Scope {
            name,
            version,
            attributes,
            dropped_attributes_count,
        },
    ))
}

fn event() -> impl Strategy<Value = Event> {
    (time(), text(), attributes(), count()).prop_map(|(time_unix_nano, name, attributes, dropped_attributes_count)| {
        Event { time_unix_nano, name, attributes, dropped_attributes_count }
    })
}

fn link() -> impl Strategy<Value = Link> {
    (id(), id(), text(), attributes(), count(), count()).prop_map(
        |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| Link {
            trace_id,
            span_id,
            trace_state,
            attributes,
            dropped_attributes_count,
            flags,
        },
    )
}

/// Ids of a span; where one is zero, both are, as decoding has it.
fn span_ids() -> impl Strategy<Value = (TraceId, SpanId)> {
    let zeros = Just((TraceId::ZERO, SpanId::ZERO));
    prop_oneof![
        9 => (any::<[u8; 16]>(), any::<[u8; 8]>()).prop_map(|(mut trace, mut span)| {
            trace[0] |= 1;
            span[7] |= 1;
            (TraceId(trace), SpanId(span))
        }),
        1 => zeros,
    ]
}

fn span() -> impl Strategy<Value = Span> {
    let head = (span_ids(), id(), text(), count(), text(), any::<i32>(), time(), time());
    let status = option::of((-1..4, text()).prop_map(|(code, message)| Status { code: StatusCode(code), message }));
    let tail = (attributes(), count(), vec(event(), 0..3), count(), vec(link(), 0..2), count(), status);
    (head, tail).prop_map(|(head, tail)| {
        let ((trace_id, span_id), parent_span_id, trace_state, flags, name, kind, start_unix_nano, end_unix_nano) =
            head;
        let (attributes, dropped_attributes_count, events, dropped_events_count, links, dropped_links_count, status) =
            tail;
        Span {
            trace_id,
            span_id,
            parent_span_id,
            trace_state,
            flags,
            name,
            kind: SpanKind(kind),
            start_unix_nano,
            end_unix_nano,
            attributes,
            dropped_attributes_count,
            events,
            dropped_events_count,
            links,
            dropped_links_count,
            status,
        }
    })
}

/// A trace request.
pub fn traces() -> impl Strategy<Value = TracesData> {
    let of_scope = (scope(), vec(span(), 0..4), text()).prop_map(|(scope, spans, schema_url)| ScopeSpans {
        scope,
        spans,
        schema_url,
    });
    let of_resource = (resource(), vec(of_scope, 0..3), text())
        .prop_map(|(resource, scope_spans, schema_url)| ResourceSpans { resource, scope_spans, schema_url });
    vec(of_resource, 0..3).prop_map(|resource_spans| TracesData { resource_spans })
}

fn log_record() -> impl Strategy<Value = LogRecord> {
    let head = (time(), time(), any::<i32>(), text(), option::of(value()));
    let tail = (attributes(), count(), count(), id(), id(), text());
    (head, tail).prop_map(|(head, tail)| {
        let (time_unix_nano, observed_time_unix_nano, severity_number, severity_text, body) = head;
        let (attributes, dropped_attributes_count, flags, trace_id, span_id, event_name) = tail;
        LogRecord {
            time_unix_nano,
            observed_time_unix_nano,
            severity_number,
            severity_text,
            body,
            attributes,
            dropped_attributes_count,
            flags,
            trace_id,
            span_id,
            event_name,
        }
    })
}

/// A log request.
pub fn logs() -> impl Strategy<Value = LogsData> {
    let of_scope = (scope(), vec(log_record(), 0..4), text()).prop_map(|(scope, log_records, schema_url)| ScopeLogs {
        scope,
        log_records,
        schema_url,
    });
    let of_resource = (resource(), vec(of_scope, 0..3), text())
        .prop_map(|(resource, scope_logs, schema_url)| ResourceLogs { resource, scope_logs, schema_url });
    vec(of_resource, 0..3).prop_map(|resource_logs| LogsData { resource_logs })
}

fn number() -> impl Strategy<Value = Option<Number>> {
    option::of(prop_oneof![any::<i64>().prop_map(Number::Int), double().prop_map(Number::Double)])
}

fn exemplars() -> impl Strategy<Value = Vec<Exemplar>> {
    let exemplar = (attributes(), time(), number(), id(), id()).prop_map(
        |(filtered_attributes, time_unix_nano, value, span_id, trace_id)| Exemplar {
            filtered_attributes,
            time_unix_nano,
            value,
            span_id,
            trace_id,
        },
    );
    vec(exemplar, 0..2)
}

fn number_point() -> impl Strategy<Value = NumberPoint> {
    (attributes(), time(), time(), number(), exemplars(), count()).prop_map(
        |(attributes, start_time_unix_nano, time_unix_nano, value, exemplars, flags)| NumberPoint {
            attributes,
            start_time_unix_nano,
            time_unix_nano,
            value,
            exemplars,
            flags,
        },
    )
}

/// Bounds and counts, mostly such that they fit.
fn buckets() -> impl Strategy<Value = (Vec<f64>, Vec<u64>)> {
    prop_oneof![
        4 => vec(any::<u64>(), 1..5).prop_map(|counts| {
            ((1..counts.len()).map(|bound| bound as f64).collect(), counts)
        }),
        1 => Just((Vec::new(), Vec::new())),
        1 => (vec(double(), 0..3), vec(any::<u64>(), 0..3)),
    ]
}

fn histogram_point() -> impl Strategy<Value = HistogramPoint> {
    let head = (attributes(), time(), time(), any::<u64>(), option::of(double()), buckets());
    let tail = (exemplars(), count(), option::of(double()), option::of(double()));
    (head, tail).prop_map(|(head, tail)| {
        let (attributes, start_time_unix_nano, time_unix_nano, count, sum, (explicit_bounds, bucket_counts)) = head;
        let (exemplars, flags, min, max) = tail;
        HistogramPoint {
            attributes,
            start_time_unix_nano,
            time_unix_nano,
            count,
            sum,
            bucket_counts,
            explicit_bounds,
            exemplars,
            flags,
            min,
            max,
        }
    })
}

fn run() -> impl Strategy<Value = Option<Buckets>> {
    let offset = prop_oneof![3 => -100..100, 1 => any::<i32>(), 1 => Just(i32::MAX)];
    option::of((offset, vec(any::<u64>(), 0..4)).prop_map(|(offset, bucket_counts)| Buckets { offset, bucket_counts }))
}

fn exponential_point() -> impl Strategy<Value = ExponentialHistogramPoint> {
    let scale = prop_oneof![3 => -10..=20, 1 => any::<i32>()];
    let head = (attributes(), time(), time(), any::<u64>(), option::of(double()), scale, any::<u64>());
    let tail = (run(), run(), count(), exemplars(), option::of(double()), option::of(double()), plain_double());
    (head, tail).prop_map(|(head, tail)| {
        let (attributes, start_time_unix_nano, time_unix_nano, count, sum, scale, zero_count) = head;
        let (positive, negative, flags, exemplars, min, max, zero_threshold) = tail;
        ExponentialHistogramPoint {
            attributes,
            start_time_unix_nano,
            time_unix_nano,
            count,
            sum,
            scale,
            zero_count,
            positive,
            negative,
            flags,
            exemplars,
            min,
            max,
            zero_threshold,
        }
    })
}

fn summary_point() -> impl Strategy<Value = SummaryPoint> {
    let quantile = (plain_double(), plain_double()).prop_map(|(quantile, value)| QuantileValue { quantile, value });
    (attributes(), time(), time(), any::<u64>(), plain_double(), vec(quantile, 0..3), count()).prop_map(
        |(attributes, start_time_unix_nano, time_unix_nano, count, sum, quantile_values, flags)| SummaryPoint {
            attributes,
            start_time_unix_nano,
            time_unix_nano,
            count,
            sum,
            quantile_values,
            flags,
        },
    )
}

fn metric_data() -> impl Strategy<Value = MetricData> {
    let temporality = || (-1..4).prop_map(AggregationTemporality);
    prop_oneof![
        vec(number_point(), 0..3).prop_map(|data_points| MetricData::Gauge(Gauge { data_points })),
        (vec(number_point(), 0..3), temporality(), any::<bool>()).prop_map(
            |(data_points, aggregation_temporality, is_monotonic)| MetricData::Sum(Sum {
                data_points,
                aggregation_temporality,
                is_monotonic
            })
        ),
        (vec(histogram_point(), 0..3), temporality()).prop_map(|(data_points, aggregation_temporality)| {
            MetricData::Histogram(Histogram { data_points, aggregation_temporality })
        }),
        (vec(exponential_point(), 0..3), temporality()).prop_map(|(data_points, aggregation_temporality)| {
            MetricData::ExponentialHistogram(ExponentialHistogram { data_points, aggregation_temporality })
        }),
        vec(summary_point(), 0..3).prop_map(|data_points| MetricData::Summary(Summary { data_points })),
    ]
}

/// A metrics request.
pub fn metrics() -> impl Strategy<Value = MetricsData> {
    let metric = (text(), text(), text(), option::of(metric_data()), attributes())
        .prop_map(|(name, description, unit, data, metadata)| Metric { name, description, unit, data, metadata });
    let of_scope = (scope(), vec(metric, 0..4), text()).prop_map(|(scope, metrics, schema_url)| ScopeMetrics {
        scope,
        metrics,
        schema_url,
    });
    let of_resource = (resource(), vec(of_scope, 0..2), text())
        .prop_map(|(resource, scope_metrics, schema_url)| ResourceMetrics { resource, scope_metrics, schema_url });
    vec(of_resource, 0..3).prop_map(|resource_metrics| MetricsData { resource_metrics })
}
