//! What is stored at a moment, as the parts in which it is read: segments, and what is in none yet.

use std::sync::{Arc, Weak};

use model::Signal;
use segment::SpanSegment;

use crate::{ReadError, Reader, segments::Segment};

/// How often what changed under a reader is looked for again.
const ATTEMPTS: usize = 8;

/// Tells parts apart: what is in one never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PartId {
    /// A segment.
    Segment(u64),
    /// A piece of what is in no segment yet.
    Fresh(u64),
}

/// What is stored at a moment.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Those of spans, the one with the latest start first.
    pub(super) segments: Vec<Arc<Segment>>,
    /// What is in no segment yet, the oldest first.
    pub(super) fresh: Vec<(PartId, Arc<SpanSegment>)>,
}

/// The numbers of pieces of what is in no segment yet.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// Each is held as long as its place in memory has to be its own.
    known: Vec<(u64, Weak<SpanSegment>)>,
    last: u64,
}

impl Pieces {
    /// What a reader has now.
    pub(super) async fn parts(&mut self, reader: &Reader) -> Result<Parts, ReadError> {
        let mut attempts = 0;
        loop {
            let (segments, compacted_row) = {
                let catalogue = reader.catalogue();
                (catalogue.segments.clone(), catalogue.compacted_row)
            };
            match reader.fresh(compacted_row).await {
                Err(ReadError::Unsettled) if attempts < ATTEMPTS => {
                    attempts += 1;
                    reader.refresh().await?;
                }
                pieces => {
                    let fresh = self.numbered(pieces?);
                    let of_spans = segments.iter().filter(|segment| segment.signal == Signal::Traces);
                    let mut segments: Vec<Arc<Segment>> = of_spans.map(Arc::clone).collect();
                    segments.sort_by_key(|segment| std::cmp::Reverse(segment.latest_start_unix_nano));
                    return Ok(Parts { segments, fresh });
                }
            }
        }
    }

    fn numbered(&mut self, pieces: Vec<Arc<SpanSegment>>) -> Vec<(PartId, Arc<SpanSegment>)> {
        let number = |piece: &Arc<SpanSegment>| {
            let same = |(_, known): &&(u64, Weak<SpanSegment>)| known.as_ptr() == Arc::as_ptr(piece);
            self.known.iter().find(same).map(|(number, _)| *number).unwrap_or_else(|| {
                self.last += 1;
                self.known.push((self.last, Arc::downgrade(piece)));
                self.last
            })
        };
        let numbers: Vec<u64> = pieces.iter().map(number).collect();
        self.known.retain(|(number, _)| numbers.contains(number));
        numbers.into_iter().map(PartId::Fresh).zip(pieces).collect()
    }
}

impl Parts {
    /// All of them.
    pub(super) fn ids(&self) -> impl Iterator<Item = PartId> + '_ {
        let segments = self.segments.iter().map(|segment| PartId::Segment(segment.id));
        segments.chain(self.fresh.iter().map(|(id, _)| *id))
    }
}
