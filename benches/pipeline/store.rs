//! What keeping costs, from the wire to compacted segments, and what reading costs among many spans:
//! one table, beside what anything would cost in the same run.

use std::{
    env, fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::Builder;

use crate::{
    corpus::Corpus,
    load::{Load, Until},
    receive,
    serve::Serve,
    spread,
    table::Table,
};

/// Spans that are different; more of them are these with other ids, later. A segment has a third as many.
const CORPUS: usize = 200_000;
/// The load of most figures, items a second.
const RATE: f64 = 50_000.0;
/// Items whose cost is measured, and twice as many.
const ITEMS: u64 = 400_000;
/// Points are cheap: more of them make a figure.
const POINTS: u64 = 1_000_000;
const LOADED_SECONDS: f64 = 20.0;
const FASTEST_SECONDS: f64 = 10.0;
/// Spans among which is read, unless `--spans=N` says otherwise.
const MANY: u64 = 2_000_000;
const ROUNDS: u32 = 5;
const TRACES_READ: u32 = 20;
const LISTS_READ: usize = 10;

const LIST: [&str; 4] = ["traces", "--limit", "50", "--json"];

/// The parts of the table, of which `--only=NAME` runs one.
const PARTS: [&str; 6] = ["beside", "cost", "loaded", "fastest", "reading", "others"];

pub fn run() {
    let option = |name: &str| env::args().find_map(|arg| Some(arg.strip_prefix(name)?.to_owned()));
    let many = option("--spans=").and_then(|spans| spans.parse().ok()).unwrap_or(MANY);
    let only = option("--only=");
    println!("keeping and reading; CPU of all threads of `serve`, disk after compaction");
    let table = Table::new();
    let corpus = Corpus::spans(CORPUS);
    for part in PARTS.into_iter().filter(|part| only.as_ref().is_none_or(|only| only == part)) {
        match part {
            "beside" => beside(&table, &corpus),
            "cost" => once_and_twice(&table, &corpus),
            "loaded" => loaded(&table, &corpus),
            "fastest" => fastest(&table, &corpus),
            "reading" => reading(&table, &corpus, many),
            _ => others(&table),
        }
    }
}

/// Log records and points.
fn others(table: &Table) {
    table.part("log records");
    let cost = cost(&Corpus::logs(CORPUS), ITEMS, RATE);
    table.at_most("CPU a record", cost.micros(), "µs", [3.0, 2.0]);
    table.at_most("disk a record", cost.bytes(), "B", [60.0, 35.0]);
    table.figure("resident memory, most", cost.most_memory_mb, "MB");
    table.part("metric points");
    let cost = self::cost(&Corpus::points(CORPUS), POINTS, 2.0 * RATE);
    table.at_most("CPU a point", cost.micros(), "µs", [1.5, 0.8]);
    table.at_most("disk a point", cost.bytes(), "B", [4.0, 2.0]);
    table.figure("resident memory, most", cost.most_memory_mb, "MB");
}

/// What a span costs anyone.
fn beside(table: &Table, corpus: &Corpus) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut micros = [const { Vec::new() }; 3];
    for round in 0..ROUNDS {
        let bodies = corpus.pass(round);
        micros[0].push(receive::walks(&bodies) * 1e6 / corpus.items as f64);
        micros[1].push(receive::prost_decodes(&bodies) * 1e6 / corpus.items as f64);
        micros[2].push(receive::rows(&runtime, &bodies) * 1e6 / corpus.items as f64);
    }
    table.part("beside them, CPU a span");
    table.figure("bytes a span on the wire", corpus.bytes as f64 / corpus.items as f64, "B");
    for (name, micros) in
        ["bare walk", "prost decode alone", "SQLite row a span, 4 indexes, decoded"].into_iter().zip(&mut micros)
    {
        table.figure(name, spread(micros).0, "µs");
    }
}

/// What a load cost until all was compacted.
struct Cost {
    items: u64,
    cpu_secs: f64,
    bytes_in_use: u64,
    bytes_on_disk: u64,
    most_memory_mb: f64,
}

impl Cost {
    fn micros(&self) -> f64 {
        self.cpu_secs * 1e6 / self.items as f64
    }

    fn bytes(&self) -> f64 {
        self.bytes_in_use as f64 / self.items as f64
    }
}

fn cost(corpus: &Corpus, items: u64, rate: f64) -> Cost {
    let serve = Serve::start();
    thread::sleep(Duration::from_secs(1));
    let (cpu_before, bytes_before) = (serve.cpu_secs(), serve.bytes_in_use());
    let sent = Load::new(corpus).send(&serve.http, Some(rate), Until::Items(items));
    assert_eq!(sent.refused, 0);
    serve.rest();
    Cost {
        items: sent.items,
        cpu_secs: serve.cpu_secs() - cpu_before,
        bytes_in_use: serve.bytes_in_use() - bytes_before,
        bytes_on_disk: serve.bytes_on_disk(),
        most_memory_mb: serve.memory_mb("VmHWM"),
    }
}

