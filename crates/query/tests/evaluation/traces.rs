//! Requests as traces.

use model::{Span, TracesData};
use query::{Compiled, DecodedSpan, DecodedTrace, parse};

/// When now is.
pub(crate) const NOW_UNIX_NANO: u64 = testkit::START_UNIX_NANO + 60_000_000_000;

/// All spans of a request as one trace. Its root is the first span without a parent; a span works itself for half
/// of its duration.
pub(crate) fn decoded(traces: &TracesData) -> DecodedTrace<'_> {
    let mut spans = Vec::new();
    for of_resource in &traces.resource_spans {
        for of_scope in &of_resource.scope_spans {
            for span in &of_scope.spans {
                let self_nanos = Some(span.end_unix_nano.saturating_sub(span.start_unix_nano) / 2);
                let (resource, scope) = (of_resource.resource.as_ref(), of_scope.scope.as_ref());
                spans.push(DecodedSpan { span, resource, scope, self_nanos });
            }
        }
    }
    let root = spans.iter().position(|of| of.span.parent().is_none());
    let start = spans.iter().map(|of| of.span.start_unix_nano).min().unwrap_or_default();
    let end = spans.iter().map(|of| of.span.end_unix_nano).max().unwrap_or_default();
    DecodedTrace::new(spans, root, start, end.saturating_sub(start))
}

/// The spans in the same order.
pub(crate) fn spans(traces: &TracesData) -> impl Iterator<Item = &Span> {
    traces.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans)
}

/// A query as it is written.
pub(crate) fn compiled(text: &str) -> Compiled {
    let parsed = parse(text);
    let query = parsed.query.unwrap_or_else(|| panic!("{text}: {:?}", parsed.diagnostics));
    Compiled::new(&query, NOW_UNIX_NANO).unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}
