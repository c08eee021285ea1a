//! The protobuf wire format (protobuf.dev, "Encoding"), read and written.

use crate::{FormatError, limits::Exceeded};

/// Why bytes are not protobuf of the shape that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireError {
    /// A field runs past the end of its message.
    Truncated,
    /// A varint of more than ten bytes or 64 bits.
    Varint,
    /// A key that is no field: number 0, a number over 2^29 - 1, or wire type 6 or 7.
    Key,
    /// A group; OTLP has never had one.
    Group,
    /// A known field of another wire type than the protocol gives it.
    WireType,
    /// More than one request may hold.
    Exceeded(Exceeded),
}

impl From<Exceeded> for WireError {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

impl From<WireError> for FormatError {
    fn from(error: WireError) -> Self {
        let malformed = |what: &str| Self::Malformed(format!("not valid protobuf: {what}"));
        match error {
            WireError::Truncated => malformed("a field runs past the end of its message"),
            WireError::Varint => malformed("a varint is longer than 64 bits"),
            WireError::Key => malformed("a field key is invalid"),
            WireError::Group => malformed("it holds a group, which OTLP does not have"),
            WireError::WireType => malformed("a field has another wire type than OTLP gives it"),
            WireError::Exceeded(exceeded) => exceeded.into(),
        }
    }
}

pub(crate) type Wire<T> = Result<T, WireError>;

/// How a field's value is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint,
    Fixed64,
    Bytes,
    Fixed32,
}

/// A field's number and layout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) field: u32,
    pub(crate) wire_type: WireType,
}

impl Key {
    #[inline]
    fn expect(self, wire_type: WireType) -> Wire<()> {
        if self.wire_type == wire_type { Ok(()) } else { Err(WireError::WireType) }
    }
}

/// What is left of one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The key of the next field; `None` at the end of the message.
    #[inline]
    pub(crate) fn key(&mut self) -> Wire<Option<Key>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let key = u32::try_from(self.raw_varint()?).map_err(|_| WireError::Key)?;
        let wire_type = match key & 7 {
            0 => WireType::Varint,
            1 => WireType::Fixed64,
            2 => WireType::Bytes,
            5 => WireType::Fixed32,
            3 | 4 => return Err(WireError::Group),
            _ => return Err(WireError::Key),
        };
        if key < 8 {
            return Err(WireError::Key);
        }
        Ok(Some(Key { field: key >> 3, wire_type }))
    }

    #[inline]
    fn raw_varint(&mut self) -> Wire<u64> {
        match *self.rest {
            [byte, ref rest @ ..] if byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(byte))
            }
            [low, high, ref rest @ ..] if high < 0x80 => {
                self.rest = rest;
                Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
            }
            _ => self.long_varint(),
        }
    }

    fn long_varint(&mut self) -> Wire<u64> {
        let mut value = 0;
        for (index, &byte) in self.rest.iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte < 0x80 {
                if index == 9 && byte > 1 {
                    return Err(WireError::Varint);
                }
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        Err(if self.rest.len() < 10 { WireError::Truncated } else { WireError::Varint })
    }

    #[inline]
    fn raw_array<const N: usize>(&mut self) -> Wire<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    #[inline]
    fn raw_bytes(&mut self) -> Wire<&'a [u8]> {
        let len = usize::try_from(self.raw_varint()?).map_err(|_| WireError::Truncated)?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A field of type string, bytes or message.
    #[inline]
    pub(crate) fn bytes(&mut self, key: Key) -> Wire<&'a [u8]> {
        key.expect(WireType::Bytes)?;
        self.raw_bytes()
    }

    /// A field of a varint type.
    #[inline]
    pub(crate) fn varint(&mut self, key: Key) -> Wire<u64> {
        key.expect(WireType::Varint)?;
        self.raw_varint()
    }

    /// A field of type uint32: the low half, as protobuf says.
    #[inline]
    pub(crate) fn uint32(&mut self, key: Key) -> Wire<u32> {
        Ok(self.varint(key)? as u32)
    }

    /// A field of type int32 or of an enumeration: the low half, as protobuf says.
    #[inline]
    pub(crate) fn int32(&mut self, key: Key) -> Wire<i32> {
        Ok(self.varint(key)? as u32 as i32)
    }

    /// A field of type sint32: zigzag.
    #[inline]
    pub(crate) fn sint32(&mut self, key: Key) -> Wire<i32> {
        let zigzag = self.varint(key)? as u32;
        Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
    }

    /// A field of type fixed64 or sfixed64.
    #[inline]
    pub(crate) fn fixed64(&mut self, key: Key) -> Wire<u64> {
        key.expect(WireType::Fixed64)?;
        self.raw_array().map(u64::from_le_bytes)
    }

    /// A field of type double.
    #[inline]
    pub(crate) fn double(&mut self, key: Key) -> Wire<f64> {
        self.fixed64(key).map(f64::from_bits)
    }

    /// A field of type fixed32.
    #[inline]
    pub(crate) fn fixed32(&mut self, key: Key) -> Wire<u32> {
        key.expect(WireType::Fixed32)?;
        self.raw_array().map(u32::from_le_bytes)
    }

    /// A field of type repeated fixed64 or double, packed or not.
    #[inline]
    pub(crate) fn repeated_fixed64(&mut self, key: Key, mut each: impl FnMut(u64)) -> Wire<()> {
        if key.wire_type == WireType::Fixed64 {
            each(self.fixed64(key)?);
            return Ok(());
        }
        let (numbers, rest) = self.bytes(key)?.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(WireError::Truncated);
        }
        numbers.iter().for_each(|number| each(u64::from_le_bytes(*number)));
        Ok(())
    }

    /// A field of type repeated uint64, packed or not.
    #[inline]
    pub(crate) fn repeated_varint(&mut self, key: Key, mut each: impl FnMut(u64)) -> Wire<()> {
        if key.wire_type == WireType::Varint {
            each(self.varint(key)?);
            return Ok(());
        }
        let mut packed = Reader::new(self.bytes(key)?);
        while !packed.rest.is_empty() {
            each(packed.raw_varint()?);
        }
        Ok(())
    }

    /// Past a field that the protocol does not have.
    pub(crate) fn skip(&mut self, key: Key) -> Wire<()> {
        match key.wire_type {
            WireType::Varint => self.raw_varint().map(drop),
            WireType::Fixed64 => self.raw_array::<8>().map(drop),
            WireType::Bytes => self.raw_bytes().map(drop),
            WireType::Fixed32 => self.raw_array::<4>().map(drop),
        }
    }
}