fn once_and_twice(table: &Table, corpus: &Corpus) {
    let once = cost(corpus, ITEMS, RATE);
    let twice = cost(corpus, 2 * ITEMS, RATE);
    table.part(&format!("{} spans at {RATE:.0} a second", once.items));
    table.at_most("CPU a span, wire to durable and compacted", once.micros(), "µs", [2.5, 1.7]);
    table.at_most("disk a span, pages in use", once.bytes(), "B", [60.0, 40.0]);
    table.figure("  the files, with pages that are free", once.bytes_on_disk as f64 / once.items as f64, "B");
    let ratio = [2.1, 2.1];
    table.at_most("CPU, n to 2n", twice.cpu_secs / once.cpu_secs, "x", ratio);
    table.at_most("disk, n to 2n", twice.bytes_in_use as f64 / once.bytes_in_use as f64, "x", ratio);
}

/// Acknowledgements and memory while it compacts and someone reads.
fn loaded(table: &Table, corpus: &Corpus) {
    let serve = Serve::start();
    let is_over = AtomicBool::new(false);
    let mut sent = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut lists = 0;
            // There is nothing to list at first.
            thread::sleep(Duration::from_secs(1));
            while !is_over.load(Ordering::Relaxed) {
                serve.command_millis(&LIST);
                lists += 1;
            }
            lists
        });
        let sent = Load::new(corpus).send(&serve.http, Some(RATE), Until::Seconds(LOADED_SECONDS));
        is_over.store(true, Ordering::Relaxed);
        table.part(&format!(
            "{:.0} spans a second for {LOADED_SECONDS:.0} s, compacting, {} lists read meanwhile",
            sent.rate(),
            reader.join().unwrap()
        ));
        sent
    });
    assert_eq!(sent.refused, 0);
    sent.millis.sort_by(f64::total_cmp);
    let percentile = |percent: usize| sent.millis[sent.millis.len() * percent / 100];
    table.figure("acknowledgement, median", percentile(50), "ms");
    table.at_most("acknowledgement, 99th percentile", percentile(99), "ms", [50.0, 20.0]);
    table.at_most("resident memory, most", serve.memory_mb("VmHWM"), "MB", [150.0, 100.0]);
    serve.rest();
    table.figure("resident memory, idle afterwards", serve.memory_mb("VmRSS"), "MB");
}

/// As fast as it goes, with the sender on the same cores.
fn fastest(table: &Table, corpus: &Corpus) {
    let serve = Serve::start();
    let cores = thread::available_parallelism().unwrap();
    let load = Load::new(corpus);
    let sent = load.send(&serve.http, None, Until::Seconds(FASTEST_SECONDS));
    table.part(&format!("as fast as acknowledged, {cores} cores, sender included"));
    table.at_least("spans a second", sent.rate(), "", [200_000.0, 300_000.0]);
    table.figure("refused and sent again", sent.refused as f64, "");
    table.figure("resident memory, most", serve.memory_mb("VmHWM"), "MB");
}

/// What reading takes, milliseconds.
struct Reading {
    trace: f64,
    list: f64,
    start: f64,
}

/// Reading among half of many spans, and among all.
fn reading(table: &Table, corpus: &Corpus, many: u64) {
    let load = Load::new(corpus);
    // Nothing is thinned: what is asked for has to be there.
    let config = tempfile::NamedTempFile::new().unwrap();
    fs::write(config.path(), "[sampling]\non = false\n").unwrap();
    let args = ["--config", config.path().to_str().unwrap()];
    let mut serve = Serve::start_with(tempfile::tempdir().unwrap(), &args);
    let mut readings = Vec::new();
    let mut items = 0;
    for _ in 0..2 {
        items += load.send(&serve.http, None, Until::Items(many / 2)).items;
        serve.rest();
        let reading;
        (serve, reading) = read(serve, &args, corpus, load.requests());
        readings.push(reading);
    }
    let [half, all] = &readings[..] else { unreachable!("two were pushed") };
    table.part(&format!("among {items} spans, whole process, medians"));
    table.at_most("trace ID --json", all.trace, "ms", [20.0, 5.0]);
    table.at_most("traces --limit 50 --json", all.list, "ms", [500.0, 200.0]);
    table.at_most("start of serve to ready, and that list", all.start, "ms", [500.0, 200.0]);
    table.at_most("resident memory, idle", serve.memory_mb("VmRSS"), "MB", [60.0, 40.0]);
    table.at_most("disk a span, the files", serve.bytes_on_disk() as f64 / items as f64, "B", [60.0, 40.0]);
    for (name, half, all) in [
        ("trace, n to 2n", half.trace, all.trace),
        ("list, n to 2n", half.list, all.list),
        ("start, n to 2n", half.start, all.start),
    ] {
        table.at_most(name, all / half, "x", [2.1, 2.1]);
    }
}

/// Starts it anew and reads.
fn read(serve: Serve, args: &[&str], corpus: &Corpus, requests: u32) -> (Serve, Reading) {
    let dir = serve.stop();
    let begun = Instant::now();
    let serve = Serve::start_with(dir, args);
    serve.command_millis(&LIST);
    let start = begun.elapsed().as_secs_f64() * 1e3;
    // Spread over all that was sent, so many of which are old.
    let step = requests / TRACES_READ;
    let ids = (0..TRACES_READ).map(|number| corpus.trace_id(number * step + number).to_string());
    let mut traces: Vec<f64> = ids.map(|id| serve.command_millis(&["trace", &id, "--json"])).collect();
    let mut lists: Vec<f64> = (0..LISTS_READ).map(|_| serve.command_millis(&LIST)).collect();
    let reading = Reading { trace: spread(&mut traces).0, list: spread(&mut lists).0, start };
    thread::sleep(Duration::from_secs(1));
    (serve, reading)
}
