//! One node of an assembled trace.

use model::{SpanId, SpanKind};

use crate::{Oddity, Trace, self_time, trace::NONE};

/// A node of a trace: a span, or the placeholder of one that has not arrived.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) index: u32,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({}, {})", self.index, self.span_id())
    }
}

impl<'a> Node<'a> {
    fn at(self) -> usize {
        self.index as usize
    }

    /// Its number in preorder.
    #[must_use]
    pub fn index(self) -> u32 {
        self.index
    }

    /// Index of its span in the input; `None` for a placeholder.
    #[must_use]
    pub fn input(self) -> Option<u32> {
        Some(self.trace.input[self.at()]).filter(|&input| input != NONE)
    }

    /// Whether it stands for a span that has not arrived.
    #[must_use]
    pub fn is_missing(self) -> bool {
        self.input().is_none()
    }

    /// Id of the span, or of the missing one.
    #[must_use]
    pub fn span_id(self) -> SpanId {
        self.trace.span_id[self.at()]
    }

    /// Index of its service, as it went in; `None` for a placeholder.
    #[must_use]
    pub fn service(self) -> Option<u32> {
        Some(self.trace.service[self.at()]).filter(|_| !self.is_missing())
    }

    /// Its kind; unspecified for a placeholder.
    #[must_use]
    pub fn kind(self) -> SpanKind {
        self.trace.kind[self.at()]
    }

    /// Whether its own status is ERROR.
    #[must_use]
    pub fn is_error(self) -> bool {
        self.trace.is_error[self.at()]
    }

    /// Spans with status ERROR among its descendants.
    #[must_use]
    pub fn errors_below(self) -> u32 {
        self.trace.errors_below[self.at()]
    }

    /// Its parent in the tree, placeholders included.
    #[must_use]
    pub fn parent(self) -> Option<Node<'a>> {
        self.trace.node(self.trace.shape.parent[self.at()])
    }

    /// Depth; the roots' is 0.
    #[must_use]
    pub fn depth(self) -> u32 {
        self.trace.shape.depth[self.at()]
    }

    /// How many children it has.
    #[must_use]
    pub fn child_count(self) -> u32 {
        self.trace.shape.child_count[self.at()]
    }

    /// Its children by start, the longer first, then by span id.
    pub fn children(self) -> impl Iterator<Item = Node<'a>> {
        self.trace.shape.children(self.index).map(move |index| Node { trace: self.trace, index })
    }

    /// How many nodes its subtree has, itself included; they are numbered on from its own number.
    #[must_use]
    pub fn subtree_size(self) -> u32 {
        self.trace.shape.subtree_size[self.at()]
    }

    /// Start, nanoseconds from the start of the trace.
    #[must_use]
    pub fn start_offset_nanos(self) -> i64 {
        self.trace.start[self.at()]
    }

    /// End, nanoseconds from the start of the trace; the start where the end lies before it.
    #[must_use]
    pub fn end_offset_nanos(self) -> i64 {
        self.trace.end[self.at()]
    }

    /// Duration; 0 where the end lies before the start.
    #[must_use]
    pub fn duration_nanos(self) -> u64 {
        self.trace.duration[self.at()]
    }

    /// Where it works itself, in order of time, from the start of the trace: its interval without
    /// those of its children. The CONSUMER children of a PRODUCER do not count: nobody waits for
    /// them. A placeholder is unknown and never works itself.
    pub fn self_intervals(self) -> impl Iterator<Item = (i64, i64)> + 'a {
        self_time::self_intervals(self.trace, self.index)
    }

    /// How long it works itself: its duration minus the union of its children's intervals.
    #[must_use]
    pub fn self_nanos(self) -> u64 {
        self_time::self_nanos(self.trace, self.index)
    }

    /// Where it is on the critical path itself, in order of time, from the start of the trace.
    pub fn critical_intervals(self) -> impl ExactSizeIterator<Item = (i64, i64)> + 'a {
        self.trace.critical_path.of_node(self.index).iter().map(|&(_, from, to)| (from, to))
    }

    /// How much of its own time is on the critical path.
    #[must_use]
    pub fn critical_nanos(self) -> u64 {
        self.critical_intervals().map(|(from, to)| to.abs_diff(from)).sum()
    }

    /// Where it or anything below it is on the critical path, from the start of the trace: always
    /// one interval.
    #[must_use]
    pub fn critical_extent(self) -> Option<(i64, i64)> {
        self.trace.critical_path.extent(self.index)
    }

    /// What is odd about it.
    pub fn oddities(self) -> impl ExactSizeIterator<Item = Oddity> + 'a {
        let all = &self.trace.oddities;
        let first = all.partition_point(|&(node, _)| node < self.index);
        let count = all[first..].partition_point(|&(node, _)| node == self.index);
        all[first..first + count].iter().map(|&(_, oddity)| oddity)
    }
}
