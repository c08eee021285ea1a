//! Log records of the services that take part in traces, and of those at rest.

use model::{LogRecord, LogsData, ResourceLogs, Scope, ScopeLogs, Value};

use super::{
    SCHEMA, SERVICES,
    attributes::Attributes,
    chance::{long_tailed, zipf},
    failures, messages,
    queues::Queues,
    services,
    shape::{Fails, Node},
    story::{self, Story},
};

/// Records as the services of [`requests`](super::requests) write them, together exactly
/// `records_total`, in requests of `records_per_request` of one service each; what remains at the
/// end comes in smaller ones.
///
/// About seven of ten belong to a span: of the same traces as those of `requests` with this seed,
/// several of each. Most are INFO; few have an exception, few a map as their body.
pub fn logs(seed: u64, records_total: usize, records_per_request: usize) -> impl Iterator<Item = LogsData> {
    let mut stories = story::stories(seed);
    let mut left = records_total;
    let mut queues = Queues::new(records_per_request);
    std::iter::from_fn(move || {
        while queues.full.is_empty() && left > 0 {
            let mut story = stories.next()?;
            let nodes = story.tree(usize::MAX);
            let records = (long_tailed(&mut story.random, 7, 2) as usize).min(left);
            left -= records;
            for _ in 0..records {
                let (service, record) = record(&mut story, &nodes);
                queues.add(service, record);
            }
            if left == 0 {
                queues.finish();
            }
        }
        queues.full.pop_front().map(|(service, pod, records)| request(service, pod, records))
    })
}

fn request(service: usize, pod: u64, log_records: Vec<LogRecord>) -> LogsData {
    let scope =
        Scope { name: services::scope_name(service, "logging"), version: "2.20.1".to_owned(), ..Scope::default() };
    LogsData {
        resource_logs: vec![ResourceLogs {
            resource: Some(services::resource(service, pod)),
            scope_logs: vec![ScopeLogs { scope: Some(scope), log_records, schema_url: SCHEMA.to_owned() }],
            schema_url: SCHEMA.to_owned(),
        }],
    }
}

/// A record of one of the spans of a trace, or of a service while the trace goes on.
fn record(story: &mut Story, nodes: &[Node]) -> (usize, LogRecord) {
    let position = zipf(&mut story.random, nodes.len());
    let node = nodes[position];
    let traced = story.random.percent(70);
    let service = if traced { node.service } else { zipf(&mut story.random, SERVICES) };
    let time = node.from + story.random.below(node.to - node.from + 1);
    let failed = traced && node.fails == Fails::Itself;
    let (severity_number, severity_text) = match story.random.below(1_000) {
        _ if failed => (17, "ERROR"),
        0..805 => (9, "INFO"),
        805..905 => (5, "DEBUG"),
        905..915 => (1, "TRACE"),
        915..975 => (13, "WARN"),
        975..998 => (17, "ERROR"),
        _ => (21, "FATAL"),
    };
    let class = severity_number / 4;
    let message = messages::draw(&mut story.random, class);
    let logger = zipf(&mut story.random, messages::LOGGERS.len());
    let mut attributes = Attributes::with_capacity(10);
    let name = services::SERVICES[service].name;
    attributes.string("logger.name", format!("{name}.{}", messages::LOGGERS[logger]));
    attributes.string("thread.name", format!("worker-{}", story.random.below(16)));
    attributes.string("code.function.name", format!("{name}.{}.{}", messages::LOGGERS[logger], message.function));
    attributes.string("code.file.path", format!("src/{}", messages::LOGGERS[logger]));
    attributes.int("code.line.number", message.line);
    if traced && story.random.percent(60) {
        attributes.text("user.id", &story.user);
        attributes.text("app.tenant", &story.tenant);
    }
    if severity_number >= 17 && (failed || story.random.percent(60)) {
        failures::describe(&mut story.random, service, &mut attributes);
    }
    let text = messages::fill(story, service, message.template);
    let body = if story.random.percent(4) { map(story, &text) } else { Value::String(text) };
    let (trace_id, span_id) = match traced {
        true => (story.trace_id.0.to_vec(), story.span_id(position).0.to_vec()),
        false => Default::default(),
    };
    let record = LogRecord {
        time_unix_nano: time,
        observed_time_unix_nano: time + long_tailed(&mut story.random, 120_000, 3),
        severity_number,
        severity_text: severity_text.to_owned(),
        body: Some(body),
        attributes: attributes.list(),
        dropped_attributes_count: 0,
        flags: u32::from(traced),
        trace_id,
        span_id,
        event_name: String::new(),
    };
    (service, record)
}

