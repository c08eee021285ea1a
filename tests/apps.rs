//! Real clients: what their SDKs send comes out of the command line complete.

pub mod fastapi;
mod node;
mod rust;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::support::{Serve, eventually};

/// A folder of test applications.
fn app(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps").join(name)
}

/// Where their dependencies are installed; kept between runs.
fn installed(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("apps").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a step of an installation.
fn install(command: &mut Command) {
    let output = command.output().unwrap_or_else(|err| panic!("cannot start {command:?}: {err}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The trace once it has so many spans.
fn trace_with(serve: &Serve, trace_id: &str, spans: u64) -> Value {
    eventually(&format!("trace {trace_id} with {spans} spans"), Duration::from_secs(20), || {
        let trace = serve.json(&["trace", trace_id, "--json"]).pop()?;
        (trace["span_count"].as_u64()? >= spans).then_some(trace)
    })
}

/// The one span of this name.
fn span<'a>(trace: &'a Value, name: &str) -> &'a Value {
    let spans = trace["spans"].as_array().unwrap();
    let mut named = spans.iter().filter(|span| span["name"] == name);
    let found = named.next().unwrap_or_else(|| panic!("no span {name:?} in {trace:#}"));
    assert!(named.next().is_none(), "more than one span {name:?}");
    found
}
