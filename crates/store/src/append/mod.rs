//! The way in: requests are made ready by those who bring them, and committed in groups by one writer.

mod checkpoint;
mod commit;
mod compare;
mod identities;
mod plan;
mod request;
mod writer;

use std::{
    fs, io,
    sync::mpsc::{self, Sender},
    thread,
};

use tokio::{runtime::Handle, sync::oneshot};

pub use request::{Append, Appended};

use crate::{AppendError, DataDir, DirLock, Ledger, OpenError, Reader, schema};
use checkpoint::Checkpointer;
pub(crate) use commit::append_error;
use plan::Stored;
use request::Prepared;
use writer::{Command, Writer};

/// Bytes of the files in the data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BytesOnDisk {
    /// The database.
    pub database: u64,
    /// Its write-ahead log.
    pub write_ahead_log: u64,
    /// Every file in the directory.
    pub total: u64,
}

/// The one writer of a data directory. Dropping it closes it in the background.
#[derive(Debug)]
pub struct Store {
    dir: DataDir,
    reader: Reader,
    commands: Sender<Command>,
}

impl Store {
    /// Opens the database for writing, creating it if it is not there. The store holds the lock until
    /// it is closed.
    ///
    /// # Errors
    /// See [`OpenError`]; a newer or foreign database is left untouched.
    pub async fn open(dir: &DataDir, lock: DirLock) -> Result<Self, OpenError> {
        let content = schema::inspect(dir).await?;
        let connection = schema::open_writer(dir, content).await?;
        let checkpoints = schema::open_checkpointer(dir).await?;
        let reader = Reader::of_writer(dir);
        let mut stored = Stored::default();
        let mut last = 0;
        let load = reader.load(|row, hash| {
            stored.bodies.insert(hash, row);
            last = row;
        });
        load.await.map_err(|error| error.into_open(dir))?;
        stored.next_row = last + 1;

        let runtime = Handle::current();
        let no_thread = |source: io::Error| OpenError::Io { path: dir.database_path(), source };
        let checkpointer = Checkpointer::start(checkpoints, runtime.clone()).map_err(no_thread)?;
        let writer = Writer { connection, checkpointer, stored, reader: reader.clone(), runtime, lock };
        let (commands, received) = mpsc::channel();
        thread::Builder::new().name("store".to_owned()).spawn(move || writer.run(&received)).map_err(no_thread)?;
        Ok(Self { dir: dir.clone(), reader, commands })
    }

    /// Keeps a request; returns once it is durable. A caller that stops waiting does not undo it.
    ///
    /// # Errors
    /// Nothing of the request is kept, and it may be sent again; see [`AppendError`].
    pub async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if append.walked.received == 0 {
            return Ok(Appended::default());
        }
        let prepared = Box::new(Prepared::of(append).await?);
        self.ask(|reply| Command::Append(prepared, reply)).await
    }

    /// Counts requests that were turned away before their items could be counted. Does not wait: it
    /// becomes durable with the next commit, within about a second, or when the store is closed.
    pub fn turned_away(&self, reason: &str, requests: u64, bytes: u64) {
        if self.reader.ledger_state().turn_away(reason, requests, bytes) {
            // A closed store counts no more: what it would count is not durable.
            let _ = self.commands.send(Command::Count);
        }
    }

    /// The ledger as of the last commit, with everything turned away until now.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.reader.ledger()
    }

    /// How large the files are.
    #[must_use]
    pub fn bytes_on_disk(&self) -> BytesOnDisk {
        let database = self.dir.database_path();
        let size = |suffix| schema::size_beside(&database, suffix).unwrap_or_default();
        let files = fs::read_dir(self.dir.path()).into_iter().flatten().flatten();
        let total = files.filter_map(|file| file.metadata().ok()).filter(fs::Metadata::is_file).map(|file| file.len());
        BytesOnDisk { database: size(""), write_ahead_log: size("-wal"), total: total.sum() }
    }

    /// Limits the database's file to so many bytes, rounded down to pages; `None`: to what the disk
    /// holds. Appends that do not fit fail with [`AppendError::Full`]. Holds until the store is closed.
    ///
    /// # Errors
    /// The store is closed.
    pub async fn limit_bytes(&self, bytes: Option<u64>) -> Result<(), AppendError> {
        self.ask(|reply| Command::Limit(bytes, reply)).await
    }

    /// Reads what is stored, as of the last commit.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Commits what waits, empties the write-ahead log into the database and gives the lock back.
    /// Appends that come later fail with [`AppendError::Closed`]; readers go on. Closing a store that is
    /// closed does nothing.
    ///
    /// # Errors
    /// What waited could not be committed.
    pub async fn close(&self) -> Result<(), AppendError> {
        match self.ask(Command::Close).await {
            Err(AppendError::Closed) => Ok(()),
            result => result,
        }
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, AppendError>>) -> Command,
    ) -> Result<T, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| AppendError::Closed)?;
        answer.await.map_err(|_| AppendError::Closed)?
    }
}
