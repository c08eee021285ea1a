//! The values of points of gauges and sums: integers or doubles, each near the one before it in its series.

use model::Number;

use crate::{
    SegmentError,
    bytes::{difference, later},
    columns::Columns,
    container::Packer,
    doubles::{DoubleColumn, Doubles, DoublesOfSeries},
    ints::Ints,
    points_write::Column,
};

const NONE: u64 = 0;
const INT: u64 = 1;
const DOUBLE: u64 = 2;

/// Values being written.
#[derive(Debug, Default)]
pub(crate) struct NumberColumns {
    /// [`NONE`], [`INT`] or [`DOUBLE`].
    is: Vec<u64>,
    ints: Vec<u64>,
    doubles: DoubleColumn,
    /// The integer before in the series.
    before: u64,
}

impl NumberColumns {
    /// Adds the value of the series' next point.
    pub(crate) fn push(&mut self, value: Option<Number>) {
        self.is.push(match value {
            None => NONE,
            Some(Number::Int(int)) => {
                self.ints.push(difference(int.cast_unsigned(), self.before));
                self.before = int.cast_unsigned();
                INT
            }
            Some(Number::Double(double)) => {
                self.doubles.push(double);
                DOUBLE
            }
        });
    }

    /// Ends a series, of whatever kind.
    pub(crate) fn end_series(&mut self) {
        self.before = 0;
        self.doubles.end_series();
    }

    /// Adds the columns in the order of [`Column`].
    pub(crate) fn pack(self, packer: &mut Packer) {
        packer.add_ints(&self.is);
        packer.add_ints(&self.ints);
        packer.add_doubles(self.doubles);
    }
}

/// Values, read where they lie.
pub(crate) struct Numbers<'a> {
    is: Ints<'a>,
    ints: Ints<'a>,
    doubles: Doubles<'a>,
}

impl<'a> Numbers<'a> {
    pub(crate) fn read(columns: &'a Columns, series: usize) -> Result<Self, SegmentError> {
        Ok(Self {
            is: columns.ints(Column::NumberIs as usize)?,
            ints: columns.ints(Column::Int as usize)?,
            doubles: columns.doubles(Column::Double as usize, series)?,
        })
    }

    /// Whether the value of a number point is an integer.
    pub(crate) fn is_int(&self, at: usize) -> bool {
        self.is.get(at) == INT
    }

    /// The values of a series whose first point is this one of the number points, and whose first integer is
    /// this one of the integers.
    pub(crate) fn of_series(&self, series: usize, at: usize, int: usize) -> NumbersOfSeries<'_> {
        NumbersOfSeries { numbers: self, at, int, before: 0, doubles: self.doubles.of(series) }
    }
}

/// The values of a series, one after the other.
pub(crate) struct NumbersOfSeries<'a> {
    numbers: &'a Numbers<'a>,
    at: usize,
    int: usize,
    before: u64,
    doubles: DoublesOfSeries<'a>,
}

impl NumbersOfSeries<'_> {
    /// The value of the next point.
    pub(crate) fn next(&mut self) -> Result<Option<Number>, SegmentError> {
        let is = self.numbers.is.get(self.at);
        self.at += 1;
        match is {
            NONE => Ok(None),
            INT => {
                self.before = later(self.before, self.numbers.ints.get(self.int));
                self.int += 1;
                Ok(Some(Number::Int(self.before.cast_signed())))
            }
            DOUBLE => Ok(Some(Number::Double(self.doubles.next()?))),
            _ => Err(SegmentError::Damaged("a value of no known type")),
        }
    }
}
