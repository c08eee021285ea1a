//! What tells whether two items may be the same.

use xxhash_rust::xxh3::xxh3_64;

/// A hash of both, in this order.
#[inline]
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    // An odd factor and a rotation: for either argument given, a bijection of the other.
    (a.rotate_left(29) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// What surrounds items: a resource or a scope, with its schema.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Surroundings {
    message: u64,
    schema_url: u64,
}

impl Surroundings {
    /// Adds the bytes of the message; they may come in parts.
    pub(crate) fn add_message(&mut self, bytes: &[u8]) {
        self.message = mix(self.message, xxh3_64(bytes));
    }

    /// Sets the schema; the last one counts.
    pub(crate) fn set_schema_url(&mut self, bytes: &[u8]) {
        self.schema_url = if bytes.is_empty() { 0 } else { xxh3_64(bytes) };
    }

    /// The hash of it all.
    pub(crate) fn hash(self) -> u64 {
        mix(self.message, self.schema_url)
    }
}
