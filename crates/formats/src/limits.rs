//! How much one request may hold.

use crate::FormatError;

/// Levels of `AnyValue` within each other that decoding looks into.
pub(crate) const MAX_DEPTH: u32 = 24;

/// Bounds of one request. What lies beyond them is refused with
/// [`FormatError::TooLarge`](crate::FormatError::TooLarge), except for depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkLimits {
    /// Spans, log records or data points.
    pub max_items: u64,
    /// Estimated heap of the request once decoded, bytes.
    pub max_heap_bytes: u64,
    /// Levels of `AnyValue` within each other that are looked into; what lies deeper is kept as
    /// bytes ([`model::Value::TooDeep`]).
    pub max_depth: u32,
}

impl Default for WalkLimits {
    /// 200,000 items, 192 MiB, 24 levels.
    fn default() -> Self {
        Self { max_items: 200_000, max_heap_bytes: 192 << 20, max_depth: MAX_DEPTH }
    }
}

/// What a request has used of its limits.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: WalkLimits,
    /// Items counted.
    pub(crate) items: u64,
    /// Estimated heap, bytes.
    pub(crate) heap_bytes: u64,
}

/// Which limit was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// [`WalkLimits::max_items`].
    Items,
    /// [`WalkLimits::max_heap_bytes`].
    Heap,
}

impl From<Exceeded> for FormatError {
    fn from(exceeded: Exceeded) -> Self {
        Self::TooLarge(match exceeded {
            Exceeded::Items => "the request holds more items than one request may".to_owned(),
            Exceeded::Heap => "the request would need more memory than one request may".to_owned(),
        })
    }
}

impl Budget {
    pub(crate) fn new(limits: WalkLimits) -> Self {
        Self { limits, items: 0, heap_bytes: 0 }
    }

    /// What reading for good takes: no limits but depth.
    pub(crate) fn unlimited() -> Self {
        Self::new(WalkLimits { max_items: u64::MAX, max_heap_bytes: u64::MAX, ..WalkLimits::default() })
    }

    /// Levels of `AnyValue` that are looked into.
    #[inline]
    pub(crate) fn max_depth(&self) -> u32 {
        self.limits.max_depth
    }

    /// Counts one more item; its ordinal.
    #[inline]
    pub(crate) fn item(&mut self) -> Result<u32, Exceeded> {
        let ordinal = u32::try_from(self.items).map_err(|_| Exceeded::Items)?;
        self.items += 1;
        if self.items > self.limits.max_items { Err(Exceeded::Items) } else { Ok(ordinal) }
    }

    /// Charges a value of this type, as it lies in memory.
    #[inline]
    pub(crate) fn charge<T>(&mut self) -> Result<(), Exceeded> {
        self.charge_bytes(size_of::<T>())
    }

    /// Charges bytes.
    #[inline]
    pub(crate) fn charge_bytes(&mut self, bytes: usize) -> Result<(), Exceeded> {
        self.heap_bytes = self.heap_bytes.saturating_add(bytes as u64);
        if self.heap_bytes > self.limits.max_heap_bytes { Err(Exceeded::Heap) } else { Ok(()) }
    }
}
