//! Edges are the calls of each whole trace, whatever it was split into and whatever happens in between.

use aggregate::Edges;
use analysis::{CallSpan, Calls, PeerAttributes, Service, TraceSpans};
use model::{KeyValue, Link, Span, SpanId, SpanKind, StatusCode, TraceId, Value};
use proptest::prelude::*;
use sampling::Rules;
use store::{Append, Reader, Retention, Source};

use crate::given::{Kept, T0, child_of, failed, in_json, in_protobuf, span, span_id, trace_id, traces};

const MINUTE: u64 = 60_000_000_000;
const DAY: u64 = 1440 * MINUTE;

async fn read(reader: &Reader) -> Edges {
    reader.refresh().await.unwrap();
    reader.edges(0..=u32::MAX, |_| true).await.unwrap()
}

/// `client -> server calls`, with a mark for what failed.
fn lines(edges: &Edges) -> Vec<String> {
    let line = |(key, edge): (store::EdgeKey<'_>, store::Edge)| {
        let failed = if edge.failed > 0.0 { format!(" failed {}", edge.failed) } else { String::new() };
        format!("{} -> {} {}{failed}", key.client.name, key.server.name, edge.calls)
    };
    let mut lines: Vec<String> = edges.iter().map(line).collect();
    lines.sort();
    lines
}

fn of_kind(mut span: Span, kind: SpanKind) -> Span {
    span.kind = kind;
    span
}

fn with(mut span: Span, key: &str, value: impl Into<Value>) -> Span {
    span.attributes.push(KeyValue::new(key, value));
    span
}

