//! Metrics of a service as an SDK exports them: series that walk from one export to the next.

use model::{
    AggregationTemporality, Exemplar, Gauge, Histogram, HistogramPoint, KeyValue, Metric, MetricData, Number,
    NumberPoint, Sum,
};

use super::{
    attributes::Attributes,
    chance::{favour, long_tailed, zipf},
    operations,
    services::{Language, SERVICES, Speaks},
    spans::Sent,
};
use crate::{Random, START_UNIX_NANO};

const CUMULATIVE: AggregationTemporality = AggregationTemporality(2);

/// Bounds of durations in seconds, as the semantic conventions advise.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// How the series of a metric walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// A count that only rises, by about so many each time that anything happens.
    Count { by: u64 },
    /// Seconds that only rise, by about so many milliseconds.
    Seconds { by: u64 },
    /// A number that goes up and down by up to so many, and not below zero.
    Level { by: u64 },
    /// An integer gauge of the same kind.
    Gauge { by: u64 },
    /// A share from 0 to 1.
    Share,
    /// Durations with this median in microseconds.
    Durations { median: u64 },
}

/// A metric with its series.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    unit: &'static str,
    walk: Walk,
    pub(super) series: Vec<Series>,
}

/// One series and where it stands.
#[derive(Debug)]
pub(super) struct Series {
    attributes: Vec<KeyValue>,
    /// In how many of 100 exports it has moved.
    busy: u64,
    /// The count, the level, the share in ten thousandths or the sum in microseconds.
    value: u64,
    buckets: [u64; SECONDS.len() + 1],
    range: Option<(u64, u64)>,
}

impl Series {
    fn new(random: &mut Random, walk: Walk, attributes: Attributes) -> Self {
        let busy = favour(random, &[95, 60, 30, 8, 2, 0]);
        let value = match walk {
            Walk::Count { by } | Walk::Seconds { by } | Walk::Level { by } | Walk::Gauge { by } => {
                long_tailed(random, 30 * by, 3)
            }
            Walk::Share => random.below(10_001),
            Walk::Durations { .. } => 0,
        };
        Self { attributes: attributes.list(), busy, value, buckets: Default::default(), range: None }
    }

    fn walk(&mut self, random: &mut Random, walk: Walk) {
        if !random.percent(self.busy) {
            return;
        }
        match walk {
            Walk::Count { by } | Walk::Seconds { by } => self.value += long_tailed(random, by, 3),
            Walk::Level { by } | Walk::Gauge { by } => {
                self.value = (self.value + random.below(by + 1)).saturating_sub(random.below(by + 1));
            }
            Walk::Share => {
                self.value = (self.value + random.below(201)).saturating_sub(random.below(201)).min(10_000);
            }
            Walk::Durations { median } => {
                for _ in 0..=zipf(random, 24) {
                    let micros = long_tailed(random, median, 3);
                    let bucket = SECONDS.partition_point(|bound| *bound < micros as f64 / 1e6);
                    self.buckets[bucket] += 1;
                    self.value += micros;
                    let (least, most) = self.range.unwrap_or((micros, micros));
                    self.range = Some((least.min(micros), most.max(micros)));
                }
            }
        }
    }

    fn number(&self, walk: Walk, time: u64) -> NumberPoint {
        let value = match walk {
            Walk::Seconds { .. } => Number::Double(self.value as f64 / 1e3),
            Walk::Share => Number::Double(self.value as f64 / 1e4),
            _ => Number::Int(self.value as i64),
        };
        let is_gauge = matches!(walk, Walk::Gauge { .. } | Walk::Share);
        NumberPoint {
            attributes: self.attributes.clone(),
            start_time_unix_nano: if is_gauge { 0 } else { START_UNIX_NANO },
            time_unix_nano: time,
            value: Some(value),
            ..NumberPoint::default()
        }
    }

    fn histogram(&self, time: u64, exemplars: Vec<Exemplar>) -> HistogramPoint {
        let seconds = |micros: u64| micros as f64 / 1e6;
        HistogramPoint {
            attributes: self.attributes.clone(),
            start_time_unix_nano: START_UNIX_NANO,
            time_unix_nano: time,
            count: self.buckets.iter().sum(),
            sum: Some(seconds(self.value)),
            bucket_counts: self.buckets.to_vec(),
            explicit_bounds: SECONDS.to_vec(),
            exemplars,
            flags: 0,
            min: self.range.map(|(least, _)| seconds(least)),
            max: self.range.map(|(_, most)| seconds(most)),
        }
    }
}

