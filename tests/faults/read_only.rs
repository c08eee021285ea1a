//! A directory that cannot be written.

use super::disk::{Disk, Fault, Of};
use crate::support::{json_lines, run};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample-trace.json");

#[test]
fn serving_needs_a_directory_that_can_be_written_and_reading_does_not() {
    let disk = Disk::new();
    assert!(run(disk.dir(), &["import", SAMPLE]).status.success());
    let trace = json_lines(disk.dir(), &["traces", "--json"]).remove(0);
    for fault in [Fault::ReadOnly, Fault::Forbidden] {
        disk.fail(fault, Of::Everything);
        let struck = disk.struck();
        for args in [&["serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"][..], &["import", SAMPLE]] {
            let output = disk.command(args).output().unwrap();
            let sentence = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), sentence.lines().count()), (Some(2), 1), "{sentence}");
            assert!(sentence.contains(disk.dir().to_str().unwrap()), "which directory: {sentence}");
            assert!(sentence.contains("--data-dir"), "what to do: {sentence}");
        }
        assert!(disk.struck() > struck);
        for args in [&["traces", "--json"][..], &["trace", trace["trace_id"].as_str().unwrap(), "--json"]] {
            let output = disk.command(args).output().unwrap();
            assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
            let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(line["trace_id"], trace["trace_id"]);
        }
    }
}
