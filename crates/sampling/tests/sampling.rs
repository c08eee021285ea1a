//! The vectors of the specification, and a case for each rule.

#![allow(clippy::unwrap_used)]

use model::TraceId;
use proptest::prelude::*;
use sampling::{
    CriticalFlow, Decision, Facts, KeepReason, ProbabilityState, Randomness, Rules, Threshold, upstream_weight,
};

/// 4bf92f3577b34da6a3ce929d0e0e4736.
const TRACE: TraceId =
    TraceId([0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36]);

#[test]
fn ratios_as_thresholds_and_weights() {
    let cases = [
        (1.0, "0", "1.00000"),
        (0.5, "8", "2.00000"),
        (0.25, "c", "4.00000"),
        (0.1, "e666", "9.99939"),
        (0.01, "fd70a", "99.99771"),
        (0.001, "ffbe77", "1000.01287"),
    ];
    for (ratio, text, weight) in cases {
        let threshold = Threshold::of_ratio(ratio).unwrap();
        assert_eq!(threshold.to_string(), text);
        assert_eq!(Threshold::parse(text), Some(threshold));
        assert_eq!(format!("{:.5}", threshold.adjusted_count()), weight, "{text}");
    }
    assert_eq!(Threshold::parse("01").unwrap().to_string(), "01", "leading zeros stay");
    for none in [0.0, -1.0, f64::NAN, 1e-30] {
        assert_eq!(Threshold::of_ratio(none), None, "{none}");
    }
    for invalid in ["", "E666", "0x8", "+8", "g", "fffffffffffffff", "é"] {
        assert_eq!(Threshold::parse(invalid), None, "{invalid}");
    }
}

#[test]
fn a_trace_is_kept_consistently() {
    let randomness = Randomness::of_trace(TRACE);
    assert_eq!(randomness.bits(), 0xce_929d_0e0e_4736);
    let kept = ["8", "c", "e666"].map(|text| Threshold::parse(text).unwrap().keeps(randomness));
    assert_eq!(kept, [true, true, false]);
}

#[test]
fn trace_state_is_read_as_far_as_it_is_valid() {
    let read = |text: &str| {
        let ProbabilityState { threshold, randomness } = ProbabilityState::parse(text);
        let threshold = threshold.map_or("-".to_owned(), |threshold| threshold.to_string());
        let randomness = randomness.map_or("-".to_owned(), |randomness| format!("{:014x}", randomness.bits()));
        format!("{threshold} {randomness}")
    };
    assert_eq!(read("ot=th:8;rv:0123456789abcd"), "8 0123456789abcd");
    assert_eq!(read("vendor=x , ot=rv:0123456789abcd;th:c, ot=th:8"), "c 0123456789abcd");
    assert_eq!(read("ot=th:zz;rv:123"), "- -");
    assert_eq!(read("not=th:8"), "- -");
    assert_eq!(read(""), "- -");
    assert_eq!(upstream_weight("ot=th:8"), Some(2.0));
    assert_eq!(upstream_weight("ot=th:0"), Some(1.0));
    assert_eq!(upstream_weight("ot=p:3"), None);
}

proptest! {
    #[test]
    fn a_threshold_reads_back(bits in 0_u64..1 << 56) {
        let text = format!("{bits:014x}");
        let threshold = Threshold::parse(&text).unwrap();
        prop_assert_eq!(Threshold::parse(&threshold.to_string()), Some(threshold));
        prop_assert!(threshold.keeps(Randomness::parse(&text).unwrap()));
        prop_assert!(threshold.adjusted_count() >= 1.0);
    }

    #[test]
    fn a_ratio_is_kept_nearly(ratio in 1e-6_f64..=1.0) {
        let weight = Threshold::of_ratio(ratio).unwrap().adjusted_count();
        prop_assert!((weight * ratio - 1.0).abs() < 0.001, "{} for {}", weight, ratio);
    }

    #[test]
    fn anything_is_read(text in ".*") {
        for text in [text.clone(), format!("ot={text}"), format!("ot=th:{text}")] {
            prop_assert!(upstream_weight(&text).is_none_or(|weight| weight >= 1.0));
        }
    }
}

