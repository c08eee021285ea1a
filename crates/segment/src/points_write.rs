//! Metric points becoming columns.

use formats::raw::{PointKind, RawHistogramPoint, RawMetric, RawNumberPoint};
use serde::{Deserialize, Serialize};

use crate::{
    Batch, Encoded, SegmentError,
    bytes::difference,
    container::{Directory, Packer},
    histograms::HistogramColumns,
    numbers::NumberColumns,
    origins::{Origins, UsedOrigins},
    series::SeriesTable,
    texts::TextColumn,
};

/// Version of the layout of a segment of metric points.
pub(crate) const VERSION: u8 = 1;

/// The columns of every segment of metric points, in the order in which they are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Column {
    /// Of each metric, the index of resource and scope.
    MetricOrigin,
    /// Of each metric, the message without points.
    MetricHeader,
    /// Of each series, the index of its metric.
    SeriesMetric,
    /// Of each series, its attributes: messages `KeyValue` with their lengths before them.
    SeriesAttributes,
    PointsOfSeries,
    /// Of each series, what its first point has.
    FirstTime,
    FirstStart,
    FirstRequest,
    /// From that of the point before in the series, zigzag; so are the next two.
    Time,
    Start,
    /// Index of the request.
    Request,
    Flags,
    ExemplarsOfPoint,
    /// Messages `Exemplar`.
    Exemplar,
    /// Of each point of a gauge or sum, what its value is.
    NumberIs,
    /// Integers, from the one before in the series, zigzag.
    Int,
    Double,
    /// Of each point of a histogram, which of sum, min and max it has.
    HistogramHas,
    /// From the sum of the buckets, or the count before in the series where there are none, zigzag.
    Count,
    Sum,
    Min,
    Max,
    /// 8 bytes each.
    Bounds,
    BucketsOfPoint,
    /// From the same of the point before in the series, zigzag.
    Bucket,
    /// Of each point of an exponential histogram or summary, its message.
    Message,
}

/// How many columns there are.
pub(crate) const FIXED: usize = Column::Message as usize + 1;

/// What is needed to read the columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) version: u8,
    pub(crate) rows: u32,
    pub(crate) metrics: u32,
    pub(crate) series: u32,
    /// The least and the greatest time.
    pub(crate) times: (u64, u64),
    pub(crate) directory: Directory,
    pub(crate) origins: Origins,
}

/// A point where it lies in the body of its request.
struct Located<'a> {
    series: u32,
    time_unix_nano: u64,
    /// Index in [`Batch::requests`].
    request: u32,
    message: &'a [u8],
}

/// Makes a segment of the points in a batch of metrics ([`Batch::add_metrics`]); `None` if there are none.
/// Points stand by series, then by time, at one time as they arrived. Metrics without points are not kept.
///
/// # Errors
/// [`SegmentError::Request`] where a metric or point is not one.
pub fn encode_points(batch: &Batch<'_>) -> Result<Option<Encoded>, SegmentError> {
    let mut used = UsedOrigins::default();
    let mut table = SeriesTable::default();
    let mut points = located(batch, &mut used, &mut table)?;
    if points.is_empty() {
        return Ok(None);
    }
    points.sort_by_key(|point| (point.series, point.time_unix_nano));
    let mut columns = Columns::default();
    for of_series in points.chunk_by(|a, b| a.series == b.series) {
        columns.push(&table, of_series, &mut used, batch)?;
    }
    columns.pack(&table, used.finish()).map(Some)
}

/// The points in the order in which they arrived, and what series they are of.
fn located<'a>(
    batch: &Batch<'a>,
    used: &mut UsedOrigins,
    table: &mut SeriesTable,
) -> Result<Vec<Located<'a>>, SegmentError> {
    let mut points = Vec::new();
    let mut left_out = batch.left_out_points.iter().copied().peekable();
    let mut metric = RawMetric::default();
    let mut attributes = Vec::new();
    for (at, item) in (0..).zip(&batch.items) {
        metric.read(item.message)?;
        let Some(kind) = metric.kind else { continue };
        let mut number = None;
        for (position, &message) in (0..).zip(&metric.points) {
            if left_out.next_if_eq(&(at, position)).is_some() {
                continue;
            }
            let time_unix_nano = formats::raw::point_time(kind, message, &mut attributes)?;
            let number = *number
                .get_or_insert_with(|| table.metric(used.pair(item.origin, &batch.origins), metric.header(), kind));
            let series = table.series(number, &attributes);
            points.push(Located { series, time_unix_nano, request: item.request, message });
        }
    }
    Ok(points)
}

