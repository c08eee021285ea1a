//! The writer: one thread that commits all that waits as soon as it is free.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    time::{Duration, Instant},
};

use sqlx::SqliteConnection;
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    background::{Background, Piece},
    checkpoint::Checkpointer,
    commit,
    plan::{Plan, Stored},
    request::{Appended, Prepared},
};
use model::TraceId;

use crate::{
    AppendError, DirLock, Reader, Retention, Selected, Selection,
    compact::{Compactor, Publication, SEGMENT_BODY_BYTES, SEGMENT_ITEMS, Wanted},
    read::ReadTurn,
};

/// Bodies that one commit takes, bytes.
const GROUP_BYTES: usize = 16 << 20;
/// Requests that one commit takes.
const GROUP_REQUESTS: usize = 4096;
/// How long nothing must come until what is not urgent is done.
const IDLE: Duration = Duration::from_secs(1);
/// How long nothing must come until what there is becomes segments, however little it is.
const IDLE_BEFORE_COMPACTION: Duration = Duration::from_secs(5);
/// How long compaction rests after it failed.
const BEFORE_ANOTHER_TRY: Duration = Duration::from_secs(60);
/// Free pages that stay for what comes next, so that the file does not grow and shrink all the time.
const SPARE_PAGES: i64 = 1024;
/// Free pages given back to the disk in one step.
const FREED_PAGES: i64 = 512;

type Reply<T> = oneshot::Sender<Result<T, AppendError>>;

/// What the writer is asked for.
#[derive(Debug)]
pub(crate) enum Command {
    Append(Box<Prepared>, Reply<Appended>),
    /// Something was turned away: the ledger is to be written soon.
    Count,
    /// At most so many bytes for the database's file.
    Limit(Option<u64>, Reply<()>),
    /// Segments to be written.
    Publish(Box<Publication>, Reply<()>),
    /// The compactor has done what was wanted, or has not.
    Rested(Result<(), AppendError>),
    /// All rows are to become segments.
    Compact(Reply<()>),
    Retain(Retention, Reply<()>),
    Delete(Selection, Reply<Selected>),
    Pin(TraceId, bool, Reply<bool>),
    Close(Reply<()>),
}

/// The thread's own state.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: SqliteConnection,
    pub(super) checkpointer: Checkpointer,
    pub(super) compactor: Compactor,
    pub(super) stored: Stored,
    pub(super) reader: Reader,
    pub(super) runtime: Handle,
    pub(super) lock: DirLock,
    pub(super) background: Background,
    pub(super) pending: Pending,
}

/// What is in no segment yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) items: u64,
    pub(super) body_bytes: u64,
    /// Whether the compactor was asked for it.
    pub(super) is_wanted: bool,
    /// When the last of it came; `None` if that was before this process.
    pub(super) last: Option<Instant>,
    /// When it may be tried again, after it failed.
    pub(super) not_before: Option<Instant>,
}

impl Pending {
    fn may_be_wanted(&self) -> bool {
        self.items > 0 && !self.is_wanted && self.not_before.is_none_or(|when| Instant::now() >= when)
    }

    fn is_full(&self) -> bool {
        self.items >= SEGMENT_ITEMS || self.body_bytes >= SEGMENT_BODY_BYTES
    }
}

/// Requests for one commit, and those who wait for it.
#[derive(Default)]
struct Group {
    requests: Vec<Prepared>,
    replies: Vec<Reply<Appended>>,
    bytes: usize,
}

impl Group {
    fn push(&mut self, request: Prepared, reply: Reply<Appended>) {
        self.bytes += request.body.len();
        self.requests.push(request);
        self.replies.push(reply);
    }

    fn is_full(&self) -> bool {
        self.bytes >= GROUP_BYTES || self.requests.len() >= GROUP_REQUESTS
    }
}

impl Writer {
    /// Works until it is told to close, or nobody is left to tell it anything.
    pub(super) fn run(mut self, commands: &Receiver<Command>) {
        let close = loop {
            let command = match self.next(commands) {
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) => {
                    self.idle();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break None,
            };
            if let Some(reply) = self.handle(command, commands) {
                break Some(reply);
            }
        };
        let result = if self.reader.ledger_state().has_waiting() { self.commit(Group::default()) } else { Ok(()) };
        self.background.failed(&AppendError::Closed);
        let Self { connection, mut checkpointer, compactor, reader, runtime, lock, .. } = self;
        // A command that is dropped is refused.
        compactor.stop(|| while commands.try_recv().is_ok() {});
        runtime.block_on(reader.close_connection());
        checkpointer.empty();
        checkpointer.stop();
        runtime.block_on(commit::close(connection));
        drop(lock);
        if let Some(reply) = close {
            // Whoever asked may have stopped waiting.
            let _ = reply.send(result);
        }
    }

    fn next(&mut self, commands: &Receiver<Command>) -> Result<Command, RecvTimeoutError> {
        loop {
            match commands.try_recv() {
                Ok(command) => return Ok(command),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) => {}
            }
            // While nobody waits for a commit, what goes on in the background makes its own.
            if !self.step_in_background() {
                break;
            }
        }
        if self.has_nothing_to_do() {
            return commands.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        commands.recv_timeout(IDLE)
    }

    fn has_nothing_to_do(&self) -> bool {
        self.checkpointer.is_empty()
            && !self.reader.ledger_state().has_waiting()
            && self.background.is_idle()
            && (self.pending.items == 0 || self.pending.is_wanted)
    }

