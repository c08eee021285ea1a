//! Calls counted as the spans of each trace pass.

use aggregate::Edges;
use analysis::{CallSpan, Calls, Change, Peer, PeerAttributes, Service, TraceSpans};
use formats::raw::{RawAttribute, RawLink, RawSpan, RawValue};
use hashbrown::HashMap;
use model::{Resource, SpanId, SpanKind, TraceId};
use segment::Passing;

use super::Seen;

/// Services by the number of their resource in a batch or in a segment.
#[derive(Debug, Default)]
pub(crate) struct Services(Vec<(String, String)>);

impl Services {
    pub(crate) fn of(resources: impl Iterator<Item = Option<Resource>>) -> Self {
        let names = |resource: Option<Resource>| {
            let namespace = resource.as_ref().map(Resource::service_namespace).unwrap_or_default();
            let name = resource.as_ref().map_or(model::UNKNOWN_SERVICE, Resource::service_name);
            (namespace.to_owned(), name.to_owned())
        };
        Self(resources.map(names).collect())
    }

    pub(super) fn get(&self, number: u32) -> Service<'_> {
        let (namespace, name) = self.0.get(number as usize).map_or(("", ""), |(namespace, name)| (namespace, name));
        Service { namespace, name }
    }
}

/// Spans that are stored already, by trace.
pub(crate) type EarlierSpans<'a> = HashMap<TraceId, TraceSpans<'a>>;

/// Counts the calls of batches whose spans pass trace by trace.
pub(crate) struct Calling<'a> {
    services: &'a Services,
    earlier: &'a EarlierSpans<'a>,
    edges: Edges,
    calls: Calls,
    /// The trace whose spans pass, and its spans: those before first.
    trace: Option<TraceId>,
    spans: TraceSpans<'a>,
}

impl<'a> Calling<'a> {
    /// Of spans of these services, and of traces of which these were counted before.
    pub(crate) fn new(services: &'a Services, earlier: &'a EarlierSpans<'a>) -> Self {
        let (edges, calls, spans) = (Edges::default(), Calls::default(), TraceSpans::default());
        Self { services, earlier, edges, calls, trace: None, spans }
    }

    /// Takes in a span.
    pub(crate) fn add(&mut self, passing: &Passing<'_, 'a>, seen: &Seen) {
        if self.trace != Some(passing.trace_id) {
            self.count();
            self.trace = Some(passing.trace_id);
            if let Some(earlier) = self.earlier.get(&passing.trace_id) {
                self.spans.extend(earlier);
            }
        }
        let span = passing.span;
        let links =
            span.links.iter().filter_map(|link| RawLink::of(link).ok()).map(|link| (link.trace_id, link.span_id));
        push(&mut self.spans, passing.trace_id, span, seen, self.services.get(passing.origin), links);
    }

    /// The calls of all of them.
    pub(crate) fn finish(mut self) -> Edges {
        self.count();
        self.edges
    }

    /// Counts the calls of the trace that has passed. What was counted of it before may have been told by a part of it
    /// only: that is taken back.
    fn count(&mut self) {
        let Self { earlier, edges, calls, trace, spans, .. } = self;
        match trace.and_then(|trace| earlier.get(&trace)) {
            None => calls.derive(spans, |call| edges.add(call)),
            Some(earlier) => {
                calls.derive_change(spans, earlier, |change, call| match change {
                    Change::Found => edges.add(call),
                    Change::TakenBack => edges.take_back(call),
                });
            }
        }
        spans.clear();
    }
}

/// Adds a span to those of its trace, with whom it links to: trace and span, as they came.
pub(super) fn push<'a, 'l>(
    spans: &mut TraceSpans<'a>,
    trace_id: TraceId,
    span: &RawSpan<'a>,
    seen: &Seen,
    service: Service<'a>,
    links: impl Iterator<Item = (&'l [u8], &'l [u8])>,
) {
    let kind = SpanKind(span.kind);
    // Most spans are of other kinds, and none of those names whom it calls.
    let has_peer = matches!(kind, SpanKind::CLIENT | SpanKind::PRODUCER | SpanKind::CONSUMER);
    let peer = if has_peer { peer(&span.attributes) } else { Peer::None };
    let mut links = links.filter(|_| matches!(kind, SpanKind::CLIENT | SpanKind::CONSUMER)).peekable();
    let parent = SpanId::from_slice(span.parent_span_id);
    let call_span = CallSpan {
        span_id: SpanId::from_slice(span.span_id).unwrap_or_default(),
        parent: parent.filter(|id| !id.is_zero()),
        is_root: span.parent_span_id.is_empty() || parent.is_some_and(|id| id.is_zero()),
        kind,
        service,
        is_error: seen.is_error,
        start_unix_nano: span.start_unix_nano,
        end_unix_nano: span.end_unix_nano,
        minute: seen.minute,
        adjusted_count: seen.adjusted_count,
        peer,
        is_linked: links.peek().is_some(),
    };
    let is_here = |(trace, _): &(&[u8], &[u8])| *trace == trace_id.0;
    spans.push(call_span, links.filter(is_here).filter_map(|(_, id)| SpanId::from_slice(id)));
}

fn peer<'a>(attributes: &[RawAttribute<'a>]) -> Peer<'a> {
    let mut peer = PeerAttributes::default();
    for attribute in attributes {
        match &attribute.value {
            RawValue::String(text) => peer.note(attribute.key, text),
            RawValue::Int(number) => peer.note_number(attribute.key, *number),
            _ => {}
        }
    }
    peer.peer()
}
