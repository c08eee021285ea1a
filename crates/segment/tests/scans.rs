//! What a scan finds is what looking at each decoded span finds.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "inputs are taken apart, and not read")]
mod decoding;

use formats::raw::RawValue;
use model::{KeyValue, Span, SpanKind, StatusCode, TraceId, TracesData, Value};
use proptest::prelude::*;
use segment::{
    Batch, Encoded, Holder, Request, Rows, Scan, SegmentError, SegmentSpan, SpanSegment, Substring, TrigramFilter,
    ValueFilter, ValueTest, encode_spans,
};
use testkit::strategies;

/// Some values of each type, others with another number.
struct SomeOf(u64);

impl ValueTest for SomeOf {
    fn text(&self, text: &str) -> bool {
        text.len() as u64 % 3 == self.0 % 3
    }

    fn int(&self, int: i64) -> bool {
        int.cast_unsigned() % 2 == self.0 % 2
    }

    fn double(&self, double: f64) -> bool {
        double > self.0 as f64
    }

    fn bool(&self, bool: bool) -> bool {
        bool == self.0.is_multiple_of(2)
    }

    fn other(&self, value: &Value) -> bool {
        match value {
            Value::Bytes(bytes) => bytes.len() as u64 % 2 == self.0 % 2,
            Value::Array(_) => self.0.is_multiple_of(2),
            Value::Empty => self.0.is_multiple_of(3),
            _ => self.0 % 3 == 1,
        }
    }
}

fn passes(test: &dyn ValueTest, value: &Value) -> bool {
    match value {
        Value::String(text) => test.text(text),
        Value::Int(int) => test.int(*int),
        Value::Double(double) => test.double(*double),
        Value::Bool(bool) => test.bool(*bool),
        value => test.other(value),
    }
}

fn has(attributes: &[KeyValue], keys: &[&str], test: &dyn ValueTest) -> bool {
    attributes.iter().any(|attribute| keys.contains(&attribute.key.as_str()) && passes(test, &attribute.value))
}

/// What shows as a text that holds this one, in lower case.
struct Holding(String);

impl ValueTest for Holding {
    fn text(&self, text: &str) -> bool {
        text.to_lowercase().contains(&self.0)
    }

    fn int(&self, int: i64) -> bool {
        int.to_string().contains(&self.0)
    }

    fn double(&self, double: f64) -> bool {
        double.to_string().contains(&self.0)
    }

    fn bool(&self, bool: bool) -> bool {
        bool.to_string().contains(&self.0)
    }

    fn other(&self, value: &Value) -> bool {
        match value {
            Value::Array(values) => values.iter().any(|value| self.holds(value)),
            Value::Map(map) => map.iter().any(|entry| self.holds(&entry.value)),
            _ => false,
        }
    }
}

impl Holding {
    fn holds(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.text(text),
            Value::Int(int) => self.int(*int),
            Value::Double(double) => self.double(*double),
            Value::Bool(bool) => self.bool(*bool),
            value => self.other(value),
        }
    }

    fn any(&self, attributes: &[KeyValue]) -> bool {
        attributes.iter().any(|attribute| self.holds(&attribute.value))
    }
}

/// All spans by row, and the rows of each trace.
fn spans(segment: &SpanSegment) -> (Vec<SegmentSpan>, Vec<(TraceId, std::ops::Range<usize>)>) {
    let mut all = Vec::new();
    segment
        .visit(|_, spans| {
            all.extend(spans);
            Ok::<(), SegmentError>(())
        })
        .unwrap();
    (all, segment.traces().unwrap())
}

/// A segment that is given the blobs of a scan only.
fn with_blobs_of(encoded: &Encoded, scan: &Scan<'_>) -> SpanSegment {
    let segment = SpanSegment::open(&encoded.header).unwrap();
    for number in segment.blobs_of_scan(scan) {
        segment.supply(number, encoded.blobs[usize::from(number)].clone());
    }
    assert_eq!(segment.blobs_of_scan(scan), Vec::<u16>::new());
    segment
}

