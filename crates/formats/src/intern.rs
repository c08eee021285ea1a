//! The distinct texts of a request.

use std::collections::{HashMap, hash_map::Entry};
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64;

/// The most bytes of a text that the columns name; longer ones stand there cut.
const MAX_TEXT_BYTES: usize = 1024;

/// Texts by index. What followed a text last time is tried first: requests repeat themselves.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    texts: Vec<String>,
    /// By text: the index of the one that came after it.
    next: Vec<u32>,
    last: usize,
    /// By XXH3-64 of the text; texts with the same hash as another stand in `texts` more than once.
    by_hash: HashMap<u64, u32, BuildHasherDefault<Unhashed>>,
}

/// Hashes are their own hash.
#[derive(Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Interner {
    /// The index of a text, invalid UTF-8 repaired, cut at [`MAX_TEXT_BYTES`].
    pub(crate) fn index_of_bytes(&mut self, bytes: &[u8]) -> u32 {
        if let Some(index) = self.predicted(bytes) {
            return index;
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => self.index_of(text),
            Err(_) => self.index_of(&String::from_utf8_lossy(bytes)),
        }
    }

    /// The index of a text, cut at [`MAX_TEXT_BYTES`].
    pub(crate) fn index_of(&mut self, text: &str) -> u32 {
        let text = cut_text(text);
        if let Some(index) = self.predicted(text.as_bytes()) {
            return index;
        }
        let new = self.texts.len() as u32;
        let index = match self.by_hash.entry(xxh3_64(text.as_bytes())) {
            Entry::Vacant(entry) => *entry.insert(new),
            Entry::Occupied(entry) if self.texts.get(*entry.get() as usize).is_some_and(|known| known == text) => {
                *entry.get()
            }
            Entry::Occupied(_) => new,
        };
        if index == new {
            self.texts.push(text.to_owned());
            self.next.push(index);
        }
        if let Some(next) = self.next.get_mut(self.last) {
            *next = index;
        }
        self.last = index as usize;
        index
    }

    #[inline]
    fn predicted(&mut self, bytes: &[u8]) -> Option<u32> {
        let index = *self.next.get(self.last)?;
        if self.texts.get(index as usize)?.as_bytes() != bytes {
            return None;
        }
        self.last = index as usize;
        Some(index)
    }

    /// All texts, by index.
    pub(crate) fn into_texts(self) -> Vec<String> {
        self.texts
    }
}

/// The beginning of a text, as far as the columns of a walk name it: 1,024 bytes.
#[must_use]
pub fn cut_text(text: &str) -> &str {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}
