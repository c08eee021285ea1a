//! Settings in the real window: seen in both themes and sizes, changed, written and in force.

use std::time::Duration;

use serde_json::json;

use super::driver::{Desk, Window};
use crate::support::{eventually, fresh_dir, json_lines, run};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample-trace.json");

/// Types over what stands in a field and leaves it.
async fn set(window: &Window, field: &str, text: &str) {
    // What stands there is marked and typed over: clearing it would be a change of its own.
    let part = window.part(field).await;
    window.script(&format!("document.querySelector('[data-testid=\"{field}\"]').select()")).await;
    part.send_keys(&format!("{text}\u{e007}")).await.unwrap();
}

async fn pictures(window: &Window, name: &str) {
    for theme in ["light", "dark"] {
        window.theme(theme).await;
        window.screenshot(&format!("{name}-{theme}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_where_they_stand_and_apply_at_once() {
    let dir = fresh_dir();
    let elsewhere = fresh_dir();
    let config = elsewhere.path().join("config.toml");
    std::fs::write(&config, "# mine\n").unwrap();
    assert!(run(dir.path(), &["import", SAMPLE]).status.success());
    let desk = Desk::start();
    let options = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--config", config.to_str().unwrap()];
    let window = desk.open(dir.path(), &options).await;
    window.resize(1440, 900).await;
    window.part("trace-row").await;

    window.click("[data-testid=\"rail-settings\"]").await;
    window.says("[data-testid=\"settings\"]", &config.display().to_string()).await;
    window.says("[data-testid=\"address\"]", "listening").await;

    set(&window, "set-cap", "2GB").await;
    window.says("[data-testid=\"cap-said\"]", "Saved").await;
    assert_eq!(std::fs::read_to_string(&config).unwrap(), "# mine\n\n[retention]\ncap = \"2GB\"\n");
    eventually("the cap in the status", Duration::from_secs(5), || {
        let status = json_lines(dir.path(), &["status", "--json"]).pop()?;
        (status["retention"]["cap_bytes"] == json!(2_000_000_000_u64)).then_some(())
    });
    set(&window, "set-ordinary", "a while").await;
    window.says("[data-testid=\"ordinary-said\"]", "give a number with its unit").await;
    set(&window, "set-ordinary", "3 days").await;
    window.says("[data-testid=\"ordinary-said\"]", "Saved").await;
    window.click("[data-testid=\"set-containers\"]").await;
    window.find("[data-testid=\"set-containers\"][aria-checked=\"true\"]").await;
    window.click("[data-testid=\"set-containers\"]").await;
    window.find("[data-testid=\"set-containers\"][aria-checked=\"false\"]").await;
    window.click("[data-testid=\"compact\"]").await;
    window.says("[data-testid=\"compact\"]", "Compact now").await;

    // The file is the user's: what is changed there shows here.
    let text = std::fs::read_to_string(&config).unwrap().replace("2GB", "1.5GB");
    std::fs::write(&config, text).unwrap();
    for _ in 0..50 {
        if window.script("return document.getElementById('cap').value").await == "1.5 GB" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(window.script("return document.getElementById('cap').value").await, "1.5 GB");

    // Imported an hour ago at most, and from no environment that is thinned.
    window.says("[data-testid=\"preview\"]", "would have kept").await;
    set(&window, "set-environments", "production 25 %").await;
    window.says("[data-testid=\"environments-said\"]", "Saved").await;
    set(&window, "set-flows", "checkout > POST /pay*; billing").await;
    window.says("[data-testid=\"flows-said\"]", "Saved").await;
    set(&window, "set-request", "1 GB").await;
    window.says("[data-testid=\"request-said\"]", "is not from 1 MiB").await;
    set(&window, "set-request", "32 MiB").await;
    window.says("[data-testid=\"request-said\"]", "Saved").await;
    window.click("[data-testid=\"key-new\"]").await;
    window.says("[data-testid=\"key\"]", "spanscope_").await;
    let written = std::fs::read_to_string(&config).unwrap();
    assert!(written.contains("environments = { production = 0.25 }") && written.contains("sha256:"), "{written}");

    window.click("[data-testid=\"delete\"]").await;
    set(&window, "delete-what", "nobody").await;
    window.says("[data-testid=\"delete-said\"]", "Nothing matches").await;
    window.click("[data-testid=\"delete-by-1\"]").await;
    set(&window, "delete-what", "1s").await;
    window.click("[data-testid=\"delete-confirm\"]").await;
    window.says("[data-testid=\"announced\"]", "will be deleted in").await;
    window.screenshot("settings-announced").await;
    window.click("[data-testid=\"undo-delete\"]").await;
    pictures(&window, "settings").await;
    window.resize(1000, 700).await;
    pictures(&window, "settings-narrow").await;
    window.click("[data-testid=\"status-ledger\"]").await;
    window.part("account").await;
    window.screenshot("account-narrow").await;
    window.click("[data-testid=\"status-ledger\"]").await;
    // By key: out of the field, back to the list.
    window.press("\u{e00c}").await;
    window.press("\u{e00c}").await;
    window.part("trace-list").await;
    window.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_is_pinned_by_key_and_let_go_by_its_button() {
    let dir = fresh_dir();
    assert!(run(dir.path(), &["import", SAMPLE]).status.success());
    let desk = Desk::start();
    let window = desk.open(dir.path(), &["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]).await;
    window.resize(1440, 900).await;
    window.click("[data-testid=\"trace-row\"]").await;
    window.part("span-row").await;
    window.press("p").await;
    window.says("[data-testid=\"pin\"]", "Pinned").await;
    pictures(&window, "pinned").await;
    window.click("[data-testid=\"pin\"]").await;
    window.find("[data-testid=\"pin\"][aria-pressed=\"false\"]").await;
    window.close().await;
}
