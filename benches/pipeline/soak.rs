//! A long run: bursts with quiet between them, and so short a retention that what comes and what goes are the
//! same. `cargo xtask bench soak [--minutes=N]`; not among those that run without a name.

use std::{
    env, fs, thread,
    time::{Duration, Instant},
};

use crate::{
    corpus::Corpus,
    load::{Load, Until},
    serve::Serve,
};

/// Minutes, unless `--minutes=N` says otherwise.
const MINUTES: u64 = 20;
const BURST_SPANS_PER_SECOND: f64 = 50_000.0;
const BURST_SECONDS: f64 = 10.0;
const QUIET: Duration = Duration::from_secs(5);
const RETENTION: &str = "[retention]\nordinary = \"1m\"\nerrors = \"2m\"\n";
/// How much more the last third may take than the one before it, where nothing grows.
const STABLE: f64 = 1.15;

/// What was seen at one moment.
struct Sample {
    disk_mb: f64,
    memory_mb: f64,
}

pub fn run() {
    let minutes = env::args().find_map(|arg| arg.strip_prefix("--minutes=")?.parse().ok()).unwrap_or(MINUTES);
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config.toml");
    fs::write(&config, RETENTION).unwrap();
    let serve = Serve::start_with(tempfile::tempdir().unwrap(), &["--config", config.to_str().unwrap()]);
    let corpus = Corpus::spans(200_000);
    let load = Load::new(&corpus);
    println!(
        "{minutes} minutes of {BURST_SPANS_PER_SECOND:.0} spans a second for {BURST_SECONDS:.0} s, quiet for {QUIET:?}"
    );
    println!("minute   sent spans   kept spans   disk MB   memory MB");
    let (start, mut sent, mut refused, mut samples) = (Instant::now(), 0, 0, Vec::new());
    for minute in 1..=minutes {
        while start.elapsed() < Duration::from_secs(60 * minute) {
            let burst = load.send(&serve.http, Some(BURST_SPANS_PER_SECOND), Until::Seconds(BURST_SECONDS));
            (sent, refused) = (sent + burst.items, refused + burst.refused);
            thread::sleep(QUIET);
        }
        let sample = Sample { disk_mb: serve.bytes_on_disk() as f64 / 1e6, memory_mb: serve.memory_mb("VmRSS") };
        let kept = kept(&serve.status()["ledger"]["spans"]);
        println!("{minute:6} {sent:12} {kept:12} {:9.1} {:11.1}", sample.disk_mb, sample.memory_mb);
        samples.push(sample);
    }
    let spans = &serve.status()["ledger"]["spans"];
    let rejected: u64 = spans["rejected"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    let accounted =
        ["stored", "duplicate", "sampled_out"].iter().map(|name| spans[name].as_u64().unwrap()).sum::<u64>();
    println!("refused requests {refused}; the ledger: {spans}");
    println!("  acknowledged = received: {}", verdict(spans["received"].as_u64() == Some(sent)));
    println!("  received = stored + duplicate + sampled out + rejected: {}", verdict(accounted + rejected == sent));
    let third = samples.len() / 3;
    let mean = |of: fn(&Sample) -> f64, part: &[Sample]| part.iter().map(of).sum::<f64>() / part.len().max(1) as f64;
    for (name, of) in [("disk", (|sample: &Sample| sample.disk_mb) as fn(&Sample) -> f64), ("memory", |s| s.memory_mb)]
    {
        let (before, last) = (mean(of, &samples[third..2 * third]), mean(of, &samples[2 * third..]));
        println!("  {name}, last third to the one before: {:.2} {}", last / before, verdict(last <= STABLE * before));
    }
}

/// What the ledger says is still there.
fn kept(spans: &serde_json::Value) -> i64 {
    let count = |name: &str| spans[name].as_i64().unwrap_or_default();
    count("stored") - count("expired") - count("evicted") - count("deleted")
}

fn verdict(holds: bool) -> &'static str {
    if holds { "yes" } else { "NO" }
}
