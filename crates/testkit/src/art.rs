//! Traces drawn as text.

use model::{
    Event, KeyValue, LogRecord, LogsData, Resource, ResourceLogs, ResourceSpans, Scope, ScopeLogs, ScopeSpans, Span,
    SpanId, SpanKind, Status, StatusCode, TraceId, TracesData, Value,
};

/// When the leftmost column of a drawing is: 2026-01-01T00:00:00Z.
pub const START_UNIX_NANO: u64 = 1_767_225_600_000_000_000;

/// The trace of spans that do not name another.
pub const TRACE_ID: TraceId = TraceId([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa1]);

const NANOS_PER_COLUMN: u64 = 1_000_000;

/// The spans of a drawing.
///
/// ```text
/// frontend  GET /cart  [------------------]
///   cart  GetCart        [------]            error=timeout kind=client
///     redis  HGETALL       [--]              db.namespace=0 log="42 items"
/// ```
///
/// A line is a span: its service, its name (the service again if there is none), its bar, options.
/// Indentation says who the parent is. A column is a millisecond and the leftmost bar starts at
/// [`START_UNIX_NANO`]; `[--]` lasts 4 ms, `|` lasts 1 ms, `!` nothing, and `]--[` ends 4 ms before
/// it starts. Span ids count from 1. Options:
///
/// - `error`, `error=message`; `kind=client` and so on, internal otherwise
/// - `id=2a`, `trace=2`: hexadecimal; `parent=2a` instead of the indentation, `parent=none`;
///   `parent_bytes=3`: a malformed parent id of so many bytes
/// - `start=0`, `end=0`: nanoseconds since the Unix epoch instead of the bar's
/// - `event=name`, `log=text`: at the start of the span
/// - any other `key=value` is an attribute: integers and booleans become such, the rest text
///
/// A value with spaces stands in quotes.
#[must_use]
pub fn trace(art: &str) -> TracesData {
    let mut traces = TracesData::default();
    for line in read(art) {
        let service = line.service.clone();
        let span = line.into_span();
        let resources = &mut traces.resource_spans;
        let found = resources.iter().position(|of| of.resource == Some(resource(&service)));
        let at = found.unwrap_or_else(|| {
            resources.push(ResourceSpans {
                resource: Some(resource(&service)),
                scope_spans: vec![ScopeSpans { scope: Some(scope()), ..ScopeSpans::default() }],
                schema_url: String::new(),
            });
            resources.len() - 1
        });
        resources[at].scope_spans[0].spans.push(span);
    }
    traces
}

/// The log records of a drawing: its `log=` options, at the start of their spans.
#[must_use]
pub fn logs(art: &str) -> LogsData {
    let of_line = |line: Line| {
        let (service, span) = (line.service.clone(), line.clone().into_span());
        let record = |text: &String| LogRecord {
            time_unix_nano: span.start_unix_nano,
            observed_time_unix_nano: span.start_unix_nano,
            severity_number: 9,
            severity_text: "INFO".to_owned(),
            body: Some(Value::String(text.clone())),
            trace_id: span.trace_id.0.to_vec(),
            span_id: span.span_id.0.to_vec(),
            ..LogRecord::default()
        };
        ResourceLogs {
            resource: Some(resource(&service)),
            scope_logs: vec![ScopeLogs {
                scope: Some(scope()),
                log_records: line.values("log").map(record).collect(),
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }
    };
    let with_logs = read(art).into_iter().filter(|line| line.values("log").next().is_some());
    LogsData { resource_logs: with_logs.map(of_line).collect() }
}

fn resource(service: &str) -> Resource {
    Resource { attributes: vec![KeyValue::new("service.name", service)], ..Resource::default() }
}

fn scope() -> Scope {
    Scope { name: "testkit".to_owned(), ..Scope::default() }
}

#[derive(Clone)]
struct Line {
    service: String,
    name: String,
    id: SpanId,
    parent: Option<SpanId>,
    start_unix_nano: u64,
    end_unix_nano: u64,
    /// `error` alone has an empty value.
    options: Vec<(String, String)>,
}

fn read(art: &str) -> Vec<Line> {
    let drawn: Vec<(&str, usize, usize)> = art
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| bar(line).map(|(at, end)| (line, at, end)).unwrap_or_else(|| panic!("no bar in {line:?}")))
        .collect();
    let column = |line: &str, byte: usize| line[..byte].chars().count() as u64;
    let leftmost = drawn.iter().map(|&(line, at, _)| column(line, at)).min().unwrap_or_default();
    let mut lines: Vec<Line> = Vec::new();
    // Indentation and id of the spans that can still become parents.
    let mut above: Vec<(usize, SpanId)> = Vec::new();
    for (line, at, end) in drawn {
        let label = line[..at].trim();
        let (service, name) = label.split_once(char::is_whitespace).unwrap_or((label, label));
        let options = options(&line[end..]);
        let option = |key: &str| options.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let indent = line.len() - line.trim_start().len();
        above.retain(|&(of, _)| of < indent);
        let id = option("id").map_or(lines.len() as u64 + 1, hex);
        let parent = match option("parent") {
            Some("none") => None,
            Some(other) => Some(SpanId(hex(other).to_be_bytes())),
            None => above.last().map(|&(_, id)| id),
        };
        let from = START_UNIX_NANO + (column(line, at) - leftmost) * NANOS_PER_COLUMN;
        let width = column(line, end) - column(line, at);
        let (start, end) = match &line[at..end] {
            "!" => (from, from),
            reversed if reversed.starts_with(']') => (from + width * NANOS_PER_COLUMN, from),
            _ => (from, from + width * NANOS_PER_COLUMN),
        };
        let nanos = |text: &str| text.parse().unwrap_or_else(|_| panic!("no nanoseconds: {text:?}"));
        let id = SpanId(id.to_be_bytes());
        above.push((indent, id));
        lines.push(Line {
            service: service.to_owned(),
            name: name.trim().to_owned(),
            id,
            parent,
            start_unix_nano: option("start").map_or(start, nanos),
            end_unix_nano: option("end").map_or(end, nanos),
            options,
        });
    }
    lines
}

/// Where the bar is: the first word that is drawn like one.
fn bar(line: &str) -> Option<(usize, usize)> {
    words(line).find(|&(at, end)| match &line[at..end] {
        "|" | "!" => true,
        word => {
            let ends = (word.chars().next(), word.chars().next_back());
            word.len() > 1
                && matches!(ends, (Some('['), Some(']')) | (Some(']'), Some('[')))
                && word[1..word.len() - 1].bytes().all(|byte| byte == b'-')
        }
    })
}

/// Where the words of a line are; quotes keep spaces inside a word.
fn words(line: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + line[at..].find(|c: char| !c.is_whitespace())?;
        let mut is_quoted = false;
        let length = line[start..].find(|c: char| {
            is_quoted ^= c == '"';
            c.is_whitespace() && !is_quoted
        });
        at = length.map_or(line.len(), |length| start + length);
        Some((start, at))
    })
}

