//! What is printed: JSON for programs, text for people.

pub(crate) mod attributes;
pub(crate) mod completion;
pub(crate) mod json;
pub(crate) mod quantity;
pub(crate) mod status;
pub(crate) mod text;
pub(crate) mod traces;
pub(crate) mod tree;
