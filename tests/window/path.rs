//! The whole path of a new user: first run, telemetry arriving live, a trace, its failing span, the
//! exception; tomorrow it is still there.

use std::time::Duration;

use serde_json::{Value, json};

use super::driver::{Desk, Window};
use crate::{
    apps::fastapi::{App, python},
    support::{Serve, eventually, fresh_dir, json_lines, run},
};

/// Ports that are free.
pub const ANY_PORT: [&str; 4] = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"];

/// The address the window's process listens on.
pub fn address(window: &Window, protocol: &str) -> String {
    let status = &json_lines(&window.data_dir, &["status", "--json"])[0];
    status["addresses"][protocol][0]
        .as_str()
        .unwrap_or_else(|| panic!("no {protocol} address in {status:#}"))
        .to_owned()
}

/// Keeps a picture in each theme.
pub async fn both_themes(window: &Window, name: &str) {
    for theme in ["light", "dark"] {
        window.theme(theme).await;
        window.screenshot(&format!("{name}-{theme}")).await;
    }
}

async fn number(window: &Window, script: &str) -> f64 {
    window.script(script).await.as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn from_first_run_to_the_exception_and_back_tomorrow() {
    let python = tokio::task::spawn_blocking(python).await.unwrap();
    let dir = fresh_dir();
    let desk = Desk::start();
    let window = desk.open(dir.path(), &ANY_PORT).await;
    window.resize(1440, 900).await;

    // Nothing received: what to do, ready to copy.
    let grpc = address(&window, "grpc");
    let http = address(&window, "http");
    window.part("first-run").await;
    window.says("[data-testid=\"first-run\"]", http.rsplit(':').next().unwrap()).await;
    window.says("[data-testid=\"status\"]", grpc.rsplit(':').next().unwrap()).await;
    both_themes(&window, "first-run").await;

    // Real services; their traces arrive live.
    let endpoint = format!("http://{grpc}");
    let tokenizer = App::start(&python, "tokenizer", Some(&endpoint), &[]);
    let url = format!("http://{}", tokenizer.address);
    let gateway = App::start(&python, "gateway", Some(&endpoint), &[("TOKENIZER_URL", url.as_str())]);
    assert_eq!(gateway.post("/generate", &json!({"prompt": "how are traces kept"})), 200);
    window.says("[data-testid=\"trace-row\"]", "POST /generate").await;
    assert_eq!(gateway.post("/colonies", &json!({"name": "doomed", "user_id": "u2", "organization_id": "o1"})), 500);
    window.says("[data-testid=\"trace-row\"]", "POST /colonies").await;
    both_themes(&window, "list").await;

    // Only what failed; open it; its failing span; its exception.
    window.part("search").await.send_keys("error\u{e007}").await.unwrap();
    for _ in 0..50 {
        if number(&window, "return document.querySelectorAll('[data-testid=\"trace-row\"]').length").await == 1.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    window.says("[data-testid=\"trace-row\"]", "POST /colonies").await;
    window.click("[data-testid=\"trace-row\"]").await;
    window.says("[data-testid=\"root-name\"]", "POST /colonies").await;
    window.says("[data-testid=\"span-row\"]", "colony_creation").await;
    let failed = window.find("[data-testid=\"span-row\"][aria-label*=\"colony_creation\"]").await;
    failed.click().await.unwrap();
    window.says("[data-testid=\"panel-name\"]", "colony_creation").await;
    window.says("[data-testid=\"panel-status\"]", "Error").await;
    window.says("[data-testid=\"attr-row\"][data-key=\"colony.name\"]", "doomed").await;
    window.says("[data-testid=\"exception\"]", "ColonyCollapsed").await;
    window.says("[data-testid=\"stack\"]", "gateway.py").await;
    window.says("[data-testid=\"log-row\"]", "colony doomed failed").await;
    both_themes(&window, "failed-span").await;

    // Keys: a row down, back to the list.
    window.press("\u{e015}").await;
    window.press("\u{e00c}").await;
    window.press("\u{e00c}").await;
    window.part("trace-list").await;
    let before = json_lines(dir.path(), &["traces", "--json"]);
    window.close().await;

    // Tomorrow: everything is still there.
    let window = desk.open(dir.path(), &ANY_PORT).await;
    window.says("[data-testid=\"trace-row\"]", "POST /colonies").await;
    window.says("[data-testid=\"trace-row\"]", "POST /generate").await;
    assert_eq!(ids(&json_lines(dir.path(), &["traces", "--json"])), ids(&before));

    // A second start hands over its file and leaves the first window in place.
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample-trace.json");
    let second = desk.second_start(dir.path(), &[file]);
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    window.says("[data-testid=\"root-name\"]", "POST /order").await;
    // The panel was closed yesterday, and that is remembered.
    window.click("[data-testid=\"panel-of-the-selected-span\"]").await;
    window.part("panel").await;
    window.resize(1440, 900).await;
    both_themes(&window, "trace").await;
    for error in 1..=3 {
        window.click("[data-testid=\"next-error\"]").await;
        window.says("[data-testid=\"next-error\"]", &format!("{error} of 6")).await;
    }
    window.part("exception").await;
    both_themes(&window, "trace-error").await;
    window.resize(1000, 700).await;
    both_themes(&window, "trace-narrow").await;
    window.close().await;
}

fn ids(traces: &[Value]) -> Vec<&Value> {
    traces.iter().map(|trace| &trace["trace_id"]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_beside_serve_shows_its_data() {
    let dir = fresh_dir();
    let serve = Serve::start(dir.path());
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample-trace.json");
    let desk = Desk::start();
    let window = desk.open(dir.path(), &[]).await;
    window.part("first-run").await;
    let output = run(dir.path(), &["import", sample]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    window.part("trace-row").await;
    window.close().await;
    // The window was a guest: serve goes on.
    assert_eq!(serve.json(&["traces", "--json"]).len(), 1);
    serve.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_opens_from_the_first_page() {
    let dir = fresh_dir();
    let desk = Desk::start();
    let window = desk.open(dir.path(), &ANY_PORT).await;
    window.click("[data-testid=\"load-sample\"]").await;
    window.part("span-row").await;
    let stored = eventually("the sample in the store", Duration::from_secs(5), || {
        json_lines(dir.path(), &["traces", "--json"]).pop()
    });
    assert!(stored["span_count"].as_u64().unwrap() >= 50, "{stored}");
    window.close().await;
}
