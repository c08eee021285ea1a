//! The identities of spans: which ids with which content are stored, and where.

use std::collections::VecDeque;

use hashbrown::{HashMap, HashSet};
use model::{SpanId, TraceId};
use serde::{Deserialize, Serialize};

/// Room in memory, in spans; what does not fit is read from the database when a trace goes on.
const CACHED_SPANS: usize = 400_000;

/// The identities of the spans that a row stores, as written beside its body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct RowIdentities {
    pub(super) traces: Vec<TraceId>,
    pub(super) spans: Vec<RowIdentity>,
}

/// One span of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RowIdentity {
    /// Index in [`RowIdentities::traces`].
    pub(super) trace: u32,
    pub(super) ordinal: u32,
    pub(super) span_id: SpanId,
    /// Little-endian: a hash does not shrink as a varint.
    pub(super) content_hash: [u8; 8],
}

/// Where a span is stored, and the hash of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) content_hash: u64,
    pub(super) row: u64,
    pub(super) ordinal: u32,
}

/// The spans of one trace by id and variant; variants are numbered from 0 without gaps.
#[derive(Debug, Default)]
pub(super) struct TraceIdentities(HashMap<(SpanId, u16), Known>);

impl TraceIdentities {
    /// The spans stored under an id.
    pub(super) fn of(&self, span_id: SpanId) -> impl Iterator<Item = &Known> {
        (0..=u16::MAX).map_while(move |variant| self.0.get(&(span_id, variant)))
    }

    pub(super) fn add(&mut self, span_id: SpanId, known: Known) {
        if let Some(variant) = (0..=u16::MAX).find(|&variant| !self.0.contains_key(&(span_id, variant))) {
            self.0.insert((span_id, variant), known);
        }
    }

    /// Adds the spans that a row stores of a trace.
    pub(super) fn add_row(&mut self, trace_id: TraceId, row: u64, identities: &RowIdentities) {
        let Some(trace) = identities.traces.iter().position(|id| *id == trace_id) else { return };
        for span in identities.spans.iter().filter(|span| span.trace as usize == trace) {
            let content_hash = u64::from_le_bytes(span.content_hash);
            self.add(span.span_id, Known { content_hash, row, ordinal: span.ordinal });
        }
    }

    fn room(&self) -> usize {
        self.0.capacity()
    }
}

/// Identities of the traces that got spans most recently. A trace is here whole or not at all.
#[derive(Debug, Default)]
pub(super) struct IdentityCache {
    traces: HashMap<TraceId, TraceIdentities>,
    /// In the order in which they came.
    order: VecDeque<TraceId>,
    room: usize,
}

impl IdentityCache {
    pub(super) fn contains(&self, trace_id: TraceId) -> bool {
        self.traces.contains_key(&trace_id)
    }

    pub(super) fn get(&self, trace_id: TraceId) -> Option<&TraceIdentities> {
        self.traces.get(&trace_id)
    }

    /// Puts in a trace that was not there.
    pub(super) fn insert(&mut self, trace_id: TraceId, identities: TraceIdentities) {
        self.room += identities.room();
        self.traces.insert(trace_id, identities);
        self.order.push_back(trace_id);
    }

    /// Adds a span to a trace that is there.
    pub(super) fn add(&mut self, trace_id: TraceId, span_id: SpanId, known: Known) {
        if let Some(identities) = self.traces.get_mut(&trace_id) {
            let before = identities.room();
            identities.add(span_id, known);
            self.room += identities.room() - before;
        }
    }

    /// Forgets traces: their spans were not stored after all.
    pub(super) fn forget(&mut self, traces: &HashSet<TraceId>) {
        for trace_id in traces {
            if let Some(identities) = self.traces.remove(trace_id) {
                self.room -= identities.room();
            }
        }
        let left = &self.traces;
        self.order.retain(|trace_id| left.contains_key(trace_id));
    }

    /// Makes room, oldest trace first; the newest stays however large it is.
    pub(super) fn shrink(&mut self) {
        while self.room > CACHED_SPANS && self.order.len() > 1 {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(identities) = self.traces.remove(&oldest) {
                self.room -= identities.room();
            }
        }
    }
}
