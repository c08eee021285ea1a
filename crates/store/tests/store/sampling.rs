//! What is thinned by the rules of sampling, and what brings it back.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    process::Command,
};

use model::{KeyValue, Span, TracesData};
use proptest::prelude::*;
use sampling::{CriticalFlow, Rules};
use store::{Append, DataDir, Reader, Retention, SignalLedger, Store};

use crate::given::{
    Kept, T0, child_of, failed, in_json, in_protobuf, logs, logs_in_protobuf, names, record, span, trace_id, traces,
};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;

/// Spans of a service in an environment.
fn from(environment: &str, spans: Vec<Span>) -> TracesData {
    let mut data = traces("a", spans);
    for resource in data.resource_spans.iter_mut().filter_map(|of| of.resource.as_mut()) {
        resource.attributes.push(KeyValue::new("deployment.environment.name", environment));
    }
    data
}

fn at(mut append: Append, after_nanos: u64) -> Append {
    append.received_at_unix_nano = T0 + after_nanos;
    append
}

fn with_http_status(mut span: Span, status: i64) -> Span {
    span.attributes.push(KeyValue::new("http.response.status_code", status));
    span
}

/// All of production is thinned, but the share that these ids are not in.
fn rules() -> Rules {
    Rules { low_volume_under: 0, ..Rules::default() }
}

async fn kept() -> Kept {
    let kept = Kept::new().await;
    kept.store().set_sampling(rules()).await.unwrap();
    kept
}

async fn add(kept: &Kept, after_nanos: u64, data: &TracesData) -> String {
    kept.outcome(at(in_protobuf(data), after_nanos)).await
}

async fn pass(kept: &Kept, after_nanos: u64) {
    kept.store().let_go(T0 + after_nanos, true).await.unwrap().unwrap();
    assert_adds_up(kept).await;
}

/// The traces that a reader lists, which have to be those that it says it has by all other ways.
async fn listed(reader: &Reader) -> Vec<u8> {
    listed_up_to(reader, 50).await
}

async fn listed_up_to(reader: &Reader, most: u8) -> Vec<u8> {
    let mut listed = Vec::new();
    reader
        .traces(None, |summary| {
            listed.push(summary.trace_id.0[0]);
            ControlFlow::Continue(())
        })
        .await
        .unwrap();
    listed.sort_unstable();
    for trace in 1..=most {
        let is_listed = listed.contains(&trace);
        assert_eq!(reader.contains(trace_id(trace)).await.unwrap(), is_listed, "{trace}");
        assert_eq!(!names(reader, trace).await.is_empty(), is_listed, "{trace}");
    }
    assert_eq!(reader.trace_count(), listed.len() as u64);
    listed
}

async fn assert_adds_up(kept: &Kept) {
    let spans = kept.store().ledger().spans;
    assert!(spans.is_balanced(), "{spans:?}");
    let mut shown = 0;
    let count = |summary: &store::TraceSummary| {
        shown += summary.span_count;
        ControlFlow::Continue(())
    };
    kept.reader().traces(None, count).await.unwrap();
    assert_eq!(spans.kept(), shown, "{spans:?}");
}

fn books(kept: &Kept) -> (u64, u64) {
    let SignalLedger { stored, sampled_out, .. } = kept.store().ledger().spans;
    (stored, sampled_out)
}

