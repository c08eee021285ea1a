//! A column of texts (or other bytes): each text once and a number for each row where they repeat, else one
//! after the other.

use hashbrown::{HashTable, hash_table::Entry};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    SegmentError,
    bytes::Input,
    ints::{Ints, put_ints},
};

const NUMBERED: u8 = 0;
const IN_A_ROW: u8 = 1;
/// From so many distinct texts on a column stops looking for repetitions, if more than half are distinct.
const ENOUGH_TO_TELL: usize = 2048;

/// A column being written.
#[derive(Debug, Default)]
pub(crate) struct TextColumn {
    /// Distinct texts one after the other; once nothing is looked up any more, all of them.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<u32>,
    by_hash: HashTable<u32>,
    /// The number of each row's text.
    codes: Vec<u32>,
    last: u32,
    in_a_row: bool,
}

impl TextColumn {
    /// Adds a row.
    pub(crate) fn push(&mut self, text: &[u8]) {
        if self.in_a_row {
            self.add(text);
            return;
        }
        if self.last_is(text) {
            self.codes.push(self.last);
            return;
        }
        let Self { bytes, ends, by_hash, .. } = self;
        let same = |&code: &u32| at(bytes, ends, code) == text;
        let hash_of = |&code: &u32| xxh3_64(at(bytes, ends, code));
        match by_hash.entry(xxh3_64(text), same, hash_of) {
            Entry::Occupied(known) => self.last = *known.get(),
            Entry::Vacant(new) => {
                self.last = ends.len() as u32;
                new.insert(self.last);
                self.add(text);
            }
        }
        self.codes.push(self.last);
        if self.ends.len() >= ENOUGH_TO_TELL && self.is_mostly_distinct() {
            self.put_in_a_row();
        }
    }

    fn last_is(&self, text: &[u8]) -> bool {
        !self.codes.is_empty() && at(&self.bytes, &self.ends, self.last) == text
    }

    fn add(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
    }

    fn is_mostly_distinct(&self) -> bool {
        self.ends.len() * 2 > self.codes.len()
    }

    fn put_in_a_row(&mut self) {
        let mut all = Self { in_a_row: true, ..Self::default() };
        self.codes.iter().for_each(|&code| all.add(at(&self.bytes, &self.ends, code)));
        *self = all;
    }

    /// Writes the column.
    pub(crate) fn put(mut self, out: &mut Vec<u8>) {
        if !self.in_a_row && self.ends.len() > 1 && self.is_mostly_distinct() {
            self.put_in_a_row();
        }
        out.push(if self.in_a_row { IN_A_ROW } else { NUMBERED });
        let mut before = 0;
        let lengths: Vec<u64> =
            self.ends.iter().map(|&end| u64::from(end - std::mem::replace(&mut before, end))).collect();
        put_ints(out, &lengths);
        out.extend_from_slice(&self.bytes);
        if !self.in_a_row {
            put_ints(out, &self.codes.iter().map(|&code| u64::from(code)).collect::<Vec<_>>());
        }
    }
}

fn at<'a>(bytes: &'a [u8], ends: &[u32], code: u32) -> &'a [u8] {
    let code = code as usize;
    let start = code.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or_default();
    let end = ends.get(code).copied().unwrap_or(start);
    bytes.get(start as usize..end as usize).unwrap_or_default()
}

/// A column of texts, read where it lies.
#[derive(Debug, Clone)]
pub(crate) struct Texts<'a> {
    bytes: &'a [u8],
    ends: Vec<u32>,
    codes: Option<Ints<'a>>,
}

impl<'a> Texts<'a> {
    /// Reads the column, leaving what follows it.
    pub(crate) fn read(input: &mut Input<'a>) -> Result<Self, SegmentError> {
        let kind = input.byte()?;
        let lengths = Ints::read(input)?;
        // What a damaged count claims must not cost memory. Only a constant length takes no bytes of its own, and
        // of texts without a byte there is one.
        if let Ints::Constant { count, value } = lengths
            && count > 1
            && (count as u64).saturating_mul(value.max(1)) > input.0.len() as u64
        {
            return Err(SegmentError::Damaged("a column of too many texts"));
        }
        let mut end = 0_u64;
        let mut ends = Vec::with_capacity(lengths.len());
        for length in lengths.iter() {
            end = end.saturating_add(length);
            ends.push(u32::try_from(end).map_err(|_| SegmentError::Damaged("texts are too long"))?);
        }
        let bytes = input.take(ends.last().copied().unwrap_or_default() as usize)?;
        let codes = match kind {
            NUMBERED => Some(Ints::read(input)?),
            IN_A_ROW => None,
            _ => return Err(SegmentError::Damaged("a column of texts of no known kind")),
        };
        Ok(Self { bytes, ends, codes })
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.codes.as_ref().map_or(self.ends.len(), Ints::len)
    }

    /// The rows before this one that hold a text. Where texts repeat, their numbers are compared.
    pub(crate) fn rows_of(&self, text: &[u8], end: usize) -> Vec<usize> {
        let rows = 0..end.min(self.len());
        let Some(codes) = &self.codes else { return rows.filter(|&row| self.get(row) == text).collect() };
        let code = (0..self.ends.len() as u32).find(|&code| at(self.bytes, &self.ends, code) == text);
        code.map(u64::from).map_or(Vec::new(), |code| rows.filter(|&row| codes.get(row) == code).collect())
    }

    /// The text at a row; empty beyond the last.
    pub(crate) fn get(&self, row: usize) -> &'a [u8] {
        let code = self.codes.as_ref().map_or(row as u64, |codes| codes.get(row));
        u32::try_from(code).map_or(&[], |code| at(self.bytes, &self.ends, code))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn back(texts: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut column = TextColumn::default();
        texts.iter().for_each(|text| column.push(text));
        let mut bytes = Vec::new();
        column.put(&mut bytes);
        let mut input = Input(&bytes);
        let read = Texts::read(&mut input).unwrap();
        assert!(input.0.is_empty());
        (0..texts.len()).map(|row| read.get(row).to_vec()).collect()
    }

    proptest! {
        #[test]
        fn texts_come_back(texts in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..6),
            prop::sample::select(vec![b"GET".to_vec(), b"POST".to_vec(), Vec::new()]),
        ], 0..60)) {
            prop_assert_eq!(back(&texts), texts);
        }
    }

    #[test]
    fn a_count_without_texts_is_damage() {
        let mut bytes = vec![IN_A_ROW];
        put_ints(&mut bytes, &[0; 3]);
        assert!(Texts::read(&mut Input(&bytes)).is_err());
    }

    #[test]
    fn texts_come_back_where_the_column_changes_its_mind() {
        let text =
            |number: usize| if number.is_multiple_of(3) { b"again".to_vec() } else { number.to_string().into_bytes() };
        let texts: Vec<Vec<u8>> = (0..9_000).map(text).collect();
        assert_eq!(back(&texts), texts);
    }
}
