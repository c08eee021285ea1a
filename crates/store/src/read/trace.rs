//! Reading a trace: its spans and log records from segments, and from the bodies of the requests that are
//! not in segments yet, as one.

use std::{ops::ControlFlow, sync::Arc};

use formats::{decode_logs, decode_traces};
use hashbrown::HashMap;
use model::{LogRecord, LogsData, Resource, Scope, Signal, Span, SpanId, TraceId, TracesData};
use segment::LogSegment;
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::{
    ATTEMPTS, OfTrace, Reader, StoredLog, StoredRequest, StoredResource, StoredScope, StoredSpan, TraceContents,
    damaged,
};
use crate::{ReadError, left_out::LeftOut, segments::Segment, thinned::Thinned};

/// Bodies collected before they are decoded together, bytes.
const BODIES_PER_STEP: usize = 8 << 20;

impl Reader {
    /// All spans and log records of a trace; `None` if neither is stored. Spans that a rule of sampling hides are
    /// left out.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn trace(&self, trace_id: TraceId) -> Result<Option<TraceContents>, ReadError> {
        self.contents(trace_id, true).await
    }

    /// The spans alone; `None` if none is stored.
    pub(crate) async fn spans_of_trace(&self, trace_id: TraceId) -> Result<Option<TraceContents>, ReadError> {
        self.contents(trace_id, false).await
    }

    async fn contents(&self, trace_id: TraceId, with_logs: bool) -> Result<Option<TraceContents>, ReadError> {
        for _ in 0..ATTEMPTS {
            if let ControlFlow::Break(contents) = self.noted(self.try_trace(trace_id, with_logs).await)? {
                return Ok(contents);
            }
            // What was to be read is gone: it has become part of something else.
            self.refresh().await?;
        }
        Err(ReadError::Unsettled)
    }

    async fn try_trace(
        &self,
        trace_id: TraceId,
        with_logs: bool,
    ) -> Result<ControlFlow<Option<TraceContents>>, ReadError> {
        let (rows, of_spans, of_logs, is_thinned, is_hidden) = {
            let catalogue = self.catalogue();
            let thinned = catalogue.thinned.get(trace_id);
            let places = catalogue.index.places(trace_id);
            let maybe = |signal| -> Vec<Arc<Segment>> {
                catalogue.segments.that_may_hold(signal, trace_id).map(Arc::clone).collect()
            };
            let of_spans = match places.segments {
                Some(known) => known.iter().filter_map(|id| catalogue.segments.get(*id)).map(Arc::clone).collect(),
                None => maybe(Signal::Traces),
            };
            let is_hidden = thinned.is_some_and(Thinned::is_hidden);
            let of_spans = if is_hidden { Vec::new() } else { of_spans };
            let of_logs = if with_logs { maybe(Signal::Logs) } else { Vec::new() };
            (places.rows, of_spans, of_logs, thinned.is_some(), is_hidden)
        };
        let mut assembly = Assembly::new(trace_id);
        assembly.contents.is_thinned = is_thinned;
        for segment in of_spans {
            let Some(of_trace) = self.spans_of(segment.id, trace_id).await? else {
                return Ok(ControlFlow::Continue(()));
            };
            assembly = assembly.in_background(move |assembly| assembly.add_span_segment(segment.id, &of_trace)).await?;
        }
        for segment in of_logs {
            let Some(logs) = self.logs(segment.id).await? else { return Ok(ControlFlow::Continue(())) };
            assembly = assembly.in_background(move |assembly| assembly.add_log_segment(segment.id, &logs)).await?;
        }
        let mut waiting = Vec::new();
        let mut bytes = 0;
        for row in rows {
            let Some(request) = self.request(row).await? else { return Ok(ControlFlow::Continue(())) };
            let is_wanted = if request.signal == Signal::Traces { !is_hidden } else { with_logs };
            if !is_wanted {
                continue;
            }
            bytes += request.body.len();
            waiting.push(request);
            if bytes >= BODIES_PER_STEP {
                assembly = assembly.add_requests(std::mem::take(&mut waiting)).await?;
                bytes = 0;
            }
        }
        Ok(ControlFlow::Break(assembly.add_requests(waiting).await?.finish()))
    }
}

/// A trace while it is put together.
struct Assembly {
    contents: TraceContents,
    /// The row that brought each span and each log record, in the order of those.
    span_rows: Vec<u64>,
    log_rows: Vec<u64>,
    repaired_texts: HashMap<u64, u64>,
    resources: HashMap<u64, Vec<u32>>,
    scopes: HashMap<u64, Vec<u32>>,
}

impl Assembly {
    fn new(trace_id: TraceId) -> Self {
        Self {
            contents: TraceContents { trace_id, ..TraceContents::default() },
            span_rows: Vec::new(),
            log_rows: Vec::new(),
            repaired_texts: HashMap::new(),
            resources: HashMap::new(),
            scopes: HashMap::new(),
        }
    }

