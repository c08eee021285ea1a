//! A FastAPI service instrumented as its users would, sending to the default port.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use super::{app, install, installed, span, trace_with};
use crate::support::{Serve, eventually, fresh_dir, json_lines, post, run};

/// The virtual environment with what the services need.
pub fn python() -> PathBuf {
    let folder = installed("fastapi");
    let python = folder.join("bin/python");
    let done = folder.join("requirements.txt");
    let wanted = std::fs::read(app("fastapi_llm").join("requirements.txt")).unwrap();
    if std::fs::read(&done).ok().as_deref() != Some(&wanted) {
        install(Command::new("python3").args(["-m", "venv"]).arg(&folder));
        let requirements = app("fastapi_llm").join("requirements.txt");
        install(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&requirements));
        std::fs::write(done, wanted).unwrap();
    }
    python
}

/// One of the two services on a port of its own.
pub struct App {
    child: Child,
    /// `host:port`.
    pub address: String,
}

impl App {
    /// Starts it and waits until it listens.
    ///
    /// Without an endpoint it sends where its SDK sends by default.
    pub fn start(python: &Path, module: &str, endpoint: Option<&str>, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(python)
            .args(["-m", "uvicorn", &format!("{module}:app"), "--port", "0", "--log-config", "uvicorn.json"])
            .current_dir(app("fastapi_llm"))
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .envs(endpoint.map(|endpoint| ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(environment.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .inspect(|line| eprintln!("{module}: {line}"))
            .find_map(|line| line.split("http://").nth(1)?.split(' ').next().map(str::to_owned))
            .unwrap_or_else(|| panic!("{module} did not start"));
        let module = module.to_owned();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| eprintln!("{module}: {line}")));
        Self { child, address }
    }

    /// Posts JSON; the status.
    pub fn post(&self, path: &str, body: &Value) -> u16 {
        post(&self.address, path, "application/json", body.to_string().as_bytes()).unwrap().status
    }
}

impl Drop for App {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn root_named(serve: &Serve, name: &str) -> String {
    eventually(&format!("a trace {name:?}"), Duration::from_secs(20), || {
        let traces = serve.json(&["traces", "--json"]);
        let found = traces.iter().find(|trace| trace["root_name"] == name)?;
        Some(found["trace_id"].as_str()?.to_owned())
    })
}

#[test]
fn fastapi_over_grpc_comes_out_complete() {
    let python = python();
    let dir = fresh_dir();
    // The default port, with nothing configured; where somebody else has it, one of our own.
    let is_free = TcpListener::bind("127.0.0.1:4317").is_ok();
    let serve = if is_free {
        Serve::start_with(dir.path(), &["--http", "127.0.0.1:0"])
    } else {
        eprintln!("port 4317 is taken: not testing the default port");
        Serve::start(dir.path())
    };
    let elsewhere = format!("http://{}", serve.grpc);
    let endpoint = (!is_free).then_some(elsewhere.as_str());
    let tokenizer = App::start(&python, "tokenizer", endpoint, &[]);
    let url = format!("http://{}", tokenizer.address);
    let gateway = App::start(&python, "gateway", endpoint, &[("TOKENIZER_URL", url.as_str())]);

    assert_eq!(gateway.post("/generate", &json!({"prompt": "how are traces kept"})), 200);
    let trace_id = root_named(&serve, "POST /generate");
    // Both servers with their receive and send spans, the client, the operation, the database
    // (connect and INSERT), the background task.
    let trace = eventually("spans of both services", Duration::from_secs(20), || {
        let trace = trace_with(&serve, &trace_id, 6);
        let has =
            |name: &str| trace["spans"].as_array().is_some_and(|spans| spans.iter().any(|span| span["name"] == name));
        (has("POST /count") && has("keep_statistics") && has("POST /generate")).then_some(trace)
    });
    let operation = span(&trace, "llm_generate");
    assert_eq!(operation["service"], "llm-gateway");
    let attributes = &operation["attributes"];
    assert_eq!(attributes["provider"], "acme");
    assert_eq!(attributes["model"], "small-1");
    assert_eq!(attributes["prompt_length"], json!(19));
    assert_eq!(attributes["response_length"], json!(29));
    assert_eq!(attributes["input_tokens"], json!(4));
    assert_eq!(attributes["output_tokens"], json!(6));
    assert_eq!(operation["parent_span_id"], span(&trace, "POST /generate")["span_id"]);
    let counted = span(&trace, "POST /count");
    assert_eq!((&counted["service"], &counted["kind"]), (&json!("tokenizer"), &json!("server")));
    let client = trace["spans"].as_array().unwrap().iter().find(|span| span["span_id"] == counted["parent_span_id"]);
    assert_eq!(client.unwrap()["kind"], "client", "the two services hang together");
    let insert = trace["spans"]
        .as_array()
        .unwrap()
        .iter()
        .find(|span| span["name"].as_str().is_some_and(|name| name.starts_with("INSERT")));
    assert!(insert.unwrap()["attributes"].to_string().contains("INSERT INTO answers"), "{insert:?}");
    eventually("the log record of the span", Duration::from_secs(20), || {
        let trace = serve.json(&["trace", &trace_id, "--json"]).pop()?;
        let logs = span(&trace, "llm_generate")["logs"].as_array()?.clone();
        logs.iter().any(|log| log["body"] == "generated 6 tokens with small-1").then_some(())
    });

    assert_eq!(gateway.post("/colonies", &json!({"name": "hope", "user_id": "u1", "organization_id": "o1"})), 200);
    assert_eq!(gateway.post("/colonies", &json!({"name": "doomed", "user_id": "u2", "organization_id": "o1"})), 500);
    let failed = eventually("the failed colony", Duration::from_secs(20), || {
        let traces = serve.json(&["traces", "--errors", "--json"]);
        Some(traces.iter().find(|trace| trace["root_name"] == "POST /colonies")?["trace_id"].as_str()?.to_owned())
    });
    let trace = trace_with(&serve, &failed, 2);
    let colony = span(&trace, "colony_creation");
    assert_eq!(colony["status"], "error");
    assert_eq!(colony["attributes"]["colony.name"], "doomed");
    assert_eq!(colony["attributes"]["user.id"], "u2");
    assert_eq!(colony["attributes"]["organization.id"], "o1");
    assert_eq!(colony["attributes"]["colony.template"], "plain");
    let found = |query: &str| {
        let spans = serve.json(&["spans", query, "--json"]);
        spans.iter().map(|span| span["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("user.id = u2"), ["colony_creation"]);
    assert_eq!(found("colony.template = plain and organization.id = o1").len(), 2);
    assert_eq!(found("model = small-1 and service = llm-gateway"), ["llm_generate"]);
    let found = serve.json(&["traces", "user.id = u2", "--columns", "organization.id,colony.template", "--json"]);
    assert_eq!((found.len(), &found[0]["trace_id"]), (1, &json!(failed)));
    assert_eq!(found[0]["columns"], json!({"organization.id": "o1", "colony.template": "plain"}));
    let groups = serve.json(&["traces", "--group-by", "user.id", "--json"]);
    let mut users: Vec<_> = groups.iter().map(|group| group["value"].as_str().unwrap()).collect();
    users.sort_unstable();
    assert_eq!(users, ["u1", "u2"]);
    let exception = &colony["events"][0];
    assert_eq!(exception["name"], "exception");
    assert!(exception["attributes"]["exception.type"].as_str().unwrap().ends_with("ColonyCollapsed"));
    let stack = exception["attributes"]["exception.stacktrace"].as_str().unwrap();
    assert!(stack.contains("gateway.py") && stack.contains("collapsed before it began"), "{stack}");

    assert_eq!(gateway.post("/generate", &json!({"model": "small-1"})), 422);
    eventually("the 422", Duration::from_secs(20), || {
        let traces = serve.json(&["traces", "--json"]);
        traces.iter().filter(|trace| trace["root_name"] == "POST /generate").find_map(|trace| {
            let trace = serve.json(&["trace", trace["trace_id"].as_str()?, "--json"]).pop()?;
            let attributes = span(&trace, "POST /generate")["attributes"].clone();
            ["http.response.status_code", "http.status_code"].iter().any(|key| attributes[key] == 422).then_some(())
        })
    });
    let points = serve.json(&["status", "--json"])[0]["ledger"]["metric_points"]["stored"].clone();
    assert!(points.as_u64().unwrap() > 0, "metric points: {points}");

    // Beginners' code: no service name at all.
    let nameless = App::start(&python, "tokenizer", endpoint, &[("NAMED", "no")]);
    assert_eq!(nameless.post("/count", &json!({"text": "a b"})), 200);
    eventually("the nameless service", Duration::from_secs(20), || {
        let traces = serve.json(&["traces", "--service", "unknown_service", "--json"]);
        traces.iter().any(|trace| trace["root_name"] == "POST /count").then_some(())
    });

    out_and_in_again(&serve, &[&trace_id, &failed]);
    serve.stop();
}

/// What is exported and imported into an empty directory gives the same spans.
fn out_and_in_again(serve: &Serve, trace_ids: &[&str]) {
    let file = serve.data_dir.join("export.json");
    let mut args = vec!["export"];
    args.extend(trace_ids);
    args.extend(["--format", "otlp-json", "-o", file.to_str().unwrap()]);
    let output = run(&serve.data_dir, &args);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let empty = fresh_dir();
    let output = run(empty.path(), &["import", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for trace_id in trace_ids {
        let there = serve.json(&["trace", trace_id, "--json"]);
        let here = json_lines(empty.path(), &["trace", trace_id, "--json"]);
        assert_eq!(there, here);
    }
}
