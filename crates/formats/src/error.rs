use model::Signal;

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

impl FormatError {
    /// A request of one signal that was sent as another.
    pub(crate) fn wrong_signal(sent_as: Signal, is: Signal) -> Self {
        let noun = |signal| match signal {
            Signal::Traces => "spans",
            Signal::Logs => "log records",
            Signal::Metrics => "metrics",
        };
        Self::WrongSignal(format!("the body holds {}, not {}: send it to {}", noun(is), noun(sent_as), is.path()))
    }
}
