//! JSON (RFC 8259) as a stream of tokens over a body: nothing is built that the caller does not ask for.

use std::borrow::Cow;

use model::{RejectReason, Signal};

use crate::{
    FormatError,
    limits::{Budget, Exceeded},
};

/// Objects and arrays within each other that are followed: enough for 94 levels of `AnyValue`, as
/// deep as they are written.
const MAX_NESTING: u32 = 400;

/// Why a text is not the JSON that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// The text ends before the value does.
    Unfinished,
    /// What is wrong, and at which byte.
    Malformed { at: usize, what: Cow<'static, str> },
    /// A request of this signal, which was not asked for.
    Signal(Signal),
    /// More than one request may hold.
    Exceeded(Exceeded),
}

impl From<Exceeded> for JsonError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

impl JsonError {
    /// What to tell a sender who took this for a request of `signal`.
    pub(crate) fn of_request(self, signal: Signal) -> FormatError {
        match self {
            Self::Unfinished => FormatError::Malformed("not valid JSON: the text ends within a value".to_owned()),
            Self::Malformed { at, what } => FormatError::Malformed(format!("not valid OTLP/JSON at byte {at}: {what}")),
            Self::Signal(is) => FormatError::wrong_signal(signal, is),
            Self::Exceeded(exceeded) => exceeded.into(),
        }
    }
}

pub(crate) type Json<T> = Result<T, JsonError>;

/// A value that is neither object nor array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    /// As it stands there.
    Number(&'a str),
    Text(Cow<'a, str>),
}

/// A place in a JSON text, with what has been found on the way there.
#[derive(Debug)]
pub(crate) struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    nesting: u32,
    pub(super) budget: Budget,
    pub(super) rejected: Vec<(u32, RejectReason)>,
    /// Set by a time that is none; the item around it is refused.
    pub(super) has_bad_time: bool,
    pub(super) repaired_texts: u64,
    pub(super) unknown_fields: u64,
}

impl<'a> Parser<'a> {
    /// At the beginning of a text, behind a byte order mark.
    pub(crate) fn new(text: &'a [u8], budget: Budget) -> Self {
        let at = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        Self {
            text,
            at,
            nesting: 0,
            budget,
            rejected: Vec::new(),
            has_bad_time: false,
            repaired_texts: 0,
            unknown_fields: 0,
        }
    }

    pub(crate) fn malformed<T>(&self, what: impl Into<Cow<'static, str>>) -> Json<T> {
        Err(JsonError::Malformed { at: self.at, what: what.into() })
    }

    /// Byte offset.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The bytes from an offset to here.
    pub(crate) fn since(&self, start: usize) -> &'a [u8] {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The next byte that is not white space, which stays; `None` at the end.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.text.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    #[inline]
    fn take(&mut self, expected: u8, what: &'static str) -> Json<()> {
        match self.peek() {
            Some(byte) if byte == expected => {
                self.at += 1;
                Ok(())
            }
            Some(_) => self.malformed(what),
            None => Err(JsonError::Unfinished),
        }
    }

    /// Whether the next value is `null`, which is then passed.
    #[inline]
    pub(super) fn take_null(&mut self) -> Json<bool> {
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.word(b"null")?;
        Ok(true)
    }

