//! The tree of a generated trace.

use model::{Event, KeyValue, Span, SpanId, SpanKind, Status, StatusCode, Value};

use super::operations::{Operation, SERVICES, describe};
use crate::Random;

/// A span below which more can happen.
struct Open {
    span_id: SpanId,
    service: usize,
    end: u64,
    /// Where the next child can start.
    cursor: u64,
}

/// Spans of one trace with the index of their service, parents before their children.
pub(super) fn trace(random: &mut Random, spans: usize, start: u64, duration: u64) -> Vec<(usize, Span)> {
    let trace_id = super::trace_id(random);
    let mut all: Vec<(usize, Span)> = Vec::with_capacity(spans);
    let mut open: Vec<Open> = Vec::new();
    // Something may have been called and not be served yet.
    let mut called: Option<(usize, SpanId, u64, u64)> = None;
    while all.len() < spans {
        let (service, parent, operation, from, to) = if all.is_empty() {
            (0, None, Operation::Serve, start, start + duration)
        } else if let Some((service, parent, from, to)) = called.take() {
            // The way there and back takes a little.
            let way = (to - from) / 20;
            (service, Some(parent), Operation::Serve, from + way, to - way)
        } else {
            let above = pick(random, &mut open);
            let room = above.end - above.cursor;
            let from = above.cursor + random.below(room / 12 + 1);
            let to = from + random.below((above.end - from) / 3 + 1);
            // Now and then the next one runs beside this one.
            above.cursor = if random.percent(85) { to } else { from };
            let operation = match random.below(100) {
                0..35 => Operation::Call { callee: random.between(1, SERVICES.len() as u64 - 1) as usize },
                35..55 => Operation::Step,
                55..85 => Operation::Query,
                _ => Operation::Cache,
            };
            (above.service, Some(above.span_id), operation, from, to)
        };
        let span_id = super::span_id(random);
        let (name, attributes) = describe(random, service, operation);
        let mut span = Span {
            trace_id,
            span_id,
            parent_span_id: parent.map(|id| id.0.to_vec()).unwrap_or_default(),
            flags: 1,
            name,
            kind: match operation {
                Operation::Serve => SpanKind::SERVER,
                Operation::Step => SpanKind::INTERNAL,
                _ => SpanKind::CLIENT,
            },
            start_unix_nano: from,
            end_unix_nano: to,
            attributes,
            ..Span::default()
        };
        match operation {
            Operation::Call { callee } => called = Some((callee, span_id, from, to)),
            Operation::Serve | Operation::Step => open.push(Open { span_id, service, end: to, cursor: from }),
            Operation::Query | Operation::Cache if random.percent(1) => fail(&mut span),
            Operation::Query | Operation::Cache => {}
        }
        all.push((service, span));
    }
    all
}

/// Someone below whom something happens next: any, but rather the recent.
fn pick<'a>(random: &mut Random, open: &'a mut [Open]) -> &'a mut Open {
    let count = open.len() as u64;
    let back = random.below(count).min(random.below(count));
    &mut open[(count - 1 - back) as usize]
}

fn fail(span: &mut Span) {
    let message = "connection reset by peer";
    span.status = Some(Status { code: StatusCode::ERROR, message: message.to_owned() });
    span.events.push(Event {
        time_unix_nano: span.end_unix_nano,
        name: "exception".to_owned(),
        attributes: vec![
            KeyValue::new("exception.type", "ConnectionResetError"),
            KeyValue { key: "exception.message".to_owned(), value: Value::from(message) },
        ],
        dropped_attributes_count: 0,
    });
}
