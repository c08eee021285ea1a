//! Regular expressions: those of `regex-lite`, which carries no tables of Unicode. The UI's WASM would have to carry
//! them too.

use regex_lite::Regex;

/// A regular expression that is one.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    written: String,
    regex: Regex,
}

impl Pattern {
    /// A sentence where it is none.
    pub(crate) fn new(written: &str) -> Result<Self, String> {
        let regex = Regex::new(written).map_err(|wrong| format!("this is no regular expression: {wrong}"))?;
        Ok(Self { written: written.to_owned(), regex })
    }

    pub(crate) fn finds(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}
