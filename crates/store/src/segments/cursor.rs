//! All traces, latest start first: those of the index and those of the segments as one list.

use std::{
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
};

use hashbrown::HashSet;
use model::{Signal, TraceId};

use super::{Block, Segment, Segments};
use crate::{TraceSummary, index::Index};

/// Where the list has come to. Blocks are opened only when their turn comes.
pub(crate) struct Cursor {
    /// Traces of the index, oldest start first.
    listed: Vec<TraceSummary>,
    is_listed: HashSet<TraceId>,
    /// Segments of spans that are not open yet, the one with the latest start first.
    waiting: VecDeque<Arc<Segment>>,
    open: Vec<Arc<Block>>,
    /// The next trace of each open block: start, block, position.
    next: BinaryHeap<(u64, usize, usize)>,
}

impl Cursor {
    pub(crate) fn new(index: &Index, segments: &Segments) -> Self {
        let listed = index.summaries();
        let is_listed = listed.iter().map(|summary| summary.trace_id).collect();
        let mut waiting: Vec<_> =
            segments.iter().filter(|segment| segment.signal == Signal::Traces).map(Arc::clone).collect();
        waiting.sort_by_key(|segment| std::cmp::Reverse(segment.latest_start_unix_nano));
        Self { listed, is_listed, waiting: waiting.into(), open: Vec::new(), next: BinaryHeap::new() }
    }

    /// The segment whose block has to be opened before the list can go on, if there is one.
    pub(crate) fn needs(&self) -> Option<Arc<Segment>> {
        let waiting = self.waiting.front()?;
        let next = self.next.peek().map(|(start, ..)| *start);
        let listed = self.listed.last().map(|summary| summary.start_unix_nano);
        let first = next.max(listed);
        first.is_none_or(|first| waiting.latest_start_unix_nano >= first).then(|| Arc::clone(waiting))
    }

    /// Opens the block that was needed.
    pub(crate) fn open(&mut self, block: Arc<Block>) {
        self.waiting.pop_front();
        let number = self.open.len();
        self.open.push(block);
        self.advance(number, None);
    }

    /// Goes past the segment that was needed: it does not read.
    pub(crate) fn pass(&mut self) {
        self.waiting.pop_front();
    }

    /// The next trace; call it when no block is needed.
    pub(crate) fn next(&mut self) -> Option<TraceSummary> {
        let in_segments = self.next.peek().map(|(start, ..)| *start);
        let listed = self.listed.last().map(|summary| summary.start_unix_nano);
        if listed >= in_segments {
            return self.listed.pop();
        }
        let (_, number, at) = self.next.pop()?;
        self.advance(number, Some(at));
        self.open.get(number)?.summary(at)
    }

    /// Puts in the trace of a block that comes before the one at this position, or its last.
    fn advance(&mut self, number: usize, before: Option<usize>) {
        let Some(block) = self.open.get(number) else { return };
        let mut at = before.unwrap_or(block.len());
        while let Some(below) = at.checked_sub(1) {
            at = below;
            if let Some(part) = block.part(at)
                && !self.is_listed.contains(&part.fragment.trace_id)
            {
                self.next.push((part.fragment.start_unix_nano, number, at));
                return;
            }
        }
    }
}
