//! Whether two spans with the same ids and different bytes are the same after decoding.

use formats::decode_traces;
use hashbrown::HashMap;
use model::{Resource, Scope, TracesData};

use super::request::Prepared;
use crate::read::{MAX_BODY_BYTES, StoredRequest, both_or_none};

/// Decoded requests kept at a time.
const DECODED: usize = 8;

/// Compares spans of requests, decoding each once.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    decoded: HashMap<u64, Option<Decoded>>,
}

impl Comparison {
    /// Whether a request is at hand.
    pub(super) fn has(&self, row: u64) -> bool {
        self.decoded.contains_key(&row)
    }

    pub(super) fn add_stored(&mut self, row: u64, request: Option<&StoredRequest>) {
        let decoded = request.and_then(|request| {
            let body = request.plain_body().ok()?;
            Some(Decoded::of(decode_traces(request.encoding, &body).ok()?))
        });
        self.add(row, decoded);
    }

    pub(super) fn add_prepared(&mut self, row: u64, request: &Prepared) {
        let decoded = || {
            let body = formats::decompress(request.compression, &request.body, MAX_BODY_BYTES).ok()?;
            Some(Decoded::of(decode_traces(request.encoding, &body).ok()?))
        };
        self.add(row, decoded());
    }

    fn add(&mut self, row: u64, decoded: Option<Decoded>) {
        if self.decoded.len() >= DECODED {
            self.decoded.clear();
        }
        self.decoded.insert(row, decoded);
    }

    /// Whether two spans, each a row and an ordinal, have the same resource, scope and content. What
    /// cannot be decoded is the same as nothing: both are kept.
    pub(super) fn same(&self, a: (u64, u32), b: (u64, u32)) -> bool {
        let decoded = |row| self.decoded.get(&row).and_then(Option::as_ref);
        match (decoded(a.0), decoded(b.0)) {
            (Some(x), Some(y)) => x.same(a.1, y, b.1).unwrap_or(false),
            _ => false,
        }
    }
}

/// A request with its spans by ordinal.
#[derive(Debug)]
struct Decoded {
    data: TracesData,
    /// Position of resource, scope and span.
    places: Vec<(usize, usize, usize)>,
}

impl Decoded {
    fn of(data: TracesData) -> Self {
        let mut places = Vec::new();
        for (r, of_resource) in data.resource_spans.iter().enumerate() {
            for (s, of_scope) in of_resource.scope_spans.iter().enumerate() {
                places.extend((0..of_scope.spans.len()).map(|span| (r, s, span)));
            }
        }
        Self { data, places }
    }

    fn same(&self, ordinal: u32, other: &Self, other_ordinal: u32) -> Option<bool> {
        let place = |decoded: &Self, ordinal: u32| decoded.places.get(ordinal as usize).copied();
        let ((r1, s1, i1), (r2, s2, i2)) = (place(self, ordinal)?, place(other, other_ordinal)?);
        let (resource1, resource2) = (self.data.resource_spans.get(r1)?, other.data.resource_spans.get(r2)?);
        let (scope1, scope2) = (resource1.scope_spans.get(s1)?, resource2.scope_spans.get(s2)?);
        let same = scope1.spans.get(i1)?.same(scope2.spans.get(i2)?)
            && both_or_none(&scope1.scope, &scope2.scope, Scope::same)
            && scope1.schema_url == scope2.schema_url
            && both_or_none(&resource1.resource, &resource2.resource, Resource::same)
            && resource1.schema_url == resource2.schema_url;
        Some(same)
    }
}
