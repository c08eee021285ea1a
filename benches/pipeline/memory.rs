//! Resident memory of `serve`, idle and while 100,000 spans a second arrive.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    corpus::Corpus,
    serve::{Client, Serve},
};

const SPANS_PER_SECOND: f64 = 100_000.0;
const SECONDS: f64 = 30.0;

pub fn run() {
    let serve = Serve::start();
    thread::sleep(Duration::from_secs(2));
    let idle = serve.memory_mb("VmRSS");
    let corpus = Corpus::new(50_000);
    let next = AtomicU32::new(0);
    let sent = AtomicU64::new(0);
    let refused = AtomicU64::new(0);
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut client = Client::new(&serve.http);
                loop {
                    let elapsed = start.elapsed().as_secs_f64();
                    if elapsed > SECONDS {
                        return;
                    }
                    if sent.load(Ordering::Relaxed) as f64 > elapsed * SPANS_PER_SECOND {
                        thread::sleep(Duration::from_millis(1));
                        continue;
                    }
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let index = number as usize % corpus.len();
                    let (body, spans) = corpus.request(index, number / corpus.len() as u32);
                    match client.post(&body) {
                        200 => sent.fetch_add(spans as u64, Ordering::Relaxed),
                        _ => refused.fetch_add(1, Ordering::Relaxed),
                    };
                }
            });
        }
    });
    let rate = sent.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64();
    println!("memory of `serve`");
    println!("  idle                               {idle:8.1} MB   (at most 40)");
    println!(
        "  most at {rate:7.0} spans/s for {SECONDS:.0} s    {:8.1} MB   (at most 250 at 100,000 spans/s)",
        serve.memory_mb("VmHWM")
    );
    println!(
        "  CPU of `serve` a span              {:8.2} µs",
        serve.cpu_secs() * 1e6 / sent.load(Ordering::Relaxed) as f64
    );
    println!("  requests refused                   {:8}", refused.load(Ordering::Relaxed));
    println!(
        "  bytes on disk a span               {:8.1}",
        serve.bytes_on_disk() as f64 / sent.load(Ordering::Relaxed) as f64
    );
}
