//! Columns becoming metric points again.

use hashbrown::HashMap;
use model::{
    ExponentialHistogramPoint, HistogramPoint, Metric, MetricData, MetricsData, NumberPoint, ResourceMetrics,
    ScopeMetrics, SummaryPoint,
};

use crate::{
    Request, SegmentError, SegmentResource, SegmentScope, Series,
    columns::Columns,
    points_write::{Column, FIXED, Header, VERSION},
    series::attribute_list,
    series_read::PointReader,
};

/// A segment of metric points. Columns are unpacked when they are first needed.
#[derive(Debug)]
pub struct PointSegment {
    pub(crate) header: Header,
    pub(crate) columns: Columns,
}

/// A point of any kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Point {
    /// Of a gauge or a sum.
    Number(NumberPoint),
    /// Of a histogram.
    Histogram(HistogramPoint),
    /// Of an exponential histogram.
    ExponentialHistogram(ExponentialHistogramPoint),
    /// Of a summary.
    Summary(SummaryPoint),
}

impl Point {
    /// When, nanoseconds since the Unix epoch.
    #[must_use]
    pub fn time_unix_nano(&self) -> u64 {
        match self {
            Self::Number(point) => point.time_unix_nano,
            Self::Histogram(point) => point.time_unix_nano,
            Self::ExponentialHistogram(point) => point.time_unix_nano,
            Self::Summary(point) => point.time_unix_nano,
        }
    }
}

/// A point as a segment holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentPoint {
    /// The point.
    pub point: Point,
    /// The request that brought it.
    pub request: Request,
}

/// A metric without points, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct SegmentMetric {
    pub(crate) resource: u32,
    pub(crate) scope: u32,
    pub(crate) metric: Metric,
}

impl PointSegment {
    /// A segment from its header and all of its blobs, by number.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] where the header is not one.
    pub fn new(header: &[u8], blobs: Vec<Vec<u8>>) -> Result<Self, SegmentError> {
        let mut header: Header = crate::unpack_header(header)?;
        if header.version != VERSION {
            return Err(SegmentError::Damaged("a segment of an unknown version"));
        }
        let columns = Columns::new(std::mem::take(&mut header.directory), blobs, FIXED);
        Ok(Self { header, columns })
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.header.rows as usize
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.header.rows == 0
    }

    /// The least and the greatest time of a point, nanoseconds since the Unix epoch.
    #[must_use]
    pub fn times(&self) -> (u64, u64) {
        self.header.times
    }

