//! What became of everything, by service too.

use std::{collections::BTreeMap, time::Duration};

use model::{Signal, Span, TraceId};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{
    EARLIER, Ledger, MOST_SERVICES, OTHERS, Reader, Retention, Selection, ServiceLedger, SignalLedger, Store,
    TurnedAway,
};

use crate::given::{
    Kept, T0, TO_VERSION_2, failed, in_json, in_protobuf, logs, logs_in_protobuf, record, span, trace_id, traces,
    turn_away,
};

const DAY: u64 = 86_400 * 1_000_000_000;

/// Every equation of the ledger, for each signal and service, and that the services are the whole.
fn adds_up(ledger: &Ledger) {
    for signal in Signal::ALL {
        let services = || ledger.services.values().map(|service| service.signal(signal));
        let whole = ledger.signal(signal);
        assert!(whole.is_balanced() && services().all(SignalLedger::is_balanced), "{ledger:#?}");
        let terms =
            |of: &SignalLedger| [of.received, of.stored, of.duplicate, of.expired, of.evicted, of.deleted, of.kept()];
        let sums = services().map(terms).fold([0; 7], |sums, terms| std::array::from_fn(|at| sums[at] + terms[at]));
        assert_eq!(sums, terms(whole), "{signal:?}");
    }
}

