//! Trace requests encoded in protobuf.

use model::{Event, Link, ResourceSpans, ScopeSpans, Span, Status, TracesData};

use super::{
    encode::{attributes, resource, scope},
    wire::Writer,
};

/// `TracesData`.
pub(super) fn traces_data(w: &mut Writer, data: &TracesData) {
    for spans in &data.resource_spans {
        w.message(1, |w| resource_spans(w, spans));
    }
}

fn resource_spans(w: &mut Writer, spans: &ResourceSpans) {
    if let Some(of) = &spans.resource {
        w.message(1, |w| resource(w, of));
    }
    for spans in &spans.scope_spans {
        w.message(2, |w| scope_spans(w, spans));
    }
    w.bytes(3, &spans.schema_url);
}

fn scope_spans(w: &mut Writer, spans: &ScopeSpans) {
    if let Some(of) = &spans.scope {
        w.message(1, |w| scope(w, of));
    }
    for item in &spans.spans {
        w.message(2, |w| span(w, item));
    }
    w.bytes(3, &spans.schema_url);
}

/// `Span`.
pub(crate) fn span(w: &mut Writer, span: &Span) {
    w.bytes(1, span.trace_id.0);
    w.bytes(2, span.span_id.0);
    w.bytes(3, &span.trace_state);
    w.bytes(4, &span.parent_span_id);
    w.bytes(5, &span.name);
    w.int32(6, span.kind.0);
    w.fixed64(7, span.start_unix_nano);
    w.fixed64(8, span.end_unix_nano);
    attributes(w, 9, &span.attributes);
    w.uint(10, span.dropped_attributes_count);
    for item in &span.events {
        w.message(11, |w| event(w, item));
    }
    w.uint(12, span.dropped_events_count);
    for item in &span.links {
        w.message(13, |w| link(w, item));
    }
    w.uint(14, span.dropped_links_count);
    if let Some(of) = &span.status {
        w.message(15, |w| status(w, of));
    }
    w.fixed32(16, span.flags);
}

fn status(w: &mut Writer, status: &Status) {
    w.bytes(2, &status.message);
    w.int32(3, status.code.0);
}

fn event(w: &mut Writer, event: &Event) {
    w.fixed64(1, event.time_unix_nano);
    w.bytes(2, &event.name);
    attributes(w, 3, &event.attributes);
    w.uint(4, event.dropped_attributes_count);
}

fn link(w: &mut Writer, link: &Link) {
    w.bytes(1, &link.trace_id);
    w.bytes(2, &link.span_id);
    w.bytes(3, &link.trace_state);
    attributes(w, 4, &link.attributes);
    w.uint(5, link.dropped_attributes_count);
    w.fixed32(6, link.flags);
}