#[tokio::test]
async fn what_is_thinned_and_what_never_is() {
    let kept = Kept::new().await;
    let many = |first: u8| (first..first + 3).map(|trace| span(trace, 1, "GET /")).collect::<Vec<_>>();
    add(&kept, 0, &from("production", many(1))).await;
    add(&kept, 0, &from("prod", many(11))).await;
    add(&kept, 0, &from("staging", many(21))).await;
    add(&kept, 0, &traces("a", many(31))).await;
    add(
        &kept,
        0,
        &from("prod", vec![failed(span(41, 1, "GET /"), "bad"), with_http_status(span(42, 1, "GET /"), 404)]),
    )
    .await;
    add(&kept, 0, &from("prod", vec![with_http_status(span(43, 1, "GET /"), 399), span(44, 1, "POST /pay")])).await;
    add(&kept, 0, &from("prod", vec![span(0xe5, 1, "GET /"), span(0xe7, 1, "GET /"), span(45, 1, "GET /")])).await;
    assert!(kept.store().pin(trace_id(45), true).await.unwrap());
    let all = listed(&kept.reader()).await;
    pass(&kept, 2 * MINUTE).await;
    assert_eq!(listed(&kept.reader()).await, all, "without rules nothing is");
    let pay = CriticalFlow { service: None, operation: Some("POST *".to_owned()) };
    kept.store().set_sampling(Rules { critical_flows: vec![pay], ..rules() }).await.unwrap();
    pass(&kept, 59 * SECOND).await;
    assert_eq!(listed(&kept.reader()).await, all, "a trace has a minute to settle");
    pass(&kept, MINUTE).await;
    assert_eq!(listed(&kept.reader()).await, [21, 22, 23, 31, 32, 33, 41, 42, 44, 45, 0xe7]);
    assert_eq!(books(&kept), (11, 8));
    assert_eq!(kept.reader().services().await.unwrap(), [("a".to_owned(), 11)]);
}

#[tokio::test]
async fn by_the_environment_of_the_root() {
    let kept = kept().await;
    add(&kept, 0, &from("staging", vec![child_of(span(1, 2, "b"), 1), span(2, 1, "root")])).await;
    add(&kept, 0, &from("prod", vec![span(1, 1, "root"), child_of(span(2, 2, "b"), 1)])).await;
    // No root: the earliest counts.
    add(&kept, 0, &from("prod", vec![child_of(span(3, 2, "b"), 9), child_of(span(4, 3, "c"), 9)])).await;
    add(&kept, 0, &from("staging", vec![child_of(span(3, 3, "c"), 9), child_of(span(4, 2, "b"), 9)])).await;
    pass(&kept, MINUTE).await;
    assert_eq!(listed(&kept.reader()).await, [2, 4]);
}

#[tokio::test]
async fn volume_low_and_high() {
    let mut kept = Kept::new().await;
    let rules = Rules { high_volume_over: 20, low_volume_under: 5, ..Rules::default() };
    kept.store().set_sampling(rules.clone()).await.unwrap();
    // Kept at 10 % and not at 1 %.
    add(&kept, 0, &from("prod", vec![span(1, 1, "rare"), span(2, 1, "usual"), span(0xf0, 1, "often")])).await;
    let of = |name: &'static str, from: u8, to: u8| (from..to).map(move |trace| span(trace, 1, name));
    add(&kept, 0, &from("prod", of("usual", 10, 14).chain(of("often", 100, 120)).collect())).await;
    pass(&kept, MINUTE).await;
    assert_eq!(listed(&kept.reader()).await, [1], "the only one of its kind is rare");
    // Volume is of an hour, and survives a restart.
    kept.reopen().await;
    kept.store().set_sampling(rules).await.unwrap();
    add(&kept, 10 * MINUTE, &from("prod", vec![span(3, 1, "usual"), span(0xf1, 1, "usual"), span(0xf2, 1, "often")]))
        .await;
    pass(&kept, 11 * MINUTE).await;
    assert_eq!(listed(&kept.reader()).await, [1, 0xf1]);
    add(&kept, 100 * MINUTE, &from("prod", vec![span(4, 1, "usual"), span(5, 1, "often")])).await;
    pass(&kept, 101 * MINUTE).await;
    assert_eq!(listed(&kept.reader()).await, [1, 4, 5, 0xf1]);
}

