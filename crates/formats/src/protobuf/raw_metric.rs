//! Metrics and their points taken apart and not decoded.

use model::Number;

use super::wire::{Reader, Wire, Writer};
use crate::FormatError;

/// What the points of a metric are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointKind {
    /// `NumberDataPoint`, of a gauge.
    Gauge,
    /// `NumberDataPoint`, of a sum.
    Sum,
    /// `HistogramDataPoint`.
    Histogram,
    /// `ExponentialHistogramDataPoint`.
    ExponentialHistogram,
    /// `SummaryDataPoint`.
    Summary,
}

impl PointKind {
    fn of_field(field: u32) -> Option<Self> {
        Some(match field {
            5 => Self::Gauge,
            7 => Self::Sum,
            9 => Self::Histogram,
            10 => Self::ExponentialHistogram,
            11 => Self::Summary,
            _ => return None,
        })
    }

    /// Number of the field in `Metric` that holds such points.
    fn field(self) -> u32 {
        match self {
            Self::Gauge => 5,
            Self::Sum => 7,
            Self::Histogram => 9,
            Self::ExponentialHistogram => 10,
            Self::Summary => 11,
        }
    }

    /// Number of the field of a point that holds its attributes.
    fn attributes_field(self) -> u32 {
        match self {
            Self::Gauge | Self::Sum | Self::Summary => 7,
            Self::Histogram => 9,
            Self::ExponentialHistogram => 1,
        }
    }
}

/// A message `Metric`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawMetric<'a> {
    /// Name.
    pub name: &'a [u8],
    /// What it measures.
    pub description: &'a [u8],
    /// UCUM unit.
    pub unit: &'a [u8],
    /// Messages `KeyValue`.
    pub metadata: Vec<&'a [u8]>,
    /// What the points are; `None` where there was no data of a known kind.
    pub kind: Option<PointKind>,
    /// What a point covers; 0 where the kind does not say.
    pub aggregation_temporality: i32,
    /// Whether a sum only rises.
    pub is_monotonic: bool,
    /// Messages of the points. Of several kinds of data the last one counts (protobuf, "Oneof").
    pub points: Vec<&'a [u8]>,
}

impl<'a> RawMetric<'a> {
    /// Reads another metric into the memory of this one.
    ///
    /// # Errors
    /// [`FormatError::Malformed`] where the bytes are not the message; points are not looked into.
    pub fn read(&mut self, bytes: &'a [u8]) -> Result<(), FormatError> {
        self.metadata.clear();
        self.points.clear();
        *self = Self {
            metadata: std::mem::take(&mut self.metadata),
            points: std::mem::take(&mut self.points),
            ..Self::default()
        };
        Ok(self.fill(bytes)?)
    }

    fn fill(&mut self, bytes: &'a [u8]) -> Wire<()> {
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match (key.field, PointKind::of_field(key.field)) {
                (1, _) => self.name = fields.bytes(key)?,
                (2, _) => self.description = fields.bytes(key)?,
                (3, _) => self.unit = fields.bytes(key)?,
                (12, _) => self.metadata.push(fields.bytes(key)?),
                (_, Some(kind)) => self.data(kind, fields.bytes(key)?)?,
                _ => fields.skip(key)?,
            }
        }
        Ok(())
    }

    /// Data of the kind before are merged with those before; of another kind they take their place.
    fn data(&mut self, kind: PointKind, bytes: &'a [u8]) -> Wire<()> {
        if self.kind != Some(kind) {
            self.kind = Some(kind);
            self.aggregation_temporality = 0;
            self.is_monotonic = false;
            self.points.clear();
        }
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match (key.field, kind) {
                (1, _) => self.points.push(fields.bytes(key)?),
                (2, PointKind::Sum | PointKind::Histogram | PointKind::ExponentialHistogram) => {
                    self.aggregation_temporality = fields.int32(key)?;
                }
                (3, PointKind::Sum) => self.is_monotonic = fields.varint(key)? != 0,
                _ => fields.skip(key)?,
            }
        }
        Ok(())
    }

    /// The message without its points, for [`crate::decode_metric`]: equal for equal metrics.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.bytes(1, self.name);
        w.bytes(2, self.description);
        w.bytes(3, self.unit);
        if let Some(kind) = self.kind {
            w.message(kind.field(), |w| {
                w.int32(2, self.aggregation_temporality);
                w.uint(3, self.is_monotonic);
            });
        }
        self.metadata.iter().for_each(|entry| w.bytes_always(12, entry));
        w.bytes
    }
}

