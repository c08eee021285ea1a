use model::TraceId;

use crate::{Settings, Status, Wire};

/// What the service says unasked; at most a few a second, whatever arrives.
#[derive(Debug, Clone, PartialEq, Wire)]
pub enum Event {
    /// Telemetry was stored.
    Arrived {
        /// Counts up with every commit that brought spans; see [`crate::TracesRequest::as_of`].
        sequence: u64,
        /// Traces that changed since the last such event, at most 100.
        traces: Vec<TraceId>,
    },
    /// Once a second and after every change of an address.
    Status(Box<Status>),
    /// Open this trace now: it was handed over by a second start or by a file.
    Show {
        /// Which.
        trace_id: TraceId,
    },
    /// Put this text into the search box: a link was handed over. Nothing else comes of it, whatever it says.
    Search {
        /// A text that may be one of the search language; see [`crate::link`].
        text: String,
    },
    /// A trace is kept for ever from now on, or no longer.
    Pinned {
        /// Which.
        trace_id: TraceId,
        /// Whether it is.
        is_pinned: bool,
    },
    /// Come to the front.
    Focus,
    /// Something handed over could not be opened.
    Failed {
        /// What and why.
        sentence: String,
    },
    /// Something is set otherwise now, by a call or in the file.
    Settings(Box<Settings>),
}