#[tokio::test]
async fn a_late_error_brings_all_back() {
    let status = |span| failed(span, "bad");
    let http = |span| with_http_status(span, 500);
    for (trace, error) in [(1, status as fn(Span) -> Span), (2, http)] {
        for encode in [in_protobuf, in_json] {
            let mut kept = kept().await;
            add(&kept, 0, &from("prod", vec![span(trace, 1, "root"), span(9, 1, "other")])).await;
            pass(&kept, MINUTE).await;
            assert_eq!(books(&kept), (0, 2));
            // It goes on for a while, hidden.
            assert_eq!(
                add(&kept, 2 * MINUTE, &from("prod", vec![span(trace, 2, "late"), span(8, 1, "new")])).await,
                "1/0/0"
            );
            assert_eq!(listed(&kept.reader()).await, [8]);
            assert_adds_up(&kept).await;
            kept.reopen().await;
            assert_eq!(listed(&kept.reader()).await, [8]);
            pass(&kept, 10 * MINUTE).await;
            let late = encode(&from("prod", vec![error(span(trace, 3, "bad")), span(trace, 2, "late")]));
            assert_eq!(kept.outcome(at(late, 11 * MINUTE)).await, "1/1/0");
            assert_eq!(names(&kept.reader(), trace).await, ["root#0", "late#0", "bad#0"]);
            assert!(!kept.reader().trace(trace_id(trace)).await.unwrap().unwrap().is_thinned);
            assert_eq!(books(&kept), (4, 1));
            assert_adds_up(&kept).await;
            kept.reopen().await;
            pass(&kept, 100 * MINUTE).await;
            assert_eq!(names(&kept.reader(), trace).await, ["root#0", "late#0", "bad#0"]);
        }
    }
}

#[tokio::test]
async fn what_comes_when_it_is_gone() {
    let mut kept = kept().await;
    add(&kept, 0, &from("prod", vec![span(1, 1, "root"), span(1, 2, "b"), span(2, 1, "root"), span(0xf0, 1, "stays")]))
        .await;
    add(&kept, 0, &traces("b", vec![child_of(span(1, 5, "c"), 1), span(3, 1, "elsewhere")])).await;
    kept.add(at(logs_in_protobuf(&logs("a", vec![record(1, T0, "said")])), 0)).await.unwrap();
    pass(&kept, MINUTE).await;
    assert_eq!(listed_and_said(&kept).await, [3, 0xf0]);
    let before = items_in_segments(&kept);
    pass(&kept, 10 * MINUTE).await;
    assert_eq!(items_in_segments(&kept), before, "it is hidden for ten minutes");
    pass(&kept, 11 * MINUTE).await;
    assert_eq!(items_in_segments(&kept), before - 4, "and then gone");
    assert_eq!(listed_and_said(&kept).await, [3, 0xf0]);
    assert_eq!(books(&kept), (2, 4));
    kept.reopen().await;
    kept.store().set_sampling(rules()).await.unwrap();
    assert_eq!(listed_and_said(&kept).await, [3, 0xf0]);
    // Sent again, and going on: thinned too.
    assert_eq!(add(&kept, 12 * MINUTE, &from("prod", vec![span(1, 2, "b"), span(1, 6, "late")])).await, "0/0/0");
    assert_eq!(books(&kept), (2, 6));
    // An error brings back what is still there, and the trace is marked.
    let late = from("prod", vec![span(1, 7, "late"), failed(span(1, 8, "bad"), "bad")]);
    assert_eq!(add(&kept, 13 * MINUTE, &late).await, "2/0/0");
    for number in 10..12 {
        assert_eq!(names(&kept.reader(), 1).await, ["b#0", "late#0", "late#0", "bad#0"]);
        assert!(kept.reader().trace(trace_id(1)).await.unwrap().unwrap().is_thinned);
        assert_eq!(add(&kept, 14 * MINUTE, &from("prod", vec![span(1, number, "late")])).await, "0/0/0");
        pass(&kept, 20 * MINUTE).await;
        kept.reopen().await;
        kept.store().set_sampling(rules()).await.unwrap();
    }
    assert_eq!(books(&kept), (6, 6));
    // After an hour more the id is as good as new.
    pass(&kept, 100 * MINUTE).await;
    assert_eq!(add(&kept, 101 * MINUTE, &from("prod", vec![span(2, 2, "again")])).await, "1/0/0");
    assert_eq!(names(&kept.reader(), 2).await, ["again#0"]);
    assert!(kept.reader().trace(trace_id(1)).await.unwrap().unwrap().is_thinned, "for as long as it is there");
}

