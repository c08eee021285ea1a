//! One open trace.

use std::collections::HashMap;

use analysis::{Node, Rows, SpanInput, Trace};
use api::{FoldChange, OpenedTrace, ViewId};
use model::{SpanId, SpanKind, StatusCode, TraceId};
use store::{StoredLog, StoredSpan, TraceContents};

use super::find::Search;

/// A trace with its contents, its assembly and its folds.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) contents: TraceContents,
    pub(crate) trace: Trace,
    pub(crate) rows: Rows,
    /// Sorted by name; rows name them by index.
    pub(crate) services: Vec<String>,
    /// Logs of the trace by span, as indices, in order of time.
    logs_by_span: HashMap<SpanId, Vec<u32>>,
    /// See [`api::OpenedTrace::revision`].
    pub(crate) revision: u64,
    /// The store's sequence number when it was read.
    pub(crate) last_sequence: u64,
    /// The text that was last looked for.
    pub(super) search: Option<Search>,
}

impl View {
    /// Assembles a trace. `last_sequence` is that of the summary read before the contents.
    pub(crate) fn assemble(contents: TraceContents, last_sequence: u64) -> Self {
        let (services, service_of_resource) = services(&contents);
        let inputs: Vec<SpanInput> = contents
            .spans
            .iter()
            .map(|stored| input(stored, service_of_resource.get(stored.resource as usize).copied().unwrap_or_default()))
            .collect();
        let trace = Trace::assemble(&inputs);
        let rows = Rows::new(&trace);
        let mut logs_by_span: HashMap<SpanId, Vec<u32>> = HashMap::new();
        for (index, log) in (0..).zip(&contents.logs) {
            if let Some(span_id) = log.record.span() {
                logs_by_span.entry(span_id).or_default().push(index);
            }
        }
        Self { contents, trace, rows, services, logs_by_span, revision: 0, last_sequence, search: None }
    }

    /// Takes the place of an older view of the same trace, with its folds.
    pub(crate) fn take_over(&mut self, old: &Self) {
        self.rows = old.rows.carry_over(&old.trace, &self.trace);
        self.revision = old.revision + 1;
    }

    /// The trace's id.
    pub(crate) fn trace_id(&self) -> TraceId {
        self.contents.trace_id
    }

    /// The head of the trace. Whether it is pinned is not known here.
    pub(crate) fn opened(&self, view: ViewId) -> OpenedTrace {
        let root = self.trace.longest_root();
        let root_span = root.and_then(|root| self.span_of(root));
        OpenedTrace {
            view,
            trace_id: self.trace_id(),
            revision: self.revision,
            root_service: root.and_then(|root| self.service_name(root)).unwrap_or_default().to_owned(),
            root_name: root_span.map(|stored| stored.span.name.clone()).unwrap_or_default(),
            root_kind: root.map_or(SpanKind::UNSPECIFIED, Node::kind),
            root_duration_nanos: root.map_or(0, Node::duration_nanos),
            start_unix_nano: self.trace.start_unix_nano(),
            duration_nanos: self.trace.duration_nanos(),
            span_count: self.trace.span_count().into(),
            missing_count: self.trace.missing_count().into(),
            error_count: self.trace.error_count().into(),
            log_count: self.contents.logs.len() as u64,
            depth: self.trace.depth(),
            services: self.services.clone(),
            row_count: self.rows.row_count(),
            rows_unfolded: self.trace.node_count(),
            is_pinned: false,
            is_thinned: self.contents.is_thinned,
        }
    }

    /// Folds or unfolds.
    pub(crate) fn fold(&mut self, change: FoldChange) {
        match change {
            FoldChange::Toggle(node) => self.rows.toggle(node),
            FoldChange::Expand(node) => self.rows.expand(node),
            FoldChange::Collapse(node) => self.rows.collapse(node),
            FoldChange::ExpandBelow(node) => self.rows.expand_below(node),
            FoldChange::ExpandAll => self.rows.expand_all(),
            FoldChange::ToDepth(depth) => self.rows.to_depth(depth),
        }
        self.revision += 1;
    }

    /// The span of a node; `None` for one that has not arrived.
    pub(crate) fn span_of(&self, node: Node<'_>) -> Option<&StoredSpan> {
        node.input().and_then(|input| self.contents.spans.get(input as usize))
    }

    /// The service of a node; `None` for one that has not arrived.
    pub(crate) fn service_name(&self, node: Node<'_>) -> Option<&str> {
        node.service().and_then(|service| self.services.get(service as usize)).map(String::as_str)
    }

    /// The log records of a span, in order of time.
    pub(crate) fn logs_of(&self, span_id: SpanId) -> impl ExactSizeIterator<Item = &StoredLog> {
        let indices = self.logs_by_span.get(&span_id).map_or(&[][..], Vec::as_slice);
        indices.iter().map(|&index| &self.contents.logs[index as usize])
    }

    /// A moment, counted from the start of the trace.
    pub(crate) fn offset_nanos(&self, unix_nano: u64) -> i64 {
        offset_nanos(self.trace.start_unix_nano(), unix_nano)
    }
}

/// `unix_nano` counted from `origin_unix_nano`, within what an `i64` can hold.
pub(crate) fn offset_nanos(origin_unix_nano: u64, unix_nano: u64) -> i64 {
    let offset = i128::from(unix_nano) - i128::from(origin_unix_nano);
    i64::try_from(offset).unwrap_or(if offset < 0 { i64::MIN } else { i64::MAX })
}

/// The services of the spans, sorted by name; and of each resource the index of its service.
fn services(contents: &TraceContents) -> (Vec<String>, Vec<u32>) {
    let mut is_used = vec![false; contents.resources.len()];
    for stored in &contents.spans {
        if let Some(is_used) = is_used.get_mut(stored.resource as usize) {
            *is_used = true;
        }
    }
    let mut names: Vec<&str> = contents
        .resources
        .iter()
        .zip(is_used)
        .filter(|&(_, is_used)| is_used)
        .map(|(resource, _)| resource.service_name())
        .collect();
    names.sort_unstable();
    names.dedup();
    // Resources of logs alone have no service among the spans'; nothing asks for theirs.
    let of_resource = contents
        .resources
        .iter()
        .map(|resource| names.binary_search(&resource.service_name()).map_or(0, |index| index as u32))
        .collect();
    (names.into_iter().map(str::to_owned).collect(), of_resource)
}

fn input(stored: &StoredSpan, service: u32) -> SpanInput {
    let span = &stored.span;
    SpanInput {
        span_id: span.span_id,
        parent: span.parent(),
        malformed_parent_bytes: span.has_malformed_parent().then_some(span.parent_span_id.len() as u32),
        start_unix_nano: span.start_unix_nano,
        end_unix_nano: span.end_unix_nano,
        service,
        kind: span.kind,
        is_error: span.status_code() == StatusCode::ERROR,
        content_hash: stored.variant.into(),
    }
}
