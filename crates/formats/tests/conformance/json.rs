//! Our JSON against our model, and the shapes that senders really send.

use formats::*;
use model::*;
use proptest::prelude::*;

use testkit::strategies;

fn shown(data: &impl std::fmt::Debug) -> String {
    format!("{data:?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn traces_survive(data in strategies::traces()) {
        let body = encode_traces_json(&data);
        prop_assert_eq!(decode_traces(Encoding::Json, &body).map(|data| shown(&data)), Ok(shown(&data)));
        let standard: Result<serde_json::Value, _> = serde_json::from_slice(&body);
        prop_assert!(standard.is_ok());
    }

    #[test]
    fn logs_survive(data in strategies::logs()) {
        let body = encode_logs_json(&data);
        prop_assert_eq!(decode_logs(Encoding::Json, &body).map(|data| shown(&data)), Ok(shown(&data)));
    }

    #[test]
    fn metrics_survive(data in strategies::metrics()) {
        let body = encode_metrics_json(&data);
        prop_assert_eq!(decode_metrics(Encoding::Json, &body).map(|data| shown(&data)), Ok(shown(&data)));
    }

    #[test]
    fn damaged_json_is_no_more_than_an_error(
        data in strategies::traces(),
        at in any::<prop::sample::Index>(),
        byte in prop_oneof![any::<u8>(), Just(b'"'), Just(b'{'), Just(b']'), Just(b'\\'), Just(b'1')],
    ) {
        let mut body = encode_traces_json(&data);
        let at = at.index(body.len());
        body[at] = byte;
        let walked = walk(Signal::Traces, Encoding::Json, &body, &WalkLimits::default());
        prop_assert_eq!(walked.is_ok(), decode_traces(Encoding::Json, &body).is_ok());
        if walked.is_ok_and(|walked| walked.repaired_texts == 0) {
            prop_assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
        }
        prop_assert!(walk(Signal::Traces, Encoding::Json, &body[..at], &WalkLimits::default()).is_err());
    }
}

fn attributes(values: &str) -> Vec<KeyValue> {
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"{}","spanId":"{}","attributes":[{values}]}}]}}]}}]}}"#,
        "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331",
    );
    let mut data = decode_traces(Encoding::Json, body.as_bytes()).expect("lenient");
    data.resource_spans.remove(0).scope_spans.remove(0).spans.remove(0).attributes
}