/// The traces that have spans, each of one service: those have to add up.
async fn listed_and_said(kept: &Kept) -> Vec<u8> {
    let listed = listed(&kept.reader()).await;
    let services = kept.reader().services().await.unwrap();
    let all: u64 = services.iter().map(|(_, traces)| traces).sum();
    assert_eq!(all, listed.len() as u64, "{services:?}");
    listed
}

fn items_in_segments(kept: &Kept) -> u64 {
    kept.reader().sizes().by_service.iter().filter(|of| of.1 == model::Signal::Traces).map(|of| of.2).sum()
}

#[tokio::test]
async fn in_another_process_too() {
    let kept = kept().await;
    let reader = Reader::open_read_only(&kept.dir).await.unwrap();
    add(&kept, 0, &from("prod", vec![span(1, 1, "x"), span(2, 1, "x")])).await;
    add(&kept, 30 * SECOND, &from("prod", vec![span(2, 2, "y")])).await;
    let same = async || {
        reader.refresh().await.unwrap();
        let expected = listed(&kept.reader()).await;
        assert_eq!(listed(&reader).await, expected);
        assert_eq!(reader.services().await.unwrap(), kept.reader().services().await.unwrap());
        assert_eq!(reader.ledger(), kept.store().ledger());
        expected
    };
    assert_eq!(same().await, [1, 2]);
    pass(&kept, MINUTE).await;
    assert_eq!(same().await, [2]);
    pass(&kept, 2 * MINUTE).await;
    assert!(same().await.is_empty());
    add(&kept, 3 * MINUTE, &from("prod", vec![span(1, 3, "z")])).await;
    assert!(same().await.is_empty());
    add(&kept, 3 * MINUTE, &from("prod", vec![failed(span(1, 4, "bad"), "bad")])).await;
    assert_eq!(same().await, [1]);
    pass(&kept, 20 * MINUTE).await;
    assert_eq!(same().await, [1]);
}

#[tokio::test]
async fn what_is_imported_stays() {
    let kept = kept().await;
    let imported = |mut append: Append| {
        append.source = store::Source::Imported;
        append
    };
    kept.add(imported(in_protobuf(&from("prod", vec![span(1, 1, "x")])))).await.unwrap();
    add(&kept, 0, &from("prod", vec![span(2, 1, "x")])).await;
    pass(&kept, 2 * MINUTE).await;
    assert_eq!(listed(&kept.reader()).await, [1]);
    kept.add(imported(in_protobuf(&from("prod", vec![span(2, 2, "y")])))).await.unwrap();
    assert_eq!(names(&kept.reader(), 2).await, ["x#0", "y#0"]);
    pass(&kept, 20 * MINUTE).await;
    assert_eq!(listed(&kept.reader()).await, [1, 2]);
}

/// A trace that never rests is decided after ten minutes.
#[tokio::test]
async fn ten_minutes_at_most() {
    let kept = kept().await;
    for half_minute in 0..22_u64 {
        let spans = vec![span(1, half_minute as u8 + 1, "loop")];
        add(&kept, half_minute * 30 * SECOND, &from("prod", spans)).await;
        kept.store().compact().await.unwrap();
        pass(&kept, half_minute * 30 * SECOND + SECOND).await;
        let is_shown = half_minute < 20;
        assert_eq!(kept.reader().contains(trace_id(1)).await.unwrap(), is_shown, "{half_minute}");
    }
    assert_eq!(books(&kept), (0, 22));
}

