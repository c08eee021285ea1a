//! Which items are refused, whatever their encoding.

use std::ops::RangeInclusive;

use model::RejectReason;

/// Scales that SDKs may use (OpenTelemetry specification, "Base2 Exponential Bucket Histogram
/// Aggregation": 20 at most; -10 puts all doubles into two buckets).
const SCALES: RangeInclusive<i32> = -10..=20;

/// A span with these ids.
#[inline]
pub(crate) fn span_ids(trace_id: &[u8], span_id: &[u8]) -> Option<RejectReason> {
    if trace_id.len() != 16 {
        Some(RejectReason::TraceIdLength)
    } else if is_zero(trace_id) {
        Some(RejectReason::TraceIdZero)
    } else if span_id.len() != 8 {
        Some(RejectReason::SpanIdLength)
    } else if is_zero(span_id) {
        Some(RejectReason::SpanIdZero)
    } else {
        None
    }
}

/// Whether all bytes are zero.
#[inline]
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

/// The bounds of a histogram as they come by: how many, and whether they rise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) count: usize,
    last: f64,
    rise: bool,
}

impl Bounds {
    pub(crate) fn new() -> Self {
        Self { count: 0, last: f64::NEG_INFINITY, rise: true }
    }

    pub(crate) fn push(&mut self, bound: f64) {
        // Written so that NaN does not rise; the first bound may be minus infinity.
        self.rise &= bound > self.last || (self.count == 0 && bound == self.last);
        self.count += 1;
        self.last = bound;
    }

    /// A histogram with these bounds and this many bucket counts (`metrics.proto`,
    /// `HistogramDataPoint.bucket_counts`).
    pub(crate) fn check(self, bucket_counts: usize) -> Option<RejectReason> {
        let both_empty = bucket_counts == 0 && self.count == 0;
        if !both_empty && bucket_counts != self.count + 1 {
            Some(RejectReason::BucketCounts)
        } else if !self.rise {
            Some(RejectReason::BucketBounds)
        } else {
            None
        }
    }
}

/// An exponential histogram with this scale and these runs of buckets (offset, count).
pub(crate) fn exponential(scale: i32, runs: [(i32, u64); 2]) -> Option<RejectReason> {
    let beyond = |(offset, count)| i64::from(offset).saturating_add_unsigned(count) >= i64::from(i32::MAX);
    (!SCALES.contains(&scale) || runs.into_iter().any(beyond)).then_some(RejectReason::BucketScale)
}
