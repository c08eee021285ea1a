//! What the fuzzer began with, and what it found, again.

use std::{fs, path::Path};

use formats::*;
use model::Signal;
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use testkit::strategies;

use crate::oracle::agree_on;

fn directory(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(name).join("walk")
}

#[test]
fn every_input_of_the_fuzzer() {
    let mut inputs = 0;
    for name in ["corpus", "regressions"] {
        for file in fs::read_dir(directory(name)).into_iter().flatten() {
            let path = file.unwrap().path();
            inputs += 1;
            agree_on(&fs::read(&path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
    assert!(inputs >= 12, "{inputs}");
}

#[test]
#[ignore = "writes the corpus that is checked in"]
fn write_the_corpus() {
    let mut runner = TestRunner::deterministic();
    for number in 0..16 {
        for (at, signal) in Signal::ALL.into_iter().enumerate() {
            let body = match signal {
                Signal::Traces => {
                    encode_traces_protobuf(&strategies::traces().new_tree(&mut runner).unwrap().current())
                }
                Signal::Logs => encode_logs_protobuf(&strategies::logs().new_tree(&mut runner).unwrap().current()),
                Signal::Metrics => {
                    encode_metrics_protobuf(&strategies::metrics().new_tree(&mut runner).unwrap().current())
                }
            };
            // A few kilobytes say as much as many.
            if body.len() <= 2_048 {
                let input = [&[at as u8], &body[..]].concat();
                fs::write(directory("corpus").join(format!("{}-{number}", signal.noun())), input).unwrap();
            }
        }
    }
}