/// What goes for another reason while it is hidden was not stored, and is not let go twice.
#[tokio::test]
async fn hidden_when_its_segment_goes() {
    let day = 86_400 * SECOND;
    let kept = kept().await;
    add(&kept, 0, &from("prod", vec![span(1, 1, "x")])).await;
    add(&kept, 0, &from("staging", vec![span(2, 1, "x"), span(3, 1, "x")])).await;
    pass(&kept, MINUTE).await;
    let deleted = kept.store().delete(store::Selection::Trace(trace_id(2))).await.unwrap();
    assert_eq!(deleted.spans, 1);
    let deleted = kept.store().delete(store::Selection::Trace(trace_id(1))).await.unwrap();
    assert_eq!((deleted.spans, deleted.traces), (0, 0));
    assert_eq!(items_in_segments(&kept), 1);
    assert_adds_up(&kept).await;
    add(&kept, 2 * MINUTE, &from("prod", vec![span(4, 1, "x")])).await;
    pass(&kept, 4 * MINUTE).await;
    kept.store().set_retention(Retention { cap_bytes: 0, ..Retention::default() }).await.unwrap();
    pass(&kept, 5 * MINUTE).await;
    assert_eq!(items_in_segments(&kept), 0);
    let spans = kept.store().ledger().spans;
    assert_eq!((spans.stored, spans.sampled_out, spans.deleted, spans.evicted), (2, 2, 1, 1));
    pass(&kept, 10 * day).await;
    assert_adds_up(&kept).await;
}

