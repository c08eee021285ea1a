//! What a trace says: which span is below which, where the time went, and which rows to draw.
//!
//! Entry type: [`Trace`], assembled from [`SpanInput`]s in any order. [`Rows`] is its folded and
//! unfolded tree; [`merge_by_pixel`] and [`merge_marks`] make what is drawn no finer than the screen.
//! [`Calls`] derives from [`TraceSpans`] who called whom.
//!
//! Deliberately absent: names, events, logs, and attributes but for those that name a peer (the caller
//! has them; a node knows the index of its span in the input), I/O, clock-skew correction, and any meaning that the protocol
//! does not give: the critical path is inferred from times alone.
//!
//! All of it is iterative and at most O(n log n): a chain, a fan-out or a cycle of 100,000 spans is
//! as harmless as a tree of them.

mod assemble;
mod calls;
mod critical_path;
mod node;
mod oddity;
mod pixels;
mod rows;
mod self_time;
mod span;
mod trace;

pub use calls::{
    Call, CallSpan, Calls, Change, ConnectionType, GraphNode, NodeKind, Peer, PeerAttributes, PeerName, Service,
    TraceSpans,
};
pub use node::Node;
pub use oddity::Oddity;
pub use pixels::{Mark, merge_by_pixel, merge_marks};
pub use rows::Rows;
pub use span::{SpanInput, has_possible_times};
pub use trace::Trace;
