//! Items gathered from requests, before they become columns.

use std::collections::HashMap as OriginMap;

use formats::{
    FormatError,
    raw::{RawMetric, RawOrigin, RawVisitor, visit_protobuf},
};
use hashbrown::{HashMap, HashSet};
use model::TraceId;
use serde::{Deserialize, Serialize};

use crate::SegmentError;

/// The request that brought items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Request {
    /// Its row in the append level: a number that rises with time.
    pub row: u64,
    /// When it came, nanoseconds since the Unix epoch.
    pub received_at_unix_nano: u64,
    /// Texts in it whose invalid UTF-8 is repaired when read.
    pub repaired_texts: u64,
}

/// An item where it lies in the body of its request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'a> {
    /// Index in [`Batch::requests`].
    pub(crate) request: u32,
    /// Index in [`Batch::origins`].
    pub(crate) origin: u32,
    /// Spans, log records or points in it.
    pub(crate) count: u32,
    /// The message.
    pub(crate) message: &'a [u8],
}

/// Items of requests of one signal, in the order in which they arrived.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    pub(crate) requests: Vec<Request>,
    pub(crate) origins: Vec<RawOrigin<'a>>,
    /// The service of each origin, an index in `services`.
    service_of_origin: Vec<u32>,
    services: Vec<String>,
    origin_numbers: OriginMap<RawOrigin<'a>, u32>,
    pub(crate) items: Vec<Item<'a>>,
    /// Trace and start of each item, if they are spans.
    pub(crate) traces: Vec<(TraceId, u64)>,
    /// Rows of a run of spans, about; `None`: as many as are best.
    pub(crate) run_rows: Option<usize>,
    /// Points left out of metrics: index in [`Batch::items`] and position in the metric, rising.
    pub(crate) left_out_points: Vec<(u32, u32)>,
}

impl<'a> Batch<'a> {
    /// Makes runs of so many spans, about, so that few make many.
    #[must_use]
    pub fn in_runs_of(self, rows: usize) -> Self {
        Self { run_rows: Some(rows.max(1)), ..self }
    }

    /// Adds the spans of a request in protobuf, decompressed, but for those whose ordinal (position among all
    /// spans of the request, in document order) is left out.
    ///
    /// # Errors
    /// [`SegmentError::Request`] where the body is not a request.
    pub fn add_spans(
        &mut self,
        request: Request,
        body: &'a [u8],
        is_left_out: impl Fn(u32) -> bool,
    ) -> Result<(), SegmentError> {
        self.add(request, body, is_left_out, Some(formats::raw::trace_and_start))
    }

    /// Adds the log records of a request; see [`Batch::add_spans`].
    ///
    /// # Errors
    /// [`SegmentError::Request`] where the body is not a request.
    pub fn add_logs(
        &mut self,
        request: Request,
        body: &'a [u8],
        is_left_out: impl Fn(u32) -> bool,
    ) -> Result<(), SegmentError> {
        self.add(request, body, is_left_out, None)
    }

    fn add(
        &mut self,
        request: Request,
        body: &'a [u8],
        is_left_out: impl Fn(u32) -> bool,
        trace_of: Option<TraceOf<'a>>,
    ) -> Result<(), SegmentError> {
        let number = self.requests.len() as u32;
        self.requests.push(request);
        let from = self.items.len();
        let mut gathering =
            Gathering { batch: self, request: number, from, ordinal: 0, is_left_out, trace_of, failed: None };
        visit_protobuf(body, &mut gathering)?;
        gathering.failed.map_or(Ok(()), Err)
    }

    /// Adds the metrics of a request in protobuf, decompressed, but for those points whose ordinal (position
    /// among all points of the request, in document order) is left out.
    ///
    /// # Errors
    /// [`SegmentError::Request`] where the body is not a request.
    pub fn add_metrics(
        &mut self,
        request: Request,
        body: &'a [u8],
        is_left_out: impl Fn(u32) -> bool,
    ) -> Result<(), SegmentError> {
        let first = self.items.len();
        self.add(request, body, |_| false, None)?;
        let mut metric = RawMetric::default();
        let mut ordinal = 0;
        for (at, item) in (0..).zip(&mut self.items).skip(first) {
            metric.read(item.message)?;
            item.count = metric.points.len() as u32;
            for position in 0..metric.points.len() as u32 {
                if is_left_out(ordinal) {
                    self.left_out_points.push((at, position));
                    item.count -= 1;
                }
                ordinal += 1;
            }
        }
        Ok(())
    }

    /// The services that sent the items, by number.
    #[must_use]
    pub fn services(&self) -> &[String] {
        &self.services
    }