/// What rows have of one thing is what their spans have.
fn shown(encoded: &Encoded, all: &[SegmentSpan], sets: &[&[&str]]) {
    let mut rows = Rows::none(all.len());
    (0..all.len()).filter(|row| row % 3 != 1).for_each(|row| rows.insert(row));
    let expected = |of: &dyn Fn(&SegmentSpan) -> Vec<String>| {
        let mut all: Vec<_> =
            rows.iter().flat_map(|row| of(&all[row]).into_iter().map(move |one| (row, one))).collect();
        all.sort_unstable();
        all
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let sorted = |mut seen: Vec<(usize, String)>| {
        seen.sort_unstable();
        seen
    };
    for keys in sets {
        let count = |attributes: &[KeyValue]| {
            let of_keys = attributes.iter().filter(|one| keys.contains(&one.key.as_str()));
            of_keys.map(|one| matches!(one.value, Value::String(_)).to_string()).collect::<Vec<_>>()
        };
        for (holder, of) in [
            (Holder::Span, &(|it: &SegmentSpan| count(&it.span.attributes)) as &dyn Fn(&SegmentSpan) -> Vec<String>),
            (Holder::Event, &|it: &SegmentSpan| it.span.events.iter().flat_map(|one| count(&one.attributes)).collect()),
            (Holder::Link, &|it: &SegmentSpan| it.span.links.iter().flat_map(|one| count(&one.attributes)).collect()),
        ] {
            let (segment, mut seen) = (with_blobs_of(encoded, &Scan::Attribute(holder, keys)), Vec::new());
            let visit = |row, value| seen.push((row, matches!(value, RawValue::String(_)).to_string()));
            segment.visit_attributes(holder, keys, &rows, visit).unwrap();
            assert_eq!(sorted(seen), expected(of), "{holder:?} {keys:?}");
        }
    }
    let mut seen = Vec::new();
    with_blobs_of(encoded, &Scan::Name).visit_names(&rows, |row, name| seen.push((row, text(name)))).unwrap();
    assert_eq!(sorted(seen), expected(&|it| vec![it.span.name.clone()]));
    let (segment, mut seen) = (with_blobs_of(encoded, &Scan::EventName), Vec::new());
    segment.visit_event_names(&rows, |row, name| seen.push((row, text(name)))).unwrap();
    assert_eq!(sorted(seen), expected(&|it| it.span.events.iter().map(|event| event.name.clone()).collect()));
    let (segment, mut seen) = (with_blobs_of(encoded, &Scan::Origins), Vec::new());
    segment.visit_origins(&rows, |row, resource, scope| seen.push((row, format!("{resource} {scope}")))).unwrap();
    assert_eq!(sorted(seen), expected(&|it| vec![format!("{} {}", it.resource, it.scope)]));
    let (segment, mut seen) = (with_blobs_of(encoded, &Scan::Kind), Vec::new());
    segment.visit_kinds(&rows, |row, kind| seen.push((row, format!("{kind:?}")))).unwrap();
    assert_eq!(sorted(seen), expected(&|it| vec![format!("{:?}", it.span.kind)]));
    let (segment, mut seen) = (with_blobs_of(encoded, &Scan::Status), Vec::new());
    segment.visit_status(&rows, |row, status| seen.push((row, format!("{status:?}")))).unwrap();
    assert_eq!(sorted(seen), expected(&|it| vec![format!("{:?}", it.span.status_code())]));
}

fn check(encoded: &Encoded) {
    let whole = SpanSegment::new(&encoded.header, encoded.blobs.clone()).unwrap();
    let (all, traces) = spans(&whole);
    let found =
        |scan: &Scan<'_>, rows: &dyn Fn(&SpanSegment) -> Result<Rows, SegmentError>, is: &dyn Fn(&Span) -> bool| {
            let expected: Vec<usize> = (0..all.len()).filter(|&row| is(&all[row].span)).collect();
            let rows = rows(&with_blobs_of(encoded, scan)).unwrap();
            assert_eq!(rows.iter().collect::<Vec<_>>(), expected, "{scan:?}");
        };
    let of = |holder: Holder, span: &Span, is: &dyn Fn(&[KeyValue]) -> bool| match holder {
        Holder::Span => is(&span.attributes),
        Holder::Event => span.events.iter().any(|event| is(&event.attributes)),
        Holder::Link => span.links.iter().any(|link| is(&link.attributes)),
    };
    let sets: [&[&str]; 4] = [&["a"], &["b", "service.name"], &["key 3 7", "key 24 99", "http.route"], &["no such"]];
    for holder in [Holder::Span, Holder::Event, Holder::Link] {
        for keys in sets {
            let scan = Scan::Attribute(holder, keys);
            found(&scan, &|it| it.rows_with_key(holder, keys), &|span| {
                of(holder, span, &|list| list.iter().any(|one| keys.contains(&one.key.as_str())))
            });
            for test in (0..4).map(SomeOf) {
                found(&scan, &|it| it.rows_with_attribute(holder, keys, &test), &|span| {
                    of(holder, span, &|list| has(list, keys, &test))
                });
            }
        }
    }
    for text in ["a", "Get", "xxxx", "\u{202e}<SCRIPT", "é", "", "🦀", "checkout"] {
        let (substring, holding) = (Substring::new(text), Holding(text.to_lowercase()));
        found(&Scan::Text, &|it| it.rows_with_text(&substring, &holding), &|span| {
            holding.text(&span.name)
                || holding.any(&span.attributes)
                || span.events.iter().any(|event| holding.text(&event.name) || holding.any(&event.attributes))
                || span.links.iter().any(|link| holding.any(&link.attributes))
        });
    }
    shown(encoded, &all, &sets);
    for length in 0..3 {
        let is = |text: &str| text.len() % 3 == length;
        found(&Scan::Name, &|it| it.rows_with_name(is), &|span| is(&span.name));
        found(&Scan::EventName, &|it| it.rows_with_event_name(is), &|span| {
            span.events.iter().any(|event| is(&event.name))
        });
    }
    for kind in [SpanKind::SERVER, SpanKind::CLIENT, SpanKind(7)] {
        found(&Scan::Kind, &|it| it.rows_of_kinds(|of| of == kind), &|span| span.kind == kind);
    }
    for status in [StatusCode::default(), StatusCode::OK, StatusCode::ERROR] {
        found(&Scan::Status, &|it| it.rows_of_status(|of| of == status), &|span| span.status_code() == status);
    }
    let duration = |span: &Span| {
        let duration = span.end_unix_nano.wrapping_sub(span.start_unix_nano).cast_signed();
        u64::try_from(duration).unwrap_or_default()
    };
    for nanos in [0, 1_000_000, 1_700_000_000_123_456_789] {
        found(&Scan::Duration, &|it| it.rows_lasting(&(nanos..)), &|span| duration(span) >= nanos);
        found(&Scan::Duration, &|it| it.rows_lasting(&(..=nanos)), &|span| duration(span) <= nanos);
        found(&Scan::Start, &|it| it.rows_starting(&(nanos..)), &|span| span.start_unix_nano >= nanos);
        found(&Scan::Start, &|it| it.rows_starting(&(..nanos)), &|span| span.start_unix_nano < nanos);
    }
    found(&Scan::Id, &|it| it.rows_with_id(|id| id.0[0] == 2), &|span| span.span_id.0[0] == 2);
    for wanted in 0..3 {
        let rows = with_blobs_of(encoded, &Scan::Origins);
        let rows = rows.rows_of_origins(|resource, scope| resource % 3 == wanted || scope == wanted).unwrap();
        let is = |stored: &SegmentSpan| stored.resource % 3 == wanted || stored.scope == wanted;
        let expected: Vec<usize> = (0..all.len()).filter(|&row| is(&all[row])).collect();
        assert_eq!(rows.iter().collect::<Vec<_>>(), expected);
    }
    assert_eq!(with_blobs_of(encoded, &Scan::Traces).traces().unwrap(), traces);
    let mut parents = Vec::new();
    with_blobs_of(encoded, &Scan::Parents).visit_parents(|row, parent| parents.push((row, parent))).unwrap();
    assert_eq!(parents.iter().map(|(row, _)| *row).collect::<Vec<_>>(), (0..all.len()).collect::<Vec<_>>());
    for (_, rows) in traces {
        for row in rows.clone() {
            let id = |row: usize| all[row].span.span_id.0.to_vec();
            let of = all[row].span.parent_span_id.clone();
            match parents[row].1 {
                Some(parent) => assert!(rows.contains(&parent) && id(parent) == of),
                None => assert!(!rows.clone().any(|row| id(row) == of)),
            }
        }
    }
    check_filter(encoded, &whole, &all);
}