/// The edges of whole traces, each span with its service.
fn recount(spans: &[(&'static str, Span)]) -> Edges {
    let (mut edges, mut calls) = (Edges::default(), Calls::default());
    for trace in 0..=u8::MAX {
        let mut whole = TraceSpans::default();
        for (name, span) in spans.iter().filter(|(_, span)| span.trace_id == trace_id(trace)) {
            let mut peer = PeerAttributes::default();
            for attribute in &span.attributes {
                peer.note(attribute.key.as_bytes(), attribute.value.as_str().unwrap_or_default().as_bytes());
            }
            let of_span = CallSpan {
                span_id: span.span_id,
                parent: span.parent(),
                is_root: span.parent_span_id.is_empty(),
                kind: span.kind,
                service: Service { namespace: "", name },
                is_error: span.status_code() == StatusCode::ERROR,
                start_unix_nano: span.start_unix_nano,
                end_unix_nano: span.end_unix_nano,
                minute: (span.start_unix_nano / MINUTE) as u32,
                adjusted_count: sampling::upstream_weight(&span.trace_state),
                peer: peer.peer(),
                is_linked: !span.links.is_empty(),
            };
            let here = span.links.iter().filter(|link| TraceId::from_slice(&link.trace_id) == Some(span.trace_id));
            whole.push(of_span, here.filter_map(|link| SpanId::from_slice(&link.span_id)));
        }
        calls.derive(&whole, |call| edges.add(call));
    }
    edges
}

#[derive(Debug, Clone)]
enum Step {
    Append { spans: Vec<Span>, service: &'static str, in_json: bool, is_imported: bool },
    Reopen,
    Compact,
    Thin,
}

fn any_span() -> impl Strategy<Value = Span> {
    let ids =
        (1..4_u8, 1..8_u8, prop::option::weighted(0.85, 1..9_u8), prop::option::weighted(0.3, (1..4_u8, 1..9_u8)));
    let kind = prop::sample::select(vec![1, 2, 2, 3, 3, 3, 4, 5]);
    let peer = prop::sample::select(vec!["", "", "server.address", "db.system.name", "messaging.destination.name"]);
    let rest = (any::<bool>(), 0..3_u64, prop::sample::select(vec!["", "ot=th:c"]));
    (ids, kind, peer, rest).prop_map(|((trace, id, parent, link), kind, peer, (is_error, minute, state))| {
        let mut span = of_kind(span(trace, id, "x"), SpanKind(kind));
        span.start_unix_nano += minute * MINUTE;
        span.end_unix_nano = span.start_unix_nano + u64::from(id) * 1_000;
        span.trace_state = state.to_owned();
        span.links.extend(link.map(|(trace, id)| Link {
            trace_id: trace_id(trace).0.to_vec(),
            span_id: span_id(id).0.to_vec(),
            ..Link::default()
        }));
        if !peer.is_empty() {
            span = with(with(span, peer, "p"), "messaging.system", "kafka");
        }
        let span = if is_error { failed(span, "bad") } else { span };
        parent.map_or(span.clone(), |parent| child_of(span, parent))
    })
}

fn step() -> impl Strategy<Value = Step> {
    let service = prop::sample::select(vec!["shop", "bank"]);
    let append = (prop::collection::vec(any_span(), 1..8), service, any::<bool>(), prop::bool::weighted(0.15));
    let append =
        append.prop_map(|(spans, service, in_json, is_imported)| Step::Append { spans, service, in_json, is_imported });
    prop_oneof![8 => append, 1 => Just(Step::Reopen), 4 => Just(Step::Compact), 1 => Just(Step::Thin)]
}

fn request(service: &str, spans: &[Span], is_in_json: bool, is_imported: bool) -> Append {
    let mut data = traces(service, spans.to_vec());
    let resource = data.resource_spans[0].resource.as_mut().unwrap();
    resource.attributes.push(KeyValue::new("deployment.environment.name", "production"));
    let append = if is_in_json { in_json(&data) } else { in_protobuf(&data) };
    Append { source: if is_imported { Source::Imported } else { Source::Live }, ..append }
}

async fn run(steps: Vec<Step>) {
    let mut kept = Kept::new().await;
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    let (mut known, mut live): (Vec<(&'static str, Span)>, Vec<_>) = (Vec::new(), Vec::new());
    for step in steps.into_iter().chain([Step::Compact, Step::Reopen]) {
        match step {
            Step::Append { spans, service, in_json, is_imported } => {
                kept.add(request(service, &spans, in_json, is_imported)).await.unwrap();
                for span in spans {
                    if !known.iter().any(|(of, known)| *of == service && known.same(&span)) {
                        known.push((service, span.clone()));
                        live.extend((!is_imported).then_some((service, span)));
                    }
                }
            }
            Step::Reopen => kept.reopen().await,
            Step::Compact => kept.store().compact().await.unwrap(),
            Step::Thin => {
                // They are hidden from then on, and on disk for a while.
                kept.store().set_sampling(Rules { low_volume_under: 0, ..Rules::default() }).await.unwrap();
                kept.store().let_go(T0 + 2 * MINUTE, true).await.unwrap();
            }
        }
        let expected = recount(&live);
        assert_eq!(read(&kept.reader()).await, expected);
        assert_eq!(read(&beside).await, expected);
    }
    kept.store().let_go(T0 + 4 * DAY, true).await.unwrap();
    let mut hours = Edges::default();
    hours.merge_hours(&recount(&live));
    assert_eq!(read(&kept.reader()).await, hours);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn they_are_those_of_whole_traces(steps in prop::collection::vec(step(), 1..16)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps));
    }
}

fn client() -> Span {
    with(of_kind(span(1, 1, "GET /"), SpanKind::CLIENT), "server.address", "bank.example")
}

fn server() -> Span {
    failed(child_of(of_kind(span(1, 2, "GET /"), SpanKind::SERVER), 1), "bad")
}

/// A server's span that comes late turns an external call into an edge between services.
#[tokio::test]
async fn a_late_server() {
    for compacts_first in [false, true] {
        let kept = Kept::new().await;
        kept.add(request("shop", &[client()], false, false)).await.unwrap();
        if compacts_first {
            kept.store().compact().await.unwrap();
        }
        assert_eq!(lines(&read(&kept.reader()).await), ["shop -> bank.example 1"]);
        kept.add(request("bank", &[server()], false, false)).await.unwrap();
        for _ in 0..2 {
            let edges = read(&kept.reader()).await;
            assert_eq!(lines(&edges), ["shop -> bank 1 failed 1"]);
            let (_, edge) = edges.iter().next().unwrap();
            assert_eq!((edge.client.quantile(0.5), edge.server.sum_nanos()), (Some(10), 10.0));
            kept.store().compact().await.unwrap();
        }
        let wrong_minutes = kept.reader().edges(0..=1, |_| true).await.unwrap();
        assert!(wrong_minutes.is_empty());
    }
}

/// An imported part of a trace is not there for edges: the live one is paired with nothing.
#[tokio::test]
async fn imported_spans_never_count() {
    let kept = Kept::new().await;
    kept.add(request("shop", &[client()], false, true)).await.unwrap();
    kept.store().compact().await.unwrap();
    kept.add(request("bank", &[server()], false, false)).await.unwrap();
    for _ in 0..2 {
        assert!(read(&kept.reader()).await.iter().next().is_none());
        kept.store().compact().await.unwrap();
    }
}

/// What is gone cannot be taken back, and nothing is there less than never.
#[tokio::test]
async fn parts_that_are_gone() {
    let kept = Kept::new().await;
    kept.add(request("shop", &[client()], false, false)).await.unwrap();
    kept.store().compact().await.unwrap();
    kept.store().set_retention(Retention { cap_bytes: 0, ..Retention::default() }).await.unwrap();
    kept.store().let_go(T0 + MINUTE, true).await.unwrap();
    assert_eq!(kept.reader().trace_count(), 0);
    assert_eq!(lines(&read(&kept.reader()).await), ["shop -> bank.example 1"]);
    kept.add(request("bank", &[server()], false, false)).await.unwrap();
    kept.store().compact().await.unwrap();
    assert_eq!(lines(&read(&kept.reader()).await), ["shop -> bank.example 1"]);
}

/// A reader never sees a call twice, or not at all, because its spans move.
#[tokio::test(flavor = "multi_thread")]
async fn readers_go_on_while_rows_become_segments() {
    let kept = Kept::new().await;
    let of = |span: Span, trace: u8| Span { trace_id: trace_id(trace), ..span };
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    let writing = async {
        for number in 1..=60 {
            kept.add(request("shop", &[of(client(), number)], false, false)).await.unwrap();
            if number % 3 == 0 {
                kept.store().compact().await.unwrap();
            }
            kept.add(request("bank", &[of(server(), number)], false, false)).await.unwrap();
        }
    };
    let reading = |reader: Reader| async move {
        let mut seen = 0.0;
        while seen < 60.0 {
            let edges = read(&reader).await;
            let now = edges.iter().filter(|(key, _)| key.server.name == "bank").map(|(_, edge)| edge.calls).sum();
            let all: f64 = edges.iter().map(|(_, edge)| edge.calls).sum();
            assert!(now >= seen && all - now <= 1.0, "{now} of {all} after {seen}");
            seen = now;
        }
    };
    tokio::join!(writing, reading(beside), reading(kept.reader()));
}

/// Killed before or after its segments are published: no call counts twice or not at all.
#[cfg(all(unix, debug_assertions))]
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_the_publication() {
    use std::{os::unix::process::ExitStatusExt, process::Command};
    for when in ["before", "after"] {
        let mut kept = Kept::new().await;
        kept.add(request("shop", &[client()], false, false)).await.unwrap();
        kept.store().compact().await.unwrap();
        kept.add(request("bank", &[server()], false, false)).await.unwrap();
        kept.close().await;
        let killed = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "edges::in_a_process_of_its_own", "--ignored"])
            .env("SPANSCOPE_KILL_AT", format!("{when}-publish:1"))
            .env(DIRECTORY, kept.dir.path())
            .output()
            .unwrap();
        assert_eq!(killed.status.signal(), Some(9), "{when}: {killed:?}");
        kept.reopen().await;
        for _ in 0..2 {
            assert_eq!(lines(&read(&kept.reader()).await), ["shop -> bank 1 failed 1"], "{when}");
            kept.store().compact().await.unwrap();
        }
    }
}

const DIRECTORY: &str = "SPANSCOPE_TEST_DIRECTORY";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the one above runs it, to kill it"]
async fn in_a_process_of_its_own() {
    let dir = store::DataDir::open(std::env::var(DIRECTORY).unwrap()).unwrap();
    let store = store::Store::open(&dir, dir.try_lock().unwrap()).await.unwrap();
    store.compact().await.unwrap();
}
