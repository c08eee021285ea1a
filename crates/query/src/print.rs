//! A tree as text, which parses to the same tree.

use std::fmt::{self, Display, Formatter};

use crate::{
    Aggregate, Comparison, Count, Field, Intrinsic, Literal, Moment, Query, Relation, Scope, Term, Text, Value,
    parse::is_reserved,
    time,
    token::{Token, tokens},
};

/// How tightly something binds: what is looser stands in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binds {
    Or,
    And,
    Not,
    Structure,
    Condition,
}

fn binds(query: &Query) -> Binds {
    match query {
        Query::Or(_) => Binds::Or,
        Query::And(_) => Binds::And,
        Query::Not(_) => Binds::Not,
        Query::Related(..) => Binds::Structure,
        Query::Everything | Query::Term(_) => Binds::Condition,
    }
}

/// A part that has to bind at least so tightly.
struct Within<'a>(&'a Query, Binds);

impl Display for Within<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if binds(self.0) < self.1 { write!(out, "({})", self.0) } else { self.0.fmt(out) }
    }
}

impl Display for Query {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let joined = |queries: &[Self], between: &str, least: Binds| {
            queries.iter().map(|query| Within(query, least).to_string()).collect::<Vec<_>>().join(between)
        };
        match self {
            Self::Everything => Ok(()),
            // What is joined in the same way keeps its parentheses: they are part of the tree.
            Self::Or(any) => out.write_str(&joined(any, " or ", Binds::And)),
            Self::And(all) => out.write_str(&joined(all, " and ", Binds::Not)),
            Self::Not(query) => write!(out, "not {}", Within(query, Binds::Not)),
            Self::Related(left, relation, right) => {
                let sign = match relation {
                    Relation::Descendant => ">>",
                    Relation::Child => ">",
                    Relation::Sibling => "<>",
                };
                write!(out, "{} {sign} {}", Within(left, Binds::Structure), Within(right, Binds::Condition))
            }
            Self::Term(term) => term.fmt(out),
        }
    }
}

impl Display for Term {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare(comparison) => comparison.fmt(out),
            Self::Has(field) => write!(out, "has({field})"),
            Self::Word(word) if word == Intrinsic::Error.name() => write!(out, "{}", quoted(word)),
            Self::Word(word) => out.write_str(&text(word)),
            Self::Aggregate(Aggregate { of, operator, with }) => {
                let sign = operator.text();
                match of {
                    Count::Count(query) => write!(out, "count({query}) {sign} {with}"),
                    Count::Of(measure, field) => write!(out, "{}({field}) {sign} {with}", measure.name()),
                }
            }
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if *self == Self::error() {
            return out.write_str(Intrinsic::Error.name());
        }
        write!(out, "{} ", self.field)?;
        let sign = |is_not: &bool| if *is_not { "!~" } else { "~" };
        match &self.with {
            Text::Is(operator, literal) => write!(out, "{} {literal}", operator.text()),
            // Behind `~` a slash would begin a regular expression.
            Text::Contains(part, is_not) if part.starts_with('/') => write!(out, "{} {}", sign(is_not), quoted(part)),
            Text::Contains(part, is_not) => write!(out, "{} {}", sign(is_not), text(part)),
            Text::Matches(regex, is_not) => write!(out, "{} /{}/", sign(is_not), escaped(regex)),
            Text::In(literals) => {
                let literals: Vec<String> = literals.iter().map(Literal::to_string).collect();
                write!(out, "in ({})", literals.join(", "))
            }
        }
    }
}

impl Display for Field {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Intrinsic(intrinsic) => out.write_str(intrinsic.name()),
            Self::Attribute { scope, key } => {
                let written = format!("{}{key}", scope.prefix());
                let is_word = is_one_word(&written) && Self::of_word(&written) == *self;
                match (is_word, scope) {
                    (true, _) => out.write_str(&written),
                    (false, Scope::Any) => out.write_str(&quoted(key)),
                    (false, scope) => write!(out, "{}{}", scope.prefix(), quoted(key)),
                }
            }
        }
    }
}

impl Display for Literal {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.value {
            // What would be read as a number is quoted, though it is a text.
            Value::Text if Self::of_word(&self.written).value == Value::Text => out.write_str(&text(&self.written)),
            Value::Text => out.write_str(&quoted(&self.written)),
            Value::Moment(Moment::At(at)) if Self::of_word(&self.written).value != self.value => {
                out.write_str(&time::print(at))
            }
            _ => out.write_str(&self.written),
        }
    }
}

/// A text as a word, or in quotes where it is none.
fn text(text: &str) -> String {
    if is_one_word(text) { text.to_owned() } else { quoted(text) }
}

fn is_one_word(text: &str) -> bool {
    let is_word = matches!(tokens(text), Ok((tokens, _)) if matches!(tokens.as_slice(), [one] if one.token == Token::Word(text.to_owned())));
    is_word && !is_reserved(text) && !text.ends_with('.')
}

pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

/// A regular expression in which no slash ends it.
fn escaped(regex: &str) -> String {
    let mut escaped = String::new();
    let mut characters = regex.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                escaped.push(c);
                escaped.extend(characters.next());
            }
            '/' => escaped.push_str("\\/"),
            c => escaped.push(c),
        }
    }
    escaped
}