/// Nothing that is there does not seem to be.
fn check_filter(encoded: &Encoded, whole: &SpanSegment, all: &[SegmentSpan]) {
    let Some(filter) = ValueFilter::of_bytes(&encoded.values) else { return };
    let resources = whole.resources().unwrap().into_iter().filter_map(|one| one.resource).map(|one| one.attributes);
    let scopes = whole.scopes().unwrap().into_iter().filter_map(|one| one.scope).map(|one| one.attributes);
    let of_spans = all.iter().flat_map(|stored| {
        let of_events = stored.span.events.iter().map(|event| event.attributes.clone());
        let of_links = stored.span.links.iter().map(|link| link.attributes.clone());
        std::iter::once(stored.span.attributes.clone()).chain(of_events).chain(of_links)
    });
    let trigrams = TrigramFilter::of_bytes(&encoded.trigrams).unwrap();
    let may_show = |value: &Value| match value {
        Value::String(text) => trigrams.may_hold(text),
        Value::Int(int) => trigrams.may_hold(&int.to_string()),
        Value::Double(double) => trigrams.may_hold(&format!("{double:?}").replace("inf", "Infinity")),
        Value::Bool(bool) => trigrams.may_hold(&bool.to_string()),
        _ => true,
    };
    for KeyValue { key, value } in of_spans.chain(resources).chain(scopes).flatten() {
        assert!(filter.may_hold_key(&key));
        assert!(may_show(&value));
        assert!(match &value {
            Value::String(text) => filter.may_hold_text(&key, text),
            Value::Int(int) => filter.may_hold_int(&key, *int),
            _ => filter.may_hold_other(&key),
        });
    }
    for stored in all {
        assert!(filter.may_hold_name(&stored.span.name) && trigrams.may_hold(&stored.span.name));
        assert!(stored.span.events.iter().all(|event| filter.may_hold_event_name(&event.name)));
    }
}

