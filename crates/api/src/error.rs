use std::fmt;

use crate::Wire;

/// What went wrong: a code for the program, a sentence for the person.
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub struct ApiError {
    /// The code; never match on the sentence.
    pub code: ErrorCode,
    /// What happened and what to do; lower case, no full stop.
    pub sentence: String,
}

impl ApiError {
    /// An error from its parts.
    pub fn new(code: ErrorCode, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into() }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for ApiError {}

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Wire)]
pub enum ErrorCode {
    /// What was asked for is not there.
    NotFound,
    /// The input cannot be read or makes no sense.
    Malformed,
    /// The view was closed or is from another run: open the trace again.
    ViewGone,
    /// The data directory belongs to another process, or is refused.
    DataDirectory,
    /// The store cannot be read or written.
    Store,
    /// An address cannot be listened on.
    Address,
    /// Reading or writing a file failed.
    File,
    /// This can only be asked of the process that owns the data directory.
    NotOwner,
    /// The other side speaks another version.
    Version,
    /// A defect of ours.
    Internal,
}
