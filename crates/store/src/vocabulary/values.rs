//! Values of one thing that spans have, by how many spans have them.

use hashbrown::{HashSet, HashTable};
use memchr::memmem;
use xxhash_rust::xxh3::xxh3_64;

use super::part::PartId;
use crate::search::Numbers;

/// Longest value that is told apart, bytes.
const LONGEST: usize = 1_024;
/// Most bytes of values that are told apart.
const MOST_BYTES: usize = 32 << 20;
/// Between two values that are searched as one text.
const BETWEEN: char = '\0';

/// A value that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredValue {
    /// As a person reads it: `key = "text"` finds it.
    pub text: String,
    /// Spans that have it.
    pub spans: u64,
}

/// The values of the parts that were read, one after the other: so that a few hundred thousand are searched in
/// milliseconds.
#[derive(Debug, Default)]
pub(super) struct Values {
    most: usize,
    texts: String,
    /// The same in lower case, with [`BETWEEN`] behind each.
    folded: String,
    entries: Vec<Entry>,
    by_hash: HashTable<u32>,
    segments: HashSet<u64>,
    /// Pieces of what is in no segment yet.
    fresh: Vec<PartId>,
    /// Whether there are more than are told apart.
    pub(super) has_more: bool,
    /// The least and the greatest, as far as they say a number.
    range: Option<(f64, f64)>,
    /// Whether one says none.
    has_words: bool,
}

#[derive(Debug)]
struct Entry {
    /// Where its text begins, and where that in lower case does; they end where the next begin.
    at: (u32, u32),
    in_segments: u64,
    in_fresh: u64,
}

impl Values {
    /// Values of which so many are told apart.
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Whether a segment was counted.
    pub(super) fn knows(&self, segment: u64) -> bool {
        self.segments.contains(&segment)
    }

    /// Begins anew where a segment was counted that is no longer there.
    pub(super) fn keep(&mut self, is_there: impl Fn(u64) -> bool) {
        if !self.segments.iter().all(|segment| is_there(*segment)) {
            *self = Self::new(self.most);
        }
    }

    /// Notes that a segment is counted.
    pub(super) fn counted(&mut self, segment: u64) {
        self.segments.insert(segment);
    }

    /// Whether what is in no segment yet has to be counted, which are these pieces; then all that was counted of it is
    /// forgotten.
    pub(super) fn begins_fresh(&mut self, pieces: &[PartId]) -> bool {
        if self.fresh == pieces {
            return false;
        }
        self.entries.iter_mut().for_each(|entry| entry.in_fresh = 0);
        self.fresh = pieces.to_vec();
        true
    }

    /// Adds spans, each with the number of a text that it has.
    pub(super) fn add(&mut self, noted: &[(u32, u32)], is_fresh: bool) {
        for (_, number) in noted {
            if let Some(Entry { in_segments, in_fresh, .. }) = self.entries.get_mut(*number as usize) {
                *(if is_fresh { in_fresh } else { in_segments }) += 1;
            }
        }
    }

    /// The least and the greatest, where all say numbers.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        self.range.filter(|_| !self.has_words)
    }

    /// Notes a text that is met for the first time.
    fn measure(&mut self, text: &str) {
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                let (least, greatest) = self.range.unwrap_or((number, number));
                self.range = Some((least.min(number), greatest.max(number)));
            }
            _ => self.has_words = true,
        }
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.entries.iter().filter(|entry| entry.spans() > 0).count()
    }

    /// At most so many values that have this in them, without regard to case: first those that begin with it, then by how
    /// many spans have them; of equals those that were met first, which are the newest.
    pub(super) fn find(&self, part: &str, most: usize) -> Vec<StoredValue> {
        let part: String = lower(part).collect();
        let mut found: Vec<(bool, u64, u32)> = Vec::new();
        let mut add = |number: usize, begins: bool| {
            let spans = self.entries.get(number).map_or(0, Entry::spans);
            if spans > 0 {
                found.push((!begins, u64::MAX - spans, number as u32));
            }
        };
        if part.is_empty() {
            (0..self.entries.len()).for_each(|number| add(number, true));
        } else {
            let finder = memmem::Finder::new(&part);
            let begin = |number: usize| self.entries.get(number).map(|entry| entry.at.1 as usize);
            let next = |from: usize| Some(from + finder.find(self.folded.as_bytes().get(from..)?)?);
            let (mut number, mut from) = (0, 0);
            while let Some(at) = next(from) {
                while begin(number + 1).is_some_and(|begin| begin <= at) {
                    number += 1;
                }
                let end = begin(number + 1).unwrap_or(self.folded.len());
                // What reaches beyond a value is in none, and may hide what is in the next.
                let is_within = at + part.len() < end;
                if is_within {
                    add(number, begin(number) == Some(at));
                }
                from = if is_within { end } else { at + 1 };
            }
        }
        if found.len() > most && most > 0 {
            found.select_nth_unstable(most - 1);
        }
        found.truncate(most);
        found.sort_unstable();
        let value = |(_, spans, number): (bool, u64, u32)| {
            let text = of(&self.texts, &self.entries, number)?;
            Some(StoredValue { text: text.to_owned(), spans: u64::MAX - spans })
        };
        found.into_iter().filter_map(value).collect()
    }
}