fn encoded(requests: &[TracesData], run_rows: usize) -> Option<Encoded> {
    let bodies: Vec<Vec<u8>> = requests.iter().map(formats::encode_traces_protobuf).collect();
    let mut batch = Batch::default().in_runs_of(run_rows);
    for (body, request) in bodies.iter().zip(requests) {
        let all = request.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans);
        let refused: Vec<bool> = all.map(|span| span.trace_id.is_zero()).collect();
        batch.add_spans(Request::default(), body, |ordinal| refused[ordinal as usize]).unwrap();
    }
    encode_spans(&batch, &batch.by_trace(), |_| true, |_| {}).unwrap()
}

/// Few traces, so that spans share them.
fn gathered(mut data: TracesData) -> TracesData {
    for span in data.resource_spans.iter_mut().flat_map(|of| &mut of.scope_spans).flat_map(|of| &mut of.spans) {
        if !span.trace_id.is_zero() {
            span.trace_id = TraceId([span.trace_id.0[1] % 5 + 1; 16]);
            span.span_id.0 = [span.span_id.0[0] % 4 + 1; 8];
            if span.parent_span_id.len() == 8 {
                span.parent_span_id = vec![span.parent_span_id[0] % 5 + 1; 8];
            }
        }
    }
    data
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn scans_find_what_looking_finds(
        requests in prop::collection::vec(strategies::traces().prop_map(gathered), 1..5),
        run_rows in 1..6_usize,
    ) {
        if let Some(encoded) = encoded(&requests, run_rows) {
            check(&encoded);
        }
    }
}

