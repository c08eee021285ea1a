//! What holds of all queries and all traces.
use model::{
    Event, KeyValue, Resource, ResourceSpans, ScopeSpans, Span, SpanId, SpanKind, Status, StatusCode, TracesData, Value,
};
use proptest::{collection::vec, option, prelude::*};
use query::{Compiled, Query, Relation, TraceView, Tree, parse};

use crate::traces::{NOW_UNIX_NANO, compiled, decoded};

const LEAVES: [&str; 28] = [
    "a = 1",
    "a != 1",
    "a > 1",
    "a in (1, x)",
    "b ~ X",
    "b !~ x",
    "b ~ /^[xy]+$/",
    "has(a)",
    "has(exception)",
    "x",
    "error",
    "error = false",
    "kind = server",
    "name != x",
    "duration > 2us",
    "self_time > 2us",
    "self_time <= 2us",
    "start > -1h",
    "resource.a = 1",
    "event.a = 1",
    "root.a = 1",
    "root.name != x",
    "trace.spans > 3",
    "count(a = 1) > 0",
    "count(error) = 0",
    "count(not a = 1) != 2",
    "sum(a) > 2",
    "max(root.a) >= 1",
];

fn query() -> impl Strategy<Value = Query> {
    let leaf = prop::sample::select(LEAVES.to_vec()).prop_map(|text| parse(text).query.unwrap());
    leaf.prop_recursive(5, 20, 3, |inner| {
        let relation = prop::sample::select(vec![Relation::Descendant, Relation::Child, Relation::Sibling]);
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Query::And),
            vec(inner.clone(), 2..4).prop_map(Query::Or),
            inner.clone().prop_map(|query| Query::Not(Box::new(query))),
            (inner.clone(), relation, inner).prop_map(|(left, relation, right)| Query::Related(
                Box::new(left),
                relation,
                Box::new(right)
            )),
        ]
    })
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0..3_i64).prop_map(Value::Int),
        (0..3_u8).prop_map(|half| Value::Double(f64::from(half) / 2.0)),
        "[xy1]{0,2}".prop_map(Value::String),
        any::<bool>().prop_map(Value::Bool),
    ]
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec(("[ab]", value()).prop_map(|(key, value)| KeyValue { key, value }), 0..3)
}

