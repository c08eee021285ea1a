use serde::{Deserialize, Serialize};

/// Why one span, log record or data point was refused for good, while its request was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RejectReason {
    /// The trace id is not 16 bytes long (an empty one included).
    TraceIdLength,
    /// The trace id is all zeros.
    TraceIdZero,
    /// The span id is not 8 bytes long (an empty one included).
    SpanIdLength,
    /// The span id is all zeros.
    SpanIdZero,
    /// A time is not a number of nanoseconds (a `{low, high}` pair, a text, a negative number).
    Time,
    /// A histogram whose bucket counts are not one more than its bounds.
    BucketCounts,
    /// A histogram whose bounds do not rise.
    BucketBounds,
    /// An exponential histogram whose scale or bucket offset lies outside what can be counted.
    BucketScale,
}

impl RejectReason {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::TraceIdLength,
        Self::TraceIdZero,
        Self::SpanIdLength,
        Self::SpanIdZero,
        Self::Time,
        Self::BucketCounts,
        Self::BucketBounds,
        Self::BucketScale,
    ];

    /// The name in the ledger and in `status --json`: stable.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TraceIdLength => "trace_id_length",
            Self::TraceIdZero => "trace_id_zero",
            Self::SpanIdLength => "span_id_length",
            Self::SpanIdZero => "span_id_zero",
            Self::Time => "time",
            Self::BucketCounts => "bucket_counts",
            Self::BucketBounds => "bucket_bounds",
            Self::BucketScale => "bucket_scale",
        }
    }

    /// What is wrong, for people and for `partial_success.error_message`.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::TraceIdLength => "trace id is not 16 bytes long",
            Self::TraceIdZero => "trace id is all zeros",
            Self::SpanIdLength => "span id is not 8 bytes long",
            Self::SpanIdZero => "span id is all zeros",
            Self::Time => "a time is not a number of nanoseconds",
            Self::BucketCounts => "histogram bucket counts are not one more than its bounds",
            Self::BucketBounds => "histogram bounds do not rise",
            Self::BucketScale => "exponential histogram scale or offset is out of range",
        }
    }
}
