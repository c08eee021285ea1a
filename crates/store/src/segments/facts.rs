//! What a segment says of each of its traces for the rules of sampling, beyond what the list of traces needs.

use std::sync::Arc;

use formats::raw::{RawAttribute, RawSpan, RawValue};
use hashbrown::HashMap;
use model::{SpanId, TraceId};
use sampling::{ProbabilityState, Randomness};
use segment::{Batch, Passing};
use serde::{Deserialize, Serialize};

use super::Parts;
use crate::thinned::SpansByService;

/// HTTP responses from this status on are errors: 4xx too.
const FIRST_HTTP_ERROR: i64 = 400;
/// The status of a response, as conventions name it now and named it before.
pub(crate) const HTTP_STATUS: [&[u8]; 2] = [b"http.response.status_code", b"http.status_code"];
/// Facts of the traces of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Facts {
    pub(crate) environments: Vec<String>,
    pub(crate) services: Vec<String>,
    /// In the order of [`Parts::traces`].
    pub(crate) traces: Vec<TraceFacts>,
}

/// Facts of a trace as far as its spans are in one segment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct TraceFacts {
    /// Index in [`Facts::environments`] of that of the span that names the trace.
    pub(crate) environment: Option<u32>,
    /// Whether a span has an HTTP status of 400 or more.
    pub(crate) has_http_error: bool,
    /// `rv` of a `tracestate`.
    pub(crate) randomness: Option<u64>,
    /// When the first of it arrived, nanoseconds since the Unix epoch.
    pub(crate) first_received_unix_nano: u64,
    /// Its spans by service, an index in [`Facts::services`].
    pub(crate) spans: Vec<(u32, u32)>,
}

impl Facts {
    /// The environment of a trace.
    pub(crate) fn environment(&self, of: &TraceFacts) -> Option<&str> {
        self.environments.get(of.environment? as usize).map(String::as_str)
    }

    /// The spans of the trace at this place.
    pub(crate) fn spans_by_service(&self, at: usize) -> SpansByService {
        let spans = self.traces.get(at).into_iter().flat_map(|of| &of.spans);
        let named = |(service, spans): &(u32, u32)| {
            let name = self.services.get(*service as usize).map(String::as_str).unwrap_or_default();
            (Arc::from(name), u64::from(*spans))
        };
        spans.map(named).collect()
    }
}

/// Facts being gathered from spans as they pass.
#[derive(Debug, Default)]
pub(crate) struct FactsBuilder {
    environments: Vec<String>,
    /// By origin of a batch.
    environment_of_origin: Vec<Option<u32>>,
    services: Vec<String>,
    service_of_origin: Vec<u32>,
    /// In the order in which they pass, each at a time.
    traces: Vec<(TraceId, Gathered)>,
}

#[derive(Debug, Default)]
struct Gathered {
    facts: TraceFacts,
    /// The environment of the first span, and where another is not of the same those of all that follow: which
    /// span names the trace is not known yet.
    environment_of_span: Vec<(SpanId, Option<u32>)>,
}

impl FactsBuilder {
    pub(crate) fn new(batch: &Batch<'_>) -> Self {
        let mut builder = Self::default();
        for resource in batch.resources() {
            let environment = resource.as_ref().and_then(model::Resource::environment);
            let environment = environment.map(|name| number(name, &mut builder.environments));
            builder.environment_of_origin.push(environment);
            let service = resource.as_ref().map_or(model::UNKNOWN_SERVICE, model::Resource::service_name);
            // As the walk names it, by which late spans are counted.
            let service = number(formats::cut_text(service), &mut builder.services);
            builder.service_of_origin.push(service);
        }
        builder
    }