#[test]
fn values_of_the_node_sdk_and_of_others() {
    let cases = [
        (r#"{"doubleValue":null}"#, Value::Empty),
        (r"{}", Value::Empty),
        ("null", Value::Empty),
        (r#"{"intValue":1e+21}"#, Value::Double(1e21)),
        (r#"{"intValue":"99999999999999999999"}"#, Value::Double(1e20)),
        (r#"{"intValue":12}"#, Value::Int(12)),
        (r#"{"intValue":"-9223372036854775808"}"#, Value::Int(i64::MIN)),
        (r#"{"intValue":9223372036854775807}"#, Value::Int(i64::MAX)),
        (r#"{"intValue":3.0}"#, Value::Int(3)),
        (r#"{"int_value":4}"#, Value::Int(4)),
        (r#"{"doubleValue":1}"#, Value::Double(1.0)),
        (r#"{"doubleValue":"1.5"}"#, Value::Double(1.5)),
        (r#"{"doubleValue":"Infinity"}"#, Value::Double(f64::INFINITY)),
        (r#"{"doubleValue":"-Infinity"}"#, Value::Double(f64::NEG_INFINITY)),
        (r#"{"boolValue":false}"#, Value::Bool(false)),
        (r#"{"stringValue":""}"#, Value::from("")),
        (r#"{"stringValue":"\ud83e\udd80\u00e9\/"}"#, Value::from("🦀é/")),
        (r#"{"stringValue":"a\ud800b"}"#, Value::from("a\u{fffd}b")),
        (r#"{"stringValue":"a","stringValue":"b"}"#, Value::from("b")),
        (r#"{"stringValue":"a","intValue":null}"#, Value::from("a")),
        (r#"{"bytesValue":"AP8="}"#, Value::Bytes(vec![0, 255])),
        (r#"{"bytesValue":"-_8"}"#, Value::Bytes(vec![0xfb, 0xff])),
        (r#"{"arrayValue":{}}"#, Value::Array(Vec::new())),
        (r#"{"arrayValue":{"values":null}}"#, Value::Array(Vec::new())),
        (r#"{"arrayValue":{"values":[{},null,{"boolValue":true}]}}"#, {
            Value::Array(vec![Value::Empty, Value::Empty, Value::Bool(true)])
        }),
        (r#"{"kvlistValue":{}}"#, Value::Map(Vec::new())),
        (r#"{"kvlistValue":{"values":[{"key":"k","value":{"intValue":"1"}}]}}"#, {
            Value::Map(vec![KeyValue::new("k", 1)])
        }),
        (r#"{"futureValue":[{"a":[1,2,{}]}]}"#, Value::Empty),
    ];
    for (json, value) in cases {
        let found = attributes(&format!(r#"{{"key":"k","value":{json}}}"#));
        assert_eq!(found, [KeyValue { key: "k".to_owned(), value }], "{json}");
    }
    let nan = attributes(r#"{"key":"k","value":{"doubleValue":"NaN"}}"#);
    assert!(matches!(nan[..], [KeyValue { value: Value::Double(nan), .. }] if nan.is_nan()));
}

#[test]
fn spans_in_all_spellings() {
    let canonical = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[
        {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"n","kind":2,"flags":257,
         "startTimeUnixNano":"1500000000000000000","endTimeUnixNano":"1700000000123456789",
         "status":{"code":2,"message":"m"}}]}]}]}"#;
    let lenient = "\u{feff}".to_owned()
        + r#" {"unknown":{"a":[1,[2]]},"resource_spans":[{"x":null,"resource":null,"scope_spans":[{"scope":null,"spans":[
        {"trace_id":"0AF7651916CD43DD8448EB211C80319C","spanId":"B7ad6b7169203331","name":"first","name":"n",
         "kind":"SPAN_KIND_SERVER","flags":"257","parentSpanId":null,"attributes":null,"droppedLinksCount":0.0,
         "start_time_unix_nano":1.5e18,"endTimeUnixNano":1700000000123456789,
         "status":{"code":"STATUS_CODE_ERROR","message":"m","deprecatedCode":7}},null]}]}]} "#;
    let decode = |body: &str| decode_traces(Encoding::Json, body.as_bytes()).expect("valid");
    assert_eq!(decode(canonical), decode(&lenient));
    let walked = walk(Signal::Traces, Encoding::Json, lenient.as_bytes(), &WalkLimits::default()).expect("valid");
    assert_eq!((walked.received, walked.unknown_fields, walked.rejected), (1, 3, Vec::new()));
}

#[test]
fn a_list_that_comes_twice_counts_once_and_ordinals_follow() {
    let span = |id: &str| format!(r#"{{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"{id}"}}"#);
    let body = format!(
        r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{bad},{bad}],"spans":[{good},{bad},{good}]}}]}}]}}"#,
        good = span("b7ad6b7169203331"),
        bad = span("b7"),
    );
    let walked = walk(Signal::Traces, Encoding::Json, body.as_bytes(), &WalkLimits::default()).expect("valid");
    assert_eq!((walked.received, &walked.rejected[..]), (3, &[(1, RejectReason::SpanIdLength)][..]));
    let WalkedRows::Spans(spans) = walked.rows else { panic!("spans") };
    assert_eq!(spans.ordinal, [0, 2]);
}

/// An attribute whose arrays and maps lie in each other, so many levels deep.
fn deep(levels: usize) -> Value {
    (1..levels).fold(Value::Int(7), |inner, level| {
        if level % 2 == 0 {
            Value::Array(vec![inner])
        } else {
            Value::Map(vec![KeyValue { key: "k".to_owned(), value: inner }])
        }
    })
}

fn holds_too_deep(value: &Value) -> bool {
    match value {
        Value::TooDeep(_) => true,
        Value::Array(items) => items.iter().any(holds_too_deep),
        Value::Map(entries) => entries.iter().any(|entry| holds_too_deep(&entry.value)),
        _ => false,
    }
}

#[test]
fn what_lies_too_deep_is_kept() {
    for (levels, is_too_deep) in [(24, false), (25, true), (60, true), (94, true)] {
        let span = Span {
            trace_id: TraceId([1; 16]),
            span_id: SpanId([1; 8]),
            events: vec![Event {
                attributes: vec![KeyValue { key: "deep".to_owned(), value: deep(levels) }],
                ..Event::default()
            }],
            ..Span::default()
        };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
        let data = TracesData { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] };
        let protobuf = encode_traces_protobuf(&data);
        let read = decode_traces(Encoding::Protobuf, &protobuf).expect("valid");
        let value = &read.resource_spans[0].scope_spans[0].spans[0].events[0].attributes[0].value;
        assert_eq!(holds_too_deep(value), is_too_deep, "{levels}");
        assert_eq!(encode_traces_protobuf(&read), protobuf);
        let json = encode_traces_json(&read);
        assert_eq!(decode_traces(Encoding::Json, &json), Ok(read), "{levels}");
    }
}

#[test]
fn pretty_is_for_people() {
    let span = Span {
        trace_id: TraceId([0xab; 16]),
        span_id: SpanId([1; 8]),
        name: "GET /".to_owned(),
        start_unix_nano: 1_700_000_000_000_000_000,
        attributes: vec![KeyValue::new("n", 1), KeyValue { key: "e".to_owned(), value: Value::Array(Vec::new()) }],
        status: Some(Status::default()),
        ..Span::default()
    };
    let resource = Resource { attributes: vec![KeyValue::new("service.name", "shop")], ..Resource::default() };
    expect_test::expect![[r#"
        {
          "resourceSpans": [
            {
              "resource": {
                "attributes": [
                  {
                    "key": "service.name",
                    "value": {
                      "stringValue": "shop"
                    }
                  }
                ]
              },
              "scopeSpans": [
                {
                  "spans": [
                    {
                      "traceId": "abababababababababababababababab",
                      "spanId": "0101010101010101",
                      "name": "GET /",
                      "startTimeUnixNano": "1700000000000000000",
                      "attributes": [
                        {
                          "key": "n",
                          "value": {
                            "intValue": "1"
                          }
                        },
                        {
                          "key": "e",
                          "value": {
                            "arrayValue": {}
                          }
                        }
                      ],
                      "status": {}
                    }
                  ],
                  "schemaUrl": "https://example.com/schema"
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&span_json_pretty(Some(&resource), "", None, "https://example.com/schema", &span));
}
