//! What telemetry is, as plain data: ids, nanoseconds, values, resources, scopes, spans, log
//! records and metric points, in the shape of OTLP (opentelemetry-proto 1.11) and without loss.
//!
//! Entry types: [`TracesData`], [`LogsData`], [`MetricsData`], which are what one request carries.
//!
//! Deliberately absent: bytes and encodings (`formats`), I/O, JSON, and any meaning beyond the
//! protocol's (`analysis`). Times are `u64` nanoseconds since the Unix epoch, as they came: zero,
//! reversed and impossible times are data.

mod id;
mod log;
mod metric;
mod reject;
mod resource;
mod signal;
mod span;
mod value;

pub use id::{ParseIdError, SpanId, TraceId};
pub use log::{LogRecord, LogsData, ResourceLogs, ScopeLogs, SeverityClass};
pub use metric::{
    AggregationTemporality, Buckets, Exemplar, ExponentialHistogram, ExponentialHistogramPoint, Gauge, Histogram,
    HistogramPoint, Metric, MetricData, MetricsData, Number, NumberPoint, QuantileValue, ResourceMetrics, ScopeMetrics,
    Sum, Summary, SummaryPoint,
};
pub use reject::RejectReason;
pub use resource::{EntityRef, Resource, Scope, UNKNOWN_SERVICE};
pub use signal::Signal;
pub use span::{Event, Link, ResourceSpans, ScopeSpans, Span, SpanKind, Status, StatusCode, TracesData};
pub use value::{KeyValue, Value, find};
