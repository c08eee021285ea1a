use serde::{Deserialize, Serialize};

/// The kinds of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Metric data points.
    Metrics,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    /// The HTTP path of the signal (OTLP/HTTP, "Request").
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
        }
    }

    /// What is counted: the plural noun.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Traces => "spans",
            Self::Logs => "logs",
            Self::Metrics => "metric_points",
        }
    }
}
