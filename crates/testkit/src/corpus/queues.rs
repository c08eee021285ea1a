//! Items of each service that wait until they fill a request.

use std::collections::VecDeque;

use super::SERVICES;

/// How many pods a service sends from.
const PODS: u64 = 3;

/// One queue a service, and what is ready to be sent: service, pod and items.
#[derive(Debug)]
pub(super) struct Queues<T> {
    per_request: usize,
    waiting: Vec<Vec<T>>,
    sent: Vec<u64>,
    pub(super) full: VecDeque<(usize, u64, Vec<T>)>,
}

impl<T> Queues<T> {
    pub(super) fn new(per_request: usize) -> Self {
        let waiting = (0..SERVICES).map(|_| Vec::new()).collect();
        Self { per_request: per_request.max(1), waiting, sent: vec![0; SERVICES], full: VecDeque::new() }
    }

    /// One more item of this service.
    pub(super) fn add(&mut self, service: usize, item: T) {
        self.waiting[service].push(item);
        if self.waiting[service].len() == self.per_request {
            self.send(service);
        }
    }

    /// No more will come: what waits is sent.
    pub(super) fn finish(&mut self) {
        for service in 0..SERVICES {
            if !self.waiting[service].is_empty() {
                self.send(service);
            }
        }
    }

    fn send(&mut self, service: usize) {
        let pod = self.sent[service] % PODS;
        self.sent[service] += 1;
        self.full.push_back((service, pod, std::mem::take(&mut self.waiting[service])));
    }
}
