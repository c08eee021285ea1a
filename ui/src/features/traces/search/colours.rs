//! A search as it is drawn: in pieces, each with its colour and whether it is wrong.

use std::ops::Range;

use api::query::{Class, classify};

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// What is written.
    pub(super) text: String,
    /// The classes of the style sheet.
    pub(super) class: &'static str,
    /// Whether a diagnostic points at it.
    pub(super) is_wrong: bool,
    /// Whether something that may be written takes its place from here on.
    pub(super) is_anchor: bool,
}

fn class_of(class: Class) -> &'static str {
    match class {
        Class::Key => "k",
        Class::Operator => "o",
        Class::Keyword => "w",
        Class::Text => "v",
        Class::Number => "n",
        Class::Regex => "r",
        Class::Wrong => "",
    }
}

/// The pieces of a text, of which some characters are wrong and one is where a completion begins. What is wrong behind
/// the end of the text, where something is missing, is drawn as a space.
pub(super) fn pieces(text: &str, wrong: Option<&Range<usize>>, anchor: usize) -> Vec<Piece> {
    let parts = classify(text);
    let wrong = wrong.map(|at| at.start..at.end.max(at.start + 1));
    let is_wrong = |at: usize| wrong.as_ref().is_some_and(|wrong| wrong.contains(&at));
    let class_at = |at: usize| {
        let part = parts.iter().find(|(range, _)| range.contains(&at));
        part.map_or("", |(_, class)| class_of(*class))
    };
    let mut pieces: Vec<Piece> = Vec::new();
    let mut length = 0;
    for (at, c) in text.chars().enumerate() {
        let (class, is_wrong, is_anchor) = (class_at(at), is_wrong(at), at == anchor);
        match pieces.last_mut() {
            Some(last) if last.class == class && last.is_wrong == is_wrong && !is_anchor => last.text.push(c),
            _ => pieces.push(Piece { text: c.to_string(), class, is_wrong, is_anchor }),
        }
        length = at + 1;
    }
    if is_wrong(length) || anchor >= length {
        let text = if is_wrong(length) { "\u{a0}" } else { "" };
        pieces.push(Piece {
            text: text.to_owned(),
            class: "",
            is_wrong: is_wrong(length),
            is_anchor: anchor >= length,
        });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, wrong: Option<Range<usize>>, anchor: usize) -> String {
        let piece = |piece: &Piece| {
            let (anchor, wrong) = (if piece.is_anchor { "^" } else { "" }, if piece.is_wrong { "!" } else { "" });
            format!("{anchor}{wrong}{}[{}]", piece.class, piece.text)
        };
        pieces(text, wrong.as_ref(), anchor).iter().map(piece).collect()
    }

    #[test]
    fn pieces_are_the_text_with_colours() {
        assert_eq!(
            drawn("duration > 200ms and ü ~ /a/", None, 99),
            "k[duration][ ]o[>][ ]n[200ms][ ]w[and][ ]k[ü][ ]o[~][ ]r[/a/]^[]"
        );
        assert_eq!(drawn("", None, 0), "^[]");
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        assert_eq!(drawn("a = b )", Some(6..7), 0), "^k[a][ ]o[=][ ]v[b][ ]![)]");
        assert_eq!(drawn("a =", Some(3..3), 99), "k[a][ ]o[=]^![\u{a0}]");
    }
}