#[derive(Default)]
struct Columns {
    points_of_series: Vec<u64>,
    first_time: Vec<u64>,
    first_start: Vec<u64>,
    first_request: Vec<u64>,
    time: Vec<u64>,
    start: Vec<u64>,
    request: Vec<u64>,
    flags: Vec<u64>,
    exemplars_of_point: Vec<u64>,
    exemplar: TextColumn,
    numbers: NumberColumns,
    histograms: HistogramColumns,
    message: TextColumn,
    times: Option<(u64, u64)>,
}

impl Columns {
    /// Adds a series.
    fn push<'a>(
        &mut self,
        table: &SeriesTable,
        points: &[Located<'a>],
        used: &mut UsedOrigins,
        batch: &Batch<'a>,
    ) -> Result<(), SegmentError> {
        const NO_METRIC: SegmentError = SegmentError::Damaged("a series without a metric");
        let kind = points.first().and_then(|first| table.kind(first.series)).ok_or(NO_METRIC)?;
        let (mut number, mut histogram) = (RawNumberPoint::default(), RawHistogramPoint::default());
        let mut before: Option<(u64, u64, u64)> = None;
        for point in points {
            let (start, flags, exemplars): (u64, u32, &[&[u8]]) = match kind {
                PointKind::Gauge | PointKind::Sum => {
                    number.read(point.message)?;
                    self.numbers.push(number.value);
                    (number.start_time_unix_nano, number.flags, &number.exemplars)
                }
                PointKind::Histogram => {
                    histogram.read(point.message)?;
                    self.histograms.push(&histogram);
                    (histogram.start_time_unix_nano, histogram.flags, &histogram.exemplars)
                }
                PointKind::ExponentialHistogram | PointKind::Summary => {
                    self.message.push(point.message);
                    (0, 0, &[])
                }
            };
            self.flags.push(flags.into());
            self.exemplars_of_point.push(exemplars.len() as u64);
            exemplars.iter().for_each(|exemplar| self.exemplar.push(exemplar));
            let (time, request) = (point.time_unix_nano, used.request(point.request, &batch.requests));
            let (least, most) = self.times.unwrap_or((time, time));
            self.times = Some((least.min(time), most.max(time)));
            let (time_before, start_before, request_before) = before.unwrap_or_else(|| {
                self.first_time.push(time);
                self.first_start.push(start);
                self.first_request.push(request);
                (time, start, request)
            });
            self.time.push(difference(time, time_before));
            self.start.push(difference(start, start_before));
            self.request.push(difference(request, request_before));
            before = Some((time, start, request));
        }
        self.points_of_series.push(points.len() as u64);
        self.numbers.end_series();
        self.histograms.end_series();
        Ok(())
    }

    fn pack(self, table: &SeriesTable, origins: Origins) -> Result<Encoded, SegmentError> {
        let (rows, series) = (self.time.len() as u32, self.points_of_series.len() as u32);
        let mut packer = Packer::new()?;
        let (mut headers, mut attributes) = (TextColumn::default(), TextColumn::default());
        table.metrics.iter().for_each(|metric| headers.push(&metric.header));
        table.rows().for_each(|(_, list)| attributes.push(list));
        // In the order of `Column`.
        packer.add_ints(&table.metrics.iter().map(|metric| metric.origin).collect::<Vec<_>>());
        packer.add_texts(headers);
        packer.add_ints(&table.rows().map(|(metric, _)| metric.into()).collect::<Vec<_>>());
        packer.add_texts(attributes);
        packer.add_ints(&self.points_of_series);
        for numbers in [&self.first_time, &self.first_start, &self.first_request] {
            packer.add_deltas(numbers);
        }
        for numbers in [&self.time, &self.start, &self.request, &self.flags, &self.exemplars_of_point] {
            packer.add_ints(numbers);
        }
        packer.add_texts(self.exemplar);
        self.numbers.pack(&mut packer);
        self.histograms.pack(&mut packer);
        packer.add_texts(self.message);
        let (directory, blobs) = packer.finish();
        let header = Header {
            version: VERSION,
            rows,
            metrics: table.metrics.len() as u32,
            series,
            times: self.times.unwrap_or_default(),
            directory,
            origins,
        };
        Encoded::new(&header, rows, blobs)
    }
}
