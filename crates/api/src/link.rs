//! Links that fill the search box: `spanscope://search?q=TEXT`, the text percent-encoded as RFC 3986 has it.
//!
//! A link may come from anywhere, a web page or a mail. All that one can do is to put a text into the box, and there is
//! no other kind of link.

use std::fmt;

/// What every link begins with, in any case.
const SCHEME: &str = "spanscope:";
const SEARCH: &str = "//search";
/// Longest link that is read, bytes.
pub const MOST_BYTES: usize = 16_384;

/// Why something is no link that can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkError {
    /// It is longer than [`MOST_BYTES`].
    TooLong,
    /// It does not go on with `//search?q=`, or says more than this.
    Unknown,
    /// A percent sign at this byte is not followed by two hexadecimal digits.
    Escape(usize),
    /// What is encoded is not UTF-8.
    NotUtf8,
    /// The text has characters that cannot be typed into a field of one line.
    Control,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the link is longer than {MOST_BYTES} bytes"),
            Self::Unknown => f.write_str("the only links are spanscope://search?q=TEXT, with the text percent-encoded"),
            Self::Escape(at) => {
                write!(f, "the link has a % without two hexadecimal digits after it, at character {}", at + 1)
            }
            Self::NotUtf8 => f.write_str("what the link encodes is not UTF-8"),
            Self::Control => f.write_str("the search in the link holds a line break or another control character"),
        }
    }
}

impl std::error::Error for LinkError {}

/// The link that fills the box with a text.
#[must_use]
pub fn to_search(text: &str) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let mut link = format!("{SCHEME}{SEARCH}?q=");
    for byte in text.trim().bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            link.push(char::from(byte));
        } else {
            link.extend(['%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
    link
}

/// Whether this is meant as a link rather than, for example, the name of a file.
#[must_use]
pub fn is_link(text: &str) -> bool {
    text.get(..SCHEME.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME))
}

/// The text that a link puts into the box. A plus sign stands for a space, as in what forms of web pages send.
///
/// # Errors
/// See [`LinkError`].
pub fn search_of(link: &str) -> Result<String, LinkError> {
    if link.len() > MOST_BYTES {
        return Err(LinkError::TooLong);
    }
    let rest = if is_link(link) { &link[SCHEME.len()..] } else { return Err(LinkError::Unknown) };
    let is_search = rest.get(..SEARCH.len()).is_some_and(|search| search.eq_ignore_ascii_case(SEARCH));
    let asked = if is_search { &rest[SEARCH.len()..] } else { return Err(LinkError::Unknown) };
    // Browsers may put a slash behind what they take for a host.
    let encoded = asked.strip_prefix('/').unwrap_or(asked).strip_prefix("?q=").ok_or(LinkError::Unknown)?;
    if encoded.contains(['&', '#']) {
        return Err(LinkError::Unknown);
    }
    let first = link.len() - encoded.len();
    let text = String::from_utf8(decoded(encoded, first)?).map_err(|_| LinkError::NotUtf8)?;
    if text.contains(char::is_control) { Err(LinkError::Control) } else { Ok(text.trim().to_owned()) }
}

fn decoded(encoded: &str, first: usize) -> Result<Vec<u8>, LinkError> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = encoded.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'%' => {
                let pair = digit(bytes.get(at)).zip(digit(bytes.get(at + 1)));
                let (high, low) = pair.ok_or(LinkError::Escape(first + at - 1))?;
                decoded.push(high << 4 | low);
                at += 2;
            }
            b'+' => decoded.push(b' '),
            other => decoded.push(*other),
        }
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_nothing_that_ends_it_and_comes_back() {
        assert_eq!(to_search("name ~ \"ü&\" "), "spanscope://search?q=name%20~%20%22%C3%BC%26%22");
        for text in ["", "error", "name ~ \"ü&#?%\" and a + b > 1", "duration>=200ms", "名前 = 😀"] {
            assert_eq!(search_of(&to_search(text)).as_deref(), Ok(text));
        }
    }

    #[test]
    fn links_are_read_however_they_are_spelled() {
        for link in [
            "spanscope://search?q=a%20b",
            "SPANSCOPE://Search?q=a+b",
            "spanscope://search/?q=a%20b",
            "spanscope://search?q=%20a b ",
        ] {
            assert_eq!(search_of(link).as_deref(), Ok("a b"), "{link}");
        }
        assert!(is_link("spanscope:") && is_link("SpanScope://x") && !is_link("spanscope") && !is_link("ü"));
    }

    #[test]
    fn what_is_no_search_is_refused() {
        let long = format!("spanscope://search?q={}", "a".repeat(MOST_BYTES));
        for (link, error) in [
            ("https://example.com/", LinkError::Unknown),
            ("spanscope:", LinkError::Unknown),
            ("spanscope://delete?q=a", LinkError::Unknown),
            ("spanscope://search", LinkError::Unknown),
            ("spanscope://searching?q=a", LinkError::Unknown),
            ("spanscope://search?q=a&then=delete", LinkError::Unknown),
            ("spanscope://search?q=a#b", LinkError::Unknown),
            ("spanscope://search?q=a%2", LinkError::Escape(22)),
            ("spanscope://search?q=%zz", LinkError::Escape(21)),
            ("spanscope://search?q=%ü", LinkError::Escape(21)),
            ("spanscope://search?q=%ff", LinkError::NotUtf8),
            ("spanscope://search?q=a%0Ab", LinkError::Control),
            ("spanscope://search?q=%00", LinkError::Control),
            (&long, LinkError::TooLong),
        ] {
            assert_eq!(search_of(link), Err(error), "{link:.60}");
        }
    }
}
