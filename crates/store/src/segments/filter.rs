//! Which traces may be in a segment: a Bloom filter, so that nothing needs to be read to know that a trace
//! is not.

use model::TraceId;
use segment::Bloom;
use xxhash_rust::xxh3::xxh3_64;

/// Every new trace is looked for in hundreds of segments: fewer than one in a thousand that is not there may seem to be.
type Filter = Bloom<20, 8>;

/// A filter over trace ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceFilter(Filter);

// Ids need not be random: some senders count.
fn hash(trace_id: TraceId) -> u64 {
    xxh3_64(&trace_id.0)
}

impl TraceFilter {
    /// Bytes of a block of a filter.
    pub(crate) const BLOCK_BYTES: usize = Filter::BLOCK_BYTES;

    pub(crate) fn of(traces: impl ExactSizeIterator<Item = TraceId>) -> Self {
        Self(Filter::of(traces.map(hash)))
    }

    pub(crate) fn from_bytes(blocks: Vec<u8>) -> Option<Self> {
        Filter::from_bytes(blocks).map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// Whether the trace may be there.
    pub(crate) fn may_hold(&self, trace_id: TraceId) -> bool {
        self.0.may_hold(hash(trace_id))
    }

    /// Whether the trace may be there, by that block of the filter in which it would be: the one with the number
    /// [`TraceFilter::block_number`] modulo their count.
    pub(crate) fn block_may_hold(block: &[u8], trace_id: TraceId) -> bool {
        Filter::block_may_hold(block, hash(trace_id))
    }

    /// See [`TraceFilter::block_may_hold`].
    pub(crate) fn block_number(trace_id: TraceId) -> u32 {
        Filter::block_number(hash(trace_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> TraceId {
        let mut id = [0; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        TraceId(id)
    }

    #[test]
    fn what_is_there_is_found_and_little_else() {
        let filter = TraceFilter::of((0..5_000).map(id).collect::<Vec<_>>().into_iter());
        assert!((0..5_000).all(|number| filter.may_hold(id(number))));
        let wrong = (5_000..105_000).filter(|&number| filter.may_hold(id(number))).count();
        assert!(wrong < 100, "{wrong} of 100,000 seem to be there");
        assert_eq!(TraceFilter::from_bytes(filter.bytes().to_vec()), Some(filter));
    }

    /// Filters are in databases: where the bits of a trace lie never changes.
    #[test]
    fn the_bits_stay_where_they_are() {
        let filter = TraceFilter::of((0..40).map(id).collect::<Vec<_>>().into_iter());
        assert_eq!((filter.bytes().len(), xxh3_64(filter.bytes())), (128, 7_284_538_145_908_344_142));
    }
}
