use model::{SpanId, TraceId};

/// The screens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Route {
    /// The list of traces.
    #[default]
    Traces,
    /// What is set and what is stored.
    Settings,
    /// One trace.
    Trace {
        /// Which.
        trace_id: TraceId,
        /// The span to select.
        span: Option<SpanId>,
    },
}
