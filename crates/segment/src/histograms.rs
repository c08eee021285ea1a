//! What points of histograms count: buckets, each near the same one of the point before in its series, and what
//! follows from them.

use formats::raw::RawHistogramPoint;
use model::HistogramPoint;

use crate::{
    SegmentError,
    bytes::{difference, later},
    columns::Columns,
    container::Packer,
    doubles::{DoubleColumn, Doubles, DoublesOfSeries},
    ints::Ints,
    points_write::Column,
    texts::{TextColumn, Texts},
};

const HAS_SUM: u64 = 1;
const HAS_MIN: u64 = 2;
const HAS_MAX: u64 = 4;

/// Histograms being written.
#[derive(Debug, Default)]
pub(crate) struct HistogramColumns {
    /// [`HAS_SUM`], [`HAS_MIN`] and [`HAS_MAX`].
    has: Vec<u64>,
    count: Vec<u64>,
    sum: DoubleColumn,
    min: DoubleColumn,
    max: DoubleColumn,
    bounds: TextColumn,
    buckets_of_point: Vec<u64>,
    buckets: Vec<u64>,
    before: Before,
}

/// The point before in the series.
#[derive(Debug, Default)]
struct Before {
    count: u64,
    buckets: Vec<u64>,
}

impl Before {
    /// What a count is near to: that of all buckets, or where there are none the count before.
    fn near_count(&self, buckets: &[u64]) -> u64 {
        match buckets {
            [] => self.count,
            buckets => buckets.iter().fold(0, |sum, count| sum.wrapping_add(*count)),
        }
    }

    /// What a bucket is near to: the same of the point before, if that has as many.
    fn near_bucket(&self, at: usize, count: usize) -> u64 {
        if self.buckets.len() == count { self.buckets.get(at).copied().unwrap_or_default() } else { 0 }
    }
}

impl HistogramColumns {
    /// Adds the series' next point.
    pub(crate) fn push(&mut self, point: &RawHistogramPoint<'_>) {
        let mut has = 0;
        let optional = [
            (point.sum, HAS_SUM, &mut self.sum),
            (point.min, HAS_MIN, &mut self.min),
            (point.max, HAS_MAX, &mut self.max),
        ];
        for (double, bit, column) in optional {
            if let Some(double) = double {
                column.push(double);
                has |= bit;
            }
        }
        self.has.push(has);
        self.bounds.push(&point.explicit_bounds);
        let buckets = &point.bucket_counts;
        self.buckets_of_point.push(buckets.len() as u64);
        for (at, &bucket) in buckets.iter().enumerate() {
            self.buckets.push(difference(bucket, self.before.near_bucket(at, buckets.len())));
        }
        self.count.push(difference(point.count, self.before.near_count(buckets)));
        self.before.count = point.count;
        self.before.buckets.clone_from(buckets);
    }

    /// Ends a series, of whatever kind.
    pub(crate) fn end_series(&mut self) {
        self.before = Before::default();
        for column in [&mut self.sum, &mut self.min, &mut self.max] {
            column.end_series();
        }
    }

    /// Adds the columns in the order of [`Column`].
    pub(crate) fn pack(self, packer: &mut Packer) {
        packer.add_ints(&self.has);
        packer.add_ints(&self.count);
        for doubles in [self.sum, self.min, self.max] {
            packer.add_doubles(doubles);
        }
        packer.add_texts(self.bounds);
        packer.add_ints(&self.buckets_of_point);
        packer.add_ints(&self.buckets);
    }
}

/// Histograms, read where they lie.
pub(crate) struct Histograms<'a> {
    has: Ints<'a>,
    count: Ints<'a>,
    sum: Doubles<'a>,
    min: Doubles<'a>,
    max: Doubles<'a>,
    bounds: Texts<'a>,
    buckets_of_point: Ints<'a>,
    buckets: Ints<'a>,
}

impl<'a> Histograms<'a> {
    pub(crate) fn read(columns: &'a Columns, series: usize) -> Result<Self, SegmentError> {
        let ints = |column: Column| columns.ints(column as usize);
        let doubles = |column: Column| columns.doubles(column as usize, series);
        Ok(Self {
            has: ints(Column::HistogramHas)?,
            count: ints(Column::Count)?,
            sum: doubles(Column::Sum)?,
            min: doubles(Column::Min)?,
            max: doubles(Column::Max)?,
            bounds: columns.texts(Column::Bounds as usize)?,
            buckets_of_point: ints(Column::BucketsOfPoint)?,
            buckets: ints(Column::Bucket)?,
        })
    }

    /// How many buckets a point of a histogram has.
    pub(crate) fn buckets_of(&self, at: usize) -> usize {
        usize::try_from(self.buckets_of_point.get(at)).unwrap_or(usize::MAX)
    }

    /// How many buckets all points have.
    pub(crate) fn buckets(&self) -> usize {
        self.buckets.len()
    }

    /// The points of a series whose first is this one of the points of histograms, and whose first bucket is
    /// this one of the buckets.
    pub(crate) fn of_series(&self, series: usize, at: usize, bucket: usize) -> HistogramsOfSeries<'_> {
        let [sum, min, max] = [&self.sum, &self.min, &self.max].map(|column| column.of(series));
        HistogramsOfSeries { histograms: self, at, bucket, before: Before::default(), sum, min, max }
    }
}

/// The points of a series, one after the other.
pub(crate) struct HistogramsOfSeries<'a> {
    histograms: &'a Histograms<'a>,
    at: usize,
    bucket: usize,
    before: Before,
    sum: DoublesOfSeries<'a>,
    min: DoublesOfSeries<'a>,
    max: DoublesOfSeries<'a>,
}

impl HistogramsOfSeries<'_> {
    /// The next point, with what is of histograms only.
    pub(crate) fn next(&mut self) -> Result<HistogramPoint, SegmentError> {
        let histograms = self.histograms;
        let at = self.at;
        self.at += 1;
        let has = histograms.has.get(at);
        let count_of = histograms.buckets_of(at);
        let end = self.bucket.checked_add(count_of).filter(|end| *end <= histograms.buckets());
        let end = end.ok_or(SegmentError::Damaged("a bucket is missing"))?;
        let near = |(at, bucket)| later(self.before.near_bucket(at, count_of), histograms.buckets.get(bucket));
        let bucket_counts: Vec<u64> = (self.bucket..end).enumerate().map(near).collect();
        self.bucket = end;
        let count = later(self.before.near_count(&bucket_counts), histograms.count.get(at));
        self.before.count = count;
        self.before.buckets.clone_from(&bucket_counts);
        let (bounds, _) = histograms.bounds.get(at).as_chunks::<8>();
        Ok(HistogramPoint {
            count,
            sum: (has & HAS_SUM != 0).then(|| self.sum.next()).transpose()?,
            min: (has & HAS_MIN != 0).then(|| self.min.next()).transpose()?,
            max: (has & HAS_MAX != 0).then(|| self.max.next()).transpose()?,
            bucket_counts,
            explicit_bounds: bounds.iter().map(|bound| f64::from_le_bytes(*bound)).collect(),
            ..HistogramPoint::default()
        })
    }
}
