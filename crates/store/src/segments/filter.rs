//! Which traces may be in a segment: a Bloom filter, so that nothing needs to be read to know that a trace
//! is not.

use model::TraceId;
use xxhash_rust::xxh3::xxh3_64;

/// Bits for each trace. Every new trace is looked for in hundreds of segments: fewer than one in a thousand
/// that is not there may seem to be.
const BITS_PER_TRACE: usize = 20;
/// Bits looked at for one trace.
const PROBES: u32 = 8;
/// Bits of a block: all of a trace's bits lie in one, so that a look costs one line of cache.
const BLOCK_BITS: usize = 512;
const BLOCK_BYTES: usize = BLOCK_BITS / 8;

/// A blocked Bloom filter over trace ids (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient Bloom
/// Filters", 2007).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TraceFilter {
    blocks: Vec<u8>,
}

impl TraceFilter {
    pub(crate) fn of(traces: impl ExactSizeIterator<Item = TraceId>) -> Self {
        let blocks = (traces.len() * BITS_PER_TRACE).div_ceil(BLOCK_BITS).max(1);
        let mut filter = Self { blocks: vec![0; blocks * BLOCK_BYTES] };
        for trace_id in traces {
            let (block, bits) = filter.place(trace_id);
            for bit in bits {
                if let Some(byte) = filter.blocks.get_mut(block + bit / 8) {
                    *byte |= 1 << (bit % 8);
                }
            }
        }
        filter
    }

    pub(crate) fn from_bytes(blocks: Vec<u8>) -> Option<Self> {
        (!blocks.is_empty() && blocks.len().is_multiple_of(BLOCK_BYTES)).then_some(Self { blocks })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.blocks
    }

    /// Whether the trace may be there.
    pub(crate) fn may_hold(&self, trace_id: TraceId) -> bool {
        let (block, mut bits) = self.place(trace_id);
        self.blocks
            .get(block..block + BLOCK_BYTES)
            .is_some_and(|block| bits.all(|bit| block.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1)))
    }

    /// Where the block of a trace begins, and its bits in there.
    fn place(&self, trace_id: TraceId) -> (usize, impl Iterator<Item = usize> + use<>) {
        // Ids need not be random: some senders count.
        let hash = xxh3_64(&trace_id.0);
        let block = (hash >> 32) as usize % (self.blocks.len() / BLOCK_BYTES) * BLOCK_BYTES;
        let (first, step) = (hash as u32, (hash >> 16) as u32 | 1);
        let bits = (0..PROBES)
            .map(move |probe| first.wrapping_add(probe.wrapping_mul(step)).wrapping_mul(0x9e37_79b9) as usize >> 23);
        (block, bits)
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
}