    /// Decodes away from the threads that serve others.
    async fn in_background(
        mut self,
        add: impl FnOnce(&mut Self) -> Result<(), ReadError> + Send + 'static,
    ) -> Result<Self, ReadError> {
        match tokio::task::spawn_blocking(move || add(&mut self).map(|()| self)).await {
            Ok(assembly) => assembly,
            Err(error) => Err(ReadError::Damaged { row: 0, detail: format!("the decoder stopped: {error}") }),
        }
    }

    async fn add_requests(self, requests: Vec<StoredRequest>) -> Result<Self, ReadError> {
        self.in_background(move |assembly| requests.iter().try_for_each(|request| assembly.add_request(request))).await
    }

    fn add_request(&mut self, request: &StoredRequest) -> Result<(), ReadError> {
        let damaged = |error: formats::FormatError| ReadError::Damaged { row: request.row, detail: error.to_string() };
        let body = request.plain_body()?;
        match request.signal {
            Signal::Traces => {
                self.add_traces(request, decode_traces(request.encoding, &body).map_err(damaged)?, &request.left_out);
            }
            Signal::Logs => {
                self.add_logs(request, decode_logs(request.encoding, &body).map_err(damaged)?, &request.left_out);
            }
            Signal::Metrics => {}
        }
        Ok(())
    }

    fn add_traces(&mut self, request: &StoredRequest, data: TracesData, left_out: &LeftOut) {
        let trace_id = self.contents.trace_id;
        let mut ordinal = 0..;
        for of_resource in data.resource_spans {
            let mut resource = Lazy::new(of_resource.resource, of_resource.schema_url);
            for of_scope in of_resource.scope_spans {
                let mut scope = Lazy::new(of_scope.scope, of_scope.schema_url);
                for span in of_scope.spans {
                    let is_left_out = ordinal.next().is_some_and(|ordinal| left_out.contains(ordinal));
                    if is_left_out || span.trace_id != trace_id {
                        continue;
                    }
                    let (resource, scope) = (resource.index(self), scope.index(self));
                    self.repaired_texts.insert(request.row, request.repaired_texts);
                    self.add_span(request.row, span, resource, scope);
                }
            }
        }
    }

    fn add_logs(&mut self, request: &StoredRequest, data: LogsData, left_out: &LeftOut) {
        let trace_id = self.contents.trace_id;
        let mut ordinal = 0..;
        for of_resource in data.resource_logs {
            let mut resource = Lazy::new(of_resource.resource, of_resource.schema_url);
            for of_scope in of_resource.scope_logs {
                let mut scope = Lazy::new(of_scope.scope, of_scope.schema_url);
                for record in of_scope.log_records {
                    let is_left_out = ordinal.next().is_some_and(|ordinal| left_out.contains(ordinal));
                    if is_left_out || record.trace() != Some(trace_id) {
                        continue;
                    }
                    let (resource, scope) = (resource.index(self), scope.index(self));
                    self.repaired_texts.insert(request.row, request.repaired_texts);
                    self.add_log(request.row, record, resource, scope);
                }
            }
        }
    }

    fn add_span_segment(&mut self, segment: u64, of_trace: &OfTrace) -> Result<(), ReadError> {
        let wrong = |error| damaged(segment, &error);
        let OfTrace { spans, rows: Some(rows) } = of_trace else { return Ok(()) };
        let (mut resources, mut scopes) = (HashMap::new(), HashMap::new());
        for stored in spans.spans(self.contents.trace_id, rows.clone()).map_err(wrong)? {
            let resource = match resources.get(&stored.resource) {
                Some(known) => *known,
                None => {
                    let new = spans.resource(stored.resource).map_err(wrong)?;
                    *resources.entry(stored.resource).or_insert(Resource::place(new.resource, new.schema_url, self))
                }
            };
            let scope = match scopes.get(&stored.scope) {
                Some(known) => *known,
                None => {
                    let new = spans.scope(stored.scope).map_err(wrong)?;
                    *scopes.entry(stored.scope).or_insert(Scope::place(new.scope, new.schema_url, self))
                }
            };
            self.repaired_texts.insert(stored.request.row, stored.request.repaired_texts);
            self.add_span(stored.request.row, stored.span, resource, scope);
        }
        Ok(())
    }

    fn add_log_segment(&mut self, segment: u64, logs: &LogSegment) -> Result<(), ReadError> {
        let wrong = |error| damaged(segment, &error);
        let mut origins = Origins::new(logs.resources().map_err(wrong)?, logs.scopes().map_err(wrong)?);
        for stored in logs.records_of(self.contents.trace_id).map_err(wrong)? {
            let (resource, scope) = origins.index(stored.resource, stored.scope, self);
            self.repaired_texts.insert(stored.request.row, stored.request.repaired_texts);
            self.add_log(stored.request.row, stored.record, resource, scope);
        }
        Ok(())
    }

    fn add_span(&mut self, row: u64, span: Span, resource: u32, scope: u32) {
        self.span_rows.push(row);
        self.contents.spans.push(StoredSpan { span, resource, scope, variant: 0 });
    }

    fn add_log(&mut self, row: u64, record: LogRecord, resource: u32, scope: u32) {
        self.log_rows.push(row);
        self.contents.logs.push(StoredLog { record, resource, scope });
    }

