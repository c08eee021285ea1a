//! What is encoded comes back; what is not whole is refused.

use api::{
    Answer, ApiError, Call, CompleteRequest, CriticalFlow, ErrorCode, Event, FirstError, FoldChange, FromCommandLine,
    Ledger, Listener, ListenerState, Oddity, PendingDeletion, Protocol, Reply, Retention, Sampling, Scatter,
    ScatterCell, ScatterRequest, Search, Selected, Selection, ServiceSize, Settings, SettingsChange, SignalLedger,
    Sizes, SortBy, Status, TextPart, TimeRange, TracePage, TraceRow, TraceSort, TracesRequest, TurnedAway, ViewId,
    decode, encode,
};
use model::{KeyValue, Signal, SpanId, TraceId, Value};
use proptest::prelude::*;

fn calls() -> Vec<Call> {
    let range = TimeRange { since_unix_nano: None, until_unix_nano: Some(u64::MAX) };
    let search = Search { query: "π > 1".to_owned(), range, as_of: Some(7) };
    let sort = TraceSort { by: SortBy::Errors, is_ascending: true };
    let columns = vec!["user.id".to_owned(), String::new()];
    vec![
        Call::Status,
        Call::Traces(TracesRequest { search: search.clone(), sort, columns, first: u32::MAX, count: 100 }),
        Call::Scatter(ScatterRequest { search, across: 1, up: 2, durations_nanos: (3, 4) }),
        Call::Complete(CompleteRequest { text: "a".to_owned(), at: 1, most: 2 }),
        Call::Fold { view: ViewId(300), change: FoldChange::ToDepth(2) },
        Call::RevealSpan { view: ViewId(0), span_id: SpanId([9; 8]) },
        Call::Text { view: ViewId(1), node: 2, part: TextPart::EventAttribute(3, 4) },
        Call::ImportBytes { name: "x".to_owned(), bytes: (0..=255).collect() },
        Call::Subscribe,
        Call::ChangeSettings(SettingsChange::AllowedHosts(vec!["otel.example".to_owned()])),
        Call::Delete(Selection::Before(u64::MAX)),
        Call::UndoDelete,
        Call::PreviewSampling { sampling: sampling(), since_unix_nano: u64::MAX },
        Call::Present { paths: vec!["/a".to_owned()], search: Some("error".to_owned()) },
        Call::Pin { trace_id: TraceId([3; 16]), is_pinned: true },
    ]
}

fn sampling() -> Sampling {
    Sampling {
        is_on: true,
        environments: vec![("production".to_owned(), 0.1)],
        high_volume_ratio: 0.01,
        critical_flows: vec![CriticalFlow { service: None, operation: Some("GET /*".to_owned()) }],
        ..Sampling::default()
    }
}

fn answers() -> Vec<Answer> {
    let rejected = vec![("too_large".to_owned(), 128)];
    let status = Status {
        spans_per_second: -0.5,
        listeners: vec![Listener {
            protocol: Protocol::Http,
            address: "[::1]:4318".to_owned(),
            state: ListenerState::Taken { by: None, offer: "o".to_owned(), setting: "s".to_owned() },
        }],
        ledger: Ledger {
            spans: SignalLedger { received: 129, stored: 1, rejected, ..SignalLedger::default() },
            turned_away: vec![("overload".to_owned(), TurnedAway { requests: 1, bytes: 1 << 40 })],
            ..Ledger::default()
        },
        sampling: sampling(),
        deletion: Some(PendingDeletion { selected: Selected::default(), seconds_left: 10 }),
        retention: Retention { ordinary_seconds: 604_800, error_seconds: 1 << 40, cap_bytes: 5_000_000_000 },
        sizes: Sizes {
            services: Signal::ALL
                .map(|signal| ServiceSize { service: "a".to_owned(), signal, items: 1, bytes: 2 })
                .into(),
            pinned_bytes: 3,
            waiting_bytes: 4,
        },
        ..Status::default()
    };
    let settings = Settings {
        config_path: Some("/config.toml".to_owned()),
        from_command_line: vec![FromCommandLine::Containers],
        ..Settings::default()
    };
    let row = TraceRow {
        trace_id: TraceId([1; 16]),
        services: vec!["a".to_owned()],
        first_error: Some(FirstError::default()),
        ..TraceRow::default()
    };
    vec![
        Ok(Reply::Done),
        Ok(Reply::Status(Box::new(status))),
        Ok(Reply::Traces(TracePage { rows: vec![row; 3], ..TracePage::default() })),
        Ok(Reply::Scatter(Scatter { cells: vec![ScatterCell::default(); 2], ..Scatter::default() })),
        Ok(Reply::Found(None)),
        Ok(Reply::Settings(Box::new(settings))),
        Ok(Reply::Selected(Selected { traces: 1, ..Selected::default() })),
        Ok(Reply::File(vec![0; 300])),
        Err(ApiError::new(ErrorCode::Version, "no")),
    ]
}

fn comes_back<T: api::Wire + PartialEq + std::fmt::Debug>(value: &T) {
    let bytes = encode(value);
    assert_eq!(decode::<T>(&bytes).as_ref(), Ok(value));
    for end in 0..bytes.len() {
        assert!(decode::<T>(&bytes[..end]).is_err(), "{value:?} without its end, at {end}");
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert!(decode::<T>(&longer).is_err(), "{value:?} with a byte too many");
}

#[test]
fn messages_come_back_whole_or_not_at_all() {
    calls().iter().for_each(comes_back);
    answers().iter().for_each(comes_back);
    comes_back(&Event::Arrived { sequence: 3, traces: vec![TraceId([2; 16])] });
    comes_back(&Event::Search { text: "a".to_owned() });
    comes_back(&Event::Pinned { trace_id: TraceId([2; 16]), is_pinned: true });
    comes_back(&vec![Oddity::Cycle, Oddity::EndBeforeStart(5)]);
}

#[test]
fn lists_without_end_and_nesting_without_end_are_refused() {
    // A `Reply::Services` that announces 2^60 entries.
    let many = [&[1, 3][..], &[0xff; 8], &[0x0f]].concat();
    assert_eq!(decode::<Answer>(&many).map_err(|error| error.code), Err(ErrorCode::Malformed));
    let deep: Vec<u8> = std::iter::repeat_n([6, 1], 100_000).flatten().chain([0]).collect();
    assert!(decode::<Value>(&deep).is_err());
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Empty),
        any::<String>().prop_map(Value::String),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(|bits| Value::Double(f64::from_bits(bits))),
        any::<Vec<u8>>().prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((any::<String>(), inner), 0..4).prop_map(|entries| Value::Map(
                entries.into_iter().map(|(key, value)| KeyValue { key, value }).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn values_come_back(value in value()) {
        prop_assert!(decode::<Value>(&encode(&value)).is_ok_and(|read| read.same(&value)));
    }

    #[test]
    fn any_bytes_are_a_message_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(answer) = decode::<Answer>(&bytes) {
            prop_assert!(encode(&answer).len() <= bytes.len());
        }
        let _ = decode::<Call>(&bytes);
        let _ = decode::<Event>(&bytes);
    }
}
