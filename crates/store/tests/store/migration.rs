//! A database as version 1 made it is opened as it is, whole or not at all.

use std::{collections::BTreeMap, path::Path, process::Command};

use model::{Signal, SpanId, TraceId};
use serde::Serialize;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{DataDir, Ledger, Reader, SignalLedger, Store, TurnedAway};

use crate::given::{T0, in_protobuf, logs, names, record, span, span_id, trace_id, traces};

/// The tables of version 1.
const VERSION_1: &str = "
PRAGMA page_size = 8192;
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE l0(
    id INTEGER PRIMARY KEY,
    signal INTEGER NOT NULL,
    encoding INTEGER NOT NULL,
    compression INTEGER NOT NULL,
    received_at_unix_nano INTEGER NOT NULL,
    items INTEGER NOT NULL,
    repaired_texts INTEGER NOT NULL,
    left_out BLOB NOT NULL,
    identities BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE l0_digest(
    id INTEGER PRIMARY KEY,
    body_hash INTEGER NOT NULL,
    digest BLOB NOT NULL
) STRICT;
CREATE TABLE ledger(id INTEGER PRIMARY KEY CHECK (id = 0), value BLOB NOT NULL) STRICT;
INSERT INTO ledger VALUES (0, x'');
PRAGMA application_id = 0x5370616e;
PRAGMA user_version = 1;
COMMIT;
";

#[derive(Serialize)]
struct Ledger1 {
    spans: SignalLedger1,
    logs: SignalLedger1,
    metric_points: SignalLedger1,
    turned_away: BTreeMap<String, TurnedAway>,
}

#[derive(Serialize, Default)]
struct SignalLedger1 {
    received: u64,
    stored: u64,
    duplicate: u64,
    sampled_out: u64,
    rejected: BTreeMap<String, u64>,
}

#[derive(Serialize, Default)]
struct Digest1 {
    texts: Vec<String>,
    spans: Vec<SpanFragment1>,
    logs: Vec<(TraceId, u32)>,
}

#[derive(Serialize)]
struct SpanFragment1 {
    trace_id: TraceId,
    span_count: u32,
    error_count: u32,
    start_unix_nano: u64,
    end_unix_nano: u64,
    head: Head1,
    first_error: Option<()>,
    services: Vec<u32>,
}

#[derive(Serialize)]
struct Head1 {
    is_root: bool,
    start_unix_nano: u64,
    duration_nanos: u64,
    span_id: SpanId,
    service: u32,
    name: u32,
}

fn ledger_1() -> Ledger1 {
    let rejected = BTreeMap::from([("empty_trace_id".to_owned(), 1)]);
    let turned_away = BTreeMap::from([("body_too_large".to_owned(), TurnedAway { requests: 4, bytes: 5 })]);
    Ledger1 {
        spans: SignalLedger1 { received: 9, stored: 3, duplicate: 5, sampled_out: 0, rejected },
        logs: SignalLedger1 { received: 1, stored: 1, ..SignalLedger1::default() },
        metric_points: SignalLedger1::default(),
        turned_away,
    }
}

fn ledger_of_today() -> Ledger {
    let Ledger1 { spans, logs, turned_away, .. } = ledger_1();
    let of = |old: SignalLedger1| {
        let SignalLedger1 { received, stored, duplicate, sampled_out, rejected } = old;
        SignalLedger { received, stored, duplicate, sampled_out, rejected, ..SignalLedger::default() }
    };
    Ledger { spans: of(spans), logs: of(logs), metric_points: SignalLedger::default(), turned_away }
}

/// Spans 1 and 2 of trace 1, span 1 of trace 2, and a log record of trace 1.
async fn make_version_1(dir: &Path) -> DataDir {
    let dir = DataDir::open(dir.join("data")).unwrap();
    let mut connection = connect(&dir, true).await;
    sqlx::raw_sql(VERSION_1).execute(&mut connection).await.unwrap();
    for (row, (trace, count)) in (1_i64..).zip([(1, 2), (2, 1)]) {
        let spans: Vec<_> = (1..=count).map(|number| span(trace, number, "work")).collect();
        let digest = Digest1 {
            texts: vec!["old".to_owned(), "work".to_owned()],
            spans: vec![SpanFragment1 {
                trace_id: trace_id(trace),
                span_count: count.into(),
                error_count: 0,
                start_unix_nano: spans[0].start_unix_nano,
                end_unix_nano: spans.last().unwrap().end_unix_nano,
                head: Head1 {
                    is_root: true,
                    start_unix_nano: spans[0].start_unix_nano,
                    duration_nanos: 10,
                    span_id: span_id(1),
                    service: 0,
                    name: 1,
                },
                first_error: None,
                services: vec![0],
            }],
            logs: Vec::new(),
        };
        let body = formats::encode_traces_protobuf(&traces("old", spans));
        insert(&mut connection, row, Signal::Traces, count.into(), body, &digest).await;
    }
    let body = formats::encode_logs_protobuf(&logs("old", vec![record(1, T0, "said")]));
    let digest = Digest1 { logs: vec![(trace_id(1), 1)], ..Digest1::default() };
    insert(&mut connection, 3, Signal::Logs, 1, body, &digest).await;
    let ledger = postcard::to_stdvec(&ledger_1()).unwrap();
    sqlx::query("UPDATE ledger SET value = ?").bind(ledger).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    dir
}

async fn insert(
    connection: &mut SqliteConnection,
    row: i64,
    signal: Signal,
    items: i64,
    body: Vec<u8>,
    digest: &Digest1,
) {
    let signal = if signal == Signal::Traces { 1 } else { 2 };
    let digest = postcard::to_stdvec(digest).unwrap();
    let insert = sqlx::query("INSERT INTO l0 VALUES (?, ?, 1, 0, ?, ?, 0, x'', x'0102', ?)");
    let insert = insert.bind(row).bind(signal).bind(T0.cast_signed()).bind(items).bind(body);
    insert.execute(&mut *connection).await.unwrap();
    let insert = sqlx::query("INSERT INTO l0_digest VALUES (?, ?, ?)").bind(row).bind(77 + row).bind(digest);
    insert.execute(connection).await.unwrap();
}

async fn connect(dir: &DataDir, create: bool) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(dir.database_path()).create_if_missing(create);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// The version, and every table as text.
async fn contents(dir: &DataDir) -> (i64, Vec<String>) {
    let mut connection = connect(dir, false).await;
    let version = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await.unwrap();
    let tables = "SELECT name FROM sqlite_schema ORDER BY name";
    let mut all: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    for (columns, table) in [("id, quote(identities), quote(body)", "l0"), ("id, quote(digest)", "l0_digest")] {
        let sql = AssertSqlSafe(format!("SELECT concat_ws(' ', {columns}) FROM {table}"));
        let rows: Result<Vec<String>, _> = sqlx::query_scalar(sql).fetch_all(&mut connection).await;
        all.extend(rows.unwrap_or_default());
    }
    all.push(sqlx::query_scalar("SELECT quote(value) FROM ledger").fetch_one(&mut connection).await.unwrap());
    connection.close().await.unwrap();
    (version, all)
}

async fn everything_is_there(dir: &DataDir) {
    let store = Store::open(dir, dir.try_lock().unwrap()).await.unwrap();
    assert_eq!(store.ledger(), ledger_of_today());
    for is_compacted in [false, true] {
        if is_compacted {
            store.compact().await.unwrap();
        }
        let reader = store.reader();
        assert_eq!(names(&reader, 1).await, ["work#0", "work#0"]);
        assert_eq!(names(&reader, 2).await, ["work#0"]);
        assert_eq!(reader.trace(trace_id(1)).await.unwrap().unwrap().logs.len(), 1);
        assert_eq!(reader.services().await.unwrap(), [("old".to_owned(), 2)]);
        assert_eq!(reader.trace_count(), 2);
    }
    let again = store.append(in_protobuf(&traces("old", vec![span(1, 2, "work"), span(1, 3, "new")]))).await.unwrap();
    assert_eq!((again.stored, again.duplicate), (1, 1));
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_version_1() {
    let temp = tempfile::tempdir().unwrap();
    let dir = make_version_1(temp.path()).await;
    let before = contents(&dir).await;
    assert!(Reader::open_read_only(&dir).await.is_err(), "a reader migrates nothing");
    assert_eq!(contents(&dir).await, before);
    everything_is_there(&dir).await;
    assert_eq!(contents(&dir).await.0, 3);
}

/// Nothing was ever received: there is no ledger.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_of_version_1() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(temp.path().join("data")).unwrap();
    let mut connection = connect(&dir, true).await;
    sqlx::raw_sql(VERSION_1).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let store = Store::open(&dir, dir.try_lock().unwrap()).await.unwrap();
    assert_eq!(store.ledger(), Ledger::default());
    store.close().await.unwrap();
}

/// What was there before the rules is never thinned by them; what comes after is.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_version_2() {
    const FROM_3: &str = "DROP TABLE thinned; DROP TABLE sampling; DROP TABLE volume; PRAGMA user_version = 2;";
    let in_production = |trace| {
        let mut data = traces("old", vec![span(trace, 1, "work")]);
        let resource = data.resource_spans[0].resource.as_mut().unwrap();
        resource.attributes.push(model::KeyValue::new("deployment.environment.name", "production"));
        in_protobuf(&data)
    };
    let mut kept = crate::given::Kept::new().await;
    kept.add(in_production(1)).await.unwrap();
    kept.store().compact().await.unwrap();
    kept.add(in_production(2)).await.unwrap();
    kept.close().await;
    let mut connection = connect(&kept.dir, false).await;
    sqlx::raw_sql(FROM_3).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let minute = 60_000_000_000;
    let store = Store::open(&kept.dir, kept.dir.try_lock().unwrap()).await.unwrap();
    store.set_sampling(sampling::Rules { low_volume_under: 0, ..sampling::Rules::default() }).await.unwrap();
    let mut late = in_production(3);
    late.received_at_unix_nano += minute;
    store.append(late).await.unwrap();
    store.let_go(T0 + 3 * minute, true).await.unwrap();
    assert_eq!(contents(&kept.dir).await.0, 3);
    let reader = store.reader();
    assert_eq!((names(&reader, 1).await.len(), names(&reader, 2).await.len()), (1, 1));
    assert!(names(&reader, 3).await.is_empty());
    store.close().await.unwrap();
}

#[cfg(all(unix, debug_assertions))]
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_migrates_all_or_nothing() {
    for (place, version) in [("before-migrate", 1), ("after-migrate", 3)] {
        let temp = tempfile::tempdir().unwrap();
        let dir = make_version_1(temp.path()).await;
        let before = contents(&dir).await;
        let killed = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "migration::in_a_process_of_its_own", "--ignored"])
            .env("SPANSCOPE_KILL_AT", place)
            .env(DIRECTORY, dir.path())
            .output()
            .unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&killed.status), Some(9), "{killed:?}");
        let after = contents(&dir).await;
        assert_eq!(after.0, version, "{place}");
        assert_eq!(after == before, version == 1, "{place}");
        everything_is_there(&dir).await;
    }
}

const DIRECTORY: &str = "SPANSCOPE_TEST_DIRECTORY";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the one above runs it, to kill it"]
async fn in_a_process_of_its_own() {
    let dir = DataDir::open(std::env::var(DIRECTORY).unwrap()).unwrap();
    Store::open(&dir, dir.try_lock().unwrap()).await.unwrap();
}