    fn finish(self) -> Option<TraceContents> {
        let Self { mut contents, span_rows, log_rows, repaired_texts, .. } = self;
        if contents.spans.is_empty() && contents.logs.is_empty() {
            return None;
        }
        contents.spans = in_order(span_rows, contents.spans);
        contents.logs = in_order(log_rows, contents.logs);
        contents.logs.sort_by_key(|log| log.record.time());
        let mut variants: HashMap<SpanId, u32> = HashMap::new();
        for stored in &mut contents.spans {
            let next = variants.entry(stored.span.span_id).or_default();
            stored.variant = *next;
            *next += 1;
        }
        contents.repaired_texts = repaired_texts.into_values().sum();
        Some(contents)
    }
}

/// Items by the row that brought each; those of one row stay in order.
fn in_order<T>(rows: Vec<u64>, items: Vec<T>) -> Vec<T> {
    if rows.is_sorted() {
        return items;
    }
    let mut pairs: Vec<(u64, T)> = rows.into_iter().zip(items).collect();
    pairs.sort_by_key(|(row, _)| *row);
    pairs.into_iter().map(|(_, item)| item).collect()
}

/// Resources and scopes of a segment, which get their places when they are first needed.
struct Origins {
    resources: Vec<Lazy<Resource>>,
    scopes: Vec<Lazy<Scope>>,
}

impl Origins {
    fn new(resources: Vec<segment::SegmentResource>, scopes: Vec<segment::SegmentScope>) -> Self {
        let resources = resources.into_iter().map(|one| Lazy::new(one.resource, one.schema_url));
        let scopes = scopes.into_iter().map(|one| Lazy::new(one.scope, one.schema_url));
        Self { resources: resources.collect(), scopes: scopes.collect() }
    }

    /// The places of a resource and a scope of the segment in the trace.
    fn index(&mut self, resource: u32, scope: u32, assembly: &mut Assembly) -> (u32, u32) {
        let resource = self.resources.get_mut(resource as usize).map(|one| one.index(assembly));
        let scope = self.scopes.get_mut(scope as usize).map(|one| one.index(assembly));
        (resource.unwrap_or_default(), scope.unwrap_or_default())
    }
}

/// A resource or scope that gets its place when the first span or record of the trace needs it.
enum Lazy<T> {
    Waiting(Option<T>, String),
    Placed(u32),
}

impl<T: Placed> Lazy<T> {
    fn new(what: Option<T>, schema_url: String) -> Self {
        Self::Waiting(what, schema_url)
    }

    fn index(&mut self, assembly: &mut Assembly) -> u32 {
        match self {
            Self::Placed(index) => *index,
            Self::Waiting(what, schema_url) => {
                let index = T::place(what.take(), std::mem::take(schema_url), assembly);
                *self = Self::Placed(index);
                index
            }
        }
    }
}

trait Placed: Sized {
    /// The index of the same one, which is added if it is new.
    fn place(what: Option<Self>, schema_url: String, assembly: &mut Assembly) -> u32;
}

impl Placed for Resource {
    fn place(resource: Option<Self>, schema_url: String, assembly: &mut Assembly) -> u32 {
        let new = StoredResource { resource, schema_url };
        let same = |a: &StoredResource| {
            a.schema_url == new.schema_url && both_or_none(&a.resource, &new.resource, Resource::same)
        };
        let hash = content_hash(&(&new.resource, &new.schema_url));
        let all = &mut assembly.contents.resources;
        let alike = assembly.resources.entry(hash).or_default();
        find_or_push(all, alike, same).unwrap_or_else(|index| {
            all.push(Arc::new(new));
            index
        })
    }
}

impl Placed for Scope {
    fn place(scope: Option<Self>, schema_url: String, assembly: &mut Assembly) -> u32 {
        let new = StoredScope { scope, schema_url };
        let same = |a: &StoredScope| a.schema_url == new.schema_url && both_or_none(&a.scope, &new.scope, Scope::same);
        let hash = content_hash(&(&new.scope, &new.schema_url));
        let all = &mut assembly.contents.scopes;
        let alike = assembly.scopes.entry(hash).or_default();
        find_or_push(all, alike, same).unwrap_or_else(|index| {
            all.push(Arc::new(new));
            index
        })
    }
}

/// `Ok` with the index of the one that is there, `Err` with the index that a new one gets.
fn find_or_push<T>(all: &[Arc<T>], alike: &mut Vec<u32>, same: impl Fn(&T) -> bool) -> Result<u32, u32> {
    if let Some(&index) = alike.iter().find(|&&index| all.get(index as usize).is_some_and(|one| same(one))) {
        return Ok(index);
    }
    let index = u32::try_from(all.len()).unwrap_or(u32::MAX);
    alike.push(index);
    Err(index)
}

/// Whether both are there and the same, or neither is there.
pub(crate) fn both_or_none<T>(a: &Option<T>, b: &Option<T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    }
}

fn content_hash(value: &impl Serialize) -> u64 {
    // Serialising into memory does not fail for these types; if it did, all would share a bucket.
    postcard::to_stdvec(value).map_or(0, |bytes| xxh3_64(&bytes))
}
