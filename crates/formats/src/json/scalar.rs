//! Scalars of OTLP/JSON, as leniently as senders need it (protobuf, "ProtoJSON Format"; OTLP,
//! "JSON Protobuf Encoding"): integers as texts or numbers, enumerations by name, `null` for absent.

use std::borrow::Cow;

use base64::{
    Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use model::Number;

use super::parser::{Json, Parser, Scalar};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

impl<'a> Parser<'a> {
    /// A text; empty where it is absent.
    pub(super) fn text(&mut self) -> Json<String> {
        match self.scalar("a string is expected")? {
            Scalar::Text(text) => {
                self.budget.charge_bytes(text.len())?;
                Ok(text.into_owned())
            }
            Scalar::Null => Ok(String::new()),
            Scalar::Bool(_) | Scalar::Number(_) => self.malformed("a string is expected"),
        }
    }

    /// A bool; `None` where it is absent.
    pub(super) fn bool(&mut self) -> Json<Option<bool>> {
        match self.scalar("true or false is expected")? {
            Scalar::Bool(bool) => Ok(Some(bool)),
            Scalar::Null => Ok(None),
            Scalar::Number(_) | Scalar::Text(_) => self.malformed("true or false is expected"),
        }
    }

    /// The text of a number, quoted or not; `None` where it is absent.
    fn number_text(&mut self) -> Json<Option<Cow<'a, str>>> {
        match self.scalar("a number is expected")? {
            Scalar::Number(number) => Ok(Some(number.into())),
            Scalar::Text(text) => Ok(Some(text)),
            Scalar::Null => Ok(None),
            Scalar::Bool(_) => self.malformed("a number is expected"),
        }
    }

    /// An integer of this type; 0 where it is absent.
    pub(super) fn integer<I: TryFrom<i128> + Default>(&mut self) -> Json<I> {
        let Some(text) = self.number_text()? else {
            return Ok(I::default());
        };
        match integral(&text).and_then(|int| I::try_from(int).ok()) {
            Some(int) => Ok(int),
            None => self.malformed(format!("`{}` is not an integer of this field", shown(&text))),
        }
    }

    /// An enumeration: a number, or a name out of `names`, whose position is its number; `prefix`
    /// stands before each.
    pub(super) fn enumeration(&mut self, prefix: &str, names: &[&str]) -> Json<i32> {
        let Some(text) = self.number_text()? else {
            return Ok(0);
        };
        let by_name = || names.iter().position(|&name| text.strip_prefix(prefix) == Some(name));
        match integral(&text).or_else(|| by_name().and_then(|index| i128::try_from(index).ok())) {
            Some(number) => match i32::try_from(number) {
                Ok(number) => Ok(number),
                Err(_) => self.malformed("an enumeration's number has 32 bits"),
            },
            None => self.malformed(format!("`{}` is not a name of this enumeration", shown(&text))),
        }
    }

    /// Nanoseconds; 0 where they are absent. What is no number of nanoseconds marks the item.
    pub(super) fn time(&mut self) -> Json<u64> {
        let nanos = match self.peek() {
            Some(b'{' | b'[') => {
                self.skip()?;
                None
            }
            _ => match self.scalar("a time is expected")? {
                Scalar::Null => Some(0),
                Scalar::Number(number) => integral(number).and_then(|int| u64::try_from(int).ok()),
                Scalar::Text(text) => integral(&text).and_then(|int| u64::try_from(int).ok()),
                Scalar::Bool(_) => None,
            },
        };
        self.has_bad_time |= nanos.is_none();
        Ok(nanos.unwrap_or(0))
    }

    /// A double; `None` where it is absent.
    pub(super) fn double(&mut self) -> Json<Option<f64>> {
        let Some(text) = self.number_text()? else {
            return Ok(None);
        };
        match text.parse() {
            Ok(double) => Ok(Some(double)),
            Err(_) => self.malformed(format!("`{}` is not a number", shown(&text))),
        }
    }

    /// An int64, or a double where it is none; `None` where it is absent.
    pub(super) fn int_or_double(&mut self) -> Json<Option<Number>> {
        let Some(text) = self.number_text()? else {
            return Ok(None);
        };
        if let Some(int) = integral(&text).and_then(|int| i64::try_from(int).ok()) {
            return Ok(Some(Number::Int(int)));
        }
        match text.parse() {
            Ok(double) => Ok(Some(Number::Double(double))),
            Err(_) => self.malformed(format!("`{}` is not a number", shown(&text))),
        }
    }

    /// Bytes in base64 of either alphabet, padded or not; `None` where they are absent.
    pub(super) fn base64(&mut self) -> Json<Option<Vec<u8>>> {
        let text = match self.scalar("base64 is expected")? {
            Scalar::Text(text) => text,
            Scalar::Null => return Ok(None),
            Scalar::Bool(_) | Scalar::Number(_) => return self.malformed("base64 is expected"),
        };
        let engine = if text.contains(['-', '_']) { &BASE64_URL } else { &BASE64 };
        match engine.decode(text.as_bytes()) {
            Ok(bytes) => {
                self.budget.charge_bytes(bytes.len())?;
                Ok(Some(bytes))
            }
            Err(_) => self.malformed("this is not base64"),
        }
    }

    /// An id of `len` bytes in hex of either case; empty where it is absent. Base64 of exactly that
    /// many bytes, padded, is understood too (plain protobuf JSON). Any other text is kept as its
    /// bytes, with a zero behind them where they would pass for an id.
    pub(super) fn id(&mut self, len: usize) -> Json<Vec<u8>> {
        let text = self.text()?;
        if let Some(bytes) = hex(text.as_bytes()) {
            return Ok(bytes);
        }
        if text.ends_with('=')
            && let Ok(bytes) = BASE64.decode(text.as_bytes())
            && bytes.len() == len
        {
            return Ok(bytes);
        }
        let mut bytes = text.into_bytes();
        if bytes.len() == len {
            bytes.push(0);
        }
        Ok(bytes)
    }
}

