//! Segments as the requests that brought them, in protobuf: for making other segments of the same items.
//!
//! What one request brought of a trace, a series or at one time stays in order; the rest of a request's order
//! is not kept.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use model::{
    LogsData, Metric, MetricsData, ResourceLogs, ResourceMetrics, ResourceSpans, ScopeLogs, ScopeMetrics, ScopeSpans,
    TraceId, TracesData,
};

use crate::{
    LogSegment, PointSegment, Request, SegmentError, SegmentLog, SegmentResource, SegmentScope, SegmentSpan,
    SpanSegment, points_read::add_point,
};

/// Requests by their row, each with what it brought.
struct Requests<T> {
    all: BTreeMap<u64, (Request, T)>,
    /// The resource and scope of what each got last.
    last: HashMap<u64, (u32, u32)>,
}

impl<T: Default> Requests<T> {
    fn new() -> Self {
        Self { all: BTreeMap::new(), last: HashMap::new() }
    }

    /// What a request has so far, and whether something of this origin begins a new group in it.
    fn of(&mut self, request: Request, origin: (u32, u32)) -> (&mut T, bool) {
        let begins = self.last.insert(request.row, origin) != Some(origin);
        let (_, data) = self.all.entry(request.row).or_insert_with(|| (request, T::default()));
        (data, begins)
    }

    fn encoded(self, encode: impl Fn(&T) -> Vec<u8>) -> Vec<(Request, Vec<u8>)> {
        self.all.into_values().map(|(request, data)| (request, encode(&data))).collect()
    }
}

/// Resources and scopes of a segment.
struct Origins(Vec<SegmentResource>, Vec<SegmentScope>);

impl Origins {
    fn get(&self, (resource, scope): (u32, u32)) -> (SegmentResource, SegmentScope) {
        let resource = self.0.get(resource as usize).cloned();
        let scope = self.1.get(scope as usize).cloned();
        (resource.unwrap_or_default(), scope.unwrap_or_default())
    }
}

impl SpanSegment {
    /// The spans of the traces that are wanted as trace requests. Each trace becomes bytes before the next is read:
    /// as plain data a full segment takes hundreds of megabytes.
    ///
    /// # Errors
    /// [`SegmentError`] where the segment does not read.
    pub fn requests(&self, is_wanted: impl Fn(TraceId) -> bool) -> Result<Vec<(Request, Vec<u8>)>, SegmentError> {
        let origins = Origins(self.resources()?, self.scopes()?);
        let mut requests: BTreeMap<u64, (Request, Vec<u8>)> = BTreeMap::new();
        self.visit(|trace_id, spans| {
            let mut spans = spans.into_iter().filter(|_| is_wanted(trace_id)).peekable();
            while let Some(SegmentSpan { span, resource, scope, request }) = spans.next() {
                let mut run = vec![span];
                let is_alike =
                    |next: &SegmentSpan| (next.resource, next.scope, next.request) == (resource, scope, request);
                while let Some(next) = spans.next_if(is_alike) {
                    run.push(next.span);
                }
                let (resource, scope) = origins.get((resource, scope));
                let of_scope = ScopeSpans { scope: scope.scope, schema_url: scope.schema_url, spans: run };
                let of_resource = ResourceSpans {
                    resource: resource.resource,
                    schema_url: resource.schema_url,
                    scope_spans: vec![of_scope],
                };
                let bytes = formats::encode_traces_protobuf(&TracesData { resource_spans: vec![of_resource] });
                // Lists grow when messages are put one after the other (protobuf.dev, "Last One Wins").
                requests.entry(request.row).or_insert_with(|| (request, Vec::new())).1.extend_from_slice(&bytes);
            }
            Ok::<(), SegmentError>(())
        })?;
        Ok(requests.into_values().collect())
    }
}

impl LogSegment {
    /// The log records as log requests.
    ///
    /// # Errors
    /// [`SegmentError`] where the segment does not read.
    pub fn requests(&self) -> Result<Vec<(Request, Vec<u8>)>, SegmentError> {
        let origins = Origins(self.resources()?, self.scopes()?);
        let mut requests: Requests<LogsData> = Requests::new();
        for SegmentLog { record, resource, scope, request } in self.records(0..self.len())? {
            let (data, begins) = requests.of(request, (resource, scope));
            if begins {
                let (resource, scope) = origins.get((resource, scope));
                let of_scope = ScopeLogs { scope: scope.scope, schema_url: scope.schema_url, log_records: Vec::new() };
                data.resource_logs.push(ResourceLogs {
                    resource: resource.resource,
                    schema_url: resource.schema_url,
                    scope_logs: vec![of_scope],
                });
            }
            if let Some(of_scope) = data.resource_logs.last_mut().and_then(|of| of.scope_logs.last_mut()) {
                of_scope.log_records.push(record);
            }
        }
        Ok(requests.encoded(formats::encode_logs_protobuf))
    }
}

impl PointSegment {
    /// The points as metrics requests.
    ///
    /// # Errors
    /// [`SegmentError`] where the segment does not read.
    pub fn requests(&self) -> Result<Vec<(Request, Vec<u8>)>, SegmentError> {
        let origins = Origins(self.resources()?, self.scopes()?);
        let (metrics, reader) = (self.metrics()?, self.reader()?);
        let mut requests: Requests<MetricsData> = Requests::new();
        for (series, number) in self.metrics_of_series()?.into_iter().enumerate() {
            let of = metrics.get(number).ok_or(SegmentError::Damaged("a series without a metric"))?;
            let mut begun: HashMap<u64, Metric> = HashMap::new();
            let mut order = Vec::new();
            for stored in reader.points(series)? {
                let metric = begun.entry(stored.request.row).or_insert_with(|| {
                    order.push(stored.request);
                    of.metric.clone()
                });
                add_point(metric, stored.point)?;
            }
            for request in order {
                let Some(metric) = begun.remove(&request.row) else { continue };
                let (data, begins) = requests.of(request, (of.resource, of.scope));
                if begins {
                    let (resource, scope) = origins.get((of.resource, of.scope));
                    data.resource_metrics.push(ResourceMetrics {
                        resource: resource.resource,
                        schema_url: resource.schema_url,
                        scope_metrics: vec![ScopeMetrics {
                            scope: scope.scope,
                            schema_url: scope.schema_url,
                            metrics: Vec::new(),
                        }],
                    });
                }
                if let Some(of_scope) = data.resource_metrics.last_mut().and_then(|of| of.scope_metrics.last_mut()) {
                    of_scope.metrics.push(metric);
                }
            }
        }
        Ok(requests.encoded(formats::encode_metrics_protobuf))
    }
}
