//! All traces, latest start first: those of the index and those of the segments as one list.

use std::{
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

use hashbrown::HashSet;
use model::{Signal, TraceId};

use super::Noted;
use crate::{
    TraceSummary,
    index::Index,
    segments::{Block, Segment, Segments},
};

/// What the list is sorted by.
type Key = (u64, TraceId);

fn key(summary: &TraceSummary) -> Key {
    (summary.start_unix_nano, summary.trace_id)
}

/// Where the list has come to. Blocks are opened only when their turn comes, and a trace in several segments is joined
/// when the list comes to the first of its parts: it begins no later than that.
pub(super) struct Cursor {
    segments: Segments,
    /// Traces that were joined before their turn has come, oldest start first; at the beginning those of the index.
    joined: Vec<TraceSummary>,
    is_joined: HashSet<TraceId>,
    /// Segments of spans that are not open yet, the one with the latest start first.
    waiting: VecDeque<Arc<Segment>>,
    /// How many there were.
    all: usize,
    /// By number, until the last trace has come.
    open: Vec<Option<Open>>,
    /// The next trace of each open block: start and id, block, position.
    next: BinaryHeap<(Key, usize, usize)>,
}

/// An open segment.
struct Open {
    block: Arc<Block>,
    marks: Marks,
}

/// Which traces of a segment are listed, by their place in its block.
pub(super) enum Marks {
    /// All, and all are found.
    All,
    /// Those with a mark.
    Some(Vec<Option<Mark>>),
}

/// What is known of a listed trace of which all is in the segment.
#[derive(Debug, Clone, Default)]
pub(super) struct Mark {
    /// Whether it is found; `None`: its spans have to be asked.
    pub(super) is_found: Option<bool>,
    /// Whether it is selected, where it is found.
    pub(super) is_selected: bool,
    /// What was noted of it.
    pub(super) noted: Vec<Noted>,
}

impl Mark {
    /// One of which only this is told.
    pub(super) fn found(is_found: bool) -> Self {
        Self { is_found: Some(is_found), is_selected: false, noted: Vec::new() }
    }
}

impl Marks {
    fn lists(&self, at: usize) -> bool {
        match self {
            Self::All => true,
            Self::Some(marks) => matches!(marks.get(at), Some(Some(_))),
        }
    }

    fn take(&mut self, at: usize) -> Mark {
        match self {
            Self::All => Mark::found(true),
            Self::Some(marks) => marks.get_mut(at).and_then(Option::take).unwrap_or_default(),
        }
    }
}

/// What has to be done for the list to go on.
pub(super) enum Step {
    /// This segment is to be opened: [`Cursor::open`], or [`Cursor::pass`] where it does not read.
    Open(Arc<Segment>),
    /// The parts of this trace are to be found and joined: [`Cursor::join`].
    Join(TraceId),
    /// The next trace, all of which is in one segment.
    Trace(TraceSummary, Mark),
    /// The next trace, which was joined.
    Joined(TraceSummary),
}

impl Cursor {
    /// A list of the traces of which something came after this row of the append level, or of all.
    pub(super) fn new(index: &Index, segments: &Segments, after: Option<u64>) -> Self {
        let mut joined = index.summaries_in_rows();
        let is_joined = joined.iter().map(|summary| summary.trace_id).collect();
        joined.retain(|summary| after.is_none_or(|after| summary.last_sequence > after));
        let is_listed = |segment: &&Arc<Segment>| {
            segment.signal == Signal::Traces && after.is_none_or(|after| segment.rows.1 > after)
        };
        let mut waiting: Vec<_> = segments.iter().filter(is_listed).map(Arc::clone).collect();
        waiting.sort_by_key(|segment| std::cmp::Reverse(segment.latest_start_unix_nano));
        let (segments, waiting) = (segments.clone(), VecDeque::from(waiting));
        let all = waiting.len();
        Self { segments, joined, is_joined, waiting, all, open: Vec::new(), next: BinaryHeap::new() }
    }

    /// The segments of which it lists the traces.
    pub(super) fn segments(&self) -> &Segments {
        &self.segments
    }

    /// How many segments are open or were gone past, and how many there are.
    pub(super) fn opened(&self) -> (u32, u32) {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (count(self.all - self.waiting.len()), count(self.all))
    }

    /// The latest start that is yet to come, nanoseconds since the Unix epoch; `None` where nothing is.
    pub(super) fn reached_unix_nano(&self) -> Option<u64> {
        let in_segments = self.next.peek().map(|((start, _), ..)| *start);
        let joined = self.joined.last().map(|summary| summary.start_unix_nano);
        let waiting = self.waiting.front().map(|segment| segment.latest_start_unix_nano);
        in_segments.max(joined).max(waiting)
    }

    /// What comes next; `None` after the last trace.
    pub(super) fn step(&mut self) -> Option<Step> {
        loop {
            let in_segments = self.next.peek().map(|(key, ..)| *key);
            let joined = self.joined.last().map(key);
            let first = in_segments.max(joined);
            if let Some(waiting) = self.waiting.front()
                && first.is_none_or(|(start, _)| waiting.latest_start_unix_nano >= start)
            {
                return Some(Step::Open(Arc::clone(waiting)));
            }
            if joined >= in_segments {
                return self.joined.pop().map(Step::Joined);
            }
            let &(_, number, at) = self.next.peek()?;
            let open = self.open.get_mut(number)?.as_mut()?;
            let trace_id = open.block.part(at)?.fragment.trace_id;
            let is_joined = self.is_joined.contains(&trace_id);
            if !is_joined && self.segments.is_continued(trace_id) {
                return Some(Step::Join(trace_id));
            }
            let next = (!is_joined).then(|| Some(Step::Trace(open.block.summary(at)?, open.marks.take(at))));
            self.next.pop();
            self.advance(number, Some(at));
            if let Some(next) = next {
                return next;
            }
        }
    }

    /// The segments that are not open yet, in the order in which they will be.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Arc<Segment>> + Clone {
        self.waiting.iter()
    }

    /// The traces that are joined.
    pub(super) fn joined(&self) -> &HashSet<TraceId> {
        &self.is_joined
    }

    /// Whether a trace is known to be in other segments too, or in none.
    pub(super) fn is_shared(&self, trace_id: TraceId) -> bool {
        self.is_joined.contains(&trace_id) || self.segments.is_continued(trace_id)
    }

    /// Opens the segment that was needed.
    pub(super) fn open(&mut self, block: Arc<Block>, marks: Marks) {
        self.waiting.pop_front();
        let number = self.open.len();
        self.open.push(Some(Open { block, marks }));
        self.advance(number, None);
    }

    /// Goes past the segment that was needed: it does not read.
    pub(super) fn pass(&mut self) {
        self.waiting.pop_front();
    }

    /// Takes in the trace that was to be joined; `None`: nothing of it reads any more.
    pub(super) fn join(&mut self, trace_id: TraceId, summary: Option<TraceSummary>) {
        self.is_joined.insert(trace_id);
        if let Some(summary) = summary {
            let at = self.joined.partition_point(|other| key(other) < key(&summary));
            self.joined.insert(at, summary);
        }
    }

    /// Puts in the trace of a block that comes before the one at this position, or its last.
    fn advance(&mut self, number: usize, before: Option<usize>) {
        let Some(Some(Open { block, marks })) = self.open.get(number) else { return };
        let mut at = before.unwrap_or(block.len());
        while let Some(below) = at.checked_sub(1) {
            at = below;
            if marks.lists(at)
                && let Some(part) = block.part(at)
                && !self.is_joined.contains(&part.fragment.trace_id)
            {
                self.next.push(((part.fragment.start_unix_nano, part.fragment.trace_id), number, at));
                return;
            }
        }
        if let Some(open) = self.open.get_mut(number) {
            *open = None;
        }
    }
}
