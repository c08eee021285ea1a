/// Why a segment cannot be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// A request that was taken once does not read any more.
    #[error("a stored request does not read: {0}")]
    Request(#[from] formats::FormatError),
    /// The bytes of a segment contradict themselves.
    #[error("a segment is damaged: {0}")]
    Damaged(&'static str),
}