/// What a structured logger writes.
fn map(story: &mut Story, text: &str) -> Value {
    let mut fields = Attributes::with_capacity(4);
    fields.text("message", text);
    fields.text("order", &story.order);
    fields.int("elapsed_us", long_tailed(&mut story.random, 2_000, 4));
    fields.flag("cached", story.random.percent(50));
    Value::Map(fields.list())
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use formats::{Encoding, WalkLimits};
    use model::{SeverityClass, Signal, Span, SpanId, TraceId, TracesData};

    use super::*;

    const RECORDS: usize = 50_000;

    fn records_of(request: &LogsData) -> &[LogRecord] {
        &request.resource_logs[0].scope_logs[0].log_records
    }

    #[test]
    fn logs_are_always_the_same_and_none_is_refused() {
        let requests: Vec<_> = logs(1, RECORDS, 512).collect();
        assert!(logs(1, RECORDS, 512).eq(requests.iter().cloned()));
        assert_eq!(requests.iter().map(|request| records_of(request).len()).sum::<usize>(), RECORDS);
        assert!(requests.iter().filter(|request| records_of(request).len() != 512).count() <= SERVICES);
        let mut bytes = 0;
        for request in &requests {
            let body = formats::encode_logs_protobuf(request);
            bytes += body.len();
            let walked = formats::walk(Signal::Logs, Encoding::Protobuf, &body, &WalkLimits::default()).expect("logs");
            assert!(walked.rejected.is_empty() && walked.repaired_texts + walked.unknown_fields == 0);
        }
        println!("{} bytes a record", bytes / RECORDS);
        assert!((280..=400).contains(&(bytes / RECORDS)), "{} bytes a record", bytes / RECORDS);
    }

    #[test]
    fn most_records_are_information_and_of_a_trace_with_others() {
        let requests: Vec<_> = logs(1, RECORDS, 512).collect();
        let all = || requests.iter().flat_map(records_of);
        let of = |class| all().filter(|record| SeverityClass::of(record.severity_number) == class).count();
        assert!(of(SeverityClass::Info) * 4 > RECORDS * 3 && of(SeverityClass::Error) * 100 > RECORDS);
        let mut traces: HashMap<TraceId, usize> = HashMap::new();
        all().filter_map(LogRecord::trace).for_each(|trace| *traces.entry(trace).or_default() += 1);
        let traced: usize = traces.values().sum();
        assert!(traced.abs_diff(RECORDS * 7 / 10) < RECORDS / 50, "{traced}");
        assert!(traces.values().filter(|&&records| records > 1).count() * 10 > traces.len() * 8);
        assert!(all().filter(|record| matches!(record.body, Some(Value::Map(_)))).count() > RECORDS / 50);
        let excepted = all().filter(|record| model::find(&record.attributes, "exception.type").is_some()).count();
        assert!(excepted > RECORDS / 100, "{excepted}");
    }

    #[test]
    fn records_are_of_the_spans_of_the_same_seed() {
        let spans_of = |request: TracesData| {
            let of_resource = request.resource_spans.into_iter().flat_map(|of| of.scope_spans);
            of_resource.flat_map(|of| of.spans).map(|span: Span| (span.trace_id, span.span_id)).collect::<Vec<_>>()
        };
        let spans: HashSet<(TraceId, SpanId)> = super::super::requests(3, 20_000, 512).flat_map(spans_of).collect();
        let requests: Vec<_> = logs(3, 2_000, 512).collect();
        let ids = |record: &LogRecord| record.trace().zip(record.span());
        assert!(requests.iter().flat_map(records_of).filter_map(ids).all(|ids| spans.contains(&ids)));
    }
}
