//! The connection that writes, and whether its write-ahead log can be relied upon.
//!
//! After a sync that failed the system may take pages for clean that never reached the disk: what is read says
//! nothing of what is durable, and a later sync that succeeds does neither. So nothing is committed on top of a log
//! of which a write or sync failed, or that another process left, before all that it holds is in the database, synced.
//! The connection is not opened anew: SQLite has forgotten what it could not sync, and recovering would bring it back.

use std::path::PathBuf;

use sqlx::SqliteConnection;
use tokio::runtime::Handle;

use super::commit;
use crate::{AppendError, schema};

#[derive(Debug)]
pub(super) struct WriteConnection {
    database: PathBuf,
    connection: SqliteConnection,
    runtime: Handle,
    is_log_trusted: bool,
}

impl WriteConnection {
    /// `is_log_trusted`: nothing is in it that this process did not sync.
    pub(super) fn new(database: PathBuf, connection: SqliteConnection, runtime: Handle, is_log_trusted: bool) -> Self {
        Self { database, connection, runtime, is_log_trusted }
    }

    /// Runs a transaction, which takes itself back when it fails.
    pub(super) fn transact<T>(
        &mut self,
        run: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, AppendError>,
    ) -> Result<T, AppendError> {
        if !self.is_log_trusted {
            self.move_log()?;
            self.is_log_trusted = true;
        }
        let result = self.runtime.block_on(run(&mut self.connection));
        // No room, or another's lock, is found before anything is lost.
        self.is_log_trusted = !matches!(result, Err(AppendError::Other(_)));
        result
    }

    /// Where somebody deleted the write-ahead log, what was committed is in a file without a name: it is moved into
    /// the database before anyone is told that it is kept.
    pub(super) fn outlive_the_log(&mut self) -> Result<(), AppendError> {
        if schema::size_beside(&self.database, "-wal").is_some() {
            return Ok(());
        }
        tracing::error!("the write-ahead log was deleted: start Spanscope anew");
        self.move_log()
    }

    pub(super) fn close(self) {
        self.runtime.block_on(commit::close(self.connection));
    }

    fn move_log(&mut self) -> Result<(), AppendError> {
        self.runtime.block_on(commit::move_log(&mut self.connection))
    }
}
