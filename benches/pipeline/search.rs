//! What searching costs among many spans: a call's time, without the start of a process, in a reader that has just
//! opened (the files in the memory of the system) and in one that has searched before.

use std::{
    env, fs,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use api::{
    Call, CompleteRequest, Completions, FacetsRequest, Reply, ScatterRequest, Search, SearchProgress, TimeRange,
    TracePage, TracesRequest,
};
use model::Value;
use service::Reading;
use tokio::runtime::{Builder, Runtime};

use crate::{
    corpus::Corpus,
    load::{Load, Until},
    receive::cpu_secs,
    serve::Serve,
    spread,
    table::Table,
};

/// See the benchmark of the store.
const CORPUS: usize = 200_000;
/// Spans among which is searched, unless `--spans=N` says otherwise.
const MANY: u64 = 2_000_000;
const ROUNDS: u64 = 5;
const RATE: f64 = 50_000.0;
const LOADED_SECONDS: f64 = 15.0;
/// The first request that is sent while somebody searches: beyond all that were sent before.
const NEW: u32 = 1 << 20;
/// Rows of a page.
const PAGE: u32 = 50;

pub fn run() {
    let option = |name: &str| env::args().find_map(|arg| Some(arg.strip_prefix(name)?.to_owned()));
    let many = option("--spans=").and_then(|spans| spans.parse().ok()).unwrap_or(MANY);
    let only = option("--searches=").unwrap_or_default();
    println!("searching; milliseconds a call, medians of {ROUNDS}");
    let table = Table::new();
    let corpus = Corpus::spans(CORPUS);
    let load = Load::new(&corpus);
    let config = tempfile::NamedTempFile::new().unwrap();
    fs::write(config.path(), "[sampling]\non = false\n").unwrap();
    let args = ["--config", config.path().to_str().unwrap()];
    // A directory that is kept saves the making of it; it has to be one that this made.
    let serve = match option("--dir=") {
        Some(dir) => Serve::start_in(dir.into(), &args),
        None => Serve::start_with(tempfile::tempdir().unwrap(), &args),
    };
    let stored = serve.status()["ledger"]["spans"]["kept"].as_u64().unwrap();
    let spans = if stored > 0 { stored } else { load.send(&serve.http, None, Until::Items(many)).items };
    serve.rest();
    let searching = Searching { runtime: Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap() };
    let dir = serve.data_dir().to_owned();
    table.part(&format!("among {spans} spans: just opened; then again, first page; to the end"));
    let value = value_of("app.order.id");
    let user = value_of("user.id");
    for (name, query, must) in [
        ("no filter, newest page", String::new(), [50.0, 15.0]),
        ("attribute equality", format!("app.order.id = \"{value}\""), [100.0, 50.0]),
        (
            "  with service and duration",
            format!("service = checkout and user.id = \"{user}\" and duration > 1ms"),
            [100.0, 50.0],
        ),
        ("a value that occurs nowhere", "user.id = nobody-at-all".to_owned(), [30.0, 10.0]),
        ("substring over all attributes, nowhere", "\"no such thing anywhere\"".to_owned(), [600.0, 300.0]),
        ("structure service = a >> error", "service = checkout >> error".to_owned(), [400.0, 200.0]),
        ("errors of a service", "service = checkout and error".to_owned(), [100.0, 40.0]),
        ("trace.duration > 1s", "trace.duration > 1s".to_owned(), [100.0, 40.0]),
    ] {
        if !name.contains(&only) {
            continue;
        }
        let opened = searching.reading(&dir);
        let cold = searching.search(&opened, &query, 0, true);
        let rounds = |is_page| {
            let mut millis: Vec<f64> = (1..=ROUNDS)
                .map(|round| searching.search(&opened, &query, round * 2 + u64::from(is_page), is_page).0)
                .collect();
            spread(&mut millis).0
        };
        table.figure(&format!("{name}: opened, first page"), cold.0, "ms");
        table.at_most(&format!("{name}: again, first page ({} rows)", cold.1), rounds(true), "ms", must);
        if !query.is_empty() {
            let (_, found) = searching.search(&opened, &query, 1, false);
            table.at_most(&format!("{name}: again, to the end ({found} found)"), rounds(false), "ms", must);
            let before = cpu_secs();
            searching.search(&opened, &query, 1_000, false);
            table.figure("  CPU of that", (cpu_secs() - before) * 1e3, "ms");
        }
    }
    if !only.is_empty() {
        return;
    }
    searching.pictures(&table, &dir);
    table.part("from the command line");
    for query in ["\"no such thing anywhere\"", "service = checkout >> error", ""] {
        let (millis, memory) = command(&dir, query);
        table.figure(&format!("traces '{query}' --json, whole process"), millis, "ms");
        table.at_most("  resident memory, most", memory, "MB", [150.0, 100.0]);
    }
    loaded(&table, &corpus, &serve, &searching);
}

/// Acknowledgements while somebody searches.
fn loaded(table: &Table, corpus: &Corpus, serve: &Serve, searching: &Searching) {
    let is_over = AtomicBool::new(false);
    let mut sent = thread::scope(|scope| {
        let searches = scope.spawn(|| {
            let opened = searching.reading(serve.data_dir());
            let mut searches = 0;
            while !is_over.load(Ordering::Relaxed) {
                searching.search(&opened, "service = checkout >> error", 1_000 + searches, true);
                searches += 1;
            }
            searches
        });
        let sent = Load::from(corpus, NEW).send(&serve.http, Some(RATE), Until::Seconds(LOADED_SECONDS));
        is_over.store(true, Ordering::Relaxed);
        let searches = searches.join().unwrap();
        table.part(&format!(
            "{:.0} spans a second for {LOADED_SECONDS:.0} s, {searches} searches meanwhile",
            sent.rate()
        ));
        sent
    });
    sent.millis.sort_by(f64::total_cmp);
    let percentile = |percent: usize| sent.millis[sent.millis.len() * percent / 100];
    table.at_most("acknowledgement, 99th percentile", percentile(99), "ms", [60.0, 25.0]);
}

/// Milliseconds and the most memory of a command, MB.
fn command(dir: &std::path::Path, query: &str) -> (f64, f64) {
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_spanscope"));
    command.args(["traces", query, "--json", "--data-dir"]).arg(dir).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let mut most: f64 = 0.0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
        let kilobytes = line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<f64>().ok());
        most = most.max(kilobytes.unwrap_or_default() / 1024.0);
        thread::sleep(Duration::from_millis(1));
    }
    (start.elapsed().as_secs_f64() * 1e3, most)
}

