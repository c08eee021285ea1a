//! A column of doubles of many series, each near the one before it.
//!
//! What a sensor or a clock gives are often decimals with few digits (12.5, 0.003). Where all of a series are,
//! they are kept as integers and a power of ten, and of these the differences; else as their bits, of which
//! those that differ from the double before. Both give back every bit.

use crate::{
    SegmentError,
    bytes::{Input, difference, later},
    ints::{Ints, put_ints},
};

/// Powers of ten that are tried: up to nanoseconds said in seconds. A double holds all of them exactly.
const POWERS: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// From here on a double does not hold every integer.
const MOST_EXACT: f64 = 9_007_199_254_740_992.0;
/// In place of a power: the bits.
const BITS: u64 = 0;

/// A column being written.
#[derive(Debug, Default)]
pub(crate) struct DoubleColumn {
    /// By series, the index of its power, from 1, or [`BITS`].
    powers: Vec<u64>,
    /// By series, how many doubles it has.
    counts: Vec<u64>,
    decimals: Vec<u64>,
    bits: Vec<u64>,
    /// Those of the series that has not ended.
    of_series: Vec<f64>,
}

/// The integer that, divided by a power of ten, is this double, bit for bit.
fn decimal(double: f64, power: f64) -> Option<i64> {
    let scaled = (double * power).round();
    let is_same = scaled.abs() < MOST_EXACT && (scaled as i64 as f64 / power).to_bits() == double.to_bits();
    is_same.then_some(scaled as i64)
}

impl DoubleColumn {
    /// Adds a double of the series.
    pub(crate) fn push(&mut self, double: f64) {
        self.of_series.push(double);
    }

    /// Ends the series, of however many doubles.
    pub(crate) fn end_series(&mut self) {
        let doubles = &self.of_series;
        self.counts.push(doubles.len() as u64);
        let fits = |power: &f64| doubles.iter().all(|&double| decimal(double, *power).is_some());
        let mut before = 0;
        match (BITS + 1..).zip(&POWERS).find(|(_, power)| fits(power)) {
            None => {
                self.powers.push(BITS);
                for double in doubles {
                    self.bits.push(double.to_bits() ^ before);
                    before = double.to_bits();
                }
            }
            Some((at, &power)) => {
                self.powers.push(at);
                for &double in doubles {
                    let decimal = decimal(double, power).unwrap_or_default().cast_unsigned();
                    self.decimals.push(difference(decimal, before));
                    before = decimal;
                }
            }
        }
        self.of_series.clear();
    }

    /// Writes the column.
    pub(crate) fn put(self, out: &mut Vec<u8>) {
        for numbers in [&self.powers, &self.counts, &self.decimals, &self.bits] {
            put_ints(out, numbers);
        }
    }
}

/// A column of doubles, read where it lies.
#[derive(Debug, Clone)]
pub(crate) struct Doubles<'a> {
    powers: Ints<'a>,
    /// By series, where its doubles lie in the decimals or bits.
    ranges: Vec<(usize, usize)>,
    decimals: Ints<'a>,
    bits: Ints<'a>,
}

impl<'a> Doubles<'a> {
    /// Reads the column of so many series, leaving what follows it.
    pub(crate) fn read(input: &mut Input<'a>, series: usize) -> Result<Self, SegmentError> {
        const CONTRADICTION: SegmentError = SegmentError::Damaged("doubles are missing or too many");
        let (powers, counts) = (Ints::read(input)?, Ints::read(input)?);
        let (decimals, bits) = (Ints::read(input)?, Ints::read(input)?);
        let (mut of_decimals, mut of_bits) = (0_usize, 0_usize);
        let mut ranges = Vec::new();
        for at in 0..series {
            let end = if powers.get(at) == BITS { &mut of_bits } else { &mut of_decimals };
            let start = *end;
            let count = usize::try_from(counts.get(at)).map_err(|_| CONTRADICTION)?;
            *end = start.checked_add(count).ok_or(CONTRADICTION)?;
            ranges.push((start, *end));
        }
        if (of_decimals, of_bits) != (decimals.len(), bits.len()) {
            return Err(CONTRADICTION);
        }
        Ok(Self { powers, ranges, decimals, bits })
    }

    /// The doubles of a series, from the first on.
    pub(crate) fn of(&self, series: usize) -> DoublesOfSeries<'_> {
        let (at, end) = self.ranges.get(series).copied().unwrap_or_default();
        let power = usize::try_from(self.powers.get(series)).unwrap_or_default();
        match power.checked_sub(1) {
            None => DoublesOfSeries { numbers: &self.bits, at, end, power: None, before: 0 },
            Some(power) => {
                let power = POWERS.get(power).copied().unwrap_or(1.0);
                DoublesOfSeries { numbers: &self.decimals, at, end, power: Some(power), before: 0 }
            }
        }
    }
}

/// The doubles of a series, one after the other.
#[derive(Debug)]
pub(crate) struct DoublesOfSeries<'a> {
    numbers: &'a Ints<'a>,
    at: usize,
    end: usize,
    /// `None`: they are bits.
    power: Option<f64>,
    before: u64,
}

impl DoublesOfSeries<'_> {
    /// The next double.
    pub(crate) fn next(&mut self) -> Result<f64, SegmentError> {
        if self.at >= self.end {
            return Err(SegmentError::Damaged("a double is missing"));
        }
        let number = self.numbers.get(self.at);
        self.at += 1;
        Ok(match self.power {
            None => {
                self.before ^= number;
                f64::from_bits(self.before)
            }
            Some(power) => {
                self.before = later(self.before, number);
                self.before.cast_signed() as f64 / power
            }
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(series: &[Vec<f64>]) -> Vec<u8> {
        let mut column = DoubleColumn::default();
        for doubles in series {
            doubles.iter().for_each(|&double| column.push(double));
            column.end_series();
        }
        let mut bytes = Vec::new();
        column.put(&mut bytes);
        bytes
    }

    proptest! {
        #[test]
        fn doubles_come_back(series in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 0..9),
            prop::collection::vec(prop::sample::select(vec![0.0, -0.0, f64::NAN, 1e300, 1e17, 5e-324]), 0..9),
            (0..10, prop::collection::vec(-1_000_000..1_000_000, 0..9)).prop_map(|(power, decimals)| {
                decimals.into_iter().map(|decimal| f64::from(decimal) / 10_f64.powi(power)).collect()
            }),
        ], 0..6)) {
            let bytes = written(&series);
            let mut input = Input(&bytes);
            let read = Doubles::read(&mut input, series.len()).unwrap();
            prop_assert!(input.0.is_empty());
            for (at, doubles) in series.iter().enumerate() {
                let mut of_series = read.of(at);
                for double in doubles {
                    prop_assert_eq!(of_series.next().unwrap().to_bits(), double.to_bits());
                }
                prop_assert!(of_series.next().is_err());
            }
        }
    }

    #[test]
    fn decimals_take_little() {
        let decimals: Vec<f64> = (0..1_000).map(|at| f64::from(at * 7 % 100) / 1_000.0).collect();
        assert!(written(&[decimals]).len() < 1_050);
    }
}
