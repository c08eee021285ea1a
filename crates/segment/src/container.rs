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
pub(crate) const LARGE: usize = 4096;
/// zstd's level. Measured on the corpus, 64k spans: level 1 compresses a third faster than 3 and is 4 % larger.
pub(crate) const LEVEL: i32 = 1;
/// More than any column unpacks to; a length beyond it is damage.
const MOST_BYTES: u64 = 1 << 30;

/// Where a column lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) blob: u16,
    pub(crate) offset: u32,
    pub(crate) length: u32,
    /// Its bytes unpacked; 0: it is not compressed.
    pub(crate) unpacked: u32,
}

impl Place {
    /// What lies there in its blob, unpacked.
    pub(crate) fn unpack(&self, blob: &[u8]) -> Result<Vec<u8>, SegmentError> {
        let (offset, length) = (self.offset as usize, self.length as usize);
        let bytes = blob.get(offset..).and_then(|rest| rest.get(..length)).ok_or(NO_COLUMN)?;
        if self.unpacked == 0 {
            return Ok(bytes.to_vec());
        }
        if u64::from(self.unpacked) > MOST_BYTES {
            return Err(SegmentError::Damaged("a column claims to be too large"));
        }
        unpack(bytes, self.unpacked as usize)
            .filter(|column| column.len() == self.unpacked as usize)
            .ok_or(SegmentError::Damaged("a column does not unpack"))
    }
}

const NO_COLUMN: SegmentError = SegmentError::Damaged("a column is missing");

/// A column compressed, and its bytes unpacked; 0: it is not compressed.
pub(crate) fn compress<'a>(
    compressor: &mut zstd::bulk::Compressor<'_>,
    column: &'a [u8],
    memory: &'a mut Vec<u8>,
) -> (&'a [u8], u32) {
    memory.clear();
    memory.reserve(zstd::zstd_safe::compress_bound(column.len()));
    // One that gets no smaller too, for its checksum.
    match compressor.compress_to_buffer(column, memory) {
        Ok(_) if !column.is_empty() => (memory, column.len() as u32),
        _ => (column, 0),
    }
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
    /// Memory to pack in.
    memory: Vec<u8>,
    places: Vec<Place>,
    blobs: Vec<Vec<u8>>,
}

impl Packer {
    pub(crate) fn new() -> Result<Self, SegmentError> {
        Ok(Self { compressor: compressor(LEVEL)?, memory: Vec::new(), places: Vec::new(), blobs: vec![Vec::new()] })
    }

    /// Adds the next column.
    pub(crate) fn add(&mut self, column: Vec<u8>) {
        let (bytes, unpacked) = compress(&mut self.compressor, &column, &mut self.memory);
        let (length, last) = (bytes.len() as u32, u16::try_from(self.blobs.len()));
        let place = match (last, self.blobs.first_mut()) {
            (Ok(blob), _) if bytes.len() >= LARGE => {
                self.blobs.push(bytes.to_vec());
                Place { blob, offset: 0, length, unpacked }
            }
            (_, Some(first)) => {
                let offset = first.len() as u32;
                first.extend_from_slice(bytes);
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

    /// Where the columns lie.
    pub(crate) fn into_places(self) -> impl Iterator<Item = Place> {
        self.0.into_iter()
    }

    /// Unpacks a column.
    pub(crate) fn column(&self, number: usize, blobs: &[Vec<u8>]) -> Result<Vec<u8>, SegmentError> {
        let place = self.0.get(number).ok_or(NO_COLUMN)?;
        place.unpack(blobs.get(usize::from(place.blob)).ok_or(NO_COLUMN)?)
    }
}