fn facts(environment: Option<&str>, traces_an_hour: u64) -> Facts {
    Facts {
        trace_id: TRACE,
        randomness: Randomness::of_trace(TRACE),
        root_service: "shop".to_owned(),
        root_operation: "GET /cart/7".to_owned(),
        environment: environment.map(str::to_owned),
        has_error: false,
        has_http_error: false,
        services: vec!["shop".to_owned(), "payments".to_owned()],
        traces_an_hour,
    }
}

#[test]
fn the_first_reason_counts() {
    let thin = |ratio| Decision::Thin { ratio };
    let rules = Rules::default();
    let decide = |facts: &Facts| rules.decide(facts);
    for stays in [None, Some(""), Some("development"), Some("staging"), Some("Production")] {
        assert_eq!(decide(&facts(stays, 1_000_000)), Decision::Keep(KeepReason::Environment));
    }
    for thinned in ["production", "prod"] {
        assert_eq!(decide(&facts(Some(thinned), 9)), Decision::Keep(KeepReason::LowVolume));
        assert_eq!(decide(&facts(Some(thinned), 10)), thin(0.1));
        assert_eq!(decide(&facts(Some(thinned), 1_000)), thin(0.1));
        assert_eq!(decide(&facts(Some(thinned), 1_001)), thin(0.01));
    }
    let mut of_error = facts(Some("prod"), 1_001);
    of_error.has_http_error = true;
    assert_eq!(decide(&of_error), Decision::Keep(KeepReason::Error));
    let mut in_share = facts(Some("prod"), 100);
    in_share.randomness = Randomness::parse("e6660000000000").unwrap();
    assert_eq!(decide(&in_share), Decision::Keep(KeepReason::Ratio { ratio: 0.1 }));
    assert_eq!(
        Rules { is_on: false, ..Rules::default() }.decide(&facts(Some("prod"), 100)),
        Decision::Keep(KeepReason::Off)
    );
}

#[test]
fn critical_flows() {
    let fits = |service: Option<&str>, operation: Option<&str>| {
        let flow = CriticalFlow { service: service.map(str::to_owned), operation: operation.map(str::to_owned) };
        let rules = Rules { critical_flows: vec![flow], ..Rules::default() };
        rules.decide(&facts(Some("prod"), 100)) == Decision::Keep(KeepReason::CriticalFlow)
    };
    assert!(fits(Some("payments"), None), "a service that takes part");
    assert!(!fits(Some("payment"), None));
    for pattern in ["GET /cart/7", "GET *", "*/cart/*", "G*T*7", "*", "*7", "**cart**"] {
        assert!(fits(None, Some(pattern)), "{pattern}");
    }
    for pattern in ["GET", "GET /cart/7*8", "*cart*cart*", "", "GET /cart/77*7"] {
        assert!(!fits(None, Some(pattern)), "{pattern}");
    }
    assert!(fits(Some("s*p"), Some("GET *")));
    assert!(!fits(Some("s*p"), Some("POST *")));
    assert!(!fits(None, None));
}

#[test]
fn rules_that_cannot_be_are_named() {
    let check = |change: fn(&mut Rules)| {
        let mut rules = Rules::default();
        change(&mut rules);
        rules.check().unwrap_err().to_string()
    };
    assert!(Rules::default().check().is_ok());
    assert!(
        check(|rules| rules.environments.extend([("live".to_owned(), 10.0)])).starts_with("the ratio of live is 10")
    );
    assert!(check(|rules| rules.high_volume_ratio = f64::NAN).starts_with("the ratio of high volume"));
    assert!(check(|rules| rules.low_volume_under = 2_000).starts_with("low volume is under 2000"));
    assert!(check(|rules| rules.critical_flows.push(CriticalFlow::default())).starts_with("critical flow 1"));
    assert!(check(|rules| rules.environments.extend([(String::new(), 0.1)])).starts_with("an environment"));
}