#[tokio::test]
async fn a_preview_changes_nothing() {
    let kept = Kept::new().await;
    let spans = (1..=20).map(|trace| span(trace, 1, "GET /")).chain([failed(span(21, 1, "GET /"), "bad")]);
    add(&kept, 0, &from("prod", spans.collect())).await;
    add(&kept, 10 * MINUTE, &traces("a", vec![span(22, 1, "GET /")])).await;
    let all = listed(&kept.reader()).await;
    let preview = async |since, rules: &Rules| {
        let preview = kept.store().preview_sampling(rules, T0 + since).await.unwrap();
        format!("{} of {}: {:?}", preview.kept, preview.traces, preview.kept_by_reason)
    };
    assert_eq!(preview(0, &Rules::default()).await, r#"2 of 22: {"environment": 1, "error": 1}"#);
    assert_eq!(preview(MINUTE, &Rules::default()).await, r#"1 of 1: {"environment": 1}"#);
    let few = Rules { low_volume_under: 30, ..Rules::default() };
    assert_eq!(preview(0, &few).await, r#"22 of 22: {"environment": 1, "error": 1, "low volume": 20}"#);
    assert_eq!(listed(&kept.reader()).await, all);
}

#[derive(Debug, Clone)]
enum Step {
    /// A span of a trace and a service, in production or not, that may be an error.
    Append(u8, u8, &'static str, &'static str, bool),
    Compact,
    Reopen,
    /// So many half minutes later.
    Pass(u64),
    Read,
}

fn step() -> impl Strategy<Value = Step> {
    let environment = prop::sample::select(vec!["prod", "prod", "prod", "staging"]);
    let service = prop::sample::select(vec!["a", "b"]);
    let append = (1..6_u8, 1..40_u8, service, environment, prop::bool::weighted(0.1)).prop_map(
        |(trace, id, service, environment, is_error)| Step::Append(trace, id, service, environment, is_error),
    );
    prop_oneof![
        12 => append,
        2 => Just(Step::Compact),
        1 => Just(Step::Reopen),
        4 => (1..30_u64).prop_map(Step::Pass),
        2 => Just(Step::Read)
    ]
}

/// What is listed, counted and in the books is the same everywhere, and what failed is never hidden.
async fn run(steps: Vec<Step>) {
    let mut kept = kept().await;
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    let (mut now, mut with_errors) = (0, BTreeSet::new());
    for step in steps.into_iter().chain([Step::Pass(4), Step::Read, Step::Pass(30), Step::Read]) {
        match step {
            Step::Append(trace, id, service, environment, is_error) => {
                let new = span(trace, id, if is_error { "bad" } else { "x" });
                let mut data = from(environment, vec![if is_error { failed(new, "bad") } else { new }]);
                data.resource_spans[0].resource.as_mut().unwrap().attributes[0] =
                    KeyValue::new("service.name", service);
                add(&kept, now, &data).await;
                with_errors.extend(is_error.then_some(trace));
            }
            Step::Compact => kept.store().compact().await.unwrap(),
            Step::Reopen => {
                kept.reopen().await;
                kept.store().set_sampling(rules()).await.unwrap();
            }
            Step::Pass(half_minutes) => {
                now += half_minutes * 30 * SECOND;
                pass(&kept, now).await;
            }
            Step::Read => {
                assert_adds_up(&kept).await;
                beside.refresh().await.unwrap();
                let expected = listed_up_to(&kept.reader(), 6).await;
                assert_eq!(listed_up_to(&beside, 6).await, expected);
                assert!(with_errors.iter().all(|trace| expected.contains(trace)), "{with_errors:?} in {expected:?}");
                let mut services: BTreeMap<String, u64> = BTreeMap::new();
                for trace in expected {
                    let summary = kept.reader().summary(trace_id(trace)).await.unwrap().unwrap();
                    summary.services.iter().for_each(|name| *services.entry(name.to_string()).or_default() += 1);
                }
                let services: Vec<_> = services.into_iter().collect();
                assert_eq!(kept.reader().services().await.unwrap(), services);
                assert_eq!(beside.services().await.unwrap(), services);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn in_any_order(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps));
    }
}

/// Killed at any commit, before or after it: it goes on as if it had not been.
#[cfg(all(unix, debug_assertions))]
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_commit() {
    let places = [("decide", 3), ("append", 1), ("blobs", 3), ("publish", 3)];
    for (place, times) in places.into_iter().flat_map(|(place, most)| (1..=most).map(move |times| (place, times))) {
        for when in ["before", "after"] {
            let mut kept = kept().await;
            add(&kept, 0, &from("prod", vec![span(1, 1, "x"), span(2, 1, "x"), span(3, 1, "x"), span(0xf0, 1, "x")]))
                .await;
            add(&kept, 0, &from("staging", vec![span(4, 1, "x")])).await;
            kept.close().await;
            let killed = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "sampling::in_a_process_of_its_own", "--ignored"])
                .env("SPANSCOPE_KILL_AT", format!("{when}-{place}:{times}"))
                .env(DIRECTORY, kept.dir.path())
                .output()
                .unwrap();
            let signal = std::os::unix::process::ExitStatusExt::signal(&killed.status);
            assert_eq!(signal, Some(9), "{when}-{place}:{times}: {killed:?}");
            kept.reopen().await;
            assert_adds_up(&kept).await;
            let listed = listed_and_said(&kept).await;
            live(kept.store()).await;
            assert_adds_up(&kept).await;
            assert_eq!(listed_and_said(&kept).await, [1, 4, 0xf0], "{when}-{place}:{times}, after it {listed:?}");
            assert_eq!(names(&kept.reader(), 1).await, ["x#0", "bad#0"]);
            assert!(items_in_segments(&kept) <= 4);
        }
    }
}

/// Two traces are thinned, one of the three comes back in time, the others go.
async fn live(store: &Store) {
    store.set_sampling(rules()).await.unwrap();
    store.let_go(T0 + MINUTE, true).await.unwrap();
    let late = at(in_protobuf(&from("prod", vec![failed(span(1, 2, "bad"), "bad")])), 2 * MINUTE);
    store.append(late).await.unwrap();
    store.let_go(T0 + 4 * MINUTE, true).await.unwrap();
    store.let_go(T0 + 20 * MINUTE, true).await.unwrap();
}

const DIRECTORY: &str = "SPANSCOPE_TEST_DIRECTORY";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the one above runs it, to kill it"]
async fn in_a_process_of_its_own() {
    let dir = DataDir::open(std::env::var(DIRECTORY).unwrap()).unwrap();
    live(&Store::open(&dir, dir.try_lock().unwrap()).await.unwrap()).await;
}
