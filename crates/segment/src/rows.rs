//! Some of the rows of a segment: what a condition finds, and what several find together.

use std::ops::Range;

const BITS: usize = u64::BITS as usize;

/// Rows of a segment, a bit for each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// All the rows there are.
    total: usize,
    /// Beyond the last row all bits are 0.
    words: Vec<u64>,
}

impl Rows {
    /// None of so many.
    #[must_use]
    pub fn none(total: usize) -> Self {
        Self { total, words: vec![0; total.div_ceil(BITS)] }
    }

    /// All of so many.
    #[must_use]
    pub fn all(total: usize) -> Self {
        let mut rows = Self { total, words: vec![u64::MAX; total.div_ceil(BITS)] };
        rows.clear_beyond();
        rows
    }

    fn clear_beyond(&mut self) {
        if let Some(last) = self.words.last_mut()
            && !self.total.is_multiple_of(BITS)
        {
            *last &= (1 << (self.total % BITS)) - 1;
        }
    }

    /// How many rows there are, whether they are among these or not.
    #[must_use]
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many these are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / BITS).is_some_and(|word| word >> (row % BITS) & 1 == 1)
    }

    /// Adds a row; one beyond the last is none.
    pub fn insert(&mut self, row: usize) {
        if row < self.total
            && let Some(word) = self.words.get_mut(row / BITS)
        {
            *word |= 1 << (row % BITS);
        }
    }

    /// Adds a row if it is wanted. There is no branch: which rows are wanted is hard to foretell.
    #[inline]
    pub(crate) fn insert_if(&mut self, row: usize, is_wanted: bool) {
        if let Some(word) = self.words.get_mut(row / BITS) {
            *word |= u64::from(is_wanted) << (row % BITS);
        }
    }

    /// Adds a run of rows, as far as there are so many.
    pub fn insert_all(&mut self, rows: Range<usize>) {
        let rows = rows.start..rows.end.min(self.total);
        if rows.is_empty() {
            return;
        }
        let (first, last) = (rows.start / BITS, (rows.end - 1) / BITS);
        for (at, word) in self.words.iter_mut().enumerate().take(last + 1).skip(first) {
            let from = if at == first { u64::MAX << (rows.start % BITS) } else { u64::MAX };
            let to = if at == last { u64::MAX >> (BITS - 1 - (rows.end - 1) % BITS) } else { u64::MAX };
            *word |= from & to;
        }
    }

    /// Whether one of a run of rows is among them.
    #[must_use]
    pub fn has_any_of(&self, rows: Range<usize>) -> bool {
        self.first_from(rows.start).is_some_and(|first| first < rows.end)
    }

    /// How many of a run of rows are among them.
    #[must_use]
    pub fn count_of(&self, rows: Range<usize>) -> usize {
        let mut count = 0;
        let mut from = rows.start;
        while let Some(first) = self.first_from(from).filter(|first| *first < rows.end) {
            count += 1;
            from = first + 1;
        }
        count
    }

    /// The first of them from this row on.
    fn first_from(&self, row: usize) -> Option<usize> {
        let at = row / BITS;
        let word = self.words.get(at)? & u64::MAX << (row % BITS);
        if word != 0 {
            return Some(at * BITS + word.trailing_zeros() as usize);
        }
        let rest = self.words.iter().enumerate().skip(at + 1);
        rest.filter(|(_, word)| **word != 0).map(|(at, word)| at * BITS + word.trailing_zeros() as usize).next()
    }

    /// Keeps those that are among these too, of as many.
    pub fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    /// Adds these, of as many.
    pub fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    /// Takes these out, of as many.
    pub fn and_not(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// All others.
    pub fn invert(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.clear_beyond();
    }

    /// They, rising.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(at, &word)| Ones(word).map(move |bit| at * BITS + bit))
    }
}

/// The bits of a word that are set, rising.
struct Ones(u64);

impl Iterator for Ones {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = (self.0 != 0).then(|| self.0.trailing_zeros() as usize);
        self.0 &= self.0.wrapping_sub(1);
        bit
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn rows(total: usize, of: &BTreeSet<usize>) -> Rows {
        let mut rows = Rows::none(total);
        of.iter().for_each(|&row| rows.insert(row));
        rows
    }

    proptest! {
        #[test]
        fn they_are_sets(
            total in 0..300_usize,
            a in prop::collection::btree_set(0..320_usize, 0..40),
            b in prop::collection::btree_set(0..320_usize, 0..40),
            from in 0..320_usize,
            to in 0..320_usize,
        ) {
            let (a, b): (BTreeSet<_>, BTreeSet<_>) =
                (a.into_iter().filter(|row| *row < total).collect(), b.into_iter().filter(|row| *row < total).collect());
            let (of_a, of_b) = (rows(total, &a), rows(total, &b));
            let with = |change: &dyn Fn(&mut Rows)| {
                let mut changed = of_a.clone();
                change(&mut changed);
                changed.iter().collect::<BTreeSet<_>>()
            };
            prop_assert_eq!(with(&|_| {}), a.clone());
            prop_assert_eq!((of_a.count(), of_a.is_empty(), of_a.total()), (a.len(), a.is_empty(), total));
            prop_assert!((0..400).all(|row| of_a.contains(row) == a.contains(&row)));
            prop_assert_eq!(with(&|rows| rows.and(&of_b)), a.intersection(&b).copied().collect());
            prop_assert_eq!(with(&|rows| rows.or(&of_b)), a.union(&b).copied().collect());
            prop_assert_eq!(with(&|rows| rows.and_not(&of_b)), a.difference(&b).copied().collect());
            let others: BTreeSet<usize> = (0..total).filter(|row| !a.contains(row)).collect();
            prop_assert_eq!(with(&Rows::invert), others);
            let more: BTreeSet<usize> = a.iter().copied().chain(from..to.min(total)).collect();
            prop_assert_eq!(with(&|rows| rows.insert_all(from..to)), more);
            prop_assert_eq!(of_a.has_any_of(from..to), a.iter().any(|row| (from..to).contains(row)));
            prop_assert_eq!(of_a.count_of(from..to), a.iter().filter(|row| (from..to).contains(*row)).count());
            prop_assert_eq!(Rows::all(total).iter().collect::<Vec<_>>(), (0..total).collect::<Vec<_>>());
        }
    }
}
