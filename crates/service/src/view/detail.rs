//! Everything about one span.

use std::collections::HashMap;

use analysis::Node;
use api::{ApiError, ErrorCode, EventDetail, LinkDetail, LogDetail, ScopeDetail, SpanDetail, TextPart};
use model::{Event, Link, SeverityClass, Span, TraceId, find};
use store::{StoredLog, StoredResource, StoredScope, StoredSpan};

use super::{View, opened::offset_nanos, row::oddities};
use crate::text::{self, MAX_VALUE_BYTES};

/// Most events, links and log records of a span in an answer.
const MAX_LISTED: usize = 200;

/// Longest JSON of a span in an answer, bytes.
const MAX_RAW_BYTES: usize = 64 << 10;

/// Longest text of an exception in an answer, bytes.
const MAX_EXCEPTION_BYTES: usize = 64 << 10;

impl View {
    /// The span of a node, its resource and its scope.
    fn span_at(&self, node: u32) -> Result<(Node<'_>, &StoredSpan), ApiError> {
        let node = self.trace.node(node).ok_or_else(|| no_span("the view has no such row"))?;
        let stored = self.span_of(node).ok_or_else(|| no_span("this span has not arrived"))?;
        Ok((node, stored))
    }

    fn resource_of(&self, stored: &StoredSpan) -> Option<&StoredResource> {
        self.contents.resources.get(stored.resource as usize).map(AsRef::as_ref)
    }

    fn scope_of(&self, stored: &StoredSpan) -> Option<&StoredScope> {
        self.contents.scopes.get(stored.scope as usize).map(AsRef::as_ref)
    }

    /// The traces to which the links of a span that are listed lead.
    pub(crate) fn linked_traces(&self, node: u32) -> Result<Vec<TraceId>, ApiError> {
        let (_, stored) = self.span_at(node)?;
        Ok(stored.span.links.iter().take(MAX_LISTED).filter_map(|link| TraceId::from_slice(&link.trace_id)).collect())
    }

    /// Everything about a span. `targets` are the stored ones of its [`Self::linked_traces`], each
    /// with its root.
    pub(crate) fn detail(&self, node: u32, targets: &HashMap<TraceId, String>) -> Result<SpanDetail, ApiError> {
        let (node, stored) = self.span_at(node)?;
        let span = &stored.span;
        let logs = self.logs_of(node.span_id());
        Ok(SpanDetail {
            node: node.index(),
            trace_id: span.trace_id,
            span_id: span.span_id,
            parent_span_id: text::hex(&span.parent_span_id),
            parent_node: node.parent().filter(|parent| !parent.is_missing()).map(Node::index),
            service: node.service().unwrap_or_default(),
            service_name: self.service_name(node).unwrap_or_default().to_owned(),
            name: text::cut(&span.name, MAX_VALUE_BYTES),
            kind: span.kind,
            status: span.status_code(),
            status_message: text::cut(span.status_message(), MAX_VALUE_BYTES),
            start_unix_nano: span.start_unix_nano,
            end_unix_nano: span.end_unix_nano,
            start_offset_nanos: node.start_offset_nanos(),
            duration_nanos: node.duration_nanos(),
            self_nanos: node.self_nanos(),
            critical_nanos: node.critical_nanos(),
            trace_state: span.trace_state.clone(),
            flags: span.flags,
            attributes: text::attributes(&span.attributes),
            dropped: [span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count],
            events: events_by_time(span).into_iter().take(MAX_LISTED).map(|event| event_detail(span, event)).collect(),
            event_count: span.events.len() as u64,
            links: span.links.iter().take(MAX_LISTED).map(|link| link_detail(link, targets)).collect(),
            link_count: span.links.len() as u64,
            log_count: logs.len() as u64,
            logs: logs.take(MAX_LISTED).map(|log| self.log_detail(log)).collect(),
            resource: self
                .resource_of(stored)
                .and_then(|stored| stored.resource.as_ref())
                .map(|resource| text::attributes(&resource.attributes))
                .unwrap_or_default(),
            scope: self.scope_of(stored).map(scope_detail).unwrap_or_default(),
            oddities: oddities(node),
            raw: text::cut(&self.raw(stored), MAX_RAW_BYTES),
        })
    }

