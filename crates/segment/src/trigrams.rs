//! Which three letters follow each other anywhere in the texts of a segment: a filter that is read instead of the columns to
//! know that no text holds a part of a text.

use formats::decode_text;
use model::{KeyValue, Value};
use xxhash_rust::xxh3::xxh3_64;

use crate::{ValueColumn, ValueType, attributes::Values, texts::TextColumn};

/// Kinds of bytes that are told apart: each letter, and six kinds of others. With more the filter would take more, and the
/// ids of which most texts consist hold each trigram of digits anyway.
const KIND_BITS: u32 = 5;
const TRIGRAMS: usize = 1 << (3 * KIND_BITS);
const FILTER_BYTES: usize = TRIGRAMS / 8;
const CHECKSUM_BYTES: usize = 8;

const DIGIT: u8 = 26;
const SPACE: u8 = 27;
const SLASH: u8 = 28;
const DOT: u8 = 29;
const DASH: u8 = 30;
const OTHER: u8 = 31;

/// The kind of each byte.
const KINDS: [u8; 256] = {
    let mut kinds = [OTHER; 256];
    let mut byte = 0;
    while byte < 256 {
        let lower = (byte as u8).to_ascii_lowercase();
        kinds[byte] = match lower {
            b'a'..=b'z' => lower - b'a',
            b'0'..=b'9' => DIGIT,
            b' ' | b'\t' | b'\n' | b'\r' => SPACE,
            b'/' => SLASH,
            b'.' => DOT,
            b'-' | b'_' => DASH,
            _ => OTHER,
        };
        byte += 1;
    }
    kinds
};

/// The trigrams of a text that is in lower case as far as it is not ASCII.
fn visit(text: &[u8], mut visit: impl FnMut(usize)) {
    let mut trigram = 0;
    for (at, byte) in text.iter().enumerate() {
        trigram =
            (trigram << KIND_BITS | usize::from(KINDS.get(usize::from(*byte)).copied().unwrap_or(OTHER))) % TRIGRAMS;
        if at >= 2 {
            visit(trigram);
        }
    }
}

/// The trigrams of all texts that [`rows_with_text`](crate::SpanSegment::rows_with_text) looks at, of the values of resources
/// and scopes, and of what values that are no texts show as. What it says is not there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrigramFilter<'a>(&'a [u8]);

impl<'a> TrigramFilter<'a> {
    /// That of such bytes; `None` where they are damaged, or there are none: any text may be in the segment.
    #[must_use]
    pub fn of_bytes(bytes: &'a [u8]) -> Option<Self> {
        let (filter, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        (filter.len() == FILTER_BYTES && xxh3_64(filter).to_le_bytes() == *checksum).then_some(Self(filter))
    }

    /// Whether a text may hold this part, in whatever case.
    #[must_use]
    pub fn may_hold(&self, part: &str) -> bool {
        let mut may_hold = true;
        visit(part.to_lowercase().as_bytes(), |trigram| {
            may_hold &= self.0.get(trigram / 8).is_some_and(|byte| byte >> (trigram % 8) & 1 == 1);
        });
        may_hold
    }
}

/// A filter in the making.
#[derive(Debug)]
pub(crate) struct TrigramFilterBuilder {
    /// By trigram: a byte each, which is quicker to set than a bit.
    has: Vec<bool>,
    /// Whether there are texts that are not in it.
    lacks_some: bool,
}

impl Default for TrigramFilterBuilder {
    fn default() -> Self {
        Self { has: vec![false; TRIGRAMS], lacks_some: false }
    }
}

impl TrigramFilterBuilder {
    /// Adds the values of a column.
    pub(crate) fn add_column(&mut self, column: &ValueColumn, values: &Values) {
        if values.len() == 0 {
            return;
        }
        match (column.of, values) {
            (ValueType::String, Values::Texts(texts)) => self.add_texts(texts),
            (ValueType::Other, Values::Texts(texts)) => texts.texts().for_each(|value| self.add_encoded(value)),
            (ValueType::List, _) => self.lacks_some = true,
            (ValueType::Int, _) => self.add_value(&Value::Int(0)),
            (ValueType::Double, _) => self.add_value(&Value::Double(0.0)),
            (ValueType::Bool, _) => self.add_value(&Value::Bool(true)),
            _ => {}
        }
    }

