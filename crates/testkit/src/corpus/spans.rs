//! The spans of a trace, described by the semantic conventions.

use std::collections::VecDeque;

use model::{Event, KeyValue, Link, Span, SpanId, SpanKind, Status, StatusCode, TraceId, Value};

use super::{
    attributes::Attributes,
    chance::{favour, long_tailed, zipf},
    failures,
    operations::{self, COMMANDS, MODELS, Operation, SITES, STEPS},
    services::{Keeps, SERVICES, Speaks},
    shape::{Fails, Node},
    story::{Story, uuid},
};
use crate::Random;

/// W3C: sampled, and it is known whether the parent is in another process.
const LOCAL: u32 = 0x101;
/// And it is.
const REMOTE: u32 = 0x301;

/// The last few messages sent, for consumers that batch messages of several traces.
pub(super) type Sent = VecDeque<(TraceId, SpanId)>;

const AGENTS: [&str; 6] = [
    "shop-app/8.2.1 (iOS 18.1)",
    "okhttp/4.12.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "python-httpx/0.28",
    "curl/8.9",
];

/// The spans of a trace with the index of their service.
pub(super) fn tell(story: &mut Story, nodes: &[Node], sent: &mut Sent) -> impl Iterator<Item = (usize, Span)> {
    nodes.iter().enumerate().map(|(position, node)| (node.service, span(story, position, node, sent)))
}

fn span(story: &mut Story, position: usize, node: &Node, sent: &mut Sent) -> Span {
    let mut attributes = Attributes::with_capacity(12);
    let (name, kind) = describe(story, node, &mut attributes);
    let mut span = Span {
        trace_id: story.trace_id,
        span_id: story.span_id(position),
        parent_span_id: node.parent.map(|parent| story.span_id(parent).0.to_vec()).unwrap_or_default(),
        trace_state: story.trace_state.clone(),
        flags: if matches!(kind, SpanKind::SERVER | SpanKind::CONSUMER) { REMOTE } else { LOCAL },
        name,
        kind,
        start_unix_nano: node.from,
        end_unix_nano: node.to,
        attributes: attributes.list(),
        ..Span::default()
    };
    if kind == SpanKind::PRODUCER {
        sent.push_back((span.trace_id, span.span_id));
        if sent.len() > 64 {
            sent.pop_front();
        }
    }
    if kind == SpanKind::CONSUMER {
        span.links = links(story, node, sent);
    }
    if node.fails != Fails::No {
        fail(&mut story.random, node, &mut span);
    } else if position == 0 && story.random.percent(20) {
        span.status = Some(Status { code: StatusCode::OK, message: String::new() });
    } else if story.random.percent(2) {
        span.events.push(note(&mut story.random, node));
    }
    span
}

/// Attributes by what it is; gives the name and the kind.
fn describe(story: &mut Story, node: &Node, to: &mut Attributes) -> (String, SpanKind) {
    match node.operation {
        Operation::Serve { endpoint } => {
            (answered(story, node.service, endpoint, node.fails != Fails::No, to), SpanKind::SERVER)
        }
        Operation::Call { callee, endpoint } => {
            (asked(story, callee, endpoint, node.fails != Fails::No, to), SpanKind::CLIENT)
        }
        Operation::Step { step } => (step_of(story, node.service, step, to), SpanKind::INTERNAL),
        Operation::Query { statement } => (query(story, node.service, statement, to), SpanKind::CLIENT),
        Operation::Cache { command } => (cache(story, node.service, command, to), SpanKind::CLIENT),
        Operation::Publish { topic } => (message(story, node.service, topic, None, to), SpanKind::PRODUCER),
        Operation::Consume { sender, topic } => {
            (message(story, sender, topic, Some(node.service), to), SpanKind::CONSUMER)
        }
        Operation::Fetch { site } => (fetch(story, site, node.fails != Fails::No, to), SpanKind::CLIENT),
        Operation::Generate { model } => generate(story, model, to),
    }
}

