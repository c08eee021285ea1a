//! A search finds what asking every trace finds, newest start first, wherever the spans are.

use std::{cmp::Reverse, ops::ControlFlow, sync::Arc, time::Instant};

use analysis::SpanInput;
use model::{Event, KeyValue, Span, SpanKind, StatusCode, TraceId, TracesData, Value};
use proptest::{collection::vec, option, prelude::*};
use query::{Compiled, DecodedSpan, DecodedTrace, Field, Query, Relation, Subject, TraceView, parse};
use store::{Found, Next, Reader, SearchFor, TraceContents, TraceSummary};

use crate::given::{Kept, T0, child_of, failed, in_protobuf, span, traces};

const LEAVES: [&str; 38] = [
    "service = shop",
    "service != shop",
    "name = a",
    "name ~ A",
    "a = 1",
    "a != 1",
    "a > 1",
    "a in (1, x)",
    "a !~ x",
    "has(a)",
    "has(exception)",
    "x",
    "bank",
    "error",
    "error = false",
    "status = unset",
    "kind = server",
    "duration > 15ns",
    "duration <= 10ns",
    "self_time > 12ns",
    "start > 2026-01-01T00:00:00.0000002Z",
    "id = 0303030303030303",
    "resource.service.name = bank",
    "scope.name = lib",
    "event.a = 1",
    "event.name = exception",
    "root.a = 1",
    "root.name = a",
    "root.service = shop",
    "trace.spans > 3",
    "trace.start >= 2026-01-01T00:00:00.0000002Z",
    "trace.start < 2026-01-01T00:00:00.0000003Z",
    "trace.duration > 200ns",
    "trace.services = 2",
    "count(a = 1) > 0",
    "count(error) = 0",
    "count(error) > 1",
    "max(a) >= 1",
];

fn query() -> impl Strategy<Value = Query> {
    let leaf = prop::sample::select(LEAVES.to_vec()).prop_map(|text| parse(text).query.unwrap());
    leaf.prop_recursive(3, 8, 3, |inner| {
        let relation = prop::sample::select(vec![Relation::Descendant, Relation::Child, Relation::Sibling]);
        let related = |(left, relation, right)| Query::Related(Box::new(left), relation, Box::new(right));
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Query::And),
            vec(inner.clone(), 2..4).prop_map(Query::Or),
            inner.clone().prop_map(|query| Query::Not(Box::new(query))),
            (inner.clone(), relation, inner).prop_map(related),
        ]
    })
}

fn attribute() -> impl Strategy<Value = KeyValue> {
    prop_oneof![
        (0..3_i64).prop_map(|int| KeyValue::new("a", int)),
        "[xy1]{0,2}".prop_map(|text| KeyValue::new("a", text.as_str())),
        any::<bool>().prop_map(|bool| KeyValue { key: "b".to_owned(), value: Value::Bool(bool) }),
    ]
}

fn any_span() -> impl Strategy<Value = Span> {
    let ids = (1..5_u8, 1..8_u8, option::of(1..8_u8));
    let rest = ("[ab]", any::<bool>(), 0..3_i32, vec(attribute(), 0..3), option::of(attribute()), 1..4_u64);
    (ids, rest).prop_map(|((trace, id, parent), (name, is_error, kind, attributes, of_event, tens))| {
        let mut span = span(trace, id, &name);
        span.end_unix_nano = span.start_unix_nano + tens * 10;
        (span.kind, span.attributes) = (SpanKind(kind), attributes);
        let event = |attribute| Event { name: "exception".to_owned(), attributes: vec![attribute], ..Event::default() };
        span.events.extend(of_event.map(event));
        let span = if is_error { failed(span, "bad") } else { span };
        parent.filter(|parent| *parent != id).map_or(span.clone(), |parent| child_of(span, parent))
    })
}

#[derive(Debug, Clone)]
enum Step {
    Append(TracesData),
    Compact,
}

