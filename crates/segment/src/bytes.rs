//! Bytes written and read in order: varints (LEB128) and slices with their length before them.

use crate::SegmentError;

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_slice(out: &mut Vec<u8>, slice: &[u8]) {
    put_varint(out, slice.len() as u64);
    out.extend_from_slice(slice);
}

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

const SHORT: SegmentError = SegmentError::Damaged("a column ends too early");

impl<'a> Input<'a> {
    pub(crate) fn byte(&mut self) -> Result<u8, SegmentError> {
        let (&byte, rest) = self.0.split_first().ok_or(SHORT)?;
        self.0 = rest;
        Ok(byte)
    }

    pub(crate) fn varint(&mut self) -> Result<u64, SegmentError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(SegmentError::Damaged("a number is too long"))
    }

    /// A number of things in memory.
    pub(crate) fn count(&mut self) -> Result<usize, SegmentError> {
        usize::try_from(self.varint()?).map_err(|_| SHORT)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], SegmentError> {
        let (slice, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(slice)
    }

    pub(crate) fn slice(&mut self) -> Result<&'a [u8], SegmentError> {
        let count = self.count()?;
        self.take(count)
    }
}

/// Signed as unsigned, small ones small (protobuf.dev, "Signed Integers").
pub(crate) fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// The difference of two times, whatever they are.
pub(crate) fn difference(later: u64, earlier: u64) -> u64 {
    zigzag(later.wrapping_sub(earlier).cast_signed())
}

/// The later time again.
pub(crate) fn later(earlier: u64, difference: u64) -> u64 {
    earlier.wrapping_add(unzigzag(difference).cast_unsigned())
}
