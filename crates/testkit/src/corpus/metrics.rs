//! Metric points of all services, export after export.

use model::{MetricsData, ResourceMetrics, Scope, ScopeMetrics};

use super::{
    SCHEMA, SERVICES,
    series::{self, Family},
    services,
    spans::Sent,
    story::{self, Story},
};
use crate::{Random, START_UNIX_NANO};

/// How often every service exports.
const EVERY_NANOS: u64 = 10_000_000_000;

/// Exports of the same services as those of [`requests`](super::requests) every 10 seconds, together
/// exactly `points_total` points. As from a Collector that batches, a request has
/// `points_per_request` points, of one service after the other, and the last has what remains.
///
/// Counters rise, gauges drift, many values repeat; a few histograms have exemplars, which are of
/// traces of the same seed.
pub fn metrics(seed: u64, points_total: usize, points_per_request: usize) -> impl Iterator<Item = MetricsData> {
    let mut exports = Exports::new(seed, story::stories(seed));
    let mut left = points_total;
    std::iter::from_fn(move || {
        let points = points_per_request.max(1).min(left);
        left -= points;
        (points > 0).then(|| exports.request(points))
    })
}

/// All services and which series comes next.
struct Exports<S> {
    random: Random,
    stories: S,
    recent: Sent,
    services: Vec<Vec<Family>>,
    time: u64,
    service: usize,
    family: usize,
    series: usize,
}

impl<S: Iterator<Item = Story>> Exports<S> {
    fn new(seed: u64, stories: S) -> Self {
        let mut random = Random::new(seed);
        let services = (0..SERVICES).map(|service| series::families(&mut random, service)).collect();
        let mut all = Self {
            random,
            stories,
            recent: Sent::new(),
            services,
            time: START_UNIX_NANO,
            service: 0,
            family: 0,
            series: 0,
        };
        all.tick();
        all
    }

    /// The next export of all begins; exemplars are of traces that have begun since the last.
    fn tick(&mut self) {
        self.time += EVERY_NANOS;
        self.recent.clear();
        let began = self.stories.by_ref().take_while(|story| story.start < self.time);
        self.recent.extend(began.map(|story| (story.trace_id, story.span_id(0))));
    }

    fn request(&mut self, points: usize) -> MetricsData {
        let mut resource_metrics = Vec::new();
        let mut left = points;
        while left > 0 {
            let service = self.service;
            let mut metrics = Vec::new();
            while left > 0 && service == self.service {
                let family = &mut self.services[service][self.family];
                let to = family.series.len().min(self.series + left);
                left -= to - self.series;
                metrics.push(family.export(&mut self.random, self.series..to, self.time, &self.recent));
                self.series = to;
                self.advance();
            }
            let name = services::scope_name(service, "metrics");
            let scope = Scope { name, version: "2.20.1".to_owned(), ..Scope::default() };
            resource_metrics.push(ResourceMetrics {
                resource: Some(services::resource(service, 0)),
                scope_metrics: vec![ScopeMetrics { scope: Some(scope), metrics, schema_url: SCHEMA.to_owned() }],
                schema_url: SCHEMA.to_owned(),
            });
        }
        MetricsData { resource_metrics }
    }

    /// On to the next family, service or export where one is through.
    fn advance(&mut self) {
        if self.series < self.services[self.service][self.family].series.len() {
            return;
        }
        (self.series, self.family) = (0, self.family + 1);
        if self.family < self.services[self.service].len() {
            return;
        }
        (self.family, self.service) = (0, self.service + 1);
        if self.service == SERVICES {
            self.service = 0;
            self.tick();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use formats::{Encoding, WalkLimits, WalkedRows};
    use model::{HistogramPoint, Metric, MetricData, Number, NumberPoint, Signal};

    use super::*;

    const POINTS: usize = 30_000;

    /// Service and metric.
    fn all(requests: &[MetricsData]) -> impl Iterator<Item = (&str, &Metric)> {
        requests.iter().flat_map(|request| &request.resource_metrics).flat_map(|of| {
            let service = of.resource.as_ref().expect("a resource").service_name();
            of.scope_metrics.iter().flat_map(|of| &of.metrics).map(move |metric| (service, metric))
        })
    }

    #[test]
    fn metrics_are_always_the_same_and_none_is_refused() {
        let requests: Vec<_> = metrics(1, POINTS + 100, 512).collect();
        assert!(metrics(1, POINTS + 100, 512).eq(requests.iter().cloned()));
        let mut sizes = Vec::new();
        let mut bytes = 0;
        for request in &requests {
            let body = formats::encode_metrics_protobuf(request);
            bytes += body.len();
            let walked =
                formats::walk(Signal::Metrics, Encoding::Protobuf, &body, &WalkLimits::default()).expect("all");
            assert!(walked.rejected.is_empty() && walked.repaired_texts + walked.unknown_fields == 0);
            let WalkedRows::Points(points) = &walked.rows else { panic!("points") };
            sizes.push(points.ordinal.len());
        }
        println!("{} bytes a point", bytes / sizes.iter().sum::<usize>());
        assert_eq!(sizes.iter().sum::<usize>(), POINTS + 100);
        assert!(sizes.iter().rev().skip(1).all(|&size| size == 512), "{sizes:?}");
        let services: HashSet<&str> = all(&requests).map(|(service, _)| service).collect();
        assert_eq!(services.len(), SERVICES);
    }

    #[test]
    fn counters_rise_many_values_repeat_and_buckets_add_up() {
        let requests: Vec<_> = metrics(1, POINTS, 512).collect();
        let mut last: HashMap<String, f64> = HashMap::new();
        let (mut again, mut same, mut exemplars, mut histograms) = (0, 0, 0, 0);
        for (service, metric) in all(&requests) {
            let points: Vec<(String, f64, bool)> = match metric.data.as_ref().expect("points") {
                MetricData::Sum(sum) => sum.data_points.iter().map(|of| numbered(of, sum.is_monotonic)).collect(),
                MetricData::Gauge(gauge) => gauge.data_points.iter().map(|of| numbered(of, false)).collect(),
                MetricData::Histogram(histogram) => {
                    let point = |of: &HistogramPoint| {
                        assert_eq!(of.bucket_counts.iter().sum::<u64>(), of.count);
                        assert_eq!((of.explicit_bounds.len(), of.bucket_counts.len()), (14, 15));
                        exemplars += of.exemplars.len();
                        histograms += 1;
                        (format!("{:?}", of.attributes), of.count as f64, true)
                    };
                    histogram.data_points.iter().map(point).collect()
                }
                other => panic!("{other:?}"),
            };
            for (attributes, value, rises) in points {
                let key = format!("{service} {} {attributes}", metric.name);
                if let Some(before) = last.insert(key, value) {
                    again += 1;
                    same += usize::from(before == value);
                    assert!(!rises || before <= value, "{service} {}: {before} then {value}", metric.name);
                }
            }
        }
        assert!(again > POINTS / 2 && (again / 5..again * 4 / 5).contains(&same), "{same} of {again} repeat");
        assert!(histograms > POINTS / 4 && exemplars > 0 && exemplars * 10 < histograms, "{exemplars} {histograms}");
    }

    fn numbered(point: &NumberPoint, rises: bool) -> (String, f64, bool) {
        let value = match point.value.expect("a value") {
            Number::Int(int) => int as f64,
            Number::Double(double) => double,
        };
        (format!("{:?}", point.attributes), value, rises)
    }
}
