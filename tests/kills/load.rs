//! Requests that are sent until they are acknowledged, through as many servers as that takes.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::support::{Answer, post};

/// Spans in a request of spans; log records in one of those.
pub const ITEMS: u64 = 10;
/// A trace comes in two requests, the second so many traces after the first: mostly in another segment.
const APART: u64 = 25;
/// Every so many traces one has failed: segments of the others fill up, and those of these are merged.
const FAILED: u64 = 24;
/// How long a sender that was refused waits, if no longer than it was told to.
const PAUSE: Duration = Duration::from_millis(10);
/// Senders at a time.
const SENDERS: usize = 4;

/// Requests by number: first halves of traces, second halves, and log records.
#[derive(Default)]
pub struct Load {
    next: AtomicU64,
    unanswered: Mutex<Vec<u64>>,
    acknowledged: Mutex<BTreeSet<u64>>,
    refused: AtomicU64,
    slowest: Mutex<Duration>,
}

impl Load {
    /// Sends until the server is gone, which `kill` sees to.
    pub fn while_it_lives(&self, address: &str, kill: impl FnOnce()) {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        if !self.send(address, || self.take()) {
                            break;
                        }
                    }
                });
            }
            // Where the kill fails the test, the senders have to end all the same.
            let _end = AtEnd(&is_over);
            kill();
        });
    }

    /// Sends the next so many requests, one after the other.
    pub fn send_next(&self, address: &str, requests: usize) {
        for _ in 0..requests {
            assert!(self.send(address, || self.take()), "the server is gone");
        }
    }

    /// Sends what no server has answered yet.
    pub fn finish(&self, address: &str) {
        while !self.unanswered.lock().unwrap().is_empty() {
            assert!(self.send(address, || self.unanswered.lock().unwrap().pop().unwrap()), "the server is gone");
        }
    }

    /// Sends all that was acknowledged once more.
    pub fn repeat(&self, address: &str) {
        for number in self.acknowledged() {
            assert!(self.send(address, || number), "the server is gone");
        }
    }

    /// How often it was answered that something is to be sent again.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How long the slowest answer took.
    pub fn slowest(&self) -> Duration {
        *self.slowest.lock().unwrap()
    }

    /// Numbers of the requests that were acknowledged.
    pub fn acknowledged(&self) -> BTreeSet<u64> {
        self.acknowledged.lock().unwrap().clone()
    }

    fn take(&self) -> u64 {
        let again = self.unanswered.lock().unwrap().pop();
        again.unwrap_or_else(|| self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn send(&self, address: &str, number: impl FnOnce() -> u64) -> bool {
        let number = number();
        let (path, body) = match part(number) {
            Part::Spans { trace, is_second } => ("/v1/traces", spans(trace, is_second)),
            Part::Logs { trace } => ("/v1/logs", logs(trace)),
        };
        let begun = Instant::now();
        let answer = post(address, path, "application/json", body.as_bytes());
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = begun.elapsed().max(*slowest);
        drop(slowest);
        match answer {
            Ok(Answer { status: 200, .. }) => {
                self.acknowledged.lock().unwrap().insert(number);
            }
            Ok(Answer { status: 503, retry_after }) => {
                assert!(retry_after.is_some(), "it is said when to send again");
                self.unanswered.lock().unwrap().push(number);
                self.refused.fetch_add(1, Ordering::Relaxed);
                thread::sleep(PAUSE);
            }
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => {
                self.unanswered.lock().unwrap().push(number);
                return false;
            }
        }
        true
    }
}

struct AtEnd<'a>(&'a AtomicBool);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a request carries.
pub enum Part {
    /// Half of a trace.
    Spans { trace: u64, is_second: bool },
    /// Log records of a trace.
    Logs { trace: u64 },
}

/// Of every eight requests four are first halves, three or so second halves, and one is of log records.
pub fn part(number: u64) -> Part {
    let (trace, is_first) = (number / 2, number.is_multiple_of(2));
    match (is_first, trace.checked_sub(APART)) {
        (true, _) => Part::Spans { trace, is_second: false },
        (false, Some(trace)) if trace % 4 > 0 => Part::Spans { trace, is_second: true },
        _ => Part::Logs { trace },
    }
}

/// The id of a trace.
pub fn trace_id(trace: u64) -> String {
    format!("{:032x}", u128::from(trace) + 1)
}

fn spans(trace: u64, is_second: bool) -> String {
    let trace_id = trace_id(trace);
    let first = if is_second { ITEMS + 1 } else { 1 };
    let (start, end) = (1_790_000_000_000_000_000 + trace * 1_000_000, 1_790_000_000_000_500_000 + trace * 1_000_000);
    let spans: Vec<String> = (first..first + ITEMS)
        .map(|span| {
            let parent = if span == 1 { String::new() } else { format!("{:016x}", 1) };
            let status = if span == 1 && trace.is_multiple_of(FAILED) { r#","status":{"code":2}"# } else { "" };
            format!(
                r#"{{"traceId":"{trace_id}","spanId":"{span:016x}","parentSpanId":"{parent}","name":"step {span}","kind":2,"startTimeUnixNano":"{start}","endTimeUnixNano":"{end}"{status}}}"#
            )
        })
        .collect();
    format!(r#"{{"resourceSpans":[{{"resource":{RESOURCE},"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","))
}

fn logs(trace: u64) -> String {
    let trace_id = trace_id(trace);
    let time = 1_790_000_000_000_000_000 + trace * 1_000_000;
    let records: Vec<String> = (0..ITEMS)
        .map(|record| {
            format!(r#"{{"timeUnixNano":"{time}","traceId":"{trace_id}","body":{{"stringValue":"step {record}"}}}}"#)
        })
        .collect();
    format!(r#"{{"resourceLogs":[{{"resource":{RESOURCE},"scopeLogs":[{{"logRecords":[{}]}}]}}]}}"#, records.join(","))
}

const RESOURCE: &str = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"killed"}}]}"#;