    /// The resources that sent the items, one for each origin; `None` where there was none.
    pub fn resources(&self) -> impl Iterator<Item = Option<model::Resource>> {
        self.origins.iter().map(resource_of)
    }

    fn service_of(&self, item: &Item<'_>) -> u32 {
        self.service_of_origin.get(item.origin as usize).copied().unwrap_or_default()
    }

    /// The service to which each trace belongs, by number: the one with the most bytes in it. Of spans only.
    #[must_use]
    pub fn owners(&self) -> HashMap<TraceId, u32> {
        let mut bytes: HashMap<TraceId, Vec<(u32, usize)>> = HashMap::new();
        for (item, (trace_id, _)) in self.items.iter().zip(&self.traces) {
            let service = self.service_of(item);
            let of_trace = bytes.entry(*trace_id).or_default();
            match of_trace.iter_mut().find(|(known, _)| *known == service) {
                Some((_, sum)) => *sum += item.message.len(),
                None => of_trace.push((service, item.message.len())),
            }
        }
        let most = |of_trace: Vec<(u32, usize)>| {
            // Of equals the one that comes first by name, whatever order they arrived in.
            let name = |service: u32| std::cmp::Reverse(self.services.get(service as usize));
            of_trace
                .into_iter()
                .max_by_key(|(service, bytes)| (*bytes, name(*service)))
                .map_or(0, |(service, _)| service)
        };
        bytes.into_iter().map(|(trace_id, of_trace)| (trace_id, most(of_trace))).collect()
    }

    /// What each service sent: its number, items, and bytes on the wire. Of spans only those of the traces that
    /// are wanted.
    #[must_use]
    pub fn weights(&self, is_wanted: impl Fn(TraceId) -> bool) -> Vec<Weight> {
        let mut weights: Vec<Weight> = Vec::new();
        let traces = self.traces.iter().map(Some).chain(std::iter::repeat(None));
        let mut last = None;
        for (item, trace) in self.items.iter().zip(traces) {
            if let Some((trace_id, _)) = trace {
                let wanted = match last {
                    Some((last, wanted)) if last == *trace_id => wanted,
                    _ => is_wanted(*trace_id),
                };
                last = Some((*trace_id, wanted));
                if !wanted {
                    continue;
                }
            }
            let service = self.service_of(item);
            let (items, bytes) = (u64::from(item.count), item.message.len() as u64);
            match weights.iter_mut().find(|weight| weight.service == service) {
                Some(weight) => {
                    weight.items += items;
                    weight.bytes += bytes;
                }
                None => weights.push(Weight { service, items, bytes }),
            }
        }
        weights
    }

    /// The log records or metrics that are wanted, by the number of their service and their request.
    #[must_use]
    pub fn only(&self, is_wanted: impl Fn(u32, &Request) -> bool) -> Self {
        let mut left_out = self.left_out_points.iter().peekable();
        let mut only = Self {
            requests: self.requests.clone(),
            origins: self.origins.clone(),
            service_of_origin: self.service_of_origin.clone(),
            services: self.services.clone(),
            ..Self::default()
        };
        for (at, item) in (0..).zip(&self.items) {
            let request = self.requests.get(item.request as usize).copied().unwrap_or_default();
            let wanted = is_wanted(self.service_of(item), &request);
            while let Some(&(_, position)) = left_out.next_if(|(of, _)| *of == at) {
                if wanted {
                    only.left_out_points.push((only.items.len() as u32, position));
                }
            }
            if wanted {
                only.items.push(*item);
            }
        }
        only
    }

    /// How many items there are: spans, log records or metrics.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// Trace id and start of a span.
type TraceOf<'a> = fn(&'a [u8]) -> Result<(&'a [u8], u64), FormatError>;

impl<'a> Batch<'a> {
    /// The traces to which log records belong.
    #[must_use]
    pub fn traces_of_logs(&self) -> HashSet<TraceId> {
        self.items.iter().filter_map(|item| trace_of_log(item.message).ok()?).collect()
    }

    /// The log records that are wanted, by the trace to which they belong.
    ///
    /// # Errors
    /// [`SegmentError::Request`] where a record is not one.
    pub fn only_logs(mut self, is_wanted: impl Fn(Option<TraceId>) -> bool) -> Result<Self, SegmentError> {
        let mut wanted = Vec::with_capacity(self.items.len());
        for item in &self.items {
            if is_wanted(trace_of_log(item.message)?) {
                wanted.push(*item);
            }
        }
        self.items = wanted;
        Ok(self)
    }
}

/// The trace to which a log record belongs, if its id is one.
pub(crate) fn trace_of_log(message: &[u8]) -> Result<Option<TraceId>, SegmentError> {
    let (trace_id, _) = formats::raw::trace_and_time(message)?;
    Ok(TraceId::from_slice(trace_id).filter(|id| !id.is_zero()))
}

/// What a service sent of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// Index in [`Batch::services`].
    pub service: u32,
    /// Spans, log records or points.
    pub items: u64,
    /// Bytes of their messages.
    pub bytes: u64,
}

