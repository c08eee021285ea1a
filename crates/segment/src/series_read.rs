//! The points of a series, read from the columns of all.

use model::{MetricData, NumberPoint};

use crate::{
    Point, PointSegment, SegmentError, SegmentPoint, bytes::later, histograms::Histograms, ints::Ints,
    numbers::Numbers, points_write::Column, series::attribute_list, texts::Texts,
};

/// Reads the points of series. It has looked once at where each series begins in the columns.
pub struct PointReader<'a> {
    segment: &'a PointSegment,
    starts: Vec<Start>,
    attributes: Texts<'a>,
    points_of_series: Ints<'a>,
    /// Of each series, what its first point has; of each point, the difference to the one before.
    times: (Ints<'a>, Ints<'a>),
    starts_of_points: (Ints<'a>, Ints<'a>),
    requests: (Ints<'a>, Ints<'a>),
    flags: Ints<'a>,
    exemplars_of_point: Ints<'a>,
    exemplars: Texts<'a>,
    numbers: Numbers<'a>,
    histograms: Histograms<'a>,
    messages: Texts<'a>,
}

/// What points a series has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Histogram,
    ExponentialHistogram,
    Summary,
}

/// Where a series begins: counts of what stands before it.
#[derive(Debug, Clone, Copy)]
struct Start {
    kind: Kind,
    at: Counts,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    points: usize,
    exemplars: usize,
    numbers: usize,
    ints: usize,
    histograms: usize,
    buckets: usize,
    messages: usize,
}

impl<'a> PointReader<'a> {
    pub(crate) fn new(segment: &'a PointSegment) -> Result<Self, SegmentError> {
        let ints = |column: Column| segment.columns.ints(column as usize);
        let texts = |column: Column| segment.columns.texts(column as usize);
        // Before the header's count is believed.
        let of_series = segment.metrics_of_series()?;
        let series = of_series.len();
        let mut reader = Self {
            segment,
            starts: Vec::new(),
            attributes: texts(Column::SeriesAttributes)?,
            points_of_series: ints(Column::PointsOfSeries)?,
            times: (ints(Column::FirstTime)?, ints(Column::Time)?),
            starts_of_points: (ints(Column::FirstStart)?, ints(Column::Start)?),
            requests: (ints(Column::FirstRequest)?, ints(Column::Request)?),
            flags: ints(Column::Flags)?,
            exemplars_of_point: ints(Column::ExemplarsOfPoint)?,
            exemplars: texts(Column::Exemplar)?,
            numbers: Numbers::read(&segment.columns, series)?,
            histograms: Histograms::read(&segment.columns, series)?,
            messages: texts(Column::Message)?,
        };
        reader.starts = reader.find_starts(of_series)?;
        Ok(reader)
    }

    fn find_starts(&self, of_series: Vec<usize>) -> Result<Vec<Start>, SegmentError> {
        let metrics = self.segment.metrics()?;
        // Before points are looked at one by one: what the counts claim must not cost time or memory.
        let points =
            (0..of_series.len()).fold(0_u64, |sum, series| sum.saturating_add(self.points_of_series.get(series)));
        if points != self.segment.len() as u64 {
            return Err(SegmentError::Damaged("points are missing or too many"));
        }
        let mut at = Counts::default();
        let mut starts = Vec::with_capacity(of_series.len());
        for (series, metric) in of_series.into_iter().enumerate() {
            let kind = match metrics.get(metric).and_then(|of| of.metric.data.as_ref()) {
                Some(MetricData::Gauge(_) | MetricData::Sum(_)) => Kind::Number,
                Some(MetricData::Histogram(_)) => Kind::Histogram,
                Some(MetricData::ExponentialHistogram(_)) => Kind::ExponentialHistogram,
                Some(MetricData::Summary(_)) => Kind::Summary,
                None => return Err(SegmentError::Damaged("a series without a kind")),
            };
            starts.push(Start { kind, at });
            for _ in 0..self.points_of_series.get(series) {
                self.pass(kind, &mut at);
            }
        }
        if (at.exemplars, at.buckets) != (self.exemplars.len(), self.histograms.buckets()) {
            return Err(SegmentError::Damaged("exemplars or buckets are missing or too many"));
        }
        Ok(starts)
    }

    /// Passes over a point.
    fn pass(&self, kind: Kind, at: &mut Counts) {
        at.exemplars = at.exemplars.saturating_add(self.exemplars_of(at.points));
        at.points += 1;
        match kind {
            Kind::Number => {
                at.ints += usize::from(self.numbers.is_int(at.numbers));
                at.numbers += 1;
            }
            Kind::Histogram => {
                at.buckets = at.buckets.saturating_add(self.histograms.buckets_of(at.histograms));
                at.histograms += 1;
            }
            Kind::ExponentialHistogram | Kind::Summary => at.messages += 1,
        }
    }

    fn exemplars_of(&self, point: usize) -> usize {
        usize::try_from(self.exemplars_of_point.get(point)).unwrap_or(usize::MAX)
    }

    /// The points of a series by time, at one time as they arrived; the index is that in
    /// [`PointSegment::series`], and beyond the last there are none.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn points(&self, series: usize) -> Result<Vec<SegmentPoint>, SegmentError> {
        let Some(&Start { kind, mut at }) = self.starts.get(series) else { return Ok(Vec::new()) };
        let attributes = attribute_list(self.attributes.get(series))?;
        let mut numbers = self.numbers.of_series(series, at.numbers, at.ints);
        let mut histograms = self.histograms.of_series(series, at.histograms, at.buckets);
        let first = |of: &(Ints<'a>, Ints<'a>)| of.0.get(series);
        let mut time_unix_nano = first(&self.times);
        let mut start_time_unix_nano = first(&self.starts_of_points);
        let mut request = first(&self.requests);
        let mut points = Vec::new();
        for _ in 0..self.points_of_series.get(series) {
            time_unix_nano = later(time_unix_nano, self.times.1.get(at.points));
            start_time_unix_nano = later(start_time_unix_nano, self.starts_of_points.1.get(at.points));
            request = later(request, self.requests.1.get(at.points));
            let flags = self.flags.get(at.points) as u32;
            let exemplars = || {
                let exemplars = at.exemplars..at.exemplars.saturating_add(self.exemplars_of(at.points));
                exemplars
                    .map(|at| Ok(formats::decode_exemplar(self.exemplars.get(at))?))
                    .collect::<Result<_, SegmentError>>()
            };
            let point = match kind {
                Kind::Number => Point::Number(NumberPoint {
                    attributes: attributes.clone(),
                    start_time_unix_nano,
                    time_unix_nano,
                    value: numbers.next()?,
                    exemplars: exemplars()?,
                    flags,
                }),
                Kind::Histogram => {
                    let mut point = histograms.next()?;
                    point.attributes.clone_from(&attributes);
                    point.start_time_unix_nano = start_time_unix_nano;
                    point.time_unix_nano = time_unix_nano;
                    point.exemplars = exemplars()?;
                    point.flags = flags;
                    Point::Histogram(point)
                }
                Kind::ExponentialHistogram => {
                    Point::ExponentialHistogram(formats::decode_exponential_point(self.messages.get(at.messages))?)
                }
                Kind::Summary => Point::Summary(formats::decode_summary_point(self.messages.get(at.messages))?),
            };
            self.pass(kind, &mut at);
            points.push(SegmentPoint { point, request: self.segment.header.origins.request(request)? });
        }
        Ok(points)
    }
}