    fn raw(&self, stored: &StoredSpan) -> String {
        let resource = self.resource_of(stored);
        let scope = self.scope_of(stored);
        formats::span_json_pretty(
            resource.and_then(|stored| stored.resource.as_ref()),
            resource.map_or("", |stored| &stored.schema_url),
            scope.and_then(|stored| stored.scope.as_ref()),
            scope.map_or("", |stored| &stored.schema_url),
            &stored.span,
        )
    }

    fn log_detail(&self, log: &StoredLog) -> LogDetail {
        let record = &log.record;
        LogDetail {
            offset_nanos: self.offset_nanos(record.time()),
            time_unix_nano: record.time(),
            severity: SeverityClass::of(record.severity_number),
            severity_text: record.severity_text.clone(),
            body: text::cut(&record.body.as_ref().map(text::of_value).unwrap_or_default(), MAX_VALUE_BYTES),
            service_name: self
                .contents
                .resources
                .get(log.resource as usize)
                .map_or(model::UNKNOWN_SERVICE, |resource| resource.service_name())
                .to_owned(),
            event_name: record.event_name.clone(),
            attributes: text::attributes(&record.attributes),
        }
    }
}

/// The whole of a text that an answer gave in part. Events and log records count by time, as they
/// are listed.
pub(crate) fn whole_text(view: &View, node: u32, part: TextPart) -> Result<String, ApiError> {
    let (node, stored) = view.span_at(node)?;
    let span = &stored.span;
    let value = |attributes: &[model::KeyValue], index: u32| {
        attributes.get(index as usize).map(|attribute| text::of_value(&attribute.value))
    };
    match part {
        TextPart::Name => Some(span.name.clone()),
        TextPart::StatusMessage => Some(span.status_message().to_owned()),
        TextPart::Attribute(index) => value(&span.attributes, index),
        TextPart::ResourceAttribute(index) => view
            .resource_of(stored)
            .and_then(|stored| stored.resource.as_ref())
            .and_then(|resource| value(&resource.attributes, index)),
        TextPart::EventAttribute(event, index) => {
            events_by_time(span).get(event as usize).and_then(|event| value(&event.attributes, index))
        }
        TextPart::LogBody(index) => view
            .logs_of(node.span_id())
            .nth(index as usize)
            .map(|log| log.record.body.as_ref().map(text::of_value).unwrap_or_default()),
        TextPart::Raw => Some(view.raw(stored)),
    }
    .ok_or_else(|| no_span("the span has no such text"))
}

fn no_span(sentence: &str) -> ApiError {
    ApiError::new(ErrorCode::NotFound, sentence)
}

fn events_by_time(span: &Span) -> Vec<&Event> {
    let mut events: Vec<&Event> = span.events.iter().collect();
    events.sort_by_key(|event| event.time_unix_nano);
    events
}

fn event_detail(span: &Span, event: &Event) -> EventDetail {
    let text_of = |key| {
        let whole = find(&event.attributes, key).map(text::of_value).unwrap_or_default();
        text::beginning(&whole, MAX_EXCEPTION_BYTES).to_owned()
    };
    let is_exception = event.name == "exception"
        || find(&event.attributes, "exception.type").is_some()
        || find(&event.attributes, "exception.stacktrace").is_some();
    EventDetail {
        name: event.name.clone(),
        since_span_start_nanos: offset_nanos(span.start_unix_nano, event.time_unix_nano),
        time_unix_nano: event.time_unix_nano,
        attributes: text::attributes(&event.attributes),
        dropped_attributes_count: event.dropped_attributes_count,
        exception: is_exception.then(|| ["exception.type", "exception.message", "exception.stacktrace"].map(text_of)),
    }
}

fn link_detail(link: &Link, targets: &HashMap<TraceId, String>) -> LinkDetail {
    let target = TraceId::from_slice(&link.trace_id).and_then(|trace_id| targets.get(&trace_id));
    LinkDetail {
        trace_id: text::hex(&link.trace_id),
        span_id: text::hex(&link.span_id),
        is_stored: target.is_some(),
        target: target.cloned().unwrap_or_default(),
        attributes: text::attributes(&link.attributes),
    }
}

fn scope_detail(stored: &StoredScope) -> ScopeDetail {
    let scope = stored.scope.as_ref();
    ScopeDetail {
        name: scope.map(|scope| scope.name.clone()).unwrap_or_default(),
        version: scope.map(|scope| scope.version.clone()).unwrap_or_default(),
        attributes: scope.map(|scope| text::attributes(&scope.attributes)).unwrap_or_default(),
        schema_url: stored.schema_url.clone(),
    }
}
