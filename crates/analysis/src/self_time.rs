//! Self time: the duration of a span minus the union of its children's intervals.

use model::SpanKind;

use crate::Trace;

/// Whether a parent may wait for its child: not if it sent a message and the child handles it.
pub(crate) fn may_wait_for(parent: SpanKind, child: SpanKind) -> bool {
    (parent, child) != (SpanKind::PRODUCER, SpanKind::CONSUMER)
}

/// The children for which the node may wait and which take time at all, in their order.
pub(crate) fn awaited_children(trace: &Trace, node: u32) -> impl Iterator<Item = u32> + use<'_> {
    let kind = trace.kind[node as usize];
    trace.shape.children(node).filter(move |&child| {
        let at = child as usize;
        may_wait_for(kind, trace.kind[at]) && trace.start[at] < trace.end[at]
    })
}

/// Where the node works itself, in order of time.
pub(crate) fn self_intervals(trace: &Trace, node: u32) -> impl Iterator<Item = (i64, i64)> + use<'_> {
    let at = node as usize;
    let end = trace.end[at];
    let mut cursor = if trace.is_missing(node) { end } else { trace.start[at] };
    // Children stand by start, so one pass finds the gaps.
    let mut children = awaited_children(trace, node);
    std::iter::from_fn(move || {
        while cursor < end {
            let Some(child) = children.next() else {
                return Some((std::mem::replace(&mut cursor, end), end));
            };
            let (child_start, child_end) = (trace.start[child as usize], trace.end[child as usize]);
            let gap = (cursor, child_start.min(end));
            cursor = cursor.max(child_end);
            if gap.0 < gap.1 {
                return Some(gap);
            }
        }
        None
    })
}

/// How long the node works itself.
pub(crate) fn self_nanos(trace: &Trace, node: u32) -> u64 {
    self_intervals(trace, node).map(|(from, to)| to.abs_diff(from)).sum()
}
