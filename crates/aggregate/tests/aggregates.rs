//! However spans are split, merged, written and read, the counts are those of all at once.

use aggregate::{Aggregates, MOST_KEYS, OTHER, Observation, Origin, Sketch, UNIT, weight_of};
use model::SpanKind;
use proptest::prelude::*;

#[derive(Debug, Clone)]
struct Seen {
    minute: u32,
    service: &'static str,
    operation: String,
    is_error: bool,
    nanos: u64,
    weight: u64,
}

fn seen() -> impl Strategy<Value = Seen> {
    let nanos = prop_oneof![0..100_u64, 1_000..10_000_000_000_u64, any::<u64>()];
    let weight = prop_oneof![4 => Just(UNIT), 1 => (1.0..1e6_f64).prop_map(|count| weight_of(Some(count)))];
    let service = prop::sample::select(vec!["shop", "bank", ""]);
    (0..200_u32, service, "[a-c]", any::<bool>(), nanos, weight).prop_map(
        |(minute, service, operation, is_error, nanos, weight)| Seen {
            minute,
            service,
            operation,
            is_error,
            nanos,
            weight,
        },
    )
}

fn add(all: &mut Aggregates, seen: &Seen) {
    let origin = all.origin(Origin { service: seen.service, ..Origin::default() });
    all.add(&Observation {
        start_minute: seen.minute,
        origin,
        operation: &seen.operation,
        kind: SpanKind::SERVER,
        is_error: seen.is_error,
        duration_nanos: seen.nanos,
        weight: seen.weight,
    });
}

fn of(all: &[Seen]) -> Aggregates {
    let mut aggregates = Aggregates::default();
    all.iter().for_each(|seen| add(&mut aggregates, seen));
    aggregates
}

proptest! {
    #[test]
    fn merging_is_all_at_once(all in prop::collection::vec(seen(), 0..80), at in any::<prop::sample::Index>()) {
        let (first, rest) = all.split_at(at.index(all.len() + 1));
        let mut merged = of(rest);
        merged.merge(&of(first), |_| true);
        prop_assert_eq!(&merged, &of(&all));
        let (mut hours, mut again) = (Aggregates::default(), Aggregates::default());
        hours.merge_hours(&merged);
        again.merge_hours(&hours);
        prop_assert_eq!(&again, &hours);
        let hourly: Vec<Seen> = all.iter().map(|seen| Seen { minute: seen.minute / 60 * 60, ..seen.clone() }).collect();
        let mut expected = Aggregates::default();
        expected.merge_hours(&of(&hourly));
        prop_assert_eq!(hours, expected);
    }

    #[test]
    fn what_is_written_is_read(all in prop::collection::vec(seen(), 0..80)) {
        let all = of(&all);
        prop_assert_eq!(Aggregates::from_bytes(&all.to_bytes().unwrap()).unwrap(), all);
    }

    #[test]
    fn damage_is_an_error_or_harmless(all in prop::collection::vec(seen(), 1..20), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = of(&all).to_bytes().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Aggregates::from_bytes(&bytes) {
            let mut merged = of(&all);
            merged.merge(&read, |_| true);
            merged.to_bytes().unwrap();
        }
    }

    #[test]
    fn quantiles_are_near(mut nanos in prop::collection::vec(prop_oneof![0..1000_u64, any::<u64>()], 1..200), share in 0.0..=1.0_f64) {
        let mut sketch = Sketch::default();
        nanos.iter().for_each(|nanos| sketch.add(*nanos, UNIT));
        nanos.sort_unstable();
        let rank = (share * nanos.len() as f64).ceil().max(1.0) as usize;
        let exact = nanos[rank - 1] as f64;
        let found = sketch.quantile(share).unwrap() as f64;
        // Below some nanoseconds rounding to whole ones is more than that.
        prop_assert!((found - exact).abs() <= exact * 0.02 + 0.5, "{found} is not {exact}");
        prop_assert_eq!((sketch.least_nanos(), sketch.most_nanos()), (nanos[0], nanos[nanos.len() - 1]));
        prop_assert_eq!(sketch.count(), nanos.len() as f64);
    }
}

#[test]
fn too_many_names_are_folded_and_counted() {
    let mut all = Aggregates::default();
    let count = MOST_KEYS + 500;
    for number in 0..count {
        let operation = format!("GET /{number}");
        add(&mut all, &Seen { minute: 7, service: "shop", operation, is_error: false, nanos: 5, weight: UNIT });
    }
    assert_eq!((all.len(), all.folded()), (MOST_KEYS + 1, 500.0));
    let other = all.iter().find(|(key, _)| key.operation == OTHER).unwrap().1;
    assert_eq!(other.count(), 500.0);
    assert_eq!(all.iter().map(|(_, sketch)| sketch.count()).sum::<f64>(), count as f64);
}
