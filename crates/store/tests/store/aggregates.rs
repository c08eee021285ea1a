//! Aggregates are what counting every span that was kept once gives, whatever happens in between.

use std::collections::BTreeMap;

use formats::{Encoding, WalkLimits};
use model::{KeyValue, Signal, Span, TracesData, Value};
use proptest::prelude::*;
use store::{Aggregates, Append, Key, Reader, Retention, Source};

use crate::given::{Kept, T0, append, failed, in_json, in_protobuf, logs, logs_in_protobuf, record, span, traces};

const MINUTE: u64 = 60_000_000_000;
const DAY: u64 = 1440 * MINUTE;

fn at_minute(mut span: Span, minute: u64) -> Span {
    let shift = minute * MINUTE;
    span.start_unix_nano += shift;
    span.end_unix_nano += shift;
    span
}

/// `service operation minute error` and how many.
type Counts = BTreeMap<String, u64>;

fn line(service: &str, operation: &str, minute: u64, is_error: bool) -> String {
    format!("{service} {operation} {minute}{}", if is_error { " error" } else { "" })
}

fn counts(all: &Aggregates) -> Counts {
    let of = |key: &Key<'_>| {
        line(key.origin.service, key.operation, u64::from(key.start_minute) - T0 / MINUTE, key.is_error)
    };
    all.iter().map(|(key, sketch)| (of(&key), sketch.count() as u64)).collect()
}

async fn read(reader: &Reader) -> Aggregates {
    reader.refresh().await.unwrap();
    reader.aggregates(0..=u32::MAX, |_| true).await.unwrap()
}

fn imported(data: &TracesData) -> Append {
    Append { source: Source::Imported, ..in_protobuf(data) }
}

