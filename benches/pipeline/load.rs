//! Sending a corpus on several connections: at a rate, or as fast as it is acknowledged.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{corpus::Corpus, serve::Client};

/// Connections.
const SENDERS: usize = 4;

/// How long one waits who sends as fast as it is acknowledged and is refused.
const PAUSE: Duration = Duration::from_millis(100);

/// A corpus and how far it was sent.
pub struct Load<'a> {
    corpus: &'a Corpus,
    next: AtomicU32,
}

/// When to stop.
#[derive(Clone, Copy)]
pub enum Until {
    /// So many items.
    Items(u64),
    /// So much time.
    Seconds(f64),
}

/// What was sent.
#[derive(Default)]
pub struct Sent {
    /// Acknowledged.
    pub items: u64,
    /// How often one was not.
    pub refused: u64,
    /// Until the last acknowledgement.
    pub secs: f64,
    /// Milliseconds until each acknowledgement, from when the request was due: a server that is late
    /// makes the next ones late too.
    pub millis: Vec<f64>,
}

impl Sent {
    /// Acknowledged items a second.
    pub fn rate(&self) -> f64 {
        self.items as f64 / self.secs
    }
}

impl<'a> Load<'a> {
    /// From the beginning.
    pub fn new(corpus: &'a Corpus) -> Self {
        Self { corpus, next: AtomicU32::new(0) }
    }

    /// From a number on, so that none is sent twice.
    pub fn from(corpus: &'a Corpus, next: u32) -> Self {
        Self { corpus, next: AtomicU32::new(next) }
    }

    /// How many requests were sent.
    pub fn requests(&self) -> u32 {
        self.next.load(Ordering::Relaxed)
    }

    /// Goes on sending: so many items a second, or as fast as they are acknowledged, and what is refused again.
    pub fn send(&self, address: &str, rate: Option<f64>, until: Until) -> Sent {
        let sent = Mutex::new(Sent::default());
        let (first, start) = (self.requests(), Instant::now());
        let turns = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    let mut client = Client::new(address);
                    loop {
                        let turn = turns.fetch_add(1, Ordering::Relaxed);
                        let items_before = f64::from(turn) * self.corpus.items as f64 / self.corpus.len() as f64;
                        let due = rate.map(|rate| items_before / rate);
                        let is_over = match until {
                            Until::Items(items) => items_before >= items as f64,
                            Until::Seconds(secs) => due.unwrap_or(start.elapsed().as_secs_f64()) >= secs,
                        };
                        if is_over {
                            return;
                        }
                        self.next.fetch_add(1, Ordering::Relaxed);
                        let (body, items) = self.corpus.numbered(first + turn);
                        let due = due.map_or_else(Instant::now, |due| start + Duration::from_secs_f64(due));
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        let mut status = client.post_to(self.corpus.path(), &body);
                        while rate.is_none() && status == 503 {
                            sent.lock().unwrap().refused += 1;
                            thread::sleep(PAUSE);
                            status = client.post_to(self.corpus.path(), &body);
                        }
                        let mut sent = sent.lock().unwrap();
                        sent.millis.push(due.elapsed().as_secs_f64() * 1e3);
                        match status {
                            200 => sent.items += items as u64,
                            _ => sent.refused += 1,
                        }
                    }
                });
            }
        });
        Sent { secs: start.elapsed().as_secs_f64(), ..sent.into_inner().unwrap() }
    }
}
