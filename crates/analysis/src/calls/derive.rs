//! From the spans of a trace to calls.

use model::SpanId;

use super::{Call, CallSpan, ConnectionType, GraphNode, NodeKind, Service, TraceSpans, span::Role};
use crate::trace::NONE;

/// An ancestor that was not looked for yet.
const UNKNOWN: u32 = NONE - 1;
const USER: GraphNode<'static> = GraphNode { kind: NodeKind::User, namespace: "", name: "", port: None };

/// Derives the calls of one trace after the other, in memory that it keeps.
#[derive(Debug, Default)]
pub struct Calls {
    roles: Vec<Role>,
    /// Spans by their ids; of one id, the span that stands for it first.
    by_id: Vec<Entry>,
    /// Of spans of kind INTERNAL: the nearest one above of the same service and another kind.
    above: Vec<u32>,
    walked: Vec<u32>,
    /// Places of who is called and of who calls, rising.
    pairs: Vec<(u32, u32)>,
    is_paired: Vec<bool>,
    /// Of callers that do not name a destination: the place of who was called and names it.
    destination: Vec<u32>,
}

/// A span by its id.
#[derive(Debug, Clone, Copy)]
struct Entry {
    id: SpanId,
    /// Its place.
    first: u32,
    /// The place of the first span with the id that calls; [`NONE`] if none does.
    caller: u32,
}

/// Who stands above somebody who was called.
#[derive(Clone, Copy)]
enum Above {
    /// The span that called.
    Caller(u32),
    /// A span of this place that did not, or its service at least.
    Other(u32),
    /// Nobody: it is a root.
    Nobody,
    /// It has not arrived.
    Missing,
}

impl Calls {
    /// Shows each call of a trace to `found`, in no order: O(n log n) in spans and links, without recursion, and the same
    /// for any order of the spans.
    pub fn derive<'a>(&mut self, trace: &TraceSpans<'a>, mut found: impl FnMut(&Call<'a>)) {
        let spans = trace.spans.as_slice();
        self.roles.clear();
        self.roles.extend(spans.iter().map(CallSpan::role));
        if self.roles.iter().all(|role| *role == Role::Internal) {
            return;
        }
        for list in [&mut self.above, &mut self.destination] {
            list.clear();
            list.resize(spans.len(), UNKNOWN);
        }
        self.is_paired.clear();
        self.is_paired.resize(spans.len(), false);
        self.pairs.clear();
        if self.roles.iter().any(|role| role.is_called()) {
            self.index(spans);
            self.link(trace);
            self.called(spans, &mut found);
        }
        for (at, span) in
            spans.iter().enumerate().filter(|(at, _)| self.roles.get(*at).is_some_and(|role| role.calls()))
        {
            let named = |at: u32| spans.get(at as usize).and_then(destination_of);
            let adopted = self.destination.get(at).copied().and_then(named);
            let server = match destination_of(span).or(adopted) {
                Some(destination) => Some((destination, ConnectionType::MessagingSystem)),
                None if self.is_paired.get(at) == Some(&true) || self.roles.get(at) == Some(&Role::Producer) => None,
                None => span.peer.virtual_node(),
            };
            if let Some((server, connection)) = server {
                found(&Call { connection, ..call(Some(span), None, span.service.into(), server) });
            }
        }
    }

