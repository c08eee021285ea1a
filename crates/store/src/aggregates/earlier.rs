//! Traces of which something is in segments already, read as far as it tells who called whom.

use std::{cmp::Reverse, collections::BTreeMap};

use analysis::PeerAttributes;
use hashbrown::HashSet;
use model::TraceId;
use segment::{SegmentError, SpanSegment};

use super::{EarlierSpans, Seen, Services, calling};
use crate::{
    Source,
    segments::{HTTP_STATUS, Segment},
};

/// Segments in which a trace is looked for at the most, the newest first. Compaction merges small ones, so that only what
/// grows for very long has more parts: of such a trace calls are paired within as much of its end.
const MOST_PARTS: usize = 16;
/// Spans in all the segments together that are read for a batch: their columns are in memory at one time.
const MOST_ITEMS: u64 = 8 * 65_536;
/// Spans before those of a batch that are looked at, some 160 bytes each.
const MOST_SPANS: usize = 4 * 65_536;

/// Whether an attribute of this key is read.
pub(crate) fn is_key_wanted(key: &[u8]) -> bool {
    PeerAttributes::is_key(key) || HTTP_STATUS.contains(&key)
}

/// The parts of some traces in segments.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    /// Up to which row of the append level all was in segments then.
    pub(crate) compacted_row: u64,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    segment: SpanSegment,
    services: Services,
    traces: HashSet<TraceId>,
}

impl Earlier {
    /// None yet, at the moment of such a mark.
    pub(crate) fn new(compacted_row: u64) -> Self {
        Self { compacted_row, ..Self::default() }
    }

    /// Adds a segment, and those of its traces that are wanted.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub(crate) fn add(&mut self, segment: SpanSegment, traces: HashSet<TraceId>) -> Result<(), SegmentError> {
        let services = Services::of(segment.resources()?.into_iter().map(|one| one.resource));
        self.parts.push(Part { segment, services, traces });
        Ok(())
    }

    /// Their spans. Those of a segment that is damaged end where it is.
    pub(crate) fn spans(&self) -> EarlierSpans<'_> {
        let (mut spans, mut count) = (EarlierSpans::default(), 0);
        for Part { segment, services, traces } in &self.parts {
            let is_wanted = |trace_id| traces.contains(&trace_id);
            let visited = segment.visit_heads(is_wanted, is_key_wanted, |head| {
                count += 1;
                if count > MOST_SPANS {
                    return;
                }
                let seen = Seen::of(head.span, head.request.received_at_unix_nano);
                let of_trace = spans.entry(head.trace_id).or_default();
                of_trace.reserve(head.following.min(MOST_SPANS) + 1);
                let links = head.links.iter().copied();
                calling::push(of_trace, head.trace_id, head.span, &seen, services.get(head.resource), links);
            });
            if let Err(error) = visited {
                tracing::warn!(%error, "edges are counted without a part of a segment");
            }
        }
        spans
    }
}

/// Where the parts of traces are to be read: spans in a segment, and those of its traces that are wanted.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeMap<u64, (u64, HashSet<TraceId>)>);

impl Places {
    /// Adds the segments that hold a trace; of them those of live sources count.
    pub(crate) fn add<'s>(&mut self, trace_id: TraceId, segments: impl Iterator<Item = &'s Segment>) {
        let mut live: Vec<_> = segments.filter(|segment| segment.source == Source::Live).collect();
        live.sort_unstable_by_key(|segment| Reverse(segment.id));
        for segment in live.into_iter().take(MOST_PARTS) {
            let (_, traces) = self.0.entry(segment.id).or_insert_with(|| (segment.items, HashSet::new()));
            traces.insert(trace_id);
        }
    }

    /// The segments with the traces that are wanted of each, the newest first.
    pub(crate) fn into_segments(self) -> impl Iterator<Item = (u64, HashSet<TraceId>)> {
        let mut items = 0;
        let newest = self.0.into_iter().rev().take_while(move |(_, (more, _))| {
            items += more;
            items <= MOST_ITEMS
        });
        newest.map(|(id, (_, traces))| (id, traces))
    }
}

#[cfg(test)]
mod tests {
    use model::Signal;

    use super::*;
    use crate::segments::{Class, TraceFilter};

    fn segment(id: u64, source: Source, items: u64) -> Segment {
        Segment {
            id,
            signal: Signal::Traces,
            class: Class::Ordinary,
            source,
            owner: String::new(),
            items,
            bytes: 0,
            rows: (0, 0),
            received_unix_nano: (0, 0),
            latest_start_unix_nano: 0,
            traces: 1,
            services: Vec::new(),
            filter: TraceFilter::of(std::iter::empty()),
            continues: Vec::new(),
        }
    }

    #[test]
    fn the_newest_live_parts_are_read() {
        let of = |segments: &[Segment]| {
            let mut places = Places::default();
            places.add(TraceId([1; 16]), segments.iter());
            places.into_segments().map(|(id, _)| id).collect::<Vec<_>>()
        };
        let source = |id| if id % 10 == 0 { Source::Imported } else { Source::Live };
        let small: Vec<_> = (1..=20).map(|id| segment(id, source(id), 1)).collect();
        assert_eq!(of(&small), [19, 18, 17, 16, 15, 14, 13, 12, 11, 9, 8, 7, 6, 5, 4, 3]);
        let large: Vec<_> = (1..=9).map(|id| segment(id, Source::Live, MOST_ITEMS / 4)).collect();
        assert_eq!(of(&large), [9, 8, 7, 6]);
    }
}
