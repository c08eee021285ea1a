//! From the spans of a trace to calls.

use model::SpanId;

use super::{
    Call, CallSpan, Change, TraceSpans,
    found::{Found, Way, destination_of},
    span::Role,
};
use crate::trace::NONE;

/// An ancestor that was not looked for yet.
const UNKNOWN: u32 = NONE - 1;

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
    /// Of callers: the place of a span that names the destination for them.
    destination: Vec<u32>,
    /// Who was called by no span.
    others: Vec<(u32, Above)>,
    found: Vec<Found>,
    found_before: Vec<Found>,
}

/// A span by its id.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// As a number, which is compared in one step.
    id: u64,
    /// Its place.
    first: u32,
    /// The place of the first span with the id that calls; [`NONE`] if none does.
    caller: u32,
}

/// Who stands above somebody who was called.
#[derive(Debug, Clone, Copy)]
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
        self.find_calls(trace);
        for call in self.found.iter().filter_map(|found| found.call(&trace.spans)) {
            found(&call);
        }
    }

    /// What the last spans of a trace change: shows the calls of which those `before` told alone and which are others with
    /// them, and the calls that are new. The trace begins with the spans before.
    pub fn derive_change<'a>(
        &mut self,
        trace: &TraceSpans<'a>,
        before: &TraceSpans<'a>,
        mut changed: impl FnMut(Change, &Call<'a>),
    ) {
        self.find_calls(before);
        let mut then = std::mem::take(&mut self.found);
        self.found = std::mem::take(&mut self.found_before);
        self.find_calls(trace);
        then.sort_unstable();
        self.found.sort_unstable();
        let mut show = |change, found: &Found| {
            if let Some(call) = found.call(&trace.spans) {
                changed(change, &call);
            }
        };
        let mut rest = then.iter().peekable();
        for now in &self.found {
            while let Some(gone) = rest.next_if(|then| *then < now) {
                show(Change::TakenBack, gone);
            }
            if rest.next_if(|then| *then == now).is_none() {
                show(Change::Found, now);
            }
        }
        rest.for_each(|gone| show(Change::TakenBack, gone));
        self.found_before = then;
    }

    fn find_calls(&mut self, trace: &TraceSpans<'_>) {
        let spans = trace.spans.as_slice();
        self.found.clear();
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
            self.called(spans);
        }
        for (at, (span, role)) in (0_u32..).zip(spans.iter().zip(&self.roles)).filter(|(_, (_, role))| role.calls()) {
            let adopted = self.destination.get(at as usize).copied().filter(|namer| *namer != UNKNOWN);
            let way = match destination_of(span).map(|_| at).or(adopted) {
                Some(namer) => Way::ToDestination(namer),
                None if self.is_paired.get(at as usize) == Some(&true) || *role == Role::Producer => continue,
                None => Way::ToPeer,
            };
            self.found.push(Found::of_caller(at, way));
        }
    }

    fn index(&mut self, spans: &[CallSpan<'_>]) {
        let Self { by_id, roles, .. } = self;
        by_id.clear();
        by_id.extend((0..).zip(spans).map(|(first, span)| Entry { id: number(span.span_id), first, caller: NONE }));
        by_id.sort_unstable_by_key(|entry| entry.id);
        let span = |entry: &Entry| spans.get(entry.first as usize);
        let calls = |entry: &Entry| roles.get(entry.first as usize).is_some_and(|role| role.calls());
        for of_one in by_id.chunk_by_mut(|a, b| a.id == b.id) {
            if of_one.len() > 1 {
                of_one.sort_unstable_by(|a, b| match (span(a), span(b)) {
                    (Some(a), Some(b)) => a.order(b),
                    _ => a.first.cmp(&b.first),
                });
            }
            let caller = of_one.iter().find(|entry| calls(entry)).map_or(NONE, |entry| entry.first);
            of_one.iter_mut().for_each(|entry| entry.caller = caller);
        }
    }

    /// Where in [`Calls::by_id`] an id begins.
    fn position(&self, id: u64) -> usize {
        self.by_id.partition_point(|entry| entry.id < id)
    }

    /// The span that stands for an id, and the first with that id that calls.
    fn find(&self, id: SpanId) -> Option<Entry> {
        let id = number(id);
        self.by_id.get(self.position(id)).copied().filter(|entry| entry.id == id)
    }

    /// Notes that a caller is paired, and with it all spans of its id: all of them are the parent.
    fn pair(&mut self, caller: u32, id: SpanId) {
        if self.is_paired.get(caller as usize) != Some(&false) {
            return;
        }
        let id = number(id);
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
    fn called(&mut self, spans: &[CallSpan<'_>]) {
        let of_links = self.pairs.len();
        let mut others = std::mem::take(&mut self.others);
        others.clear();
        for (at, span) in (0_u32..).zip(spans) {
            if !self.role(at).is_called() {
                continue;
            }
            match self.above(spans, span) {
                Above::Caller(caller) => self.pairs.push((at, caller)),
                other => others.push((at, other)),
            }
        }
        self.pairs.sort_unstable();
        self.pairs.dedup();
        let pairs = std::mem::take(&mut self.pairs);
        for of_one in pairs.chunk_by(|(a, _), (b, _)| a == b) {
            self.paired(spans, of_one);
        }
        for (at, above) in &others {
            let is_paired = of_links > 0 && pairs.binary_search_by_key(at, |(called, _)| *called).is_ok();
            if let Some(span) = spans.get(*at as usize).filter(|_| !is_paired)
                && let Some(way) = self.unpaired((*at, span), *above, spans)
            {
                self.found.push(Found::of_called(*at, way));
            }
        }
        (self.pairs, self.others) = (pairs, others);
    }

    /// The calls of one span with all that called it.
    fn paired(&mut self, spans: &[CallSpan<'_>], pairs: &[(u32, u32)]) {
        let callers = || pairs.iter().filter_map(|(_, caller)| Some((*caller, spans.get(*caller as usize)?)));
        let Some((at, span)) = pairs.first().and_then(|(at, _)| Some((*at, spans.get(*at as usize)?))) else { return };
        let is_message =
            self.role(at) == Role::Consumer || callers().any(|(caller, _)| self.role(caller) == Role::Producer);
        let named = |(at, span)| Some((destination_of(span)?, at));
        let named_by = named((at, span)).or_else(|| callers().filter_map(named).min()).filter(|_| is_message);
        for (caller, by) in callers() {
            self.pair(caller, by.span_id);
            let way = match named_by {
                Some((_, namer)) => Way::FromDestination(namer),
                None if is_message => Way::Message,
                None => Way::Direct,
            };
            self.found.push(Found { called: at, caller, way });
            if let Some((destination, namer)) = named_by
                && let Some(adopted) = self.destination.get_mut(caller as usize)
            {
                let known = spans.get(*adopted as usize).and_then(destination_of);
                if known.is_none_or(|known| destination < known) {
                    *adopted = namer;
                }
            }
        }
    }

    /// The way to a span that no span called.
    fn unpaired(&self, (at, span): (u32, &CallSpan<'_>), above: Above, spans: &[CallSpan<'_>]) -> Option<Way> {
        let above_it = match above {
            Above::Other(above) => spans.get(above as usize).map(|of| (above, of.service)),
            _ => None,
        };
        let is_consumer = self.role(at) == Role::Consumer;
        let goes_on = |(above, service)| self.role(above) == Role::Consumer && service == span.service;
        if is_consumer && above_it.is_some_and(goes_on) {
            return None;
        }
        if is_consumer && destination_of(span).is_some() {
            return Some(Way::FromDestination(at));
        }
        match (above_it, above) {
            (Some((_, service)), _) if service == span.service => None,
            (Some((above, _)), _) if is_consumer => Some(Way::MessageFromService(above)),
            (Some((above, _)), _) => Some(Way::FromService(above)),
            (None, Above::Nobody) if !(is_consumer && span.is_linked) => Some(Way::FromUser),
            _ => None,
        }
    }
}

fn number(id: SpanId) -> u64 {
    u64::from_be_bytes(id.0)
}
