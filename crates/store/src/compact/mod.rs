//! Rows of the append level becoming segments, in the background: read and packed on a thread of its own,
//! written by the writer in small pieces, and published in one transaction.

mod merge;
mod pack;
mod rewrite;
mod rows;

use std::{
    sync::{
        Arc,
        mpsc::{self, Sender},
    },
    thread,
    time::Duration,
};

use tokio::{runtime::Handle, sync::oneshot};

use crate::{
    AppendError, Reader,
    append::Command,
    segments::{Block, Segment},
};

/// Items that make a segment worth while, and nearly the most that one gets.
pub(crate) const SEGMENT_ITEMS: u64 = 65_536;
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
    /// Items and bytes of bodies in the rows that are dead then.
    pub(crate) released: (u64, u64),
    /// Segments that the new ones replace.
    pub(crate) replaced: Vec<u64>,
    /// Rows and hashes of the bodies whose items have no identity.
    pub(crate) body_hashes: Vec<(u64, u64)>,
}

impl Publication {
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
            body_hashes: self.body_hashes.clone(),
        }
    }
}

/// How much is to be compacted.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// As many rows as make full segments.
    Full,
    /// All rows there are now, and small segments into larger ones.
    All(Option<oneshot::Sender<Result<(), AppendError>>>),
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
        let mut work = Work { reader, commands, runtime, next_segment };
        let thread = thread::Builder::new().name("compact".to_owned()).spawn(move || {
            while let Ok(wanted) = received.recv() {
                let (is_all, reply) = match wanted {
                    Wanted::Full => (false, None),
                    Wanted::All(reply) => (true, reply),
                };
                let result = work.run(is_all);
                if let Err(error) = &result {
                    tracing::warn!(%error, "compaction failed; what is there stays as it is");
                }
                // A writer that is gone wants nothing more.
                let _ = work.commands.send(Command::Rested(result.clone()));
                if let Some(reply) = reply {
                    // Whoever asked may have stopped waiting.
                    let _ = reply.send(result);
                }
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
}

impl Work {
    fn run(&mut self, is_all: bool) -> Result<(), AppendError> {
        while let Some(rows) = self.rows(is_all)? {
            let publication = pack::pack(&self.reader, &rows, &mut self.next_segment)?;
            self.publish(publication)?;
        }
        while let Some(publication) = self.merge(is_all)? {
            self.publish(publication)?;
        }
        Ok(())
    }

    fn publish(&self, publication: Publication) -> Result<(), AppendError> {
        let (reply, answer) = oneshot::channel();
        let publish = Command::Publish(Box::new(publication), reply);
        self.commands.send(publish).map_err(|_| AppendError::Closed)?;
        answer.blocking_recv().map_err(|_| AppendError::Closed)?
    }

    fn next_id(&mut self) -> u64 {
        take_id(&mut self.next_segment)
    }
}

fn take_id(next_segment: &mut u64) -> u64 {
    *next_segment += 1;
    *next_segment - 1
}
