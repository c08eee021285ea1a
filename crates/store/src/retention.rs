//! How long what is kept, and what is to be let go.

use std::time::Duration;

use model::{Signal, TraceId};
use serde::{Deserialize, Serialize};

/// How long things are kept. Age counts from when the last of a trace arrived; pinned traces stay for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Traces without an error, log records and metric points.
    pub ordinary: Duration,
    /// Traces with a span of status ERROR.
    pub errors: Duration,
    /// Aggregates, from the minutes that they count.
    pub aggregates: Duration,
    /// Most bytes on disk, pinned traces aside: beyond it the oldest of the chattiest service goes first.
    pub cap_bytes: u64,
}

impl Default for Retention {
    /// 7 days, 30 days, 30 days, 5 GB.
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self { ordinary: days(7), errors: days(30), aggregates: days(30), cap_bytes: 5_000_000_000 }
    }
}

/// What is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// A trace, with its log records.
    Trace(TraceId),
    /// What belongs to a service: traces in which it has the most bytes, its log records and points.
    Service(String),
    /// What arrived before a time, nanoseconds since the Unix epoch: traces whose last span did.
    Before(u64),
}

/// How much a [`Selection`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selected {
    /// Traces.
    pub traces: u64,
    /// Spans.
    pub spans: u64,
    /// Log records.
    pub logs: u64,
    /// Metric points.
    pub metric_points: u64,
}

/// What takes the space on disk, about: segments as they are, requests that are in none as they came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sizes {
    /// By service and signal, the largest first: items and bytes.
    pub by_service: Vec<(String, Signal, u64, u64)>,
    /// Bytes of pinned traces.
    pub pinned_bytes: u64,
    /// Bytes of requests that are in no segment yet; only the process that writes knows.
    pub waiting_bytes: u64,
}