/// A request as its server saw it.
fn answered(story: &mut Story, service: usize, endpoint: usize, failed: bool, to: &mut Attributes) -> String {
    let endpoint_of = &operations::of(service).endpoints[endpoint];
    let random = &mut story.random;
    if SERVICES[service].speaks == Speaks::Grpc {
        rpc(random, service, endpoint, failed, to);
        to.string("client.address", format!("10.4.{}.{}", random.below(9), random.below(250)));
        to.int("thread.id", random.below(64));
        to.text("app.tenant", &story.tenant);
        to.text("app.region", story.region);
        return endpoint_of.name.clone();
    }
    to.text("http.request.method", &endpoint_of.method);
    to.int("http.response.status_code", status(random, endpoint_of.status, failed));
    to.text("http.route", &endpoint_of.route);
    to.string("url.path", path(random, endpoint_of));
    if !endpoint_of.has_id {
        to.string("url.query", format!("page={}&limit=50", random.below(40)));
    }
    to.text("server.address", SERVICES[service].name);
    to.text("client.address", &story.address);
    to.text("user_agent.original", favour(random, &AGENTS));
    to.text("user.id", &story.user);
    to.text("app.region", story.region);
    endpoint_of.name.clone()
}

/// A request as its client saw it.
fn asked(story: &mut Story, callee: usize, endpoint: usize, failed: bool, to: &mut Attributes) -> String {
    let endpoint_of = &operations::of(callee).endpoints[endpoint];
    let random = &mut story.random;
    let host = SERVICES[callee].name;
    if SERVICES[callee].speaks == Speaks::Grpc {
        rpc(random, callee, endpoint, failed, to);
        to.int("thread.id", random.below(64));
        to.flag("app.is_retry", random.percent(3));
        return endpoint_of.name.clone();
    }
    to.text("http.request.method", &endpoint_of.method);
    to.int("http.response.status_code", status(random, endpoint_of.status, failed));
    let path = path(random, endpoint_of);
    to.string("url.full", format!("http://{host}:8080{path}"));
    to.text("app.region", story.region);
    to.text("server.address", host);
    to.int("server.port", 8_080);
    to.string("network.peer.address", format!("10.4.{callee}.{}", random.below(6)));
    to.int("http.response.body.size", long_tailed(random, 2_000, 4));
    to.int("thread.id", random.below(64));
    to.flag("app.is_retry", random.percent(3));
    endpoint_of.method.clone()
}

/// What both ends of a gRPC call say.
fn rpc(random: &mut Random, service: usize, endpoint: usize, failed: bool, to: &mut Attributes) {
    let endpoint = &operations::of(service).endpoints[endpoint];
    to.text("rpc.system", "grpc");
    to.text("rpc.service", &endpoint.route);
    to.text("rpc.method", &endpoint.method);
    to.int("rpc.grpc.status_code", if failed { favour(random, &[14, 4, 13, 2]) } else { 0 });
    to.text("server.address", SERVICES[service].name);
    to.int("server.port", 9_090);
    to.string("network.peer.address", format!("10.4.{service}.{}", random.below(6)));
}

/// Mostly the usual one.
fn status(random: &mut Random, usual: u64, failed: bool) -> u64 {
    match random.below(100) {
        _ if failed => favour(random, &[500, 503, 504, 502]),
        0..94 => usual,
        94..97 => 404,
        97 => 304,
        98 => 400,
        _ => 401,
    }
}

/// The path of a request, ids filled in.
fn path(random: &mut Random, endpoint: &operations::Endpoint) -> String {
    let (head, tail) = &endpoint.around_id;
    if !endpoint.has_id {
        head.clone()
    } else if endpoint.route.len().is_multiple_of(2) {
        format!("{head}/{}{tail}", long_tailed(random, 4_000_000, 2))
    } else {
        format!("{head}/{}{tail}", uuid(random))
    }
}

