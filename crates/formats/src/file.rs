//! Files that hold requests.

use model::Signal;

use crate::{Encoding, FormatError};

/// One request out of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRequest {
    /// What it carries.
    pub signal: Signal,
    /// How it is encoded.
    pub encoding: Encoding,
    /// The request, not compressed.
    pub body: Vec<u8>,
    /// What to tell the user about it, for example that the file breaks off after it.
    pub note: Option<String>,
}

/// The requests in a file.
pub fn requests_in_file(_name: &str, _bytes: &[u8]) -> Result<Vec<FileRequest>, FormatError> {
    Ok(Vec::new())
}
