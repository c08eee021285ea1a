//! Rows of the append level becoming segments, in the background: read and packed on a thread of its own,
//! written by the writer in small pieces, and published in one transaction.

mod aggregating;
mod decide;
mod letting_go;
mod merge;
mod pack;
mod rewrite;
mod rows;
mod thinning;
mod volume;

use std::{
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread,
    time::Duration,
};

use model::{Signal, TraceId};
use sampling::Rules;
use tokio::{runtime::Handle, sync::oneshot};

use crate::{
    AppendError, Reader, Retention, Selected, Selection,
    aggregates::NewAggregate,
    append::Command,
    failpoint,
    read::into_append,
    segments::{Block, Segment, ServiceShare},
    thinned::SpansByService,
};

pub use decide::Preview;
pub(crate) use decide::{Decided, Decisions, SETTLED_NANOS};
pub(crate) use volume::MINUTES_AN_HOUR;

/// Metric points that take as much as a span or a log record. Measured on the corpus: 65,536 points a segment take
/// 6.3 bytes each, four times as many 4.4.
const POINTS_A_SPAN: u64 = 4;

/// How much of a segment these items fill, in points.
pub(crate) fn weight(signal: Signal, items: u64) -> u64 {
    match signal {
        Signal::Traces | Signal::Logs => items * POINTS_A_SPAN,
        Signal::Metrics => items,
    }
}

/// What makes a segment worth while, and nearly the most that one gets, in points.
pub(crate) fn segment_weight() -> u64 {
    failpoint::segment_items().unwrap_or(65_536) * POINTS_A_SPAN
}

/// The same in bytes of bodies as they are stored.
pub(crate) const SEGMENT_BODY_BYTES: u64 = 24 << 20;

/// A segment to be written.
#[derive(Debug)]
pub(crate) struct NewSegment {
    pub(crate) segment: Arc<Segment>,
    /// By number.
    pub(crate) blobs: Vec<(u64, Vec<u8>)>,
    /// Its traces, if it is one of spans.
    pub(crate) block: Option<Arc<Block>>,
}

/// What is to be published in one transaction.
#[derive(Debug, Default)]
pub(crate) struct Publication {
    pub(crate) segments: Vec<NewSegment>,
    /// Up to which row of the append level all is in segments then.
    pub(crate) compacted_row: Option<u64>,
    /// How much of a segment the rows fill that are dead then, and the bytes of their bodies.
    pub(crate) released: (u64, u64),
    /// Segments that the new ones replace.
    pub(crate) replaced: Vec<u64>,
    /// What of those is in no new one.
    pub(crate) gone: Option<ItemsGone>,
    /// Hidden traces, or parts of such, that are in no new one.
    pub(crate) removed: Vec<Removed>,
    /// Rows and hashes of the bodies whose items have no identity.
    pub(crate) body_hashes: Vec<(u64, u64)>,
    /// What was counted of the rows that are dead then, or of the blobs that go.
    pub(crate) aggregate: Option<NewAggregate>,
    /// Blobs of aggregates that go.
    pub(crate) replaced_aggregates: Vec<i64>,
}

impl Publication {
    /// Whether the list of segments, or what is dead, changes with it.
    pub(crate) fn changes_segments(&self) -> bool {
        self.compacted_row.is_some() || !self.segments.is_empty() || !self.replaced.is_empty()
    }

    /// The same without what is written by then.
    pub(crate) fn without_blobs(&self) -> Self {
        let bare = |new: &NewSegment| NewSegment {
            segment: Arc::clone(&new.segment),
            blobs: Vec::new(),
            block: new.block.clone(),
        };
        Self {
            segments: self.segments.iter().map(bare).collect(),
            compacted_row: self.compacted_row,
            released: self.released,
            replaced: self.replaced.clone(),
            gone: self.gone.clone(),
            removed: self.removed.clone(),
            body_hashes: self.body_hashes.clone(),
            aggregate: self.aggregate.clone(),
            replaced_aggregates: self.replaced_aggregates.clone(),
        }
    }
}