struct Gathering<'b, 'a, F> {
    batch: &'b mut Batch<'a>,
    request: u32,
    /// The first item whose origin is not known yet.
    from: usize,
    ordinal: u32,
    is_left_out: F,
    trace_of: Option<TraceOf<'a>>,
    failed: Option<SegmentError>,
}

impl<'a, F: Fn(u32) -> bool> RawVisitor<'a> for Gathering<'_, 'a, F> {
    fn item(&mut self, message: &'a [u8]) {
        let ordinal = self.ordinal;
        self.ordinal += 1;
        if (self.is_left_out)(ordinal) {
            return;
        }
        // Now, while the beginning of the span is at hand: later it would be fetched from memory again.
        if let Some(trace_of) = self.trace_of {
            match trace_of(message).map(|(id, start)| (TraceId::from_slice(id), start)) {
                Ok((Some(trace_id), start)) => self.batch.traces.push((trace_id, start)),
                Ok((None, _)) => self.failed = Some(SegmentError::Damaged("a span without a trace id")),
                Err(error) => self.failed = Some(error.into()),
            }
        }
        self.batch.items.push(Item { request: self.request, origin: 0, count: 1, message });
    }

    fn origin(&mut self, origin: &RawOrigin<'a>) {
        let batch = &mut *self.batch;
        let number = match batch.origin_numbers.get(origin) {
            Some(&number) => number,
            None => {
                let number = batch.origins.len() as u32;
                batch.origins.push(origin.clone());
                batch.origin_numbers.insert(origin.clone(), number);
                let service = service_name(origin);
                let known = batch.services.iter().position(|known| *known == service);
                let service = known.unwrap_or_else(|| {
                    batch.services.push(service);
                    batch.services.len() - 1
                });
                batch.service_of_origin.push(service as u32);
                number
            }
        };
        batch.items.iter_mut().skip(self.from).for_each(|item| item.origin = number);
        self.from = batch.items.len();
    }
}

fn resource_of(origin: &RawOrigin<'_>) -> Option<model::Resource> {
    origin.resource.as_deref().and_then(|message| formats::decode_resource(message).ok())
}

fn service_name(origin: &RawOrigin<'_>) -> String {
    resource_of(origin).as_ref().map_or(model::UNKNOWN_SERVICE, model::Resource::service_name).to_owned()
}

/// The spans of one trace in a batch.
#[derive(Debug)]
pub(crate) struct TraceItems {
    pub(crate) trace_id: TraceId,
    pub(crate) start_unix_nano: u64,
    /// Indexes in [`Batch::items`], in the order in which they arrived.
    pub(crate) items: Vec<u32>,
}

/// The spans of a batch by trace, traces by their earliest start.
#[derive(Debug)]
pub struct ByTrace(pub(crate) Vec<TraceItems>);

impl ByTrace {
    /// The traces.
    pub fn traces(&self) -> impl Iterator<Item = TraceId> + '_ {
        self.0.iter().map(|trace| trace.trace_id)
    }
}

impl Batch<'_> {
    /// Groups spans by trace.
    #[must_use]
    pub fn by_trace(&self) -> ByTrace {
        ByTrace(by_trace(self))
    }
}

fn by_trace(batch: &Batch<'_>) -> Vec<TraceItems> {
    let mut traces: Vec<TraceItems> = Vec::new();
    let mut numbers: HashMap<TraceId, usize> = HashMap::new();
    let mut last: Option<(TraceId, usize)> = None;
    for (at, &(trace_id, start_unix_nano)) in (0..).zip(&batch.traces) {
        let number = match last {
            Some((last, number)) if last == trace_id => number,
            _ => *numbers.entry(trace_id).or_insert_with(|| {
                traces.push(TraceItems { trace_id, start_unix_nano, items: Vec::new() });
                traces.len() - 1
            }),
        };
        last = Some((trace_id, number));
        if let Some(trace) = traces.get_mut(number) {
            trace.start_unix_nano = trace.start_unix_nano.min(start_unix_nano);
            trace.items.push(at);
        }
    }
    traces.sort_unstable_by_key(|trace| (trace.start_unix_nano, trace.trace_id));
    traces
}
