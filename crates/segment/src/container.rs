//! How columns are put into a segment: compressed each for itself, large ones as blobs of their own, small
//! ones together in the first.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use crate::{
    SegmentError,
    doubles::DoubleColumn,
    ints::{put_deltas, put_ints},
    texts::TextColumn,
};

/// Compressed columns from this size on are blobs of their own, bytes.
const LARGE: usize = 4096;
/// zstd's level. Measured on the corpus, 64k spans: level 1 compresses a third faster than 3 and is 4 % larger.
const LEVEL: i32 = 1;
/// More than any column unpacks to; a length beyond it is damage.
const MOST_BYTES: u64 = 1 << 30;

/// Where a column lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    blob: u16,
    offset: u32,
    length: u32,
    /// Its bytes unpacked; 0: it is not compressed.
    unpacked: u32,
}

/// What compresses at a level, with a checksum: damage is to be found, not read as something else.
pub(crate) fn compressor(level: i32) -> Result<zstd::bulk::Compressor<'static>, SegmentError> {
    let compressor = || {
        let mut compressor = zstd::bulk::Compressor::new(level)?;
        compressor.include_checksum(true)?;
        std::io::Result::Ok(compressor)
    };
    compressor().map_err(|_| SegmentError::Damaged("no memory to compress with"))
}

/// The directory of a segment's columns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Directory(Vec<Place>);

/// Columns on their way into a segment.
pub(crate) struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
    places: Vec<Place>,
    blobs: Vec<Vec<u8>>,
}

impl Packer {
    pub(crate) fn new() -> Result<Self, SegmentError> {
        Ok(Self { compressor: compressor(LEVEL)?, places: Vec::new(), blobs: vec![Vec::new()] })
    }

    /// Adds the next column.
    pub(crate) fn add(&mut self, column: Vec<u8>) {
        // One that gets no smaller too, for its checksum.
        let packed = self.compressor.compress(&column).ok();
        let unpacked = if packed.is_some() { column.len() as u32 } else { 0 };
        let bytes = packed.filter(|_| unpacked > 0).unwrap_or(column);
        let (length, last) = (bytes.len() as u32, u16::try_from(self.blobs.len()));
        let place = match (last, self.blobs.first_mut()) {
            (Ok(blob), _) if bytes.len() >= LARGE => {
                self.blobs.push(bytes);
                Place { blob, offset: 0, length, unpacked }
            }
            (_, Some(first)) => {
                let offset = first.len() as u32;
                first.extend_from_slice(&bytes);
                Place { blob: 0, offset, length, unpacked }
            }
            (_, None) => return,
        };
        self.places.push(place);
    }

    /// Adds numbers of which any can be read alone.
    pub(crate) fn add_ints(&mut self, values: &[u64]) {
        let mut bytes = Vec::new();
        put_ints(&mut bytes, values);
        self.add(bytes);
    }

    /// Adds numbers of which each is near the one before it.
    pub(crate) fn add_deltas(&mut self, values: &[u64]) {
        let mut bytes = Vec::new();
        put_deltas(&mut bytes, values);
        self.add(bytes);
    }

    /// Adds doubles.
    pub(crate) fn add_doubles(&mut self, column: DoubleColumn) {
        let mut bytes = Vec::new();
        column.put(&mut bytes);
        self.add(bytes);
    }

    /// Adds texts.
    pub(crate) fn add_texts(&mut self, column: TextColumn) {
        let mut bytes = Vec::new();
        column.put(&mut bytes);
        self.add(bytes);
    }

    /// The directory, and the blobs by number.
    pub(crate) fn finish(self) -> (Directory, Vec<Vec<u8>>) {
        (Directory(self.places), self.blobs)
    }
}

thread_local! {
    /// Made once: it takes 160 KB, which for most columns costs more than to unpack them.
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

fn unpack(bytes: &[u8], unpacked: usize) -> Option<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = zstd::bulk::Decompressor::new().ok();
        }
        slot.as_mut()?.decompress(bytes, unpacked).ok()
    })
}

impl Directory {
    /// Bytes of each column, packed.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().map(|place| place.length as usize)
    }

    /// The blob in which a column lies.
    pub(crate) fn blob(&self, number: usize) -> Option<u16> {
        self.0.get(number).map(|place| place.blob)
    }

    /// Unpacks a column.
    pub(crate) fn column(&self, number: usize, blobs: &[Vec<u8>]) -> Result<Vec<u8>, SegmentError> {
        const NO_COLUMN: SegmentError = SegmentError::Damaged("a column is missing");
        let place = self.0.get(number).ok_or(NO_COLUMN)?;
        let blob = blobs.get(usize::from(place.blob)).ok_or(NO_COLUMN)?;
        let (offset, length) = (place.offset as usize, place.length as usize);
        let bytes = blob.get(offset..).and_then(|rest| rest.get(..length)).ok_or(NO_COLUMN)?;
        if place.unpacked == 0 {
            return Ok(bytes.to_vec());
        }
        if u64::from(place.unpacked) > MOST_BYTES {
            return Err(SegmentError::Damaged("a column claims to be too large"));
        }
        unpack(bytes, place.unpacked as usize)
            .filter(|column| column.len() == place.unpacked as usize)
            .ok_or(SegmentError::Damaged("a column does not unpack"))
    }
}
