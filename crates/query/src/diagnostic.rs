use std::ops::Range;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The characters (Unicode scalar values) that are meant, counted from 0. Empty where something is missing.
    pub at: Range<usize>,
    /// A sentence: what is wrong and what to write instead.
    pub sentence: String,
}
