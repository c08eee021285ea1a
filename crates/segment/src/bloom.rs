//! Filters that tell what is not there: blocked Bloom filters (Putze, Sanders, Singler: "Cache-, Hash- and Space-Efficient
//! Bloom Filters", 2007).

/// Bits of a block: all of an entry's bits lie in one, so that a look costs one line of cache.
const BLOCK_BITS: usize = 512;

/// A filter over hashes, with so many bits for each of which so many are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bloom<const BITS: usize, const PROBES: u32> {
    blocks: Vec<u8>,
}

impl<const BITS: usize, const PROBES: u32> Bloom<BITS, PROBES> {
    /// Bytes of a block.
    pub const BLOCK_BYTES: usize = BLOCK_BITS / 8;

    /// A filter of these hashes.
    pub fn of(hashes: impl ExactSizeIterator<Item = u64>) -> Self {
        let blocks = (hashes.len() * BITS).div_ceil(BLOCK_BITS).max(1);
        let mut filter = Self { blocks: vec![0; blocks * Self::BLOCK_BYTES] };
        for hash in hashes {
            let block = Self::block_of(filter.blocks.len(), hash);
            for bit in Self::bits(hash) {
                if let Some(byte) = filter.blocks.get_mut(block + bit / 8) {
                    *byte |= 1 << (bit % 8);
                }
            }
        }
        filter
    }

    /// That of such bytes; `None` where they are none.
    #[must_use]
    pub fn from_bytes(blocks: Vec<u8>) -> Option<Self> {
        (!blocks.is_empty() && blocks.len().is_multiple_of(Self::BLOCK_BYTES)).then_some(Self { blocks })
    }

    /// As it is kept.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.blocks
    }

    /// Whether a hash may be among them.
    #[must_use]
    pub fn may_hold(&self, hash: u64) -> bool {
        Self::blocks_may_hold(&self.blocks, hash)
    }

    /// The same of the bytes of a filter.
    #[must_use]
    pub fn blocks_may_hold(blocks: &[u8], hash: u64) -> bool {
        let block = Self::block_of(blocks.len(), hash);
        blocks.get(block..block + Self::BLOCK_BYTES).is_some_and(|block| Self::block_may_hold(block, hash))
    }

    /// Whether a hash may be among them, by that block in which it would be: the one with the number
    /// [`Bloom::block_number`] modulo their count.
    #[must_use]
    pub fn block_may_hold(block: &[u8], hash: u64) -> bool {
        Self::bits(hash).all(|bit| block.get(bit / 8).is_some_and(|byte| byte >> (bit % 8) & 1 == 1))
    }

    /// See [`Bloom::block_may_hold`].
    #[must_use]
    pub fn block_number(hash: u64) -> u32 {
        (hash >> 32) as u32
    }

    /// Where the block of a hash begins in a filter of so many bytes.
    fn block_of(bytes: usize, hash: u64) -> usize {
        Self::block_number(hash) as usize % (bytes / Self::BLOCK_BYTES).max(1) * Self::BLOCK_BYTES
    }

    /// Its bits in there.
    fn bits(hash: u64) -> impl Iterator<Item = usize> {
        let (first, step) = (hash as u32, (hash >> 16) as u32 | 1);
        (0..PROBES)
            .map(move |probe| first.wrapping_add(probe.wrapping_mul(step)).wrapping_mul(0x9e37_79b9) as usize >> 23)
    }
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    #[test]
    fn what_is_there_is_found_and_little_else() {
        let hash = |number: u64| xxh3_64(&number.to_be_bytes());
        let filter: Bloom<12, 6> = Bloom::of((0..5_000).map(hash).collect::<Vec<_>>().into_iter());
        assert!((0..5_000).all(|number| filter.may_hold(hash(number))));
        let wrong = (5_000..105_000).filter(|&number| filter.may_hold(hash(number))).count();
        assert!(wrong < 1_500, "{wrong} of 100,000 seem to be there");
        assert_eq!(Bloom::from_bytes(filter.bytes().to_vec()), Some(filter));
    }
}
