//! Load that is the same on every machine: realistic requests of all three signals, one realistic big
//! trace, and shapes that are known to break viewers.
//!
//! Entry points: [`requests`], [`logs()`], [`metrics()`] and [`big_trace`]; [`chain`], [`fan`] and
//! [`cycle`] are bare spans.

mod attributes;
mod chance;
mod failures;
mod logs;
mod messages;
mod metrics;
mod operations;
mod queues;
mod series;
mod services;
mod shape;
mod spans;
mod story;

use model::{ResourceSpans, Scope, ScopeSpans, Span, SpanId, SpanKind, TracesData};

use crate::START_UNIX_NANO;

pub use logs::logs;
pub use metrics::metrics;

use queues::Queues;
use story::Story;

/// How many services take part.
pub const SERVICES: usize = services::SERVICES.len();

const SCHEMA: &str = "https://opentelemetry.io/schemas/1.37.0";

/// Requests as [`SERVICES`] services in production, staging and development send them, together
/// exactly `spans_total` spans. Traces have mostly 5 to 40 spans, a few have hundreds or thousands.
///
/// Every service fills requests of `spans_per_request` spans of its own, each from one of its pods,
/// so that a trace crosses services and requests; what remains at the end comes in smaller ones.
/// Within a request spans stand by scope. A span has about ten attributes with the names of the
/// semantic conventions, of few values and of many; one of fifty has failed.
pub fn requests(seed: u64, spans_total: usize, spans_per_request: usize) -> impl Iterator<Item = TracesData> {
    let mut stories = story::stories(seed);
    let mut sent = spans::Sent::new();
    let mut left = spans_total;
    let mut queues = Queues::new(spans_per_request);
    std::iter::from_fn(move || {
        while queues.full.is_empty() && left > 0 {
            let mut story = stories.next()?;
            let nodes = story.tree(left);
            left -= nodes.len();
            for (service, span) in spans::tell(&mut story, &nodes, &mut sent) {
                queues.add(service, span);
            }
            if left == 0 {
                queues.finish();
            }
        }
        queues.full.pop_front().map(|(service, pod, spans)| request(service, pod, spans))
    })
}

/// One trace of so many spans across all services, as a slow request or a batch job leaves it: about
/// a millisecond a span, a handful of levels to a few dozen deep.
#[must_use]
pub fn big_trace(seed: u64, spans: u32) -> TracesData {
    let mut story = Story::new(seed, START_UNIX_NANO);
    let duration = u64::from(spans.max(1)) * 1_000_000;
    let nodes = shape::big(&mut story.random, spans as usize, START_UNIX_NANO, duration);
    let mut by_service: Vec<Vec<Span>> = vec![Vec::new(); SERVICES];
    for (service, span) in spans::tell(&mut story, &nodes, &mut spans::Sent::new()) {
        by_service[service].push(span);
    }
    let resource_spans = by_service
        .into_iter()
        .enumerate()
        .filter(|(_, spans)| !spans.is_empty())
        .flat_map(|(service, spans)| request(service, 0, spans).resource_spans)
        .collect();
    TracesData { resource_spans }
}

/// Every span is the only child of the one before it; each begins and ends inside it.
#[must_use]
pub fn chain(spans: u32) -> TracesData {
    let last = u64::from(spans);
    bare((1..=last).map(|number| (number, number.checked_sub(1).filter(|&up| up > 0), number, 2 * last - number)))
}

/// All spans but the first are children of the first, one after the other without a gap.
#[must_use]
pub fn fan(spans: u32) -> TracesData {
    let last = u64::from(spans);
    let child = |number: u64| (number, Some(1), 10 * (number - 2), 10 * (number - 1));
    let root = (1, None, 0, 10 * last.saturating_sub(1));
    bare((1..=last).map(move |number| if number == 1 { root } else { child(number) }))
}

/// Every span names the one before it as its parent, and the first names the last: no root.
#[must_use]
pub fn cycle(spans: u32) -> TracesData {
    let last = u64::from(spans);
    bare(
        (1..=last).map(|number| (number, Some(if number == 1 { last } else { number - 1 }), number, 2 * last - number)),
    )
}

/// Spans without attributes of one service: id, parent, and from and to in microseconds.
fn bare(spans: impl Iterator<Item = (u64, Option<u64>, u64, u64)>) -> TracesData {
    let id = |number: u64| SpanId(number.to_be_bytes());
    let spans = spans.map(|(number, parent, from, to)| Span {
        trace_id: crate::TRACE_ID,
        span_id: id(number),
        parent_span_id: parent.map(|parent| id(parent).0.to_vec()).unwrap_or_default(),
        name: "step".to_owned(),
        kind: SpanKind::INTERNAL,
        start_unix_nano: START_UNIX_NANO + 1_000 * from,
        end_unix_nano: START_UNIX_NANO + 1_000 * to,
        ..Span::default()
    });
    request(0, 0, spans.collect())
}

fn request(service: usize, pod: u64, spans: Vec<Span>) -> TracesData {
    TracesData {
        resource_spans: vec![ResourceSpans {
            resource: Some(services::resource(service, pod)),
            scope_spans: by_scope(service, spans),
            schema_url: SCHEMA.to_owned(),
        }],
    }
}

/// Spans by the instrumentation that made them, each in the order in which they ended up here.
fn by_scope(service: usize, spans: Vec<Span>) -> Vec<ScopeSpans> {
    let mut instrumented: Vec<String> = Vec::new();
    let mut scopes: Vec<ScopeSpans> = Vec::new();
    for span in spans {
        let what = span.attributes.first().and_then(|first| first.key.split('.').next()).unwrap_or("app");
        let at = instrumented.iter().position(|other| other == what).unwrap_or_else(|| {
            let name = services::scope_name(service, what);
            let scope = Scope { name, version: "2.20.1".to_owned(), ..Scope::default() };
            scopes.push(ScopeSpans { scope: Some(scope), spans: Vec::new(), schema_url: SCHEMA.to_owned() });
            instrumented.push(what.to_owned());
            scopes.len() - 1
        });
        scopes[at].spans.push(span);
    }
    scopes
}

#[cfg(test)]
mod tests;