    /// What the columns take, packed, in bytes, by number.
    pub fn sizes(&self) -> impl Iterator<Item = (String, usize)> + '_ {
        (0..FIXED).map(|number| format!("column {number}")).zip(self.columns.sizes())
    }

    /// The resources that series name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where one does not decode.
    pub fn resources(&self) -> Result<Vec<SegmentResource>, SegmentError> {
        self.header.origins.resources()
    }

    /// The scopes that series name by index.
    ///
    /// # Errors
    /// [`SegmentError`] where one does not decode.
    pub fn scopes(&self) -> Result<Vec<SegmentScope>, SegmentError> {
        self.header.origins.scopes()
    }

    /// The series, in the order in which they first arrived; [`PointReader::points`] names them by index.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn series(&self) -> Result<Vec<Series>, SegmentError> {
        let metrics = self.metrics()?;
        let attributes = self.columns.texts(Column::SeriesAttributes as usize)?;
        let series = self.metrics_of_series()?.into_iter().enumerate().map(|(number, metric)| {
            let SegmentMetric { resource, scope, metric } =
                metrics.get(metric).ok_or(SegmentError::Damaged("a series without a metric"))?.clone();
            Ok(Series { resource, scope, metric, attributes: attribute_list(attributes.get(number))? })
        });
        series.collect()
    }

    /// Reads the points of some series.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn reader(&self) -> Result<PointReader<'_>, SegmentError> {
        PointReader::new(self)
    }

    /// Everything in it as one request: each metric of an origin once, its points by series and time.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn metrics_data(&self) -> Result<MetricsData, SegmentError> {
        let reader = self.reader()?;
        let mut metrics = self.metrics()?;
        for (series, metric) in self.metrics_of_series()?.into_iter().enumerate() {
            let metric = metrics.get_mut(metric).ok_or(SegmentError::Damaged("a series without a metric"))?;
            for stored in reader.points(series)? {
                add_point(&mut metric.metric, stored.point)?;
            }
        }
        let of_resource = |resource: SegmentResource| ResourceMetrics {
            resource: resource.resource,
            scope_metrics: Vec::new(),
            schema_url: resource.schema_url,
        };
        let mut resource_metrics: Vec<ResourceMetrics> = self.resources()?.into_iter().map(of_resource).collect();
        let scopes = self.scopes()?;
        let mut places: HashMap<(u32, u32), usize> = HashMap::new();
        for SegmentMetric { resource, scope, metric } in metrics {
            const NO_ORIGIN: SegmentError = SegmentError::Damaged("a metric without an origin");
            let all = &mut resource_metrics.get_mut(resource as usize).ok_or(NO_ORIGIN)?.scope_metrics;
            let of_scope = scopes.get(scope as usize).ok_or(NO_ORIGIN)?;
            let place = *places.entry((resource, scope)).or_insert_with(|| {
                let (scope, schema_url) = (of_scope.scope.clone(), of_scope.schema_url.clone());
                all.push(ScopeMetrics { scope, metrics: Vec::new(), schema_url });
                all.len() - 1
            });
            all.get_mut(place).ok_or(NO_ORIGIN)?.metrics.push(metric);
        }
        Ok(MetricsData { resource_metrics })
    }

    /// The metrics that have series.
    pub(crate) fn metrics(&self) -> Result<Vec<SegmentMetric>, SegmentError> {
        let origins = self.columns.ints(Column::MetricOrigin as usize)?;
        let headers = self.columns.texts(Column::MetricHeader as usize)?;
        if headers.len() != self.header.metrics as usize {
            return Err(SegmentError::Damaged("metrics are missing or too many"));
        }
        let metric = |number| {
            let (resource, scope) = self.header.origins.pair(origins.get(number))?;
            Ok(SegmentMetric { resource, scope, metric: formats::decode_metric(headers.get(number))? })
        };
        (0..headers.len()).map(metric).collect()
    }

    /// Of each series, the index of its metric.
    pub(crate) fn metrics_of_series(&self) -> Result<Vec<usize>, SegmentError> {
        let metrics = self.columns.ints(Column::SeriesMetric as usize)?;
        let attributes = self.columns.texts(Column::SeriesAttributes as usize)?;
        if (metrics.len(), attributes.len()) != (self.header.series as usize, self.header.series as usize) {
            return Err(SegmentError::Damaged("series are missing or too many"));
        }
        Ok(metrics.iter().map(|metric| usize::try_from(metric).unwrap_or(usize::MAX)).collect())
    }
}

pub(crate) fn add_point(metric: &mut Metric, point: Point) -> Result<(), SegmentError> {
    match (&mut metric.data, point) {
        (Some(MetricData::Gauge(gauge)), Point::Number(point)) => gauge.data_points.push(point),
        (Some(MetricData::Sum(sum)), Point::Number(point)) => sum.data_points.push(point),
        (Some(MetricData::Histogram(histogram)), Point::Histogram(point)) => histogram.data_points.push(point),
        (Some(MetricData::ExponentialHistogram(histogram)), Point::ExponentialHistogram(point)) => {
            histogram.data_points.push(point);
        }
        (Some(MetricData::Summary(summary)), Point::Summary(point)) => summary.data_points.push(point),
        _ => return Err(SegmentError::Damaged("a point of another kind than its metric")),
    }
    Ok(())
}
