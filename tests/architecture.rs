//! The arrows between the crates, as `docs/architecture.md` has them.

use std::{collections::BTreeSet, process::Command};

/// Each crate, what it may know (normal dependencies), and whether it must compile to WASM.
const HOUSE: [(&str, &[&str], bool); 14] = [
    ("macros", &[], false),
    ("model", &[], true),
    ("query", &["model"], true),
    ("analysis", &["model"], true),
    ("sampling", &["model"], true),
    ("aggregate", &["model", "analysis"], true),
    ("formats", &["model"], true),
    ("api", &["model", "query", "macros"], true),
    ("receive", &["model", "formats"], false),
    ("segment", &["model", "formats"], false),
    ("store", &["model", "formats", "query", "segment", "analysis", "sampling", "aggregate"], false),
    ("service", &["model", "formats", "query", "analysis", "api", "store", "receive", "sampling"], false),
    ("ui", &["api", "model", "analysis", "macros"], true),
    ("spanscope", &["service", "api"], false),
];

/// Crates that only these may reach, directly or not.
const KEPT: [(&str, &[&str]); 3] = [
    ("opentelemetry-proto", &["receive", "service", "spanscope"]),
    ("tauri", &["spanscope"]),
    ("sqlx", &["store", "service", "spanscope"]),
];

fn tree(package: &str, target: &str, depth: Option<&str>) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    cargo.args(["--package", package, "--target", target]);
    if let Some(depth) = depth {
        cargo.args(["--depth", depth]);
    }
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "cargo tree -p {package}: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).unwrap();
    names.lines().filter_map(|line| line.split(' ').next()).filter(|name| *name != package).map(str::to_owned).collect()
}

#[test]
fn arrows_are_those_of_the_house() {
    let native = "x86_64-unknown-linux-gnu";
    let wasm = "wasm32-unknown-unknown";
    let inside: BTreeSet<&str> = HOUSE.iter().map(|(name, ..)| *name).chain(["testkit", "xtask"]).collect();
    let mut wrong = Vec::new();
    for (name, may_know, in_wasm) in HOUSE {
        for known in tree(name, native, Some("1")) {
            if inside.contains(known.as_str()) && !may_know.contains(&known.as_str()) {
                wrong.push(format!("{name} -> {known}"));
            }
        }
        let reached = tree(name, if in_wasm { wasm } else { native }, None);
        if in_wasm {
            for banned in ["tokio", "sqlx", "tonic"] {
                if reached.contains(banned) {
                    wrong.push(format!("{name} reaches {banned} in WASM"));
                }
            }
        }
        for (kept, by) in KEPT {
            if reached.contains(kept) && !by.contains(&name) {
                wrong.push(format!("{name} reaches {kept}"));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that the house does not have: {wrong:#?}");
}

#[test]
fn every_crate_is_in_the_house() {
    let crates = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/crates")).unwrap();
    for folder in crates.map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        let known = HOUSE.iter().any(|(name, ..)| *name == folder) || ["testkit", "xtask"].contains(&folder.as_str());
        assert!(known, "crates/{folder} has no row in the table of arrows");
    }
}
