//! The rows of a trace: its tree, folded here and there.

use std::{collections::HashSet, sync::Arc};

use model::SpanId;

use crate::{Trace, trace::Shape};

/// Which nodes of a trace are visible. A change of folds costs O(visible rows), a window costs its
/// own length. Nodes that the trace does not have are ignored.
#[derive(Debug, Clone)]
pub struct Rows {
    shape: Arc<Shape>,
    /// By node; true only where there are children.
    is_collapsed: Vec<bool>,
    /// Nodes in the order of rows, which is rising.
    visible: Vec<u32>,
}

impl Rows {
    /// All rows of a trace, everything unfolded.
    #[must_use]
    pub fn new(trace: &Trace) -> Self {
        let count = trace.node_count();
        Self {
            shape: Arc::clone(&trace.shape),
            is_collapsed: vec![false; count as usize],
            visible: (0..count).collect(),
        }
    }

    /// The same folds on the same trace assembled again, by span id: what is new stands unfolded,
    /// and a span that takes its placeholder's place keeps its fold. `old` is the trace of these rows.
    #[must_use]
    pub fn carry_over(&self, old: &Trace, new: &Trace) -> Self {
        let collapsed: HashSet<SpanId> =
            old.nodes().filter(|node| !self.is_expanded(node.index())).map(|node| node.span_id()).collect();
        let mut rows = Self::new(new);
        if !collapsed.is_empty() {
            for node in new.nodes().filter(|node| collapsed.contains(&node.span_id())) {
                rows.set(node.index(), true);
            }
            rows.refresh();
        }
        rows
    }

    /// Folds or unfolds the children of one node.
    pub fn toggle(&mut self, node: u32) {
        self.set(node, self.is_expanded(node));
        self.refresh();
    }

    /// Shows the children of one node.
    pub fn expand(&mut self, node: u32) {
        self.set(node, false);
        self.refresh();
    }

    /// Hides the children of one node.
    pub fn collapse(&mut self, node: u32) {
        self.set(node, true);
        self.refresh();
    }

    /// Shows the node's whole subtree.
    pub fn expand_below(&mut self, node: u32) {
        if let Some(&size) = self.shape.subtree_size.get(node as usize) {
            self.is_collapsed[node as usize..][..size as usize].fill(false);
            self.refresh();
        }
    }

    /// Shows everything.
    pub fn expand_all(&mut self) {
        self.is_collapsed.fill(false);
        self.refresh();
    }

    /// Shows only nodes less deep than this; 1 (and 0) shows the roots. Below, every node is folded,
    /// so that unfolding goes level by level.
    pub fn to_depth(&mut self, depth: u32) {
        let shape = Arc::clone(&self.shape);
        for (node, &own) in shape.depth.iter().enumerate() {
            self.set(node as u32, own + 1 >= depth);
        }
        self.refresh();
    }

    /// Unfolds the ancestors of a node; its row. `None` if the trace has no such node.
    pub fn reveal(&mut self, node: u32) -> Option<u32> {
        let shape = Arc::clone(&self.shape);
        let mut ancestor = *shape.parent.get(node as usize)?;
        let mut is_changed = false;
        while let Some(&parent) = shape.parent.get(ancestor as usize) {
            is_changed |= std::mem::replace(&mut self.is_collapsed[ancestor as usize], false);
            ancestor = parent;
        }
        if is_changed {
            self.refresh();
        }
        self.row_of(node)
    }

    /// How many rows are visible.
    #[must_use]
    pub fn row_count(&self) -> u32 {
        self.visible.len() as u32
    }

    /// The row of a node; `None` while it is folded away.
    #[must_use]
    pub fn row_of(&self, node: u32) -> Option<u32> {
        self.visible.binary_search(&node).ok().map(|row| row as u32)
    }

    /// The node in a row.
    #[must_use]
    pub fn node_at(&self, row: u32) -> Option<u32> {
        self.visible.get(row as usize).copied()
    }

    /// The nodes in `count` rows from `first` on, as far as there are rows.
    #[must_use]
    pub fn window(&self, first: u32, count: u32) -> &[u32] {
        let rest = self.visible.get(first as usize..).unwrap_or_default();
        &rest[..rest.len().min(count as usize)]
    }

    /// Whether the children of a node are shown where the node is; true without children.
    #[must_use]
    pub fn is_expanded(&self, node: u32) -> bool {
        !self.is_collapsed.get(node as usize).copied().unwrap_or_default()
    }

    /// How many descendants the node itself folds away.
    #[must_use]
    pub fn hidden_count(&self, node: u32) -> u32 {
        if self.is_expanded(node) { 0 } else { self.shape.subtree_size[node as usize] - 1 }
    }

    fn set(&mut self, node: u32, is_collapsed: bool) {
        if let Some(&children) = self.shape.child_count.get(node as usize) {
            self.is_collapsed[node as usize] = is_collapsed && children > 0;
        }
    }

    fn refresh(&mut self) {
        self.visible.clear();
        let mut node = 0;
        while let Some(&is_collapsed) = self.is_collapsed.get(node as usize) {
            self.visible.push(node);
            node += if is_collapsed { self.shape.subtree_size[node as usize] } else { 1 };
        }
    }
}
