//! Texts without regard to case.

/// A text that is looked for in others without regard to case: every character in lower case (Unicode's
/// mapping of single characters, whatever stands beside them).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Folded(String);

impl Folded {
    pub(crate) fn new(text: &str) -> Self {
        Self(lower(text))
    }

    /// It, in lower case.
    pub(crate) fn lower(&self) -> &str {
        &self.0
    }

    /// Whether the text has this one in it.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        if text.is_ascii() { self.is_in_ascii(text.as_bytes()) } else { lower(text).contains(&self.0) }
    }

    /// Most texts are ASCII, and need no copy.
    fn is_in_ascii(&self, text: &[u8]) -> bool {
        let wanted = self.0.as_bytes();
        let Some((&first, rest)) = wanted.split_first() else { return true };
        text.windows(wanted.len()).any(|window| {
            window
                .split_first()
                .is_some_and(|(head, tail)| head.to_ascii_lowercase() == first && tail.eq_ignore_ascii_case(rest))
        })
    }
}

fn lower(text: &str) -> String {
    // The one letter with two lower cases.
    let one = |c: char| if c == 'ς' { 'σ' } else { c };
    text.chars().flat_map(char::to_lowercase).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter() {
        for (part, text) in [("", ""), ("get /c", "GET /cart"), ("οδος", "ΟΔΟΣ"), ("k", "\u{212a}")] {
            assert!(Folded::new(part).is_in(text), "{part} in {text}");
        }
        assert!(Folded::new("ÖL").is_in("Olivenöl"));
        assert!(!Folded::new("ab").is_in("a"));
        assert!(!Folded::new("ö").is_in("o"));
    }
}