    /// Does what was asked; `Some` if it was to close.
    fn handle(&mut self, command: Command, commands: &Receiver<Command>) -> Option<Reply<()>> {
        let mut next = Some(command);
        while let Some(command) = next.take() {
            match command {
                Command::Append(request, reply) => {
                    let mut group = Group::default();
                    group.push(*request, reply);
                    while !group.is_full() {
                        match commands.try_recv() {
                            Ok(Command::Append(request, reply)) => group.push(*request, reply),
                            Ok(Command::Count) => {}
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    // Those who wait are told by the commit itself.
                    let _ = self.commit(group);
                }
                Command::Count => {}
                Command::Limit(bytes, reply) => {
                    let _ = reply.send(self.runtime.block_on(commit::limit(&mut self.connection, bytes)));
                }
                Command::Publish(publication, reply) => self.background.publish(*publication, reply),
                Command::Rested(result) => {
                    self.pending.is_wanted = false;
                    self.pending.not_before = result.is_err().then(|| Instant::now() + BEFORE_ANOTHER_TRY);
                }
                Command::Compact(reply) => self.compactor.want(Wanted::All(Some(reply))),
                Command::Retain(_, reply) => drop(reply),
                Command::Delete(_, reply) => drop(reply),
                Command::Pin(_, _, reply) => drop(reply),
                Command::Close(reply) => return Some(reply),
            }
        }
        None
    }

    /// Nothing came for a while.
    fn idle(&mut self) {
        if self.reader.ledger_state().has_waiting() {
            // What could not be written waits for the next time.
            let _ = self.commit(Group::default());
        }
        let is_quiet = self.pending.last.is_none_or(|last| last.elapsed() >= IDLE_BEFORE_COMPACTION);
        if is_quiet && self.pending.may_be_wanted() {
            self.pending.is_wanted = true;
            self.compactor.want(Wanted::All(None));
        }
        if !self.checkpointer.is_empty() {
            self.give_back();
            self.checkpointer.empty();
        }
    }

    /// Gives free pages back to the disk.
    fn give_back(&mut self) {
        loop {
            match self.runtime.block_on(commit::give_back(&mut self.connection, SPARE_PAGES, FREED_PAGES)) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "free pages could not be given back");
                    return;
                }
            }
        }
    }

    /// Does a piece of what goes on in the background; whether there was one to do.
    fn step_in_background(&mut self) -> bool {
        match self.background.next(Instant::now()) {
            None => false,
            Some(_) => self.commit(Group::default()).is_ok(),
        }
    }

    /// Commits a group, and a piece of what goes on in the background, and tells everyone in the group.
    fn commit(&mut self, group: Group) -> Result<(), AppendError> {
        let ledger = self.reader.ledger_state().begin();
        let mut plan = Plan::new(ledger, &self.stored);
        let turn = ReadTurn::new(&self.reader, &self.runtime);
        let mut result = group.requests.into_iter().try_for_each(|request| plan.add(request, &mut self.stored, &turn));
        let mut piece = self.background.next(Instant::now());
        if result.is_ok() {
            result = self.runtime.block_on(commit::commit(&mut self.connection, &plan, piece.as_ref()));
            if let (Err(error), true, true) = (&result, piece.is_some(), !group.replies.is_empty()) {
                // It may have been the piece that did not fit.
                self.background.failed(error);
                piece = None;
                result = self.runtime.block_on(commit::commit(&mut self.connection, &plan, None));
            }
        }
        if let Err(error) = result {
            self.background.failed(&error);
            self.reader.ledger_state().end(None);
            plan.undo(&mut self.stored);
            for reply in group.replies {
                let _ = reply.send(Err(error.clone()));
            }
            return Err(error);
        }
        plan.apply(&mut self.stored, &self.reader);
        let bytes = commit::log_bytes(&plan) + piece.as_ref().map_or(0, Piece::log_bytes);
        for row in &plan.rows {
            self.pending.items += row.items;
            self.pending.body_bytes += row.request.body.len() as u64;
            self.pending.last = Some(Instant::now());
        }
        let Plan { outcomes, ledger, .. } = plan;
        self.reader.ledger_state().end(Some(ledger));
        if let Some((published, reply)) = piece.and_then(|piece| self.background.done(piece)) {
            self.published(published);
            // Whoever made it may be gone.
            let _ = reply.send(Ok(()));
        }
        self.reader.announce();
        for (reply, outcome) in group.replies.into_iter().zip(outcomes) {
            let _ = reply.send(Ok(outcome));
        }
        self.checkpointer.committed(bytes);
        if self.pending.is_full() && self.pending.may_be_wanted() {
            self.pending.is_wanted = true;
            self.compactor.want(Wanted::Full);
        }
        Ok(())
    }

    /// After segments were published: what they hold is no longer in the append level.
    fn published(&mut self, publication: Publication) {
        let Publication { segments, compacted_row, released, replaced, body_hashes } = publication;
        if let Some(row) = compacted_row {
            let before = self.reader.published(row, &segments);
            self.stored.compacted(row, body_hashes.iter().map(|(_, hash)| *hash));
            self.background.delete_rows(before, row);
            self.pending.items = self.pending.items.saturating_sub(released.0);
            self.pending.body_bytes = self.pending.body_bytes.saturating_sub(released.1);
        } else {
            self.reader.merged(&replaced, &segments);
            self.background.retire(&replaced, Instant::now());
        }
    }
}
