/// Why a request cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The bytes are not what they are said to be.
    #[error("{0}")]
    Malformed(String),
    /// The request is of another signal than the path it was sent to.
    #[error("{0}")]
    WrongSignal(String),
    /// More than is taken in one request: bytes after decompression, spans, or memory.
    #[error("{0}")]
    TooLarge(String),
}
