//! The writer: one thread that commits all that waits as soon as it is free.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::{Duration, Instant},
};

use tokio::{runtime::Handle, sync::oneshot};

use super::{
    background::{Background, Piece},
    checkpoint::Checkpointer,
    commit,
    connection::WriteConnection,
    plan::{Plan, Stored},
    request::{Appended, Prepared},
};
use model::{Signal, TraceId};
use sampling::Rules;

use crate::{
    AppendError, DirLock, Gone, Reader, Retention, Selected, Selection,
    compact::{Compactor, Decided, LetGo, Preview, Publication, SEGMENT_BODY_BYTES, Wanted, segment_weight, weight},
    failpoint,
    read::{ReadTurn, into_append},
    schema,
    thinned::{Changes, Thinned},
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
/// A clock that steps back by more than this is not believed, nanoseconds.
const STEP_BACK_NANOS: u64 = 3_600 * 1_000_000_000;
/// Nor one that is further ahead of the last time than this: 30 days.
const STEP_FORWARD_NANOS: u64 = 30 * 86_400 * 1_000_000_000;
/// How often the time that is believed is written down.
const BELIEF_NANOS: u64 = 3_600 * 1_000_000_000;
/// Free pages that stay for what comes next, so that the file does not grow and shrink all the time.
const SPARE_PAGES: i64 = 1024;
/// Free pages given back to the disk in one step.
const FREED_PAGES: i64 = 512;

/// How much may wait to become segments, in points (`compact::weight`): two million spans, whose identities and traces
/// take some 200 MB of memory.
const MOST_WAITING: u64 = 8 << 20;
/// Thinned traces that are known at a time, at about 200 bytes each; more stay until some are forgotten.
const MOST_THINNED: usize = 500_000;

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
    /// From now on things are kept so long.
    Retain(Retention, Reply<()>),
    /// From now on traces that have settled are decided by these.
    Sample(Box<Rules>, Reply<()>),
    /// What such rules would keep of what arrived since a time.
    Preview(Box<Rules>, u64, Reply<Preview>),
    /// What was decided.
    Decide(Box<Decided>, Reply<()>),
    /// What is too old at this time, or over the cap, goes; with `true` the time is believed.
    LetGo(u64, bool, Reply<Option<Gone>>),
    /// What is selected goes, or with `true` is only counted.
    Delete(Selection, bool, Reply<Selected>),
    /// A trace is pinned, or is so no longer.
    Pin(TraceId, bool, Reply<bool>),
    Close(Reply<()>),
}

/// The thread's own state.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) connection: WriteConnection,
    pub(super) checkpointer: Checkpointer,
    pub(super) compactor: Compactor,
    pub(super) stored: Stored,
    pub(super) reader: Reader,
    pub(super) runtime: Handle,
    pub(super) lock: DirLock,
    pub(super) background: Background,
    pub(super) pending: Pending,
    /// How long things are kept; nothing is let go before that is said.
    pub(super) retention: Option<Retention>,
    /// By what traces are thinned; none is before that is said.
    pub(super) rules: Option<Arc<Rules>>,
    /// The latest time that was believed, nanoseconds since the Unix epoch; 0 before the first.
    pub(super) believed_unix_nano: u64,
}