/// The beginning of a text, for messages.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|&[high, low]| Some(nibble(high)? << 4 | nibble(low)?)).collect()
}

/// The integer that a decimal text stands for, exactly: `12`, `-3`, `1.5e18`, `4.0`. `None` where
/// it is not an integer or has more than 30 digits.
fn integral(text: &str) -> Option<i128> {
    if let Ok(int) = text.parse::<i64>() {
        return (!text.starts_with('+')).then_some(i128::from(int));
    }
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    };
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let digits = [whole, fraction].concat();
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    let zeros = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    // What lies behind the point must be zeros only.
    let (digits, zeros) = if zeros < 0 {
        let kept = digits.len().checked_sub(usize::try_from(zeros.unsigned_abs()).ok()?)?;
        let (kept, dropped) = digits.split_at_checked(kept)?;
        if dropped.bytes().any(|digit| digit != b'0') {
            return None;
        }
        (kept, 0)
    } else {
        (digits, zeros.unsigned_abs())
    };
    if digits.len() + usize::try_from(zeros).ok()? > 30 {
        return None;
    }
    digits.parse::<i128>().ok().map(|int| sign * int * 10_i128.pow(zeros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_exact_however_they_are_written() {
        for (text, int) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("12", Some(12)),
            ("1.5e18", Some(1_500_000_000_000_000_000)),
            ("1700000000123456789.0", Some(1_700_000_000_123_456_789)),
            ("18446744073709551615", Some(u64::MAX.into())),
            ("120e-1", Some(12)),
            ("125e-1", None),
            ("-9223372036854775808", Some(i64::MIN.into())),
            ("1e21", Some(1_000_000_000_000_000_000_000)),
            ("1e40", None),
            ("1e-400", None),
            ("0e99999", Some(0)),
            ("0.5", None),
            ("", None),
            (".", None),
            ("+1", None),
            ("1e", None),
            ("0x10", None),
            ("NaN", None),
        ] {
            assert_eq!(integral(text), int, "{text}");
        }
    }
}
