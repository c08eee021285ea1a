//! Load that is the same on every machine: realistic requests, one realistic big trace, and shapes
//! that are known to break viewers.
//!
//! Entry points: [`requests`] and [`big_trace`]; [`chain`], [`fan`] and [`cycle`] are bare spans.

mod operations;
mod shape;

use std::collections::VecDeque;

use model::{ResourceSpans, Scope, ScopeSpans, Span, SpanId, SpanKind, TraceId, TracesData};

use crate::{Random, START_UNIX_NANO};

/// How many services take part.
pub const SERVICES: usize = operations::SERVICES.len();

/// Requests as ten services send them, together exactly `spans_total` spans in traces of 5 to 40.
/// Every service fills requests of `spans_per_request` spans of its own, so that a trace crosses
/// services and requests; what remains at the end comes in smaller ones. A span has 10 to 12
/// attributes with the names of the semantic conventions, a resource has 10.
pub fn requests(seed: u64, spans_total: usize, spans_per_request: usize) -> impl Iterator<Item = TracesData> {
    let mut random = Random::new(seed);
    let mut left = spans_total;
    let mut start_unix_nano = START_UNIX_NANO;
    let mut queues: Vec<Vec<Span>> = vec![Vec::new(); SERVICES];
    let mut full: VecDeque<TracesData> = VecDeque::new();
    let per_request = spans_per_request.max(1);
    std::iter::from_fn(move || {
        while full.is_empty() && left > 0 {
            let spans = (random.between(5, 40) as usize).min(left);
            left -= spans;
            start_unix_nano += random.between(200_000, 30_000_000);
            let duration_nanos = random.between(3_000_000, 900_000_000);
            for (service, span) in shape::trace(&mut random, spans, start_unix_nano, duration_nanos) {
                queues[service].push(span);
                if queues[service].len() == per_request {
                    full.push_back(request(service, std::mem::take(&mut queues[service])));
                }
            }
            if left == 0 {
                let rest = queues.iter_mut().enumerate().filter(|(_, queue)| !queue.is_empty());
                full.extend(rest.map(|(service, queue)| request(service, std::mem::take(queue))));
            }
        }
        full.pop_front()
    })
}

/// One trace of so many spans across all services, as a slow request or a batch job leaves it: about
/// a millisecond a span, a handful of levels to a few dozen deep.
#[must_use]
pub fn big_trace(seed: u64, spans: u32) -> TracesData {
    let mut random = Random::new(seed);
    let mut by_service: Vec<Vec<Span>> = vec![Vec::new(); SERVICES];
    let duration_nanos = u64::from(spans.max(1)) * 1_000_000;
    for (service, span) in shape::trace(&mut random, spans as usize, START_UNIX_NANO, duration_nanos) {
        by_service[service].push(span);
    }
    let resource_spans = by_service
        .into_iter()
        .enumerate()
        .filter(|(_, spans)| !spans.is_empty())
        .flat_map(|(service, spans)| request(service, spans).resource_spans)
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
    request(0, spans.collect())
}

fn request(service: usize, spans: Vec<Span>) -> TracesData {
    let scope = Scope {
        name: "io.opentelemetry.contrib.instrumentation".to_owned(),
        version: "2.11.0".to_owned(),
        ..Scope::default()
    };
    TracesData {
        resource_spans: vec![ResourceSpans {
            resource: Some(operations::resource(service)),
            scope_spans: vec![ScopeSpans {
                scope: Some(scope),
                spans,
                schema_url: "https://opentelemetry.io/schemas/1.37.0".to_owned(),
            }],
            schema_url: "https://opentelemetry.io/schemas/1.37.0".to_owned(),
        }],
    }
}

fn trace_id(random: &mut Random) -> TraceId {
    TraceId((u128::from(random.bits()) << 64 | u128::from(random.bits() | 1)).to_be_bytes())
}

fn span_id(random: &mut Random) -> SpanId {
    SpanId((random.bits() | 1).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    fn spans_of(request: &TracesData) -> &[Span] {
        &request.resource_spans[0].scope_spans[0].spans
    }

    #[test]
    fn requests_are_realistic_and_always_the_same() {
        let requests: Vec<_> = super::requests(1, 20_000, 512).collect();
        assert_eq!(requests, super::requests(1, 20_000, 512).collect::<Vec<_>>());
        let sizes: Vec<usize> = requests.iter().map(|request| spans_of(request).len()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 20_000);
        assert!(sizes.iter().filter(|&&size| size < 512).count() <= SERVICES, "{sizes:?}");

        let mut traces: HashMap<TraceId, (usize, HashSet<usize>)> = HashMap::new();
        let mut ids = HashSet::new();
        for (number, request) in requests.iter().enumerate() {
            for span in spans_of(request) {
                let (spans, found_in) = traces.entry(span.trace_id).or_default();
                *spans += 1;
                found_in.insert(number);
                assert!(ids.insert(span.span_id) && span.start_unix_nano <= span.end_unix_nano);
                assert!((10..=12).contains(&span.attributes.len()), "{span:?}");
            }
            let resource = request.resource_spans[0].resource.as_ref().expect("a resource");
            assert_eq!(resource.attributes.len(), 10);
        }
        assert!(traces.values().filter(|(spans, _)| !(5..=40).contains(spans)).count() <= 1, "but the last");
        assert!(traces.values().filter(|(_, found_in)| found_in.len() > 1).count() * 10 > traces.len() * 9);
    }

    #[test]
    fn a_span_takes_about_as_many_bytes_as_in_life() {
        let requests: Vec<_> = super::requests(1, 20_000, 512).collect();
        let bytes: usize = requests.iter().map(|request| crate::otlp_protobuf(request).len()).sum();
        assert!((380..=480).contains(&(bytes / 20_000)), "{} bytes a span", bytes / 20_000);
    }

    #[test]
    fn a_big_trace_has_one_root_and_nobody_is_missing() {
        let trace = big_trace(7, 10_000);
        let spans: Vec<&Span> =
            trace.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans).collect();
        let ids: HashSet<SpanId> = spans.iter().map(|span| span.span_id).collect();
        assert_eq!((spans.len(), ids.len(), trace.resource_spans.len()), (10_000, 10_000, SERVICES));
        let parents: Vec<SpanId> = spans.iter().filter_map(|span| span.parent()).collect();
        assert_eq!(parents.len(), 9_999);
        assert!(parents.iter().all(|parent| ids.contains(parent)));
    }
}
