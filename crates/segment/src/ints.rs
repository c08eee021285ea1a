//! A column of numbers: constant, above their least (frame of reference), or from one to the next.
//!
//! What is left of each number after that is written in planes, all first bytes, then all second ones: the
//! high bytes, which repeat, then compress by themselves.

use crate::{
    SegmentError,
    bytes::{Input, put_varint, unzigzag, zigzag},
};

/// Numbers read from their planes at a time.
const CHUNK: usize = 512;

const CONSTANT: u8 = 0;
const ABOVE_LEAST: u8 = 1;
const DELTAS: u8 = 2;

/// How many bytes hold every number up to this one.
fn width(most: u64) -> usize {
    (8 - most.leading_zeros() as usize / 8).max(1)
}

fn put_planes(out: &mut Vec<u8>, width: usize, values: impl Iterator<Item = u64> + Clone) {
    out.push(width as u8);
    for plane in 0..width {
        out.extend(values.clone().map(|value| (value >> (8 * plane)) as u8));
    }
}

/// Writes numbers so that any of them can be read alone.
pub(crate) fn put_ints<T: Copy + Ord + Into<u64>>(out: &mut Vec<u8>, values: &[T]) {
    let least = values.iter().copied().min().map(Into::into).unwrap_or_default();
    let most = values.iter().copied().max().map(Into::into).unwrap_or_default();
    if least == most {
        out.push(CONSTANT);
        put_varint(out, values.len() as u64);
        put_varint(out, least);
        return;
    }
    out.push(ABOVE_LEAST);
    put_varint(out, values.len() as u64);
    put_varint(out, least);
    put_planes(out, width(most - least), values.iter().map(|&value| value.into() - least));
}

/// The same with a byte for each at least, so that their count is not a mere claim.
pub(crate) fn put_each(out: &mut Vec<u8>, values: &[u32]) {
    out.push(ABOVE_LEAST);
    put_varint(out, values.len() as u64);
    put_varint(out, 0);
    let most = values.iter().copied().max().unwrap_or_default();
    put_planes(out, width(most.into()), values.iter().map(|&value| value.into()));
}

/// Writes numbers of which each is near the one before it; to be read from the first on.
pub(crate) fn put_deltas(out: &mut Vec<u8>, values: &[u64]) {
    let first = values.first().copied().unwrap_or_default();
    let deltas = values.windows(2).map(|pair| match pair {
        [before, value] => zigzag(value.wrapping_sub(*before).cast_signed()),
        _ => 0,
    });
    out.push(DELTAS);
    put_varint(out, values.len() as u64);
    put_varint(out, first);
    put_planes(out, width(deltas.clone().max().unwrap_or_default()), deltas);
}

/// A column of numbers, read where it lies.
#[derive(Debug, Clone)]
pub(crate) enum Ints<'a> {
    Constant { count: usize, value: u64 },
    Planes { count: usize, least: u64, planes: &'a [u8] },
    Values(Vec<u64>),
}

impl<'a> Ints<'a> {
    /// Reads the column, leaving what follows it.
    pub(crate) fn read(input: &mut Input<'a>) -> Result<Self, SegmentError> {
        let kind = input.byte()?;
        let count = input.count()?;
        let base = input.varint()?;
        match kind {
            CONSTANT => Ok(Self::Constant { count, value: base }),
            ABOVE_LEAST => Ok(Self::Planes { count, least: base, planes: planes(input, count)?.0 }),
            DELTAS => {
                let (planes, width) = planes(input, count.saturating_sub(1))?;
                let mut values = Vec::with_capacity(if count > 0 { planes.len() / width + 1 } else { 0 });
                if count > 0 {
                    values.push(base);
                }
                let mut value = base;
                for at in 0..count.saturating_sub(1) {
                    value = value.wrapping_add(unzigzag(in_planes(planes, count - 1, at)).cast_unsigned());
                    values.push(value);
                }
                Ok(Self::Values(values))
            }
            _ => Err(SegmentError::Damaged("a column of numbers of no known kind")),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Constant { count, .. } | Self::Planes { count, .. } => *count,
            Self::Values(values) => values.len(),
        }
    }

    /// The number at a row; 0 beyond the last.
    #[inline]
    pub(crate) fn get(&self, at: usize) -> u64 {
        match self {
            Self::Constant { value, .. } => *value,
            Self::Planes { count, least, planes } if at < *count => least.wrapping_add(in_planes(planes, *count, at)),
            Self::Planes { .. } => 0,
            Self::Values(values) => values.get(at).copied().unwrap_or_default(),
        }
    }

    /// The number of all rows, if they are alike.
    pub(crate) fn constant(&self) -> Option<u64> {
        match self {
            Self::Constant { value, .. } => Some(*value),
            Self::Planes { .. } | Self::Values(_) => None,
        }
    }

    /// Shows the first so many, with their rows. Faster than one after the other.
    pub(crate) fn visit(&self, rows: usize, mut visit: impl FnMut(usize, u64)) {
        let Self::Planes { count, least, planes } = self else {
            (0..rows).for_each(|row| visit(row, self.get(row)));
            return;
        };
        let mut chunk = [0_u64; CHUNK];
        for start in (0..rows.min(*count)).step_by(CHUNK) {
            let length = CHUNK.min(rows.min(*count) - start);
            chunk.fill(0);
            for (number, plane) in planes.chunks(*count).enumerate() {
                let bytes = plane.get(start..start + length).unwrap_or_default();
                chunk.iter_mut().zip(bytes).for_each(|(value, byte)| *value |= u64::from(*byte) << (8 * number));
            }
            let values = chunk.iter().take(length).enumerate();
            values.for_each(|(at, value)| visit(start + at, least.wrapping_add(*value)));
        }
        (rows.min(*count)..rows).for_each(|row| visit(row, 0));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.len()).map(|at| self.get(at))
    }
}

fn planes<'a>(input: &mut Input<'a>, count: usize) -> Result<(&'a [u8], usize), SegmentError> {
    let width = usize::from(input.byte()?);
    if !(1..=8).contains(&width) {
        return Err(SegmentError::Damaged("numbers of no known width"));
    }
    let bytes = count.checked_mul(width).ok_or(SegmentError::Damaged("a column is too long"))?;
    Ok((input.take(bytes)?, width))
}

#[inline]
fn in_planes(planes: &[u8], count: usize, at: usize) -> u64 {
    planes
        .get(at..)
        .unwrap_or_default()
        .iter()
        .step_by(count.max(1))
        .enumerate()
        .fold(0, |value, (plane, &byte)| value | u64::from(byte) << (8 * plane))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(values in prop_oneof![
            prop::collection::vec(any::<u64>(), 0..40),
            prop::collection::vec(1_000..1_500_u64, 0..40),
            prop::collection::vec(0..99_999_u64, 500..1_100),
            prop::collection::vec(Just(7_u64), 0..9),
        ]) {
            for put in [put_ints::<u64>, put_deltas] {
                let mut bytes = Vec::new();
                put(&mut bytes, &values);
                bytes.push(99);
                let mut input = Input(&bytes);
                let read = Ints::read(&mut input).unwrap();
                prop_assert_eq!(input.0, &[99]);
                prop_assert_eq!(read.iter().collect::<Vec<_>>(), values.clone());
                let mut visited = Vec::new();
                read.visit(values.len(), |row, value| visited.push((row, value)));
                prop_assert_eq!(visited, values.iter().copied().enumerate().collect::<Vec<_>>());
            }
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(ints) = Ints::read(&mut Input(&bytes)) {
                ints.get(ints.len().saturating_sub(1));
            }
        }
    }
}
