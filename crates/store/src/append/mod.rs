//! The way in: requests are made ready by those who bring them, and committed in groups by one writer.

mod background;
mod checkpoint;
mod commit;
mod compare;
mod connection;
mod identities;
mod late;
mod plan;
mod request;
mod writer;

use std::{
    fs, io,
    sync::mpsc::{self, Sender},
    thread,
    time::Duration,
};

use formats::{WalkLimits, WalkedRows};
use model::{Signal, TraceId};
use sampling::Rules;
use sqlx::SqliteConnection;
use tokio::{runtime::Handle, sync::oneshot};

pub use request::{Append, Appended};

use crate::{
    AppendError, DataDir, DirLock, Example, Gone, Ledger, OpenError, Preview, ReadError, Reader, Retention, Selected,
    Selection, TurnedAway,
    compact::Compactor,
    read::{DigestedRequest, steps},
    salvage, schema,
};
use background::Background;
use checkpoint::{Checkpointer, Failure};
pub(crate) use commit::append_error;
pub(crate) use compare::SpanInFull;
use connection::WriteConnection;
pub(crate) use identities::Place;
use plan::Stored;
use request::Prepared;
pub(crate) use writer::Command;
use writer::{Pending, Writer};

/// How long who can wait does so when too much is waiting already.
const BEFORE_ANOTHER_TRY: Duration = Duration::from_millis(100);

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
    checkpoint_failure: Failure,
}

impl Store {
    /// Opens the database for writing, creating it if it is not there. The store holds the lock until
    /// it is closed.
    ///
    /// # Errors
    /// See [`OpenError`]; a newer or foreign database is left untouched. A damaged one is no error: it is set aside,
    /// and [`Store::to_salvage`] names it.
    pub async fn open(dir: &DataDir, lock: DirLock) -> Result<Self, OpenError> {
        salvage::finish_setting_aside(dir)?;
        let opened = match Opened::of(dir).await {
            Err(error) if salvage::is_damage(&error) => {
                let path = salvage::set_aside(dir)?;
                tracing::error!(%error, path = %path.display(), "the database is damaged: it was set aside");
                Opened::of(dir).await?
            }
            opened => opened?,
        };
        let Opened { connection, is_log_new, checkpoints, reader, recovered, believed_unix_nano } = opened;
        let (stored, pending, background, next_segment) = recovered;

        let runtime = Handle::current();
        let no_thread = |source: io::Error| OpenError::Io { path: dir.database_path(), source };
        let checkpoint_failure = Failure::default();
        let checkpointer = Checkpointer::start(checkpoints, runtime.clone(), checkpoint_failure.clone());
        let checkpointer = checkpointer.map_err(no_thread)?;
        let (commands, received) = mpsc::channel();
        let compactor = Compactor::start(reader.clone(), commands.clone(), runtime.clone(), next_segment);
        let writer = Writer {
            connection: WriteConnection::new(dir.database_path(), connection, runtime.clone(), is_log_new),
            checkpointer,
            compactor: compactor.map_err(no_thread)?,
            stored,
            reader: reader.clone(),
            runtime,
            lock,
            background,
            pending,
            retention: None,
            rules: None,
            believed_unix_nano,
        };
        thread::Builder::new().name("store".to_owned()).spawn(move || writer.run(&received)).map_err(no_thread)?;
        Ok(Self { dir: dir.clone(), reader, commands, checkpoint_failure })
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

    /// The same for who can wait: what is too much to be worked off is tried again until it is not.
    ///
    /// # Errors
    /// See [`Store::append`].
    pub async fn append_in_time(&self, append: Append) -> Result<Appended, AppendError> {
        loop {
            let appended = self.append(append.clone()).await;
            if appended != Err(AppendError::Behind) {
                return appended;
            }
            tokio::time::sleep(BEFORE_ANOTHER_TRY).await;
        }
    }

    /// Counts requests that were turned away before their items could be counted. Does not wait: it
    /// becomes durable with the next commit, within about a second, or when the store is closed.
    /// The example is the last of them.
    pub fn turned_away(&self, reason: &str, counted: TurnedAway, example: Example) {
        if self.reader.ledger_state().turn_away(reason, counted, example) {
            // A closed store counts no more: what it would count is not durable.
            let _ = self.commands.send(Command::Count);
        }
    }

    /// The ledger as of the last commit, with everything turned away until now.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.reader.ledger()
    }

