//! The series of a segment of metric points: a metric of an origin and a list of attributes. Each is written
//! once, however many points it has.

use formats::raw::PointKind;
use hashbrown::{HashMap, HashTable, hash_table::Entry};
use model::{KeyValue, Metric};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::{
    SegmentError,
    bytes::{Input, put_slice},
};

/// A series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Index in [`crate::PointSegment::resources`].
    pub resource: u32,
    /// Index in [`crate::PointSegment::scopes`].
    pub scope: u32,
    /// The metric without points: its data say the kind, and what of the metric they say.
    pub metric: Metric,
    /// Attributes of the points in the order in which they came.
    pub attributes: Vec<KeyValue>,
}

/// Series being gathered.
#[derive(Debug, Default)]
pub(crate) struct SeriesTable {
    metric_numbers: HashMap<(u64, Vec<u8>), u32>,
    /// Index of origin, and message without points, of each metric.
    pub(crate) metrics: Vec<MetricRow>,
    numbers: HashTable<u32>,
    /// The series: its metric, and where its attributes end.
    rows: Vec<(u32, usize)>,
    /// Lists of attributes one after the other, each of messages `KeyValue` with their lengths before them.
    attributes: Vec<u8>,
}

/// A metric that has series.
#[derive(Debug)]
pub(crate) struct MetricRow {
    /// Index of resource and scope.
    pub(crate) origin: u64,
    /// The message without points.
    pub(crate) header: Vec<u8>,
    /// What its points are.
    pub(crate) kind: PointKind,
}

impl SeriesTable {
    /// The number of a metric.
    pub(crate) fn metric(&mut self, origin: u64, header: Vec<u8>, kind: PointKind) -> u32 {
        let new = self.metrics.len() as u32;
        *self.metric_numbers.entry((origin, header)).or_insert_with_key(|(_, header)| {
            self.metrics.push(MetricRow { origin, header: header.clone(), kind });
            new
        })
    }

    /// The number of a series: of a metric, with these attributes.
    pub(crate) fn series(&mut self, metric: u32, attributes: &[&[u8]]) -> u32 {
        // Written behind the others, where it stays if it is new.
        let start = self.attributes.len();
        attributes.iter().for_each(|attribute| put_slice(&mut self.attributes, attribute));
        let Self { numbers, rows, attributes, .. } = self;
        let list = attributes.get(start..).unwrap_or_default();
        let same = |&number: &u32| row(rows, attributes, number) == (metric, list);
        let hash_of = |&number: &u32| {
            let (metric, list) = row(rows, attributes, number);
            hash(metric, list)
        };
        match numbers.entry(hash(metric, list), same, hash_of) {
            Entry::Occupied(known) => {
                let number = *known.get();
                attributes.truncate(start);
                number
            }
            Entry::Vacant(new) => {
                let number = rows.len() as u32;
                new.insert(number);
                rows.push((metric, attributes.len()));
                number
            }
        }
    }

    /// The series by number: its metric and its list of attributes.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u32, &[u8])> + '_ {
        (0..self.rows.len() as u32).map(|number| row(&self.rows, &self.attributes, number))
    }

    /// What the points of a series are.
    pub(crate) fn kind(&self, series: u32) -> Option<PointKind> {
        let (metric, _) = self.rows.get(series as usize)?;
        Some(self.metrics.get(*metric as usize)?.kind)
    }
}

fn hash(metric: u32, attributes: &[u8]) -> u64 {
    xxh3_64_with_seed(attributes, metric.into())
}

fn row<'a>(rows: &[(u32, usize)], attributes: &'a [u8], number: u32) -> (u32, &'a [u8]) {
    let number = number as usize;
    let start = number.checked_sub(1).and_then(|before| rows.get(before)).map_or(0, |(_, end)| *end);
    let (metric, end) = rows.get(number).copied().unwrap_or_default();
    (metric, attributes.get(start..end).unwrap_or_default())
}

/// A list of attributes as [`SeriesTable`] writes it.
pub(crate) fn attribute_list(bytes: &[u8]) -> Result<Vec<KeyValue>, SegmentError> {
    let mut input = Input(bytes);
    let mut list = Vec::new();
    while !input.0.is_empty() {
        list.push(formats::decode_attribute(input.slice()?)?);
    }
    Ok(list)
}
