//! Which items of a stored body are not kept: duplicates and refused ones.

/// Rising ordinals. A stored body carries them, because the body itself is never changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LeftOut(Vec<u32>);

impl LeftOut {
    /// Of ordinals in any order.
    pub(crate) fn new(mut ordinals: Vec<u32>) -> Self {
        ordinals.sort_unstable();
        Self(ordinals)
    }

    pub(crate) fn contains(&self, ordinal: u32) -> bool {
        self.0.binary_search(&ordinal).is_ok()
    }

    /// As stored: four bytes each, little-endian.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|ordinal| ordinal.to_le_bytes()).collect()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (ordinals, rest) = bytes.as_chunks::<4>();
        rest.is_empty().then(|| Self(ordinals.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect()))
    }
}
