//! The one encoding: fields in order, whole numbers in LEB128 (signed ones folded by zigzag first, as
//! Protocol Buffers have it), texts and lists after their length, optional things after a 0 or 1.
//!
//! Reading never stops in the middle: what is missing or makes no sense is read as empty and noted,
//! and the whole is refused at the end. That spares a way out after every field, which would be half
//! of the code.

use model::{KeyValue, SeverityClass, Signal, SpanId, SpanKind, StatusCode, TraceId, Value};

/// Lists and maps are nested no deeper.
const MOST_NESTED: u32 = 128;

/// What can be encoded.
pub trait Wire: Sized {
    /// Appends its bytes.
    fn write(&self, to: &mut Vec<u8>);

    /// Reads it; whether it was there, [`Reader`] knows.
    fn read(from: &mut Reader<'_>) -> Self;
}

/// Bytes that are being read.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    is_well: bool,
    nested: u32,
}

impl<'a> Reader<'a> {
    /// Reads a value that is all that is in these bytes; `None` if it is not.
    pub(crate) fn whole<T: Wire>(bytes: &'a [u8]) -> Option<T> {
        let mut reader = Self { rest: bytes, is_well: true, nested: 0 };
        let value = T::read(&mut reader);
        (reader.is_well && reader.rest.is_empty()).then_some(value)
    }

    /// Notes whether what was read makes sense.
    pub(crate) fn expect(&mut self, makes_sense: bool) {
        if !makes_sense {
            self.is_well = false;
            self.rest = &[];
        }
    }

    /// The next byte.
    pub(crate) fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// So many bytes, or none.
    fn take(&mut self, length: usize) -> &'a [u8] {
        match self.rest.split_at_checked(length) {
            Some((taken, rest)) => {
                self.rest = rest;
                taken
            }
            None => {
                self.expect(false);
                &[]
            }
        }
    }

    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return number;
            }
        }
        self.expect(false);
        0
    }

    fn length(&mut self) -> usize {
        usize::try_from(self.number()).unwrap_or(usize::MAX)
    }
}