/// A message being written: fields in the order of their numbers, zeros left out.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    fn key(&mut self, field: u32, wire_type: WireType) {
        let wire_type = match wire_type {
            WireType::Varint => 0,
            WireType::Fixed64 => 1,
            WireType::Bytes => 2,
            WireType::Fixed32 => 5,
        };
        self.raw_varint(u64::from(field << 3 | wire_type));
    }

    /// A varint, zero too.
    pub(crate) fn varint(&mut self, field: u32, value: u64) {
        self.key(field, WireType::Varint);
        self.raw_varint(value);
    }

    /// uint32 or uint64.
    pub(crate) fn uint(&mut self, field: u32, value: impl Into<u64>) {
        let value = value.into();
        if value != 0 {
            self.varint(field, value);
        }
    }

    /// int32 or an enumeration: negative numbers take ten bytes, as protobuf says.
    pub(crate) fn int32(&mut self, field: u32, value: i32) {
        self.uint(field, i64::from(value) as u64);
    }

    /// sint32.
    pub(crate) fn sint32(&mut self, field: u32, value: i32) {
        self.uint(field, (value << 1 ^ value >> 31) as u32);
    }

    /// fixed64 or sfixed64, zero too.
    pub(crate) fn fixed64_always(&mut self, field: u32, value: u64) {
        self.key(field, WireType::Fixed64);
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// fixed64.
    pub(crate) fn fixed64(&mut self, field: u32, value: u64) {
        if value != 0 {
            self.fixed64_always(field, value);
        }
    }

    /// double; -0.0 is written.
    pub(crate) fn double(&mut self, field: u32, value: f64) {
        self.fixed64(field, value.to_bits());
    }

    /// optional double.
    pub(crate) fn optional_double(&mut self, field: u32, value: Option<f64>) {
        if let Some(value) = value {
            self.fixed64_always(field, value.to_bits());
        }
    }

    /// fixed32.
    pub(crate) fn fixed32(&mut self, field: u32, value: u32) {
        if value != 0 {
            self.key(field, WireType::Fixed32);
            self.bytes.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// string or bytes, empty too.
    pub(crate) fn bytes_always(&mut self, field: u32, value: &[u8]) {
        self.key(field, WireType::Bytes);
        self.raw_varint(value.len() as u64);
        self.bytes.extend_from_slice(value);
    }

    /// string or bytes.
    pub(crate) fn bytes(&mut self, field: u32, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        if !value.is_empty() {
            self.bytes_always(field, value);
        }
    }

    /// repeated fixed64 or double, packed.
    pub(crate) fn repeated_fixed64(&mut self, field: u32, values: impl ExactSizeIterator<Item = u64>) {
        if values.len() > 0 {
            self.message(field, |packed| {
                values.for_each(|value| packed.bytes.extend_from_slice(&value.to_le_bytes()));
            });
        }
    }

    /// repeated uint64, packed.
    pub(crate) fn repeated_varint(&mut self, field: u32, values: &[u64]) {
        if !values.is_empty() {
            self.message(field, |packed| values.iter().for_each(|&value| packed.raw_varint(value)));
        }
    }

    /// A message, empty too. Its length is written behind it and then turned to the front.
    pub(crate) fn message(&mut self, field: u32, fill: impl FnOnce(&mut Self)) {
        self.key(field, WireType::Bytes);
        let start = self.bytes.len();
        fill(self);
        let end = self.bytes.len();
        self.raw_varint((end - start) as u64);
        self.bytes[start..].rotate_left(end - start);
    }
}