/// A hidden trace, or a part of it, that is taken from the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removed {
    pub(crate) trace_id: TraceId,
    pub(crate) spans: SpansByService,
    /// When, nanoseconds since the Unix epoch, if that is known.
    pub(crate) at_unix_nano: u64,
}

/// Items that are let go.
#[derive(Debug, Clone)]
pub(crate) struct ItemsGone {
    pub(crate) reason: Reason,
    pub(crate) signal: Signal,
    /// By the service that sent them.
    pub(crate) by_service: Vec<(String, u64)>,
}

impl ItemsGone {
    /// What of a segment is in none of those that replace it, but for what was hidden.
    fn of(reason: Reason, segment: &Segment, new: &rewrite::Rewritten) -> Self {
        let goes_on = |name: &str| -> u64 {
            let shares = new.segments.iter().flat_map(|new| &new.segment.services);
            let kept: u64 = shares.filter(|share| share.name == name).map(|share| share.items).sum();
            kept + new.removed.iter().filter_map(|removed| removed.spans.get(name)).sum::<u64>()
        };
        let gone = |share: &ServiceShare| (share.name.clone(), share.items.saturating_sub(goes_on(&share.name)));
        let gone = segment.services.iter().map(gone).filter(|(_, items)| *items > 0);
        Self { reason, signal: segment.signal, by_service: gone.collect() }
    }

    /// All of them.
    fn items(&self) -> u64 {
        self.by_service.iter().map(|(_, items)| items).sum()
    }
}

/// Why something was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its age.
    Expired,
    /// The cap on disk.
    Evicted,
    /// The user.
    Deleted,
}

/// How much was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gone {
    /// Spans, log records and points let go because of their age.
    pub expired: u64,
    /// The same because of the cap on disk.
    pub evicted: u64,
}

impl Gone {
    fn of(reason: Reason, items: u64) -> Self {
        match reason {
            Reason::Expired => Self { expired: items, ..Self::default() },
            Reason::Evicted => Self { evicted: items, ..Self::default() },
            Reason::Deleted => Self::default(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.expired += other.expired;
        self.evicted += other.evicted;
    }
}

type Reply<T> = oneshot::Sender<Result<T, AppendError>>;

/// What the thread is asked for.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Segments of as many rows as make full ones.
    Full,
    /// Segments of all rows there are now, and large ones of small ones.
    All(Option<Reply<()>>),
    /// What is too old at this time, or over the cap, goes, and traces that have settled are decided.
    LetGo(LetGo, Reply<Option<Gone>>),
    /// What rules would keep of what arrived since a time.
    Preview(Box<Rules>, u64, Reply<Preview>),
    /// What is selected goes, or with `true` is only counted.
    Delete(Selection, bool, Reply<Selected>),
}

/// By what things are let go.
#[derive(Debug, Clone)]
pub(crate) struct LetGo {
    pub(crate) now_unix_nano: u64,
    /// `None`: nothing goes for its age or the cap.
    pub(crate) retention: Option<Retention>,
    /// `None`: nothing is decided.
    pub(crate) rules: Option<Arc<Rules>>,
}

/// The thread that compacts.
#[derive(Debug)]
pub(crate) struct Compactor {
    wanted: Sender<Wanted>,
    thread: thread::JoinHandle<()>,
}

impl Compactor {
    /// Starts the thread. `next_segment` is the first id that is free.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(crate) fn start(
        reader: Reader,
        commands: Sender<Command>,
        runtime: Handle,
        next_segment: u64,
    ) -> std::io::Result<Self> {
        let (wanted, received) = mpsc::channel();
        let mut work = Work { reader, commands, runtime, next_segment, decisions: None };
        let thread = thread::Builder::new().name("compact".to_owned()).spawn(move || {
            while let Ok(wanted) = received.recv() {
                work.handle(wanted);
            }
        })?;
        Ok(Self { wanted, thread })
    }

