//! Requests in two.

use model::{
    LogsData, MetricsData, ResourceLogs, ResourceMetrics, ResourceSpans, ScopeLogs, ScopeMetrics, ScopeSpans, Signal,
    TracesData,
};

/// A request that can be told apart into smaller ones with the same items.
pub(crate) trait Split: Sized {
    /// What it carries.
    const SIGNAL: Signal;

    /// Spans, log records or metrics.
    fn items(&self) -> usize;

    /// The first `count` items, and the rest.
    fn split_at(self, count: usize) -> (Self, Self);

    /// In protobuf.
    fn encode(&self) -> Vec<u8>;
}

/// Tells a list apart by the items within its elements: whole elements to either side, and the one
/// across the border in two.
fn split_list<T>(
    list: Vec<T>,
    mut count: usize,
    items: impl Fn(&T) -> usize,
    split: impl Fn(T, usize) -> (T, T),
) -> (Vec<T>, Vec<T>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for element in list {
        let here = items(&element);
        if count >= here {
            count -= here;
            first.push(element);
        } else if count == 0 {
            rest.push(element);
        } else {
            let (before, after) = split(element, count);
            count = 0;
            first.push(before);
            rest.push(after);
        }
    }
    (first, rest)
}

macro_rules! split {
    ($data:ident, $signal:expr, $encode:path, $by_resource:ident: $resource:ident, $by_scope:ident: $scope:ident, $items:ident) => {
        impl Split for $data {
            const SIGNAL: Signal = $signal;

            fn items(&self) -> usize {
                self.$by_resource.iter().flat_map(|of| &of.$by_scope).map(|of| of.$items.len()).sum()
            }

            fn split_at(self, count: usize) -> (Self, Self) {
                let in_scope = |of: &$scope| of.$items.len();
                let in_resource = |of: &$resource| of.$by_scope.iter().map(in_scope).sum::<usize>();
                let split_scope = |mut of: $scope, count: usize| {
                    let rest = of.$items.split_off(count);
                    let rest = $scope { $items: rest, scope: of.scope.clone(), schema_url: of.schema_url.clone() };
                    (of, rest)
                };
                let split_resource = |of: $resource, count: usize| {
                    let (first, rest) = split_list(of.$by_scope, count, in_scope, split_scope);
                    let with = |$by_scope| $resource {
                        $by_scope,
                        resource: of.resource.clone(),
                        schema_url: of.schema_url.clone(),
                    };
                    (with(first), with(rest))
                };
                let (first, rest) = split_list(self.$by_resource, count, in_resource, split_resource);
                (Self { $by_resource: first }, Self { $by_resource: rest })
            }

            fn encode(&self) -> Vec<u8> {
                $encode(self)
            }
        }
    };
}

split!(
    TracesData,
    Signal::Traces,
    formats::encode_traces_protobuf,
    resource_spans: ResourceSpans,
    scope_spans: ScopeSpans,
    spans
);
split!(
    LogsData,
    Signal::Logs,
    formats::encode_logs_protobuf,
    resource_logs: ResourceLogs,
    scope_logs: ScopeLogs,
    log_records
);
split!(
    MetricsData,
    Signal::Metrics,
    formats::encode_metrics_protobuf,
    resource_metrics: ResourceMetrics,
    scope_metrics: ScopeMetrics,
    metrics
);

#[cfg(test)]
mod tests {
    use model::{Resource, Span};

    use super::*;

    #[test]
    fn halves_hold_the_same_spans_with_their_origins() {
        let scope = |names: &[&str]| ScopeSpans {
            spans: names.iter().map(|name| Span { name: (*name).to_owned(), ..Span::default() }).collect(),
            ..ScopeSpans::default()
        };
        let resource = |scope_spans, schema_url: &str| ResourceSpans {
            resource: Some(Resource::default()),
            scope_spans,
            schema_url: schema_url.to_owned(),
        };
        let data = TracesData {
            resource_spans: vec![
                resource(vec![scope(&["a"]), scope(&["b", "c", "d"])], "one"),
                resource(vec![scope(&["e"])], "two"),
            ],
        };
        assert_eq!(data.items(), 5);
        let names = |data: &TracesData| -> Vec<String> {
            let resources = data.resource_spans.iter();
            resources
                .map(|of| {
                    let spans = of.scope_spans.iter().flat_map(|of| &of.spans);
                    format!("{}:{}", of.schema_url, spans.map(|span| &*span.name).collect::<String>())
                })
                .collect()
        };
        for count in 0..=5 {
            let (first, rest) = data.clone().split_at(count);
            assert_eq!((first.items(), rest.items()), (count, 5 - count));
            if count == 3 {
                assert_eq!(
                    (names(&first), names(&rest)),
                    (vec!["one:abc".to_owned()], vec!["one:d".to_owned(), "two:e".to_owned()])
                );
            }
        }
    }
}