fn options(text: &str) -> Vec<(String, String)> {
    let option = |(at, end): (usize, usize)| {
        let (key, value) = text[at..end].split_once('=').unwrap_or((&text[at..end], ""));
        (key.to_owned(), value.trim_matches('"').to_owned())
    };
    words(text).map(option).collect()
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap_or_else(|_| panic!("not hexadecimal: {text:?}"))
}

impl Line {
    fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a String> {
        self.options.iter().filter(move |(name, _)| name == key).map(|(_, value)| value)
    }

    fn into_span(self) -> Span {
        let mut span = Span {
            trace_id: TRACE_ID,
            span_id: self.id,
            parent_span_id: self.parent.map(|id| id.0.to_vec()).unwrap_or_default(),
            name: self.name,
            kind: SpanKind::INTERNAL,
            start_unix_nano: self.start_unix_nano,
            end_unix_nano: self.end_unix_nano,
            ..Span::default()
        };
        for (key, value) in self.options {
            match key.as_str() {
                "id" | "parent" | "start" | "end" | "log" => {}
                "error" => span.status = Some(Status { code: StatusCode::ERROR, message: value }),
                "trace" => span.trace_id = TraceId(u128::from(hex(&value)).to_be_bytes()),
                "kind" => span.kind = kind(&value),
                "parent_bytes" => {
                    let bytes = value.parse().unwrap_or_else(|_| panic!("no number of bytes: {value:?}"));
                    span.parent_span_id = vec![0xbb; bytes];
                }
                "event" => {
                    span.events.push(Event { time_unix_nano: span.start_unix_nano, name: value, ..Event::default() })
                }
                _ => span.attributes.push(KeyValue { key, value: typed(value) }),
            }
        }
        span
    }
}

fn kind(name: &str) -> SpanKind {
    (0..=5).map(SpanKind).find(|kind| kind.name() == name).unwrap_or_else(|| panic!("no span kind: {name:?}"))
}

fn typed(text: String) -> Value {
    match (text.parse(), text.parse()) {
        (Ok(int), _) => Value::Int(int),
        (_, Ok(bool)) => Value::Bool(bool),
        _ => Value::String(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_says_who_when_and_what() {
        let art = r#"
            web  GET /cart   [----------]     kind=server http.response.status_code=200
              cart  GetCart    [--]           error="no answer" id=2a log="asking again" log=twice
                redis          !
              cart               ]-[
            web  late                  |      parent=ff
        "#;
        let traces = trace(art);
        let spans = |service: usize| &traces.resource_spans[service].scope_spans[0].spans;
        let times = |span: &Span| {
            let since = |moment: u64| (moment - START_UNIX_NANO) / NANOS_PER_COLUMN;
            (
                span.name.clone(),
                since(span.start_unix_nano),
                since(span.end_unix_nano),
                span.parent_span_id.last().copied(),
            )
        };
        let all: Vec<_> = (0..3).flat_map(|service| spans(service).iter().map(times)).collect();
        let expected = [
            ("GET /cart", 0, 12, None),
            ("late", 10, 11, Some(0xff)),
            ("GetCart", 2, 6, Some(1)),
            ("cart", 7, 4, Some(1)),
            ("redis", 2, 2, Some(0x2a)),
        ];
        assert_eq!(all, expected.map(|(name, start, end, parent)| (name.to_owned(), start, end, parent)));
        assert_eq!(spans(0)[0].attributes, [KeyValue::new("http.response.status_code", 200)]);
        assert_eq!(spans(1)[0].status_message(), "no answer");
        let logs = logs(art);
        let bodies: Vec<_> = logs.resource_logs[0].scope_logs[0].log_records.iter().map(|log| &log.body).collect();
        assert_eq!(bodies, [&Some(Value::from("asking again")), &Some(Value::from("twice"))]);
    }
}