fn step_of(story: &mut Story, service: usize, step: usize, to: &mut Attributes) -> String {
    let name = SERVICES[service].name;
    let (step_name, random) = (STEPS[step], &mut story.random);
    to.string("code.function.name", format!("{name}.{step_name}"));
    to.int("code.line.number", (service * 37 + step * 101) as u64 % 900);
    to.int("thread.id", random.below(64));
    to.string("thread.name", format!("worker-{}", random.below(16)));
    to.text("app.tenant", &story.tenant);
    to.text("user.id", &story.user);
    match step % 4 {
        0 => to.text("app.order.id", &story.order),
        1 => to.text("session.id", &story.session),
        2 => to.double("app.score", random.below(1_000) as f64 / 1_000.0),
        _ => to.flag("app.cached", random.percent(60)),
    }
    to.int("app.items", long_tailed(random, 6, 3));
    to.int("app.attempt", 1 + zipf(random, 3) as u64);
    if random.percent(15) {
        let flags = ["new-basket", "fast-search", "dark-prices", "one-click"].map(Value::from);
        to.add("app.flags", Value::Array(flags[..random.between(1, 4) as usize].to_vec()));
    }
    step_name.to_owned()
}

fn query(story: &mut Story, service: usize, statement: usize, to: &mut Attributes) -> String {
    let statement = &operations::of(service).statements[statement];
    let (of, random) = (&SERVICES[service], &mut story.random);
    let (system, port) = match of.keeps {
        Keeps::Postgres => ("postgresql", 5_432),
        Keeps::Mysql => ("mysql", 3_306),
        Keeps::Mongo => ("mongodb", 27_017),
        Keeps::Search | Keeps::Nothing => ("elasticsearch", 9_200),
    };
    to.text("db.system.name", system);
    to.text("db.namespace", of.namespace);
    to.text("db.operation.name", statement.verb);
    to.text("db.collection.name", &statement.table);
    to.text("db.query.text", &statement.text);
    to.int("db.response.returned_rows", long_tailed(random, 4, 4));
    to.string("server.address", format!("{}-db-{}", of.namespace, random.below(3)));
    to.int("server.port", port);
    to.flag("app.read_only", random.percent(50));
    to.int("thread.id", random.below(64));
    statement.name.clone()
}

fn cache(story: &mut Story, service: usize, command: usize, to: &mut Attributes) -> String {
    let (of, command, random) = (&SERVICES[service], COMMANDS[command], &mut story.random);
    to.text("db.system.name", "redis");
    to.text("db.namespace", "0");
    to.text("db.operation.name", command);
    to.string("db.query.text", format!("{command} {}:{}:{}", of.nouns[0], story.tenant, random.below(1 << 24)));
    to.string("server.address", format!("redis-{}", random.below(3)));
    to.int("server.port", 6_379);
    to.int("app.cache.ttl", favour(random, &[300, 3_600, 60, 86_400]));
    to.flag("app.cache.hit", random.percent(80));
    to.int("app.cache.bytes", long_tailed(random, 700, 4));
    to.int("thread.id", random.below(64));
    command.to_owned()
}

/// A message on its way out or, with a receiver, in.
fn message(story: &mut Story, sender: usize, topic: usize, receiver: Option<usize>, to: &mut Attributes) -> String {
    let (topic, random) = (&operations::of(sender).topics[topic], &mut story.random);
    let (system, kind, verb) = match (sender % 5, receiver) {
        (0, None) => ("rabbitmq", "send", "publish"),
        (0, Some(_)) => ("rabbitmq", "process", "consume"),
        (_, None) => ("kafka", "send", "send"),
        (_, Some(_)) => ("kafka", "process", "poll"),
    };
    to.text("messaging.system", system);
    to.text("messaging.destination.name", topic);
    to.text("messaging.operation.type", kind);
    to.text("messaging.operation.name", verb);
    to.string("messaging.destination.partition.id", random.below(24).to_string());
    to.text("messaging.kafka.message.key", &story.order);
    to.int("messaging.message.body.size", long_tailed(random, 900, 4));
    to.text("server.address", "kafka-bootstrap");
    if let Some(receiver) = receiver {
        to.text("messaging.consumer.group.name", SERVICES[receiver].name);
        to.int("messaging.kafka.offset", (story.start >> 20) % 100_000_000 + random.below(1_000));
    } else {
        to.string("messaging.message.id", uuid(random));
    }
    format!("{kind} {topic}")
}

