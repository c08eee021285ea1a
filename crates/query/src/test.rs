//! The right side of a comparison, ready to be put to values.

use std::borrow::Cow;

use model::Value;

use crate::{
    Literal, Moment, Operator, Value as Meaning,
    fold::Folded,
    number::{Number, Unit},
    regex::Pattern,
};

/// What a value has to be. It says nothing of values that are absent, nor is it ever negative: what `!=` and `!~`
/// make of it stands in [`crate::Holds`].
///
/// Each kind of value has a method of its own, so that whoever has a dictionary tests its entries once.
#[derive(Debug, Clone, PartialEq)]
pub struct Test(Rule);

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    /// Anything, a value without content too: `has(…)`.
    Any,
    /// What the value shows as is this.
    Text(String),
    /// A number that stands so to this one. The text is what was written, for texts that are no numbers.
    Number(Operator, Number, Unit, String),
    Bool(bool),
    Contains(Folded),
    Matches(Pattern),
    OneOf(Vec<Rule>),
}

impl Test {
    pub(crate) fn any() -> Self {
        Self(Rule::Any)
    }

    /// Of a comparison with one literal, at this time.
    pub(crate) fn compare(operator: Operator, literal: &Literal, now_unix_nano: u64) -> Self {
        Self(Rule::of(operator, literal, now_unix_nano))
    }

    pub(crate) fn is_text(text: &str) -> Self {
        Self(Rule::Text(text.to_owned()))
    }

    pub(crate) fn one_of(literals: &[Literal], now_unix_nano: u64) -> Self {
        let one = |literal| Rule::of(Operator::Equal, literal, now_unix_nano);
        Self(Rule::OneOf(literals.iter().map(one).collect()))
    }

    pub(crate) fn contains(part: &str) -> Self {
        Self(Rule::Contains(Folded::new(part)))
    }

    /// A sentence where the text is no regular expression.
    pub(crate) fn matches(regex: &str) -> Result<Self, String> {
        Pattern::new(regex).map(|pattern| Self(Rule::Matches(pattern)))
    }

    /// The same with texts in lower case, for what is always written so.
    pub(crate) fn in_lower_case(self) -> Self {
        Self(self.0.in_lower_case())
    }

    /// The part that a text has to have to pass, in lower case, if that is what decides.
    #[must_use]
    pub fn part(&self) -> Option<&str> {
        match &self.0 {
            Rule::Contains(part) => Some(part.lower()),
            _ => None,
        }
    }

    /// The texts of which a value has to show as one to pass, if that is what decides.
    #[must_use]
    pub fn texts(&self) -> Option<Vec<&str>> {
        match &self.0 {
            Rule::Text(text) => Some(vec![text]),
            Rule::OneOf(rules) => {
                let texts =
                    rules.iter().map(|rule| if let Rule::Text(text) = rule { Some(text.as_str()) } else { None });
                texts.collect()
            }
            _ => None,
        }
    }

    /// Whether a text passes. A text that says a number passes as one.
    #[must_use]
    pub fn text(&self, text: &str) -> bool {
        self.0.passes(Plain::Text(text))
    }

    /// Whether an integer passes, as a number or as the text that it shows as.
    #[must_use]
    pub fn int(&self, int: i64) -> bool {
        self.0.passes(Plain::Number(Number::Whole(int.into())))
    }

    /// Whether an integer without a sign passes: nanoseconds, and counts.
    #[must_use]
    pub fn unsigned(&self, int: u64) -> bool {
        self.0.passes(Plain::Number(Number::Whole(int.into())))
    }

    /// Whether a double passes, as a number or as the text that it shows as: `0.5`, `3.0`, `1e20`, `NaN`.
    #[must_use]
    pub fn double(&self, double: f64) -> bool {
        self.0.passes(Plain::Number(Number::Real(double)))
    }

    /// Whether true or false passes.
    #[must_use]
    pub fn bool(&self, bool: bool) -> bool {
        self.0.passes(Plain::Bool(bool))
    }

    /// Whether bytes pass: as the text of them in lower-case hexadecimal.
    #[must_use]
    pub fn bytes(&self, bytes: &[u8]) -> bool {
        self.0.passes(Plain::Bytes(bytes))
    }

    /// Whether an attribute without a value passes, or one that lies too deep to be read.
    #[must_use]
    pub fn empty(&self) -> bool {
        self.0 == Rule::Any
    }

