use api::{ListenerState, Protocol, Status};

/// Where clients are to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// How.
    pub(super) protocol: Protocol,
    /// `host:port`.
    pub(super) address: String,
}

impl Endpoint {
    /// The first address that is listened on; OTLP/HTTP where there is a choice, because every SDK
    /// speaks it without a further package.
    pub(super) fn of(status: &Status) -> Option<Self> {
        let listening = |protocol| {
            status
                .listeners
                .iter()
                .find(|listener| listener.protocol == protocol && listener.state == ListenerState::Listening)
        };
        let listener = listening(Protocol::Http).or_else(|| listening(Protocol::Grpc))?;
        Some(Self { protocol: listener.protocol, address: listener.address.clone() })
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` takes.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `OTEL_EXPORTER_OTLP_PROTOCOL` takes (OTLP exporter specification, "Specify Protocol").
    fn protocol_name(&self) -> &'static str {
        match self.protocol {
            Protocol::Grpc => "grpc",
            Protocol::Http => "http/protobuf",
        }
    }
}

/// What to set for one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snippet {
    /// Stable name.
    pub(super) id: &'static str,
    /// Title of its tab.
    pub(super) title: &'static str,
    /// Steps: what it is for, and the text to copy.
    pub(super) steps: Vec<(&'static str, String)>,
}

/// The settings per language that send to an endpoint.
pub(super) fn snippets(to: &Endpoint) -> Vec<Snippet> {
    let env = environment(to);
    let is_http = to.protocol == Protocol::Http;
    let snippet = |id, title, steps: &[(&'static str, String)]| Snippet { id, title, steps: steps.to_vec() };
    vec![
        snippet(
            "any",
            "Any language",
            &[
                ("In the shell that starts a program with an OpenTelemetry SDK", env.clone()),
                ("Or in its .env file", env.replace("export ", "")),
            ],
        ),
        snippet(
            "python",
            "Python",
            &[
                (
                    "Install",
                    "pip install \"opentelemetry-distro[otlp]\" opentelemetry-exporter-otlp-proto-http\n\
                     opentelemetry-bootstrap -a install"
                        .to_owned(),
                ),
                ("Run", format!("{env}\nopentelemetry-instrument python app.py")),
            ],
        ),
        snippet(
            "node",
            "Node",
            &[
                ("Install", "npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node".to_owned()),
                ("Run", format!("{env}\nnode --require @opentelemetry/auto-instrumentations-node/register app.js")),
            ],
        ),
        snippet("go", "Go", &go(is_http, &env)),
        snippet(
            "java",
            "Java",
            &[
                (
                    "Install",
                    "curl -LO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar"
                        .to_owned(),
                ),
                ("Run", format!("{env}\njava -javaagent:opentelemetry-javaagent.jar -jar app.jar")),
            ],
        ),
        snippet("dotnet", ".NET", &dotnet(&env)),
        snippet("rust", "Rust", &rust(is_http, &env)),
        snippet("collector", "Collector", &[("Add to its configuration; the receiver is the one you have", collector(to))]),
    ]
}

fn environment(to: &Endpoint) -> String {
    format!(
        "export OTEL_SERVICE_NAME=my-service\nexport OTEL_EXPORTER_OTLP_ENDPOINT={}\nexport OTEL_EXPORTER_OTLP_PROTOCOL={}",
        to.url(),
        to.protocol_name(),
    )
}

fn go(is_http: bool, env: &str) -> [(&'static str, String); 3] {
    let exporter = if is_http { "otlptracehttp" } else { "otlptracegrpc" };
    [
        (
            "Install",
            format!(
                "go get go.opentelemetry.io/otel go.opentelemetry.io/otel/sdk \\\n  \
                 go.opentelemetry.io/otel/exporters/otlp/otlptrace/{exporter}"
            ),
        ),
        (
            "At the start of main",
            format!(
                "exporter, err := {exporter}.New(ctx)\n\
                 if err != nil {{\n\tlog.Fatal(err)\n}}\n\
                 provider := trace.NewTracerProvider(trace.WithBatcher(exporter)) // go.opentelemetry.io/otel/sdk/trace\n\
                 defer provider.Shutdown(ctx)\n\
                 otel.SetTracerProvider(provider)"
            ),
        ),
        ("Run", format!("{env}\ngo run .")),
    ]
}

fn dotnet(env: &str) -> [(&'static str, String); 3] {
    [
        (
            "Install",
            "dotnet add package OpenTelemetry.Extensions.Hosting\n\
             dotnet add package OpenTelemetry.Instrumentation.AspNetCore\n\
             dotnet add package OpenTelemetry.Exporter.OpenTelemetryProtocol"
                .to_owned(),
        ),
        (
            "Before builder.Build()",
            "builder.Services.AddOpenTelemetry()\n    \
             .WithTracing(tracing => tracing.AddAspNetCoreInstrumentation().AddOtlpExporter());"
                .to_owned(),
        ),
        ("Run", format!("{env}\ndotnet run")),
    ]
}

fn rust(is_http: bool, env: &str) -> [(&'static str, String); 3] {
    let (features, transport) = if is_http { ("", "with_http") } else { (" --features grpc-tonic", "with_tonic") };
    [
        ("Install", format!("cargo add opentelemetry opentelemetry_sdk\ncargo add opentelemetry-otlp{features}")),
        (
            "At the start of main",
            format!(
                "let exporter = opentelemetry_otlp::SpanExporter::builder().{transport}().build()?;\n\
                 let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder()\n    \
                 .with_batch_exporter(exporter)\n    \
                 .build();\n\
                 opentelemetry::global::set_tracer_provider(provider.clone());\n\
                 // before the program ends: provider.shutdown()?;"
            ),
        ),
        ("Run", format!("{env}\ncargo run")),
    ]
}

fn collector(to: &Endpoint) -> String {
    let (exporter, endpoint, tls) = match to.protocol {
        Protocol::Http => ("otlphttp/spanscope", to.url(), ""),
        Protocol::Grpc => ("otlp/spanscope", to.address.clone(), "\n    tls:\n      insecure: true"),
    };
    let pipeline = |signal| format!("    {signal}:\n      receivers: [otlp]\n      exporters: [{exporter}]\n");
    let pipelines: String = ["traces", "metrics", "logs"].into_iter().map(pipeline).collect();
    format!(
        "exporters:\n  {exporter}:\n    endpoint: {endpoint}{tls}\n\nservice:\n  pipelines:\n{}",
        pipelines.trim_end()
    )
}

#[cfg(test)]
mod tests {
    use api::Listener;
    use expect_test::expect;

    use super::*;

    fn listener(protocol: Protocol, address: &str, state: ListenerState) -> Listener {
        Listener { protocol, address: address.to_owned(), state }
    }

    #[test]
    fn every_snippet_names_the_real_address() {
        for protocol in [Protocol::Grpc, Protocol::Http] {
            let to = Endpoint { protocol, address: "127.0.0.1:40123".to_owned() };
            for Snippet { id, steps, .. } in snippets(&to) {
                let text: String = steps.into_iter().map(|(_, text)| text).collect();
                assert!(text.contains("127.0.0.1:40123"), "{id}");
                assert!(!text.contains("431"), "{id} names a default port");
            }
        }
    }

    #[test]
    fn what_is_taken_is_not_offered() {
        let taken = ListenerState::Taken { by: None, offer: String::new(), setting: String::new() };
        let mut status = Status {
            listeners: vec![
                listener(Protocol::Grpc, "127.0.0.1:4317", ListenerState::Listening),
                listener(Protocol::Http, "127.0.0.1:4318", ListenerState::Listening),
            ],
            ..Status::default()
        };
        assert_eq!(Endpoint::of(&status).map(|to| to.url()).as_deref(), Some("http://127.0.0.1:4318"));
        status.listeners[1].state = taken.clone();
        assert_eq!(Endpoint::of(&status).map(|to| to.url()).as_deref(), Some("http://127.0.0.1:4317"));
        status.listeners[0].state = taken;
        assert_eq!(Endpoint::of(&status), None);
    }

    #[test]
    fn the_collector_takes_an_exporter_and_three_pipelines() {
        let to = Endpoint { protocol: Protocol::Http, address: "127.0.0.1:4318".to_owned() };
        expect![[r#"
            exporters:
              otlphttp/spanscope:
                endpoint: http://127.0.0.1:4318

            service:
              pipelines:
                traces:
                  receivers: [otlp]
                  exporters: [otlphttp/spanscope]
                metrics:
                  receivers: [otlp]
                  exporters: [otlphttp/spanscope]
                logs:
                  receivers: [otlp]
                  exporters: [otlphttp/spanscope]"#]]
        .assert_eq(&collector(&to));
    }
}