fn fetch(story: &mut Story, site: usize, failed: bool, to: &mut Attributes) -> String {
    let ((host, method, route), random) = (SITES[site], &mut story.random);
    to.text("http.request.method", method);
    to.int("http.response.status_code", status(random, 200, failed));
    let url = format!("https://{host}{route}{}?tenant={}&trace=1", uuid(random), story.tenant);
    to.string("url.full", url);
    to.text("server.address", host);
    to.int("server.port", 443);
    to.string("network.peer.address", format!("203.0.113.{}", random.below(250)));
    to.text("network.protocol.version", "2");
    to.int("http.request.resend_count", random.below(2));
    to.int("thread.id", random.below(64));
    method.to_owned()
}

fn generate(story: &mut Story, model: usize, to: &mut Attributes) -> (String, SpanKind) {
    let ((operation, provider, model), random) = (MODELS[model], &mut story.random);
    to.text("gen_ai.operation.name", operation);
    to.text("gen_ai.provider.name", provider);
    to.text("gen_ai.conversation.id", &story.session);
    if operation == "execute_tool" {
        to.text("gen_ai.tool.name", model);
        to.text("gen_ai.tool.type", "function");
        to.string("gen_ai.tool.call.id", format!("call_{:016x}", random.bits()));
        return (format!("{operation} {model}"), SpanKind::INTERNAL);
    }
    to.text("gen_ai.request.model", model);
    to.string("gen_ai.response.model", format!("{model}-2025-09-01"));
    to.string("gen_ai.response.id", format!("chatcmpl-{:016x}", random.bits()));
    to.double("gen_ai.request.temperature", random.below(11) as f64 / 10.0);
    to.int("gen_ai.usage.input_tokens", long_tailed(random, 1_400, 3));
    to.int("gen_ai.usage.output_tokens", long_tailed(random, 220, 3));
    let finish = favour(random, &["stop", "tool_calls", "length"]);
    to.add("gen_ai.response.finish_reasons", Value::Array(vec![finish.into()]));
    (format!("{operation} {model}"), SpanKind::CLIENT)
}

/// A consumer points to who sent: its parent, or messages of other traces.
fn links(story: &mut Story, node: &Node, sent: &Sent) -> Vec<Link> {
    let mut to: Vec<(TraceId, SpanId)> = Vec::new();
    match node.parent {
        Some(parent) => to.push((story.trace_id, story.span_id(parent))),
        None if sent.is_empty() => {}
        None => {
            let batch = long_tailed(&mut story.random, 2, 2).clamp(1, 12) as usize;
            let from = story.random.below(sent.len() as u64) as usize;
            to.extend(sent.iter().skip(from).take(batch));
        }
    }
    let link = |(trace_id, span_id): (TraceId, SpanId)| Link {
        trace_id: trace_id.0.to_vec(),
        span_id: span_id.0.to_vec(),
        attributes: vec![KeyValue::new("messaging.batch", to.len() as i64)],
        flags: REMOTE,
        ..Link::default()
    };
    to.iter().copied().map(link).collect()
}

/// Something worth a note on the way.
fn note(random: &mut Random, node: &Node) -> Event {
    let (name, key) =
        favour(random, &[("retry", "attempt"), ("cache.miss", "level"), ("lock.acquired", "waited_ms"), ("gc", "ms")]);
    Event {
        time_unix_nano: node.from + random.below(node.to - node.from + 1),
        name: name.to_owned(),
        attributes: vec![KeyValue::new(key, random.between(1, 20) as i64)],
        dropped_attributes_count: 0,
    }
}

/// Where it began there is an exception; what waited for it says so, and no more.
fn fail(random: &mut Random, node: &Node, span: &mut Span) {
    let mut message = String::new();
    if node.fails == Fails::Itself {
        let mut attributes = Attributes::with_capacity(3);
        message = failures::describe(random, node.service, &mut attributes);
        span.events.push(Event {
            time_unix_nano: node.to,
            name: "exception".to_owned(),
            attributes: attributes.list(),
            dropped_attributes_count: 0,
        });
        if let Some(name) = span.events[0].attributes.first() {
            span.attributes.push(KeyValue { key: "error.type".to_owned(), value: name.value.clone() });
        }
    } else if random.percent(40) {
        message.push_str("a call below failed");
    }
    span.status = Some(Status { code: StatusCode::ERROR, message });
}