#[derive(Debug, Clone)]
enum Step {
    Append { spans: Vec<Span>, service: &'static str, in_json: bool, is_imported: bool },
    Logs,
    Reopen,
    Compact,
    LetGo,
}

fn any_span() -> impl Strategy<Value = Span> {
    (1..4_u8, 1..6_u8, prop::sample::select(vec!["a", "b"]), any::<bool>(), 0..3_u64).prop_map(
        |(trace, id, name, is_error, minute)| {
            let span = at_minute(span(trace, id, name), minute);
            if is_error { failed(span, "bad") } else { span }
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    let service = prop::sample::select(vec!["shop", "bank"]);
    let append = (prop::collection::vec(any_span(), 1..6), service, any::<bool>(), prop::bool::weighted(0.2));
    let append =
        append.prop_map(|(spans, service, in_json, is_imported)| Step::Append { spans, service, in_json, is_imported });
    prop_oneof![8 => append, 1 => Just(Step::Logs), 1 => Just(Step::Reopen), 3 => Just(Step::Compact), 1 => Just(Step::LetGo)]
}

async fn run(steps: Vec<Step>) {
    let mut kept = Kept::new().await;
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    let mut known: Vec<(&str, Span)> = Vec::new();
    let mut expected = Counts::new();
    for step in steps.into_iter().chain([Step::Compact, Step::LetGo, Step::Reopen]) {
        match step {
            Step::Append { spans, service, in_json: as_json, is_imported } => {
                let data = traces(service, spans.clone());
                kept.add(match (is_imported, as_json) {
                    (true, _) => imported(&data),
                    (_, true) => in_json(&data),
                    _ => in_protobuf(&data),
                })
                .await
                .unwrap();
                for span in spans {
                    if known.iter().any(|(of, known)| *of == service && known.same(&span)) {
                        continue;
                    }
                    if !is_imported {
                        let minute = (span.start_unix_nano - T0) / MINUTE;
                        *expected.entry(line(service, &span.name, minute, span.status.is_some())).or_default() += 1;
                    }
                    known.push((service, span));
                }
            }
            Step::Logs => drop(kept.add(logs_in_protobuf(&logs("shop", vec![record(1, T0, "x")]))).await.unwrap()),
            Step::Reopen => kept.reopen().await,
            Step::Compact => kept.store().compact().await.unwrap(),
            Step::LetGo => assert!(kept.store().let_go(T0 + DAY, true).await.unwrap().is_some()),
        }
        assert_eq!(counts(&read(&kept.reader()).await), expected);
        assert_eq!(counts(&read(&beside).await), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn they_are_a_recount(steps in prop::collection::vec(step(), 1..16)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps));
    }
}

/// What counts as an error, what stands for more than itself, and by what spans are told apart.
#[tokio::test]
async fn what_a_span_says() {
    let kept = Kept::new().await;
    let with = |number: u8, status: Option<i64>, trace_state: &str| {
        let mut span = span(1, number, "GET /");
        span.attributes.extend(status.map(|status| KeyValue::new("http.response.status_code", Value::Int(status))));
        span.trace_state = trace_state.to_owned();
        span
    };
    let mut old_name = with(5, None, "");
    old_name.attributes.push(KeyValue::new("http.status_code", Value::Int(503)));
    let mut clock_is_wrong = with(6, None, "");
    (clock_is_wrong.start_unix_nano, clock_is_wrong.end_unix_nano) = (1, 0);
    let mut data = traces(
        "shop",
        vec![
            with(1, Some(404), ""),
            with(2, Some(500), ""),
            with(3, None, "ot=th:c"),
            with(4, None, "ot=th:e666"),
            old_name,
            clock_is_wrong,
        ],
    );
    let resource = data.resource_spans[0].resource.as_mut().unwrap();
    for (key, value) in
        [("service.version", "1.2"), ("service.namespace", "eu"), ("deployment.environment", "production")]
    {
        resource.attributes.push(KeyValue::new(key, value));
    }
    kept.add(in_protobuf(&data)).await.unwrap();
    for _ in 0..2 {
        let all = read(&kept.reader()).await;
        let mut counts: Vec<_> = all
            .iter()
            .map(|(key, sketch)| {
                let origin = key.origin;
                assert_eq!((origin.namespace, origin.version, origin.environment), ("eu", "1.2", "production"));
                assert_eq!(u64::from(key.start_minute), T0 / MINUTE);
                (key.is_error, (sketch.count() * 100.0).round())
            })
            .collect();
        counts.sort_by_key(|(is_error, _)| *is_error);
        assert_eq!(counts, [(false, 1_600.0), (true, 200.0)]);
        kept.store().compact().await.unwrap();
    }
}

/// Many small blobs become few; after two days they count by the hour, and after 30 they are gone.
#[tokio::test]
async fn with_age() {
    let kept = Kept::new().await;
    for number in 1..=20 {
        kept.add(in_protobuf(&traces("shop", vec![at_minute(span(1, number, "a"), u64::from(number) * 10)])))
            .await
            .unwrap();
        kept.store().compact().await.unwrap();
    }
    let keys = |all: &Aggregates| all.iter().map(|(key, _)| (key.start_minute, key.minutes)).collect::<Vec<_>>();
    let let_go = async |days: u64| kept.store().let_go(T0 + days * DAY, true).await.unwrap();
    let_go(1).await;
    assert_eq!(keys(&read(&kept.reader()).await).len(), 20);
    let_go(4).await;
    let hours = read(&kept.reader()).await;
    let mut starts = keys(&hours);
    starts.sort_unstable();
    let first = (T0 / MINUTE) as u32;
    assert_eq!(starts, [(first, 60), (first + 60, 60), (first + 120, 60), (first + 180, 60)]);
    assert_eq!(hours.iter().map(|(_, sketch)| sketch.count()).sum::<f64>(), 20.0);
    // A minute of an hour stands for it.
    let minute = kept.reader().aggregates(first + 61..=first + 62, |_| true).await.unwrap();
    assert_eq!(keys(&minute), [(first + 60, 60)]);
    let_go(32).await;
    assert!(read(&kept.reader()).await.is_empty());
}

/// Spans go and are thinned; what they were counted as stays.
#[tokio::test]
async fn what_is_let_go_still_counts() {
    let kept = Kept::new().await;
    kept.add(in_protobuf(&traces("shop", vec![span(1, 1, "a"), failed(span(2, 2, "a"), "bad")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    let before = read(&kept.reader()).await;
    kept.store().set_retention(Retention { cap_bytes: 0, ..Retention::default() }).await.unwrap();
    kept.store().let_go(T0 + MINUTE, true).await.unwrap();
    assert_eq!(kept.reader().trace_count(), 0);
    assert!(read(&kept.reader()).await == before && before.len() == 2);
}

/// A reader never sees a span twice, or not at all, because it moves.
#[tokio::test(flavor = "multi_thread")]
async fn readers_go_on_while_rows_become_segments() {
    let kept = Kept::new().await;
    let body =
        |number: u8| formats::encode_traces_protobuf(&traces("shop", vec![span(number, 1, "a"), span(number, 2, "a")]));
    let writing = async {
        for number in 1..=80 {
            let append = append(Signal::Traces, Encoding::Protobuf, body(number));
            assert!(append.walked.received <= WalkLimits::default().max_items);
            kept.add(append).await.unwrap();
            if number % 3 == 0 {
                kept.store().compact().await.unwrap();
            }
        }
    };
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    let reading = async {
        let mut seen = 0;
        while seen < 160 {
            let all = read(&beside).await;
            let now: u64 = all.iter().map(|(_, sketch)| sketch.count() as u64).sum();
            assert!(now >= seen && now.is_multiple_of(2), "{now} after {seen}");
            seen = now;
        }
    };
    tokio::join!(writing, reading);
}
