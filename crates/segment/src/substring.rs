//! A part of a text, looked for without regard to case.
//!
//! A text holds it if the text in lower case holds it in lower case, as Unicode has it. Nearly all texts are ASCII, and
//! many lie one after the other: those are looked through as one.

use memchr::memmem::Finder;

use crate::texts::TextList;

/// Letters that are not ASCII and in lower case begin with one that is: U+0130 and U+212A (unicode.org, UnicodeData.txt
/// and SpecialCasing.txt).
const BECOME_ASCII: [&[u8]; 2] = ["\u{130}".as_bytes(), "\u{212a}".as_bytes()];

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Substring {
    lower: String,
    finder: Finder<'static>,
}

impl Substring {
    /// This text, in whatever case.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let finder = Finder::new(lower.as_bytes()).into_owned();
        Self { lower, finder }
    }

    /// Whether a text holds it.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.finder.find(text.to_lowercase().as_bytes()).is_some()
    }

    /// Which texts of a list hold it; `None` if no text does. `memory` is what it may use.
    pub(crate) fn find_in(&self, list: &TextList<'_>, memory: &mut Vec<u8>) -> Option<Vec<bool>> {
        if self.lower.is_empty() {
            return (list.len() > 0).then(|| vec![true; list.len()]);
        }
        let mut found: Option<Vec<bool>> = None;
        let mut add = |text: usize| {
            if let Some(found) = found.get_or_insert_with(|| vec![false; list.len()]).get_mut(text) {
                *found = true;
            }
        };
        let bytes = list.bytes();
        if self.lower.is_ascii() {
            memory.clear();
            memory.extend_from_slice(bytes);
            memory.make_ascii_lowercase();
            let mut from = 0;
            while let Some(at) = memory.get(from..).and_then(|rest| self.finder.find(rest)) {
                let at = from + at;
                let (text, end) = list.text_with(at);
                // Not where it begins in one text and ends in the next.
                let is_within = at + self.lower.len() <= end;
                if is_within {
                    add(text);
                }
                from = if is_within { end } else { at + 1 };
            }
        }
        if !bytes.is_ascii() && self.may_be_in(bytes) {
            for (text, bytes) in list.iter().enumerate().filter(|(_, bytes)| !bytes.is_ascii()) {
                if self.is_in(&String::from_utf8_lossy(bytes)) {
                    add(text);
                }
            }
        }
        found
    }

    /// Whether texts that are not ASCII may hold it where their bytes in lower case, as far as those are ASCII, do not.
    fn may_be_in(&self, bytes: &[u8]) -> bool {
        !self.lower.is_ascii() || BECOME_ASCII.iter().any(|letter| memchr::memmem::find(bytes, letter).is_some())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{bytes::Input, texts::put_texts};

    fn found(needle: &str, texts: &[Vec<u8>]) -> Vec<bool> {
        let mut bytes = Vec::new();
        put_texts(&mut bytes, texts.iter().map(Vec::as_slice));
        let list = TextList::read(&mut Input(&bytes)).unwrap();
        let found = Substring::new(needle).find_in(&list, &mut Vec::new());
        assert_ne!(found, Some(vec![false; texts.len()]));
        found.unwrap_or(vec![false; texts.len()])
    }

    fn naive(needle: &str, texts: &[Vec<u8>]) -> Vec<bool> {
        let is_in = |text: &Vec<u8>| formats::decode_text(text).to_lowercase().contains(&needle.to_lowercase());
        texts.iter().map(is_in).collect()
    }

    #[test]
    fn letters_without_a_case_of_their_own() {
        let texts = ["300 K", "300 \u{212a}", "\u{130}stanbul", "ISTANBUL", "ΟΔΟΣ", "οδοσα", "straße", "aab", "b"];
        let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
        for needle in ["k", "K", "\u{212a}", "i", "istanbul", "ς", "σ", "ΟΔΟΣ", "SS", "ß", "ab", "bb", "b", "", " "]
        {
            assert_eq!(found(needle, &texts), naive(needle, &texts), "{needle}");
        }
    }

    proptest! {
        #[test]
        fn it_is_found_where_lower_case_has_it(
            texts in prop::collection::vec(prop_oneof![
                4 => "[abAB]{0,5}".prop_map(String::into_bytes),
                1 => "[akKİi\u{212a}Σσς]{0,4}".prop_map(String::into_bytes),
                1 => prop::collection::vec(any::<u8>(), 0..5),
            ], 0..12),
            needle in prop_oneof!["[abAB]{0,3}", "[kKİiΣσς]{1,2}", any::<String>()],
        ) {
            prop_assert_eq!(found(&needle, &texts), naive(&needle, &texts));
        }
    }
}
