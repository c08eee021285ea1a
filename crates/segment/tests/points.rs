//! Metric points that go into a segment come out of it, as decoding the requests has them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use formats::Encoding;
use model::{
    AggregationTemporality, Gauge, Histogram, HistogramPoint, KeyValue, Metric, MetricData, MetricsData, Number,
    NumberPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use proptest::prelude::*;
use segment::{Batch, Encoded, Point, PointSegment, Request, encode_points};
use testkit::strategies;

/// Points by their series, as texts, in which NaN is itself: by time and arrival, with their time and the row of
/// their request.
type Kept = BTreeMap<String, Vec<(u64, u64, String)>>;

/// The points of requests, the first of row 1, but for those left out.
fn decoded(requests: &[MetricsData], is_left_out: fn(u32) -> bool) -> Kept {
    let mut series = Kept::new();
    for (row, request) in (1..).zip(requests) {
        let mut ordinal = 0;
        for of_resource in &request.resource_metrics {
            for of_scope in &of_resource.scope_metrics {
                for metric in &of_scope.metrics {
                    let (header, points) = apart(metric.clone());
                    for point in points {
                        if !is_left_out(ordinal) {
                            let origin = (&of_resource.resource, &of_resource.schema_url);
                            let origin = (origin, &of_scope.scope, &of_scope.schema_url);
                            let attributes = attributes_of(&point);
                            series.entry(format!("{origin:?} {header:?} {attributes:?}")).or_default().push((
                                point.time_unix_nano(),
                                row,
                                format!("{point:?}"),
                            ));
                        }
                        ordinal += 1;
                    }
                }
            }
        }
    }
    series.values_mut().for_each(|points| points.sort_by_key(|(time, ..)| *time));
    series
}

fn attributes_of(point: &Point) -> &[KeyValue] {
    match point {
        Point::Number(point) => &point.attributes,
        Point::Histogram(point) => &point.attributes,
        Point::ExponentialHistogram(point) => &point.attributes,
        Point::Summary(point) => &point.attributes,
    }
}

/// A metric without points, and these.
fn apart(mut metric: Metric) -> (Metric, Vec<Point>) {
    let points = match &mut metric.data {
        None => Vec::new(),
        Some(MetricData::Gauge(of)) => of.data_points.drain(..).map(Point::Number).collect(),
        Some(MetricData::Sum(of)) => of.data_points.drain(..).map(Point::Number).collect(),
        Some(MetricData::Histogram(of)) => of.data_points.drain(..).map(Point::Histogram).collect(),
        Some(MetricData::ExponentialHistogram(of)) => {
            of.data_points.drain(..).map(Point::ExponentialHistogram).collect()
        }
        Some(MetricData::Summary(of)) => of.data_points.drain(..).map(Point::Summary).collect(),
    };
    (metric, points)
}

fn encoded(bodies: &[Vec<u8>], is_left_out: fn(u32) -> bool) -> Option<Encoded> {
    let mut batch = Batch::default();
    for (row, body) in (1..).zip(bodies) {
        let request = Request { row, received_at_unix_nano: row * 1_000, repaired_texts: 0 };
        batch.add_metrics(request, body, is_left_out).unwrap();
    }
    encode_points(&batch).unwrap()
}

fn bodies(requests: &[MetricsData]) -> Vec<Vec<u8>> {
    requests.iter().map(formats::encode_metrics_protobuf).collect()
}

/// The same from a segment.
fn packed(encoded: Option<Encoded>) -> Kept {
    let Some(encoded) = encoded else { return Kept::new() };
    let segment = PointSegment::new(&encoded.header, encoded.blobs).unwrap();
    // Once more, by way of requests: nothing may depend on how it first came.
    let again = segment.requests().unwrap();
    let mut batch = Batch::default();
    again.iter().for_each(|(request, body)| batch.add_metrics(*request, body, |_| false).unwrap());
    let encoded = encode_points(&batch).unwrap().unwrap();
    let segment = PointSegment::new(&encoded.header, encoded.blobs).unwrap();
    assert_eq!(segment.len(), encoded.rows as usize);
    let (resources, scopes) = (segment.resources().unwrap(), segment.scopes().unwrap());
    let reader = segment.reader().unwrap();
    let mut all = Kept::new();
    for (number, series) in segment.series().unwrap().into_iter().enumerate() {
        let (resource, scope) = (&resources[series.resource as usize], &scopes[series.scope as usize]);
        let origin = ((&resource.resource, &resource.schema_url), &scope.scope, &scope.schema_url);
        let points = all.entry(format!("{origin:?} {:?} {:?}", series.metric, series.attributes)).or_default();
        for stored in reader.points(number).unwrap() {
            assert_eq!(stored.request.received_at_unix_nano, stored.request.row * 1_000);
            assert_eq!(format!("{:?}", attributes_of(&stored.point)), format!("{:?}", series.attributes));
            points.push((stored.point.time_unix_nano(), stored.request.row, format!("{:?}", stored.point)));
        }
    }
    let of_all = all.values().flatten();
    let times = (of_all.clone().map(|(time, ..)| *time).min().unwrap(), of_all.map(|(time, ..)| *time).max().unwrap());
    assert_eq!(segment.times(), times);
    // Read as one request it is the same, but for the rows.
    let mut without_rows = all.clone();
    without_rows.values_mut().flatten().for_each(|(_, row, _)| *row = 1);
    assert_eq!(decoded(&[segment.metrics_data().unwrap()], |_| false), without_rows);
    all
}

/// Few origins, metrics and lists of attributes, so that points share series.
fn gathered(mut data: MetricsData) -> MetricsData {
    for of_resource in &mut data.resource_metrics {
        of_resource.resource = None;
        of_resource.schema_url.clear();
        for of_scope in &mut of_resource.scope_metrics {
            of_scope.scope = None;
            of_scope.schema_url.clear();
            for metric in &mut of_scope.metrics {
                metric.name = format!("{}", metric.name.len() % 2);
                metric.description.clear();
                metric.unit.clear();
                metric.metadata.clear();
                match &mut metric.data {
                    Some(MetricData::Gauge(of)) => of.data_points.iter_mut().for_each(|of| of.attributes.clear()),
                    Some(MetricData::Sum(of)) => {
                        of.data_points.iter_mut().for_each(|of| of.attributes.clear());
                        of.aggregation_temporality = AggregationTemporality(2);
                    }
                    Some(MetricData::Histogram(of)) => {
                        of.data_points.iter_mut().for_each(|of| of.attributes.clear());
                        of.aggregation_temporality = AggregationTemporality(1);
                    }
                    _ => {}
                }
            }
        }
    }
    data
}

fn requests() -> impl Strategy<Value = Vec<MetricsData>> {
    let request = prop_oneof![strategies::metrics(), strategies::metrics().prop_map(gathered)];
    prop::collection::vec(request, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn points_come_back(requests in requests(), leaves_out in any::<bool>()) {
        let is_left_out = if leaves_out { |ordinal| ordinal % 3 == 1 } else { |_| false };
        prop_assert_eq!(packed(encoded(&bodies(&requests), is_left_out)), decoded(&requests, is_left_out));
    }

    #[test]
    fn a_damaged_segment_is_an_error_and_no_more(
        requests in requests(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        of_header in any::<bool>(),
    ) {
        let Some(mut encoded) = encoded(&bodies(&requests), |_| false) else { return Ok(()) };
        let bytes = if of_header { &mut encoded.header } else { &mut encoded.blobs[0] };
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(segment) = PointSegment::new(&encoded.header, encoded.blobs) {
            let _ = (segment.resources(), segment.scopes(), segment.metrics_data());
            let series = segment.series().map_or(0, |series| series.len());
            if let Ok(reader) = segment.reader() {
                (0..series).for_each(|number| drop(reader.points(number)));
            }
        }
    }
}

/// A message of one field: bytes.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

/// Data of another kind take the place of those before, and the ordinals count what is left.
#[test]
fn of_several_kinds_of_data_the_last_one_counts() {
    let point = |time: u64| field(1, &[&[0x19], time.to_le_bytes().as_slice()].concat());
    let gauge = |times: &[u64]| field(5, &times.iter().flat_map(|time| point(*time)).collect::<Vec<_>>());
    let sum = |times: &[u64]| field(7, &times.iter().flat_map(|time| point(*time)).collect::<Vec<_>>());
    let metric = [gauge(&[1, 2]), sum(&[3, 4]), gauge(&[5]), gauge(&[6, 7])].concat();
    let metrics = [field(2, &metric), field(2, &sum(&[8]))].concat();
    let body = field(1, &field(2, &metrics));
    let request = formats::decode_metrics(Encoding::Protobuf, &body).unwrap();
    for is_left_out in [|_| false, |ordinal| ordinal == 1, |ordinal| ordinal == 3, |ordinal| ordinal < 3] {
        let expected = decoded(std::slice::from_ref(&request), is_left_out);
        assert_eq!(packed(encoded(std::slice::from_ref(&body), is_left_out)), expected);
    }
}

/// An hour of a counter, a gauge and a histogram.
#[test]
fn long_series_come_back() {
    const START: u64 = 1_700_000_000_000_000_000;
    let request = |step: u64| {
        let time_unix_nano = START + step * 10_000_000_000 + step * step % 1_000;
        let number = |value| NumberPoint {
            attributes: vec![KeyValue::new("host", "a")],
            start_time_unix_nano: START,
            time_unix_nano,
            value: Some(value),
            ..NumberPoint::default()
        };
        let bucket_counts: Vec<u64> = (0..5).map(|bucket| step * bucket).collect();
        let histogram = HistogramPoint {
            time_unix_nano,
            count: bucket_counts.iter().sum(),
            sum: Some(step as f64 * 1.1),
            bucket_counts,
            explicit_bounds: vec![1.0, 2.0, 3.0, 4.0],
            ..HistogramPoint::default()
        };
        let sum = Sum {
            data_points: vec![number(Number::Int(step as i64 * 3))],
            aggregation_temporality: AggregationTemporality(2),
            is_monotonic: true,
        };
        let gauge = Gauge { data_points: vec![number(Number::Double(step as f64 / 7.0))] };
        let histogram = Histogram { data_points: vec![histogram], ..Histogram::default() };
        let data = [MetricData::Sum(sum), MetricData::Gauge(gauge), MetricData::Histogram(histogram)];
        let metrics = data.into_iter().map(|data| Metric { data: Some(data), ..Metric::default() }).collect();
        let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
        MetricsData { resource_metrics: vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }] }
    };
    let requests: Vec<MetricsData> = (0..360).map(request).collect();
    let expected = decoded(&requests, |_| false);
    assert_eq!(expected.len(), 3);
    assert_eq!(packed(encoded(&bodies(&requests), |_| false)), expected);
}
