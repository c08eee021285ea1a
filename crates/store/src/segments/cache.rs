//! Parts of segments that were read lately.

use std::{collections::VecDeque, sync::Arc};

use hashbrown::HashMap;
use model::TraceId;
use segment::SpanSegment;

use super::{Block, Segments};

/// Traces in the blocks that are kept: about 100 bytes each.
const MOST_TRACES: usize = 160_000;
/// Segments of spans that are kept with the columns that were read.
const MOST_SEGMENTS: usize = 2;

/// The least recently used go first.
#[derive(Debug, Default)]
pub(crate) struct SegmentCache {
    blocks: VecDeque<(u64, Arc<Block>)>,
    traces: usize,
    spans: VecDeque<(u64, Arc<SpanSegment>)>,
    /// Nanoseconds since the Unix epoch.
    earliest_starts: HashMap<u64, u64>,
}

impl SegmentCache {
    pub(crate) fn block(&mut self, segment: u64) -> Option<Arc<Block>> {
        let at = self.blocks.iter().position(|(id, _)| *id == segment)?;
        let found = self.blocks.remove(at)?;
        let block = Arc::clone(&found.1);
        self.blocks.push_back(found);
        Some(block)
    }

    /// One of these segments that holds a trace and is none of those, with the trace's place in it, if its block is here.
    pub(crate) fn holder(
        &self,
        trace_id: TraceId,
        segments: &Segments,
        but: &[u64],
    ) -> Option<(u64, Arc<Block>, usize)> {
        let others = self.blocks.iter().rev().filter(|(id, _)| !but.contains(id));
        let holder = others.filter_map(|(id, block)| Some((*id, block, block.position(trace_id)?)));
        let mut listed = holder.filter(|(id, ..)| segments.get(*id).is_some());
        listed.next().map(|(id, block, at)| (id, Arc::clone(block), at))
    }

    pub(crate) fn add_block(&mut self, segment: u64, block: &Arc<Block>) {
        if self.blocks.iter().any(|(id, _)| *id == segment) {
            return;
        }
        self.traces += block.len();
        self.blocks.push_back((segment, Arc::clone(block)));
        while self.traces > MOST_TRACES
            && self.blocks.len() > 1
            && let Some((_, oldest)) = self.blocks.pop_front()
        {
            self.traces -= oldest.len();
        }
    }

    pub(crate) fn spans(&mut self, segment: u64) -> Option<Arc<SpanSegment>> {
        let at = self.spans.iter().position(|(id, _)| *id == segment)?;
        let found = self.spans.remove(at)?;
        let spans = Arc::clone(&found.1);
        self.spans.push_back(found);
        Some(spans)
    }

    /// The earliest start in a segment, if it is known.
    pub(crate) fn earliest_start(&self, segment: u64) -> Option<u64> {
        self.earliest_starts.get(&segment).copied()
    }

    pub(crate) fn add_earliest_start(&mut self, segment: u64, unix_nano: u64) {
        self.earliest_starts.insert(segment, unix_nano);
    }

    /// Forgets segments that are listed no longer.
    pub(crate) fn forget(&mut self, segments: &[u64]) {
        let Self { blocks, traces, spans, earliest_starts } = self;
        earliest_starts.retain(|id, _| !segments.contains(id));
        blocks.retain(|(id, block)| {
            let is_kept = !segments.contains(id);
            *traces -= if is_kept { 0 } else { block.len() };
            is_kept
        });
        spans.retain(|(id, _)| !segments.contains(id));
    }

    pub(crate) fn add_spans(&mut self, segment: u64, spans: &Arc<SpanSegment>) {
        self.spans.push_back((segment, Arc::clone(spans)));
        if self.spans.len() > MOST_SEGMENTS {
            self.spans.pop_front();
        }
    }
}
