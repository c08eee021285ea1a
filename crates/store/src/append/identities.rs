//! The identities of spans: which ids with which content came lately, and of traces that go on those in older
//! segments too.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashSet, HashTable};
use model::{SpanId, TraceId};

/// A span that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    /// Of its bytes; `None` where only the columns of a segment have it.
    pub(super) content_hash: Option<u64>,
    pub(super) place: Place,
}

/// Where a span is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// A row of the append level, and the span's position in the request.
    Row(u64, u32),
    /// A segment, and the span's row in it.
    Segment(u64, u32),
}

/// The identities of all spans in the append level, and of those that left it last: traces that go on do so
/// soon, and a segment is not to be read for each.
#[derive(Debug, Default)]
pub(super) struct Identities {
    spans: HashTable<Known>,
    hasher: DefaultHashBuilder,
    /// Traces whose spans in segments are here as well.
    completed: HashSet<TraceId>,
    /// What rows after this one brought is here.
    floor: u64,
    /// Up to which row all is in segments.
    compacted: u64,
}

impl Identities {
    /// The spans stored under these ids.
    pub(super) fn of(&self, trace_id: TraceId, span_id: SpanId) -> impl Iterator<Item = &Known> {
        let is_it = move |known: &&Known| known.trace_id == trace_id && known.span_id == span_id;
        self.spans.iter_hash(hash(&self.hasher, trace_id, span_id)).filter(is_it)
    }

    pub(super) fn add(&mut self, known: Known) {
        let Self { spans, hasher, .. } = self;
        let hash_of = |known: &Known| hash(hasher, known.trace_id, known.span_id);
        spans.insert_unique(hash_of(&known), known, hash_of);
    }

    /// Whether what segments have of a trace is here.
    pub(super) fn is_complete(&self, trace_id: TraceId) -> bool {
        self.completed.contains(&trace_id)
    }

    pub(super) fn completed(&mut self, trace_id: TraceId) {
        self.completed.insert(trace_id);
    }

    /// What segments have of these traces is no longer here.
    pub(super) fn not_completed(&mut self, traces: &HashSet<TraceId>) {
        if !traces.is_empty() {
            self.completed.retain(|trace_id| !traces.contains(trace_id));
            self.spans.retain(|known| !matches!(known.place, Place::Segment(..)) || !traces.contains(&known.trace_id));
        }
    }

    /// Whether all that rows from this one on brought is here.
    pub(super) fn knows_from(&self, row: u64) -> bool {
        row > self.floor
    }

    /// Whether what a row brought is in segments, and the row may be gone.
    pub(super) fn is_compacted(&self, row: u64) -> bool {
        row <= self.compacted
    }

    /// When a store is opened: nothing is here of what is in segments.
    pub(super) fn begin(&mut self, compacted: u64) {
        (self.floor, self.compacted) = (compacted, compacted);
    }

    /// After rows up to this one became segments. What left with the time before is forgotten.
    pub(super) fn compacted(&mut self, up_to: u64) {
        self.floor = self.compacted;
        self.compacted = up_to;
        self.forget();
        // Room for what comes until the next time stays, so that it need not grow again.
        if self.spans.capacity() > 8 * USUAL_SPANS {
            let hasher = &self.hasher;
            self.spans.shrink_to(2 * USUAL_SPANS, |known| hash(hasher, known.trace_id, known.span_id));
        }
    }

    /// After something in segments was let go: it may come again.
    pub(super) fn let_go(&mut self) {
        self.floor = self.compacted;
        self.forget();
    }

    /// After segments were replaced by others with the same spans.
    pub(super) fn merged(&mut self) {
        self.forget();
    }

    fn forget(&mut self) {
        let floor = self.floor;
        self.completed.clear();
        self.spans.retain(|known| matches!(known.place, Place::Row(row, _) if row > floor));
    }

    /// Rows from this one on were not stored after all.
    pub(super) fn undo(&mut self, from: u64) {
        self.spans.retain(|known| !matches!(known.place, Place::Row(row, _) if row >= from));
    }
}

/// Spans in the append level when it is compacted.
const USUAL_SPANS: usize = 65_536;

/// As words: hashing bytes costs three times as much.
fn hash(hasher: &DefaultHashBuilder, trace_id: TraceId, span_id: SpanId) -> u64 {
    let trace = u128::from_le_bytes(trace_id.0);
    hasher.hash_one((trace, u64::from_le_bytes(span_id.0)))
}
