//! The way out.

mod contents;

use std::ops::ControlFlow;

use model::TraceId;
use tokio::sync::watch;

pub use contents::{StoredLog, StoredResource, StoredScope, StoredSpan, TraceContents};

use crate::{DataDir, Ledger, OpenError, ReadError, TraceSummary};

/// Reads a data directory. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct Reader {}

impl Reader {
    /// Opens a directory for reading, beside a running writer or without one. Nothing in it is created
    /// or changed. A directory without a database is empty.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_read_only(_dir: &DataDir) -> Result<Self, OpenError> {
        Ok(Self::default())
    }

    /// Takes in what another process has committed since; at once for a writer's own reader.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn refresh(&self) -> Result<(), ReadError> {
        Ok(())
    }

    /// The sequence number of the newest commit that brought spans or log records: it only grows.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        0
    }

    /// Follows [`Reader::sequence`].
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }

    /// Visits the traces that had arrived at a sequence number (`None`: all), newest start first, until
    /// told to stop. The way in waits meanwhile: do not wait for anything in `visit`.
    pub fn traces(&self, _as_of: Option<u64>, _visit: impl FnMut(&TraceSummary) -> ControlFlow<()>) {}

    /// Traces stored.
    #[must_use]
    pub fn trace_count(&self) -> u64 {
        0
    }

    /// Services by name, each with the number of traces in which it takes part.
    #[must_use]
    pub fn services(&self) -> Vec<(String, u64)> {
        Vec::new()
    }

    /// A trace in a line; `None` if no span of it is stored.
    #[must_use]
    pub fn summary(&self, _trace_id: TraceId) -> Option<TraceSummary> {
        None
    }

    /// Whether a span of the trace is stored.
    #[must_use]
    pub fn contains(&self, _trace_id: TraceId) -> bool {
        false
    }

    /// At most `max` traces that got spans or log records after a sequence number, latest first.
    #[must_use]
    pub fn changed_since(&self, _sequence: u64, _max: usize) -> Vec<TraceId> {
        Vec::new()
    }

    /// The ledger as of the newest commit that this reader has seen.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger::default()
    }

    /// All spans and log records of a trace; `None` if neither is stored.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn trace(&self, _trace_id: TraceId) -> Result<Option<TraceContents>, ReadError> {
        Ok(None)
    }
}
