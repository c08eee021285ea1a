//! What has to hold after a kill.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::Value;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    load::{ITEMS, Load, Part, part, trace_id},
    serve,
};
use crate::support::{Serve, json_lines};

/// Traces that are read span by span.
const SAMPLE: usize = 4;

/// Sends what was not answered, and then everything again: each item is there exactly once, before and after,
/// and the books and the file are in order.
pub fn check(dir: &Path, load: &Load) {
    let refused = load.refused();
    let serve = serve(dir);
    load.finish(&serve.http);
    assert_eq!(load.refused(), refused, "a disk that works refuses nothing");
    let acknowledged = load.acknowledged();
    let stored = ledgers(&serve);
    everything_is_there_once(dir, &acknowledged, &stored);
    load.repeat(&serve.http);
    let repeated = ledgers(&serve);
    for (before, after) in stored.iter().zip(&repeated) {
        assert_eq!(after.stored, before.stored, "what was acknowledged is known");
        assert_eq!(after.duplicate, before.duplicate + before.stored, "and nothing else was");
    }
    everything_is_there_once(dir, &acknowledged, &repeated);
    serve.stop();
    assert_eq!(text(dir, "PRAGMA integrity_check"), "ok");
}

fn everything_is_there_once(dir: &Path, acknowledged: &BTreeSet<u64>, [spans, logs]: &[Books; 2]) {
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    let mut records = 0;
    for &number in acknowledged {
        match part(number) {
            Part::Spans { trace, .. } => *expected.entry(trace_id(trace)).or_default() += ITEMS,
            Part::Logs { .. } => records += ITEMS,
        }
    }
    let listed = json_lines(dir, &["traces", "--json", "--limit", "1000000"]);
    let of = |trace: &Value| (trace["trace_id"].as_str().unwrap().to_owned(), trace["span_count"].as_u64().unwrap());
    let found: BTreeMap<String, u64> = listed.iter().map(of).collect();
    let others: Vec<_> = found.keys().filter(|id| !expected.contains_key(*id)).collect();
    assert!(others.is_empty(), "{others:?} are listed too");
    assert_eq!(listed.len(), expected.len(), "each trace is listed once");
    let wrong: Vec<_> = expected.iter().filter(|(id, spans)| found.get(*id) != Some(spans)).collect();
    assert!(wrong.is_empty(), "{} of {} traces are wrong: {:?}", wrong.len(), expected.len(), wrong.first());
    for (id, count) in expected.iter().step_by(expected.len() / SAMPLE + 1) {
        let trace = &json_lines(dir, &["trace", id, "--json"])[0];
        let spans = trace["spans"].as_array().unwrap();
        let ids: BTreeSet<&str> = spans.iter().map(|span| span["span_id"].as_str().unwrap()).collect();
        assert_eq!((spans.len() as u64, ids.len() as u64), (*count, *count), "{trace}");
    }
    assert_eq!(spans.stored, expected.values().sum::<u64>());
    assert_eq!(logs.stored, records);
}

/// The ledger of a signal.
#[derive(Debug)]
pub struct Books {
    stored: u64,
    duplicate: u64,
}

/// The ledgers of spans and of log records, which balance.
pub fn ledgers(serve: &Serve) -> [Books; 2] {
    let status = &serve.json(&["status", "--json"])[0];
    ["spans", "logs"].map(|signal| {
        let of = &status["ledger"][signal];
        let number = |name: &str| of[name].as_u64().unwrap();
        let rejected: u64 = of["rejected"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
        let books = Books { stored: number("stored"), duplicate: number("duplicate") };
        assert_eq!(number("received"), books.stored + books.duplicate + number("sampled_out") + rejected, "{of}");
        books
    })
}

/// The number that a statement gives; beside a server too.
pub fn number(dir: &Path, sql: &'static str) -> i64 {
    ask(dir, async |connection| sqlx::query_scalar(sql).fetch_one(connection).await.unwrap())
}

/// The text that a statement gives.
pub fn text(dir: &Path, sql: &'static str) -> String {
    ask(dir, async |connection| sqlx::query_scalar(sql).fetch_one(connection).await.unwrap())
}

/// What is asked of the database; beside a server too.
pub fn ask<T>(dir: &Path, ask: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(dir.join("spanscope.db"));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let answer = ask(&mut connection).await;
        connection.close().await.unwrap();
        answer
    })
}
