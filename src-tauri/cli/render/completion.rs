//! What may be written in a search, one line each.

use api::{Completion, CompletionKind};

use super::{
    quantity::group,
    text::{line, right},
};

/// Longest text in a line, characters.
const MOST_CHARS: usize = 200;

/// What it is, in a word or two. In JSON too, with `_` between them: never renamed.
pub(crate) fn kind(kind: CompletionKind) -> &'static str {
    match kind {
        CompletionKind::TextKey => "text key",
        CompletionKind::NumberKey => "number key",
        CompletionKind::BoolKey => "bool key",
        CompletionKind::Operator => "operator",
        CompletionKind::Value => "value",
        CompletionKind::Keyword => "keyword",
        CompletionKind::Condition => "condition",
    }
}

/// The text, what it is, how many spans have it, and what there is to say about it.
pub(crate) fn line_of(Completion { text, kind: of, detail, spans }: &Completion) -> String {
    let spans = right(&spans.map(group).unwrap_or_default(), 9);
    format!("{:<40}  {:<10}  {spans}  {}", line(text, MOST_CHARS), kind(*of), line(detail, MOST_CHARS))
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_columns_line_up() {
        let item = |text: &str, kind, detail: &str, spans| {
            line_of(&Completion { text: text.to_owned(), kind, detail: detail.to_owned(), spans })
        };
        let lines = [
            item("http.request.method", CompletionKind::TextKey, "5 values: POST, GET, …", Some(41_000)),
            item("not", CompletionKind::Keyword, "", None),
            item("\"two\nlines\"", CompletionKind::Value, "", Some(7)),
        ];
        expect![[r#"
            http.request.method                       text key       41 000  5 values: POST, GET, …
            not                                       keyword
            "two\nlines"                              value               7"#]]
        .assert_eq(&lines.join("\n"));
    }
}
