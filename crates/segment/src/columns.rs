//! The columns of a segment on the way back: unpacked when they are first needed, and then kept.

use std::sync::OnceLock;

use crate::{
    SegmentError, Shapes, ValueColumn,
    attributes::{AttributeReader, ValuesOf},
    bytes::Input,
    container::Directory,
    doubles::Doubles,
    ints::Ints,
    texts::Texts,
};

/// A segment's columns by number, and the blobs that hold them.
#[derive(Debug)]
pub(crate) struct Columns {
    directory: Directory,
    blobs: Vec<Vec<u8>>,
    unpacked: Vec<OnceLock<Vec<u8>>>,
}

impl Columns {
    /// So many columns, of which none is unpacked yet.
    pub(crate) fn new(directory: Directory, blobs: Vec<Vec<u8>>, count: usize) -> Self {
        Self { directory, blobs, unpacked: (0..count).map(|_| OnceLock::new()).collect() }
    }

    /// Bytes of each column, packed.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = usize> + '_ {
        self.directory.sizes()
    }

    /// The bytes of a column.
    pub(crate) fn bytes(&self, number: usize) -> Result<&[u8], SegmentError> {
        let cell = self.unpacked.get(number).ok_or(SegmentError::Damaged("a column is missing"))?;
        if let Some(column) = cell.get() {
            return Ok(column);
        }
        let column = self.directory.column(number, &self.blobs)?;
        Ok(cell.get_or_init(|| column))
    }

    /// A column that is there for reading its numbers.
    pub(crate) fn ints(&self, number: usize) -> Result<Ints<'_>, SegmentError> {
        Ints::read(&mut Input(self.bytes(number)?))
    }

    /// A column that is there for reading its texts.
    pub(crate) fn texts(&self, number: usize) -> Result<Texts<'_>, SegmentError> {
        Texts::read(&mut Input(self.bytes(number)?))
    }

    /// A column that is there for reading the doubles of so many series.
    pub(crate) fn doubles(&self, number: usize, series: usize) -> Result<Doubles<'_>, SegmentError> {
        Doubles::read(&mut Input(self.bytes(number)?), series)
    }

    /// The lists of attributes of these rows, rising; `shape` is the column of their shapes, `values` the
    /// first of their columns of values.
    pub(crate) fn attributes<'a>(
        &'a self,
        shapes: &'a Shapes,
        shape: usize,
        values: usize,
        rows: impl Iterator<Item = usize> + Clone,
    ) -> Result<AttributeReader<'a>, SegmentError> {
        let open = |number, column: &ValueColumn| ValuesOf::read(column.of, self.bytes(values + number)?);
        AttributeReader::new(shapes, self.ints(shape)?, rows, |_| true, open)
    }
}