fn write_number(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

impl Wire for u64 {
    fn write(&self, to: &mut Vec<u8>) {
        write_number(*self, to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        from.number()
    }
}

impl Wire for i64 {
    fn write(&self, to: &mut Vec<u8>) {
        write_number(((*self << 1) ^ (*self >> 63)) as u64, to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let folded = from.number();
        (folded >> 1) as i64 ^ -((folded & 1) as i64)
    }
}

impl Wire for u32 {
    fn write(&self, to: &mut Vec<u8>) {
        write_number(u64::from(*self), to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let number = Self::try_from(from.number());
        from.expect(number.is_ok());
        number.unwrap_or_default()
    }
}

impl Wire for i32 {
    fn write(&self, to: &mut Vec<u8>) {
        i64::from(*self).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let number = Self::try_from(i64::read(from));
        from.expect(number.is_ok());
        number.unwrap_or_default()
    }
}

impl Wire for bool {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let byte = from.byte();
        from.expect(byte < 2);
        byte == 1
    }
}

impl Wire for f64 {
    fn write(&self, to: &mut Vec<u8>) {
        self.to_le_bytes().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        Self::from_le_bytes(Wire::read(from))
    }
}

impl<const N: usize> Wire for [u8; N] {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        from.take(N).try_into().unwrap_or([0; N])
    }
}

impl<T: Wire, const N: usize> Wire for [T; N] {
    fn write(&self, to: &mut Vec<u8>) {
        self.iter().for_each(|item| item.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Self {
        std::array::from_fn(|_| Wire::read(from))
    }
}

impl Wire for String {
    fn write(&self, to: &mut Vec<u8>) {
        write_number(self.len() as u64, to);
        to.extend_from_slice(self.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let length = from.length();
        let text = std::str::from_utf8(from.take(length));
        from.expect(text.is_ok());
        text.unwrap_or_default().to_owned()
    }
}

// A byte alone is nothing on the wire, so that many of them can be taken at once.
impl Wire for Vec<u8> {
    fn write(&self, to: &mut Vec<u8>) {
        write_number(self.len() as u64, to);
        to.extend_from_slice(self);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let length = from.length();
        from.take(length).to_vec()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, to: &mut Vec<u8>) {
        write_number(self.len() as u64, to);
        for item in self {
            item.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let length = from.length();
        // Every item is a byte at least: memory grows with what has come, not with what was announced.
        from.expect(length <= from.rest.len());
        let mut items = Self::new();
        for _ in 0..length {
            if !from.is_well {
                break;
            }
            items.push(T::read(from));
        }
        items
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        self.is_some().write(to);
        if let Some(value) = self {
            value.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Self {
        bool::read(from).then(|| T::read(from))
    }
}

impl<T: Wire, E: Wire> Wire for Result<T, E> {
    fn write(&self, to: &mut Vec<u8>) {
        self.is_ok().write(to);
        match self {
            Ok(value) => value.write(to),
            Err(error) => error.write(to),
        }
    }

    fn read(from: &mut Reader<'_>) -> Self {
        if bool::read(from) { Ok(T::read(from)) } else { Err(E::read(from)) }
    }
}

impl<T: Wire> Wire for Box<T> {
    fn write(&self, to: &mut Vec<u8>) {
        T::write(self, to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        Self::new(T::read(from))
    }
}

macro_rules! tuples {
    ($(($($name:ident)+))+) => {
        $(impl<$($name: Wire),+> Wire for ($($name,)+) {
            fn write(&self, to: &mut Vec<u8>) {
                #[allow(non_snake_case)]
                let ($($name,)+) = self;
                $($name.write(to);)+
            }

            fn read(from: &mut Reader<'_>) -> Self {
                ($($name::read(from),)+)
            }
        })+
    };
}

tuples!((A B)(A B C)(A B C D));

macro_rules! newtypes {
    ($($name:ident)+) => {
        $(impl Wire for $name {
            fn write(&self, to: &mut Vec<u8>) {
                self.0.write(to);
            }

            fn read(from: &mut Reader<'_>) -> Self {
                Self(Wire::read(from))
            }
        })+
    };
}

newtypes!(TraceId SpanId SpanKind StatusCode);

const SEVERITIES: [SeverityClass; 7] = [
    SeverityClass::Unspecified,
    SeverityClass::Trace,
    SeverityClass::Debug,
    SeverityClass::Info,
    SeverityClass::Warn,
    SeverityClass::Error,
    SeverityClass::Fatal,
];

impl Wire for SeverityClass {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(*self as u8);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let class = SEVERITIES.get(usize::from(from.byte()));
        from.expect(class.is_some());
        class.copied().unwrap_or(Self::Unspecified)
    }
}

impl Wire for Signal {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(*self as u8);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        let signal = Self::ALL.get(usize::from(from.byte()));
        from.expect(signal.is_some());
        signal.copied().unwrap_or(Self::Traces)
    }
}

impl Wire for KeyValue {
    fn write(&self, to: &mut Vec<u8>) {
        let Self { key, value } = self;
        key.write(to);
        value.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Self {
        Self { key: Wire::read(from), value: Wire::read(from) }
    }
}

impl Wire for Value {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Empty => to.push(0),
            Self::String(text) => {
                to.push(1);
                text.write(to);
            }
            Self::Bool(truth) => {
                to.push(2);
                truth.write(to);
            }
            Self::Int(number) => {
                to.push(3);
                number.write(to);
            }
            Self::Double(number) => {
                to.push(4);
                number.write(to);
            }
            Self::Bytes(bytes) => {
                to.push(5);
                bytes.write(to);
            }
            Self::Array(items) => {
                to.push(6);
                items.write(to);
            }
            Self::Map(entries) => {
                to.push(7);
                entries.write(to);
            }
            Self::TooDeep(bytes) => {
                to.push(8);
                bytes.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Self {
        from.nested += 1;
        from.expect(from.nested <= MOST_NESTED);
        let value = match from.byte() {
            1 => Self::String(Wire::read(from)),
            2 => Self::Bool(Wire::read(from)),
            3 => Self::Int(Wire::read(from)),
            4 => Self::Double(Wire::read(from)),
            5 => Self::Bytes(Wire::read(from)),
            6 => Self::Array(Wire::read(from)),
            7 => Self::Map(Wire::read(from)),
            8 => Self::TooDeep(Wire::read(from)),
            other => {
                from.expect(other == 0);
                Self::Empty
            }
        };
        from.nested -= 1;
        value
    }
}