impl Family {
    /// The points of some of the series at this time, each one export further on. Of thirty busy
    /// histograms one has an exemplar, of one of these spans.
    pub(super) fn export(
        &mut self,
        random: &mut Random,
        which: std::ops::Range<usize>,
        time: u64,
        spans: &Sent,
    ) -> Metric {
        let walk = self.walk;
        let series = &mut self.series[which];
        series.iter_mut().for_each(|series| series.walk(random, walk));
        let numbers = |series: &[Series]| series.iter().map(|series| series.number(walk, time)).collect();
        let data = match walk {
            Walk::Count { .. } | Walk::Seconds { .. } | Walk::Level { .. } => MetricData::Sum(Sum {
                data_points: numbers(series),
                aggregation_temporality: CUMULATIVE,
                is_monotonic: !matches!(walk, Walk::Level { .. }),
            }),
            Walk::Gauge { .. } | Walk::Share => MetricData::Gauge(Gauge { data_points: numbers(series) }),
            Walk::Durations { .. } => {
                let point = |series: &Series| {
                    let shown = series.range.filter(|_| random.below(30) == 0);
                    series.histogram(time, shown.and_then(|of| exemplar(random, of, time, spans)).into_iter().collect())
                };
                let data_points = series.iter().map(point).collect();
                MetricData::Histogram(Histogram { data_points, aggregation_temporality: CUMULATIVE })
            }
        };
        let description = format!("{} of the service", self.name.replace(['.', '_'], " "));
        Metric {
            name: self.name.to_owned(),
            description,
            unit: self.unit.to_owned(),
            data: Some(data),
            metadata: vec![],
        }
    }
}

/// A duration from the range, measured in one of these spans.
fn exemplar(random: &mut Random, (least, most): (u64, u64), time: u64, spans: &Sent) -> Option<Exemplar> {
    let (trace_id, span_id) = spans.get(random.below(spans.len() as u64) as usize)?;
    Some(Exemplar {
        filtered_attributes: Vec::new(),
        time_unix_nano: time - random.below(10_000_000_000),
        value: Some(Number::Double(random.between(least, most) as f64 / 1e6)),
        span_id: span_id.0.to_vec(),
        trace_id: trace_id.0.to_vec(),
    })
}

/// All metrics of a service before its first export.
pub(super) fn families(random: &mut Random, service: usize) -> Vec<Family> {
    let mut families = vec![
        family(random, "process.cpu.time", "s", Walk::Seconds { by: 900 }, each("cpu.mode", &["user", "system"])),
        family(random, "process.memory.usage", "By", Walk::Level { by: 4 << 20 }, vec![none()]),
        family(random, "process.open_file_descriptor.count", "1", Walk::Gauge { by: 3 }, vec![none()]),
        family(random, "system.cpu.utilization", "1", Walk::Share, each("cpu.mode", &["user", "system", "iowait"])),
        family(random, "db.client.connection.count", "1", Walk::Level { by: 2 }, each("state", &["idle", "used"])),
        family(random, "app.cache.requests", "1", Walk::Count { by: 200 }, each("cache.result", &["hit", "miss"])),
        family(random, "app.queue.lag", "1", Walk::Gauge { by: 40 }, each("partition", &["0", "1", "2", "3", "4"])),
        family(random, "app.orders", "1", Walk::Count { by: 3 }, each("app.region", &["eu-west-1", "us-east-1"])),
    ];
    families.extend(runtime(random, SERVICES[service].language));
    let (served, called) = match SERVICES[service].speaks {
        Speaks::Http => ("http.server.request.duration", "http.client.request.duration"),
        Speaks::Grpc => ("rpc.server.call.duration", "rpc.client.call.duration"),
    };
    families.push(family(random, served, "s", Walk::Durations { median: 40_000 }, endpoints(service)));
    families.push(family(
        random,
        called,
        "s",
        Walk::Durations { median: 20_000 },
        endpoints((service + 1) % SERVICES.len()),
    ));
    let statements = statements(service);
    families.push(family(random, "db.client.operation.duration", "s", Walk::Durations { median: 4_000 }, statements));
    families.retain(|family| !family.series.is_empty());
    families
}

