//! What the services of the corpus are called and what they do.

use model::{KeyValue, Resource, Value};

use crate::Random;

/// What a span stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// A service handles a request.
    Serve,
    /// A service calls another.
    Call {
        /// Index of the other.
        callee: usize,
    },
    /// A step of the program itself.
    Step,
    /// A database statement.
    Query,
    /// A cache command.
    Cache,
}

/// Service, language, and its three routes.
pub(super) const SERVICES: [(&str, &str, [&str; 3]); 10] = [
    ("edge-gateway", "go", ["/shop/{page}", "/account/{page}", "/api/{path}"]),
    ("storefront", "nodejs", ["/pages/home", "/pages/product/{sku}", "/pages/basket"]),
    ("accounts", "java", ["/accounts/{id}", "/accounts/{id}/addresses", "/sessions"]),
    ("catalogue", "java", ["/products/{sku}", "/products", "/categories/{id}"]),
    ("search", "rust", ["/search", "/suggest", "/facets/{name}"]),
    ("basket", "dotnet", ["/baskets/{id}", "/baskets/{id}/items", "/baskets/{id}/total"]),
    ("pricing", "go", ["/quote", "/discounts/{code}", "/rates/{currency}"]),
    ("stock", "go", ["/stock/{sku}", "/reservations", "/reservations/{id}"]),
    ("billing", "java", ["/invoices", "/invoices/{id}", "/charges"]),
    ("mailer", "python", ["/messages", "/templates/{name}", "/bounces"]),
];

const STEPS: [&str; 6] =
    ["validate_input", "load_profile", "render_view", "apply_rules", "encode_response", "merge_results"];
const TABLES: [&str; 6] = ["orders", "order_items", "customers", "products", "reservations", "sessions"];
const METHODS: [&str; 3] = ["GET", "POST", "PUT"];
const COMMANDS: [&str; 3] = ["GET", "SET", "HGETALL"];

/// The resource of a service: ten attributes.
pub(super) fn resource(service: usize) -> Resource {
    let (name, language, _) = SERVICES[service];
    let text = |key: &str, value: String| KeyValue::new(key, Value::String(value));
    let attributes = vec![
        text("service.name", name.to_owned()),
        text("service.namespace", "shop".to_owned()),
        text("service.version", format!("4.{service}.2")),
        text("service.instance.id", format!("6f1d0c52-8a3e-4b7c-9d20-0000000000{service:02}")),
        text("deployment.environment.name", "production".to_owned()),
        text("host.name", format!("node-{}", service % 4)),
        text("k8s.pod.name", format!("{name}-7c9d8f6b5-x{service}k2p")),
        KeyValue::new("process.pid", 4_000 + service as i64),
        text("telemetry.sdk.language", language.to_owned()),
        text("telemetry.sdk.version", "1.52.0".to_owned()),
    ];
    Resource { attributes, ..Resource::default() }
}

/// Name and attributes of a span, by the semantic conventions.
pub(super) fn describe(random: &mut Random, service: usize, operation: Operation) -> (String, Vec<KeyValue>) {
    let mut attributes = Vec::with_capacity(12);
    let mut add = |key: &str, value: Value| attributes.push(KeyValue { key: key.to_owned(), value });
    let number = |random: &mut Random, most: u64| Value::Int(random.below(most) as i64);
    let name = match operation {
        Operation::Serve | Operation::Call { .. } => {
            let (peer, served) = match operation {
                Operation::Call { callee } => (callee, false),
                _ => (service, true),
            };
            let (host, _, routes) = SERVICES[peer];
            let (method, route) = (*random.pick(&METHODS), *random.pick(&routes));
            let path = route.split('{').next().unwrap_or(route);
            add("http.request.method", method.into());
            add("http.response.status_code", Value::Int(*random.pick(&[200, 200, 200, 200, 201, 204, 404])));
            add("server.address", host.into());
            add("server.port", Value::Int(8_080));
            add("network.protocol.version", "1.1".into());
            add("network.peer.address", Value::String(format!("10.4.{peer}.{}", random.below(250))));
            if served {
                add("http.route", route.into());
                add("url.path", Value::String(format!("{path}{}", random.below(100_000))));
                add("url.scheme", "http".into());
                add("user_agent.original", "shop-client/8.2".into());
                add("http.response.body.size", number(random, 60_000));
            } else {
                let url = format!("http://{host}:8080{path}{}", random.below(100_000));
                add("url.full", Value::String(url));
                add("http.request.body.size", number(random, 4_000));
                add("network.transport", "tcp".into());
            }
            add("thread.id", number(random, 64));
            format!("{method} {route}")
        }
        Operation::Step => {
            let step = *random.pick(&STEPS);
            add("code.function.name", Value::String(format!("shop.{}.{step}", SERVICES[service].0)));
            add("code.file.path", Value::String(format!("src/{}/{step}", SERVICES[service].0)));
            add("code.line.number", number(random, 900));
            add("thread.id", number(random, 64));
            add("thread.name", Value::String(format!("worker-{}", random.below(16))));
            add("app.tenant", Value::String(format!("tenant-{}", random.below(40))));
            add("app.customer.id", Value::String(format!("cus_{:010x}", random.below(1 << 40))));
            add("app.items", number(random, 30));
            add("app.is_retry", Value::Bool(random.percent(3)));
            add("app.score", Value::Double(random.below(1_000) as f64 / 1_000.0));
            step.to_owned()
        }
        Operation::Query => {
            let table = *random.pick(&TABLES);
            add("db.system.name", "postgresql".into());
            add("db.namespace", SERVICES[service].0.into());
            add("db.operation.name", "SELECT".into());
            add("db.collection.name", table.into());
            add("db.query.text", Value::String(format!("SELECT * FROM {table} WHERE id = $1 AND tenant = $2")));
            add("db.response.returned_rows", number(random, 200));
            add("server.address", "postgres-main".into());
            add("server.port", Value::Int(5_432));
            add("network.peer.address", "10.4.90.12".into());
            add("thread.id", number(random, 64));
            format!("SELECT {table}")
        }
        Operation::Cache => {
            let command = *random.pick(&COMMANDS);
            let key = format!("{}:{:08x}", SERVICES[service].0, random.below(1 << 32));
            add("db.system.name", "redis".into());
            add("db.namespace", "0".into());
            add("db.operation.name", command.into());
            add("db.query.text", Value::String(format!("{command} {key}")));
            add("server.address", "redis-main".into());
            add("server.port", Value::Int(6_379));
            add("network.peer.address", "10.4.91.7".into());
            add("network.transport", "tcp".into());
            add("app.cache.hit", Value::Bool(random.percent(80)));
            add("app.cache.bytes", number(random, 9_000));
            add("thread.id", number(random, 64));
            command.to_owned()
        }
    };
    (name, attributes)
}
