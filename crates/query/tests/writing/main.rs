//! What helps while a query is written.
#![allow(clippy::unwrap_used)]

mod completion;
mod parts;
