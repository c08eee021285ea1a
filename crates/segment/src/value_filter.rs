//! Which values are in a segment at all: a filter that is read instead of the columns to know that one is not.

use hashbrown::HashSet;
use model::{KeyValue, Value};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::{
    ValueColumn, ValueType,
    attributes::{Values, unbiased},
    bloom::Bloom,
    texts::TextColumn,
};

/// Of a hundred values that are not there fewer than two seem to be: each costs the scan of one segment.
type Filter = Bloom<12, 6>;

/// Values at the most; where there are more there is no filter.
const MOST_VALUES: usize = 1 << 22;
const CHECKSUM_BYTES: usize = 8;

/// What an entry of the filter says.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
enum Says {
    /// There is a value of this key.
    Key = 1,
    /// This text is a value of the key.
    Text,
    /// This integer is.
    Int,
    /// A value that is neither is.
    Other,
    /// A span has this name.
    Name,
    /// An event has.
    EventName,
}

/// The values of the attributes of all spans, events, links, resources and scopes of a segment, and the names of spans and
/// events. What it says is not there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueFilter<'a> {
    /// One behind the other.
    blocks: &'a [u8],
}

impl<'a> ValueFilter<'a> {
    /// That of such bytes; `None` where they are damaged, or there are none: anything may be in the segment.
    #[must_use]
    pub fn of_bytes(bytes: &'a [u8]) -> Option<Self> {
        let (blocks, checksum) = bytes.split_last_chunk::<CHECKSUM_BYTES>()?;
        let is_filter = !blocks.is_empty() && blocks.len().is_multiple_of(Filter::BLOCK_BYTES);
        (is_filter && xxh3_64(blocks).to_le_bytes() == *checksum).then_some(Self { blocks })
    }

    fn may_hold(&self, hash: u64) -> bool {
        Filter::blocks_may_hold(self.blocks, hash)
    }

    /// Whether there may be an attribute of this key.
    #[must_use]
    pub fn may_hold_key(&self, key: &str) -> bool {
        self.may_hold(hash(seed(Says::Key, key.as_bytes()), &[]))
    }

    /// Whether this text may be the value of an attribute of this key.
    #[must_use]
    pub fn may_hold_text(&self, key: &str, text: &str) -> bool {
        self.may_hold(hash(seed(Says::Text, key.as_bytes()), text.as_bytes()))
    }

    /// Whether this integer may be.
    #[must_use]
    pub fn may_hold_int(&self, key: &str, int: i64) -> bool {
        self.may_hold(hash(seed(Says::Int, key.as_bytes()), &int.to_le_bytes()))
    }

    /// Whether a value may be that is neither text nor integer: of those none is told from the other.
    #[must_use]
    pub fn may_hold_other(&self, key: &str) -> bool {
        self.may_hold(hash(seed(Says::Other, key.as_bytes()), &[]))
    }

    /// Whether this may be the name of a span.
    #[must_use]
    pub fn may_hold_name(&self, name: &str) -> bool {
        self.may_hold(hash(seed(Says::Name, &[]), name.as_bytes()))
    }

    /// Whether this may be the name of an event.
    #[must_use]
    pub fn may_hold_event_name(&self, name: &str) -> bool {
        self.may_hold(hash(seed(Says::EventName, &[]), name.as_bytes()))
    }
}

/// What entries of a key have in common.
fn seed(says: Says, key: &[u8]) -> u64 {
    xxh3_64_with_seed(key, says as u64)
}

fn hash(seed: u64, value: &[u8]) -> u64 {
    xxh3_64_with_seed(value, seed)
}

fn of_value(key: &[u8], value: &Value) -> u64 {
    match value {
        Value::String(text) => hash(seed(Says::Text, key), text.as_bytes()),
        Value::Int(int) => hash(seed(Says::Int, key), &int.to_le_bytes()),
        _ => hash(seed(Says::Other, key), &[]),
    }
}

/// As it is when it is read.
fn repaired<T>(text: &[u8], of: impl FnOnce(&[u8]) -> T) -> T {
    match std::str::from_utf8(text) {
        Ok(_) => of(text),
        Err(_) => of(formats::decode_text(text).as_bytes()),
    }
}

/// A filter in the making.
#[derive(Debug, Default)]
pub(crate) struct ValueFilterBuilder {
    hashes: Vec<u64>,
    /// Whether there are values that are not among them.
    lacks_some: bool,
}

impl ValueFilterBuilder {
    /// Adds the values of a column.
    pub(crate) fn add_column(&mut self, column: &ValueColumn, values: &Values) {
        if values.len() == 0 {
            return;
        }
        if column.of == ValueType::List {
            self.lacks_some = true;
            return;
        }
        repaired(&column.key, |key| {
            self.hashes.push(hash(seed(Says::Key, key), &[]));
            let other = hash(seed(Says::Other, key), &[]);
            match (column.of, values) {
                (ValueType::String, Values::Texts(texts)) => self.add_texts(seed(Says::Text, key), texts),
                (ValueType::Int, Values::Numbers(numbers)) => {
                    let distinct: HashSet<u64> = numbers.iter().copied().collect();
                    let seed = seed(Says::Int, key);
                    let ints = distinct.into_iter().map(unbiased);
                    self.hashes.extend(ints.map(|int| hash(seed, &int.to_le_bytes())));
                }
                // Nearly all are lists and maps. An odd message is a text all the same.
                (ValueType::Other, Values::Texts(texts)) => {
                    let decoded = texts.texts().map(formats::decode_value);
                    self.hashes.extend(decoded.map(|value| value.map_or(other, |value| of_value(key, &value))));
                }
                _ => self.hashes.push(other),
            }
        });
    }

    /// Adds the names of spans.
    pub(crate) fn add_names(&mut self, names: &TextColumn) {
        self.add_texts(seed(Says::Name, &[]), names);
    }

    /// Adds the names of events.
    pub(crate) fn add_event_names(&mut self, names: &TextColumn) {
        self.add_texts(seed(Says::EventName, &[]), names);
    }

    /// Adds attributes of a resource or scope.
    pub(crate) fn add_attributes(&mut self, attributes: &[KeyValue]) {
        for KeyValue { key, value } in attributes {
            let key = key.as_bytes();
            self.hashes.push(hash(seed(Says::Key, key), &[]));
            self.hashes.push(of_value(key, value));
        }
    }

    fn add_texts(&mut self, seed: u64, texts: &TextColumn) {
        self.hashes.extend(texts.texts().map(|text| repaired(text, |text| hash(seed, text))));
    }

    /// The bytes of the filter; none where it would lack some.
    pub(crate) fn finish(self) -> Vec<u8> {
        if self.lacks_some || self.hashes.len() > MOST_VALUES {
            return Vec::new();
        }
        let mut bytes = Filter::of(self.hashes.into_iter()).bytes().to_vec();
        let checksum = xxh3_64(&bytes).to_le_bytes();
        bytes.extend_from_slice(&checksum);
        bytes
    }
}
