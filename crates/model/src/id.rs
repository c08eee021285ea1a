//! Trace and span ids: bytes, printed as lower-case hex.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A text that is not an id: wrong length or not hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseIdError {
    /// How many hex digits the id has.
    pub digits: usize,
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an id of this kind has {} hex digits", self.digits)
    }
}

impl std::error::Error for ParseIdError {}

fn parse<const N: usize>(text: &str) -> Result<[u8; N], ParseIdError> {
    let err = ParseIdError { digits: 2 * N };
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return Err(err);
    }
    let nibble = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok()).ok_or(err);
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Ok(bytes)
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The id of all zeros, which OTLP calls invalid.
            pub const ZERO: Self = Self([0; $len]);

            /// The id in these bytes; `None` unless they are exactly as many as it has.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Whether all bytes are zero.
            #[must_use]
            pub fn is_zero(self) -> bool {
                self == Self::ZERO
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            /// Hex in either case.
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse(text).map(Self)
            }
        }
    };
}

id!(
    /// A trace id: 16 bytes (OTLP `Span.trace_id`).
    TraceId,
    16
);
id!(
    /// A span id: 8 bytes (OTLP `Span.span_id`).
    SpanId,
    8
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_either_case_and_print_lower() {
        let id: SpanId = "00F067aa0ba902B7".parse().expect("sixteen hex digits");
        assert_eq!(id.to_string(), "00f067aa0ba902b7");
        for bad in ["", "00f067aa0ba902b", "00f067aa0ba902b77", "0xf067aa0ba902b7", "é0f067aa0ba902b"] {
            assert_eq!(bad.parse::<SpanId>(), Err(ParseIdError { digits: 16 }), "{bad}");
        }
    }
}
