//! Metrics requests in protobuf, decoded.

use model::{
    AggregationTemporality, Buckets, Exemplar, ExponentialHistogram, ExponentialHistogramPoint, Gauge, Histogram,
    HistogramPoint, Metric, MetricData, MetricsData, Number, NumberPoint, QuantileValue, ResourceMetrics, ScopeMetrics,
    Sum, Summary, SummaryPoint,
};

use super::{
    decode::{attribute, resource, scope, text},
    wire::{Reader, Wire},
};

/// `MetricsData`, which `ExportMetricsServiceRequest` is too.
pub(super) fn metrics_data(bytes: &[u8]) -> Wire<MetricsData> {
    let mut data = MetricsData::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => data.resource_metrics.push(resource_metrics(fields.bytes(key)?)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(data)
}

fn resource_metrics(bytes: &[u8]) -> Wire<ResourceMetrics> {
    let mut metrics = ResourceMetrics::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => resource(metrics.resource.get_or_insert_default(), fields.bytes(key)?)?,
            2 => metrics.scope_metrics.push(scope_metrics(fields.bytes(key)?)?),
            3 => metrics.schema_url = text(fields.bytes(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(metrics)
}

fn scope_metrics(bytes: &[u8]) -> Wire<ScopeMetrics> {
    let mut metrics = ScopeMetrics::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => scope(metrics.scope.get_or_insert_default(), fields.bytes(key)?)?,
            2 => metrics.metrics.push(metric(fields.bytes(key)?)?),
            3 => metrics.schema_url = text(fields.bytes(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(metrics)
}

pub(crate) fn metric(bytes: &[u8]) -> Wire<Metric> {
    let mut metric = Metric::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => metric.name = text(fields.bytes(key)?),
            2 => metric.description = text(fields.bytes(key)?),
            3 => metric.unit = text(fields.bytes(key)?),
            5 | 7 | 9 | 10 | 11 => {
                metric.data = Some(data(metric.data.take(), key.field, fields.bytes(key)?)?);
            }
            12 => metric.metadata.push(attribute(fields.bytes(key)?)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(metric)
}

/// Merges the data of a metric with what it had, if that was of the same kind; `kind` is the
/// field's number in `Metric`.
fn data(before: Option<MetricData>, kind: u32, bytes: &[u8]) -> Wire<MetricData> {
    Ok(match (kind, before) {
        (5, Some(MetricData::Gauge(before))) => MetricData::Gauge(gauge(before, bytes)?),
        (5, _) => MetricData::Gauge(gauge(Gauge::default(), bytes)?),
        (7, Some(MetricData::Sum(before))) => MetricData::Sum(sum(before, bytes)?),
        (7, _) => MetricData::Sum(sum(Sum::default(), bytes)?),
        (9, Some(MetricData::Histogram(before))) => MetricData::Histogram(histogram(before, bytes)?),
        (9, _) => MetricData::Histogram(histogram(Histogram::default(), bytes)?),
        (10, Some(MetricData::ExponentialHistogram(before))) => {
            MetricData::ExponentialHistogram(exponential_histogram(before, bytes)?)
        }
        (10, _) => MetricData::ExponentialHistogram(exponential_histogram(ExponentialHistogram::default(), bytes)?),
        (_, Some(MetricData::Summary(before))) => MetricData::Summary(summary(before, bytes)?),
        _ => MetricData::Summary(summary(Summary::default(), bytes)?),
    })
}

fn gauge(mut gauge: Gauge, bytes: &[u8]) -> Wire<Gauge> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => gauge.data_points.push(number_point(fields.bytes(key)?)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(gauge)
}

fn sum(mut sum: Sum, bytes: &[u8]) -> Wire<Sum> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => sum.data_points.push(number_point(fields.bytes(key)?)?),
            2 => sum.aggregation_temporality = AggregationTemporality(fields.int32(key)?),
            3 => sum.is_monotonic = fields.varint(key)? != 0,
            _ => fields.skip(key)?,
        }
    }
    Ok(sum)
}

fn histogram(mut histogram: Histogram, bytes: &[u8]) -> Wire<Histogram> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => histogram.data_points.push(histogram_point(fields.bytes(key)?)?),
            2 => histogram.aggregation_temporality = AggregationTemporality(fields.int32(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(histogram)
}

fn exponential_histogram(mut histogram: ExponentialHistogram, bytes: &[u8]) -> Wire<ExponentialHistogram> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => histogram.data_points.push(exponential_point(fields.bytes(key)?)?),
            2 => histogram.aggregation_temporality = AggregationTemporality(fields.int32(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(histogram)
}

fn summary(mut summary: Summary, bytes: &[u8]) -> Wire<Summary> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => summary.data_points.push(summary_point(fields.bytes(key)?)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(summary)
}

fn number_point(bytes: &[u8]) -> Wire<NumberPoint> {
    let mut point = NumberPoint::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 => point.start_time_unix_nano = fields.fixed64(key)?,
            3 => point.time_unix_nano = fields.fixed64(key)?,
            4 => point.value = Some(Number::Double(fields.double(key)?)),
            5 => point.exemplars.push(exemplar(fields.bytes(key)?)?),
            6 => point.value = Some(Number::Int(fields.fixed64(key)?.cast_signed())),
            7 => point.attributes.push(attribute(fields.bytes(key)?)?),
            8 => point.flags = fields.uint32(key)?,
            _ => fields.skip(key)?,
        }
    }
    Ok(point)
}

fn histogram_point(bytes: &[u8]) -> Wire<HistogramPoint> {
    let mut point = HistogramPoint::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 => point.start_time_unix_nano = fields.fixed64(key)?,
            3 => point.time_unix_nano = fields.fixed64(key)?,
            4 => point.count = fields.fixed64(key)?,
            5 => point.sum = Some(fields.double(key)?),
            6 => fields.repeated_fixed64(key, |count| point.bucket_counts.push(count))?,
            7 => fields.repeated_fixed64(key, |bits| point.explicit_bounds.push(f64::from_bits(bits)))?,
            8 => point.exemplars.push(exemplar(fields.bytes(key)?)?),
            9 => point.attributes.push(attribute(fields.bytes(key)?)?),
            10 => point.flags = fields.uint32(key)?,
            11 => point.min = Some(fields.double(key)?),
            12 => point.max = Some(fields.double(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(point)
}

pub(crate) fn exponential_point(bytes: &[u8]) -> Wire<ExponentialHistogramPoint> {
    let mut point = ExponentialHistogramPoint::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => point.attributes.push(attribute(fields.bytes(key)?)?),
            2 => point.start_time_unix_nano = fields.fixed64(key)?,
            3 => point.time_unix_nano = fields.fixed64(key)?,
            4 => point.count = fields.fixed64(key)?,
            5 => point.sum = Some(fields.double(key)?),
            6 => point.scale = fields.sint32(key)?,
            7 => point.zero_count = fields.fixed64(key)?,
            8 => buckets(point.positive.get_or_insert_default(), fields.bytes(key)?)?,
            9 => buckets(point.negative.get_or_insert_default(), fields.bytes(key)?)?,
            10 => point.flags = fields.uint32(key)?,
            11 => point.exemplars.push(exemplar(fields.bytes(key)?)?),
            12 => point.min = Some(fields.double(key)?),
            13 => point.max = Some(fields.double(key)?),
            14 => point.zero_threshold = fields.double(key)?,
            _ => fields.skip(key)?,
        }
    }
    Ok(point)
}

fn buckets(buckets: &mut Buckets, bytes: &[u8]) -> Wire<()> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => buckets.offset = fields.sint32(key)?,
            2 => fields.repeated_varint(key, |count| buckets.bucket_counts.push(count))?,
            _ => fields.skip(key)?,
        }
    }
    Ok(())
}