    /// What was counted since this store was opened.
    #[must_use]
    pub fn ledger_since_start(&self) -> Ledger {
        self.reader.ledger_state().since_start()
    }

    /// Spans received, as [`Store::ledger`] has them, without the rest.
    #[must_use]
    pub fn spans_received(&self) -> u64 {
        self.reader.ledger_state().spans_received()
    }

    /// Why the write-ahead log could not be moved into the database when that was last tried, if it could not: it
    /// grows meanwhile.
    #[must_use]
    pub fn checkpoint_failure(&self) -> Option<String> {
        self.checkpoint_failure.get()
    }

    pub(crate) fn dir(&self) -> &DataDir {
        &self.dir
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

    /// Makes segments of everything that is in none yet, and large segments of small ones; returns when
    /// that is done. It happens by itself when enough has come, or nothing comes for a few seconds.
    ///
    /// # Errors
    /// Nothing is lost: what could not become a segment stays as it is.
    pub async fn compact(&self) -> Result<(), AppendError> {
        self.ask(Command::Compact).await
    }

    /// Sets how long things are kept, from the next [`Store::let_go`] on; before this is called nothing is let go.
    ///
    /// # Errors
    /// The store is closed.
    pub async fn set_retention(&self, retention: Retention) -> Result<(), AppendError> {
        self.ask(|reply| Command::Retain(retention, reply)).await
    }

    /// Sets the rules by which traces that have settled are kept or thinned, from the next [`Store::let_go`] on;
    /// before this is called none is thinned.
    ///
    /// # Errors
    /// The store is closed.
    pub async fn set_sampling(&self, rules: Rules) -> Result<(), AppendError> {
        self.ask(|reply| Command::Sample(Box::new(rules), reply)).await
    }

    /// What rules would keep of the traces that are stored and arrived since a time (nanoseconds since the Unix
    /// epoch), hidden ones included. Nothing is changed, but that segments are made of what is in none yet.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn preview_sampling(&self, rules: &Rules, since_unix_nano: u64) -> Result<Preview, AppendError> {
        self.ask(|reply| Command::Preview(Box::new(rules.clone()), since_unix_nano, reply)).await
    }

    /// Decides the traces that have settled at this time (nanoseconds since the Unix epoch), and lets go what is
    /// too old, thinned long enough or over the cap; call it every half minute or so. `None`: the clock has jumped
    /// back, or more than 30 days ahead, since it was last believed, and nothing was let go; with `is_believed` the user says that it is right.
    ///
    /// # Errors
    /// What could not be let go is still there.
    pub async fn let_go(&self, now_unix_nano: u64, is_believed: bool) -> Result<Option<Gone>, AppendError> {
        self.ask(|reply| Command::LetGo(now_unix_nano, is_believed, reply)).await
    }