    /// Notes what a span says of its trace.
    pub(crate) fn add(&mut self, passing: &Passing<'_, '_>) {
        let environment = self.environment_of_origin.get(passing.origin as usize).copied().flatten();
        if self.traces.last().is_none_or(|(trace_id, _)| *trace_id != passing.trace_id) {
            let facts = TraceFacts { first_received_unix_nano: u64::MAX, ..TraceFacts::default() };
            self.traces.push((passing.trace_id, Gathered { facts, environment_of_span: Vec::new() }));
        }
        let Some((_, gathered)) = self.traces.last_mut() else { return };
        let facts = &mut gathered.facts;
        let received = passing.request.received_at_unix_nano;
        facts.first_received_unix_nano = facts.first_received_unix_nano.min(received);
        let service = self.service_of_origin.get(passing.origin as usize).copied().unwrap_or_default();
        match facts.spans.iter_mut().find(|(known, _)| *known == service) {
            Some((_, spans)) => *spans = spans.saturating_add(1),
            None => facts.spans.push((service, 1)),
        }
        facts.has_http_error |= http_statuses(passing.span).any(|status| status >= FIRST_HTTP_ERROR);
        if facts.randomness.is_none() && !passing.span.trace_state.is_empty() {
            let state = std::str::from_utf8(passing.span.trace_state).unwrap_or_default();
            facts.randomness = ProbabilityState::parse(state).randomness.map(Randomness::bits);
        }
        // Most traces are of one environment: only where it changes do the spans need telling apart.
        let of_spans = &mut gathered.environment_of_span;
        let is_other = of_spans.last().is_none_or(|(_, last)| *last != environment);
        if (is_other || of_spans.len() > 1)
            && let Some(span_id) = SpanId::from_slice(passing.span.span_id)
        {
            of_spans.push((span_id, environment));
        }
    }

    /// The facts of the traces of a segment.
    pub(crate) fn finish(&self, parts: &Parts) -> Facts {
        let by_id: HashMap<TraceId, &Gathered> = self.traces.iter().map(|(id, gathered)| (*id, gathered)).collect();
        let of = |trace_id: TraceId, head: SpanId| {
            let Some(gathered) = by_id.get(&trace_id) else { return TraceFacts::default() };
            let of_spans = &gathered.environment_of_span;
            let of_head = of_spans.iter().find(|(span_id, _)| *span_id == head).or(of_spans.first());
            TraceFacts { environment: of_head.and_then(|(_, environment)| *environment), ..gathered.facts.clone() }
        };
        let traces = parts.traces.iter().map(|part| of(part.fragment.trace_id, part.fragment.head.span_id));
        Facts { environments: self.environments.clone(), services: self.services.clone(), traces: traces.collect() }
    }
}

fn number(name: &str, names: &mut Vec<String>) -> u32 {
    let known = names.iter().position(|known| known == name);
    let number = known.unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    });
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Status of the response of HTTP that a span is, on either side: nearly always at most one.
pub(crate) fn http_statuses(span: &RawSpan<'_>) -> impl Iterator<Item = i64> {
    let is_status = |attribute: &&RawAttribute<'_>| HTTP_STATUS.contains(&attribute.key);
    span.attributes.iter().filter(is_status).filter_map(|attribute| match attribute.value {
        RawValue::Int(status) => Some(status),
        RawValue::String(status) => std::str::from_utf8(status).unwrap_or_default().parse().ok(),
        _ => None,
    })
}

/// Whether a span is an error: of status ERROR, or a response of HTTP that is one.
pub(crate) fn is_error(span: &model::Span) -> bool {
    let is_http_error =
        |key: &[u8]| match std::str::from_utf8(key).ok().and_then(|key| model::find(&span.attributes, key)) {
            Some(model::Value::Int(status)) => *status >= FIRST_HTTP_ERROR,
            Some(model::Value::String(status)) => status.parse::<i64>().is_ok_and(|status| status >= FIRST_HTTP_ERROR),
            _ => false,
        };
    span.status_code() == model::StatusCode::ERROR || HTTP_STATUS.iter().any(|key| is_http_error(key))
}
