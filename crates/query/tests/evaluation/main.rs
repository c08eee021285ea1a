//! What queries find.
#![allow(clippy::unwrap_used)]

mod finding;
mod laws;
mod needs;
mod traces;
