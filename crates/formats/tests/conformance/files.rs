//! Files of all kinds, told apart.

use formats::{Encoding, FormatError, file::requests_in_file};

const SPANS: &str = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331","name":"n"}]}]}]}"#;
const LOGS: &str = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hi"}}]}]}]}"#;

fn traces_protobuf() -> Vec<u8> {
    let data = formats::decode_traces(Encoding::Json, SPANS.as_bytes()).expect("valid");
    formats::encode_traces_protobuf(&data)
}

fn logs_protobuf() -> Vec<u8> {
    let data = formats::decode_logs(Encoding::Json, LOGS.as_bytes()).expect("valid");
    formats::encode_logs_protobuf(&data)
}

fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    messages.iter().flat_map(|message| [&(message.len() as u32).to_be_bytes()[..], message].concat()).collect()
}

/// What is found: signal, encoding, and whether there is a note; or the error.
fn found(bytes: &[u8]) -> String {
    match requests_in_file("f", bytes) {
        Ok(requests) => requests
            .iter()
            .map(|request| {
                let note = request.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default();
                let walked = formats::walk(request.signal, request.encoding, &request.body, &Default::default())
                    .expect("requests in files are whole");
                format!("{} {:?} {:?}{note}", walked.received, request.signal, request.encoding)
            })
            .collect::<Vec<_>>()
            .join("; "),
        Err(FormatError::Malformed(what)) => what,
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn each_kind_is_known_by_its_bytes() {
    let list = SPANS.strip_prefix(r#"{"resourceSpans":"#).and_then(|rest| rest.strip_suffix('}')).expect("a list");
    let logs_list = LOGS.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).expect("members");
    let both = format!(r#"{{"resourceSpans":{list},{logs_list}}}"#);
    let lines = format!("{SPANS}\n{LOGS}\n\n{SPANS}\n");
    let gzip = {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(lines.as_bytes()).and_then(|()| encoder.finish()).expect("in memory")
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).expect("in memory");
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("object", SPANS.into()),
        ("byte order mark", format!("\u{feff}{SPANS}").into()),
        ("both signals", both.into()),
        ("lines", lines.clone().into()),
        ("half a line", lines[..lines.len() - 9].into()),
        ("half of all", SPANS[..40].into()),
        ("array", format!("[{SPANS},\n{LOGS}]").into()),
        ("Jaeger", format!(r#"{{"result":{SPANS}}}"#).into()),
        ("Tempo", format!(r#"{{"batches":{list}}}"#).into()),
        ("protobuf", traces_protobuf()),
        ("protobuf logs", logs_protobuf()),
        ("framed", framed(&[traces_protobuf(), logs_protobuf()])),
        ("framed JSON, compressed", framed(&[zstd(SPANS.as_bytes()), SPANS.into()])),
        ("framed, cut", {
            let mut bytes = framed(&[traces_protobuf(), logs_protobuf()]);
            bytes.truncate(bytes.len() - 1);
            bytes
        }),
        ("gzip", gzip),
        ("zstd", zstd(&traces_protobuf())),
        ("empty", Vec::new()),
        ("text", b"hello world".into()),
        ("other JSON", b"{\"a\":1}".into()),
        ("bad line", format!("{SPANS}\n{{\"a\":tru}}").into()),
    ];
    let all: String = cases.iter().map(|(what, bytes)| format!("{what}: {}\n", found(bytes))).collect();
    expect_test::expect![[r#"
        object: 1 Traces Json
        byte order mark: 1 Traces Json
        both signals: 1 Traces Json; 1 Logs Json
        lines: 1 Traces Json; 1 Logs Json; 1 Traces Json
        half a line: 1 Traces Json; 1 Logs Json (the file breaks off within the JSON that begins at line 4; what came before it is here)
        half of all: f: the file breaks off within the JSON that begins at line 1
        array: 1 Traces Json; 1 Logs Json
        Jaeger: 1 Traces Json
        Tempo: 1 Traces Json
        protobuf: 1 Traces Protobuf
        protobuf logs: 1 Logs Protobuf
        framed: 1 Traces Protobuf; 1 Logs Protobuf
        framed JSON, compressed: 1 Traces Json; 1 Traces Json
        framed, cut: 1 Traces Protobuf (the file breaks off within a length-prefixed message; what came before it is here)
        gzip: 1 Traces Json; 1 Logs Json; 1 Traces Json
        zstd: 1 Traces Protobuf
        empty: f: the file is empty
        text: f: the file is neither OTLP in JSON nor in protobuf, nor compressed with gzip or zstd
        other JSON: f: the JSON at line 1 is not OTLP: it has none of resourceSpans, resourceLogs, resourceMetrics
        bad line: f: line 2 is not valid JSON: no JSON value begins like this
    "#]].assert_eq(&all);
}