    fn word(&mut self, word: &'static [u8]) -> Json<()> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.starts_with(word) {
            self.at += word.len();
            Ok(())
        } else if word.starts_with(rest) {
            Err(JsonError::Unfinished)
        } else {
            self.malformed("no JSON value begins like this")
        }
    }

    /// An object: `field` is called at each value, with its key in lowerCamelCase, and has to pass
    /// the value. `false` where there was `null`.
    pub(crate) fn object(&mut self, mut field: impl FnMut(&mut Self, &str) -> Json<()>) -> Json<bool> {
        if self.take_null()? {
            return Ok(false);
        }
        self.take(b'{', "an object is expected")?;
        self.enter()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            loop {
                if self.peek().is_some_and(|byte| byte != b'"') {
                    return self.malformed("a key is expected");
                }
                let key = camel_case(self.string()?);
                self.take(b':', "a colon is expected")?;
                field(self, &key)?;
                if !self.next_or_end(b'}', "a comma or the end of the object is expected")? {
                    break;
                }
            }
        }
        self.nesting -= 1;
        Ok(true)
    }

    /// An array: `item` is called at each value and has to pass it. `false` where there was `null`.
    pub(crate) fn array(&mut self, mut item: impl FnMut(&mut Self) -> Json<()>) -> Json<bool> {
        if self.take_null()? {
            return Ok(false);
        }
        self.take(b'[', "an array is expected")?;
        self.enter()?;
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                item(self)?;
                if !self.next_or_end(b']', "a comma or the end of the array is expected")? {
                    break;
                }
            }
        }
        self.nesting -= 1;
        Ok(true)
    }

    fn enter(&mut self) -> Json<()> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING { self.malformed("values are nested too deep") } else { Ok(()) }
    }

    /// Whether a comma comes next, not the end.
    #[inline]
    fn next_or_end(&mut self, end: u8, what: &'static str) -> Json<bool> {
        let byte = self.peek().ok_or(JsonError::Unfinished)?;
        if byte != b',' && byte != end {
            return self.malformed(what);
        }
        self.at += 1;
        Ok(byte == b',')
    }

    /// Passes any value.
    pub(crate) fn skip(&mut self) -> Json<()> {
        match self.peek() {
            Some(b'{') => self.object(|p, _| p.skip()).map(drop),
            Some(b'[') => self.array(Self::skip).map(drop),
            _ => self.scalar("a value is expected").map(drop),
        }
    }

    /// Passes a field that the protocol does not have.
    pub(super) fn unknown(&mut self) -> Json<()> {
        self.unknown_fields += 1;
        self.skip()
    }

    /// A value that is neither object nor array; `what` says so if it is one.
    pub(crate) fn scalar(&mut self, what: &'static str) -> Json<Scalar<'a>> {
        match self.peek().ok_or(JsonError::Unfinished)? {
            b'"' => self.string().map(Scalar::Text),
            b'n' => self.word(b"null").map(|()| Scalar::Null),
            b't' => self.word(b"true").map(|()| Scalar::Bool(true)),
            b'f' => self.word(b"false").map(|()| Scalar::Bool(false)),
            b'-' | b'0'..=b'9' => self.number().map(Scalar::Number),
            _ => self.malformed(what),
        }
    }

    fn digits(&mut self) -> Json<()> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        match self.text.get(self.at) {
            _ if self.at > start => Ok(()),
            Some(_) => self.malformed("a digit is expected"),
            None => Err(JsonError::Unfinished),
        }
    }

    fn number(&mut self) -> Json<&'a str> {
        let start = self.at;
        if self.text.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        if self.text.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.text.get(self.at).is_some_and(u8::is_ascii_alphanumeric) {
            return self.malformed("this is not a number");
        }
        Ok(std::str::from_utf8(self.since(start)).unwrap_or_default())
    }

    /// A string, the cursor at its first quote. Invalid UTF-8 and lone surrogates are repaired and counted.
    fn string(&mut self) -> Json<Cow<'a, str>> {
        self.take(b'"', "a string is expected")?;
        let start = self.at;
        self.plain_text()?;
        if self.text.get(self.at) == Some(&b'"') {
            let bytes = self.since(start);
            self.at += 1;
            return Ok(self.repaired(bytes));
        }
        let mut text = self.repaired(self.since(start)).into_owned();
        let mut is_repaired = false;
        loop {
            match self.text.get(self.at) {
                None => return Err(JsonError::Unfinished),
                Some(b'"') => {
                    self.at += 1;
                    self.repaired_texts += u64::from(is_repaired);
                    return Ok(text.into());
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape(&mut is_repaired)?);
                }
                Some(_) => {
                    let start = self.at;
                    self.plain_text()?;
                    text.push_str(&self.repaired(self.since(start)));
                }
            }
        }
    }

    /// Up to the next quote, backslash, or the end.
    #[inline]
    fn plain_text(&mut self) -> Json<()> {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'"' | b'\\' => break,
                0..0x20 => return self.malformed("a control character stands in a string"),
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    fn repaired(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        let text = String::from_utf8_lossy(bytes);
        self.repaired_texts += u64::from(matches!(text, Cow::Owned(_)));
        text
    }

    /// What an escape stands for, the cursor behind its backslash.
    fn escape(&mut self, is_repaired: &mut bool) -> Json<char> {
        let byte = *self.text.get(self.at).ok_or(JsonError::Unfinished)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex4()?;
                let mut unit = u32::from(first);
                if (0xd800..0xdc00).contains(&first) && self.text.get(self.at..).unwrap_or_default().starts_with(b"\\u")
                {
                    let behind_first = self.at;
                    self.at += 2;
                    let second = self.hex4()?;
                    if (0xdc00..0xe000).contains(&second) {
                        unit = 0x10000 + ((u32::from(first) - 0xd800) << 10) + (u32::from(second) - 0xdc00);
                    } else {
                        self.at = behind_first;
                    }
                }
                char::from_u32(unit).unwrap_or_else(|| {
                    *is_repaired = true;
                    char::REPLACEMENT_CHARACTER
                })
            }
            _ => return self.malformed("this escape is unknown"),
        })
    }

    fn hex4(&mut self) -> Json<u16> {
        let digits = self.text.get(self.at..self.at + 4).ok_or(JsonError::Unfinished)?;
        let mut unit = 0;
        for &digit in digits {
            match char::from(digit).to_digit(16) {
                Some(value) => unit = unit << 4 | value as u16,
                None => return self.malformed("four hex digits are expected"),
            }
        }
        self.at += 4;
        Ok(unit)
    }
}

/// A snake_case key in lowerCamelCase.
fn camel_case(key: Cow<'_, str>) -> Cow<'_, str> {
    if !key.as_bytes().contains(&b'_') {
        return key;
    }
    let mut camel = String::with_capacity(key.len());
    let mut parts = key.split('_');
    camel.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let mut chars = part.chars();
        camel.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(chars.as_str());
    }
    camel.into()
}
