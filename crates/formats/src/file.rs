//! Files that hold requests: whatever exporters, collectors and other viewers write, told apart by
//! their bytes.

use model::Signal;

use crate::{
    Encoding, FormatError, WalkLimits,
    json::{
        self,
        parser::{JsonError, Parser},
    },
    limits::Budget,
    protobuf,
};

/// The most bytes that a compressed file may hold: 4 GiB.
#[cfg(not(target_arch = "wasm32"))]
const MAX_FILE_BYTES: u64 = 4 << 30;

/// One request out of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRequest {
    /// What it carries.
    pub signal: Signal,
    /// How it is encoded.
    pub encoding: Encoding,
    /// The request, not compressed.
    pub body: Vec<u8>,
    /// What to tell the user about it: that the file breaks off after it.
    pub note: Option<String>,
}

/// The requests in a file, in its order; `name` is for messages.
///
/// Understood are OTLP/JSON objects, one or many (JSON lines, an array, one behind the other; with
/// several signals in one object), Jaeger's `{"result":{…}}` and Tempo's `{"batches":[…]}` around
/// them, protobuf, length-prefixed messages of the Collector's file exporter, and each of these
/// compressed with gzip or zstd. A last document that is cut off is left out and noted on the
/// request before it.
///
/// The requests are told apart, not checked: walk them.
///
/// # Errors
/// [`FormatError::Malformed`] where the file holds anything else, with the place of it;
/// [`FormatError::TooLarge`] for more than 4 GiB after decompression.
pub fn requests_in_file(name: &str, bytes: &[u8]) -> Result<Vec<FileRequest>, FormatError> {
    let mut requests = Vec::new();
    let result = sniff(bytes, &mut requests);
    result.map_err(|error| match error {
        FormatError::Malformed(what) => FormatError::Malformed(format!("{name}: {what}")),
        other => other,
    })?;
    Ok(requests)
}

fn malformed<T>(what: impl Into<String>) -> Result<T, FormatError> {
    Err(FormatError::Malformed(what.into()))
}

/// Notes that the file breaks off; an error if nothing came before.
fn broken_off(requests: &mut [FileRequest], what: &str) -> Result<(), FormatError> {
    match requests.last_mut() {
        Some(last) => {
            last.note = Some(format!("{what}; what came before it is here"));
            Ok(())
        }
        None => malformed(what),
    }
}

fn sniff(bytes: &[u8], requests: &mut Vec<FileRequest>) -> Result<(), FormatError> {
    if let Some(plain) = decompressed(bytes)? {
        return sniff_plain(&plain, requests);
    }
    sniff_plain(bytes, requests)
}

/// The bytes without gzip or zstd around them; `None` where there is none.
#[cfg(not(target_arch = "wasm32"))]
fn decompressed(bytes: &[u8]) -> Result<Option<Vec<u8>>, FormatError> {
    let compression = match bytes {
        [0x1f, 0x8b, ..] => crate::Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => crate::Compression::Zstd,
        _ => return Ok(None),
    };
    crate::decompress(compression, bytes, MAX_FILE_BYTES).map(Some)
}

/// The bytes without gzip or zstd around them, which only the native library can take off.
#[cfg(target_arch = "wasm32")]
fn decompressed(bytes: &[u8]) -> Result<Option<Vec<u8>>, FormatError> {
    match bytes {
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => malformed("compressed files are not read here"),
        _ => Ok(None),
    }
}

fn sniff_plain(bytes: &[u8], requests: &mut Vec<FileRequest>) -> Result<(), FormatError> {
    match bytes.first() {
        None => malformed("the file is empty"),
        // A field key is never 0; a length below 16 MiB begins so.
        Some(0) => framed(bytes, requests),
        Some(_) => message(bytes, requests),
    }
}