impl Numbers for Values {
    fn number(&mut self, text: &str) -> Option<u32> {
        let Self { texts, entries, by_hash, .. } = self;
        let same = |&number: &u32| of(texts, entries, number) == Some(text);
        if let Some(number) = by_hash.find(xxh3_64(text.as_bytes()), same) {
            return Some(*number);
        }
        self.measure(text);
        let Self { texts, folded, entries, by_hash, .. } = self;
        if entries.len() >= self.most || text.len() > LONGEST || texts.len() + text.len() > MOST_BYTES {
            self.has_more = true;
            return None;
        }
        let number = entries.len() as u32;
        entries.push(Entry { at: (texts.len() as u32, folded.len() as u32), in_segments: 0, in_fresh: 0 });
        texts.push_str(text);
        folded.extend(lower(text));
        folded.push(BETWEEN);
        let hash_of = |&number: &u32| of(texts, entries, number).map_or(0, |text| xxh3_64(text.as_bytes()));
        by_hash.insert_unique(xxh3_64(text.as_bytes()), number, hash_of);
        Some(number)
    }
}

impl Entry {
    fn spans(&self) -> u64 {
        self.in_segments + self.in_fresh
    }
}

fn of<'t>(texts: &'t str, entries: &[Entry], number: u32) -> Option<&'t str> {
    let entry = entries.get(number as usize)?;
    let end = entries.get(number as usize + 1).map_or(texts.len(), |next| next.at.0 as usize);
    texts.get(entry.at.0 as usize..end)
}

fn lower(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(values: &mut Values, text: &str, spans: u64, is_fresh: bool) {
        let number = values.number(text);
        (0..spans).for_each(|row| values.add(&[(row as u32, number.unwrap_or(u32::MAX))], is_fresh));
    }

    fn values(texts: &[(&str, u64)]) -> Values {
        let mut values = Values::new(100);
        texts.iter().for_each(|(text, spans)| add(&mut values, text, *spans, false));
        values
    }

    fn found(values: &Values, part: &str, most: usize) -> Vec<String> {
        values.find(part, most).into_iter().map(|value| format!("{} {}", value.text, value.spans)).collect()
    }

    #[test]
    fn what_begins_with_it_comes_first_then_what_is_frequent() {
        let values = values(&[("/cart", 2), ("GET /cart", 9), ("/Cart/items", 5), ("/order", 7), ("/cart", 1)]);
        assert_eq!(found(&values, "/CART", 9), ["/Cart/items 5", "/cart 3", "GET /cart 9"]);
        assert_eq!(found(&values, "", 2), ["GET /cart 9", "/order 7"]);
        assert_eq!(found(&values, "order/", 2), Vec::<String>::new());
    }

    #[test]
    fn what_is_in_two_values_together_is_in_none() {
        let values = values(&[("ab\0", 1), ("b\0b", 2), ("", 3), ("Ünïcode", 4)]);
        assert_eq!(found(&values, "b\0b", 9), ["b\0b 2"]);
        assert_eq!(found(&values, "b\0\0", 9), Vec::<String>::new());
        assert_eq!(found(&values, "üNÏ", 9), ["Ünïcode 4"]);
    }

    #[test]
    fn numbers_have_a_range_whether_they_are_told_apart_or_not() {
        let mut values = Values::new(2);
        ["5", "-2.5", "70"].iter().for_each(|text| add(&mut values, text, 1, false));
        assert_eq!((values.len(), values.has_more, values.range()), (2, true, Some((-2.5, 70.0))));
        add(&mut values, "many", 1, false);
        assert_eq!(values.range(), None);
    }

    #[test]
    fn what_is_in_no_segment_yet_is_counted_anew() {
        let mut values = values(&[("a", 2)]);
        assert!(values.begins_fresh(&[PartId::Fresh(1)]));
        add(&mut values, "a", 1, true);
        add(&mut values, "b", 1, true);
        assert!(!values.begins_fresh(&[PartId::Fresh(1)]));
        assert_eq!(found(&values, "", 9), ["a 3", "b 1"]);
        assert!(values.begins_fresh(&[]));
        assert_eq!((found(&values, "", 9), values.len()), (vec!["a 2".to_owned()], 1));
    }
}