fn step() -> impl Strategy<Value = Step> {
    let append = (prop::sample::select(vec!["shop", "bank"]), vec(any_span(), 1..6))
        .prop_map(|(service, spans)| Step::Append(traces(service, spans)));
    prop_oneof![4 => append, 1 => Just(Step::Compact)]
}

/// What a trace is, asked as a whole.
fn whole(contents: &TraceContents) -> DecodedTrace<'_> {
    let views = contents.spans.iter().map(|stored| DecodedSpan {
        span: &stored.span,
        resource: contents.resources[stored.resource as usize].resource.as_ref(),
        scope: contents.scopes[stored.scope as usize].scope.as_ref(),
        self_nanos: None,
    });
    let mut views: Vec<_> = views.collect();
    let input = |view: &DecodedSpan<'_>| SpanInput {
        span_id: view.span.span_id,
        parent: view.span.parent(),
        malformed_parent_bytes: None,
        start_unix_nano: view.span.start_unix_nano,
        end_unix_nano: view.span.end_unix_nano,
        service: 0,
        kind: view.span.kind,
        is_error: view.span.status_code() == StatusCode::ERROR,
        content_hash: 0,
    };
    let inputs: Vec<_> = views.iter().map(input).collect();
    for node in analysis::Trace::assemble(&inputs).nodes() {
        if let Some(input) = node.input() {
            views[input as usize].self_nanos = Some(node.self_nanos());
        }
    }
    let spans = || views.iter().map(|view| view.span).enumerate();
    let roots = spans().filter(|(_, span)| span.parent().is_none());
    let length = |span: &Span| span.end_unix_nano - span.start_unix_nano;
    let root = roots.max_by_key(|(at, span)| (length(span), span.start_unix_nano, Reverse(span.span_id), Reverse(*at)));
    let root = root.or_else(|| spans().min_by_key(|(at, span)| (span.start_unix_nano, span.span_id, *at)));
    let start = spans().map(|(_, span)| span.start_unix_nano).min().unwrap();
    let end = spans().map(|(_, span)| span.end_unix_nano).max().unwrap();
    DecodedTrace::new(views.clone(), root.map(|(at, _)| at), start, end - start)
}

async fn found(reader: &Reader, wanted: SearchFor) -> (Vec<Found>, store::Search) {
    let mut search = reader.search(wanted);
    let mut all = Vec::new();
    loop {
        // A deadline that is over: as many turns as there can be.
        match search.next(Some(Instant::now())).await.unwrap() {
            Next::Trace(found) => all.push(found),
            Next::Paused => {}
            Next::Over => return (all, search),
        }
    }
}

async fn assert_found(reader: &Reader, query: &Query, selection: &Query) {
    let compiled = Arc::new(Compiled::new(query, T0).unwrap());
    let selection = Arc::new(Compiled::new(selection, T0).unwrap());
    let mut summaries = Vec::new();
    let list = |summary: &TraceSummary| {
        summaries.push(summary.clone());
        ControlFlow::Continue(())
    };
    reader.traces(None, list).await.unwrap();
    let [a, root_a] = ["a", "root.a"].map(|key| Subject::of(&Field::of_word(key)));
    let mut expected = Vec::new();
    for summary in &summaries {
        let contents = reader.trace(summary.trace_id).await.unwrap().unwrap();
        let trace = whole(&contents);
        let matching = compiled.matching(&trace);
        let mut texts = Vec::new();
        for (stored, _) in contents.spans.iter().zip(&matching).filter(|(_, is_found)| **is_found) {
            let resource = contents.resources[stored.resource as usize].resource.as_ref();
            let scope = contents.scopes[stored.scope as usize].scope.as_ref();
            let view = DecodedSpan { span: &stored.span, resource, scope, self_nanos: None };
            a.texts(&view, &mut |text| texts.push(text.to_owned()));
        }
        let is_found = matching.contains(&true);
        if let Some(root) = trace.root().filter(|_| is_found) {
            root_a.texts(&trace.span(root), &mut |text| texts.push(format!("root {text}")));
        }
        texts.sort_unstable();
        texts.dedup();
        let is_selected = is_found && selection.matching(&trace).contains(&true);
        expected.push((summary.trace_id, is_found, is_selected, texts));
    }
    let wanted = SearchFor { query: Some(Arc::clone(&compiled)), ..SearchFor::default() };
    let (only, _) = found(reader, wanted.clone()).await;
    let ids = |found: &[Found]| found.iter().map(|found| found.summary.trace_id).collect::<Vec<TraceId>>();
    let of_expected = expected.iter().filter(|(_, is_found, ..)| *is_found).map(|(trace_id, ..)| *trace_id);
    assert_eq!(ids(&only), of_expected.collect::<Vec<_>>(), "{query}");
    let (all, search) =
        found(reader, SearchFor { with_others: true, noted: vec![a, root_a], selection: Some(selection), ..wanted })
            .await;
    let told = all.iter().map(|found| {
        let text = |noted: &(u32, u32)| {
            let text = search.text(*noted).unwrap();
            if noted.0 == 1 { format!("root {text}") } else { text.to_string() }
        };
        let mut texts: Vec<_> = found.noted.iter().map(text).collect();
        texts.sort_unstable();
        (found.summary.trace_id, found.is_found, found.is_found && found.is_selected, texts)
    });
    assert_eq!(told.collect::<Vec<_>>(), expected, "{query}");
}

