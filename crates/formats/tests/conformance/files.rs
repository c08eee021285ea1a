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
    expect_test::expect![[r#""#]].assert_eq(&all);
}
