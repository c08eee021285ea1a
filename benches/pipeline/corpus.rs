//! Requests of realistic spans, as many as are wanted without two that are the same.

use std::collections::BTreeSet;

/// Encoded requests whose trace ids can be moved on, so that nothing is a duplicate.
pub struct Corpus {
    requests: Vec<Request>,
    /// Spans in all of them.
    pub spans: usize,
    /// Bytes of all of them.
    pub bytes: usize,
}

struct Request {
    body: Vec<u8>,
    spans: usize,
    trace_ids_at: Vec<usize>,
}

impl Corpus {
    /// About so many spans, 512 a request.
    pub fn new(spans: usize) -> Self {
        let requests: Vec<Request> = testkit::corpus::requests(7, spans, 512)
            .map(|data| {
                let all = || {
                    data.resource_spans.iter().flat_map(|resource| &resource.scope_spans).flat_map(|scope| &scope.spans)
                };
                let ids: BTreeSet<_> = all().map(|span| span.trace_id).collect();
                let body = testkit::otlp_protobuf(&data);
                let trace_ids_at = (0..body.len().saturating_sub(16))
                    .filter(|at| ids.contains(&model::TraceId(body[*at..at + 16].try_into().unwrap())))
                    .collect();
                Request { spans: all().count(), body, trace_ids_at }
            })
            .collect();
        Self {
            spans: requests.iter().map(|request| request.spans).sum(),
            bytes: requests.iter().map(|request| request.body.len()).sum(),
            requests,
        }
    }

    /// How many requests there are.
    pub fn len(&self) -> usize {
        self.requests.len()
    }

    /// A request of a pass over the corpus, and its spans; other passes have other trace ids.
    pub fn request(&self, index: usize, pass: u32) -> (Vec<u8>, usize) {
        let request = &self.requests[index];
        let mut body = request.body.clone();
        for at in &request.trace_ids_at {
            for (byte, moved) in body[*at..].iter_mut().zip(pass.to_be_bytes()) {
                *byte ^= moved;
            }
        }
        (body, request.spans)
    }

    /// All requests of a pass.
    pub fn pass(&self, pass: u32) -> Vec<Vec<u8>> {
        (0..self.len()).map(|index| self.request(index, pass).0).collect()
    }
}
