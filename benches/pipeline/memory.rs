//! Resident memory of `serve`, idle and while 100,000 spans a second arrive.

use std::{thread, time::Duration};

use crate::{
    corpus::Corpus,
    load::{Load, Until},
    serve::Serve,
};

const SPANS_PER_SECOND: f64 = 100_000.0;
const SECONDS: f64 = 30.0;

pub fn run() {
    let serve = Serve::start();
    thread::sleep(Duration::from_secs(2));
    let idle = serve.memory_mb("VmRSS");
    let corpus = Corpus::spans(50_000);
    let sent = Load::new(&corpus).send(&serve.http, Some(SPANS_PER_SECOND), Until::Seconds(SECONDS));
    let rate = sent.rate();
    println!("memory of `serve`");
    println!("  idle                               {idle:8.1} MB   (at most 40)");
    println!(
        "  most at {rate:7.0} spans/s for {SECONDS:.0} s    {:8.1} MB   (at most 250 at 100,000 spans/s)",
        serve.memory_mb("VmHWM")
    );
    println!("  CPU of `serve` a span              {:8.2} µs", serve.cpu_secs() * 1e6 / sent.items as f64);
    println!("  requests refused                   {:8}", sent.refused);
    println!("  bytes on disk a span               {:8.1}", serve.bytes_on_disk() as f64 / sent.items as f64);
}
