//! Who takes part: services, where they run, and whom they call.

use std::{ops::Range, sync::LazyLock};

use model::Resource;

use self::{
    Environment::{Development, Production, Staging},
    Keeps::{Mongo, Mysql, Nothing, Postgres, Search},
    Language::{Cpp, Dotnet, Elixir, Go, Java, Nodejs, Php, Python, Ruby, Rust},
    Speaks::{Grpc, Http},
};
use super::{attributes::Attributes, chance, story};
use crate::Random;

/// Where a service is deployed. Nobody calls across.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Environment {
    Production,
    Staging,
    Development,
}

impl Environment {
    /// As `deployment.environment.name` says it.
    fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Staging => "staging",
            Self::Development => "development",
        }
    }

    /// Indices of the services there.
    pub(super) fn services(self) -> Range<usize> {
        SERVICES.partition_point(|service| service.environment < self)
            ..SERVICES.partition_point(|service| service.environment <= self)
    }
}

/// What a service is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Cpp,
    Dotnet,
    Elixir,
    Go,
    Java,
    Nodejs,
    Php,
    Python,
    Ruby,
    Rust,
}

impl Language {
    /// As `telemetry.sdk.language` says it, and the version of that SDK.
    fn sdk(self) -> (&'static str, &'static str) {
        match self {
            Self::Cpp => ("cpp", "1.23.0"),
            Self::Dotnet => ("dotnet", "1.13.1"),
            Self::Elixir => ("erlang", "1.5.0"),
            Self::Go => ("go", "1.38.0"),
            Self::Java => ("java", "1.55.0"),
            Self::Nodejs => ("nodejs", "2.1.0"),
            Self::Php => ("php", "1.7.1"),
            Self::Python => ("python", "1.37.0"),
            Self::Ruby => ("ruby", "1.9.0"),
            Self::Rust => ("rust", "0.31.0"),
        }
    }
}

/// How a service is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    Http,
    Grpc,
}

/// Where a service keeps what it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeps {
    Postgres,
    Mysql,
    Mongo,
    Search,
    Nothing,
}

/// A service.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: &'static str,
    pub(super) namespace: &'static str,
    pub(super) environment: Environment,
    pub(super) language: Language,
    pub(super) speaks: Speaks,
    pub(super) keeps: Keeps,
    /// What it is about: each makes routes, tables and topics.
    pub(super) nouns: [&'static str; 3],
}