pub(crate) fn summary_point(bytes: &[u8]) -> Wire<SummaryPoint> {
    let mut point = SummaryPoint::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 => point.start_time_unix_nano = fields.fixed64(key)?,
            3 => point.time_unix_nano = fields.fixed64(key)?,
            4 => point.count = fields.fixed64(key)?,
            5 => point.sum = fields.double(key)?,
            6 => point.quantile_values.push(quantile_value(fields.bytes(key)?)?),
            7 => point.attributes.push(attribute(fields.bytes(key)?)?),
            8 => point.flags = fields.uint32(key)?,
            _ => fields.skip(key)?,
        }
    }
    Ok(point)
}

fn quantile_value(bytes: &[u8]) -> Wire<QuantileValue> {
    let mut quantile = QuantileValue::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => quantile.quantile = fields.double(key)?,
            2 => quantile.value = fields.double(key)?,
            _ => fields.skip(key)?,
        }
    }
    Ok(quantile)
}

pub(crate) fn exemplar(bytes: &[u8]) -> Wire<Exemplar> {
    let mut exemplar = Exemplar::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 => exemplar.time_unix_nano = fields.fixed64(key)?,
            3 => exemplar.value = Some(Number::Double(fields.double(key)?)),
            4 => exemplar.span_id = fields.bytes(key)?.to_vec(),
            5 => exemplar.trace_id = fields.bytes(key)?.to_vec(),
            6 => exemplar.value = Some(Number::Int(fields.fixed64(key)?.cast_signed())),
            7 => exemplar.filtered_attributes.push(attribute(fields.bytes(key)?)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(exemplar)
}
