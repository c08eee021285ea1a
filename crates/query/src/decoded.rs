//! Decoded spans as a trace.

use std::collections::{HashMap, HashSet};

use model::{Resource, Span, SpanId, SpanKind, StatusCode, TraceId, UNKNOWN_SERVICE, Value};

use crate::{Owner, SpanView, TraceView};

/// A span with what stands around it.
#[derive(Debug, Clone, Copy)]
pub struct DecodedSpan<'a> {
    /// The span.
    pub span: &'a Span,
    /// Its resource; `None` where the message had none.
    pub resource: Option<&'a Resource>,
    /// Its instrumentation scope; `None` where the message had none.
    pub scope: Option<&'a model::Scope>,
    /// The part of its duration in which no child ran; `None` where nobody computed it.
    pub self_nanos: Option<u64>,
}

/// The decoded spans of one trace.
#[derive(Debug, Clone)]
pub struct DecodedTrace<'a> {
    spans: Vec<DecodedSpan<'a>>,
    parents: Vec<Option<usize>>,
    root: Option<usize>,
    start_unix_nano: u64,
    duration_nanos: u64,
    service_count: usize,
}

impl<'a> DecodedTrace<'a> {
    /// Spans in any order. Which of them is the root, and when the trace starts and how long it lasts, the caller knows:
    /// it depends on which times are believed.
    ///
    /// Of several spans with one id children belong to the first of kind SERVER, else to the first. A span that
    /// names itself as its parent is a root.
    #[must_use]
    pub fn new(spans: Vec<DecodedSpan<'a>>, root: Option<usize>, start_unix_nano: u64, duration_nanos: u64) -> Self {
        let parents = parents(&spans);
        let service_count = spans.iter().map(SpanView::service).collect::<HashSet<_>>().len();
        let root = root.filter(|root| *root < spans.len());
        Self { spans, parents, root, start_unix_nano, duration_nanos, service_count }
    }
}

fn parents(spans: &[DecodedSpan<'_>]) -> Vec<Option<usize>> {
    let mut holders: HashMap<SpanId, (usize, SpanKind)> = HashMap::with_capacity(spans.len());
    for (index, DecodedSpan { span, .. }) in spans.iter().enumerate() {
        let holder = holders.entry(span.span_id).or_insert((index, span.kind));
        if span.kind == SpanKind::SERVER && holder.1 != SpanKind::SERVER {
            *holder = (index, span.kind);
        }
    }
    let mut missing: HashMap<SpanId, usize> = HashMap::new();
    let parent = |DecodedSpan { span, .. }: &DecodedSpan<'_>| {
        let parent = span.parent().filter(|parent| *parent != span.span_id)?;
        if let Some((index, _)) = holders.get(&parent) {
            return Some(*index);
        }
        let next = spans.len() + missing.len();
        Some(*missing.entry(parent).or_insert(next))
    };
    spans.iter().map(parent).collect()
}

impl TraceView for DecodedTrace<'_> {
    fn span_count(&self) -> usize {
        self.spans.len()
    }

    fn span(&self, index: usize) -> impl SpanView {
        self.spans[index]
    }

    fn parent(&self, index: usize) -> Option<usize> {
        self.parents[index]
    }

    fn root(&self) -> Option<usize> {
        self.root
    }

    fn start_unix_nano(&self) -> u64 {
        self.start_unix_nano
    }

    fn duration_nanos(&self) -> u64 {
        self.duration_nanos
    }

    fn service_count(&self) -> usize {
        self.service_count
    }
}

impl SpanView for DecodedSpan<'_> {
    fn service(&self) -> &str {
        self.resource.map_or(UNKNOWN_SERVICE, Resource::service_name)
    }

    fn name(&self) -> &str {
        &self.span.name
    }

    fn kind(&self) -> SpanKind {
        self.span.kind
    }

    fn status(&self) -> StatusCode {
        self.span.status_code()
    }

    fn span_id(&self) -> SpanId {
        self.span.span_id
    }

    fn trace_id(&self) -> TraceId {
        self.span.trace_id
    }

    fn start_unix_nano(&self) -> u64 {
        self.span.start_unix_nano
    }

    fn duration_nanos(&self) -> u64 {
        self.span.end_unix_nano.saturating_sub(self.span.start_unix_nano)
    }

    fn self_nanos(&self) -> Option<u64> {
        self.self_nanos
    }

    fn scope_name(&self) -> &str {
        self.scope.map_or("", |scope| &scope.name)
    }

    fn scope_version(&self) -> &str {
        self.scope.map_or("", |scope| &scope.version)
    }

    fn event_names(&self, visit: &mut dyn FnMut(&str)) {
        self.span.events.iter().for_each(|event| visit(&event.name));
    }

    fn attributes(&self, of: Owner, visit: &mut dyn FnMut(&str, &Value)) {
        let mut each = |attributes: &[model::KeyValue]| {
            attributes.iter().for_each(|attribute| visit(&attribute.key, &attribute.value));
        };
        match of {
            Owner::Span => each(&self.span.attributes),
            Owner::Resource => self.resource.iter().for_each(|resource| each(&resource.attributes)),
            Owner::InstrumentationScope => self.scope.iter().for_each(|scope| each(&scope.attributes)),
            Owner::Event => self.span.events.iter().for_each(|event| each(&event.attributes)),
            Owner::Link => self.span.links.iter().for_each(|link| each(&link.attributes)),
        }
    }
}
