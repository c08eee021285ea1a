//! Spans counted as they pass.

use aggregate::{Aggregates, Observation, Origin, OriginId, weight_of};
use model::{Resource, SpanKind, StatusCode};
use sampling::upstream_weight;
use segment::{Batch, Passing};

use super::MINUTE_NANOS;
use crate::segments::http_statuses;

/// A response of HTTP from this status on is an error of whoever answered: 4xx is one of whoever asked, and says
/// nothing of how an operation does.
const FIRST_HTTP_FAILURE: i64 = 500;
/// A span that starts further before its arrival than aggregates are kept, or further after it, counts when it
/// arrives: its clock is wrong. 30 days and a day.
const BEFORE_ARRIVAL_NANOS: u64 = 30 * 86_400 * 1_000_000_000;
const AFTER_ARRIVAL_NANOS: u64 = 86_400 * 1_000_000_000;

/// Counts the spans of batches.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) aggregates: Aggregates,
    /// By origin of the batch.
    origins: Vec<OriginId>,
}

impl Counting {
    /// Begins with the spans of this batch.
    pub(crate) fn begin(&mut self, batch: &Batch<'_>) {
        self.origins.clear();
        for resource in batch.resources() {
            let text = |key| resource.as_ref().and_then(|resource| model::find(&resource.attributes, key)?.as_str());
            let origin = Origin {
                namespace: text("service.namespace").unwrap_or_default(),
                service: resource.as_ref().map_or(model::UNKNOWN_SERVICE, Resource::service_name),
                environment: resource.as_ref().and_then(Resource::environment).unwrap_or_default(),
                version: text("service.version").unwrap_or_default(),
            };
            self.origins.push(self.aggregates.origin(origin));
        }
    }

    /// Counts a span.
    pub(crate) fn add(&mut self, passing: &Passing<'_, '_>) {
        let Some(origin) = self.origins.get(passing.origin as usize) else { return };
        let span = passing.span;
        let received = passing.request.received_at_unix_nano;
        let is_near = span.start_unix_nano.saturating_add(BEFORE_ARRIVAL_NANOS) >= received
            && span.start_unix_nano <= received.saturating_add(AFTER_ARRIVAL_NANOS);
        let counted_at = if is_near { span.start_unix_nano } else { received };
        let weight = match span.trace_state {
            [] => None,
            state => std::str::from_utf8(state).ok().and_then(upstream_weight),
        };
        let is_error = span.status.is_some_and(|(code, _)| StatusCode(code) == StatusCode::ERROR)
            || http_statuses(span).any(|status| status >= FIRST_HTTP_FAILURE);
        self.aggregates.add(&Observation {
            start_minute: u32::try_from(counted_at / MINUTE_NANOS).unwrap_or(u32::MAX),
            origin: *origin,
            operation: &String::from_utf8_lossy(span.name),
            kind: SpanKind(span.kind),
            is_error,
            duration_nanos: span.end_unix_nano.saturating_sub(span.start_unix_nano),
            weight: weight_of(weight),
        });
    }
}
