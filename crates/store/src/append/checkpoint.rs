//! Moving the write-ahead log into the database, on a connection and a thread of its own.
//!
//! A checkpoint beside the writer copies most of the log while commits go on; a short second one
//! between two commits then reaches its end, so that the log starts over instead of growing. When
//! nothing comes for a while the log is emptied.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

use sqlx::{Connection, SqliteConnection};
use tokio::runtime::Handle;

use crate::failpoint;

/// Bytes committed until a checkpoint begins.
const BEGIN_BYTES: u64 = 8 << 20;
/// Bytes committed while one runs until the writer waits for its end.
const WAIT_BYTES: u64 = 32 << 20;

/// Why the last checkpoint failed, if it did; clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Failure(Arc<Mutex<Option<String>>>);

impl Failure {
    pub(super) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, failure: Option<String>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = &failure
            && *known != failure
        {
            // Nothing is lost: the log keeps what could not be moved, and the next one tries again.
            tracing::warn!(error, "the write-ahead log could not be moved into the database");
        }
        *known = failure;
    }
}

/// The writer's side of it.
#[derive(Debug)]
pub(super) struct Checkpointer {
    requests: Sender<Kind>,
    done: Receiver<()>,
    thread: thread::JoinHandle<()>,
    is_running: bool,
    /// Bytes committed since the last checkpoint began.
    bytes: u64,
    is_empty: bool,
    failure: Failure,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// What can be copied without waiting for anyone.
    Passive,
    /// All of it, then the log is emptied.
    Truncate,
}

impl Checkpointer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(super) fn start(connection: SqliteConnection, runtime: Handle, failure: Failure) -> std::io::Result<Self> {
        let (requests, received) = mpsc::channel();
        let (finished, done) = mpsc::channel();
        let known = failure.clone();
        let thread = thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || run(connection, &runtime, &received, &finished, &known))?;
        Ok(Self { requests, done, thread, is_running: false, bytes: 0, is_empty: false, failure })
    }

    /// After a commit of about so many bytes.
    pub(super) fn committed(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.is_empty = false;
        let has_ended = self.is_running && (self.done.try_recv().is_ok() || self.bytes >= WAIT_BYTES && self.wait());
        if has_ended {
            self.begin(Kind::Passive);
            self.wait();
        } else if !self.is_running && self.bytes >= BEGIN_BYTES {
            self.begin(Kind::Passive);
        }
    }

    /// Whether there may be something to empty.
    pub(super) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Empties the log, unless a reader is in the way. Where that fails it is not empty, and is tried again.
    pub(super) fn empty(&mut self) {
        if self.is_running {
            self.wait();
        }
        self.begin(Kind::Truncate);
        self.wait();
        self.is_empty = self.failure.get().is_none();
    }

    /// Ends the thread and closes its connection.
    pub(super) fn stop(self) {
        drop(self.requests);
        if self.thread.join().is_err() {
            tracing::error!("the checkpoint thread panicked");
        }
    }

    fn begin(&mut self, kind: Kind) {
        self.bytes = 0;
        self.is_running = self.requests.send(kind).is_ok();
    }

    fn wait(&mut self) -> bool {
        self.is_running = false;
        self.done.recv().is_ok()
    }
}

fn run(
    mut connection: SqliteConnection,
    runtime: &Handle,
    requests: &Receiver<Kind>,
    done: &Sender<()>,
    failure: &Failure,
) {
    while let Ok(kind) = requests.recv() {
        let sql = match kind {
            Kind::Passive => "PRAGMA wal_checkpoint(PASSIVE)",
            Kind::Truncate => "PRAGMA wal_checkpoint(TRUNCATE)",
        };
        failpoint::reach("before-checkpoint");
        let moved = runtime.block_on(sqlx::query(sql).execute(&mut connection));
        failure.set(moved.err().map(|error| error.to_string()));
        failpoint::reach("after-checkpoint");
        if done.send(()).is_err() {
            break;
        }
    }
    if let Err(error) = runtime.block_on(connection.close()) {
        tracing::warn!(%error, "closing the checkpoint connection failed");
    }
}
