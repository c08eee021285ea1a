//! The search language: what a person types, as a tree, and where it is wrong; and what is found by it.
//!
//! Entry points: [`parse`], which gives a [`Query`] or diagnostics with the positions of characters; a query writes
//! itself as text again that parses to the same. The grammar stands in `docs/search.md` and is a promise: what parses
//! today parses for ever. [`complete`] says what may be written next, [`classify`] how a text is coloured. [`Compiled`] is a query ready to be evaluated, over a [`TraceView`] or over whatever columns
//! somebody keeps.
//!
//! Deliberately absent: what is stored (`store` reads it, and picks the traces that are worth reading), and any clock:
//! times are kept as they were written until somebody says when now is.

mod aliases;
mod check;
mod classify;
mod compile;
mod complete;
mod condition;
mod context;
mod decoded;
mod diagnostic;
mod evaluate;
mod field;
mod fold;
mod forest;
mod literal;
mod needs;
mod number;
mod parse;
mod print;
mod regex;
mod shown;
mod test;
mod time;
mod token;
mod tree;
mod view;
mod written;

pub use aliases::{ALIASES, names_of};
pub use classify::classify;
pub use compile::{Aggregated, Compiled, Counted, Related, Tree};
pub use complete::{Completion, Offer, Stored, complete};
pub use condition::{Condition, Holds, Reach, Subject};
pub use context::Class;
pub use decoded::{DecodedSpan, DecodedTrace};
pub use diagnostic::Diagnostic;
pub use field::{Field, Intrinsic, Scope};
pub use literal::{Literal, Moment, Value};
pub use parse::{Parsed, parse};
pub use shown::shown;
pub use test::Test;
pub use tree::{Aggregate, Comparison, Count, Measure, Operator, Query, Relation, Term, Text};
pub use view::{Owner, SpanView, TraceView};
pub use written::written;