/// Spans with any of each other, of themselves or of spans that are not there as their parents.
fn traces() -> impl Strategy<Value = TracesData> {
    let span = (0..4_u64, 0..6_u64, "[xyz]", -1..3_i32, 1..3_i32, attributes(), option::of(attributes()));
    vec((option::of(0..12_u64), span), 0..9).prop_map(|spans| {
        let id = |number: u64| SpanId((number + 1).to_be_bytes());
        let made = (0_u64..).zip(spans).map(|(number, (parent, span))| {
            let (start, micros, name, status, kind, attributes, event) = span;
            let start_unix_nano = testkit::START_UNIX_NANO + start;
            Span {
                span_id: id(number),
                parent_span_id: parent.map(|parent| id(parent).0.to_vec()).unwrap_or_default(),
                name,
                kind: SpanKind(kind),
                start_unix_nano,
                end_unix_nano: start_unix_nano + micros * 1_000,
                status: Some(Status { code: StatusCode(status), message: String::new() }),
                events: event
                    .map(|attributes| Event { name: "exception".to_owned(), attributes, ..Event::default() })
                    .into_iter()
                    .collect(),
                attributes,
                ..Span::default()
            }
        });
        let (one, other): (Vec<Span>, Vec<Span>) = made.partition(|span| span.span_id.0[7] % 2 == 0);
        let with = |spans, a: i64| ResourceSpans {
            resource: Some(Resource { attributes: vec![KeyValue::new("a", a)], ..Resource::default() }),
            scope_spans: vec![ScopeSpans { spans, ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        };
        TracesData { resource_spans: vec![with(one, 1), with(other, 2)] }
    })
}

fn found(query: &Query, traces: &TracesData) -> Vec<bool> {
    Compiled::new(query, NOW_UNIX_NANO).unwrap().matching(&decoded(traces))
}

fn not(query: &Query) -> Query {
    Query::Not(Box::new(query.clone()))
}

/// Whether the span has one of these in this relation to it, step by step and pair by pair.
fn is_related(trace: &impl TraceView, relation: Relation, left: &[bool], span: usize) -> bool {
    let count = trace.span_count();
    let up = |span: usize| trace.parent(span).filter(|parent| *parent < count);
    let circle = |span: usize| {
        let above: Vec<usize> = std::iter::successors(up(span), |span| up(*span)).take(count).collect();
        above.iter().position(|above| *above == span).map(|end| above[..=end].to_vec())
    };
    let rank = |span: &usize| {
        use query::SpanView;

        let view = trace.span(*span);
        (view.start_unix_nano(), view.span_id())
    };
    let is_cut =
        |span: usize| circle(span).is_some_and(|circle| circle.iter().min_by_key(|span| rank(span)) == Some(&span));
    let parent = |span: usize| trace.parent(span).filter(|_| !is_cut(span));
    let mut above = std::iter::successors(parent(span), |span| if *span < count { parent(*span) } else { None });
    let is_left = |other: usize| left.get(other).copied().unwrap_or_default();
    match relation {
        Relation::Descendant => above.any(is_left),
        Relation::Child => above.next().is_some_and(is_left),
        Relation::Sibling => {
            let is_sibling = |other: usize| other != span && parent(span).is_some() && parent(other) == parent(span);
            (0..count).any(|other| is_left(other) && is_sibling(other))
        }
    }
}

proptest! {
    #[test]
    fn not_of_both_is_one_of_the_nots(a in query(), b in query(), traces in traces()) {
        let both = not(&Query::And(vec![a.clone(), b.clone()]));
        let either = Query::Or(vec![not(&a), not(&b)]);
        prop_assert_eq!(found(&both, &traces), found(&either, &traces));
        prop_assert_eq!(found(&not(&not(&a)), &traces), found(&a, &traces));
    }

    #[test]
    fn structure_is_what_it_is_said_to_be(left in query(), right in query(), traces in traces()) {
        let (of_left, of_right) = (found(&left, &traces), found(&right, &traces));
        for relation in [Relation::Descendant, Relation::Child, Relation::Sibling] {
            let related = Query::Related(Box::new(left.clone()), relation, Box::new(right.clone()));
            let trace = decoded(&traces);
            let expected: Vec<bool> =
                (0..of_right.len()).map(|span| of_right[span] && is_related(&trace, relation, &of_left, span)).collect();
            prop_assert_eq!(found(&related, &traces), expected, "{:?}", relation);
        }
    }

    #[test]
    fn a_trace_that_matches_has_what_is_needed(query in query(), traces in traces()) {
        let compiled = Compiled::new(&query, NOW_UNIX_NANO).unwrap();
        let trace = decoded(&traces);
        let found = compiled.matching(&trace);
        if found.contains(&true) {
            let has = |tree: &Tree| compiled.matching_tree(tree, &trace).contains(&true);
            for need in compiled.needs() {
                prop_assert!(has(&need), "{} needs {:?}", query, need);
            }
            prop_assert!(has(&compiled.needs_of_trace()), "{} needs {:?}", query, compiled.needs_of_trace());
        }
        if compiled.is_of_span() {
            prop_assert!(compiled.needs().len() <= 1);
            for need in compiled.needs() {
                prop_assert_eq!(compiled.matching_tree(&need, &trace), found.clone());
            }
        }
    }

    #[test]
    fn what_is_written_out_finds_the_same(query in query(), traces in traces()) {
        // A word or a number of the trace beside a sign of structure is a tree, but no text.
        if let Some(read) = parse(&query.to_string()).query {
            prop_assert_eq!(found(&read, &traces), found(&query, &traces));
        }
    }

    #[test]
    fn any_spans_can_be_asked(query in query(), traces in testkit::strategies::traces()) {
        prop_assert_eq!(found(&query, &traces).len(), decoded(&traces).span_count());
    }
}

#[test]
fn long_chains_and_wide_traces() {
    let made = |parent: fn(u64) -> u64| {
        let span = |number: u64| Span {
            span_id: SpanId(number.to_be_bytes()),
            parent_span_id: parent(number).to_be_bytes().to_vec(),
            ..Span::default()
        };
        let spans = (1..=100_000).map(span).collect();
        let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
        TracesData { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }
    };
    let count = |text: &str, traces: &TracesData| {
        compiled(text).matching(&decoded(traces)).into_iter().filter(|is_found| *is_found).count()
    };
    let chain = made(|number| number - 1);
    assert_eq!(count("id = 0000000000000001 >> service = unknown_service", &chain), 99_999);
    let wide = made(|number| u64::from(number > 1));
    assert_eq!(count("id = 0000000000000002 <> service = unknown_service", &wide), 99_998);
    let circle = made(|number| if number == 1 { 100_000 } else { number - 1 });
    assert_eq!(count("service = unknown_service > service = unknown_service", &circle), 99_999);
}

#[test]
fn however_deep() {
    let deep =
        |wrap: fn(Query) -> Query, times: usize| (0..times).fold(parse("a = 1").query.unwrap(), |query, _| wrap(query));
    let traces = testkit::trace("a Here | a=1");
    assert_eq!(found(&deep(|query| Query::Not(Box::new(query)), 10_000), &traces), [true]);
    let text = (0..63).fold("a = 1".to_owned(), |text, _| format!("(b = 1 or b = 2 and not a = 2 >> {text})"));
    assert_eq!(found(&parse(&text).query.unwrap(), &traces), [false]);
    let nested = deep(|query| Query::And(vec![query.clone(), query]), 12);
    assert_eq!(found(&nested, &traces), [true]);
    let endless = deep(|query| Query::And(vec![Query::Everything, query]), 1_000);
    assert!(Compiled::new(&endless, 0).is_err());
}
