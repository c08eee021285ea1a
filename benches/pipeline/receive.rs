//! CPU a span from the wire to the disk: the whole of `serve`, and its stages beside what anything
//! would cost. Store and `serve` are new in each round, which has fewer spans than make a segment: what
//! compaction costs is in the table of `store`.

use std::{hint::black_box, time::Duration};

use bytes::Bytes;
use formats::{Compression, Encoding, WalkLimits, Walked};
use model::Signal;
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use sqlx::{Connection, Executor, SqliteConnection};
use store::{Append, DataDir, Store};
use tokio::runtime::Runtime;

use crate::{
    corpus::Corpus,
    serve::{Client, Serve},
    spread,
};

const ROUNDS: usize = 9;
const SPANS: usize = 50_000;

/// CPU time of this process so far, seconds.
pub(crate) fn cpu_secs() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = cpu_secs();
    work();
    cpu_secs() - start
}

struct Stage {
    name: &'static str,
    micros_a_span: Vec<f64>,
}

pub fn run() {
    let corpus = Corpus::spans(SPANS);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let names = [
        "memcpy of the bytes",
        "walk",
        "prost decode",
        "append and commit (store)",
        "SQLite row a span, 4 indexes, decoded",
        "serve, OTLP/HTTP, to durable",
    ];
    let mut stages = names.map(|name| Stage { name, micros_a_span: Vec::new() });
    for round in 0..ROUNDS as u32 {
        let bodies = corpus.pass(round);
        let spans = corpus.items as f64;
        let mut note = |index: usize, secs: f64, spans: f64| stages[index].micros_a_span.push(secs * 1e6 / spans);
        note(0, timed(|| bodies.iter().for_each(|body| drop(black_box(body.clone())))), spans);
        note(1, walks(&bodies), spans);
        note(2, prost_decodes(&bodies), spans);
        let appends: Vec<Append> = bodies
            .iter()
            .map(|body| Append {
                signal: Signal::Traces,
                encoding: Encoding::Protobuf,
                compression: Compression::None,
                body: Bytes::copy_from_slice(body),
                walked: walk(body),
                received_at_unix_nano: 1_790_000_000_000_000_000,
                source: store::Source::Live,
                sender: None,
            })
            .collect();
        let dir = tempfile::tempdir().unwrap();
        let store = runtime.block_on(async {
            let dir = DataDir::open(dir.path().join("store")).unwrap();
            let lock = dir.try_lock().unwrap();
            Store::open(&dir, lock).await.unwrap()
        });
        let appending = timed(|| {
            runtime.block_on(async {
                // As many at a time as a few busy exporters have in flight.
                let mut appends = appends.into_iter();
                loop {
                    let group: Vec<_> = appends.by_ref().take(8).map(|append| store.append(append)).collect();
                    if group.is_empty() {
                        break;
                    }
                    for appended in futures_util::future::join_all(group).await {
                        appended.unwrap();
                    }
                }
            });
        });
        runtime.block_on(store.close()).unwrap();
        note(3, appending, spans);
        note(4, rows(&runtime, &bodies), spans);
        let serve = Serve::start();
        let mut client = Client::new(&serve.http);
        std::thread::sleep(Duration::from_millis(200));
        let before = serve.cpu_secs();
        for body in &bodies {
            assert_eq!(client.post(body), 200);
        }
        std::thread::sleep(Duration::from_millis(50));
        note(5, serve.cpu_secs() - before, spans);
    }
    println!(
        "CPU a span, {} spans of {:.0} bytes, 512 a request, {ROUNDS} rounds",
        corpus.items,
        corpus.bytes as f64 / corpus.items as f64
    );
    println!("  {:32} {:>9} {:>9} {:>9}", "", "median", "least", "most");
    let medians: Vec<f64> = stages
        .iter_mut()
        .map(|stage| {
            let (median, least, most) = spread(&mut stage.micros_a_span);
            println!("  {:32} {median:6.3} µs {least:6.3} µs {most:6.3} µs", stage.name);
            median
        })
        .collect();
    println!(
        "  serve = {:.1} walks = {:.2} prost decodes; a row a span = {:.1} times serve",
        medians[5] / medians[1],
        medians[5] / medians[2],
        medians[4] / medians[5]
    );
    println!(
        "  at most 5 µs: {}; at least 5 times cheaper than a row a span: {}",
        yes(medians[5] <= 5.0),
        yes(medians[4] / medians[5] >= 5.0)
    );
}

fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "NO" }
}

fn walk(body: &[u8]) -> Walked {
    formats::walk(Signal::Traces, Encoding::Protobuf, body, &WalkLimits::default()).unwrap()
}

/// The walk over requests, CPU seconds.
pub fn walks(bodies: &[Vec<u8>]) -> f64 {
    timed(|| bodies.iter().for_each(|body| drop(black_box(walk(body)))))
}

/// Requests decoded by prost, CPU seconds.
pub fn prost_decodes(bodies: &[Vec<u8>]) -> f64 {
    let decode = |body: &[u8]| ExportTraceServiceRequest::decode(body).unwrap();
    timed(|| bodies.iter().for_each(|body| drop(black_box(decode(body)))))
}

/// Requests decoded, and one row a span with its bytes and four indexes, a transaction a request: CPU seconds. As
/// many spans as all else has, so that the log is moved into the database as it would be.
pub fn rows(runtime: &Runtime, bodies: &[Vec<u8>]) -> f64 {
    runtime.block_on(insert_rows(bodies))
}

async fn insert_rows(bodies: &[Vec<u8>]) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rows.db");
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    for statement in [
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "CREATE TABLE span (id INTEGER PRIMARY KEY, trace BLOB, span BLOB, start INTEGER, name TEXT, service TEXT, raw BLOB)",
        "CREATE INDEX by_trace ON span (trace)",
        "CREATE INDEX by_start ON span (start)",
        "CREATE INDEX by_name ON span (name, start)",
        "CREATE INDEX by_service ON span (service, start)",
    ] {
        connection.execute(statement).await.unwrap();
    }
    let start = cpu_secs();
    for body in bodies {
        let resources = ExportTraceServiceRequest::decode(body.as_slice()).unwrap().resource_spans;
        let spans = resources.into_iter().flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
        let spans: Vec<Span> = spans.collect();
        let mut transaction = connection.begin().await.unwrap();
        for some in spans.chunks(50) {
            let mut insert = sqlx::QueryBuilder::new("INSERT INTO span (trace, span, start, name, service, raw) ");
            insert.push_values(some, |mut row, span| {
                row.push_bind(&span.trace_id)
                    .push_bind(&span.span_id)
                    .push_bind(span.start_time_unix_nano as i64)
                    .push_bind(&span.name)
                    .push_bind("service")
                    .push_bind(span.encode_to_vec());
            });
            insert.build().execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }
    cpu_secs() - start
}
