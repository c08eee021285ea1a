use std::borrow::Cow;

/// The text on one line with characters that hide or reorder others shown as glyphs: control
/// characters (C0 as control pictures, C1 as a box), line separators, bidirectional controls.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, glyph)
}

/// [`visible`] for text of several lines: line feeds and tabs stay.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    replaced(text, |c| if matches!(c, '\n' | '\t') { None } else { glyph(c) })
}

fn replaced(text: &str, glyph: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    if text.chars().all(|c| glyph(c).is_none()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| glyph(c).unwrap_or(c)).collect())
}

fn glyph(c: char) -> Option<char> {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32),
        '\u{7f}' => Some('␡'),
        '\u{80}'..='\u{9f}' => Some('▯'),
        '\u{2028}' | '\u{2029}' => Some('↵'),
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some('⇄'),
        '\u{200b}' | '\u{2060}' | '\u{feff}' => Some('·'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_hide_are_shown() {
        assert_eq!(visible("a\0b\u{1b}[31mc\n\u{9b}d\u{202e}e\u{2028}f"), "a␀b␛[31mc␊▯d⇄e↵f");
        assert_eq!(visible_lines("a\tb\nc\rd"), "a\tb\nc␍d");
        assert!(matches!(visible("GET /über/日本"), Cow::Borrowed(_)));
    }
}