/// The time of a point of any kind, nanoseconds since the Unix epoch; its attributes, messages `KeyValue`, take
/// the place of what is in the list.
///
/// # Errors
/// [`FormatError::Malformed`] where the bytes are not the message.
pub fn point_time<'a>(kind: PointKind, point: &'a [u8], attributes: &mut Vec<&'a [u8]>) -> Result<u64, FormatError> {
    Ok(point_time_fields(kind, point, attributes)?)
}

fn point_time_fields<'a>(kind: PointKind, point: &'a [u8], attributes: &mut Vec<&'a [u8]>) -> Wire<u64> {
    attributes.clear();
    let mut time = 0;
    let mut fields = Reader::new(point);
    while let Some(key) = fields.key()? {
        if key.field == kind.attributes_field() {
            attributes.push(fields.bytes(key)?);
        } else if key.field == 3 {
            time = fields.fixed64(key)?;
        } else {
            fields.skip(key)?;
        }
    }
    Ok(time)
}

/// A message `NumberDataPoint` without its attributes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawNumberPoint<'a> {
    /// Start of what it covers, nanoseconds since the Unix epoch.
    pub start_time_unix_nano: u64,
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// The value; `None` where none was recorded.
    pub value: Option<Number>,
    /// Messages `Exemplar`.
    pub exemplars: Vec<&'a [u8]>,
    /// Bit 0: no recorded value.
    pub flags: u32,
}

impl<'a> RawNumberPoint<'a> {
    /// Reads another point into the memory of this one.
    ///
    /// # Errors
    /// [`FormatError::Malformed`] where the bytes are not the message.
    pub fn read(&mut self, bytes: &'a [u8]) -> Result<(), FormatError> {
        self.exemplars.clear();
        *self = Self { exemplars: std::mem::take(&mut self.exemplars), ..Self::default() };
        Ok(self.fill(bytes)?)
    }

    fn fill(&mut self, bytes: &'a [u8]) -> Wire<()> {
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                2 => self.start_time_unix_nano = fields.fixed64(key)?,
                3 => self.time_unix_nano = fields.fixed64(key)?,
                4 => self.value = Some(Number::Double(fields.double(key)?)),
                5 => self.exemplars.push(fields.bytes(key)?),
                6 => self.value = Some(Number::Int(fields.fixed64(key)?.cast_signed())),
                8 => self.flags = fields.uint32(key)?,
                _ => fields.skip(key)?,
            }
        }
        Ok(())
    }
}

/// A message `HistogramDataPoint` without its attributes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawHistogramPoint<'a> {
    /// Start of what it covers, nanoseconds since the Unix epoch.
    pub start_time_unix_nano: u64,
    /// When, nanoseconds since the Unix epoch.
    pub time_unix_nano: u64,
    /// How many values.
    pub count: u64,
    /// Their sum.
    pub sum: Option<f64>,
    /// Counts by bucket.
    pub bucket_counts: Vec<u64>,
    /// Upper bounds of buckets, 8 bytes each, little-endian.
    pub explicit_bounds: Vec<u8>,
    /// Messages `Exemplar`.
    pub exemplars: Vec<&'a [u8]>,
    /// Bit 0: no recorded value.
    pub flags: u32,
    /// The least value.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
}

impl<'a> RawHistogramPoint<'a> {
    /// Reads another point into the memory of this one.
    ///
    /// # Errors
    /// [`FormatError::Malformed`] where the bytes are not the message.
    pub fn read(&mut self, bytes: &'a [u8]) -> Result<(), FormatError> {
        self.bucket_counts.clear();
        self.explicit_bounds.clear();
        self.exemplars.clear();
        *self = Self {
            bucket_counts: std::mem::take(&mut self.bucket_counts),
            explicit_bounds: std::mem::take(&mut self.explicit_bounds),
            exemplars: std::mem::take(&mut self.exemplars),
            ..Self::default()
        };
        Ok(self.fill(bytes)?)
    }

    fn fill(&mut self, bytes: &'a [u8]) -> Wire<()> {
        let Self { bucket_counts, explicit_bounds, .. } = self;
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                2 => self.start_time_unix_nano = fields.fixed64(key)?,
                3 => self.time_unix_nano = fields.fixed64(key)?,
                4 => self.count = fields.fixed64(key)?,
                5 => self.sum = Some(fields.double(key)?),
                6 => fields.repeated_fixed64(key, |count| bucket_counts.push(count))?,
                7 => fields.repeated_fixed64(key, |bits| explicit_bounds.extend_from_slice(&bits.to_le_bytes()))?,
                8 => self.exemplars.push(fields.bytes(key)?),
                10 => self.flags = fields.uint32(key)?,
                11 => self.min = Some(fields.double(key)?),
                12 => self.max = Some(fields.double(key)?),
                _ => fields.skip(key)?,
            }
        }
        Ok(())
    }
}
