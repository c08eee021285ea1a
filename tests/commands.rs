//! The command line's contract: exit codes, one sentence on standard error, stable names.

use serde_json::json;

use crate::support::{Serve, fresh_dir, json_lines, run, spanscope};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample-trace.json");

/// The exit code and standard error of a command.
fn fails(dir: &std::path::Path, args: &[&str]) -> (i32, String) {
    let output = run(dir, args);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn exit_codes_and_sentences() {
    let dir = fresh_dir();
    let (code, _) = fails(dir.path(), &["traces", "--json"]);
    assert_eq!(code, 1, "nothing found");
    let (code, sentence) = fails(dir.path(), &["trace", "not-an-id"]);
    assert_eq!(code, 2, "{sentence}");
    let (code, sentence) = fails(dir.path(), &["trace", "4bf92f3577b34da6a3ce929d0e0e4736"]);
    assert_eq!(code, 1, "{sentence}");
    let (code, sentence) = fails(dir.path(), &["import", "/nowhere/at/all.json"]);
    assert_eq!((code, sentence.lines().count()), (2, 1), "{sentence}");
    let (code, sentence) = fails(dir.path(), &["serve", "--grpc", "0.0.0.0:0"]);
    assert_eq!((code, sentence.lines().count()), (2, 1), "{sentence}");
    assert!(sentence.contains("API key"), "{sentence}");
    for link in ["spanscope://search?q=%", "spanscope://delete?q=all", &format!("spanscope:{}", "a".repeat(20_000))] {
        let (code, sentence) = fails(dir.path(), &[link]);
        assert_eq!((code, sentence.lines().count(), sentence.contains("link")), (2, 1, true), "{sentence}");
    }
    let (code, sentence) = fails(dir.path(), &[]);
    assert_eq!(code, 2, "no display: {sentence}");
    assert!(sentence.contains("serve"), "{sentence}");
}

#[test]
fn a_search_is_checked_without_a_data_directory() {
    let dir = fresh_dir();
    let checked = |text| run(dir.path(), &["query", "check", text]);
    let output = checked("service = checkout  error");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"service = checkout and error\n"[..]));
    let (code, sentence) = fails(dir.path(), &["query", "check", "error and duration > 200"]);
    assert_eq!((code, sentence.as_str()), (2, "spanscope: at character 22: 200 of what? write a unit: 200ms, 200s\n"));
    let output = run(dir.path(), &["query", "check", "--json", "duration > 200"]);
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!((&said["query"], &said["diagnostics"][0]["start"]), (&json!(null), &json!(11)));
}

