//! Metrics and their points (OTLP `metrics.proto`).

use serde::{Deserialize, Serialize};

use crate::{KeyValue, Resource, Scope};

/// What one metrics request carries.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MetricsData {
    /// By resource.
    pub resource_metrics: Vec<ResourceMetrics>,
}

/// The metrics of one resource.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ResourceMetrics {
    /// The resource; `None` where the message had none.
    pub resource: Option<Resource>,
    /// By scope.
    pub scope_metrics: Vec<ScopeMetrics>,
    /// Schema of the resource.
    pub schema_url: String,
}

/// The metrics of one scope.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScopeMetrics {
    /// The scope; `None` where the message had none.
    pub scope: Option<Scope>,
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// Schema of the metrics.
    pub schema_url: String,
}

/// One metric with its points.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Metric {
    /// Name.
    pub name: String,
    /// What it measures.
    pub description: String,
    /// UCUM unit.
    pub unit: String,
    /// The points; `None` where the message had none or a kind that is not known.
    pub data: Option<MetricData>,
    /// Metadata in the order in which it came.
    pub metadata: Vec<KeyValue>,
}

/// The points of a metric, by kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MetricData {
    /// A value at a moment.
    Gauge(Gauge),
    /// A sum.
    Sum(Sum),
    /// A histogram with explicit bounds.
    Histogram(Histogram),
    /// A histogram with exponential buckets.
    ExponentialHistogram(ExponentialHistogram),
    /// Quantiles (legacy).
    Summary(Summary),
}

/// Points of a gauge.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Gauge {
    /// The points.
    pub data_points: Vec<NumberPoint>,
}

/// Points of a sum.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sum {
    /// The points.
    pub data_points: Vec<NumberPoint>,
    /// What a point covers.
    pub aggregation_temporality: AggregationTemporality,
    /// Whether it only rises.
    pub is_monotonic: bool,
}

/// Points of a histogram.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Histogram {
    /// The points.
    pub data_points: Vec<HistogramPoint>,
    /// What a point covers.
    pub aggregation_temporality: AggregationTemporality,
}

/// Points of an exponential histogram.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ExponentialHistogram {
    /// The points.
    pub data_points: Vec<ExponentialHistogramPoint>,
    /// What a point covers.
    pub aggregation_temporality: AggregationTemporality,
}

/// Points of a summary.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// The points.
    pub data_points: Vec<SummaryPoint>,
}

/// OTLP `AggregationTemporality`: 0 unspecified, 1 delta, 2 cumulative; other numbers are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AggregationTemporality(pub i32);

/// An integer or a double.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Number {
    /// `as_int`.
    Int(i64),
    /// `as_double`.
    Double(f64),
}

/// A point of a gauge or a sum.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NumberPoint {
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// Start of what it covers, nanoseconds since the Unix epoch.
    pub start_time_unix_nano: u64,
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// The value; `None` where none was recorded.
    pub value: Option<Number>,
    /// Examples.
    pub exemplars: Vec<Exemplar>,
    /// Bit 0: no recorded value.
    pub flags: u32,
}

/// A point of a histogram.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HistogramPoint {
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// Start of what it covers, nanoseconds since the Unix epoch.
    pub start_time_unix_nano: u64,
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: Option<f64>,
    /// Counts by bucket: one more than there are bounds, or none at all.
    pub bucket_counts: Vec<u64>,
    /// Upper bounds of all buckets but the last, rising.
    pub explicit_bounds: Vec<f64>,
    /// Examples.
    pub exemplars: Vec<Exemplar>,
    /// Bit 0: no recorded value.
    pub flags: u32,
    /// The least value.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
}

/// A point of an exponential histogram: base 2^(2^-scale), bucket i covers
/// (base^(offset+i), base^(offset+i+1)].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ExponentialHistogramPoint {
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// Start of what it covers, nanoseconds since the Unix epoch.
    pub start_time_unix_nano: u64,
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: Option<f64>,
    /// Resolution.
    pub scale: i32,
    /// How many values are within the zero threshold.
    pub zero_count: u64,
    /// Buckets above zero.
    pub positive: Option<Buckets>,
    /// Buckets below zero.
    pub negative: Option<Buckets>,
    /// Bit 0: no recorded value.
    pub flags: u32,
    /// Examples.
    pub exemplars: Vec<Exemplar>,
    /// The least value.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
    /// Width of the zero bucket.
    pub zero_threshold: f64,
}

/// A run of exponential buckets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Buckets {
    /// Index of the first.
    pub offset: i32,
    /// Counts from there on.
    pub bucket_counts: Vec<u64>,
}

/// A point of a summary.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SummaryPoint {
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// Start of what it covers, nanoseconds since the Unix epoch.
    pub start_time_unix_nano: u64,
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Quantiles.
    pub quantile_values: Vec<QuantileValue>,
    /// Bit 0: no recorded value.
    pub flags: u32,
}

/// A quantile and its value.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct QuantileValue {
    /// 0 to 1.
    pub quantile: f64,
    /// The value there.
    pub value: f64,
}

/// An example of a value, with the span in which it was measured.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Exemplar {
    /// Attributes that the point left out.
    pub filtered_attributes: Vec<KeyValue>,
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// The value; `None` where none was recorded.
    pub value: Option<Number>,
    /// The span's id as it came.
    pub span_id: Vec<u8>,
    /// The trace's id as it came.
    pub trace_id: Vec<u8>,
}
