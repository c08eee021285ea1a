//! How much one request may hold.

/// Bounds of one request. What lies beyond them is refused with
/// [`FormatError::TooLarge`](crate::FormatError::TooLarge), except for depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkLimits {
    /// Spans, log records or data points.
    pub max_items: u64,
    /// Estimated heap of the request once decoded, bytes.
    pub max_heap_bytes: u64,
    /// Levels of `AnyValue` within each other that are looked into; what lies deeper is kept as
    /// bytes ([`model::Value::TooDeep`]).
    pub max_depth: u32,
}

impl Default for WalkLimits {
    /// 200,000 items, 192 MiB, 24 levels.
    fn default() -> Self {
        Self { max_items: 200_000, max_heap_bytes: 192 << 20, max_depth: 24 }
    }
}
