//! A query ready to be evaluated.

use crate::{
    Aggregate, Comparison, Condition, Count, Diagnostic, Field, Holds, Intrinsic, Measure, Operator, Query, Reach,
    Relation, Scope, Subject, Term, Test, Text,
};

/// Deeper than any text parses to.
const MOST_DEPTH: usize = 300;

/// A query with its times and regular expressions resolved, as a tree over numbered conditions.
///
/// Whoever keeps spans as columns finds for each condition the spans of which it holds, and joins them as the tree
/// says; whoever has whole traces asks [`Compiled::matching`].
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    conditions: Vec<Condition>,
    tree: Tree,
}

/// What a span has to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Every span is.
    Everything,
    /// No span is.
    Nothing,
    /// All of these.
    And(Vec<Tree>),
    /// One of these.
    Or(Vec<Tree>),
    /// Not this.
    Not(Box<Tree>),
    /// The condition with this number.
    Condition(usize),
    /// The end of a chain of spans.
    Related(Box<Related>),
    /// A number over all spans of the trace: it holds of all of them or of none.
    Aggregate(Box<Aggregated>),
}

/// A chain of spans: the first, then each in its relation to the one before it. A span is found as the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    /// The first.
    pub first: Tree,
    /// The others; at least one.
    pub then: Vec<(Relation, Tree)>,
}

/// A number over the spans of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregated {
    /// Which number.
    pub of: Counted,
    /// What it has to be.
    pub test: Test,
}

/// Which number over the spans of a trace.
#[derive(Debug, Clone, PartialEq)]
pub enum Counted {
    /// How many spans are this.
    Spans(Tree),
    /// A measure of the numbers that the subject of the condition with this number has; the condition holds where
    /// there are values.
    Numbers(Measure, usize),
}

impl Compiled {
    /// Compiles a query; times such as `-15m` are before `now_unix_nano`. It fails only on a query that did not come
    /// out of [`crate::parse`]: one with a bad regular expression or without end; the diagnostic then points nowhere.
    pub fn new(query: &Query, now_unix_nano: u64) -> Result<Self, Diagnostic> {
        let mut compiler = Compiler { now_unix_nano, conditions: Vec::new(), depth: 0 };
        let tree = compiler.tree(query).map_err(|sentence| Diagnostic { at: 0..0, sentence })?;
        Ok(Self { conditions: compiler.conditions, tree })
    }

    /// The query that finds every span.
    #[must_use]
    pub fn everything() -> Self {
        Self { conditions: Vec::new(), tree: Tree::Everything }
    }

    /// The conditions by their numbers, no two of them the same.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// What a span has to be.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Whether a span alone decides whether it is found, whatever else there is in its trace.
    #[must_use]
    pub fn is_of_span(&self) -> bool {
        self.conditions.iter().all(|condition| condition.reach() == Reach::Span) && self.tree.is_flat()
    }
}

impl Tree {
    /// Whether no span looks at another.
    pub(crate) fn is_flat(&self) -> bool {
        match self {
            Self::Everything | Self::Nothing | Self::Condition(_) => true,
            Self::And(trees) | Self::Or(trees) => trees.iter().all(Self::is_flat),
            Self::Not(tree) => tree.is_flat(),
            Self::Related(_) | Self::Aggregate(_) => false,
        }
    }
}

struct Compiler {
    now_unix_nano: u64,
    conditions: Vec<Condition>,
    depth: usize,
}

/// What is wrong is a sentence.
type Made<T> = Result<T, String>;

