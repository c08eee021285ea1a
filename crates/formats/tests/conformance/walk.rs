//! The walk says what decoding finds, in both encodings.

use formats::*;
use model::*;
use proptest::prelude::*;

use testkit::strategies;

fn cut(text: &str) -> &str {
    let end = (0..=1024).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text.get(..end).unwrap_or(text)
}

fn service(resource: Option<&Resource>) -> String {
    cut(resource.map_or(UNKNOWN_SERVICE, Resource::service_name)).to_owned()
}

/// One row, for comparison.
type SpanRow = (u32, TraceId, SpanId, bool, u64, u64, bool, String, String, Option<String>);

fn expected_spans(data: &TracesData) -> (u64, Vec<SpanRow>) {
    let mut ordinal = 0;
    let mut rows = Vec::new();
    for of_resource in &data.resource_spans {
        for span in of_resource.scope_spans.iter().flat_map(|of_scope| &of_scope.spans) {
            if !span.trace_id.is_zero() {
                let message = span.status_message();
                rows.push((
                    ordinal,
                    span.trace_id,
                    span.span_id,
                    span.parent().is_none() && !span.has_malformed_parent(),
                    span.start_unix_nano,
                    span.end_unix_nano,
                    span.status_code() == StatusCode::ERROR,
                    service(of_resource.resource.as_ref()),
                    cut(&span.name).to_owned(),
                    (!message.is_empty()).then(|| cut(message).to_owned()),
                ));
            }
            ordinal += 1;
        }
    }
    (u64::from(ordinal), rows)
}

fn found_spans(walked: &Walked) -> Vec<SpanRow> {
    let WalkedRows::Spans(spans) = &walked.rows else { panic!("spans") };
    let text = |index: u32| walked.texts[index as usize].clone();
    (0..spans.ordinal.len())
        .map(|row| {
            (
                spans.ordinal[row],
                spans.trace_id[row],
                spans.span_id[row],
                spans.is_root[row],
                spans.start_unix_nano[row],
                spans.end_unix_nano[row],
                spans.is_error[row],
                text(spans.service[row]),
                text(spans.name[row]),
                (spans.message[row] != u32::MAX).then(|| text(spans.message[row])),
            )
        })
        .collect()
}

fn hashes(walked: &Walked) -> &[u64] {
    let WalkedRows::Spans(spans) = &walked.rows else { panic!("spans") };
    &spans.content_hash
}

fn walk_both(signal: Signal, protobuf: &[u8], json: &[u8]) -> [Walked; 2] {
    let limits = WalkLimits::default();
    [(Encoding::Protobuf, protobuf), (Encoding::Json, json)]
        .map(|(encoding, body)| walk(signal, encoding, body, &limits).expect("a valid request"))
}

/// Without accident: a request whose spans have no times may read as another signal.
fn with_a_time(mut data: TracesData) -> TracesData {
    let mut spans = data.resource_spans.iter_mut().flat_map(|of| &mut of.scope_spans).flat_map(|of| &mut of.spans);
    if let Some(span) = spans.find(|span| !span.trace_id.is_zero()) {
        span.start_unix_nano |= 1;
    }
    data
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn of_spans(data in strategies::traces().prop_map(with_a_time)) {
        let walked = walk_both(Signal::Traces, &encode_traces_protobuf(&data), &encode_traces_json(&data));
        let (received, rows) = expected_spans(&data);
        for walked in &walked {
            prop_assert_eq!(walked.received, received);
            prop_assert_eq!(walked.rejected.len() as u64, received - rows.len() as u64);
            prop_assert_eq!(&found_spans(walked), &rows);
        }
        // Our protobuf is canonical, so the content is the same to the byte.
        prop_assert_eq!(hashes(&walked[0]), hashes(&walked[1]));
    }

    #[test]
    fn of_logs(data in strategies::logs()) {
        for walked in walk_both(Signal::Logs, &encode_logs_protobuf(&data), &encode_logs_json(&data)) {
            let WalkedRows::Logs(logs) = &walked.rows else { panic!("logs") };
            let found: Vec<_> = (0..logs.ordinal.len())
                .map(|row| (
                    logs.ordinal[row],
                    logs.trace_id[row],
                    logs.span_id[row],
                    logs.time_unix_nano[row],
                    logs.severity_number[row],
                    walked.texts[logs.service[row] as usize].clone(),
                ))
                .collect();
            let records = data.resource_logs.iter().flat_map(|of_resource| {
                let service = service(of_resource.resource.as_ref());
                of_resource.scope_logs.iter().flat_map(|of| &of.log_records).map(move |record| (service.clone(), record))
            });
            let expected: Vec<_> = records
                .enumerate()
                .map(|(ordinal, (service, record))| (
                    ordinal as u32,
                    // An id of zeros is none, and reads as the zero that stands for none.
                    record.trace().unwrap_or_default(),
                    record.span().unwrap_or_default(),
                    record.time(),
                    record.severity_number,
                    service,
                ))
                .collect();
            prop_assert_eq!(walked.received, expected.len() as u64);
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn of_points(data in strategies::metrics()) {
        let [protobuf, json] = walk_both(Signal::Metrics, &encode_metrics_protobuf(&data), &encode_metrics_json(&data));
        let mut points = Vec::new();
        for of_resource in &data.resource_metrics {
            for metric in of_resource.scope_metrics.iter().flat_map(|of| &of.metrics) {
                let times: Vec<u64> = match &metric.data {
                    None => Vec::new(),
                    Some(MetricData::Gauge(data)) => data.data_points.iter().map(|p| p.time_unix_nano).collect(),
                    Some(MetricData::Sum(data)) => data.data_points.iter().map(|p| p.time_unix_nano).collect(),
                    Some(MetricData::Histogram(data)) => data.data_points.iter().map(|p| p.time_unix_nano).collect(),
                    Some(MetricData::ExponentialHistogram(data)) => {
                        data.data_points.iter().map(|p| p.time_unix_nano).collect()
                    }
                    Some(MetricData::Summary(data)) => data.data_points.iter().map(|p| p.time_unix_nano).collect(),
                };
                let service = service(of_resource.resource.as_ref());
                points.extend(times.into_iter().map(|time| (time, service.clone(), cut(&metric.name).to_owned())));
            }
        }
        prop_assert_eq!(&protobuf.rejected, &json.rejected);
        for walked in [protobuf, json] {
            let WalkedRows::Points(columns) = &walked.rows else { panic!("points") };
            let found: Vec<_> = (0..columns.ordinal.len())
                .map(|row| (
                    columns.time_unix_nano[row],
                    walked.texts[columns.service[row] as usize].clone(),
                    walked.texts[columns.name[row] as usize].clone(),
                ))
                .collect();
            let expected: Vec<_> =
                columns.ordinal.iter().map(|&ordinal| points[ordinal as usize].clone()).collect();
            prop_assert_eq!(walked.received, points.len() as u64);
            prop_assert_eq!(walked.rejected.len() + columns.ordinal.len(), points.len());
            prop_assert_eq!(found, expected);
        }
    }
}