async fn run(steps: Vec<Step>, queries: Vec<Query>) {
    let kept = Kept::new().await;
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    for step in steps {
        match step {
            Step::Append(data) => _ = kept.add(in_protobuf(&data)).await.unwrap(),
            Step::Compact => kept.store().compact().await.unwrap(),
        }
    }
    beside.refresh().await.unwrap();
    for (query, selection) in queries.iter().zip(queries.iter().rev()) {
        assert_found(&kept.reader(), query, selection).await;
        assert_found(&beside, query, selection).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_is_there(steps in vec(step(), 1..9), queries in vec(query(), 6)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps, queries));
    }
}

#[tokio::test]
async fn a_search_is_as_of_its_moment_and_within_its_range() {
    let kept = Kept::new().await;
    kept.add(in_protobuf(&traces("shop", vec![span(1, 1, "a"), span(2, 3, "a")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    let as_of = kept.reader().sequence();
    kept.add(in_protobuf(&traces("bank", vec![span(3, 5, "a"), span(2, 6, "b")]))).await.unwrap();
    let ids = async |wanted| {
        let (found, _) = found(&kept.reader(), wanted).await;
        found.into_iter().map(|found| found.summary.trace_id.0[0]).collect::<Vec<_>>()
    };
    assert_eq!(ids(SearchFor::default()).await, [3, 2, 1]);
    assert_eq!(ids(SearchFor { as_of: Some(as_of), ..SearchFor::default() }).await, [2, 1]);
    assert_eq!(ids(SearchFor { after: Some(as_of), ..SearchFor::default() }).await, [3]);
    assert_eq!(ids(SearchFor { since_unix_nano: Some(T0 + 300), ..SearchFor::default() }).await, [3, 2]);
    assert_eq!(ids(SearchFor { until_unix_nano: Some(T0 + 300), ..SearchFor::default() }).await, [1]);
}

#[tokio::test]
async fn a_search_goes_on_when_segments_are_replaced_under_it() {
    let kept = Kept::new().await;
    for number in 1..=6 {
        kept.add(in_protobuf(&traces("shop", vec![span(number, number, "a")]))).await.unwrap();
        if number % 2 == 0 {
            kept.store().compact().await.unwrap();
        }
    }
    let mut search = kept.reader().search(SearchFor::default());
    let Next::Trace(first) = search.next(None).await.unwrap() else { panic!("there are six") };
    kept.store().compact().await.unwrap();
    let mut ids = vec![first.summary.trace_id.0[0]];
    while let Next::Trace(found) = search.next(None).await.unwrap() {
        ids.push(found.summary.trace_id.0[0]);
    }
    assert_eq!(ids, [6, 5, 4, 3, 2, 1]);
}