/// What the terms of a service are that are not zero.
fn terms(ledger: &Ledger, service: &str, signal: Signal) -> String {
    let of = ledger.services[service].signal(signal);
    let rejected = of.rejected.iter().map(|(reason, count)| (reason.as_str(), *count));
    let all = [("received", of.received), ("stored", of.stored), ("duplicate", of.duplicate)].into_iter();
    let all = all.chain(rejected).chain([("expired", of.expired), ("evicted", of.evicted), ("deleted", of.deleted)]);
    all.filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

fn without_id(span: Span) -> Span {
    Span { trace_id: TraceId([0; 16]), ..span }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_term_by_service() {
    let mut kept = Kept::new().await;
    // Of two services in one request, one span twice and one without a trace.
    let mut both = traces("shop", vec![span(1, 1, "a"), span(1, 1, "a"), without_id(span(1, 2, "lost"))]);
    both.resource_spans.extend(traces("bank", vec![span(1, 3, "b"), without_id(span(9, 9, "gone"))]).resource_spans);
    let mut request = in_protobuf(&both);
    request.sender = Some("127.0.0.1:5000".parse().unwrap());
    assert_eq!(kept.outcome(request).await, "2/1/2");
    assert_eq!(kept.outcome(in_json(&both)).await, "0/3/2");
    kept.add(in_protobuf(&traces("shop", vec![failed(span(2, 1, "bad"), "bad")]))).await.unwrap();
    kept.add(logs_in_protobuf(&logs("bank", vec![record(1, T0, "said"), record(0, T0, "alone")]))).await.unwrap();
    turn_away(kept.store(), "undecodable", 2, 30);
    let ledger = kept.store().ledger();
    adds_up(&ledger);
    assert_eq!(terms(&ledger, "shop", Signal::Traces), "received 7, stored 2, duplicate 3, trace_id_zero 2");
    assert_eq!(terms(&ledger, "bank", Signal::Traces), "received 4, stored 1, duplicate 1, trace_id_zero 2");
    assert_eq!(terms(&ledger, "bank", Signal::Logs), "received 2, stored 2");
    let example = &ledger.rejected_examples["trace_id_zero"];
    assert_eq!((example.service.as_str(), example.name.as_str(), example.at_unix_nano), ("bank", "gone", T0));
    assert_eq!((example.sentence.as_str(), &example.sender), ("trace id is all zeros", &None), "the last one");
    assert_eq!(ledger.turned_away_examples["undecodable"].at_unix_nano, T0);
    assert_eq!(kept.store().ledger_since_start(), ledger);

    kept.reopen().await;
    assert_eq!(kept.store().ledger(), ledger, "for ever");
    assert_eq!(kept.store().ledger_since_start().services, BTreeMap::new(), "since start");
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    assert_eq!(beside.ledger(), ledger, "another process sees the same");

    // Segments, and what goes of them.
    kept.store().compact().await.unwrap();
    kept.store().delete(Selection::Trace(trace_id(2))).await.unwrap();
    adds_up(&kept.store().ledger());
    assert_eq!(
        terms(&kept.store().ledger(), "shop", Signal::Traces),
        "received 7, stored 2, duplicate 3, trace_id_zero 2, deleted 1"
    );
    kept.store().let_go(T0 + 8 * DAY, true).await.unwrap().unwrap();
    let ledger = kept.store().ledger();
    adds_up(&ledger);
    assert_eq!(terms(&ledger, "bank", Signal::Traces), "received 4, stored 1, duplicate 1, trace_id_zero 2, expired 1");
    assert_eq!(terms(&ledger, "bank", Signal::Logs), "received 2, stored 2, expired 2");
    kept.add(in_protobuf(&traces("loud", vec![span(5, 1, "x")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    let cap = Retention { cap_bytes: 0, ordinary: Duration::from_secs(1 << 30), ..Retention::default() };
    kept.store().set_retention(cap).await.unwrap();
    kept.store().let_go(T0 + 8 * DAY, true).await.unwrap().unwrap();
    let ledger = kept.store().ledger();
    adds_up(&ledger);
    assert_eq!(terms(&ledger, "loud", Signal::Traces), "received 1, stored 1, evicted 1");
    kept.reopen().await;
    assert_eq!(kept.store().ledger(), ledger);
}

/// A name that nobody bounds is counted, but does not make the ledger grow without bound.
#[tokio::test(flavor = "multi_thread")]
async fn services_without_end() {
    let mut kept = Kept::new().await;
    let long = "s".repeat(5_000);
    let beyond = MOST_SERVICES + 20;
    let mut data = traces(&long, vec![span(1, 1, "a")]);
    for number in 1..beyond {
        data.resource_spans.extend(traces(&format!("s{number}"), vec![span(1, 2, &number.to_string())]).resource_spans);
    }
    kept.add(in_protobuf(&data)).await.unwrap();
    for _ in 0..2 {
        let ledger = kept.store().ledger();
        adds_up(&ledger);
        assert_eq!((ledger.services.len(), ledger.services[OTHERS].spans.stored), (MOST_SERVICES + 1, 20));
        assert!(ledger.services.keys().all(|name| name.len() <= 256));
        kept.reopen().await;
    }
    kept.store().compact().await.unwrap();
    kept.store().let_go(T0 + 8 * DAY, true).await.unwrap().unwrap();
    let ledger = kept.store().ledger();
    adds_up(&ledger);
    assert_eq!((ledger.spans.kept(), ledger.services[OTHERS].spans.expired), (0, 20));
}

/// What version 2 had is not by service: what is kept is told apart, the rest stays together.
#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_of_version_2() {
    let mut kept = Kept::new().await;
    kept.add(in_protobuf(&traces("shop", vec![span(1, 1, "a"), span(2, 1, "b")]))).await.unwrap();
    kept.store().compact().await.unwrap();
    kept.add(in_json(&traces("bank", vec![span(3, 1, "c")]))).await.unwrap();
    kept.close().await;
    let spans = SignalLedger { received: 9, stored: 5, duplicate: 4, expired: 2, ..SignalLedger::default() };
    let turned_away = BTreeMap::from([("too_large".to_owned(), TurnedAway { requests: 1, bytes: 2 })]);
    let version_2 = (spans, SignalLedger::default(), SignalLedger::default(), turned_away.clone());
    let options = SqliteConnectOptions::new().filename(kept.dir.database_path());
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let value = postcard::to_stdvec(&version_2).unwrap();
    sqlx::raw_sql(TO_VERSION_2).execute(&mut connection).await.unwrap();
    sqlx::query("UPDATE ledger SET value = ?").bind(value).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    let store = Store::open(&kept.dir, kept.dir.try_lock().unwrap()).await.unwrap();
    let ledger = store.ledger();
    adds_up(&ledger);
    assert_eq!(ledger.spans, version_2.0);
    assert_eq!(ledger.turned_away, turned_away);
    assert_eq!(terms(&ledger, "shop", Signal::Traces), "received 2, stored 2");
    assert_eq!(terms(&ledger, "bank", Signal::Traces), "received 1, stored 1");
    assert_eq!(terms(&ledger, EARLIER, Signal::Traces), "received 6, stored 2, duplicate 4, expired 2");
    assert_eq!(ledger.services.len(), 3);
    assert_ne!(ledger.services[EARLIER], ServiceLedger::default());
    store.close().await.unwrap();
}