    /// Adds texts, such as names of spans.
    pub(crate) fn add_texts(&mut self, texts: &TextColumn) {
        texts.texts().for_each(|text| self.add_text(text));
    }

    /// Adds attributes of a resource or scope.
    pub(crate) fn add_attributes(&mut self, attributes: &[KeyValue]) {
        attributes.iter().for_each(|attribute| self.add_value(&attribute.value));
    }

    fn add_encoded(&mut self, value: &[u8]) {
        match formats::decode_value(value) {
            Ok(value) => self.add_value(&value),
            Err(_) => self.lacks_some = true,
        }
    }

    /// Of numbers those that any number might show as.
    fn add_value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add_text(text.as_bytes()),
            Value::Bool(_) => ["true", "false"].iter().for_each(|text| self.add_text(text.as_bytes())),
            Value::Int(_) => self.add_all_of(&[DIGIT, DASH]),
            Value::Double(_) => {
                ["nan", "-infinity"].iter().for_each(|text| self.add_text(text.as_bytes()));
                self.add_all_of(&[DIGIT, DASH, DOT, b'e' - b'a']);
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_value(item)),
            Value::Map(entries) => self.add_attributes(entries),
            Value::Bytes(_) | Value::Empty | Value::TooDeep(_) => {}
        }
    }

    fn add_text(&mut self, text: &[u8]) {
        if text.is_ascii() {
            self.add_lower(text);
        } else {
            self.add_lower(decode_text(text).to_lowercase().as_bytes());
        }
    }

    fn add_lower(&mut self, text: &[u8]) {
        let has = &mut self.has;
        visit(text, |trigram| {
            if let Some(has) = has.get_mut(trigram) {
                *has = true;
            }
        });
    }

    /// Adds the trigrams of these kinds.
    fn add_all_of(&mut self, kinds: &[u8]) {
        for first in kinds {
            for second in kinds {
                for third in kinds {
                    let trigram =
                        [first, second, third].iter().fold(0, |all, kind| all << KIND_BITS | usize::from(**kind));
                    if let Some(has) = self.has.get_mut(trigram) {
                        *has = true;
                    }
                }
            }
        }
    }

    /// The bytes of the filter; none where it would lack some.
    pub(crate) fn finish(self) -> Vec<u8> {
        if self.lacks_some {
            return Vec::new();
        }
        let byte = |bits: &[bool]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit));
        let mut bytes: Vec<u8> = self.has.chunks(8).map(byte).collect();
        let checksum = xxh3_64(&bytes).to_le_bytes();
        bytes.extend_from_slice(&checksum);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Substring;

    fn filter(of: impl FnOnce(&mut TrigramFilterBuilder)) -> Vec<u8> {
        let mut builder = TrigramFilterBuilder::default();
        of(&mut builder);
        builder.finish()
    }

    #[test]
    fn what_nothing_holds_is_mostly_known() {
        let of = |builder: &mut TrigramFilterBuilder| {
            builder.add_text(b"SELECT name FROM users WHERE id = 17");
            builder.add_value(&Value::Int(-20));
        };
        let bytes = filter(of);
        let Some(filter) = TrigramFilter::of_bytes(&bytes) else { panic!("no filter") };
        for (part, may_hold) in [
            ("from users", true),
            ("FROM", true),
            ("-9", true),
            ("4711", true),
            ("us", true),
            ("user_", false),
            ("orders", false),
        ] {
            assert_eq!(filter.may_hold(part), may_hold, "{part}");
        }
    }

    proptest! {
        #[test]
        fn what_is_there_may_be(
            text in prop_oneof!["[abAB .-]{0,6}", "[kKİiΣσς\u{212a}]{0,5}", any::<String>()],
            part in prop_oneof!["[abAB .-]{0,4}", "[kKiσς\u{212a}]{0,4}", any::<String>()],
            from in 0..4_usize,
        ) {
            let bytes = filter(|builder| builder.add_text(text.as_bytes()));
            let Some(filter) = TrigramFilter::of_bytes(&bytes) else { panic!("no filter") };
            let own: String = text.chars().skip(from).take(4).collect();
            for part in [part, own] {
                prop_assert!(!Substring::new(&part).is_in(&text) || filter.may_hold(&part), "{part:?} in {text:?}");
            }
        }
    }
}
