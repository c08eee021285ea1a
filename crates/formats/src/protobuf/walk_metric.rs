//! Metrics and their points, walked.

use model::{
    Exemplar, ExponentialHistogramPoint, HistogramPoint, Metric, NumberPoint, QuantileValue, RejectReason,
    ResourceMetrics, ScopeMetrics, SummaryPoint,
};

use super::{
    walk::{Rows, Walk},
    wire::{Reader, Wire},
};
use crate::{
    PointColumns, WalkedRows,
    reject::{self, Bounds},
};

impl From<PointColumns> for WalkedRows {
    fn from(points: PointColumns) -> Self {
        Self::Points(points)
    }
}

impl Rows for PointColumns {
    type OfResource = ResourceMetrics;
    type OfScope = ScopeMetrics;

    /// One metric. Of several kinds of data the last one counts (protobuf, "Oneof"): points of the
    /// others are walked and then forgotten.
    fn item(&mut self, walk: &mut Walk, bytes: &[u8]) -> Wire<()> {
        walk.budget.charge::<Metric>()?;
        let (rows, items, rejected) = (self.ordinal.len(), walk.budget.items, walk.rejected.len());
        let mut name: &[u8] = &[];
        let mut kind = 0;
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => name = walk.text_field(&mut fields, key)?,
                2 | 3 => drop(walk.text_field(&mut fields, key)?),
                5 | 7 | 9 | 10 | 11 => {
                    if key.field != kind {
                        kind = key.field;
                        self.ordinal.truncate(rows);
                        self.time_unix_nano.truncate(rows);
                        walk.budget.items = items;
                        walk.rejected.truncate(rejected);
                    }
                    data(walk, fields.bytes(key)?, kind, self)?;
                }
                12 => walk.attribute(&mut fields, key)?,
                _ => walk.unknown(&mut fields, key)?,
            }
        }
        if self.ordinal.len() > rows || walk.rejected.len() > rejected {
            let name = walk.texts.index_of_bytes(name);
            self.name.resize(self.ordinal.len(), name);
            walk.rejected_names.resize(walk.rejected.len(), name);
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.ordinal.len()
    }

    fn set_service(&mut self, service: u32) {
        self.service.resize(self.ordinal.len(), service);
    }

    fn add_surroundings(&mut self, _from: usize, _hash: u64) {}
}

/// `Gauge` (5), `Sum` (7), `Histogram` (9), `ExponentialHistogram` (10) or `Summary` (11).
fn data(walk: &mut Walk, bytes: &[u8], kind: u32, rows: &mut PointColumns) -> Wire<()> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match (key.field, kind) {
            (1, _) => {
                let point = fields.bytes(key)?;
                let ordinal = walk.budget.item()?;
                let (time, reason) = match kind {
                    5 | 7 => number_point(walk, point)?,
                    9 => histogram_point(walk, point)?,
                    10 => exponential_point(walk, point)?,
                    _ => summary_point(walk, point)?,
                };
                if let Some(reason) = reason {
                    walk.rejected.push((ordinal, reason));
                } else {
                    rows.ordinal.push(ordinal);
                    rows.time_unix_nano.push(time);
                }
            }
            (2, 7 | 9 | 10) => drop(fields.int32(key)?),
            (3, 7) => drop(fields.varint(key)?),
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    Ok(())
}

/// When a point is of, and why it is refused.
type Point = (u64, Option<RejectReason>);

/// `NumberDataPoint`.
fn number_point(walk: &mut Walk, bytes: &[u8]) -> Wire<Point> {
    walk.budget.charge::<NumberPoint>()?;
    let mut time = 0;
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 | 4 | 6 => drop(fields.fixed64(key)?),
            3 => time = fields.fixed64(key)?,
            5 => exemplar(walk, fields.bytes(key)?)?,
            7 => walk.attribute(&mut fields, key)?,
            8 => drop(fields.uint32(key)?),
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    Ok((time, None))
}

/// `HistogramDataPoint`.
fn histogram_point(walk: &mut Walk, bytes: &[u8]) -> Wire<Point> {
    walk.budget.charge::<HistogramPoint>()?;
    let (mut time, mut counts, mut bounds) = (0, 0, Bounds::new());
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 | 4 | 5 | 11 | 12 => drop(fields.fixed64(key)?),
            3 => time = fields.fixed64(key)?,
            6 => fields.repeated_fixed64(key, |_| counts += 1)?,
            7 => fields.repeated_fixed64(key, |bits| bounds.push(f64::from_bits(bits)))?,
            8 => exemplar(walk, fields.bytes(key)?)?,
            9 => walk.attribute(&mut fields, key)?,
            10 => drop(fields.uint32(key)?),
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    walk.budget.charge_bytes(8 * (counts + bounds.count))?;
    Ok((time, bounds.check(counts)))
}

/// `ExponentialHistogramDataPoint`.
fn exponential_point(walk: &mut Walk, bytes: &[u8]) -> Wire<Point> {
    walk.budget.charge::<ExponentialHistogramPoint>()?;
    let (mut time, mut scale, mut runs) = (0, 0, [(0, 0); 2]);
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => walk.attribute(&mut fields, key)?,
            2 | 4 | 5 | 7 | 12 | 13 | 14 => drop(fields.fixed64(key)?),
            3 => time = fields.fixed64(key)?,
            6 => scale = fields.sint32(key)?,
            8 => buckets(walk, fields.bytes(key)?, &mut runs[0])?,
            9 => buckets(walk, fields.bytes(key)?, &mut runs[1])?,
            10 => drop(fields.uint32(key)?),
            11 => exemplar(walk, fields.bytes(key)?)?,
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    Ok((time, reject::exponential(scale, runs)))
}

/// `ExponentialHistogramDataPoint.Buckets`: offset and count.
fn buckets(walk: &mut Walk, bytes: &[u8], run: &mut (i32, u64)) -> Wire<()> {
    let mut counts = 0;
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => run.0 = fields.sint32(key)?,
            2 => fields.repeated_varint(key, |_| counts += 1)?,
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    run.1 += counts as u64;
    Ok(walk.budget.charge_bytes(8 * counts)?)
}

/// `SummaryDataPoint`.
fn summary_point(walk: &mut Walk, bytes: &[u8]) -> Wire<Point> {
    walk.budget.charge::<SummaryPoint>()?;
    let mut time = 0;
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 | 4 | 5 => drop(fields.fixed64(key)?),
            3 => time = fields.fixed64(key)?,
            6 => quantile(walk, fields.bytes(key)?)?,
            7 => walk.attribute(&mut fields, key)?,
            8 => drop(fields.uint32(key)?),
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    Ok((time, None))
}

/// `SummaryDataPoint.ValueAtQuantile`.
fn quantile(walk: &mut Walk, bytes: &[u8]) -> Wire<()> {
    walk.budget.charge::<QuantileValue>()?;
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 | 2 => drop(fields.fixed64(key)?),
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    Ok(())
}

/// `Exemplar`.
fn exemplar(walk: &mut Walk, bytes: &[u8]) -> Wire<()> {
    walk.budget.charge::<Exemplar>()?;
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 | 3 | 6 => drop(fields.fixed64(key)?),
            4 | 5 => drop(walk.bytes_field(&mut fields, key)?),
            7 => walk.attribute(&mut fields, key)?,
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    Ok(())
}
