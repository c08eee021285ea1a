//! A column of texts (or other bytes): each text once and a number for each row where they repeat, else one
//! after the other.

use hashbrown::{HashTable, hash_table::Entry};
use xxhash_rust::xxh3::xxh3_64;

use crate::{
    SegmentError,
    bytes::Input,
    ints::{Ints, put_each, put_ints},
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
    /// Makes room for so many rows.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.codes.reserve(rows);
    }

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

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        if self.in_a_row { self.ends.len() } else { self.codes.len() }
    }

    /// Each text once, or where they hardly repeat those of all rows.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len() as u32).map(|code| at(&self.bytes, &self.ends, code))
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

    fn settle(&mut self) {
        if !self.in_a_row && self.ends.len() > 1 && self.is_mostly_distinct() {
            self.put_in_a_row();
        }
    }

    /// Writes the column.
    pub(crate) fn put(mut self, out: &mut Vec<u8>) {
        self.settle();
        out.push(if self.in_a_row { IN_A_ROW } else { NUMBERED });
        put_list(out, &self.bytes, &self.ends, 0);
        if !self.in_a_row {
            put_ints(out, &self.codes);
        }
    }

    /// The column in runs of rows, by their ends.
    pub(crate) fn cut(mut self, ends: &[usize]) -> CutTexts {
        self.settle();
        if self.in_a_row {
            let mut start = 0;
            let list = |&end: &usize| {
                let (from, ends) = (self.end_of(start), self.ends.get(start..end).unwrap_or_default());
                start = end;
                let (&last, mut list) = (ends.last()?, Vec::new());
                put_list(&mut list, self.bytes.get(from as usize..last as usize).unwrap_or_default(), ends, from);
                Some(list)
            };
            return CutTexts { shared: None, texts: ends.iter().map(list).collect(), codes: None };
        }
        let homes = self.homes(ends);
        let mut numbers = Vec::with_capacity(homes.len());
        let (mut shared, mut own) = (ListOfTexts::default(), Vec::new());
        own.resize_with(ends.len(), ListOfTexts::default);
        for (code, &home) in (0..).zip(&homes) {
            let list = if home == SHARED { Some(&mut shared) } else { own.get_mut(home as usize) };
            numbers.push(list.map_or(0, |list| list.add(at(&self.bytes, &self.ends, code))));
        }
        let before = shared.lengths.len() as u32;
        let number = |&code: &u32| {
            let code = code as usize;
            let is_shared = homes.get(code) == Some(&SHARED);
            numbers.get(code).copied().unwrap_or_default() + if is_shared { 0 } else { before }
        };
        let codes = self.codes.iter().map(number).collect();
        CutTexts {
            shared: shared.into_bytes(),
            texts: own.into_iter().map(ListOfTexts::into_bytes).collect(),
            codes: Some(codes),
        }
    }

    /// By text, the run that alone has it, or [`SHARED`].
    fn homes(&self, ends: &[usize]) -> Vec<u32> {
        let mut homes = vec![NOWHERE; self.ends.len()];
        let mut start = 0;
        for (run, &end) in (0..).zip(ends) {
            for &code in self.codes.get(start..end).unwrap_or_default() {
                if let Some(home) = homes.get_mut(code as usize)
                    && *home != run
                {
                    *home = if *home == NOWHERE { run } else { SHARED };
                }
            }
            start = end;
        }
        homes
    }

    /// Where the texts before this one end.
    fn end_of(&self, text: usize) -> u32 {
        text.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default()
    }
}

/// Home of a text that more than one run has.
const SHARED: u32 = u32::MAX;
const NOWHERE: u32 = u32::MAX - 1;

/// A column of texts in runs of rows.
pub(crate) struct CutTexts {
    /// The list of the texts that more than one run has.
    pub(crate) shared: Option<Vec<u8>>,
    /// By run, the list of those that no other has.
    pub(crate) texts: Vec<Option<Vec<u8>>>,
    /// The number of each row's text: among those shared, and behind them among those of its run. `None`: the texts of a
    /// run are its rows.
    pub(crate) codes: Option<Vec<u32>>,
}

/// Texts one after the other, being written.
#[derive(Default)]
struct ListOfTexts {
    bytes: Vec<u8>,
    lengths: Vec<u32>,
}

impl ListOfTexts {
    /// Adds one; its number.
    fn add(&mut self, text: &[u8]) -> u32 {
        self.bytes.extend_from_slice(text);
        self.lengths.push(text.len() as u32);
        self.lengths.len() as u32 - 1
    }

    /// `None` if there is none.
    fn into_bytes(self) -> Option<Vec<u8>> {
        let mut list = Vec::new();
        put_ints(&mut list, &self.lengths);
        list.extend_from_slice(&self.bytes);
        (!self.lengths.is_empty()).then_some(list)
    }
}

/// Writes texts one after the other.
#[cfg(test)]
pub(crate) fn put_texts<'a>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'a [u8]>) {
    let mut list = TextColumn { in_a_row: true, ..TextColumn::default() };
    texts.for_each(|text| list.add(text));
    put_list(out, &list.bytes, &list.ends, 0);
}

/// Writes texts, by where they end after this place.
fn put_list(out: &mut Vec<u8>, bytes: &[u8], ends: &[u32], mut before: u32) {
    let lengths: Vec<u32> = ends.iter().map(|&end| end - std::mem::replace(&mut before, end)).collect();
    // In a run of a column in which elsewhere each is another all may be empty.
    match bytes.is_empty() && lengths.len() > 1 {
        true => put_each(out, &lengths),
        false => put_ints(out, &lengths),
    }
    out.extend_from_slice(bytes);
}

