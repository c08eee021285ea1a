//! What the fuzzer began with, and what it found, again; and segments with bytes that are wrong.
#![allow(clippy::unwrap_used)]

mod decoding;

use std::{
    fs,
    path::{Path, PathBuf},
};

use proptest::{
    prelude::*,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use segment::{Batch, Encoded, Request, encode_logs, encode_points, encode_spans};
use testkit::strategies;

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz").join(name).join("segment")
}

#[test]
fn every_input_of_the_fuzzer() {
    let mut inputs = 0;
    for name in ["corpus", "regressions"] {
        for file in fs::read_dir(directory(name)).into_iter().flatten() {
            inputs += 1;
            decoding::read(&fs::read(file.unwrap().path()).unwrap());
        }
    }
    assert!(inputs >= 3, "{inputs}");
}

/// A segment of one request of a signal, as an input; `None` where nothing of the request is kept.
fn encoded(signal: u8, runner: &mut TestRunner) -> Option<Vec<u8>> {
    let body = match signal {
        0 => formats::encode_traces_protobuf(&strategies::traces().new_tree(runner).unwrap().current()),
        1 => formats::encode_logs_protobuf(&strategies::logs().new_tree(runner).unwrap().current()),
        _ => formats::encode_metrics_protobuf(&strategies::metrics().new_tree(runner).unwrap().current()),
    };
    let request = Request { row: 1, received_at_unix_nano: 1_000, repaired_texts: 0 };
    let mut batch = Batch::default();
    let Encoded { header, blobs, .. } = match signal {
        0 => {
            batch.add_spans(request, &body, |_| false).ok()?;
            encode_spans(&batch, &batch.by_trace(), |_| true, |_| {}).ok()??
        }
        1 => {
            batch.add_logs(request, &body, |_| false).ok()?;
            encode_logs(&batch).ok()??
        }
        _ => {
            batch.add_metrics(request, &body, |_| false).ok()?;
            encode_points(&batch).ok()??
        }
    };
    Some(decoding::input(signal, &header, &blobs))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Wrong bytes are an error or other data, and nothing worse.
    #[test]
    fn bytes_that_are_wrong(
        signal in 0..3_u8,
        seed in any::<[u8; 32]>(),
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let rng = proptest::test_runner::TestRng::from_seed(proptest::test_runner::RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
        if let Some(mut input) = encoded(signal, &mut runner) {
            for (at, byte) in wrong {
                // The signal stays.
                let at = 1 + at.index(input.len() - 1);
                input[at] = byte;
            }
            decoding::read(&input);
        }
    }
}

#[test]
#[ignore = "writes the corpus that is checked in"]
fn write_the_corpus() {
    let mut runner = TestRunner::deterministic();
    for number in 0..24 {
        for signal in 0..3 {
            if let Some(input) = encoded(signal, &mut runner).filter(|input| input.len() <= 6_000) {
                fs::write(directory("corpus").join(format!("{signal}-{number}")), input).unwrap();
            }
        }
    }
}