#[test]
fn a_search_is_completed_from_what_is_stored() {
    let dir = fresh_dir();
    assert!(run(dir.path(), &["import", SAMPLE]).status.success());
    let items = json_lines(dir.path(), &["query", "complete", "--json", "error and http.resp"]);
    let first = json!({ "text": "http.response.status_code", "kind": "number_key", "replaces": [10, 19] });
    for name in ["text", "kind", "replaces"] {
        assert_eq!(items[0][name], first[name], "{}", items[0]);
    }
    assert!(items[0]["spans"].is_u64() && items[0]["detail"].is_string(), "{}", items[0]);
    let items = json_lines(dir.path(), &["query", "complete", "--json", "service = pay and error", "--at", "13"]);
    assert_eq!((&items[0]["text"], &items[0]["kind"]), (&json!("payments"), &json!("value")));
    let output = run(dir.path(), &["query", "complete", "service = pay"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.split_whitespace().collect::<Vec<_>>()[..2], ["payments", "value"], "{text}");
    let (code, sentence) = fails(dir.path(), &["query", "complete", "no.such.key"]);
    assert_eq!((code, sentence.lines().count()), (1, 1), "{sentence}");
}

#[test]
fn a_search_that_finds_nothing_says_what_may_be_meant() {
    let dir = fresh_dir();
    assert!(run(dir.path(), &["import", SAMPLE]).status.success());
    let (code, sentence) = fails(dir.path(), &["traces", "service = paymens"]);
    assert_eq!((code, sentence.as_str()), (1, "spanscope: no trace matches; did you mean service = payments?\n"));
}

#[test]
fn one_owner_a_directory() {
    let dir = fresh_dir();
    let serve = Serve::start(dir.path());
    let (code, sentence) = fails(dir.path(), &["serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    assert_eq!((code, sentence.lines().count()), (2, 1), "{sentence}");
    let other = fresh_dir();
    let second = Serve::start(other.path());
    assert_ne!(serve.http, second.http);
    serve.stop();
    second.stop();
}

#[test]
fn a_taken_port_is_said_with_its_owner_and_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = fresh_dir();
    let output = spanscope(dir.path(), &["serve", "--grpc", &address, "--http", "127.0.0.1:0"]).output().unwrap();
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{sentence}");
    assert!(sentence.contains(&address) && sentence.contains("OTEL_EXPORTER_OTLP_ENDPOINT="), "{sentence}");
    assert!(sentence.contains(&format!("(pid {})", std::process::id())), "{sentence}");
}

#[test]
fn what_is_imported_comes_out_under_the_names_of_the_contract() {
    let dir = fresh_dir();
    let output = run(dir.path(), &["import", SAMPLE]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let traces = json_lines(dir.path(), &["traces", "--json"]);
    assert_eq!(traces.len(), 1);
    let row = &traces[0];
    for name in ["trace_id", "root_service", "root_name", "span_count", "error_count", "services"] {
        assert!(!row[name].is_null(), "{name} in {row}");
    }
    assert!(row["start_unix_nano"].is_string() && row["duration_nanos"].is_u64(), "{row}");
    let trace = &json_lines(dir.path(), &["trace", row["trace_id"].as_str().unwrap(), "--json"])[0];
    assert_eq!(trace["span_count"], row["span_count"]);
    let spans = trace["spans"].as_array().unwrap();
    assert_eq!(json!(spans.len()), row["span_count"]);
    for name in ["span_id", "parent_span_id", "service", "name", "kind", "status", "status_message", "attributes"] {
        assert!(spans.iter().all(|span| !span[name].is_null()), "{name}");
    }
    for name in ["duration_nanos", "self_nanos", "critical_nanos"] {
        assert!(spans.iter().all(|span| span[name].is_u64()), "{name}");
    }
    let ledger = &json_lines(dir.path(), &["status", "--json"])[0]["ledger"]["spans"];
    assert_eq!(ledger["received"], ledger["stored"]);
}

#[test]
fn searches_find_what_they_say() {
    let dir = fresh_dir();
    assert!(run(dir.path(), &["import", SAMPLE]).status.success());
    let row = &json_lines(dir.path(), &["traces", "--json"])[0];
    let service = row["root_service"].as_str().unwrap();
    for (query, options) in [
        (format!("service = {service} and not error"), &[][..]),
        (format!("service = {service} >> error"), &["--errors", "--sort", "slowest"]),
        ("trace.spans > 1".to_owned(), &["--service", service, "--min-duration", "1us", "--until", "2100-01-01T00:00"]),
    ] {
        let found = json_lines(dir.path(), &[&["traces", &query, "--json"], options].concat());
        assert_eq!(found.len(), 1, "{query}");
    }
    let spans = json_lines(dir.path(), &["spans", "error", "--json"]);
    assert_eq!(json!(spans.len()), row["error_count"]);
    assert!(spans.iter().all(|span| span["status"] == "error" && span["trace_id"] == row["trace_id"]));
    let groups = json_lines(dir.path(), &["traces", "--group-by", "service", "--json"]);
    assert_eq!(json!(groups.len()), json!(row["services"].as_array().unwrap().len()));
    assert!(groups.iter().all(|group| group["trace_count"] == 1 && group["p95_nanos"].is_u64()), "{groups:?}");
    let wide = &json_lines(dir.path(), &["traces", "--columns", "service,no.such", "--json"])[0]["columns"];
    assert_eq!(*wide, json!({ "service": service, "no.such": null }));
    for (args, code, words) in [
        (["traces", "service = nobody"], 1, "no trace matches"),
        (["traces", "service ="], 2, "at character 10"),
        (["spans", "name ~ /(/"], 2, "at character 8"),
        (["spans", "service = nobody"], 1, "no span matches"),
    ] {
        let (exit, sentence) = fails(dir.path(), &args);
        assert_eq!((exit, sentence.contains(words)), (code, true), "{sentence}");
    }
}

#[test]
fn what_is_kept_and_what_it_takes_has_names() {
    let dir = fresh_dir();
    let elsewhere = fresh_dir();
    let config = elsewhere.path().join("config.toml");
    std::fs::write(&config, "[retention]\nordinary = \"12h\"\ncap = \"2GB\"\n").unwrap();
    let serve = Serve::start_with(
        dir.path(),
        &["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--config", config.to_str().unwrap()],
    );
    assert!(run(dir.path(), &["import", SAMPLE]).status.success());
    let status = &serve.json(&["status", "--json"])[0];
    let retention = json!({ "ordinary_seconds": 43_200, "error_seconds": 2_592_000, "cap_bytes": 2_000_000_000_u64 });
    assert_eq!(status["retention"], retention);
    assert!(status["sizes"].is_array() && status["pinned_bytes"].is_u64() && status["waiting_bytes"].is_u64());
    let spans = &status["ledger"]["spans"];
    assert_eq!((&spans["expired"], &spans["evicted"], &spans["deleted"]), (&json!(0), &json!(0), &json!(0)));
    assert_eq!(spans["kept"], spans["stored"]);
    let compacted = &serve.json(&["compact", "--json"])[0];
    assert!(compacted["bytes_before"].is_u64() && compacted["bytes_after"].is_u64(), "{compacted}");
    serve.stop();
}

#[test]
fn deleting_says_what_it_deletes_and_asks_for_yes() {
    let dir = fresh_dir();
    assert!(run(dir.path(), &["import", SAMPLE]).status.success());
    let (code, sentence) = fails(dir.path(), &["delete"]);
    assert_eq!((code, sentence.lines().count()), (2, 1), "{sentence}");
    let (code, sentence) = fails(dir.path(), &["delete", "--service", "nobody"]);
    assert_eq!((code, sentence.lines().count()), (1, 1), "{sentence}");
}

#[test]
fn what_is_pinned_or_deleted_is_so_with_and_without_an_owner() {
    let dir = fresh_dir();
    let (code, sentence) = fails(dir.path(), &["pin", "4bf92f3577b34da6a3ce929d0e0e4736"]);
    assert_eq!((code, sentence.lines().count()), (1, 1), "{sentence}");
    assert!(run(dir.path(), &["import", SAMPLE]).status.success());
    let trace = json_lines(dir.path(), &["traces", "--json"]).remove(0);
    let id = trace["trace_id"].as_str().unwrap();
    for command in ["pin", "unpin"] {
        assert!(run(dir.path(), &[command, id]).status.success(), "{command}");
    }
    let output = run(dir.path(), &["delete", "--trace", id, "--json"]);
    let would: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &would["deleted"]), (Some(2), &json!(false)));
    assert_eq!((&would["traces"], &would["spans"]), (&json!(1), &trace["span_count"]));
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert!(sentence.lines().count() == 1 && sentence.contains("--yes"), "{sentence}");
    assert_eq!(json_lines(dir.path(), &["traces", "--json"]).len(), 1, "nothing was deleted");

    let serve = Serve::start(dir.path());
    assert!(run(dir.path(), &["delete", "--before", "0s", "--yes"]).status.success());
    assert_eq!(serve.json(&["traces", "--json"]).len(), 0);
    let (code, sentence) = fails(dir.path(), &["delete", "--trace", id, "--yes"]);
    assert_eq!((code, sentence.lines().count()), (1, 1), "{sentence}");
    serve.stop();
}
