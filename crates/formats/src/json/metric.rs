//! Metrics requests in OTLP/JSON, decoded.

use model::{
    AggregationTemporality, Buckets, Exemplar, ExponentialHistogram, ExponentialHistogramPoint, Gauge, Histogram,
    HistogramPoint, Metric, MetricData, Number, NumberPoint, QuantileValue, RejectReason, ResourceMetrics,
    ScopeMetrics, Sum, Summary, SummaryPoint,
};

use super::parser::{Json, Parser};
use crate::reject::{self, Bounds};

const TEMPORALITIES: [&str; 3] = ["UNSPECIFIED", "DELTA", "CUMULATIVE"];

impl Parser<'_> {
    /// `ResourceMetrics`.
    pub(super) fn resource_metrics(&mut self) -> Json<Option<ResourceMetrics>> {
        let mark = self.mark();
        self.message(|p, metrics: &mut ResourceMetrics, key| {
            match key {
                "resource" => metrics.resource = p.resource()?,
                "scopeMetrics" => {
                    p.forget_since(mark);
                    metrics.scope_metrics = p.list(Self::scope_metrics)?;
                }
                "schemaUrl" => metrics.schema_url = p.text()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn scope_metrics(&mut self) -> Json<Option<ScopeMetrics>> {
        let mark = self.mark();
        self.message(|p, metrics: &mut ScopeMetrics, key| {
            match key {
                "scope" => metrics.scope = p.scope()?,
                "metrics" => {
                    p.forget_since(mark);
                    metrics.metrics = p.list(Self::metric)?;
                }
                "schemaUrl" => metrics.schema_url = p.text()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    /// `Metric`. Of several kinds of data the last that is not `null` counts.
    fn metric(&mut self) -> Json<Option<Metric>> {
        let mark = self.mark();
        self.message(|p, metric: &mut Metric, key| {
            match key {
                "name" => metric.name = p.text()?,
                "description" => metric.description = p.text()?,
                "unit" => metric.unit = p.text()?,
                "metadata" => metric.metadata = p.attributes()?,
                "gauge" | "sum" | "histogram" | "exponentialHistogram" | "summary" => {
                    if p.take_null()? {
                        return Ok(());
                    }
                    p.forget_since(mark);
                    metric.data = match key {
                        "gauge" => p.gauge()?.map(MetricData::Gauge),
                        "sum" => p.sum()?.map(MetricData::Sum),
                        "histogram" => p.histogram()?.map(MetricData::Histogram),
                        "summary" => p.summary()?.map(MetricData::Summary),
                        _ => p.exponential_histogram()?.map(MetricData::ExponentialHistogram),
                    };
                }
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn temporality(&mut self) -> Json<AggregationTemporality> {
        self.enumeration("AGGREGATION_TEMPORALITY_", &TEMPORALITIES).map(AggregationTemporality)
    }

    fn gauge(&mut self) -> Json<Option<Gauge>> {
        let mark = self.mark();
        self.message(|p, gauge: &mut Gauge, key| {
            match key {
                "dataPoints" => {
                    p.forget_since(mark);
                    gauge.data_points = p.list(Self::number_point)?;
                }
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn sum(&mut self) -> Json<Option<Sum>> {
        let mark = self.mark();
        self.message(|p, sum: &mut Sum, key| {
            match key {
                "dataPoints" => {
                    p.forget_since(mark);
                    sum.data_points = p.list(Self::number_point)?;
                }
                "aggregationTemporality" => sum.aggregation_temporality = p.temporality()?,
                "isMonotonic" => sum.is_monotonic = p.bool()?.unwrap_or(false),
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn histogram(&mut self) -> Json<Option<Histogram>> {
        let mark = self.mark();
        self.message(|p, histogram: &mut Histogram, key| {
            match key {
                "dataPoints" => {
                    p.forget_since(mark);
                    histogram.data_points = p.list(Self::histogram_point)?;
                }
                "aggregationTemporality" => histogram.aggregation_temporality = p.temporality()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn exponential_histogram(&mut self) -> Json<Option<ExponentialHistogram>> {
        let mark = self.mark();
        self.message(|p, histogram: &mut ExponentialHistogram, key| {
            match key {
                "dataPoints" => {
                    p.forget_since(mark);
                    histogram.data_points = p.list(Self::exponential_point)?;
                }
                "aggregationTemporality" => histogram.aggregation_temporality = p.temporality()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn summary(&mut self) -> Json<Option<Summary>> {
        let mark = self.mark();
        self.message(|p, summary: &mut Summary, key| {
            match key {
                "dataPoints" => {
                    p.forget_since(mark);
                    summary.data_points = p.list(Self::summary_point)?;
                }
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    /// A point and why it is refused.
    fn point<T: Default>(
        &mut self,
        field: impl FnMut(&mut Self, &mut T, &str) -> Json<()>,
        check: impl FnOnce(&T) -> Option<RejectReason>,
    ) -> Json<Option<T>> {
        self.item(
            |p| {
                Ok(p.message(field)?.map(|point| {
                    let reason = check(&point);
                    (point, reason)
                }))
            },
            |_| (),
        )
    }

    fn number_point(&mut self) -> Json<Option<NumberPoint>> {
        let field = |p: &mut Self, point: &mut NumberPoint, key: &str| {
            match key {
                "attributes" => point.attributes = p.attributes()?,
                "startTimeUnixNano" => point.start_time_unix_nano = p.time()?,
                "timeUnixNano" => point.time_unix_nano = p.time()?,
                "asInt" => point.value = p.int_or_double()?.or(point.value),
                "asDouble" => point.value = p.double()?.map(Number::Double).or(point.value),
                "exemplars" => point.exemplars = p.list(Self::exemplar)?,
                "flags" => point.flags = p.integer()?,
                _ => p.unknown()?,
            }
            Ok(())
        };
        self.point(field, |_| None)
    }

    fn histogram_point(&mut self) -> Json<Option<HistogramPoint>> {
        let field = |p: &mut Self, point: &mut HistogramPoint, key: &str| {
            match key {
                "attributes" => point.attributes = p.attributes()?,
                "startTimeUnixNano" => point.start_time_unix_nano = p.time()?,
                "timeUnixNano" => point.time_unix_nano = p.time()?,
                "count" => point.count = p.integer()?,
                "sum" => point.sum = p.double()?,
                "bucketCounts" => point.bucket_counts = p.list(|p| p.integer().map(Some))?,
                "explicitBounds" => point.explicit_bounds = p.list(Self::double)?,
                "exemplars" => point.exemplars = p.list(Self::exemplar)?,
                "flags" => point.flags = p.integer()?,
                "min" => point.min = p.double()?,
                "max" => point.max = p.double()?,
                _ => p.unknown()?,
            }
            Ok(())
        };
        self.point(field, |point| {
            let mut bounds = Bounds::new();
            point.explicit_bounds.iter().for_each(|&bound| bounds.push(bound));
            bounds.check(point.bucket_counts.len())
        })
    }

    fn exponential_point(&mut self) -> Json<Option<ExponentialHistogramPoint>> {
        let field = |p: &mut Self, point: &mut ExponentialHistogramPoint, key: &str| {
            match key {
                "attributes" => point.attributes = p.attributes()?,
                "startTimeUnixNano" => point.start_time_unix_nano = p.time()?,
                "timeUnixNano" => point.time_unix_nano = p.time()?,
                "count" => point.count = p.integer()?,
                "sum" => point.sum = p.double()?,
                "scale" => point.scale = p.integer()?,
                "zeroCount" => point.zero_count = p.integer()?,
                "positive" => point.positive = p.buckets()?,
                "negative" => point.negative = p.buckets()?,
                "flags" => point.flags = p.integer()?,
                "exemplars" => point.exemplars = p.list(Self::exemplar)?,
                "min" => point.min = p.double()?,
                "max" => point.max = p.double()?,
                "zeroThreshold" => point.zero_threshold = p.double()?.unwrap_or(0.0),
                _ => p.unknown()?,
            }
            Ok(())
        };
        self.point(field, |point| {
            let run =
                |run: &Option<Buckets>| run.as_ref().map_or((0, 0), |run| (run.offset, run.bucket_counts.len() as u64));
            reject::exponential(point.scale, [run(&point.positive), run(&point.negative)])
        })
    }

    fn buckets(&mut self) -> Json<Option<Buckets>> {
        self.message(|p, buckets: &mut Buckets, key| {
            match key {
                "offset" => buckets.offset = p.integer()?,
                "bucketCounts" => buckets.bucket_counts = p.list(|p| p.integer().map(Some))?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn summary_point(&mut self) -> Json<Option<SummaryPoint>> {
        let field = |p: &mut Self, point: &mut SummaryPoint, key: &str| {
            match key {
                "attributes" => point.attributes = p.attributes()?,
                "startTimeUnixNano" => point.start_time_unix_nano = p.time()?,
                "timeUnixNano" => point.time_unix_nano = p.time()?,
                "count" => point.count = p.integer()?,
                "sum" => point.sum = p.double()?.unwrap_or(0.0),
                "quantileValues" => point.quantile_values = p.list(Self::quantile_value)?,
                "flags" => point.flags = p.integer()?,
                _ => p.unknown()?,
            }
            Ok(())
        };
        self.point(field, |_| None)
    }

    fn quantile_value(&mut self) -> Json<Option<QuantileValue>> {
        self.message(|p, quantile: &mut QuantileValue, key| {
            match key {
                "quantile" => quantile.quantile = p.double()?.unwrap_or(0.0),
                "value" => quantile.value = p.double()?.unwrap_or(0.0),
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn exemplar(&mut self) -> Json<Option<Exemplar>> {
        self.message(|p, exemplar: &mut Exemplar, key| {
            match key {
                "filteredAttributes" => exemplar.filtered_attributes = p.attributes()?,
                "timeUnixNano" => exemplar.time_unix_nano = p.time()?,
                "asInt" => exemplar.value = p.int_or_double()?.or(exemplar.value),
                "asDouble" => exemplar.value = p.double()?.map(Number::Double).or(exemplar.value),
                "spanId" => exemplar.span_id = p.id(8)?,
                "traceId" => exemplar.trace_id = p.id(16)?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }
}