fn at<'a>(bytes: &'a [u8], ends: &[u32], code: u32) -> &'a [u8] {
    let code = code as usize;
    let start = code.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or_default();
    let end = ends.get(code).copied().unwrap_or(start);
    bytes.get(start as usize..end as usize).unwrap_or_default()
}

/// Texts one after the other, read where they lie.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextList<'a> {
    bytes: &'a [u8],
    ends: Vec<u32>,
}

impl<'a> TextList<'a> {
    /// Reads the list, leaving what follows it.
    pub(crate) fn read(input: &mut Input<'a>) -> Result<Self, SegmentError> {
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
        Ok(Self { bytes: input.take(ends.last().copied().unwrap_or_default() as usize)?, ends })
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All of them, one after the other.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        (0..self.len()).map(|number| self.get(number))
    }

    /// The text in which a byte is, and where that ends.
    pub(crate) fn text_with(&self, byte: usize) -> (usize, usize) {
        let text = self.ends.partition_point(|&end| end as usize <= byte);
        (text, self.ends.get(text).map_or(self.bytes.len(), |&end| end as usize))
    }

    /// A text by its number; empty beyond the last.
    pub(crate) fn get(&self, number: usize) -> &'a [u8] {
        u32::try_from(number).map_or(&[], |number| at(self.bytes, &self.ends, number))
    }
}

/// A column of texts, read where it lies.
#[derive(Debug, Clone)]
pub(crate) struct Texts<'a> {
    shared: TextList<'a>,
    own: TextList<'a>,
    codes: Option<Ints<'a>>,
}

impl<'a> Texts<'a> {
    /// Reads the column, leaving what follows it.
    pub(crate) fn read(input: &mut Input<'a>) -> Result<Self, SegmentError> {
        let kind = input.byte()?;
        let own = TextList::read(input)?;
        let codes = match kind {
            NUMBERED => Some(Ints::read(input)?),
            IN_A_ROW => None,
            _ => return Err(SegmentError::Damaged("a column of texts of no known kind")),
        };
        Ok(Self { shared: TextList::default(), own, codes })
    }

    /// A run of a column, from its parts.
    pub(crate) fn of(shared: TextList<'a>, own: TextList<'a>, codes: Option<Ints<'a>>) -> Self {
        Self { shared, own, codes }
    }

    /// The number of each row's text; `None`: the texts are the rows.
    pub(crate) fn into_codes(self) -> Option<Ints<'a>> {
        self.codes
    }

    /// The texts that only this run has.
    pub(crate) fn into_own(self) -> TextList<'a> {
        self.own
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.codes.as_ref().map_or(self.own.len(), Ints::len)
    }

    /// The rows before this one that hold a text. Where texts repeat, their numbers are compared.
    pub(crate) fn rows_of(&self, text: &[u8], end: usize) -> Vec<usize> {
        let rows = 0..end.min(self.len());
        let Some(codes) = &self.codes else { return rows.filter(|&row| self.get(row) == text).collect() };
        let code = (0..self.shared.len() + self.own.len()).find(|&code| self.by_number(code) == text);
        code.map(|code| code as u64).map_or(Vec::new(), |code| rows.filter(|&row| codes.get(row) == code).collect())
    }

    /// The text at a row; empty beyond the last.
    pub(crate) fn get(&self, row: usize) -> &'a [u8] {
        match &self.codes {
            Some(codes) => usize::try_from(codes.get(row)).map_or(&[], |code| self.by_number(code)),
            None => self.own.get(row),
        }
    }

    fn by_number(&self, number: usize) -> &'a [u8] {
        match number.checked_sub(self.shared.len()) {
            None => self.shared.get(number),
            Some(own) => self.own.get(own),
        }
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

    proptest! {
        #[test]
        fn runs_of_texts_come_back(texts in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..3),
            prop::sample::select(vec![b"GET".to_vec(), b"POST".to_vec(), Vec::new()]),
        ], 0..60), cut in any::<prop::sample::Index>(), again in any::<prop::sample::Index>()) {
            let mut ends = [cut.index(texts.len() + 1), again.index(texts.len() + 1), texts.len()];
            ends.sort_unstable();
            let mut column = TextColumn::default();
            texts.iter().for_each(|text| column.push(text));
            let CutTexts { shared, texts: own, codes } = column.cut(&ends);
            let list = |bytes: &Option<Vec<u8>>| {
                bytes.clone().map_or(TextList::default(), |bytes| TextList::read(&mut Input(bytes.leak())).unwrap())
            };
            let mut start = 0;
            for (run, end) in ends.into_iter().enumerate() {
                let codes = codes.as_ref().map(|codes| Ints::Values(codes[start..end].iter().map(|&code| code.into()).collect()));
                let read = Texts::of(list(&shared), list(&own[run]), codes);
                prop_assert_eq!(read.len(), end - start);
                for (row, text) in texts[start..end].iter().enumerate() {
                    prop_assert_eq!(read.get(row), text);
                }
                start = end;
            }
        }
    }

    #[test]
    fn a_count_without_texts_is_damage() {
        let mut bytes = vec![IN_A_ROW];
        put_ints(&mut bytes, &[0_u64; 3]);
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
