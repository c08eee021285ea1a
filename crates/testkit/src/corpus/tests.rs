//! What benchmarks and tests may take for granted of the spans.

use std::collections::{HashMap, HashSet};

use formats::{Encoding, WalkLimits};
use model::{Signal, StatusCode, TraceId};

use super::*;

const SPANS: usize = 50_000;

fn spans_of(request: &TracesData) -> impl Iterator<Item = &Span> {
    request.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans)
}

fn service_of(request: &TracesData) -> &str {
    request.resource_spans[0].resource.as_ref().expect("a resource").service_name()
}

#[test]
fn requests_are_always_the_same_and_full() {
    let requests: Vec<_> = super::requests(1, 20_000, 512).collect();
    assert_eq!(requests, super::requests(1, 20_000, 512).collect::<Vec<_>>());
    assert_ne!(requests[0], super::requests(2, 20_000, 512).next().expect("a request"));
    let sizes: Vec<usize> = requests.iter().map(|request| spans_of(request).count()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 20_000);
    assert!(sizes.iter().all(|&size| size <= 512));
    assert!(sizes.iter().filter(|&&size| size < 512).count() <= SERVICES, "{sizes:?}");
}

#[test]
fn traces_are_whole_and_cross_services_and_a_few_are_huge() {
    let requests: Vec<_> = super::requests(1, SPANS, 512).collect();
    let mut traces: HashMap<TraceId, (HashSet<SpanId>, HashSet<&str>)> = HashMap::new();
    for request in &requests {
        for span in spans_of(request) {
            assert!(span.start_unix_nano <= span.end_unix_nano, "{span:?}");
            let (ids, services) = traces.entry(span.trace_id).or_default();
            assert!(ids.insert(span.span_id), "twice: {span:?}");
            services.insert(service_of(request));
        }
    }
    for span in requests.iter().flat_map(spans_of) {
        assert!(span.parent().is_none_or(|parent| traces[&span.trace_id].0.contains(&parent)), "{span:?}");
    }
    let mut sizes: Vec<usize> = traces.values().map(|(ids, _)| ids.len()).collect();
    sizes.sort_unstable();
    assert!(sizes.iter().filter(|size| (5..=40).contains(*size)).count() * 100 > sizes.len() * 98, "{sizes:?}");
    assert!(sizes[sizes.len() - 1] >= 1_000 && sizes[sizes.len() - 5] >= 100, "{sizes:?}");
    assert!(traces.values().filter(|(_, services)| services.len() > 1).count() * 10 > traces.len() * 9);
}

#[test]
fn many_services_do_many_things_and_few_fail() {
    let requests: Vec<_> = super::requests(1, SPANS, 512).collect();
    let services: HashSet<&str> = requests.iter().map(service_of).collect();
    let operations: HashSet<(&str, &str)> = requests
        .iter()
        .flat_map(|request| spans_of(request).map(|span| (service_of(request), span.name.as_str())))
        .collect();
    let names: HashSet<&str> = operations.iter().map(|(_, name)| *name).collect();
    assert_eq!(services.len(), SERVICES);
    assert!(operations.len() >= 1_000 && names.len() >= 300, "{} {}", operations.len(), names.len());

    let all = || requests.iter().flat_map(spans_of);
    let failed = all().filter(|span| span.status_code() == StatusCode::ERROR).count();
    assert!((SPANS / 66..=SPANS / 40).contains(&failed), "{failed}");
    let excepted = all().filter(|span| span.events.iter().any(|event| event.name == "exception")).count();
    assert!((SPANS / 200..failed).contains(&excepted), "{excepted} of {failed}");
    for kind in 1..=5 {
        let of_kind = all().filter(|span| span.kind.0 == kind).count();
        assert!(of_kind >= SPANS / 50, "{of_kind} of kind {kind}");
    }
    let linked = all().filter(|span| !span.links.is_empty()).count();
    let gen_ai = all().filter(|span| model::find(&span.attributes, "gen_ai.usage.input_tokens").is_some()).count();
    assert!(linked >= SPANS / 50 && gen_ai >= SPANS / 1_000, "{linked} {gen_ai}");
}

#[test]
fn a_span_takes_about_as_many_bytes_as_in_life() {
    let bodies: Vec<_> = super::requests(1, SPANS, 512).map(|request| crate::otlp_protobuf(&request)).collect();
    let bytes = bodies.iter().map(Vec::len).sum::<usize>() / SPANS;
    println!("{bytes} bytes a span");
    assert!((360..=420).contains(&bytes), "{bytes} bytes a span");
    for body in &bodies {
        let walked = formats::walk(Signal::Traces, Encoding::Protobuf, body, &WalkLimits::default()).expect("spans");
        assert!(walked.rejected.is_empty() && walked.repaired_texts + walked.unknown_fields == 0);
    }
}

#[test]
fn spans_have_ten_attributes_and_resources_twelve() {
    let requests: Vec<_> = super::requests(1, 20_000, 512).collect();
    let mut counts: Vec<usize> = requests.iter().flat_map(spans_of).map(|span| span.attributes.len()).collect();
    counts.sort_unstable();
    assert_eq!((counts[10_000], counts[0] >= 6, counts[19_999] <= 13), (10, true, true), "{:?}", counts.first());
    for request in &requests {
        assert_eq!(request.resource_spans[0].resource.as_ref().map(|of| of.attributes.len()), Some(12));
    }
}

#[test]
fn a_big_trace_has_one_root_and_nobody_is_missing() {
    let trace = big_trace(7, 10_000);
    let ids: HashSet<SpanId> = spans_of(&trace).map(|span| span.span_id).collect();
    assert_eq!((spans_of(&trace).count(), ids.len(), trace.resource_spans.len()), (10_000, 10_000, SERVICES));
    let parents: Vec<SpanId> = spans_of(&trace).filter_map(|span| span.parent()).collect();
    assert_eq!(parents.len(), 9_999);
    assert!(parents.iter().all(|parent| ids.contains(parent)));
}