/// A value that some span of the corpus has under a key.
fn value_of(key: &str) -> String {
    let requests = testkit::corpus::requests(7, 4_096, 512);
    let mut spans = requests.flat_map(|data| data.resource_spans).flat_map(|of| of.scope_spans).flat_map(|of| of.spans);
    let value = spans.find_map(|span| span.attributes.into_iter().find(|attribute| attribute.key == key));
    match value.unwrap().value {
        Value::String(text) => text,
        other => panic!("{key} is {other:?}"),
    }
}

struct Searching {
    runtime: Runtime,
}

impl Searching {
    fn reading(&self, dir: &std::path::Path) -> Reading {
        let reading = self.runtime.block_on(Reading::open(dir, || u64::MAX / 2)).unwrap();
        // What opening does is no search.
        self.ask(&reading, Call::Traces(TracesRequest::default()));
        reading
    }

    fn ask(&self, reading: &Reading, call: Call) -> Reply {
        self.runtime.block_on(reading.call(call)).unwrap()
    }

    /// Milliseconds until the first page is there or all was searched, and the traces found. Searches of different
    /// numbers have nothing to do with each other.
    fn search(&self, reading: &Reading, query: &str, number: u64, is_page: bool) -> (f64, u64) {
        let range = TimeRange { since_unix_nano: Some(number), until_unix_nano: None };
        let mut search = Search { query: query.to_owned(), range, as_of: None };
        let start = Instant::now();
        loop {
            let count = if is_page { PAGE } else { u32::MAX };
            let request = TracesRequest { search: search.clone(), count, first: 0, ..TracesRequest::default() };
            let Reply::Traces(TracePage { as_of, matching, progress, .. }) = self.ask(reading, Call::Traces(request))
            else {
                panic!("no page")
            };
            search.as_of = Some(as_of);
            let SearchProgress { is_over, is_full, .. } = progress;
            if is_over || is_full || (is_page && matching >= u64::from(PAGE)) {
                return (start.elapsed().as_secs_f64() * 1e3, matching);
            }
        }
    }

    /// Scatter, facets and completion.
    fn pictures(&self, table: &Table, dir: &std::path::Path) {
        let reading = self.reading(dir);
        let keys: Vec<String> =
            ["service", "name", "kind", "status", "deployment.environment.name"].map(str::to_owned).into();
        let search = |number| Search {
            query: String::new(),
            range: TimeRange { since_unix_nano: Some(number), until_unix_nano: Some(u64::MAX / 4) },
            as_of: None,
        };
        let mut scatters = Vec::new();
        let mut facets = Vec::new();
        for round in 1..=ROUNDS {
            let start = Instant::now();
            let mut wanted = search(round);
            loop {
                let request = ScatterRequest {
                    search: wanted.clone(),
                    across: 400,
                    up: 80,
                    durations_nanos: (1_000, 100_000_000_000),
                };
                let Reply::Scatter(scatter) = self.ask(&reading, Call::Scatter(request)) else { panic!("no scatter") };
                wanted.as_of = Some(scatter.as_of);
                if scatter.progress.is_over {
                    break;
                }
            }
            scatters.push(start.elapsed().as_secs_f64() * 1e3);
            let start = Instant::now();
            let mut wanted = search(round);
            loop {
                let request = FacetsRequest { search: wanted.clone(), keys: keys.clone(), most: 20 };
                let Reply::Facets(facets) = self.ask(&reading, Call::Facets(request)) else { panic!("no facets") };
                wanted.as_of = Some(facets.as_of);
                if facets.progress.is_over {
                    break;
                }
            }
            facets.push(start.elapsed().as_secs_f64() * 1e3);
        }
        table.part("pictures of all of them");
        table.at_most("scatter", spread(&mut scatters).0, "ms", [150.0, 80.0]);
        table.at_most("facets of five keys", spread(&mut facets).0, "ms", [150.0, 80.0]);
        let mut completions = Vec::new();
        for round in 0..=ROUNDS {
            let text = "app.order.id = ord".to_owned();
            let at = text.len() as u32;
            let start = Instant::now();
            loop {
                let request = CompleteRequest { text: text.clone(), at, most: 20 };
                let Reply::Completions(Completions { is_partial, .. }) = self.ask(&reading, Call::Complete(request))
                else {
                    panic!("no completions")
                };
                if !is_partial {
                    break;
                }
            }
            if round > 0 {
                completions.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
        table.at_most("completion of a value, again", spread(&mut completions).0, "ms", [30.0, 10.0]);
    }
}