#[test]
fn scans_of_the_corpus() {
    let requests: Vec<TracesData> = testkit::corpus::requests(3, 6_000, 512).collect();
    check(&encoded(&requests, 1_500).unwrap());
}

#[test]
fn scans_of_lists_that_are_one_value() {
    let span = |number: u64| Span {
        trace_id: TraceId([number as u8 % 3 + 1; 16]),
        span_id: model::SpanId(number.to_be_bytes()),
        attributes: (0..100).map(|key| KeyValue::new(format!("key {number} {key}"), key)).collect(),
        ..Span::default()
    };
    let mut request: TracesData = testkit::corpus::requests(3, 60, 512).next().unwrap();
    request.resource_spans[0].scope_spans[0].spans.extend((1..=24).map(span));
    let encoded = encoded(&[request], 20).unwrap();
    assert_eq!(ValueFilter::of_bytes(&encoded.values), None);
    check(&encoded);
}

#[test]
fn scans_of_a_segment_of_version_1() {
    let mut blobs = decoding::parts(include_bytes!("version_1/segment"));
    check(&Encoded { header: blobs.remove(0), rows: 347, blobs, values: Vec::new(), trigrams: Vec::new() });
}

/// What is looked for in the measurement.
struct Equal<'v>(&'v Value);

impl ValueTest for Equal<'_> {
    fn text(&self, text: &str) -> bool {
        matches!(self.0, Value::String(this) if this == text)
    }

    fn int(&self, int: i64) -> bool {
        matches!(self.0, Value::Int(this) if *this == int)
    }

    fn double(&self, _: f64) -> bool {
        false
    }

    fn bool(&self, _: bool) -> bool {
        false
    }

    fn other(&self, _: &Value) -> bool {
        false
    }
}

/// CPU time of this thread, nanoseconds, where the system tells it; it does not count who else is at work.
fn cpu_nanos() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    schedstat.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default()
}