    fn index(&mut self, spans: &[CallSpan<'_>]) {
        let Self { by_id, roles, .. } = self;
        by_id.clear();
        by_id.extend((0..).zip(spans).map(|(first, span)| Entry { id: span.span_id, first, caller: NONE }));
        by_id.sort_unstable_by(|a, b| {
            a.id.cmp(&b.id).then_with(|| match (spans.get(a.first as usize), spans.get(b.first as usize)) {
                (Some(first), Some(second)) => first.order(second),
                _ => a.first.cmp(&b.first),
            })
        });
        let calls = |entry: &Entry| roles.get(entry.first as usize).is_some_and(|role| role.calls());
        for of_one in by_id.chunk_by_mut(|a, b| a.id == b.id) {
            let caller = of_one.iter().find(|entry| calls(entry)).map_or(NONE, |entry| entry.first);
            of_one.iter_mut().for_each(|entry| entry.caller = caller);
        }
    }

    /// Where in [`Calls::by_id`] an id begins.
    fn position(&self, id: SpanId) -> usize {
        self.by_id.partition_point(|entry| entry.id < id)
    }

    /// The span that stands for an id, and the first with that id that calls.
    fn find(&self, id: SpanId) -> Option<Entry> {
        self.by_id.get(self.position(id)).copied().filter(|entry| entry.id == id)
    }

    /// Notes that a caller is paired, and with it all spans of its id: all of them are the parent.
    fn pair(&mut self, caller: u32, id: SpanId) {
        if self.is_paired.get(caller as usize) != Some(&false) {
            return;
        }
        let from = self.position(id);
        for entry in self.by_id.get(from..).unwrap_or_default().iter().take_while(|entry| entry.id == id) {
            if let Some(is_paired) = self.is_paired.get_mut(entry.first as usize) {
                *is_paired = true;
            }
        }
    }

    fn role(&self, at: u32) -> Role {
        self.roles.get(at as usize).copied().unwrap_or(Role::Internal)
    }

    /// The nearest span above an INTERNAL one, or that itself, which is of the same service and not INTERNAL.
    fn nearest(&mut self, spans: &[CallSpan<'_>], from: u32) -> Option<u32> {
        let mut at = from;
        let found = loop {
            if self.role(at) != Role::Internal {
                break at;
            }
            match self.above.get(at as usize).copied() {
                Some(UNKNOWN) => {}
                known => break known.unwrap_or(NONE),
            }
            // Who comes here again goes around in a circle.
            if let Some(above) = self.above.get_mut(at as usize) {
                *above = NONE;
            }
            self.walked.push(at);
            let span = spans.get(at as usize);
            let parent = span.and_then(|span| span.parent).and_then(|id| self.find(id)).map(|entry| entry.first);
            let is_same = |of: &u32| spans.get(*of as usize).map(|of| of.service) == span.map(|span| span.service);
            match parent.filter(is_same) {
                Some(parent) => at = parent,
                None => break NONE,
            }
        };
        for at in self.walked.drain(..) {
            if let Some(above) = self.above.get_mut(at as usize) {
                *above = found;
            }
        }
        (found != NONE).then_some(found)
    }

    /// Who stands above a span that was called.
    fn above(&mut self, spans: &[CallSpan<'_>], span: &CallSpan<'_>) -> Above {
        if let Some(Entry { caller, .. }) = self.find(span.span_id).filter(|entry| entry.caller != NONE) {
            return Above::Caller(caller);
        }
        if span.is_root {
            return Above::Nobody;
        }
        let parent = span.parent.filter(|id| *id != span.span_id).and_then(|id| self.find(id)).map(|entry| entry.first);
        let Some(parent) = parent else { return Above::Missing };
        match self.nearest(spans, parent) {
            Some(nearest) if self.role(nearest).calls() => Above::Caller(nearest),
            Some(nearest) => Above::Other(nearest),
            None => Above::Other(parent),
        }
    }

    /// Pairs who is called with who calls by links.
    fn link(&mut self, trace: &TraceSpans<'_>) {
        for (at, id) in &trace.links {
            let producer = self.find(*id).map(|entry| entry.caller).filter(|caller| *caller != NONE);
            if let Some(producer) = producer.filter(|_| self.role(*at) == Role::Consumer) {
                self.pairs.push((*at, producer));
            }
        }
    }

    /// The calls of those who are called.
    fn called<'a>(&mut self, spans: &[CallSpan<'a>], found: &mut impl FnMut(&Call<'a>)) {
        let of_links = self.pairs.len();
        let mut others = Vec::new();
        for at in 0..spans.len() as u32 {
            let Some(span) = spans.get(at as usize).filter(|_| self.role(at).is_called()) else { continue };
            match self.above(spans, span) {
                Above::Caller(caller) => self.pairs.push((at, caller)),
                other => others.push((at, other)),
            }
        }
        self.pairs.sort_unstable();
        self.pairs.dedup();
        let pairs = std::mem::take(&mut self.pairs);
        for of_one in pairs.chunk_by(|(a, _), (b, _)| a == b) {
            self.paired(spans, of_one, found);
        }
        for (at, above) in others {
            let is_paired = of_links > 0 && pairs.binary_search_by_key(&at, |(called, _)| *called).is_ok();
            if let Some(span) = spans.get(at as usize).filter(|_| !is_paired) {
                self.unpaired(spans, (at, span), above, found);
            }
        }
        self.pairs = pairs;
    }

    /// The calls of one span with all that called it.
    fn paired<'a>(&mut self, spans: &[CallSpan<'a>], pairs: &[(u32, u32)], found: &mut impl FnMut(&Call<'a>)) {
        let callers = || pairs.iter().filter_map(|(_, caller)| Some((*caller, spans.get(*caller as usize)?)));
        let Some((at, span)) = pairs.first().and_then(|(at, _)| Some((*at, spans.get(*at as usize)?))) else { return };
        let is_message =
            self.role(at) == Role::Consumer || callers().any(|(caller, _)| self.role(caller) == Role::Producer);
        let named = |(at, span)| Some((destination_of(span)?, at));
        let named_by = named((at, span)).or_else(|| callers().filter_map(named).min());
        let named_by = named_by.filter(|_| is_message);
        for (caller, by) in callers() {
            self.pair(caller, by.span_id);
            let Some((destination, namer)) = named_by else {
                let connection = if is_message { ConnectionType::MessagingSystem } else { ConnectionType::Unset };
                let call = call(Some(by), Some(span), by.service.into(), span.service.into());
                let delay_nanos = is_message.then(|| delay(by, span));
                found(&Call { connection, delay_nanos, ..call });
                continue;
            };
            let call = call(None, Some(span), destination, span.service.into());
            let (delay_nanos, adjusted_count) = (Some(delay(by, span)), call.adjusted_count.or(by.adjusted_count));
            found(&Call { connection: ConnectionType::MessagingSystem, delay_nanos, adjusted_count, ..call });
            if let Some(adopted) = self.destination.get_mut(caller as usize) {
                let known = spans.get(*adopted as usize).and_then(destination_of);
                if known.is_none_or(|known| destination < known) {
                    *adopted = namer;
                }
            }
        }
    }

    /// The call of a span that no span made.
    fn unpaired<'a>(
        &mut self,
        spans: &[CallSpan<'a>],
        (at, span): (u32, &CallSpan<'a>),
        above: Above,
        found: &mut impl FnMut(&Call<'a>),
    ) {
        let above_it = match above {
            Above::Other(above) => spans.get(above as usize).map(|of| (self.role(above), of.service)),
            _ => None,
        };
        let is_consumer = self.role(at) == Role::Consumer;
        if is_consumer && above_it == Some((Role::Consumer, span.service)) {
            return;
        }
        let destination = if is_consumer { destination_of(span) } else { None };
        let caller: Option<Service<'a>> = above_it.map(|(_, service)| service).filter(|of| *of != span.service);
        let client = match (destination, caller, above) {
            (Some(destination), ..) => (destination, ConnectionType::MessagingSystem),
            (None, Some(service), _) if is_consumer => (service.into(), ConnectionType::MessagingSystem),
            (None, Some(service), _) => (service.into(), ConnectionType::Unset),
            (None, None, Above::Nobody) if !(is_consumer && span.is_linked) => (USER, ConnectionType::VirtualNode),
            _ => return,
        };
        let (client, connection) = client;
        found(&Call { connection, ..call(None, Some(span), client, span.service.into()) });
    }
}

/// The destination that a span with a part in a message names.
fn destination_of<'a>(span: &CallSpan<'a>) -> Option<GraphNode<'a>> {
    if span.role() == Role::Server { None } else { span.peer.destination() }
}

fn delay(producer: &CallSpan<'_>, consumer: &CallSpan<'_>) -> u64 {
    consumer.start_unix_nano.saturating_sub(producer.end_unix_nano)
}

/// A call of which one or two spans tell.
fn call<'a>(
    by: Option<&CallSpan<'a>>,
    of: Option<&CallSpan<'a>>,
    client: GraphNode<'a>,
    server: GraphNode<'a>,
) -> Call<'a> {
    let both = || by.into_iter().chain(of);
    Call {
        minute: both().next().map_or(0, |span| span.minute),
        client,
        server,
        connection: ConnectionType::Unset,
        is_failed: both().any(|span| span.is_error),
        adjusted_count: of.and_then(|span| span.adjusted_count).or(by.and_then(|span| span.adjusted_count)),
        client_nanos: by.map(CallSpan::nanos),
        server_nanos: of.map(CallSpan::nanos),
        delay_nanos: None,
    }
}
