//! The search language: what a person types, as a tree, and where it is wrong.
//!
//! Entry point: [`parse`], which gives a [`Query`] or diagnostics with the positions of characters; a query writes
//! itself as text again that parses to the same. The grammar stands in `docs/search.md` and is a promise: what parses
//! today parses for ever.
//!
//! Deliberately absent: what is stored (`store` evaluates), and any clock: times are kept as they were written.

mod check;
mod diagnostic;
mod field;
mod literal;
mod parse;
mod print;
mod regex;
mod time;
mod token;
mod tree;

pub use diagnostic::Diagnostic;
pub use field::{Field, Intrinsic, Scope};
pub use literal::{Literal, Moment, Value};
pub use parse::{Parsed, parse};
pub use tree::{Aggregate, Comparison, Count, Measure, Operator, Query, Relation, Term, Text};