const fn service(
    (name, namespace, environment): (&'static str, &'static str, Environment),
    language: Language,
    speaks: Speaks,
    keeps: Keeps,
    nouns: [&'static str; 3],
) -> Service {
    Service { name, namespace, environment, language, speaks, keeps, nouns }
}

/// All services by environment; in each the busiest first.
pub(super) const SERVICES: [Service; 48] = [
    service(("edge-gateway", "edge", Production), Go, Http, Nothing, ["page", "session", "asset"]),
    service(("storefront", "edge", Production), Nodejs, Http, Nothing, ["product", "basket", "campaign"]),
    service(("mobile-bff", "edge", Production), Nodejs, Http, Nothing, ["feed", "order", "device"]),
    service(("partner-api", "edge", Production), Java, Http, Postgres, ["partner", "offer", "webhook"]),
    service(("catalogue", "catalogue", Production), Java, Http, Postgres, ["product", "variant", "brand"]),
    service(("assistant", "ai", Production), Python, Http, Postgres, ["conversation", "message", "tool_call"]),
    service(("search", "catalogue", Production), Rust, Grpc, Search, ["query", "facet", "synonym"]),
    service(("basket", "orders", Production), Dotnet, Http, Mongo, ["basket", "basket_item", "voucher"]),
    service(("accounts", "identity", Production), Java, Grpc, Postgres, ["account", "contact", "consent"]),
    service(("sessions", "identity", Production), Go, Grpc, Nothing, ["session", "token", "device"]),
    service(("pricing", "catalogue", Production), Go, Grpc, Postgres, ["price", "discount", "currency_rate"]),
    service(("stock", "logistics", Production), Go, Grpc, Postgres, ["stock_level", "reservation", "supplier"]),
    service(("checkout", "orders", Production), Java, Http, Postgres, ["checkout", "step", "quote"]),
    service(("orders", "orders", Production), Java, Grpc, Postgres, ["order", "order_item", "shipment"]),
    service(("payments", "payments", Production), Java, Grpc, Postgres, ["payment", "charge", "refund"]),
    service(("graphql", "edge", Production), Nodejs, Http, Nothing, ["document", "schema", "subscription"]),
    service(("recommendations", "catalogue", Production), Python, Grpc, Mongo, ["recommendation", "model", "click"]),
    service(("feature-flags", "platform", Production), Go, Grpc, Nothing, ["flag", "segment", "rollout"]),
    service(("media", "catalogue", Production), Go, Http, Mysql, ["image", "video", "thumbnail"]),
    service(("reviews", "catalogue", Production), Ruby, Http, Mysql, ["review", "rating", "answer"]),
    service(("suggestions", "catalogue", Production), Python, Http, Search, ["suggestion", "phrase", "trend"]),
    service(("permissions", "identity", Production), Rust, Grpc, Postgres, ["role", "grant", "policy_rule"]),
    service(("fraud", "identity", Production), Python, Grpc, Mongo, ["score", "signal", "verdict"]),
    service(("ledger", "payments", Production), Rust, Grpc, Postgres, ["booking", "balance", "journal"]),
    service(("invoices", "payments", Production), Dotnet, Http, Postgres, ["invoice", "credit_note", "reminder"]),
    service(("tax", "payments", Production), Dotnet, Grpc, Nothing, ["tax_rate", "exemption", "jurisdiction"]),
    service(("payouts", "payments", Production), Go, Http, Postgres, ["payout", "bank_account", "statement"]),
    service(("shipping", "logistics", Production), Go, Http, Mysql, ["shipment", "parcel", "label"]),
    service(("warehouse", "logistics", Production), Cpp, Grpc, Postgres, ["pick", "shelf_slot", "robot"]),
    service(("routing", "logistics", Production), Elixir, Http, Nothing, ["tour", "stop", "driver"]),
    service(("tracking", "logistics", Production), Nodejs, Http, Mongo, ["scan", "parcel", "eta"]),
    service(("mailer", "messages", Production), Python, Http, Postgres, ["mail", "template", "bounce"]),
    service(("notifications", "messages", Production), Elixir, Http, Mongo, ["notification", "channel", "topic"]),
    service(("returns", "orders", Production), Php, Http, Mysql, ["return", "inspection", "restock"]),
    service(("subscriptions", "orders", Production), Java, Http, Postgres, ["subscription", "plan", "renewal"]),
    service(("embeddings", "ai", Production), Python, Grpc, Search, ["embedding", "chunk", "collection"]),
    service(("moderation", "ai", Production), Python, Grpc, Nothing, ["judgement", "appeal", "guideline"]),
    service(("audit", "platform", Production), Java, Grpc, Search, ["record", "actor", "export"]),
    service(("scheduler", "platform", Production), Rust, Grpc, Postgres, ["job", "run", "lease"]),
    service(("config", "platform", Production), Go, Http, Nothing, ["setting", "secret", "release"]),
    service(("storefront-next", "edge", Staging), Nodejs, Http, Nothing, ["product", "basket", "experiment"]),
    service(("checkout-next", "orders", Staging), Java, Http, Postgres, ["checkout", "step", "quote"]),
    service(("search-next", "catalogue", Staging), Rust, Grpc, Search, ["query", "facet", "vector"]),
    service(("assistant-next", "ai", Staging), Python, Http, Postgres, ["conversation", "message", "agent"]),
    service(("demo-shop", "sandbox", Development), Php, Http, Mysql, ["product", "customer", "order"]),
    service(("load-maker", "sandbox", Development), Go, Http, Nothing, ["scenario", "target", "report"]),
    service(("pricing-draft", "sandbox", Development), Rust, Grpc, Postgres, ["price", "rule", "simulation"]),
    service(("notebook", "sandbox", Development), Python, Http, Mongo, ["cell", "kernel", "dataset"]),
];

/// How many others a service mostly calls.
const NEIGHBOURS: usize = 6;

/// Whom each service mostly calls; rather the busy ones, and not itself.
static CALLEES: LazyLock<Vec<[usize; NEIGHBOURS]>> = LazyLock::new(|| {
    let mut random = Random::new(48);
    let callees = SERVICES.iter().enumerate().map(|(caller, service)| {
        let services = service.environment.services();
        std::array::from_fn(|_| other(&mut random, services.clone(), caller))
    });
    callees.collect()
});

/// One of these services that is not this one, rather a busy one.
fn other(random: &mut Random, services: Range<usize>, than: usize) -> usize {
    let drawn = services.start + chance::zipf(random, services.len() - 1);
    if drawn < than { drawn } else { drawn + 1 }
}

/// Whom this service calls now: mostly one of its neighbours, now and then any.
pub(super) fn callee(random: &mut Random, caller: usize, services: Range<usize>) -> usize {
    let usual = CALLEES[caller][chance::zipf(random, NEIGHBOURS)];
    if random.percent(85) && services == SERVICES[caller].environment.services() {
        usual
    } else {
        other(random, services, caller)
    }
}

/// The scope of a service that instruments something.
pub(super) fn scope_name(service: usize, instrumented: &str) -> String {
    let language = SERVICES[service].language;
    match language {
        Java => format!("io.opentelemetry.{instrumented}"),
        Dotnet => format!("OpenTelemetry.Instrumentation.{instrumented}"),
        Nodejs => format!("@opentelemetry/instrumentation-{instrumented}"),
        Python => format!("opentelemetry.instrumentation.{instrumented}"),
        Go => format!("go.opentelemetry.io/contrib/instrumentation/{instrumented}/otel{instrumented}"),
        _ => format!("{}.{instrumented}", language.sdk().0),
    }
}

/// One of a service's pods: ten to twelve attributes, of which three differ between pods.
pub(super) fn resource(service: usize, pod: u64) -> Resource {
    let of = &SERVICES[service];
    let (language, sdk) = of.language.sdk();
    let mut random = Random::new((service as u64) << 8 | pod);
    let mut attributes = Attributes::with_capacity(12);
    attributes.text("service.name", of.name);
    attributes.text("service.namespace", of.namespace);
    attributes.string("service.version", format!("4.{service}.{}", pod / 3));
    attributes.string("service.instance.id", story::uuid(&mut random));
    attributes.text("deployment.environment.name", of.environment.name());
    attributes.string("host.name", format!("node-{:02}.eu-west-1.internal", random.below(24)));
    attributes.string("k8s.pod.name", format!("{}-{:08x}-{:05x}", of.name, service << 20 | 7, random.below(1 << 20)));
    attributes.text("k8s.namespace.name", of.namespace);
    attributes.int("process.pid", random.between(1, 4_000));
    attributes.text("telemetry.sdk.name", "opentelemetry");
    attributes.text("telemetry.sdk.language", language);
    attributes.text("telemetry.sdk.version", sdk);
    Resource { attributes: attributes.list(), ..Resource::default() }
}
