//! Spans counted as they pass.

use aggregate::{Aggregates, Observation, Origin, OriginId, weight_of};
use model::{Resource, SpanKind};
use segment::{Batch, Passing};

use super::Seen;

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
                namespace: resource.as_ref().map(Resource::service_namespace).unwrap_or_default(),
                service: resource.as_ref().map_or(model::UNKNOWN_SERVICE, Resource::service_name),
                environment: resource.as_ref().and_then(Resource::environment).unwrap_or_default(),
                version: text("service.version").unwrap_or_default(),
            };
            self.origins.push(self.aggregates.origin(origin));
        }
    }

    /// Counts a span.
    pub(crate) fn add(&mut self, passing: &Passing<'_, '_>, seen: &Seen) {
        let Some(origin) = self.origins.get(passing.origin as usize) else { return };
        let span = passing.span;
        self.aggregates.add(&Observation {
            start_minute: seen.minute,
            origin: *origin,
            operation: &String::from_utf8_lossy(span.name),
            kind: SpanKind(span.kind),
            is_error: seen.is_error,
            duration_nanos: span.end_unix_nano.saturating_sub(span.start_unix_nano),
            weight: weight_of(seen.adjusted_count),
        });
    }
}
