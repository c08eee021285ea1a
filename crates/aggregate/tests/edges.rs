//! However calls are counted, taken back, merged, written and read, what is left is what there is.

use aggregate::{Edges, MOST_KEYS, OTHER, UNIT};
use analysis::{Call, ConnectionType, GraphNode, NodeKind};
use proptest::prelude::*;

fn call() -> impl Strategy<Value = Call<'static>> {
    let node = (0..3_usize, prop::sample::select(vec!["shop", "bank", ""]), prop::option::weighted(0.2, any::<u16>()))
        .prop_map(|(kind, name, port)| {
            let kind = [NodeKind::Service, NodeKind::User, NodeKind::External][kind];
            GraphNode { kind, namespace: "", name, port }
        });
    let nanos = || prop::option::of(prop_oneof![0..100_u64, any::<u64>()]);
    let count = prop_oneof![4 => Just(None), 1 => (1.0..1e6_f64).prop_map(Some)];
    (0..200_u32, (node.clone(), node), any::<bool>(), count, (nanos(), nanos(), nanos())).prop_map(
        |(minute, (client, server), is_failed, adjusted_count, (client_nanos, server_nanos, delay_nanos))| Call {
            minute,
            client,
            server,
            connection: ConnectionType::Unset,
            is_failed,
            adjusted_count,
            client_nanos,
            server_nanos,
            delay_nanos,
        },
    )
}

fn of(calls: &[Call<'_>]) -> Edges {
    let mut edges = Edges::default();
    calls.iter().for_each(|call| edges.add(call));
    edges
}

proptest! {
    #[test]
    fn what_was_taken_back_is_not_there(
        calls in prop::collection::vec(call(), 0..60),
        others in prop::collection::vec(call(), 0..20),
        in_hours in any::<bool>(),
    ) {
        let (mut gone, mut merged) = (Edges::default(), Edges::default());
        others.iter().for_each(|call| gone.take_back(call));
        let gone = Edges::from_bytes(&gone.to_bytes().unwrap()).unwrap();
        prop_assert!(gone.iter().next().is_none());
        let all: Vec<_> = calls.iter().chain(&others).copied().collect();
        let mut expected = Edges::default();
        if in_hours {
            merged.merge_hours(&gone);
            merged.merge_hours(&of(&all));
            expected.merge_hours(&of(&calls));
        } else {
            merged.merge(&gone, |_| true);
            merged.merge(&of(&all), |_| true);
            expected = of(&calls);
        }
        prop_assert_eq!(&merged, &expected);
        prop_assert_eq!(merged.minutes(), expected.minutes());
        let count = |edges: &Edges| edges.iter().map(|(_, edge)| (edge.calls * UNIT as f64) as u64).sum::<u64>();
        prop_assert_eq!(count(&merged), count(&of(&calls)));
    }

    #[test]
    fn what_is_written_is_read(calls in prop::collection::vec(call(), 0..60)) {
        let edges = of(&calls);
        prop_assert_eq!(Edges::from_bytes(&edges.to_bytes().unwrap()).unwrap(), edges);
    }

    #[test]
    fn damage_is_an_error_or_harmless(calls in prop::collection::vec(call(), 1..20), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = of(&calls).to_bytes().unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = Edges::from_bytes(&bytes) {
            let mut merged = of(&calls);
            merged.merge(&read, |_| true);
            assert!(merged.iter().all(|(_, edge)| edge.client.quantile(0.5) >= edge.client.quantile(0.0)));
            merged.to_bytes().unwrap();
        }
    }

    #[test]
    fn durations_are_near(nanos in prop::collection::vec(0..u64::MAX / 2, 1..50)) {
        let node = GraphNode { name: "shop", ..GraphNode::default() };
        let mut edges = Edges::default();
        for nanos in &nanos {
            edges.add(&Call {
                minute: 1, client: node, server: node, connection: ConnectionType::Unset, is_failed: false,
                adjusted_count: None, client_nanos: Some(*nanos), server_nanos: None, delay_nanos: None,
            });
        }
        let (_, edge) = edges.iter().next().unwrap();
        let (least, most) = (*nanos.iter().min().unwrap() as f64, *nanos.iter().max().unwrap() as f64);
        for (found, exact) in [(edge.client.least_nanos(), least), (edge.client.most_nanos(), most)] {
            prop_assert!((found as f64 - exact).abs() <= exact * 0.04 + 1.0, "{found} is not {exact}");
        }
        prop_assert_eq!(edge.client.sum_nanos(), nanos.iter().map(|nanos| u128::from(*nanos)).sum::<u128>() as f64);
        prop_assert!(edge.server.quantile(0.5).is_none());
    }
}

#[test]
fn too_many_names_are_folded_and_counted() {
    let names: Vec<String> = (0..MOST_KEYS + 500).map(|number| format!("host-{number}")).collect();
    let external = |name| GraphNode { kind: NodeKind::External, name, ..GraphNode::default() };
    let call = |name| Call {
        minute: 7,
        client: GraphNode { name: "shop", ..GraphNode::default() },
        server: external(name),
        connection: ConnectionType::VirtualNode,
        is_failed: false,
        adjusted_count: None,
        client_nanos: Some(5),
        server_nanos: None,
        delay_nanos: None,
    };
    let edges = of(&names.iter().map(|name| call(name)).collect::<Vec<_>>());
    assert_eq!((edges.len(), edges.folded()), (MOST_KEYS + 1, 500.0));
    let (key, edge) = edges.iter().find(|(key, _)| key.server.name == OTHER).unwrap();
    assert_eq!((key.server.kind, edge.calls), (NodeKind::External, 500.0));
}
