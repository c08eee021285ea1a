//! What a rule looks at, and what it says.

use model::TraceId;

use crate::Randomness;

/// A settled trace, as far as rules look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its id.
    pub trace_id: TraceId,
    /// `rv` of its `tracestate`, or the end of its id.
    pub randomness: Randomness,
    /// Service of the root; without a root, of the earliest span.
    pub root_service: String,
    /// Name of the same span.
    pub root_operation: String,
    /// `deployment.environment.name` of the root's resource, else of the earliest span's.
    pub environment: Option<String>,
    /// Whether a span has status ERROR.
    pub has_error: bool,
    /// Whether a span has an HTTP status of 400 or more.
    pub has_http_error: bool,
    /// Services that take part.
    pub services: Vec<String>,
    /// Traces of its service, operation and environment that arrived in an hour.
    pub traces_an_hour: u64,
}

/// What becomes of a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// It stays.
    Keep(KeepReason),
    /// It goes, because of the share that is kept of its like, from 0 to 1.
    Thin {
        /// The share.
        ratio: f64,
    },
}

/// Why a trace stays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum KeepReason {
    /// Rules are off.
    Off,
    /// Status ERROR, or HTTP 4xx or 5xx.
    Error,
    /// The user named it.
    CriticalFlow,
    /// Traces from its environment, or from none, are never thinned.
    Environment,
    /// Few come of its like.
    LowVolume,
    /// It is in the share that is kept of its like.
    Ratio {
        /// The share, from 0 to 1.
        ratio: f64,
    },
}

impl Decision {
    /// Whether the trace stays.
    #[must_use]
    pub fn is_kept(self) -> bool {
        matches!(self, Self::Keep(_))
    }

    /// The share that is kept of such traces, from 0 to 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        match self {
            Self::Thin { ratio } | Self::Keep(KeepReason::Ratio { ratio }) => ratio,
            Self::Keep(_) => 1.0,
        }
    }
}

impl KeepReason {
    /// A name for files and for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::CriticalFlow => "critical flow",
            Self::Environment => "environment",
            Self::LowVolume => "low volume",
            Self::Ratio { .. } => "ratio",
        }
    }
}
