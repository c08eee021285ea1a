//! A query as a tree.

use crate::{Field, Intrinsic, Literal, Value};

/// What a span has to be. A trace is found if one of its spans is all of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// Every span is.
    Everything,
    /// All of these, of which there are at least two.
    And(Vec<Query>),
    /// One of these, of which there are at least two.
    Or(Vec<Query>),
    /// Not this.
    Not(Box<Query>),
    /// The right side, with a span of the left side in this relation to it.
    Related(Box<Query>, Relation, Box<Query>),
    /// One condition.
    Term(Term),
}

/// How two spans of a trace stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `a >> b`: b is a descendant of a.
    Descendant,
    /// `a > b`: b is a child of a.
    Child,
    /// `a <> b`: both have the same parent, and are not the same span.
    Sibling,
}

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Term {
    /// `key = value`.
    Compare(Comparison),
    /// `has(key)`: there is such an attribute; `has(exception)`: the span has an event of that name.
    Has(Field),
    /// A word or a quoted text alone: a part of the name, or of the value of an attribute, without regard to case.
    Word(String),
    /// `count(…) > 3` and its like: of the spans of the trace.
    Aggregate(Aggregate),
}

/// A comparison of what a field has.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Of what.
    pub field: Field,
    /// With what.
    pub with: Text,
}

impl Comparison {
    /// What `error` alone means.
    pub(crate) fn error() -> Self {
        let with = Text::Is(Operator::Equal, Literal { written: "true".to_owned(), value: Value::Bool(true) });
        Self { field: Field::Intrinsic(Intrinsic::Error), with }
    }
}

/// An operator with what stands on its right.
#[derive(Debug, Clone, PartialEq)]
pub enum Text {
    /// `= != > >= < <=`.
    Is(Operator, Literal),
    /// `~`: a part of the text, without regard to case. `true`: `!~`.
    Contains(String, bool),
    /// `~ /…/`: a regular expression finds something in the text. `true`: `!~`.
    Matches(String, bool),
    /// `in (…)`: equal to one of these, of which there is at least one.
    In(Vec<Literal>),
}

/// An operator that compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl Operator {
    /// As it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }
}

/// A number over the spans of a trace, compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// Which number.
    pub of: Count,
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub with: Literal,
}

/// A number over the spans of a trace.
#[derive(Debug, Clone, PartialEq)]
pub enum Count {
    /// How many spans are this.
    Count(Box<Query>),
    /// A measure of the numbers that spans have in a field.
    Of(Measure, Field),
}

/// What is made of many numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Measure {
    /// The sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The mean.
    Avg,
}

impl Measure {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Sum, Self::Min, Self::Max, Self::Avg];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Min => "min",
            Self::Max => "max",
            Self::Avg => "avg",
        }
    }
}
