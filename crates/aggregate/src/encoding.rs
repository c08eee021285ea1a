//! Aggregates as bytes: column by column, for whoever compresses them.

use std::ops::Div;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::{
    Aggregates, Sketch, UNIT,
    aggregates::{Numbers, OriginId},
};

const VERSION: u8 = 1;
pub(crate) const SHORT: EncodingError = EncodingError("a column is too short");
pub(crate) const NO_TEXT: EncodingError = EncodingError("a text is missing");

/// Bytes that are no aggregates, or cannot be made of them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("aggregates that cannot be read or written: {0}")]
pub struct EncodingError(pub(crate) &'static str);

/// The columns: those of keys by key, those of buckets by bucket.
#[derive(Serialize, Deserialize, Default)]
struct Columns {
    version: u8,
    /// Weights are written divided by this.
    unit: u64,
    folded: u64,
    texts: Vec<String>,
    origins: Vec<[u32; 4]>,
    origin: Vec<u32>,
    operation: Vec<u32>,
    kind: Vec<i32>,
    is_error: Vec<bool>,
    minutes: Vec<u32>,
    /// From the key before.
    start_minute: Vec<i64>,
    buckets: Vec<u32>,
    least: Vec<u64>,
    /// Above the least.
    most: Vec<u64>,
    /// Above what it were if all were the least.
    sum: Vec<u128>,
    /// From the bucket before.
    bucket: Vec<u16>,
    weight: Vec<u64>,
}

impl Aggregates {
    /// As bytes.
    ///
    /// # Errors
    /// None that is known: the encoder could say that there is one.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodingError> {
        let sorted = self.sorted();
        let is_whole = |sketch: &&Sketch| {
            sketch.sum.is_multiple_of(UNIT.into())
                && sketch.buckets.iter().all(|(_, weight)| weight.is_multiple_of(UNIT))
        };
        // Nearly always: then a span takes a byte and not two.
        let unit = if self.folded.is_multiple_of(UNIT) && sorted.values().all(is_whole) { UNIT } else { 1 };
        let mut columns = Columns { version: VERSION, unit, folded: self.folded / unit, ..Columns::default() };
        let mut texts = crate::texts::Texts::default();
        let mut used = vec![None; self.origins.len()];
        let mut before = 0;
        for (numbers, sketch) in sorted {
            let Some(slot) = used.get_mut(numbers.origin.0 as usize) else { continue };
            let origin = *slot.get_or_insert_with(|| {
                let of = self.origins.get(numbers.origin.0 as usize).copied().unwrap_or_default();
                columns.origins.push(of.map(|text| texts.number(self.texts.get(text))));
                columns.origins.len() as u32 - 1
            });
            columns.origin.push(origin);
            columns.operation.push(texts.number(self.texts.get(numbers.operation)));
            columns.kind.push(numbers.kind);
            columns.is_error.push(numbers.is_error);
            columns.minutes.push(numbers.minutes);
            columns.start_minute.push(i64::from(numbers.start_minute) - before);
            before = numbers.start_minute.into();
            columns.buckets.push(sketch.buckets.len() as u32);
            columns.least.push(sketch.least);
            columns.most.push(sketch.most.saturating_sub(sketch.least));
            columns.sum.push(sketch.sum.saturating_sub(floor(sketch)) / u128::from(unit));
            put_rising(&sketch.buckets, unit, (&mut columns.bucket, &mut columns.weight));
        }
        columns.texts = texts.into_all();
        postcard::to_stdvec(&columns).map_err(|_| EncodingError("they could not be written"))
    }

    /// From bytes.
    ///
    /// # Errors
    /// See [`EncodingError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EncodingError> {
        let columns: Columns = unpacked(bytes)?;
        known(columns.version, VERSION)?;
        columns.read()
    }
}

/// What the sum were if all were the least.
fn floor(sketch: &Sketch) -> u128 {
    u128::from(sketch.least) * u128::from(sketch.weight())
}

