//! An assembled trace.

use std::sync::Arc;

use model::{SpanId, SpanKind};

use crate::{Node, Oddity, SpanInput, assemble, critical_path::CriticalPath};

/// Where an index is none.
pub(crate) const NONE: u32 = u32::MAX;

/// A trace as a forest: every span that went in is exactly one node, and every parent that has not
/// arrived is one node more. Nodes are numbered in preorder, which is the order of the rows with
/// everything unfolded; siblings stand by start, the longer first, then by span id.
///
/// The numbers do not depend on the order in which spans went in. They change when spans are added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    pub(crate) shape: Arc<Shape>,
    pub(crate) start_unix_nano: u64,
    pub(crate) duration_nanos: u64,
    pub(crate) span_count: u32,
    pub(crate) missing_count: u32,
    pub(crate) error_count: u32,
    pub(crate) depth: u32,
    /// Node of the longest root.
    pub(crate) root: Option<u32>,
    /// By node: index in the input, [`NONE`] for placeholders.
    pub(crate) input: Vec<u32>,
    pub(crate) span_id: Vec<SpanId>,
    pub(crate) service: Vec<u32>,
    pub(crate) kind: Vec<SpanKind>,
    pub(crate) is_error: Vec<bool>,
    pub(crate) errors_below: Vec<u32>,
    pub(crate) start: Vec<i64>,
    pub(crate) end: Vec<i64>,
    pub(crate) duration: Vec<u64>,
    /// Sorted by node.
    pub(crate) oddities: Vec<(u32, Oddity)>,
    pub(crate) critical_path: CriticalPath,
}

/// Who is below whom, by node. Shared with the rows, so that they cannot be of another trace.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Shape {
    /// [`NONE`] for roots.
    pub(crate) parent: Vec<u32>,
    pub(crate) depth: Vec<u32>,
    /// The node itself included.
    pub(crate) subtree_size: Vec<u32>,
    pub(crate) child_count: Vec<u32>,
}

impl Shape {
    pub(crate) fn len(&self) -> u32 {
        self.parent.len() as u32
    }

    /// The children of a node in their order.
    pub(crate) fn children(&self, node: u32) -> impl Iterator<Item = u32> + use<'_> {
        let end = node + self.subtree_size[node as usize];
        let mut next = node + 1;
        std::iter::from_fn(move || {
            let child = next;
            (child < end).then(|| {
                next += self.subtree_size[child as usize];
                child
            })
        })
    }
}

impl Trace {
    /// Assembles the spans of one trace, in whatever order they arrived: O(n log n), without
    /// recursion.
    ///
    /// - A parent that is not among the spans becomes a placeholder, one for each missing id, as long
    ///   as its children together.
    /// - A span that is its own parent becomes a root; a cycle is cut at its span with the earliest
    ///   start (ties: smaller id), which becomes a root. Both are marked.
    /// - Of several spans with one id the children attach to the first of kind SERVER (with the
    ///   span ids that Zipkin lets both sides share, what the server did belongs below the server),
    ///   else to the first in the order of siblings. All are marked.
    ///
    /// More than 2,147,483,647 spans are not read.
    #[must_use]
    pub fn assemble(spans: &[SpanInput]) -> Self {
        assemble::assemble(spans)
    }

    /// The earliest start of the spans with possible times ([`crate::has_possible_times`]); of all
    /// spans where none has them; 0 without spans. Nanoseconds since the Unix epoch.
    #[must_use]
    pub fn start_unix_nano(&self) -> u64 {
        self.start_unix_nano
    }

    /// From the start to the latest end of the same spans.
    #[must_use]
    pub fn duration_nanos(&self) -> u64 {
        self.duration_nanos
    }

    /// How many spans went in.
    #[must_use]
    pub fn span_count(&self) -> u32 {
        self.span_count
    }

    /// How many parents have not arrived: placeholders.
    #[must_use]
    pub fn missing_count(&self) -> u32 {
        self.missing_count
    }

    /// How many spans have status ERROR.
    #[must_use]
    pub fn error_count(&self) -> u32 {
        self.error_count
    }

    /// How many levels the forest has.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// How many nodes it has: spans and placeholders.
    #[must_use]
    pub fn node_count(&self) -> u32 {
        self.shape.len()
    }

    /// The node with this number.
    #[must_use]
    pub fn node(&self, index: u32) -> Option<Node<'_>> {
        (index < self.node_count()).then_some(Node { trace: self, index })
    }

    /// All nodes in preorder.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node<'_>> + DoubleEndedIterator + Clone {
        (0..self.node_count()).map(|index| Node { trace: self, index })
    }

    /// The topmost nodes in their order.
    pub fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let root = self.node(next)?;
            next += root.subtree_size();
            Some(root)
        })
    }

    /// The first node in preorder with this span id, be it a span or a placeholder. O(n).
    #[must_use]
    pub fn find(&self, span_id: SpanId) -> Option<Node<'_>> {
        self.span_id.iter().position(|&id| id == span_id).and_then(|index| self.node(index as u32))
    }

    /// The longest root (ties: later start, then smaller span id), whose critical path is the
    /// trace's. Roots are spans without a parent; where there are none, those that a cut made roots;
    /// else spans with a missing or malformed parent. Impossible times come last. `None` only without
    /// spans.
    #[must_use]
    pub fn longest_root(&self) -> Option<Node<'_>> {
        self.root.and_then(|index| self.node(index))
    }

    /// The critical path of the longest root, in order of time: node, from and to, from the start of
    /// the trace. It covers the root exactly once.
    #[must_use]
    pub fn critical_path(&self) -> Vec<(u32, i64, i64)> {
        self.critical_path.in_order_of_time()
    }
}
