//! The writer: one thread that commits all that waits as soon as it is free.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::Duration,
};

use sqlx::SqliteConnection;
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    checkpoint::Checkpointer,
    commit,
    plan::{Plan, Stored},
    request::{Appended, Prepared},
};
use crate::{AppendError, DirLock, Reader, read::ReadTurn};

/// Bodies that one commit takes, bytes.
const GROUP_BYTES: usize = 16 << 20;
/// Requests that one commit takes.
const GROUP_REQUESTS: usize = 4096;
/// How long nothing must come until what is not urgent is done.
const IDLE: Duration = Duration::from_secs(1);

type Reply<T> = oneshot::Sender<Result<T, AppendError>>;

/// What the writer is asked for.
#[derive(Debug)]
pub(super) enum Command {
    Append(Box<Prepared>, Reply<Appended>),
    /// Something was turned away: the ledger is to be written soon.
    Count,
    /// At most so many bytes for the database's file.
    Limit(Option<u64>, Reply<()>),
    Close(Reply<()>),
}

/// The thread's own state.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: SqliteConnection,
    pub(super) checkpointer: Checkpointer,
    pub(super) stored: Stored,
    pub(super) reader: Reader,
    pub(super) runtime: Handle,
    pub(super) lock: DirLock,
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
        let Self { connection, mut checkpointer, reader, runtime, lock, .. } = self;
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

    fn next(&self, commands: &Receiver<Command>) -> Result<Command, RecvTimeoutError> {
        if self.checkpointer.is_empty() && !self.reader.ledger_state().has_waiting() {
            return commands.recv().map_err(|_| RecvTimeoutError::Disconnected);
        }
        commands.recv_timeout(IDLE)
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
        if !self.checkpointer.is_empty() {
            self.checkpointer.empty();
        }
    }

    /// Commits a group and tells everyone in it.
    fn commit(&mut self, group: Group) -> Result<(), AppendError> {
        let ledger = self.reader.ledger_state().begin();
        let mut plan = Plan::new(ledger, &self.stored);
        let turn = ReadTurn::new(&self.reader, &self.runtime);
        let mut result = group.requests.into_iter().try_for_each(|request| plan.add(request, &mut self.stored, &turn));
        if result.is_ok() {
            result = self.runtime.block_on(commit::commit(&mut self.connection, &plan));
        }
        if let Err(error) = result {
            self.reader.ledger_state().end(None);
            plan.undo(&mut self.stored);
            for reply in group.replies {
                let _ = reply.send(Err(error.clone()));
            }
            return Err(error);
        }
        plan.apply(&mut self.stored, &self.reader);
        let bytes = commit::log_bytes(&plan);
        let Plan { outcomes, ledger, .. } = plan;
        self.reader.ledger_state().end(Some(ledger));
        self.reader.announce();
        for (reply, outcome) in group.replies.into_iter().zip(outcomes) {
            let _ = reply.send(Ok(outcome));
        }
        self.checkpointer.committed(bytes);
        Ok(())
    }
}