    /// Whether a value passes. A list does if one of its items does, a map if one of its values does.
    #[must_use]
    pub fn value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.text(text),
            Value::Bool(bool) => self.bool(*bool),
            Value::Int(int) => self.int(*int),
            Value::Double(double) => self.double(*double),
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::Array(items) => self.empty() || items.iter().any(|item| self.value(item)),
            Value::Map(entries) => self.empty() || entries.iter().any(|entry| self.value(&entry.value)),
            Value::Empty | Value::TooDeep(_) => self.empty(),
        }
    }

    /// The least and the greatest integer without a sign that pass, where a bound decides and those between pass too.
    #[must_use]
    pub fn range(&self) -> Option<(u64, u64)> {
        let Rule::Number(operator, ..) = &self.0 else { return None };
        // Those that pass, or those that do not, come first.
        let is_most = matches!(operator, Operator::Less | Operator::LessOrEqual);
        if !is_most && !self.is_least() {
            return None;
        }
        let (mut before, mut from) = (0, u64::MAX);
        if self.unsigned(before) != is_most {
            return self.unsigned(u64::MAX).then_some((0, u64::MAX));
        }
        if self.unsigned(from) == is_most {
            return is_most.then_some((0, u64::MAX));
        }
        while from - before > 1 {
            let middle = before + (from - before) / 2;
            *(if self.unsigned(middle) == is_most { &mut before } else { &mut from }) = middle;
        }
        Some(if is_most { (0, before) } else { (from, u64::MAX) })
    }

    /// Whether every number passes that is greater than one that does.
    pub(crate) fn is_least(&self) -> bool {
        matches!(self.0, Rule::Number(Operator::Greater | Operator::GreaterOrEqual, ..))
    }

    pub(crate) fn number(&self, number: Number) -> bool {
        self.0.passes(Plain::Number(number))
    }

    /// The number that a value is, for a sum or the like; in which unit texts may be, this test knows.
    pub(crate) fn number_of(&self, value: &Value) -> Option<Number> {
        let unit = if let Rule::Number(_, _, unit, _) = &self.0 { *unit } else { Unit::None };
        match value {
            Value::Int(int) => Some(Number::Whole((*int).into())),
            Value::Double(double) => Number::of_double(*double),
            Value::String(text) => Number::of_text_in(text, unit),
            _ => None,
        }
    }
}