/// `cargo test --profile quick -p segment --test scans -- --ignored --nocapture`: CPU time, with unpacking.
#[test]
#[ignore = "measures"]
fn times_of_scans() {
    const ROUNDS: usize = 40;
    const SPANS: usize = 65_536;
    /// Each on one of these, once: the system counts in steps of milliseconds.
    fn micros<T, R>(of: &[T], run: impl Fn(&T) -> R) -> f64 {
        let begun = cpu_nanos();
        of.iter().for_each(|one| drop(std::hint::black_box(run(one))));
        (cpu_nanos() - begun) as f64 / 1e3 / of.len() as f64
    }
    let rounds = [(); ROUNDS];
    let requests: Vec<TracesData> = testkit::corpus::requests(7, SPANS, 512).collect();
    let bodies: Vec<Vec<u8>> = requests.iter().map(formats::encode_traces_protobuf).collect();
    let mut batch = Batch::default();
    bodies.iter().for_each(|body| batch.add_spans(Request::default(), body, |_| false).unwrap());
    let by_trace = batch.by_trace();
    let encode = || encode_spans(&batch, &by_trace, |_| true, |_| {}).unwrap().unwrap();
    println!("encode {:.2} µs a span", micros(&rounds, |()| encode()) / SPANS as f64);
    let encoded = encode();
    let a_span = |bytes: usize| bytes as f64 / SPANS as f64;
    println!("{:.2} B a span, filter {:.2} B", a_span(encoded.bytes()), a_span(encoded.values.len()));
    println!("{} blobs, header {} B", encoded.blobs.len(), encoded.header.len());
    println!("open {:.0} µs", micros(&rounds, |()| SpanSegment::open(&encoded.header).unwrap()));
    for run_rows in [2_048, 4_096, 8_192, 16_384, SPANS] {
        let mut batch = Batch::default().in_runs_of(run_rows);
        bodies.iter().for_each(|body| batch.add_spans(Request::default(), body, |_| false).unwrap());
        let encoded = encode_spans(&batch, &by_trace, |_| true, |_| {}).unwrap().unwrap();
        let size = a_span(encoded.bytes() - encoded.values.len());
        let spans = |segment: &SpanSegment| {
            let (trace_id, rows) = segment.traces().unwrap().into_iter().nth(2_000).unwrap();
            segment.spans(trace_id, rows).unwrap().len()
        };
        let fresh: Vec<_> =
            rounds.iter().map(|()| SpanSegment::new(&encoded.header, encoded.blobs.clone()).unwrap()).collect();
        println!("runs of {run_rows}: {size:.2} B a span, {:.0} µs to read a trace", micros(&fresh, spans));
    }
    let whole = SpanSegment::new(&encoded.header, encoded.blobs.clone()).unwrap();
    let (trace_id, rows) = whole.traces().unwrap().into_iter().nth(2_000).unwrap();
    let read = |what: &str, run: &dyn Fn(&SpanSegment) -> usize| {
        let fresh: Vec<_> =
            rounds.iter().map(|()| SpanSegment::new(&encoded.header, encoded.blobs.clone()).unwrap()).collect();
        println!("{what}: {:.0} µs, {} found", micros(&fresh, run), run(&whole));
    };
    read("one trace", &|it| it.spans(trace_id, it.rows_of(trace_id).unwrap().unwrap()).unwrap().len());
    println!("  of {} rows", rows.len());
    let scans: [(&str, &[&str], Value); 6] = [
        ("text that repeats", &["http.request.method"], "GET".into()),
        ("text that repeats within a trace", &["user.id"], "nobody".into()),
        ("text that hardly repeats", &["url.full"], "nothing".into()),
        ("integer", &["http.response.status_code"], Value::Int(500)),
        ("integer of many", &["messaging.kafka.offset"], Value::Int(7)),
        ("no such key", &["no.such.key"], "x".into()),
    ];
    for (what, keys, value) in &scans {
        read(what, &|it| it.rows_with_attribute(Holder::Span, keys, &Equal(value)).unwrap().count());
    }
    read("has key", &|it| it.rows_with_key(Holder::Span, &["http.route"]).unwrap().count());
    read("event attribute", &|it| it.rows_with_key(Holder::Event, &["exception.type"]).unwrap().count());
    read("service", &|it| {
        let services: Vec<bool> = (it.resources().unwrap().into_iter())
            .map(|one| one.resource.is_some_and(|resource| resource.service_name().contains("cart")))
            .collect();
        it.rows_of_origins(|resource, _| services[resource as usize]).unwrap().count()
    });
    read("name", &|it| it.rows_with_name(|name| name.contains("GET")).unwrap().count());
    read("kind", &|it| it.rows_of_kinds(|kind| kind == SpanKind::CLIENT).unwrap().count());
    read("status", &|it| it.rows_of_status(|status| status == StatusCode::ERROR).unwrap().count());
    read("duration", &|it| it.rows_lasting(&(100_000_000..)).unwrap().count());
    read("start", &|it| it.rows_starting(&(1_700_000_000_000_000_000..)).unwrap().count());
    for text in ["timed out", "no such text", "e"] {
        let (substring, holding) = (Substring::new(text), Holding(text.to_owned()));
        read(text, &|it| it.rows_with_text(&substring, &holding).unwrap().count());
    }
    let look = || ValueFilter::of_bytes(&encoded.values).unwrap().may_hold_text("user.id", "nobody");
    println!("filter, read and asked {:.1} µs", micros(&rounds, |()| look()));
}