    /// Ends the thread. What it asks for meanwhile has to be refused.
    pub(crate) fn stop(self, mut refuse: impl FnMut()) {
        drop(self.wanted);
        while !self.thread.is_finished() {
            refuse();
            thread::sleep(Duration::from_millis(1));
        }
        if self.thread.join().is_err() {
            tracing::error!("the compaction thread panicked");
        }
    }

    /// Asks for work; it is done after what was asked for before.
    pub(crate) fn want(&self, wanted: Wanted) {
        // A thread that has ended was closed, or panicked and said so.
        let _ = self.wanted.send(wanted);
    }
}

/// The thread's own state.
struct Work {
    reader: Reader,
    commands: Sender<Command>,
    runtime: Handle,
    next_segment: u64,
    /// What was decided until now; `None` until it is needed.
    decisions: Option<Decisions>,
}

impl Work {
    fn handle(&mut self, wanted: Wanted) {
        match wanted {
            Wanted::Full => drop(self.compact(false)),
            Wanted::All(reply) => {
                let result = self.compact(true);
                if let Some(reply) = reply {
                    answer(reply, result);
                }
            }
            Wanted::LetGo(let_go, reply) => {
                let result = self.join().and_then(|()| self.let_go(&let_go));
                answer(reply, result.map(Some));
            }
            Wanted::Preview(rules, since_unix_nano, reply) => {
                let result = self.compact(true).and_then(|()| self.preview(&rules, since_unix_nano));
                answer(reply, result);
            }
            Wanted::Delete(selection, is_asked, reply) => {
                let result = self.delete(&selection, is_asked);
                answer(reply, result);
            }
        }
    }

    /// Makes segments of rows and of segments, and tells the writer how it ended.
    fn compact(&mut self, is_all: bool) -> Result<(), AppendError> {
        let result = self.make_segments(is_all);
        if let Err(error) = &result {
            tracing::warn!(%error, "compaction failed; what is there stays as it is");
        }
        // A writer that is gone wants nothing more.
        let _ = self.commands.send(Command::Rested(result.clone()));
        result
    }

    fn make_segments(&mut self, is_all: bool) -> Result<(), AppendError> {
        self.join()?;
        loop {
            let rows = self.rows(is_all)?;
            if let Some(rows) = &rows {
                let publication = pack::pack(&self.reader, &self.runtime, rows, &mut self.next_segment)?;
                self.publish(publication)?;
            }
            // One after the other: while rows come as fast as they are packed, small segments are merged too.
            let unreadable = self.reader.unreadable().len();
            let merged = match self.merge(is_all && rows.is_none()) {
                // Without the one that was found not to read.
                Err(_) if self.reader.unreadable().len() > unreadable => continue,
                merged => merged?,
            };
            let is_done = rows.is_none() && merged.is_none();
            if let Some(publication) = merged {
                self.publish(publication)?;
            }
            if is_done {
                break;
            }
        }
        Ok(())
    }

    /// Which traces continue, fail or end elsewhere is known only when the index holds those in several segments.
    fn join(&self) -> Result<(), AppendError> {
        self.runtime.block_on(self.reader.join()).map_err(|error| into_append(&error))
    }

    fn publish(&self, publication: Publication) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        let publish = Command::Publish(Box::new(publication), reply);
        self.commands.send(publish).map_err(|_| AppendError::Closed)?;
        answer.blocking_recv().map_err(|_| AppendError::Closed)?
    }
}

/// Whoever asked may have stopped waiting.
fn answer<T>(reply: Reply<T>, result: Result<T, AppendError>) {
    let _ = reply.send(result);
}

fn take_id(next_segment: &mut u64) -> u64 {
    *next_segment += 1;
    *next_segment - 1
}