/// A value that is not made of others.
#[derive(Clone, Copy)]
enum Plain<'a> {
    Text(&'a str),
    Number(Number),
    Bool(bool),
    Bytes(&'a [u8]),
}

impl<'a> Plain<'a> {
    /// As it stands in the panel of a span, but for bytes.
    fn shown(self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.shown()),
            Self::Bool(bool) => Cow::Borrowed(if bool { "true" } else { "false" }),
            Self::Bytes(bytes) => Cow::Owned(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }
}

impl Rule {
    fn of(operator: Operator, literal: &Literal, now_unix_nano: u64) -> Self {
        let written = &literal.written;
        let number = |number, unit| Self::Number(operator, number, unit, written.clone());
        match literal.value {
            Meaning::Text => Self::Text(written.clone()),
            Meaning::Bool(bool) => Self::Bool(bool),
            Meaning::Int(int) => number(Number::Whole(int.into()), Unit::None),
            // One that is whole but too large for 64 bits is compared digit by digit.
            Meaning::Double(double) => number(Number::of_text(written).unwrap_or(Number::Real(double)), Unit::None),
            Meaning::Duration(nanos) => number(Number::Whole(nanos.into()), Unit::Time),
            Meaning::Bytes(bytes) => number(Number::Whole(bytes.into()), Unit::Size),
            Meaning::Moment(Moment::At(at)) => number(Number::Whole(at.into()), Unit::None),
            Meaning::Moment(Moment::Ago(nanos)) => {
                number(Number::Whole(now_unix_nano.saturating_sub(nanos).into()), Unit::None)
            }
        }
    }

    fn in_lower_case(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.to_ascii_lowercase()),
            Self::OneOf(rules) => Self::OneOf(rules.into_iter().map(Self::in_lower_case).collect()),
            rule => rule,
        }
    }

    fn passes(&self, value: Plain<'_>) -> bool {
        match (self, value) {
            (Self::Any, _) => true,
            (Self::Text(text), value) => *text == value.shown(),
            (Self::Number(operator, number, ..), Plain::Number(value)) => value.is(*operator, *number),
            (Self::Number(operator, number, unit, written), Plain::Text(text)) => {
                (*operator == Operator::Equal && text == written)
                    || Number::of_text_in(text, *unit).is_some_and(|value| value.is(*operator, *number))
            }
            (Self::Number(..), Plain::Bool(_) | Plain::Bytes(_)) => false,
            (Self::Bool(wanted), Plain::Bool(bool)) => *wanted == bool,
            (Self::Bool(wanted), Plain::Text(text)) => {
                text.eq_ignore_ascii_case(if *wanted { "true" } else { "false" })
            }
            (Self::Bool(_), Plain::Number(_) | Plain::Bytes(_)) => false,
            (Self::Contains(part), value) => part.is_in(&value.shown()),
            (Self::Matches(pattern), value) => pattern.finds(&value.shown()),
            (Self::OneOf(rules), value) => rules.iter().any(|rule| rule.passes(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Comparison, Query, Term, Text, parse};

    /// Of a comparison as it is written.
    fn test(text: &str) -> Test {
        match parse(text).query.expect("a query") {
            Query::Term(Term::Compare(Comparison { with, .. })) => match with {
                Text::Is(operator, literal) => Test::compare(operator, &literal, 0),
                Text::In(literals) => Test::one_of(&literals, 0),
                Text::Contains(part, _) => Test::contains(&part),
                Text::Matches(regex, _) => Test::matches(&regex).expect("a regular expression"),
            },
            _ => panic!("no comparison: {text}"),
        }
    }

    #[test]
    fn values_pass_as_people_mean_them() {
        let (int, double, text) = (Value::Int, Value::Double, |text: &str| Value::from(text));
        let list = |items: &[Value]| Value::Array(items.to_vec());
        for (written, passing, others) in [
            ("a = 500", vec![int(500), double(500.0), text("500"), text("500.0")], vec![int(501), text("500x")]),
            ("a = \"500\"", vec![int(500), text("500")], vec![double(500.0), text("500.0")]),
            ("a = 1.10", vec![double(1.1), text("1.10"), text("1.1")], vec![int(1), text("1.100x")]),
            ("a > 8000", vec![int(8001), double(8000.5), text("9e3")], vec![int(8000), text("nine"), text("")]),
            ("a <= -1", vec![int(-1), double(f64::NEG_INFINITY)], vec![int(0), double(f64::NAN), text("-inf")]),
            ("a = 12345678901234567890", vec![text("12345678901234567890")], vec![text("12345678901234567891")]),
            ("a = 5s", vec![text("5s"), text("5000ms"), int(5_000_000_000)], vec![int(5), text("5")]),
            ("a >= 4KB", vec![text("4KiB"), int(4000), text("4000")], vec![text("3KB"), text("4s")]),
            ("a = true", vec![Value::Bool(true), text("True")], vec![Value::Bool(false), int(1), text("yes")]),
            ("a = \"true\"", vec![Value::Bool(true), text("true")], vec![text("True")]),
            ("a = 0aff", vec![Value::Bytes(vec![0x0a, 0xff]), text("0aff")], vec![text("0AFF")]),
            ("a = 10", vec![int(10)], vec![Value::Bytes(vec![0x10])]),
            ("a ~ 0", vec![int(500), text("x0"), double(1.0)], vec![int(5), Value::Empty]),
            ("a ~ /^5..$/", vec![int(500), text("5xx")], vec![int(5000)]),
            ("a in (b, 3)", vec![text("b"), double(3.0), text("3")], vec![text("c"), int(4)]),
            ("a = b", vec![list(&[text("a"), text("b")])], vec![list(&[]), Value::Empty, Value::TooDeep(vec![1])]),
            (
                "a > 1",
                vec![list(&[int(1), list(&[int(2)])]), Value::Map(vec![model::KeyValue::new("k", 2)])],
                vec![list(&[int(1)])],
            ),
        ] {
            let test = test(written);
            for value in passing {
                assert!(test.value(&value), "{written} holds of {value:?}");
            }
            for value in others {
                assert!(!test.value(&value), "{written} does not hold of {value:?}");
            }
        }
        assert!(Test::any().value(&Value::Empty) && Test::any().value(&list(&[])));
    }
}
