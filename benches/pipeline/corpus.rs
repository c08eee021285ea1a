//! Requests of realistic telemetry, as many as are wanted without two that are the same.

use std::collections::BTreeSet;

use model::{Signal, TraceId};

/// Spans, log records or points a request.
const PER_REQUEST: usize = 512;
/// Bytes before a time, by field: of spans, events, log records, points and exemplars.
const TIME_TAGS: [u8; 6] = [0x09, 0x11, 0x19, 0x39, 0x41, 0x59];
/// How long a corpus goes on at most: eight bytes that look like a time are hardly ever something else then.
const LONGEST_NANOS: u64 = 3_600 * 1_000_000_000;
const SEED: u64 = 7;

/// Encoded requests whose trace ids and times can be moved on, so that nothing is a duplicate and each pass
/// comes after the one before it.
pub struct Corpus {
    signal: Signal,
    requests: Vec<Request>,
    /// Spans, log records or points in all of them.
    pub items: usize,
    /// Bytes of all of them.
    pub bytes: usize,
    /// From the first time in them to the last, nanoseconds.
    duration: u64,
}

struct Request {
    body: Vec<u8>,
    items: usize,
    trace_ids_at: Vec<u32>,
    times_at: Vec<u32>,
}

impl Corpus {
    /// So many spans.
    pub fn spans(count: usize) -> Self {
        Self::of(
            Signal::Traces,
            testkit::corpus::requests(SEED, count, PER_REQUEST).map(|data| {
                let all = || {
                    data.resource_spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans)
                };
                (testkit::otlp_protobuf(&data), all().count(), all().map(|span| span.trace_id).collect())
            }),
        )
    }

    /// So many log records.
    pub fn logs(count: usize) -> Self {
        Self::of(
            Signal::Logs,
            testkit::corpus::logs(SEED, count, PER_REQUEST).map(|data| {
                let scopes = || data.resource_logs.iter().flat_map(|resource| &resource.scope_logs);
                let all = || scopes().flat_map(|scope| &scope.log_records);
                let ids = all().filter_map(|record| TraceId::from_slice(&record.trace_id)).collect();
                (formats::encode_logs_protobuf(&data), all().count(), ids)
            }),
        )
    }

    /// So many metric points.
    pub fn points(count: usize) -> Self {
        let requests = testkit::corpus::metrics(SEED, count, PER_REQUEST).enumerate();
        Self::of(
            Signal::Metrics,
            requests.map(|(at, data)| {
                let items = PER_REQUEST.min(count - at * PER_REQUEST);
                (formats::encode_metrics_protobuf(&data), items, BTreeSet::new())
            }),
        )
    }

    fn of(signal: Signal, requests: impl Iterator<Item = (Vec<u8>, usize, BTreeSet<TraceId>)>) -> Self {
        let requests: Vec<Request> = requests.map(|(body, items, ids)| Request::new(body, items, &ids)).collect();
        let times = || requests.iter().flat_map(|request| request.times_at.iter().map(|&at| time(&request.body, at)));
        Self {
            signal,
            items: requests.iter().map(|request| request.items).sum(),
            bytes: requests.iter().map(|request| request.body.len()).sum(),
            duration: times().max().unwrap_or_default() - times().min().unwrap_or_default(),
            requests,
        }
    }

    /// Where they are sent to.
    pub fn path(&self) -> &'static str {
        match self.signal {
            Signal::Traces => "/v1/traces",
            Signal::Logs => "/v1/logs",
            Signal::Metrics => "/v1/metrics",
        }
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// A request of a pass over the corpus, and its items.
    pub fn request(&self, index: usize, pass: u32) -> (Vec<u8>, usize) {
        let request = &self.requests[index];
        let mut body = request.body.clone();
        for &at in &request.trace_ids_at {
            for (byte, moved) in body[at as usize..].iter_mut().zip(pass.to_be_bytes()) {
                *byte ^= moved;
            }
        }
        for &at in &request.times_at {
            let moved = time(&body, at) + u64::from(pass) * self.duration;
            body[at as usize..at as usize + 8].copy_from_slice(&moved.to_le_bytes());
        }
        (body, request.items)
    }

    /// The same by a number that goes through one pass after the other.
    pub fn numbered(&self, number: u32) -> (Vec<u8>, usize) {
        let count = self.len() as u32;
        self.request((number % count) as usize, number / count)
    }

    /// The id of the first trace in a request, by the same number.
    pub fn trace_id(&self, number: u32) -> TraceId {
        let at = self.requests[number as usize % self.len()].trace_ids_at[0] as usize;
        TraceId(self.numbered(number).0[at..at + 16].try_into().unwrap())
    }

    /// All requests of a pass.
    pub fn pass(&self, pass: u32) -> Vec<Vec<u8>> {
        (0..self.len()).map(|index| self.request(index, pass).0).collect()
    }
}

impl Request {
    fn new(body: Vec<u8>, items: usize, ids: &BTreeSet<TraceId>) -> Self {
        let is_id = |at: usize| body[at - 1] == 16 && ids.contains(&TraceId(body[at..at + 16].try_into().unwrap()));
        let about_then = testkit::START_UNIX_NANO..testkit::START_UNIX_NANO + LONGEST_NANOS;
        let is_time = |at: usize| TIME_TAGS.contains(&body[at - 1]) && about_then.contains(&time(&body, at as u32));
        let positions = |length: usize, is_one: &dyn Fn(usize) -> bool| {
            (1..=body.len() - length).filter(|&at| is_one(at)).map(|at| at as u32).collect()
        };
        Self { items, trace_ids_at: positions(16, &is_id), times_at: positions(8, &is_time), body }
    }
}

fn time(body: &[u8], at: u32) -> u64 {
    u64::from_le_bytes(body[at as usize..at as usize + 8].try_into().unwrap())
}