    /// How much a selection is, to be asked before it is deleted. Makes segments of what is in none yet.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn select(&self, selection: Selection) -> Result<Selected, AppendError> {
        self.ask(|reply| Command::Delete(selection, true, reply)).await
    }

    /// Deletes what is selected, for good; how much it was. Pinned traces go only by their id. The space is
    /// given back within minutes.
    ///
    /// # Errors
    /// What could not be deleted is still there.
    pub async fn delete(&self, selection: Selection) -> Result<Selected, AppendError> {
        self.ask(|reply| Command::Delete(selection, false, reply)).await
    }

    /// Pins a trace, which then stays for ever, or lets it go again. `false`: no such trace is stored.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn pin(&self, trace_id: TraceId, is_pinned: bool) -> Result<bool, AppendError> {
        self.ask(|reply| Command::Pin(trace_id, is_pinned, reply)).await
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

    pub(crate) async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, AppendError>>) -> Command,
    ) -> Result<T, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).map_err(|_| AppendError::Closed)?;
        answer.await.map_err(|_| AppendError::Closed)?
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // The compactor holds the channel open too. Nobody waits for the answer; a store that is closed
        // takes no commands.
        let (reply, _) = oneshot::channel();
        let _ = self.commands.send(Command::Close(reply));
    }
}

/// A database that can be written, and what is known of it.
struct Opened {
    connection: SqliteConnection,
    /// No other process has left anything in the write-ahead log.
    is_log_new: bool,
    checkpoints: SqliteConnection,
    reader: Reader,
    recovered: (Stored, Pending, Background, u64),
    believed_unix_nano: u64,
}

impl Opened {
    async fn of(dir: &DataDir) -> Result<Self, OpenError> {
        let is_log_new = schema::size_beside(&dir.database_path(), "-wal").is_none_or(|bytes| bytes == 0);
        let content = schema::inspect(dir).await?;
        let connection = schema::open_writer(dir, content).await?;
        let reader = Reader::of_writer(dir);
        let known = async {
            let recovered = recover(&reader).await.map_err(|error| error.into_open(dir))?;
            let believed = reader.believed_unix_nano().await.map_err(|error| error.into_open(dir))?;
            Ok((recovered, believed, schema::open_checkpointer(dir).await?))
        };
        match known.await {
            Ok((recovered, believed_unix_nano, checkpoints)) => {
                Ok(Self { connection, is_log_new, checkpoints, reader, recovered, believed_unix_nano })
            }
            Err(error) => {
                // Whoever closes last deletes the log by its name, which may soon be that of another.
                reader.close_connection().await;
                commit::close(connection).await;
                Err(error)
            }
        }
    }
}

/// What the writer has to know of what is stored already.
async fn recover(reader: &Reader) -> Result<(Stored, Pending, Background, u64), ReadError> {
    reader.load().await?;
    reader.ledger_state().start();
    let mut stored = Stored::default();
    let mut pending = Pending::default();
    let limits = WalkLimits { max_items: u64::MAX, max_heap_bytes: u64::MAX, ..WalkLimits::default() };
    stored.next_row = reader.last_row() + 1;
    stored.identities.begin(reader.compacted_row().await?);
    let sizes = reader.row_sizes().await?;
    for size in &sizes {
        pending.weight += size.weight;
        pending.body_bytes += size.body_bytes;
    }
    for step in steps(&sizes) {
        let (Some(first), Some(last)) = (step.first(), step.last()) else { continue };
        for DigestedRequest { request, body_hash, .. } in reader.rows(first.row, last.row).await? {
            stored.bodies.insert(body_hash, request.row);
            if request.signal == Signal::Traces {
                let body = request.plain_body()?;
                let walked = formats::walk(request.signal, request.encoding, &body, &limits);
                let damaged =
                    |error: formats::FormatError| ReadError::Damaged { row: request.row, detail: error.to_string() };
                if let WalkedRows::Spans(spans) = &walked.map_err(damaged)?.rows {
                    stored.add_row(request.row, spans, &request.left_out);
                }
            }
        }
    }
    for hash in reader.body_hashes().await? {
        stored.compacted_bodies.add(hash);
    }
    let mut background = Background::default();
    // A kill may have left rows that are in segments, and segments that nobody lists.
    background.delete_rows(0, reader.compacted_row().await?);
    let (retired, next_segment) = reader.retired_segments().await?;
    background.delete_segments(retired);
    Ok((stored, pending, background, next_segment))
}
