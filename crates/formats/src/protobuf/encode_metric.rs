//! Metrics requests encoded in protobuf.

use model::{
    Buckets, Exemplar, ExponentialHistogramPoint, HistogramPoint, Metric, MetricData, MetricsData, Number, NumberPoint,
    ResourceMetrics, ScopeMetrics, SummaryPoint,
};

use super::{
    encode::{attributes, resource, scope},
    wire::Writer,
};

/// `MetricsData`.
pub(super) fn metrics_data(w: &mut Writer, data: &MetricsData) {
    for metrics in &data.resource_metrics {
        w.message(1, |w| resource_metrics(w, metrics));
    }
}

fn resource_metrics(w: &mut Writer, metrics: &ResourceMetrics) {
    if let Some(of) = &metrics.resource {
        w.message(1, |w| resource(w, of));
    }
    for metrics in &metrics.scope_metrics {
        w.message(2, |w| scope_metrics(w, metrics));
    }
    w.bytes(3, &metrics.schema_url);
}

fn scope_metrics(w: &mut Writer, metrics: &ScopeMetrics) {
    if let Some(of) = &metrics.scope {
        w.message(1, |w| scope(w, of));
    }
    for item in &metrics.metrics {
        w.message(2, |w| metric(w, item));
    }
    w.bytes(3, &metrics.schema_url);
}

fn metric(w: &mut Writer, metric: &Metric) {
    w.bytes(1, &metric.name);
    w.bytes(2, &metric.description);
    w.bytes(3, &metric.unit);
    match &metric.data {
        None => {}
        Some(MetricData::Gauge(gauge)) => w.message(5, |w| points(w, &gauge.data_points, number_point)),
        Some(MetricData::Sum(sum)) => w.message(7, |w| {
            points(w, &sum.data_points, number_point);
            w.int32(2, sum.aggregation_temporality.0);
            w.uint(3, sum.is_monotonic);
        }),
        Some(MetricData::Histogram(histogram)) => w.message(9, |w| {
            points(w, &histogram.data_points, histogram_point);
            w.int32(2, histogram.aggregation_temporality.0);
        }),
        Some(MetricData::ExponentialHistogram(histogram)) => w.message(10, |w| {
            points(w, &histogram.data_points, exponential_point);
            w.int32(2, histogram.aggregation_temporality.0);
        }),
        Some(MetricData::Summary(summary)) => w.message(11, |w| points(w, &summary.data_points, summary_point)),
    }
    attributes(w, 12, &metric.metadata);
}

fn points<P>(w: &mut Writer, points: &[P], point: fn(&mut Writer, &P)) {
    points.iter().for_each(|item| w.message(1, |w| point(w, item)));
}

fn number_point(w: &mut Writer, point: &NumberPoint) {
    w.fixed64(2, point.start_time_unix_nano);
    w.fixed64(3, point.time_unix_nano);
    if let Some(Number::Double(double)) = point.value {
        w.fixed64_always(4, double.to_bits());
    }
    exemplars(w, 5, &point.exemplars);
    if let Some(Number::Int(int)) = point.value {
        w.fixed64_always(6, int.cast_unsigned());
    }
    attributes(w, 7, &point.attributes);
    w.uint(8, point.flags);
}

fn histogram_point(w: &mut Writer, point: &HistogramPoint) {
    w.fixed64(2, point.start_time_unix_nano);
    w.fixed64(3, point.time_unix_nano);
    w.fixed64(4, point.count);
    w.optional_double(5, point.sum);
    w.repeated_fixed64(6, point.bucket_counts.iter().copied());
    w.repeated_fixed64(7, point.explicit_bounds.iter().map(|bound| bound.to_bits()));
    exemplars(w, 8, &point.exemplars);
    attributes(w, 9, &point.attributes);
    w.uint(10, point.flags);
    w.optional_double(11, point.min);
    w.optional_double(12, point.max);
}

fn exponential_point(w: &mut Writer, point: &ExponentialHistogramPoint) {
    attributes(w, 1, &point.attributes);
    w.fixed64(2, point.start_time_unix_nano);
    w.fixed64(3, point.time_unix_nano);
    w.fixed64(4, point.count);
    w.optional_double(5, point.sum);
    w.sint32(6, point.scale);
    w.fixed64(7, point.zero_count);
    for (field, run) in [(8, &point.positive), (9, &point.negative)] {
        if let Some(run) = run {
            w.message(field, |w| buckets(w, run));
        }
    }
    w.uint(10, point.flags);
    exemplars(w, 11, &point.exemplars);
    w.optional_double(12, point.min);
    w.optional_double(13, point.max);
    w.double(14, point.zero_threshold);
}

fn buckets(w: &mut Writer, buckets: &Buckets) {
    w.sint32(1, buckets.offset);
    w.repeated_varint(2, &buckets.bucket_counts);
}

fn summary_point(w: &mut Writer, point: &SummaryPoint) {
    w.fixed64(2, point.start_time_unix_nano);
    w.fixed64(3, point.time_unix_nano);
    w.fixed64(4, point.count);
    w.double(5, point.sum);
    for quantile in &point.quantile_values {
        w.message(6, |w| {
            w.double(1, quantile.quantile);
            w.double(2, quantile.value);
        });
    }
    attributes(w, 7, &point.attributes);
    w.uint(8, point.flags);
}

fn exemplars(w: &mut Writer, field: u32, exemplars: &[Exemplar]) {
    for exemplar in exemplars {
        w.message(field, |w| {
            w.fixed64(2, exemplar.time_unix_nano);
            if let Some(Number::Double(double)) = exemplar.value {
                w.fixed64_always(3, double.to_bits());
            }
            w.bytes(4, &exemplar.span_id);
            w.bytes(5, &exemplar.trace_id);
            if let Some(Number::Int(int)) = exemplar.value {
                w.fixed64_always(6, int.cast_unsigned());
            }
            attributes(w, 7, &exemplar.filtered_attributes);
        });
    }
}
