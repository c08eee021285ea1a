//! A trace that is read whole, asked what the query finds in it.

use analysis::SpanInput;
use model::{Span, StatusCode};
use query::{Compiled, DecodedSpan, DecodedTrace, Intrinsic, Subject};

use crate::{
    TraceContents,
    index::{Head, is_possible},
};

impl TraceContents {
    /// Which of its spans a query finds, in their order.
    #[must_use]
    pub fn matching(&self, query: &Compiled) -> Vec<bool> {
        query.matching(&trace(query, decoded(self)))
    }
}

/// The spans of a trace that was read, as a query looks at them.
pub(crate) fn decoded(contents: &TraceContents) -> Vec<DecodedSpan<'_>> {
    let views = contents.spans.iter().map(|stored| DecodedSpan {
        span: &stored.span,
        resource: contents.resources.get(stored.resource as usize).and_then(|one| one.resource.as_ref()),
        scope: contents.scopes.get(stored.scope as usize).and_then(|one| one.scope.as_ref()),
        self_nanos: None,
    });
    views.collect()
}

/// Spans of one trace, all that there are, as a query looks at them.
pub(super) fn trace<'a>(query: &Compiled, mut spans: Vec<DecodedSpan<'a>>) -> DecodedTrace<'a> {
    if query.conditions().iter().any(|condition| condition.subject == Subject::Intrinsic(Intrinsic::SelfTime)) {
        set_self_times(&mut spans);
    }
    let root = root(&spans);
    let (start_unix_nano, duration_nanos) = start_and_duration(&spans);
    DecodedTrace::new(spans, root, start_unix_nano, duration_nanos)
}

/// The span that names the trace, as the list of traces has it: its root, or its earliest span.
pub(crate) fn root(spans: &[DecodedSpan<'_>]) -> Option<usize> {
    let heads = spans.iter().map(|decoded| Head::of(decoded.span));
    let best = heads.enumerate().reduce(|best, other| if other.1.outranks(&best.1) { other } else { best });
    best.map(|(at, _)| at)
}

/// When a trace starts, nanoseconds since the Unix epoch, and how long it lasts; both 0 without a possible time.
fn start_and_duration(spans: &[DecodedSpan<'_>]) -> (u64, u64) {
    let possible = || {
        let times = spans.iter().map(|decoded| (decoded.span.start_unix_nano, decoded.span.end_unix_nano));
        times.filter(|(start, end)| is_possible(*start, *end))
    };
    let start = possible().map(|(start, _)| start).min().unwrap_or_default();
    (start, possible().map(|(_, end)| end).max().unwrap_or_default().saturating_sub(start))
}

fn set_self_times(spans: &mut [DecodedSpan<'_>]) {
    let inputs: Vec<SpanInput> = spans.iter().map(|decoded| input(decoded.span)).collect();
    for node in analysis::Trace::assemble(&inputs).nodes() {
        if let Some(decoded) = node.input().and_then(|input| spans.get_mut(input as usize)) {
            decoded.self_nanos = Some(node.self_nanos());
        }
    }
}

fn input(span: &Span) -> SpanInput {
    SpanInput {
        span_id: span.span_id,
        parent: span.parent(),
        malformed_parent_bytes: None,
        start_unix_nano: span.start_unix_nano,
        end_unix_nano: span.end_unix_nano,
        service: 0,
        kind: span.kind,
        is_error: span.status_code() == StatusCode::ERROR,
        content_hash: 0,
    }
}
