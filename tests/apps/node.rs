//! A Node service with `@opentelemetry/sdk-node`, over both HTTP encodings.

use std::{fs, process::Command, time::Duration};

use serde_json::json;

use super::{app, install, installed, span, trace_with};
use crate::support::{Serve, eventually, fresh_dir};

fn sends_over(protocol: &str) {
    let folder = installed(&format!("node-{}", protocol.replace('/', "-")));
    for file in ["package.json", "client.mjs"] {
        fs::copy(app("node_sdk").join(file), folder.join(file)).unwrap();
    }
    if !folder.join("node_modules/@opentelemetry/sdk-node").exists() {
        install(Command::new("npm").args(["install", "--no-audit", "--no-fund", "--silent"]).current_dir(&folder));
    }
    let dir = fresh_dir();
    let serve = Serve::start(dir.path());
    let output = Command::new("node")
        .arg("client.mjs")
        .current_dir(&folder)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", serve.http))
        .env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
        .env("OTEL_TRACES_EXPORTER", "otlp")
        .env("OTEL_LOGS_EXPORTER", "otlp")
        .env("OTEL_METRICS_EXPORTER", "otlp")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let trace_id = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let trace = trace_with(&serve, &trace_id, 2);

    let root = span(&trace, "POST /orders");
    assert_eq!(root["service"], "node-checkout");
    assert_eq!(root["kind"], "server");
    let attributes = &root["attributes"];
    assert_eq!(attributes["order.count"], json!(3));
    assert_eq!(attributes["order.total"], json!(129.9));
    assert_eq!(attributes["order.express"], json!(true));
    assert_eq!(attributes["order.skus"], json!(["a", "b"]));

    let found = serve.json(&["traces", "user.id = u7 and organization.id = o2", "--json"]);
    assert_eq!((found.len(), &found[0]["trace_id"]), (1, &json!(trace_id)));

    let child = span(&trace, "INSERT orders");
    assert_eq!(child["parent_span_id"], root["span_id"]);
    assert_eq!((&child["status"], &child["status_message"]), (&json!("error"), &json!("insert failed")));
    let exception = &child["events"][0]["attributes"];
    assert_eq!(exception["exception.type"], "TypeError");
    assert!(exception["exception.stacktrace"].as_str().unwrap().contains("client.mjs"), "{exception}");
    let logs = eventually("the log record", Duration::from_secs(10), || {
        let trace = serve.json(&["trace", &trace_id, "--json"]).pop()?;
        span(&trace, "INSERT orders")["logs"].as_array().filter(|logs| !logs.is_empty()).cloned()
    });
    assert_eq!(logs[0]["body"], "retrying insert");
    let points = eventually("metric points", Duration::from_secs(10), || {
        serve.json(&["status", "--json"])[0]["ledger"]["metric_points"]["stored"].as_u64().filter(|stored| *stored > 0)
    });
    assert!(points > 0);
    serve.stop();
}

#[test]
fn node_over_json() {
    sends_over("http/json");
}

#[test]
fn node_over_protobuf() {
    sends_over("http/protobuf");
}