/// What is in no segment yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// How much of a segment it fills.
    pub(super) weight: u64,
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
        self.weight > 0 && !self.is_wanted && self.not_before.is_none_or(|when| Instant::now() >= when)
    }

    fn is_full(&self) -> bool {
        self.weight >= segment_weight() || self.body_bytes >= SEGMENT_BODY_BYTES
    }

    /// Whether no more is taken: the identities and traces of what waits are in memory.
    fn is_too_much(&self) -> bool {
        self.weight >= failpoint::most_waiting().unwrap_or(MOST_WAITING)
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
        connection.close();
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
            && (self.pending.weight == 0 || self.pending.is_wanted)
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
                    if self.pending.is_too_much() {
                        group.replies.into_iter().for_each(|reply| drop(reply.send(Err(AppendError::Behind))));
                        // Who sends again at once does not keep it from being worked off.
                        self.step_in_background();
                    } else {
                        // Those who wait are told by the commit itself.
                        let _ = self.commit(group);
                    }
                }
                Command::Count => {}
                Command::Limit(bytes, reply) => {
                    let _ =
                        reply.send(self.connection.transact(async |connection| commit::limit(connection, bytes).await));
                }
                Command::Publish(publication, reply) => self.background.publish(*publication, reply),
                Command::Rested(result) => {
                    self.pending.is_wanted = false;
                    self.pending.not_before = result.is_err().then(|| Instant::now() + BEFORE_ANOTHER_TRY);
                }
                Command::Compact(reply) => self.compactor.want(Wanted::All(Some(reply))),
                Command::Retain(retention, reply) => {
                    self.retention = Some(retention);
                    let _ = reply.send(Ok(()));
                }
                Command::Sample(rules, reply) => {
                    self.rules = Some(Arc::new(*rules));
                    let _ = reply.send(Ok(()));
                }
                Command::Preview(rules, since, reply) => self.compactor.want(Wanted::Preview(rules, since, reply)),
                Command::Decide(decided, reply) => {
                    let _ = reply.send(self.decide(&decided));
                }
                Command::LetGo(now_unix_nano, is_believed, reply) => self.let_go(now_unix_nano, is_believed, reply),
                Command::Delete(selection, is_asked, reply) => {
                    self.compactor.want(Wanted::Delete(selection, is_asked, reply));
                }
                Command::Pin(trace_id, is_pinned, reply) => {
                    let _ = reply.send(self.pin(trace_id, is_pinned));
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
            let step = async |connection: &mut _| commit::give_back(connection, SPARE_PAGES, FREED_PAGES).await;
            match self.connection.transact(step) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "free pages could not be given back");
                    return;
                }
            }
        }
    }

    /// Has what is too old let go, unless the clock has jumped since it was last believed: then nothing goes
    /// by its age until the user says that the time is right.
    fn let_go(&mut self, now_unix_nano: u64, is_believed: bool, reply: Reply<Option<Gone>>) {
        let before = self.believed_unix_nano;
        let is_step = now_unix_nano.saturating_add(STEP_BACK_NANOS) < before
            || before > 0 && now_unix_nano > before.saturating_add(STEP_FORWARD_NANOS);
        if is_step && !is_believed {
            let _ = reply.send(Ok(None));
            return;
        }
        if is_step || now_unix_nano > before.saturating_add(BELIEF_NANOS) {
            let believe = async |connection: &mut _| commit::believe(connection, now_unix_nano).await;
            if let Err(error) = self.connection.transact(believe) {
                let _ = reply.send(Err(error));
                return;
            }
            self.believed_unix_nano = now_unix_nano;
        }
        let let_go = LetGo { now_unix_nano, retention: self.retention, rules: self.rules.clone() };
        self.compactor.want(Wanted::LetGo(let_go, reply));
    }

    /// Thins traces and writes down what was decided; but for those that were pinned or got something meanwhile,
    /// and no more than are to be known at a time.
    fn decide(&mut self, decided: &Decided) -> Result<(), AppendError> {
        let mut changes = Changes::new();
        {
            let catalogue = self.reader.catalogue();
            let room = MOST_THINNED.saturating_sub(catalogue.thinned.len());
            let may_be = |(trace_id, _): &&(TraceId, Thinned)| {
                let is_in_rows = catalogue.index.holders(*trace_id).1;
                !is_in_rows && !catalogue.pinned.contains(trace_id) && catalogue.thinned.get(*trace_id).is_none()
            };
            let thinned = decided.thinned.iter().filter(may_be).take(room);
            changes.extend(thinned.map(|(trace_id, thinned)| (*trace_id, Some(thinned.clone()))));
            // Something may have come for it since.
            let is_as_seen = |(trace_id, touched): &&(TraceId, u64)| {
                catalogue.thinned.get(*trace_id).is_some_and(|thinned| thinned.touched_unix_nano == *touched)
            };
            changes.extend(decided.forgotten.iter().filter(is_as_seen).map(|(trace_id, _)| (*trace_id, None)));
        }
        let mut ledger = self.reader.ledger_state().begin();
        for (service, spans) in changes.iter().filter_map(|(_, change)| change.as_ref()).flat_map(|it| it.hidden.iter())
        {
            ledger.of(service, Signal::Traces).thin(spans);
        }
        let rows = self.reader.ledger_state().rows(&ledger);
        let result = rows.map_err(|error| AppendError::Other(error.to_string())).and_then(|rows| {
            self.connection.transact(async |connection| commit::decide(connection, decided, &changes, &rows).await)
        });
        self.reader.ledger_state().end(result.is_ok().then_some(ledger));
        if result.is_ok() {
            self.reader.thinned(changes);
            self.reader.announce();
            self.checkpointer.committed(16 * u64::from(schema::PAGE_BYTES));
        }
        result
    }

    fn pin(&mut self, trace_id: TraceId, is_pinned: bool) -> Result<bool, AppendError> {
        let found = self.runtime.block_on(self.reader.summary(trace_id)).map_err(|error| into_append(&error))?;
        if is_pinned && found.is_none() {
            return Ok(false);
        }
        self.connection.transact(async |connection| commit::pin(connection, trace_id, is_pinned).await)?;
        let pinned = &mut self.reader.catalogue_mut().pinned;
        let was_pinned = if is_pinned { pinned.insert(trace_id) } else { pinned.remove(&trace_id) };
        Ok(is_pinned || was_pinned || found.is_some())
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
        if let Some(Piece::Publish(publication)) = &piece {
            if !plan.remove(&publication.removed, &self.reader) {
                self.background.failed(&AppendError::Other("a thinned trace came back meanwhile".to_owned()));
                piece = None;
            } else if let Some(gone) = &publication.gone {
                for (service, items) in &gone.by_service {
                    plan.ledger.of(service, gone.signal).let_go(gone.reason, *items);
                }
            }
        }
        if result.is_ok() {
            result = self.write(&plan, piece.as_ref());
            if let (Err(error), true, true) = (&result, piece.is_some(), !group.replies.is_empty()) {
                // It may have been the piece that did not fit.
                self.background.failed(error);
                if let Some(Piece::Publish(publication)) = piece.take() {
                    plan.remove_not(&publication.removed);
                    if let Some(gone) = &publication.gone {
                        for (service, items) in &gone.by_service {
                            plan.ledger.of(service, gone.signal).take_back(gone.reason, *items);
                        }
                    }
                }
                result = self.write(&plan, None);
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
        let is_kept = self.connection.outlive_the_log();
        let bytes = commit::log_bytes(&plan) + piece.as_ref().map_or(0, Piece::log_bytes);
        for row in &plan.rows {
            self.pending.weight += weight(row.request.signal, row.items);
            self.pending.body_bytes += row.request.body.len() as u64;
            self.pending.last = Some(Instant::now());
        }
        self.reader.catalogue_mut().waiting_bytes = self.pending.body_bytes;
        let Plan { outcomes, ledger, thinned, .. } = plan;
        if !thinned.is_empty() {
            self.reader.thinned(thinned.into_iter().collect());
        }
        self.reader.ledger_state().end(Some(ledger));
        if let Some((published, reply)) = piece.and_then(|piece| self.background.done(piece)) {
            self.published(published);
            // Whoever made it may be gone.
            let _ = reply.send(Ok(()));
        }
        self.reader.announce();
        for (reply, outcome) in group.replies.into_iter().zip(outcomes) {
            let _ = reply.send(is_kept.clone().map(|()| outcome));
        }
        self.checkpointer.committed(bytes);
        if self.pending.is_full() && self.pending.may_be_wanted() {
            self.pending.is_wanted = true;
            self.compactor.want(Wanted::Full);
        }
        Ok(())
    }

    fn write(&mut self, plan: &Plan, piece: Option<&Piece>) -> Result<(), AppendError> {
        let ledger = self.reader.ledger_state().rows(&plan.ledger);
        let ledger = ledger.map_err(|error| AppendError::Other(error.to_string()))?;
        self.connection.transact(async |connection| commit::commit(connection, plan, &ledger, piece).await)
    }

    /// After segments were published: what they hold is no longer in the append level.
    fn published(&mut self, publication: Publication) {
        if !publication.changes_segments() {
            return;
        }
        let Publication { segments, compacted_row, released, replaced, gone, removed, body_hashes, .. } = publication;
        if let Some(row) = compacted_row {
            let before = self.reader.published(row, &segments);
            self.stored.compacted(row, body_hashes.iter().map(|(_, hash)| *hash));
            self.background.delete_rows(before, row);
            self.pending.weight = self.pending.weight.saturating_sub(released.0);
            self.pending.body_bytes = self.pending.body_bytes.saturating_sub(released.1);
            self.reader.catalogue_mut().waiting_bytes = self.pending.body_bytes;
        } else if gone.is_some() || !removed.is_empty() {
            if let Err(error) = self.runtime.block_on(self.reader.let_go(&replaced, &segments)) {
                tracing::warn!(%error, "what was let go is still listed");
            }
            self.stored.identities.let_go();
            self.background.retire(&replaced, Instant::now());
        } else {
            self.reader.merged(&replaced, &segments);
            self.stored.identities.merged();
            self.background.retire(&replaced, Instant::now());
        }
    }
}
