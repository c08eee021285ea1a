//! The way in.

use bytes::Bytes;
use formats::{Compression, Encoding, Walked};
use model::Signal;

use crate::{AppendError, DataDir, DirLock, Ledger, OpenError, Reader};

/// A request to keep.
#[derive(Debug, Clone)]
pub struct Append {
    /// What it carries.
    pub signal: Signal,
    /// How it is encoded.
    pub encoding: Encoding,
    /// How `body` is compressed.
    pub compression: Compression,
    /// The body as it was received.
    pub body: Bytes,
    /// What the walk over the decompressed body found.
    pub walked: Walked,
    /// When it came, nanoseconds since the Unix epoch.
    pub received_at_unix_nano: u64,
}

/// What became of a request's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Kept.
    pub stored: u64,
    /// Were there already.
    pub duplicate: u64,
    /// Refused by the walk.
    pub rejected: u64,
}

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

/// The one writer of a data directory.
#[derive(Debug)]
pub struct Store {
    reader: Reader,
}

impl Store {
    /// Opens the database for writing, creating it if it is not there. The store holds the lock until
    /// it is closed.
    ///
    /// # Errors
    /// See [`OpenError`]; a newer or foreign database is left untouched.
    pub async fn open(_dir: &DataDir, _lock: DirLock) -> Result<Self, OpenError> {
        Ok(Self { reader: Reader::default() })
    }

    /// Keeps a request; returns once it is durable. A caller that stops waiting does not undo it.
    ///
    /// # Errors
    /// Nothing of the request is kept, and it may be sent again; see [`AppendError`].
    pub async fn append(&self, _append: Append) -> Result<Appended, AppendError> {
        Err(AppendError::Closed)
    }

    /// Counts requests that were turned away before their items could be counted. Does not wait: it
    /// becomes durable with the next commit, within a second, or when the store is closed.
    pub fn turned_away(&self, _reason: &str, _requests: u64, _bytes: u64) {}

    /// The ledger as of the last commit, with everything turned away until now.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        Ledger::default()
    }

    /// How large the files are.
    #[must_use]
    pub fn bytes_on_disk(&self) -> BytesOnDisk {
        BytesOnDisk::default()
    }

    /// Reads what is stored, as of the last commit.
    #[must_use]
    pub fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Commits what waits, empties the write-ahead log into the database and gives the lock back.
    /// Appends that come later fail with [`AppendError::Closed`]; readers go on.
    ///
    /// # Errors
    /// What waited could not be committed.
    pub async fn close(&self) -> Result<(), AppendError> {
        Ok(())
    }
}
