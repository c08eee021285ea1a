//! What stands on the right of a comparison.

use crate::time;

/// A value, and as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// Without quotes: what an attribute that is a text is compared with.
    pub written: String,
    /// What it means.
    pub value: Value,
}

/// What a literal means.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text: it was quoted, or is nothing else.
    Text,
    /// A whole number.
    Int(i64),
    /// A number with a fraction or an exponent, or one that is too large for 64 bits.
    Double(f64),
    /// `true` or `false`.
    Bool(bool),
    /// A number with a unit of time, nanoseconds: `200ms`.
    Duration(u64),
    /// A number with a unit of bytes, bytes: `4KB`.
    Bytes(u64),
    /// A point in time.
    Moment(Moment),
}

/// A point in time as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So many nanoseconds before now: `-15m`.
    Ago(u64),
    /// Nanoseconds since the Unix epoch: `2026-11-25T10:00:00Z`, in UTC where no offset is written.
    At(u64),
}

/// Units of time with their nanoseconds; a day has 24 hours.
pub(crate) const TIMES: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Units of bytes (IEC 80000-13: 1 KiB is 1,024 B, 1 KB is 1,000 B).
pub(crate) const BYTES: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
];

impl Literal {
    pub(crate) fn of_word(word: &str) -> Self {
        Self { written: word.to_owned(), value: Value::of_word(word) }
    }

    pub(crate) fn of_text(text: &str) -> Self {
        Self { written: text.to_owned(), value: Value::Text }
    }
}

impl Value {
    /// What a word without quotes is; whatever is nothing else is a text.
    fn of_word(word: &str) -> Self {
        match word {
            "true" => return Self::Bool(true),
            "false" => return Self::Bool(false),
            _ => {}
        }
        if let Ok(int) = word.parse::<i64>() {
            return Self::Int(int);
        }
        if let Some(at) = time::parse(word) {
            return Self::Moment(Moment::At(at));
        }
        if let Some(rest) = word.strip_prefix('-')
            && let Some(nanos) = with_unit(rest, &TIMES)
        {
            return Self::Moment(Moment::Ago(nanos));
        }
        if let Some(nanos) = with_unit(word, &TIMES) {
            return Self::Duration(nanos);
        }
        if let Some(bytes) = with_unit(word, &BYTES) {
            return Self::Bytes(bytes);
        }
        let is_number = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
        match word.parse::<f64>() {
            Ok(double) if is_number && double.is_finite() => Self::Double(double),
            _ => Self::Text,
        }
    }
}

/// A number with one of these units; more digits than are exact are rounded.
pub(crate) fn with_unit(word: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = word.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = word.split_at(digits);
    let (_, of_unit) = units.iter().find(|(known, _)| *known == unit)?;
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(*of_unit);
    }
    let number: f64 = number.parse().ok()?;
    let value = (number * *of_unit as f64).round();
    (value < u64::MAX as f64).then_some(value as u64)
}
