//! Places in a text: the page counts UTF-16 units, the search language characters.

/// The character at a place that is counted in UTF-16 units.
pub(crate) fn characters(text: &str, units: usize) -> usize {
    let mut passed = 0;
    text.chars()
        .take_while(|c| {
            passed += c.len_utf16();
            passed <= units
        })
        .count()
}

/// UTF-16 units before a character.
pub(crate) fn units(text: &str, characters: usize) -> usize {
    text.chars().take(characters).map(char::len_utf16).sum()
}

/// The text between two characters.
pub(crate) fn between(text: &str, from: usize, to: usize) -> &str {
    text.get(byte(text, from)..byte(text, to)).unwrap_or_default()
}

/// The text with what stands between two characters replaced.
pub(crate) fn replaced(text: &str, from: usize, to: usize, by: &str) -> String {
    let (before, after) = (between(text, 0, from), text.get(byte(text, to.max(from))..).unwrap_or_default());
    format!("{before}{by}{after}")
}

fn byte(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_both_ways() {
        let text = "a😀ü = 1";
        assert_eq!([0, 1, 3, 4, 99].map(|at| characters(text, at)), [0, 1, 2, 3, 7]);
        assert_eq!([0, 1, 2, 3, 7, 99].map(|at| units(text, at)), [0, 1, 3, 4, 8, 8]);
        // Within a character: before it.
        assert_eq!(characters(text, 2), 1);
        assert_eq!((between(text, 1, 3), between(text, 5, 99), between(text, 9, 3)), ("😀ü", " 1", ""));
    }

    #[test]
    fn what_is_between_is_replaced() {
        assert_eq!(replaced("ü and http.re", 6, 13, "http.route"), "ü and http.route");
        assert_eq!(replaced("a", 5, 9, "b"), "ab");
    }
}
