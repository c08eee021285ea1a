//! Trace requests in protobuf, decoded.

use model::{Event, Link, ResourceSpans, ScopeSpans, Span, SpanId, SpanKind, Status, StatusCode, TraceId, TracesData};

use super::{
    decode::{attribute, resource, scope, text},
    wire::{Reader, Wire},
};
use crate::reject;

/// `TracesData`, which `ExportTraceServiceRequest` is too.
pub(super) fn traces_data(bytes: &[u8]) -> Wire<TracesData> {
    let mut data = TracesData::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => data.resource_spans.push(resource_spans(fields.bytes(key)?)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(data)
}

fn resource_spans(bytes: &[u8]) -> Wire<ResourceSpans> {
    let mut spans = ResourceSpans::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => resource(spans.resource.get_or_insert_default(), fields.bytes(key)?)?,
            2 => spans.scope_spans.push(scope_spans(fields.bytes(key)?)?),
            3 => spans.schema_url = text(fields.bytes(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(spans)
}

fn scope_spans(bytes: &[u8]) -> Wire<ScopeSpans> {
    let mut spans = ScopeSpans::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => scope(spans.scope.get_or_insert_default(), fields.bytes(key)?)?,
            2 => spans.spans.push(span(fields.bytes(key)?)?),
            3 => spans.schema_url = text(fields.bytes(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(spans)
}

/// `Span`. Where it is refused, both ids are zero.
fn span(bytes: &[u8]) -> Wire<Span> {
    let mut span = Span::default();
    let (mut trace_id, mut span_id): (&[u8], &[u8]) = (&[], &[]);
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => trace_id = fields.bytes(key)?,
            2 => span_id = fields.bytes(key)?,
            3 => span.trace_state = text(fields.bytes(key)?),
            4 => span.parent_span_id = fields.bytes(key)?.to_vec(),
            5 => span.name = text(fields.bytes(key)?),
            6 => span.kind = SpanKind(fields.int32(key)?),
            7 => span.start_unix_nano = fields.fixed64(key)?,
            8 => span.end_unix_nano = fields.fixed64(key)?,
            9 => span.attributes.push(attribute(fields.bytes(key)?)?),
            10 => span.dropped_attributes_count = fields.uint32(key)?,
            11 => span.events.push(event(fields.bytes(key)?)?),
            12 => span.dropped_events_count = fields.uint32(key)?,
            13 => span.links.push(link(fields.bytes(key)?)?),
            14 => span.dropped_links_count = fields.uint32(key)?,
            15 => status(span.status.get_or_insert_default(), fields.bytes(key)?)?,
            16 => span.flags = fields.fixed32(key)?,
            _ => fields.skip(key)?,
        }
    }
    if reject::span_ids(trace_id, span_id).is_none() {
        span.trace_id = TraceId::from_slice(trace_id).unwrap_or_default();
        span.span_id = SpanId::from_slice(span_id).unwrap_or_default();
    }
    Ok(span)
}

/// Merges `Status`.
fn status(status: &mut Status, bytes: &[u8]) -> Wire<()> {
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            2 => status.message = text(fields.bytes(key)?),
            3 => status.code = StatusCode(fields.int32(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(())
}

/// `Span.Event`.
fn event(bytes: &[u8]) -> Wire<Event> {
    let mut event = Event::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => event.time_unix_nano = fields.fixed64(key)?,
            2 => event.name = text(fields.bytes(key)?),
            3 => event.attributes.push(attribute(fields.bytes(key)?)?),
            4 => event.dropped_attributes_count = fields.uint32(key)?,
            _ => fields.skip(key)?,
        }
    }
    Ok(event)
}

/// `Span.Link`.
fn link(bytes: &[u8]) -> Wire<Link> {
    let mut link = Link::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => link.trace_id = fields.bytes(key)?.to_vec(),
            2 => link.span_id = fields.bytes(key)?.to_vec(),
            3 => link.trace_state = text(fields.bytes(key)?),
            4 => link.attributes.push(attribute(fields.bytes(key)?)?),
            5 => link.dropped_attributes_count = fields.uint32(key)?,
            6 => link.flags = fields.fixed32(key)?,
            _ => fields.skip(key)?,
        }
    }
    Ok(link)
}
