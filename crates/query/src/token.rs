//! A text as tokens.

use std::ops::Range;

use crate::Diagnostic;

/// What a text is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    /// Without quotes.
    Word(String),
    /// What stood between quotes.
    Quoted(String),
    /// What stood between slashes, behind `~` or `!~`.
    Regex(String),
    /// `= != > >= < <= ~ !~ >> <>`
    Sign(&'static str),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
}

/// A token and the characters it is written with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) token: Token,
    pub(crate) at: Range<usize>,
}

/// Longer ones before those that they begin with.
const SIGNS: [&str; 10] = ["!=", "!~", ">>", ">=", "<>", "<=", "=", ">", "<", "~"];

/// The tokens of a text, and how many characters it has.
pub(crate) fn tokens(text: &str) -> Result<(Vec<Located>, usize), Diagnostic> {
    let characters: Vec<char> = text.chars().collect();
    match tokens_until_wrong(&characters) {
        (_, Some(wrong)) => Err(wrong),
        (tokens, None) => Ok((tokens, characters.len())),
    }
}

/// The tokens up to a quote or a regular expression that does not end well, if there is one.
pub(crate) fn tokens_until_wrong(characters: &[char]) -> (Vec<Located>, Option<Diagnostic>) {
    let mut tokens = Vec::new();
    let wrong = read(characters, &mut tokens).err();
    (tokens, wrong)
}

fn read(characters: &[char], tokens: &mut Vec<Located>) -> Result<(), Diagnostic> {
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let rest = characters.get(at..).unwrap_or_default();
        let follows_match = tokens.last().is_some_and(|last| matches!(last.token, Token::Sign("~" | "!~")));
        let (token, length) = match c {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '"' | '\'' => quoted(rest, at)?,
            '/' if follows_match => regex(rest, at)?,
            _ => match sign(rest) {
                Some(sign) => (Token::Sign(sign), sign.len()),
                None => {
                    let length = word(rest);
                    (Token::Word(rest.iter().take(length).collect()), length)
                }
            },
        };
        tokens.push(Located { token, at: at..at + length });
        at += length;
    }
    Ok(())
}

fn sign(rest: &[char]) -> Option<&'static str> {
    SIGNS.into_iter().find(|sign| sign.chars().zip(rest).filter(|(a, b)| a == *b).count() == sign.len())
}

/// How long a word is: up to a space, a parenthesis, a comma, a quote or a sign. At least one character.
fn word(rest: &[char]) -> usize {
    let ends = |at: usize, c: char| {
        c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"') || sign(rest.get(at..).unwrap_or_default()).is_some()
    };
    rest.iter().enumerate().skip(1).find(|(at, c)| ends(*at, **c)).map_or(rest.len(), |(at, _)| at)
}

/// A text in quotes.
fn quoted(rest: &[char], from: usize) -> Result<(Token, usize), Diagnostic> {
    match unquoted(rest) {
        (text, Some(length)) => Ok((Token::Quoted(text), length)),
        (_, None) => {
            let quote = rest.first().copied().unwrap_or('"');
            let sentence = format!("this quote is not closed: write {quote} at the end of the text");
            Err(Diagnostic { at: from..from + 1, sentence })
        }
    }
}

/// What stands in the quotes that begin here, in which a backslash takes the next character as it is, and how long
/// that is with them; `None` where they are not closed.
pub(crate) fn unquoted(rest: &[char]) -> (String, Option<usize>) {
    let quote = rest.first().copied().unwrap_or('"');
    let mut text = String::new();
    let mut at = 1;
    while let Some(&c) = rest.get(at) {
        at += 1;
        match c {
            '\\' => {
                let Some(&next) = rest.get(at) else { break };
                at += 1;
                text.push(match next {
                    'n' => '\n',
                    't' => '\t',
                    next => next,
                });
            }
            c if c == quote => return (text, Some(at)),
            c => text.push(c),
        }
    }
    (text, None)
}

/// A regular expression between slashes, in which `\/` is a slash.
fn regex(rest: &[char], from: usize) -> Result<(Token, usize), Diagnostic> {
    let mut text = String::new();
    let mut at = 1;
    while let Some(&c) = rest.get(at) {
        at += 1;
        match (c, rest.get(at)) {
            ('\\', Some('/')) => {
                text.push('/');
                at += 1;
            }
            ('\\', Some(next)) => {
                text.extend([c, *next]);
                at += 1;
            }
            ('/', next) => {
                if next.is_some_and(|next| !next.is_whitespace() && !matches!(next, ')' | ',')) {
                    let sentence = "a regular expression ends at its second slash: to find a text with slashes in \
                                    it, write it in quotes";
                    return Err(Diagnostic { at: from..from + at + 1, sentence: sentence.to_owned() });
                }
                return Ok((Token::Regex(text), at));
            }
            _ => text.push(c),
        }
    }
    let sentence = "this regular expression is not closed: write / at its end, or the text in quotes";
    Err(Diagnostic { at: from..from + 1, sentence: sentence.to_owned() })
}
