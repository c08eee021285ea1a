//! What the services do: routes, remote procedures, statements and topics, made of their nouns.

use std::sync::LazyLock;

use super::services::{Keeps, SERVICES, Service, Speaks};

/// What a span stands for. Indices are those of [`SERVICES`] and of the lists in [`Does`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// A service handles a request.
    Serve { endpoint: usize },
    /// A service calls another.
    Call { callee: usize, endpoint: usize },
    /// A step of the program itself.
    Step { step: usize },
    /// A database statement.
    Query { statement: usize },
    /// A cache command.
    Cache { command: usize },
    /// A message is sent.
    Publish { topic: usize },
    /// A message of another service is handled.
    Consume { sender: usize, topic: usize },
    /// Somebody else's API is called.
    Fetch { site: usize },
    /// A language model is asked.
    Generate { model: usize },
}

/// What one service can do, the usual first.
#[derive(Debug)]
pub(super) struct Does {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) statements: Vec<Statement>,
    pub(super) topics: Vec<String>,
}

/// Something that others call.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// As spans are called.
    pub(super) name: String,
    /// HTTP method or name of the procedure.
    pub(super) method: String,
    /// Route with placeholders or full name of the RPC service.
    pub(super) route: String,
    /// What comes before and after the id in a path.
    pub(super) around_id: (String, String),
    pub(super) has_id: bool,
    /// The answer if all is well.
    pub(super) status: u64,
}

/// A database statement.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) name: String,
    pub(super) verb: &'static str,
    pub(super) table: String,
    pub(super) text: String,
}

/// What each service does.
static DOES: LazyLock<Vec<Does>> = LazyLock::new(|| SERVICES.iter().map(does).collect());

/// What this service does.
pub(super) fn of(service: usize) -> &'static Does {
    &DOES[service]
}

/// Steps of programs.
pub(super) const STEPS: [&str; 16] = [
    "validate_input",
    "load_profile",
    "apply_rules",
    "render_view",
    "encode_response",
    "merge_results",
    "authorize",
    "resolve_tenant",
    "map_to_domain",
    "retry_with_backoff",
    "acquire_lock",
    "evaluate_flags",
    "compute_totals",
    "serialize_event",
    "sign_payload",
    "warm_up_cache",
];

/// Cache commands.
pub(super) const COMMANDS: [&str; 8] = ["GET", "SET", "HGETALL", "MGET", "EXPIRE", "INCRBY", "DEL", "ZADD"];

/// Hosts of others with a route of theirs.
pub(super) const SITES: [(&str, &str, &str); 6] = [
    ("api.acquirer.example", "POST", "/v3/authorizations/"),
    ("geo.example", "GET", "/lookup/"),
    ("api.parcels.example", "GET", "/tracking/v2/shipments/"),
    ("rates.bank.example", "GET", "/daily/"),
    ("hooks.partner.example", "POST", "/webhooks/"),
    ("login.identity.example", "POST", "/oauth2/token/"),
];

/// Language models: what is done, provider, and the model's name.
pub(super) const MODELS: [(&str, &str, &str); 6] = [
    ("chat", "openai", "gpt-4o-mini"),
    ("embeddings", "openai", "text-embedding-3-small"),
    ("chat", "anthropic", "claude-sonnet-4-5"),
    ("execute_tool", "openai", "look_up_order"),
    ("chat", "aws.bedrock", "mistral-large"),
    ("invoke_agent", "openai", "returns-agent"),
];

fn does(service: &Service) -> Does {
    let endpoints = (0..5).flat_map(|verb| service.nouns.iter().map(move |noun| endpoint(service, noun, verb)));
    let statements = (0..6).flat_map(|verb| service.nouns.iter().map(move |noun| statement(service, noun, verb)));
    let topics = ["created", "changed", "removed"];
    Does {
        endpoints: endpoints.collect(),
        statements: if service.keeps == Keeps::Nothing { Vec::new() } else { statements.collect() },
        topics: service.nouns.iter().zip(topics).map(|(noun, what)| format!("{noun}s.{what}")).collect(),
    }
}

fn endpoint(service: &Service, noun: &str, verb: usize) -> Endpoint {
    if service.speaks == Speaks::Grpc {
        let method = format!("{}{}", ["Get", "List", "Create", "Update", "Watch"][verb], pascal(noun));
        let route = format!("{}.v1.{}Service", service.namespace, pascal(service.nouns[0]));
        let name = format!("{route}/{method}");
        return Endpoint { name, method, route, around_id: Default::default(), has_id: false, status: 0 };
    }
    let (method, has_id, action, status) = [
        ("GET", true, "", 200),
        ("GET", false, "", 200),
        ("POST", false, "", 201),
        ("PUT", true, "", 204),
        ("POST", true, "/confirm", 202),
    ][verb];
    let head = format!("/v1/{noun}s");
    let route = if has_id { format!("{head}/{{{noun}_id}}{action}") } else { head.clone() };
    Endpoint {
        name: format!("{method} {route}"),
        method: method.to_owned(),
        route,
        around_id: (head, action.to_owned()),
        has_id,
        status,
    }
}

fn statement(service: &Service, noun: &str, verb: usize) -> Statement {
    let table = format!("{noun}s");
    let sql = [
        ("SELECT", format!("SELECT id, tenant, state, body FROM {table} WHERE id = $1")),
        ("SELECT", format!("SELECT * FROM {table} WHERE tenant = $1 AND state IN (?) ORDER BY id LIMIT $2")),
        ("INSERT", format!("INSERT INTO {table} (id, tenant, state, body) VALUES (?)")),
        ("UPDATE", format!("UPDATE {table} SET state = $1 WHERE id = $2")),
        ("DELETE", format!("DELETE FROM {table} WHERE expires_at < now()")),
        ("SELECT", format!("SELECT t.state, count(*) FROM {table} t JOIN tenants USING (tenant) GROUP BY 1")),
    ];
    let verbs = ["find", "find", "insert", "update", "delete", "aggregate"];
    let (verb, text) = match (service.keeps, sql.into_iter().nth(verb)) {
        (Keeps::Postgres | Keeps::Mysql, Some(sql)) => sql,
        _ => (verbs[verb], format!("{{\"{}\":\"{table}\",\"filter\":{{\"_id\":\"?\"}}}}", verbs[verb])),
    };
    Statement { name: format!("{verb} {table}"), verb, table, text }
}

/// A noun as types are written.
fn pascal(noun: &str) -> String {
    let words = noun.split('_').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect()
}