/// What bytes hold.
pub(crate) fn unpacked<C: DeserializeOwned>(bytes: &[u8]) -> Result<C, EncodingError> {
    postcard::from_bytes(bytes).map_err(|_| EncodingError("they are cut or not of this kind"))
}

/// Whether a layout is the one that is known.
pub(crate) fn known(version: u8, known: u8) -> Result<(), EncodingError> {
    if version == known { Ok(()) } else { Err(EncodingError("their layout is not known")) }
}

/// Writes buckets as [`rising`] reads them, and the weight of each in these units.
pub(crate) fn put_rising<W: Copy + Div<Output = W>>(
    buckets: &[(u16, W)],
    unit: W,
    (above, weights): (&mut Vec<u16>, &mut Vec<W>),
) {
    let mut last = 0;
    for &(bucket, weight) in buckets {
        above.push(bucket - last);
        weights.push(weight / unit);
        last = bucket;
    }
}

/// The next so many buckets, each written as how far it is above the one before it.
pub(crate) fn rising<'a, W: Copy + 'a>(
    buckets: &mut impl Iterator<Item = (&'a u16, &'a W)>,
    count: u32,
) -> Result<Vec<(u16, W)>, EncodingError> {
    let mut read: Vec<(u16, W)> = Vec::new();
    for _ in 0..count {
        let (above, weight) = buckets.next().ok_or(SHORT)?;
        let bucket = match read.last() {
            Some(_) if *above == 0 => return Err(EncodingError("buckets that do not rise")),
            Some((last, _)) => last.checked_add(*above).ok_or(EncodingError("a bucket that is none"))?,
            None => *above,
        };
        read.push((bucket, *weight));
    }
    Ok(read)
}

impl Columns {
    fn read(self) -> Result<Aggregates, EncodingError> {
        let mut all = Aggregates::default();
        all.folded = self.folded.saturating_mul(self.unit);
        let texts: Vec<u32> = self.texts.iter().map(|text| all.texts.number(text)).collect();
        let text = |number: u32| texts.get(number as usize).copied();
        let mut origins = Vec::with_capacity(self.origins.len());
        for [namespace, service, environment, version] in self.origins {
            let of = (text(namespace), text(service), text(environment), text(version));
            let (Some(namespace), Some(service), Some(environment), Some(version)) = of else { return Err(NO_TEXT) };
            origins.push(all.origin_of([namespace, service, environment, version]));
        }
        let mut buckets = self.bucket.iter().zip(&self.weight);
        let mut start_minute = 0_i64;
        for (at, origin) in self.origin.iter().enumerate() {
            let origin: Option<&OriginId> = origins.get(*origin as usize);
            start_minute = start_minute.saturating_add(self.start_minute.get(at).copied().ok_or(SHORT)?);
            let numbers = Numbers {
                origin: *origin.ok_or(EncodingError("an origin is missing"))?,
                operation: self.operation.get(at).and_then(|number| text(*number)).ok_or(NO_TEXT)?,
                kind: self.kind.get(at).copied().ok_or(SHORT)?,
                is_error: self.is_error.get(at).copied().ok_or(SHORT)?,
                minutes: self.minutes.get(at).copied().ok_or(SHORT)?,
                start_minute: u32::try_from(start_minute).map_err(|_| EncodingError("a minute that is none"))?,
            };
            let mut sketch = Sketch { least: self.least.get(at).copied().ok_or(SHORT)?, ..Sketch::default() };
            sketch.most = self.most.get(at).copied().ok_or(SHORT)?.saturating_add(sketch.least);
            let read = rising(&mut buckets, self.buckets.get(at).copied().ok_or(SHORT)?)?;
            sketch.buckets =
                read.into_iter().map(|(bucket, weight)| (bucket, weight.saturating_mul(self.unit))).collect();
            let above = self.sum.get(at).copied().ok_or(SHORT)?.saturating_mul(self.unit.into());
            sketch.sum = floor(&sketch).saturating_add(above);
            all.sketches.insert(numbers, sketch);
        }
        Ok(all)
    }
}