impl Compiler {
    fn tree(&mut self, query: &Query) -> Made<Tree> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err("this is nested too deeply".to_owned());
        }
        let tree = match query {
            Query::Everything => Tree::Everything,
            Query::And(all) => Tree::And(self.trees(all)?),
            Query::Or(any) => Tree::Or(self.trees(any)?),
            Query::Not(_) => self.not(query)?,
            Query::Related(..) => self.related(query)?,
            Query::Term(term) => self.term(term)?,
        };
        self.depth -= 1;
        Ok(tree)
    }

    fn trees(&mut self, queries: &[Query]) -> Made<Vec<Tree>> {
        queries.iter().map(|query| self.tree(query)).collect()
    }

    /// However many stand before each other, at most one remains.
    fn not(&mut self, mut query: &Query) -> Made<Tree> {
        let mut is_not = false;
        while let Query::Not(inner) = query {
            is_not = !is_not;
            query = inner;
        }
        let tree = self.tree(query)?;
        Ok(if is_not { Tree::Not(Box::new(tree)) } else { tree })
    }

    /// Chains bind to the left; here they are flat.
    fn related(&mut self, mut query: &Query) -> Made<Tree> {
        let mut links = Vec::new();
        while let Query::Related(left, relation, right) = query {
            links.push((*relation, right));
            query = left;
        }
        let first = self.tree(query)?;
        let then = links.into_iter().rev().map(|(relation, right)| Ok((relation, self.tree(right)?)));
        Ok(Tree::Related(Box::new(Related { first, then: then.collect::<Made<_>>()? })))
    }

    fn term(&mut self, term: &Term) -> Made<Tree> {
        Ok(match term {
            Term::Compare(comparison) => Tree::Condition(self.comparison(comparison)?),
            Term::Has(field) => self.has(field),
            Term::Word(word) => self.condition(Subject::Anywhere, Test::contains(word), Holds::IfSome),
            Term::Aggregate(aggregate) => Tree::Aggregate(Box::new(self.aggregate(aggregate)?)),
        })
    }

    fn comparison(&mut self, Comparison { field, with }: &Comparison) -> Made<usize> {
        let unless = |is_not: &bool| if *is_not { Holds::IfNone } else { Holds::IfSome };
        let (test, holds) = match with {
            Text::Is(Operator::NotEqual, literal) => {
                (Test::compare(Operator::Equal, literal, self.now_unix_nano), Holds::IfNone)
            }
            Text::Is(operator, literal) => (Test::compare(*operator, literal, self.now_unix_nano), Holds::IfSome),
            Text::In(literals) => (Test::one_of(literals, self.now_unix_nano), Holds::IfSome),
            Text::Contains(part, is_not) => (Test::contains(part), unless(is_not)),
            Text::Matches(regex, is_not) => (Test::matches(regex)?, unless(is_not)),
        };
        // Ids print in lower case.
        let test = if *field == Field::Intrinsic(Intrinsic::Id) { test.in_lower_case() } else { test };
        if *field == Field::Intrinsic(Intrinsic::SelfTime) && test.is_least() {
            // No span works itself for longer than it lasts: so much is needed of it.
            self.number(Condition { subject: Subject::Intrinsic(Intrinsic::Duration), test: test.clone(), holds });
        }
        Ok(self.number(Condition { subject: Subject::of(field), test, holds }))
    }

    fn has(&mut self, field: &Field) -> Tree {
        let has = self.condition(Subject::of(field), Test::any(), Holds::IfSome);
        match field {
            Field::Attribute { scope: Scope::Any, key } => {
                let event = Subject::Intrinsic(Intrinsic::EventName);
                Tree::Or(vec![has, self.condition(event, Test::is_text(key), Holds::IfSome)])
            }
            _ => has,
        }
    }

    fn aggregate(&mut self, Aggregate { of, operator, with }: &Aggregate) -> Made<Aggregated> {
        let of = match of {
            Count::Count(query) => Counted::Spans(self.tree(query)?),
            Count::Of(measure, field) => {
                let has = Condition { subject: Subject::of(field), test: Test::any(), holds: Holds::IfSome };
                Counted::Numbers(*measure, self.number(has))
            }
        };
        Ok(Aggregated { of, test: Test::compare(*operator, with, self.now_unix_nano) })
    }

    fn condition(&mut self, subject: Subject, test: Test, holds: Holds) -> Tree {
        Tree::Condition(self.number(Condition { subject, test, holds }))
    }

    /// The number of a condition, the same as before where it is the same.
    fn number(&mut self, condition: Condition) -> usize {
        self.conditions.iter().position(|known| *known == condition).unwrap_or_else(|| {
            self.conditions.push(condition);
            self.conditions.len() - 1
        })
    }
}
