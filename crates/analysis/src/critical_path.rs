//! The critical path: walking back from the end of a root, always into the child that ends last.
//!
//! The common form of this walk asks for a child that ends strictly before the cursor and so drops
//! siblings that stand back to back or overlap slightly. This one asks for a child that *starts*
//! before the cursor and clips it.

use std::cmp::Reverse;

use crate::{Trace, self_time::awaited_children, trace::NONE};

/// Segments of the critical path.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CriticalPath {
    /// Node, from, to: by node, then by time. No two overlap, none is empty.
    segments: Vec<(u32, i64, i64)>,
    /// Node and what it covers together with all below it; by node.
    extents: Vec<(u32, i64, i64)>,
}

/// A span that is being walked: what remains of it lies from `floor` to `cursor`.
struct Frame {
    node: u32,
    floor: i64,
    cursor: i64,
    /// Its children in `pending` that are not looked at yet start here; its frame is on top when
    /// they reach to the end of `pending`.
    first_pending: usize,
}

impl CriticalPath {
    /// The critical path of this root. Invariants: the segments cover the root exactly once; a
    /// node's segments lie in its self intervals.
    pub(crate) fn of_root(trace: &Trace, root: u32) -> Self {
        let mut path = Self::default();
        let mut stack = Vec::new();
        // Children of the frames on the stack, the one that ends last on top.
        let mut pending = Vec::new();
        path.enter(trace, root, trace.start[root as usize], trace.end[root as usize], &mut stack, &mut pending);
        while let Some(frame) = stack.last_mut() {
            let next = (pending.len() > frame.first_pending).then(|| pending.pop()).flatten();
            let Some(child) = next else {
                if frame.floor < frame.cursor {
                    path.segments.push((frame.node, frame.floor, frame.cursor));
                }
                stack.pop();
                continue;
            };
            let start = trace.start[child as usize];
            let (from, to) = (start.max(frame.floor), trace.end[child as usize].min(frame.cursor));
            // One that starts at or after the cursor never becomes critical: the cursor only falls.
            if from >= to {
                continue;
            }
            if to < frame.cursor {
                path.segments.push((frame.node, to, frame.cursor));
            }
            frame.cursor = from;
            path.enter(trace, child, from, to, &mut stack, &mut pending);
        }
        // An orphan may be the longest root; then its placeholder has it below.
        let up = trace.shape.parent[root as usize];
        if up != NONE {
            path.extents.extend(path.extents.first().map(|&(_, from, to)| (up, from, to)));
        }
        path.segments.sort_unstable();
        path.extents.sort_unstable();
        path
    }

    fn enter(
        &mut self,
        trace: &Trace,
        node: u32,
        floor: i64,
        cursor: i64,
        stack: &mut Vec<Frame>,
        pending: &mut Vec<u32>,
    ) {
        let first_pending = pending.len();
        pending.extend(awaited_children(trace, node));
        // The last is looked at first: the latest end, and of equal ends the first sibling.
        pending[first_pending..].sort_unstable_by_key(|&child| (trace.end[child as usize], Reverse(child)));
        if floor < cursor {
            self.extents.push((node, floor, cursor));
        }
        stack.push(Frame { node, floor, cursor, first_pending });
    }

    /// The segments of one node.
    pub(crate) fn of_node(&self, node: u32) -> &[(u32, i64, i64)] {
        let first = self.segments.partition_point(|segment| segment.0 < node);
        let count = self.segments[first..].partition_point(|segment| segment.0 == node);
        &self.segments[first..first + count]
    }

    /// What the node and all below it cover.
    pub(crate) fn extent(&self, node: u32) -> Option<(i64, i64)> {
        let found = self.extents.binary_search_by_key(&node, |extent| extent.0).ok()?;
        self.extents.get(found).map(|&(_, from, to)| (from, to))
    }

    pub(crate) fn in_order_of_time(&self) -> Vec<(u32, i64, i64)> {
        let mut segments = self.segments.clone();
        segments.sort_unstable_by_key(|&(_, from, _)| from);
        segments
    }
}
