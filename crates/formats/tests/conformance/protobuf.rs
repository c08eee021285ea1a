//! Our protobuf against prost and the published schema.

use formats::*;
use model::Signal;
use proptest::prelude::*;

use testkit::strategies;

use crate::oracle::{self, decoded, shown, through_prost};

fn walked(signal: Signal, body: &[u8]) -> Result<Walked, FormatError> {
    walk(signal, Encoding::Protobuf, body, &WalkLimits::default())
}

/// Walk, decoder and prost agree on bytes that may be anything.
fn agree(signal: Signal, body: &[u8]) -> Result<(), TestCaseError> {
    oracle::agree(signal, body).map_err(TestCaseError::fail)
}

fn mutated(body: &[u8], mutations: &[(prop::sample::Index, u8)]) -> Vec<u8> {
    let mut body = body.to_vec();
    for (at, byte) in mutations {
        if !body.is_empty() {
            let at = at.index(body.len());
            body[at] = *byte;
        }
    }
    body
}

fn mutations() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![any::<u8>(), 0..32_u8]), 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn traces_survive_us_and_prost(data in strategies::traces()) {
        let body = encode_traces_protobuf(&data);
        let again = decode_traces(Encoding::Protobuf, &body);
        prop_assert_eq!(again.as_ref().map(shown), Ok(shown(&data)));
        prop_assert_eq!(through_prost(Signal::Traces, &body), Ok(body));
    }

    #[test]
    fn logs_survive_us_and_prost(data in strategies::logs()) {
        let body = encode_logs_protobuf(&data);
        let again = decode_logs(Encoding::Protobuf, &body);
        prop_assert_eq!(again.as_ref().map(shown), Ok(shown(&data)));
        prop_assert_eq!(through_prost(Signal::Logs, &body), Ok(body));
    }

    #[test]
    fn metrics_survive_us_and_prost(data in strategies::metrics()) {
        let body = encode_metrics_protobuf(&data);
        let again = decode_metrics(Encoding::Protobuf, &body);
        prop_assert_eq!(again.as_ref().map(shown), Ok(shown(&data)));
        // prost sorts the members of a oneof by its lowest number.
        let theirs = through_prost(Signal::Metrics, &body).expect("prost reads it");
        prop_assert_eq!(theirs.len(), body.len());
        prop_assert_eq!(decoded(Signal::Metrics, &theirs), Ok(shown(&data)));
    }

    #[test]
    fn damaged_traces_are_judged_as_prost_does(data in strategies::traces(), mutations in mutations()) {
        agree(Signal::Traces, &mutated(&encode_traces_protobuf(&data), &mutations))?;
    }

    #[test]
    fn damaged_logs_are_judged_as_prost_does(data in strategies::logs(), mutations in mutations()) {
        agree(Signal::Logs, &mutated(&encode_logs_protobuf(&data), &mutations))?;
    }

    #[test]
    fn damaged_metrics_are_judged_as_prost_does(data in strategies::metrics(), mutations in mutations()) {
        agree(Signal::Metrics, &mutated(&encode_metrics_protobuf(&data), &mutations))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cut_traces_are_judged_as_prost_does(data in strategies::traces()) {
        let body = encode_traces_protobuf(&data);
        for end in 0..body.len().min(1500) {
            agree(Signal::Traces, &body[..end])?;
        }
    }
}

#[test]
fn messages_and_oneofs_merge_as_protobuf_says() {
    // A metric with a gauge of one point, a sum of one point, and again a sum of one point.
    let point = |time: u8| [&[0x0a, 9, 0x19, time][..], &[0; 7]].concat();
    let data = |field: u8, point: Vec<u8>| [vec![field << 3 | 2, point.len() as u8], point].concat();
    let metric = [data(5, point(1)), data(7, point(2)), data(7, point(3))].concat();
    let scope = data(2, metric);
    let body = data(1, data(2, scope));
    agree(Signal::Metrics, &body).expect("as prost");
    let walked = walked(Signal::Metrics, &body).expect("valid");
    assert_eq!(walked.received, 2);
    let WalkedRows::Points(points) = walked.rows else { panic!("points") };
    assert_eq!((points.ordinal, points.time_unix_nano, points.name.len()), (vec![0, 1], vec![2, 3], 2));
}
