//! What exceptions look like in each language.

use super::{
    attributes::Attributes,
    chance::zipf,
    services::{Language, SERVICES},
};
use crate::Random;

/// Types of a language, the usual first.
fn types(language: Language) -> [&'static str; 4] {
    match language {
        Language::Cpp => ["std::runtime_error", "std::system_error", "std::out_of_range", "grpc::TimeoutError"],
        Language::Dotnet => [
            "System.TimeoutException",
            "System.InvalidOperationException",
            "Npgsql.PostgresException",
            "System.Net.Http.HttpRequestException",
        ],
        Language::Elixir => ["DBConnection.ConnectionError", "Ecto.StaleEntryError", "FunctionClauseError", "exit"],
        Language::Go => ["*url.Error", "*net.OpError", "context.deadlineExceededError", "*pgconn.PgError"],
        Language::Java => [
            "java.net.SocketTimeoutException",
            "java.util.concurrent.TimeoutException",
            "org.postgresql.util.PSQLException",
            "java.lang.IllegalStateException",
        ],
        Language::Nodejs => ["Error", "TypeError", "AxiosError", "AbortError"],
        Language::Php => ["RuntimeException", "PDOException", "GuzzleHttp\\Exception\\ConnectException", "TypeError"],
        Language::Python => ["TimeoutError", "sqlalchemy.exc.OperationalError", "KeyError", "httpx.ReadTimeout"],
        Language::Ruby => ["Net::ReadTimeout", "ActiveRecord::Deadlocked", "NoMethodError", "Errno::ECONNREFUSED"],
        Language::Rust => ["tonic::Status", "sqlx::Error", "std::io::Error", "anyhow::Error"],
    }
}

const MODULES: [&str; 10] =
    ["client", "handler", "repository", "pool", "retry", "router", "codec", "session", "worker", "pipeline"];
const FUNCTIONS: [&str; 12] = [
    "execute", "handle", "send", "find", "invoke", "acquire", "dispatch", "read", "commit", "resolve", "apply", "next",
];

/// Type, message and, for about half of them, a stack trace: as attributes of an event or a record.
pub(super) fn describe(random: &mut Random, service: usize, attributes: &mut Attributes) -> String {
    let kind = zipf(random, 4);
    let name = types(SERVICES[service].language)[kind];
    let message = message(random, kind);
    attributes.text("exception.type", name);
    attributes.text("exception.message", &message);
    if random.percent(45) {
        // The same few places fail again and again.
        let place = zipf(random, 5) as u64;
        let mut stack = Random::new((service as u64) << 16 | (kind as u64) << 8 | place);
        attributes.string("exception.stacktrace", trace(&mut stack, service, &format!("{name}: {message}")));
    }
    message
}

fn message(random: &mut Random, kind: usize) -> String {
    match kind {
        0 => format!("timed out after {} ms", [250, 500, 1_000, 2_000, 5_000][zipf(random, 5)]),
        1 => format!("connection to 10.4.{}.{}:5432 was reset by the peer", random.below(9), random.below(250)),
        2 => format!("no row for key {:08x} in shard {}", random.below(1 << 32), random.below(16)),
        _ => "upstream answered 503 Service Unavailable".to_owned(),
    }
}

/// Ten to twenty lines as the language writes them.
fn trace(random: &mut Random, service: usize, head: &str) -> String {
    let (name, language) = (SERVICES[service].name.replace('-', "_"), SERVICES[service].language);
    let mut text = String::with_capacity(1_200);
    text.push_str(head);
    for _ in 0..random.between(10, 19) {
        text.push('\n');
        let (module, function) = (*random.pick(&MODULES), *random.pick(&FUNCTIONS));
        text.push_str(&frame(language, &name, module, function, random.between(10, 900)));
    }
    text
}

fn frame(language: Language, name: &str, module: &str, function: &str, line: u64) -> String {
    match language {
        Language::Cpp => format!("  {name}::{module}::{function}(Request const&) at src/{module}.cpp:{line}"),
        Language::Dotnet => format!("   at Shop.{name}.{module}.{function}Async() in /src/{module}.cs:line {line}"),
        Language::Elixir => format!("    ({name} 4.1.0) lib/{name}/{module}.ex:{line}: {name}.{module}.{function}/2"),
        Language::Go => format!("example.com/shop/{name}/{module}.{function}\n\t/src/{module}/{function}.go:{line}"),
        Language::Java => format!("\tat com.example.shop.{name}.{module}.{function}({module}.java:{line})"),
        Language::Nodejs => format!("    at async {module}.{function} (/app/{name}/dist/{module}.js:{line}:17)"),
        Language::Php => format!("#{line} /var/www/{name}/src/{module}.php({line}): Shop\\{module}->{function}()"),
        Language::Python => format!("  File \"/app/{name}/{module}.py\", line {line}, in {function}"),
        Language::Ruby => format!("/app/{name}/lib/{module}.rb:{line}:in `{function}'"),
        Language::Rust => format!("   {name}::{module}::{function}\n             at ./src/{module}.rs:{line}"),
    }
}
