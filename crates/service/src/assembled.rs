//! A trace as the command line prints it.

use analysis::Node;
use api::{AssembledTrace, SpanRecord};
use model::{KeyValue, SeverityClass};
use store::{StoredResource, StoredScope};

use crate::{
    text::hex,
    view::{View, oddities},
};

/// All spans of a view, in the order of the tree.
pub(crate) fn trace(view: &View) -> AssembledTrace {
    let root = view.trace.longest_root();
    AssembledTrace {
        trace_id: view.trace_id(),
        root_service: root.and_then(|root| view.service_name(root)).unwrap_or_default().to_owned(),
        root_name: root.and_then(|root| view.span_of(root)).map(|root| root.span.name.clone()).unwrap_or_default(),
        start_unix_nano: view.trace.start_unix_nano(),
        duration_nanos: view.trace.duration_nanos(),
        error_count: view.trace.error_count().into(),
        services: view.services.clone(),
        missing_count: view.trace.missing_count().into(),
        spans: view.trace.nodes().filter_map(|node| record(view, node)).collect(),
    }
}

/// `None` for a span that has not arrived.
pub(crate) fn record(view: &View, node: Node<'_>) -> Option<SpanRecord> {
    let stored = view.span_of(node)?;
    let span = &stored.span;
    let resource: Option<&StoredResource> = view.contents.resources.get(stored.resource as usize).map(AsRef::as_ref);
    let scope: Option<&StoredScope> = view.contents.scopes.get(stored.scope as usize).map(AsRef::as_ref);
    let attributes_of_resource = |stored: &StoredResource| -> Vec<KeyValue> {
        stored.resource.as_ref().map(|resource| resource.attributes.clone()).unwrap_or_default()
    };
    Some(SpanRecord {
        span_id: span.span_id,
        parent_span_id: hex(&span.parent_span_id),
        depth: node.depth(),
        service: view.service_name(node).unwrap_or_default().to_owned(),
        name: span.name.clone(),
        kind: span.kind,
        status: span.status_code(),
        status_message: span.status_message().to_owned(),
        start_unix_nano: span.start_unix_nano,
        duration_nanos: node.duration_nanos(),
        self_nanos: node.self_nanos(),
        critical_nanos: node.critical_nanos(),
        attributes: span.attributes.clone(),
        resource: resource.map(attributes_of_resource).unwrap_or_default(),
        scope: scope
            .and_then(|stored| stored.scope.as_ref())
            .map(|scope| (scope.name.clone(), scope.version.clone()))
            .unwrap_or_default(),
        events: span
            .events
            .iter()
            .map(|event| (event.time_unix_nano, event.name.clone(), event.attributes.clone()))
            .collect(),
        links: span
            .links
            .iter()
            .map(|link| (hex(&link.trace_id), hex(&link.span_id), link.attributes.clone()))
            .collect(),
        logs: view
            .logs_of(span.span_id)
            .map(|log| {
                let record = &log.record;
                let severity = SeverityClass::of(record.severity_number);
                (record.time(), severity, record.body.clone().unwrap_or_default(), record.attributes.clone())
            })
            .collect(),
        oddities: oddities(node),
    })
}
