//! Keys by how many spans carry them: of each part of what is stored, and of all.

use hashbrown::HashMap;
use query::Scope;
use segment::{Bearer, CarriedKey};

use super::{ValueKind, part::PartId};

/// Distinct keys that are told apart: whoever makes up keys takes no memory without end.
const MOST: usize = 20_000;
/// Longest key that is told apart, bytes.
const LONGEST: usize = 256;
/// Keys of a part, counted by bearer, that are told apart. Usual ones have a hundred.
const MOST_OF_PART: usize = 8_192;

/// A key that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredKey<'a> {
    /// Where spans carry it.
    pub scope: Scope,
    /// The key.
    pub key: &'a str,
    /// Spans that carry it.
    pub spans: u64,
    /// What most of its values are.
    pub kind: ValueKind,
}

/// The keys of the parts that were read.
#[derive(Debug, Default)]
pub(super) struct Keys {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
    /// Sorted.
    parts: HashMap<PartId, Box<[Share]>>,
    totals: HashMap<(Bearer, u32), Count>,
}

/// A key, and the spans of a part that carry it.
#[derive(Debug, Clone, Copy)]
struct Share {
    bearer: Bearer,
    key: u32,
    count: Count,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    spans: u64,
    numbers: u64,
    bools: u64,
}

impl Keys {
    /// Whether a part was read.
    pub(super) fn knows(&self, part: PartId) -> bool {
        self.parts.contains_key(&part)
    }

    /// Whether spans of a part carry one of these keys, as far as is known.
    pub(super) fn may_carry(&self, part: PartId, bearer: Bearer, keys: &[String]) -> bool {
        let Some(shares) = self.parts.get(&part) else { return true };
        let has = |key: &u32| shares.binary_search_by_key(&(bearer, *key), |share| (share.bearer, share.key)).is_ok();
        keys.iter().filter_map(|key| self.numbers.get(key.as_str())).any(has)
    }

    /// Takes in what a part has.
    pub(super) fn add(&mut self, part: PartId, mut keys: Vec<CarriedKey>) {
        if keys.len() > MOST_OF_PART {
            keys.sort_unstable_by_key(|key| std::cmp::Reverse(key.spans));
            keys.truncate(MOST_OF_PART);
        }
        let mut shares = Vec::with_capacity(keys.len());
        for CarriedKey { bearer, key, spans, numbers, bools } in keys {
            if let Some(key) = self.number(key) {
                shares.push(Share { bearer, key, count: Count { spans, numbers, bools } });
            }
        }
        shares.sort_unstable_by_key(|share| (share.bearer, share.key));
        for Share { bearer, key, count } in &shares {
            let total = self.totals.entry((*bearer, *key)).or_default();
            total.spans += count.spans;
            total.numbers += count.numbers;
            total.bools += count.bools;
        }
        self.parts.insert(part, shares.into_boxed_slice());
    }

    /// Forgets the parts that are no longer there.
    pub(super) fn keep(&mut self, is_there: impl Fn(PartId) -> bool) {
        let gone: Vec<PartId> = self.parts.keys().copied().filter(|part| !is_there(*part)).collect();
        if !gone.is_empty() && self.texts.len() >= MOST {
            // Some of the keys may be of those alone, and take the place of others: all is read again.
            *self = Self::default();
            return;
        }
        for share in gone.into_iter().filter_map(|part| self.parts.remove(&part)).flatten() {
            if let Some(total) = self.totals.get_mut(&(share.bearer, share.key)) {
                total.spans -= share.count.spans;
                total.numbers -= share.count.numbers;
                total.bools -= share.count.bools;
            }
        }
        self.totals.retain(|_, total| total.spans > 0);
    }

    /// The keys that spans carry in a scope, in no order.
    pub(super) fn of_scope(&self, scope: Scope) -> impl Iterator<Item = StoredKey<'_>> {
        let wanted = super::bearer(scope);
        self.totals.iter().filter(move |((bearer, _), _)| *bearer == wanted).filter_map(move |((_, key), count)| {
            let kind = match count {
                Count { spans, numbers, .. } if numbers * 2 > *spans => ValueKind::Number,
                Count { spans, bools, .. } if bools * 2 > *spans => ValueKind::Bool,
                _ => ValueKind::Text,
            };
            Some(StoredKey { scope, key: self.texts.get(*key as usize)?, spans: count.spans, kind })
        })
    }

    /// `None`: too long, or one of too many.
    fn number(&mut self, key: String) -> Option<u32> {
        if let Some(number) = self.numbers.get(key.as_str()) {
            return Some(*number);
        }
        if key.len() > LONGEST || self.texts.len() >= MOST {
            return None;
        }
        let number = self.texts.len() as u32;
        self.texts.push(key.clone());
        self.numbers.insert(key, number);
        Some(number)
    }
}
