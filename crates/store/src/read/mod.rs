//! The way out: the index in memory, and the bodies of the append level.

mod connection;
mod contents;
mod trace;
mod turn;

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use model::TraceId;
use sqlx::Row;
use tokio::sync::watch;

pub use contents::{StoredLog, StoredResource, StoredScope, StoredSpan, TraceContents};

use crate::{
    DataDir, Ledger, OpenError, ReadError, TraceSummary,
    index::{Digest, Index},
    ledger::LedgerState,
    schema::{self, Content},
};
use connection::ReadConnection;
pub(crate) use trace::{MAX_BODY_BYTES, StoredRequest, both_or_none};
pub(crate) use turn::ReadTurn;

/// Digests read in one statement, so that none takes long.
const DIGESTS_PER_STEP: i64 = 512;

/// Reads a data directory. Clones share everything.
#[derive(Debug, Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    dir: DataDir,
    is_writers: bool,
    index: RwLock<Index>,
    ledger: Mutex<LedgerState>,
    sequence: watch::Sender<u64>,
    connection: ReadConnection,
    /// One at a time takes in new rows; whether the file is known to hold our tables.
    refreshing: tokio::sync::Mutex<bool>,
}

impl Reader {
    /// Opens a directory for reading, beside a running writer or without one. Neither the database nor
    /// its write-ahead log is created or changed. A directory without a database is empty.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_read_only(dir: &DataDir) -> Result<Self, OpenError> {
        let reader = Self::new(dir, false);
        match reader.refresh().await {
            Ok(()) => Ok(reader),
            Err(error) => Err(error.into_open(dir)),
        }
    }

    /// The reader of a writer, which tells it what is committed.
    pub(crate) fn of_writer(dir: &DataDir) -> Self {
        Self::new(dir, true)
    }

    fn new(dir: &DataDir, is_writers: bool) -> Self {
        let shared = Shared {
            dir: dir.clone(),
            is_writers,
            index: RwLock::default(),
            ledger: Mutex::default(),
            sequence: watch::Sender::new(0),
            connection: ReadConnection::new(dir.database_path()),
            refreshing: tokio::sync::Mutex::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Takes in what another process has committed since. The reader of a writer is always up to date.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn refresh(&self) -> Result<(), ReadError> {
        if self.shared.is_writers {
            return Ok(());
        }
        let mut has_tables = self.shared.refreshing.lock().await;
        if !*has_tables {
            *has_tables = schema::inspect(&self.shared.dir).await? == Content::Tables;
        }
        if *has_tables {
            self.load(|_, _| ()).await?;
        }
        Ok(())
    }

    /// Takes in digests that are not in the index yet, showing each row and the hash of its body, and the
    /// ledger.
    pub(crate) async fn load(&self, mut row_and_hash: impl FnMut(u64, u64)) -> Result<(), ReadError> {
        loop {
            let after = self.index().last_row();
            let rows = self
                .shared
                .connection
                .rows(
                    "SELECT id, body_hash, digest FROM l0_digest WHERE id > ? ORDER BY id LIMIT ?",
                    after.cast_signed(),
                    DIGESTS_PER_STEP,
                )
                .await?;
            if rows.is_empty() {
                break;
            }
            let mut decoded = Vec::with_capacity(rows.len());
            for row in &rows {
                let id = row.try_get::<i64, _>(0)?.cast_unsigned();
                row_and_hash(id, row.try_get::<i64, _>(1)?.cast_unsigned());
                let digest: Digest = postcard::from_bytes(row.try_get(2)?)
                    .map_err(|error| ReadError::Damaged { row: id, detail: format!("its digest: {error}") })?;
                decoded.push((id, digest));
            }
            let mut index = self.index_mut();
            for (id, digest) in &decoded {
                index.apply(*id, digest);
            }
        }
        let rows = self.shared.connection.rows("SELECT value FROM ledger WHERE id = ? LIMIT ?", 0, 1).await?;
        if let Some(row) = rows.first() {
            let value: &[u8] = row.try_get(0)?;
            let ledger = if value.is_empty() { Ok(Ledger::default()) } else { postcard::from_bytes(value) };
            self.ledger_state().committed =
                ledger.map_err(|error| ReadError::Damaged { row: 0, detail: format!("the ledger: {error}") })?;
        }
        self.announce();
        Ok(())
    }

    /// Tells those who follow [`Reader::changes`] where the index stands.
    pub(crate) fn announce(&self) {
        let now = self.sequence();
        self.shared.sequence.send_if_modified(|sequence| std::mem::replace(sequence, now) != now);
    }

    pub(crate) async fn close_connection(&self) {
        self.shared.connection.close().await;
    }

    // A panic while a lock was held is a defect; what is behind it is whole between two statements.
    pub(crate) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.shared.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.shared.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ledger_state(&self) -> MutexGuard<'_, LedgerState> {
        self.shared.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sequence number of the newest commit that brought spans, or log records of a trace. It only
    /// grows, not always by one, and is the same for every reader of a directory.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.index().sequence()
    }

    /// Follows [`Reader::sequence`].
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.sequence.subscribe()
    }

    /// Visits the traces that had arrived at a sequence number (`None`: all), newest start first, until
    /// told to stop. The way in waits meanwhile: do not wait for anything in `visit`.
    pub fn traces(&self, as_of: Option<u64>, visit: impl FnMut(&TraceSummary) -> ControlFlow<()>) {
        self.index().visit(as_of, visit);
    }

    /// Traces stored.
    #[must_use]
    pub fn trace_count(&self) -> u64 {
        self.index().trace_count()
    }

    /// Services by name, each with the number of traces in which it takes part.
    #[must_use]
    pub fn services(&self) -> Vec<(String, u64)> {
        self.index().services()
    }

    /// A trace in a line; `None` if no span of it is stored.
    #[must_use]
    pub fn summary(&self, trace_id: TraceId) -> Option<TraceSummary> {
        self.index().summary(trace_id)
    }

    /// Whether a span of the trace is stored.
    #[must_use]
    pub fn contains(&self, trace_id: TraceId) -> bool {
        self.index().contains(trace_id)
    }

    /// At most `max` traces that got spans or log records after a sequence number, latest first.
    #[must_use]
    pub fn changed_since(&self, sequence: u64, max: usize) -> Vec<TraceId> {
        self.index().changed_since(sequence, max)
    }

    /// The ledger as of the newest commit that this reader has seen; for the reader of a writer with
    /// everything turned away until now.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger_state().now()
    }
}

impl ReadError {
    pub(crate) fn into_open(self, dir: &DataDir) -> OpenError {
        let path = dir.database_path();
        match self {
            Self::Open(error) => error,
            Self::Database(source) => OpenError::Database { path, source },
            Self::Damaged { row, detail } => OpenError::Damaged { path, detail: format!("row {row}, {detail}") },
        }
    }
}
