//! Whether two spans with the same ids and different bytes are the same after decoding.

use std::sync::Arc;

use formats::decode_traces;
use hashbrown::HashMap;
use model::{Resource, Scope, Span, TracesData};

use super::{identities::Place, request::Prepared};
use crate::read::{MAX_BODY_BYTES, StoredRequest, both_or_none};

/// Decoded requests kept at a time.
const DECODED: usize = 8;

/// A span with what surrounds it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SpanInFull {
    pub(crate) span: Span,
    pub(crate) resource: Arc<(Option<Resource>, String)>,
    pub(crate) scope: Arc<(Option<Scope>, String)>,
}

impl SpanInFull {
    fn same(&self, other: &Self) -> bool {
        self.span.same(&other.span)
            && both_or_none(&self.scope.0, &other.scope.0, Scope::same)
            && self.scope.1 == other.scope.1
            && both_or_none(&self.resource.0, &other.resource.0, Resource::same)
            && self.resource.1 == other.resource.1
    }
}

/// Compares spans of requests, decoding each once.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    rows: HashMap<u64, Vec<SpanInFull>>,
    in_segments: HashMap<Place, SpanInFull>,
}

impl Comparison {
    /// Whether what is in a place is at hand.
    pub(super) fn has(&self, place: Place) -> bool {
        match place {
            Place::Row(row, _) => self.rows.contains_key(&row),
            Place::Segment(..) => self.in_segments.contains_key(&place),
        }
    }

    pub(super) fn add_stored(&mut self, row: u64, request: Option<&StoredRequest>) {
        let decoded = request.and_then(|request| {
            let body = request.plain_body().ok()?;
            Some(in_full(decode_traces(request.encoding, &body).ok()?))
        });
        self.add(row, decoded);
    }

    pub(super) fn add_prepared(&mut self, row: u64, request: &Prepared) {
        let decoded = || {
            let body = formats::decompress(request.compression, &request.body, MAX_BODY_BYTES).ok()?;
            Some(in_full(decode_traces(request.encoding, &body).ok()?))
        };
        self.add(row, decoded());
    }

    /// Adds the spans of a trace in segments.
    pub(super) fn add_segments(&mut self, spans: Vec<(Place, SpanInFull)>) {
        self.in_segments.extend(spans);
    }

    /// What cannot be decoded is an empty request: all that is compared with it is kept.
    fn add(&mut self, row: u64, decoded: Option<Vec<SpanInFull>>) {
        if self.rows.len() >= DECODED {
            self.rows.clear();
        }
        self.rows.insert(row, decoded.unwrap_or_default());
    }

    /// Whether two spans have the same resource, scope and content.
    pub(super) fn same(&self, a: Place, b: Place) -> bool {
        self.get(a).zip(self.get(b)).is_some_and(|(a, b)| a.same(b))
    }

    /// Whether a span is the same as one of those in segments.
    pub(super) fn is_in_segments(&self, place: Place) -> bool {
        let span = self.get(place);
        span.is_some_and(|span| self.in_segments.values().any(|other| span.same(other)))
    }

    fn get(&self, place: Place) -> Option<&SpanInFull> {
        match place {
            Place::Row(row, ordinal) => self.rows.get(&row)?.get(ordinal as usize),
            Place::Segment(..) => self.in_segments.get(&place),
        }
    }
}

/// The spans of a request by ordinal.
fn in_full(data: TracesData) -> Vec<SpanInFull> {
    let mut spans = Vec::new();
    for of_resource in data.resource_spans {
        let resource = Arc::new((of_resource.resource, of_resource.schema_url));
        for of_scope in of_resource.scope_spans {
            let scope = Arc::new((of_scope.scope, of_scope.schema_url));
            let whole = |span| SpanInFull { span, resource: Arc::clone(&resource), scope: Arc::clone(&scope) };
            spans.extend(of_scope.spans.into_iter().map(whole));
        }
    }
    spans
}
