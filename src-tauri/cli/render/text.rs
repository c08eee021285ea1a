//! Text from outside on a terminal: escaped, and cut where it would drown the line.

use std::fmt::Write;

/// The text on one line: control and bidirectional characters are escaped as in Rust, and what is
/// longer than `most` characters ends in `…`.
pub(crate) fn line(text: &str, most: usize) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == most {
            out.push('…');
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if is_hazardous(c) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

/// Whether a terminal would obey the character instead of showing it: C0 and C1 controls, and what
/// reorders or breaks lines (Unicode UAX #9, explicit directional formatting; U+2028, U+2029).
fn is_hazardous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Colours of the terminal, or none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    /// Whether to colour at all.
    pub(crate) is_on: bool,
}

impl Paint {
    /// As a failure.
    pub(crate) fn error(self, text: &str) -> String {
        self.with("31", text)
    }

    /// As something secondary.
    pub(crate) fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.is_on && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The text with spaces before it up to this many characters.
pub(crate) fn right(text: &str, width: usize) -> String {
    format!("{text:>width$}")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn nothing_from_outside_reaches_the_terminal_as_a_command() {
        let texts = [
            "GET /cart",
            "a\nb\tc\r",
            "\u{1b}[31mred\u{9b}2J\0",
            "ab\u{202e}txt.exe\u{2066}",
            "naïve 注文",
            "12345678901",
        ];
        expect![[r#"
            GET /cart
            a\nb\tc\r
            \u{1b}[31mred\u{9b}2J\u{0}
            ab\u{202e}txt.exe\u{2066}
            naïve 注文
            1234567890…"#]]
        .assert_eq(&texts.map(|text| line(text, 10 + usize::from(!text.starts_with('1')) * 90)).join("\n"));
    }
}