/// JSON or one request in protobuf. A line feed begins both: as white space, and as the key of the
/// first field.
fn message(bytes: &[u8], requests: &mut Vec<FileRequest>) -> Result<(), FormatError> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let is_json = matches!(text.first(), Some(b'{' | b'['));
    if is_json && !(bytes.starts_with(b"\n") && protobuf_signal(bytes).is_some()) {
        return json_documents(bytes, requests);
    }
    match protobuf_signal(bytes) {
        Some(signal) => {
            let body = bytes.to_vec();
            requests.push(FileRequest { signal, encoding: Encoding::Protobuf, body, note: None });
            Ok(())
        }
        None => malformed("the file is neither OTLP in JSON nor in protobuf, nor compressed with gzip or zstd"),
    }
}

/// JSON documents one behind the other.
fn json_documents(bytes: &[u8], requests: &mut Vec<FileRequest>) -> Result<(), FormatError> {
    let mut p = Parser::new(bytes, Budget::unlimited());
    while p.peek().is_some() {
        let start = p.position();
        let before = requests.len();
        match json_document(&mut p, requests) {
            Ok(()) if requests.len() == before => {
                let line = line_at(bytes, start);
                return malformed(format!(
                    "the JSON at line {line} is not OTLP: it has none of resourceSpans, resourceLogs, resourceMetrics"
                ));
            }
            Ok(()) => {}
            Err(JsonError::Unfinished) => {
                // A cut array keeps what is whole in it.
                let line = line_at(bytes, start);
                return broken_off(
                    requests,
                    &format!("the file breaks off within the JSON that begins at line {line}"),
                );
            }
            Err(JsonError::Malformed { at, what }) => {
                return malformed(format!("line {} is not valid JSON: {what}", line_at(bytes, at)));
            }
            Err(error) => return Err(error.of_request(Signal::Traces)),
        }
    }
    Ok(())
}

/// The number of the line that holds a byte.
fn line_at(bytes: &[u8], at: usize) -> usize {
    1 + bytes.iter().take(at).filter(|&&byte| byte == b'\n').count()
}

/// One document: an object with requests, or an array of such.
fn json_document(p: &mut Parser<'_>, requests: &mut Vec<FileRequest>) -> Result<(), JsonError> {
    if p.peek() == Some(b'[') {
        return p.array(|p| json_document(p, requests)).map(drop);
    }
    p.object(|p, key| {
        let signal = match key {
            "resourceSpans" | "batches" => Signal::Traces,
            "resourceLogs" => Signal::Logs,
            "resourceMetrics" => Signal::Metrics,
            // Jaeger v3 and Tempo v2 wrap the request.
            "result" | "trace" if p.peek() == Some(b'{') => return json_document(p, requests),
            _ => return p.skip(),
        };
        let start = p.position();
        p.skip()?;
        let list = p.since(start);
        if list.first() == Some(&b'[') {
            let body = [b"{\"", json::root_key(signal).as_bytes(), b"\":", list, b"}"].concat();
            requests.push(FileRequest { signal, encoding: Encoding::Json, body, note: None });
        }
        Ok(())
    })
    .map(drop)
}

/// Messages with their length before them, four bytes, big-endian (Collector file exporter).
fn framed(mut bytes: &[u8], requests: &mut Vec<FileRequest>) -> Result<(), FormatError> {
    while !bytes.is_empty() {
        let frame = bytes.split_first_chunk::<4>().and_then(|(len, rest)| {
            let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
            rest.split_at_checked(len)
        });
        let Some((frame, rest)) = frame else {
            return broken_off(requests, "the file breaks off within a length-prefixed message");
        };
        bytes = rest;
        let plain = decompressed(frame)?;
        let content = plain.as_deref().unwrap_or(frame);
        if !content.is_empty() {
            message(content, requests)?;
        }
    }
    Ok(())
}

/// The signal as which a request in protobuf reads best.
fn protobuf_signal(bytes: &[u8]) -> Option<Signal> {
    let limits = WalkLimits { max_items: u64::MAX, max_heap_bytes: u64::MAX, ..WalkLimits::default() };
    let flaws = |signal| {
        let walked = protobuf::walk(signal, bytes, &limits).ok().filter(|walked| walked.received > 0)?;
        Some((walked.rejected.len() as u64 + walked.unknown_fields + walked.repaired_texts, signal))
    };
    Signal::ALL.into_iter().filter_map(flaws).min().map(|(_, signal)| signal)
}
