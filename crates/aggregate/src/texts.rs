//! Texts by number, each once.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Texts, numbered as they come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Texts {
    all: Vec<String>,
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    /// The number of a text.
    pub(crate) fn number(&mut self, text: &str) -> u32 {
        let Self { all, numbers, hasher } = self;
        let of = |number: &u32| all.get(*number as usize).map(String::as_str).unwrap_or_default();
        let hash = hasher.hash_one(text);
        if let Some(number) = numbers.find(hash, |number| of(number) == text) {
            return *number;
        }
        let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
        numbers.insert_unique(hash, number, |number| hasher.hash_one(of(number)));
        all.push(text.to_owned());
        number
    }

    /// The text of a number; empty if there is none.
    pub(crate) fn get(&self, number: u32) -> &str {
        self.all.get(number as usize).map(String::as_str).unwrap_or_default()
    }
    /// All of them, by number.
    pub(crate) fn into_all(self) -> Vec<String> {
        self.all
    }
}
