//! The key of clients beyond loopback.

use std::fmt;
use std::str::FromStr;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest, Sha256};

/// What comes before the digits of a hash as text.
const SCHEME: &str = "sha256:";

/// The SHA-256 of an API key, which is all that is known of it. Keys are long and random, so that one round
/// is enough.
///
/// As text: `sha256:` and 64 hex digits.
#[derive(Clone, Copy)]
pub struct KeyHash([u8; 32]);

/// A text that is no hash of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no hash of an API key: have one made with `spanscope key new` or in Settings")]
pub struct KeyHashError;

impl KeyHash {
    /// The hash of a key.
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        Self(Sha256::digest(key).into())
    }

    /// Whether the headers carry the key: `authorization: Bearer KEY`, once.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        let Some((scheme, key)) = value.as_bytes().split_at_checked("Bearer ".len()) else { return false };
        scheme.eq_ignore_ascii_case(b"Bearer ") && *self == Self::of(key.trim_ascii())
    }
}

impl PartialEq for KeyHash {
    /// Takes the same time wherever they differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
    }
}

impl Eq for KeyHash {}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for KeyHash {
    type Err = KeyHashError;

    fn from_str(text: &str) -> Result<Self, KeyHashError> {
        let digits = text.strip_prefix(SCHEME).ok_or(KeyHashError)?.as_bytes();
        let mut bytes = [0; 32];
        let (pairs, rest) = digits.as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(KeyHashError);
        }
        for (byte, pair) in bytes.iter_mut().zip(pairs) {
            let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(KeyHashError);
            let [high, low] = *pair;
            *byte = u8::try_from(digit(high)? << 4 | digit(low)?).map_err(|_| KeyHashError)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_hash_comes_back_from_its_text() {
        let hash = KeyHash::of(b"abc");
        // FIPS 180-4, the example of one block.
        let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((hash.to_string().as_str(), text.parse()), (text, Ok(hash)));
        for bad in ["", "abc", &text[7..], &text[..70], &format!("{text}0"), "sha256:zz"] {
            assert!(bad.parse::<KeyHash>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_is_carried_once_and_whole() {
        let hash = KeyHash::of(b"abc");
        for (values, is_in) in [
            (&["Bearer abc"][..], true),
            (&["bearer  abc"], true),
            (&["Bearer abcd"], false),
            (&["Bearer "], false),
            (&["Basic abc"], false),
            (&["abc"], false),
            (&["Bearer abc", "Bearer abc"], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            assert_eq!(hash.is_in(&headers), is_in, "{values:?}");
        }
    }
}
