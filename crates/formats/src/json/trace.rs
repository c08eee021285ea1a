//! Trace requests in OTLP/JSON, decoded.

use model::{Event, Link, ResourceSpans, ScopeSpans, Span, SpanId, SpanKind, Status, StatusCode, TraceId};

use super::parser::{Json, Parser};
use crate::reject;

const KINDS: [&str; 6] = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const CODES: [&str; 3] = ["UNSET", "OK", "ERROR"];

impl Parser<'_> {
    /// `ResourceSpans`.
    pub(super) fn resource_spans(&mut self) -> Json<Option<ResourceSpans>> {
        let mark = self.mark();
        self.message(|p, spans: &mut ResourceSpans, key| {
            match key {
                "resource" => spans.resource = p.resource()?,
                "scopeSpans" => {
                    p.forget_since(mark);
                    spans.scope_spans = p.list(Self::scope_spans)?;
                }
                "schemaUrl" => spans.schema_url = p.text()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn scope_spans(&mut self) -> Json<Option<ScopeSpans>> {
        let mark = self.mark();
        self.message(|p, spans: &mut ScopeSpans, key| {
            match key {
                "scope" => spans.scope = p.scope()?,
                "spans" => {
                    p.forget_since(mark);
                    spans.spans = p.list(Self::span)?;
                }
                "schemaUrl" => spans.schema_url = p.text()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    /// `Span`. Where it is refused, both ids are zero.
    fn span(&mut self) -> Json<Option<Span>> {
        self.item(Self::span_fields, |span| {
            span.trace_id = TraceId::ZERO;
            span.span_id = SpanId::ZERO;
        })
    }

    fn span_fields(&mut self) -> Json<Option<(Span, Option<model::RejectReason>)>> {
        let (mut trace_id, mut span_id) = (Vec::new(), Vec::new());
        let span = self.message(|p, span: &mut Span, key| {
            match key {
                "traceId" => trace_id = p.id(16)?,
                "spanId" => span_id = p.id(8)?,
                "traceState" => span.trace_state = p.text()?,
                "parentSpanId" => span.parent_span_id = p.id(8)?,
                "flags" => span.flags = p.integer()?,
                "name" => span.name = p.text()?,
                "kind" => span.kind = SpanKind(p.enumeration("SPAN_KIND_", &KINDS)?),
                "startTimeUnixNano" => span.start_unix_nano = p.time()?,
                "endTimeUnixNano" => span.end_unix_nano = p.time()?,
                "attributes" => span.attributes = p.attributes()?,
                "droppedAttributesCount" => span.dropped_attributes_count = p.integer()?,
                "events" => span.events = p.list(Self::event)?,
                "droppedEventsCount" => span.dropped_events_count = p.integer()?,
                "links" => span.links = p.list(Self::link)?,
                "droppedLinksCount" => span.dropped_links_count = p.integer()?,
                "status" => span.status = p.status()?,
                _ => p.unknown()?,
            }
            Ok(())
        })?;
        Ok(span.map(|mut span| {
            span.trace_id = TraceId::from_slice(&trace_id).unwrap_or_default();
            span.span_id = SpanId::from_slice(&span_id).unwrap_or_default();
            (span, reject::span_ids(&trace_id, &span_id))
        }))
    }

    fn status(&mut self) -> Json<Option<Status>> {
        self.message(|p, status: &mut Status, key| {
            match key {
                "message" => status.message = p.text()?,
                "code" => status.code = StatusCode(p.enumeration("STATUS_CODE_", &CODES)?),
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn event(&mut self) -> Json<Option<Event>> {
        self.message(|p, event: &mut Event, key| {
            match key {
                "timeUnixNano" => event.time_unix_nano = p.time()?,
                "name" => event.name = p.text()?,
                "attributes" => event.attributes = p.attributes()?,
                "droppedAttributesCount" => event.dropped_attributes_count = p.integer()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn link(&mut self) -> Json<Option<Link>> {
        self.message(|p, link: &mut Link, key| {
            match key {
                "traceId" => link.trace_id = p.id(16)?,
                "spanId" => link.span_id = p.id(8)?,
                "traceState" => link.trace_state = p.text()?,
                "attributes" => link.attributes = p.attributes()?,
                "droppedAttributesCount" => link.dropped_attributes_count = p.integer()?,
                "flags" => link.flags = p.integer()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }
}