fn family(random: &mut Random, name: &'static str, unit: &'static str, walk: Walk, series: Vec<Attributes>) -> Family {
    let series = series.into_iter().map(|attributes| Series::new(random, walk, attributes)).collect();
    Family { name, unit, walk, series }
}

/// What the runtime of a language says of itself.
fn runtime(random: &mut Random, language: Language) -> Vec<Family> {
    match language {
        Language::Java => {
            let pools = ["G1 Eden Space", "G1 Old Gen", "G1 Survivor Space", "Metaspace", "CodeCache"];
            vec![
                family(
                    random,
                    "jvm.memory.used",
                    "By",
                    Walk::Level { by: 8 << 20 },
                    each("jvm.memory.pool.name", &pools),
                ),
                family(
                    random,
                    "jvm.thread.count",
                    "1",
                    Walk::Level { by: 2 },
                    each("jvm.thread.daemon", &["yes", "no"]),
                ),
                family(random, "jvm.gc.duration", "s", Walk::Durations { median: 9_000 }, vec![none()]),
            ]
        }
        Language::Go => vec![
            family(
                random,
                "go.memory.used",
                "By",
                Walk::Level { by: 2 << 20 },
                each("go.memory.type", &["stack", "other"]),
            ),
            family(random, "go.goroutine.count", "1", Walk::Level { by: 30 }, vec![none()]),
        ],
        Language::Dotnet => vec![
            family(
                random,
                "dotnet.gc.collections",
                "1",
                Walk::Count { by: 2 },
                each("gc.generation", &["0", "1", "2"]),
            ),
            family(random, "dotnet.thread_pool.queue.length", "1", Walk::Level { by: 4 }, vec![none()]),
        ],
        Language::Nodejs => vec![
            family(random, "nodejs.eventloop.utilization", "1", Walk::Share, vec![none()]),
            family(
                random,
                "v8js.memory.heap.used",
                "By",
                Walk::Gauge { by: 1 << 20 },
                each("space", &["new", "old", "code"]),
            ),
        ],
        _ => vec![family(random, "process.thread.count", "1", Walk::Level { by: 2 }, vec![none()])],
    }
}

fn none() -> Attributes {
    Attributes::with_capacity(0)
}

/// A series for each value of one attribute.
fn each(key: &str, values: &[&str]) -> Vec<Attributes> {
    let one = |value: &&str| {
        let mut attributes = Attributes::with_capacity(1);
        attributes.text(key, value);
        attributes
    };
    values.iter().map(one).collect()
}

/// A series for each endpoint and status.
fn endpoints(service: usize) -> Vec<Attributes> {
    let mut all = Vec::new();
    for endpoint in &operations::of(service).endpoints {
        for failed in [false, true] {
            let mut attributes = Attributes::with_capacity(5);
            if SERVICES[service].speaks == Speaks::Grpc {
                attributes.text("rpc.system", "grpc");
                attributes.text("rpc.service", &endpoint.route);
                attributes.text("rpc.method", &endpoint.method);
                attributes.int("rpc.grpc.status_code", if failed { 14 } else { 0 });
            } else {
                attributes.text("http.request.method", &endpoint.method);
                attributes.text("http.route", &endpoint.route);
                attributes.int("http.response.status_code", if failed { 500 } else { endpoint.status });
                attributes.text("url.scheme", "https");
            }
            attributes.text("server.address", SERVICES[service].name);
            all.push(attributes);
        }
    }
    all
}

/// A series for each statement of a table.
fn statements(service: usize) -> Vec<Attributes> {
    let one = |statement: &operations::Statement| {
        let mut attributes = Attributes::with_capacity(3);
        attributes.text("db.operation.name", statement.verb);
        attributes.text("db.collection.name", &statement.table);
        attributes.text("db.namespace", SERVICES[service].namespace);
        attributes
    };
    // Those further on are further statements of the same tables and verbs.
    let statements = &operations::of(service).statements;
    let first = |position: usize| {
        let same = |other: &operations::Statement| other.name == statements[position].name;
        statements.iter().position(same) == Some(position)
    };
    statements.iter().enumerate().filter(|(position, _)| first(*position)).map(|(_, of)| one(of)).collect()
}
