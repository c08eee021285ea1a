//! Which calls the spans of drawn and of random traces tell of.

mod support;

use analysis::{CallSpan, Calls, Change, NodeKind, Peer, PeerAttributes, PeerName, TraceSpans};
use expect_test::{Expect, expect};
use model::SpanId;
use proptest::prelude::*;

use crate::support::{all_lines, line, lines, messy_trace, spans};

fn check(art: &str, expected: Expect) {
    expected.assert_eq(&lines(&spans(&testkit::trace(art))));
}

#[test]
fn a_client_is_paired_with_the_server_below_it() {
    check(
        "
        web    [----------]   kind=server
          web    [------]     kind=client
            shop   [--]       kind=server error
              shop  []        kind=client
                shop |        kind=server
        ",
        expect![[r#"
            shop -> shop  client=2 server=1
            user -> web virtual_node server=12
            web -> shop  failed client=8 server=4
        "#]],
    );
}

#[test]
fn the_way_up_goes_over_internal_spans_of_the_service_of_the_parent() {
    check(
        "
        web    [----------]    kind=server parent=ff
          web    [------]      kind=client
            web   [----]
              web  [--]
                shop |         kind=server
          web    |
            bank |             kind=server
        job    [----------]
          shop [--]            kind=server
        web    [------]        kind=client parent=ff
          lib   [----]
            bank  []           kind=server
        bank   |               kind=server parent=ff
          bank |               kind=server
          shop |               kind=server
        ",
        expect![[r#"
            bank -> shop  server=1
            job -> shop  server=4
            lib -> bank  server=2
            web -> bank  server=1
            web -> shop  client=8 server=1
        "#]],
    );
}

#[test]
fn what_sends_no_spans() {
    check(
        "
        web  [--]  kind=client db.system.name=postgresql server.address=db1 db.namespace=orders
        web  [-]   kind=client db.system=redis
        web  [-]   kind=client db.name=orders
        web  [--]  kind=client gen_ai.provider.name=openai server.address=api.openai.com error
        web  []    kind=client server.address=api.pay.com service.peer.name=pay
        web  []    kind=client net.peer.name=old.host
        web  |     kind=client network.peer.address=10.0.0.1 network.peer.port=8080
        web  |     kind=client net.peer.ip=10.0.0.2
        web  |     kind=client
        web  |     kind=internal server.address=api.pay.com
        web  []    kind=client server.address=shop
          shop |   kind=server server.address=shop
        ",
        expect![[r#"
            web -> database :orders database client=3
            web -> database postgresql:db1 database client=4
            web -> database redis:redis database client=3
            web -> external :10.0.0.1 8080 virtual_node client=1
            web -> external :10.0.0.2 virtual_node client=1
            web -> external :old.host virtual_node client=2
            web -> external :pay virtual_node client=2
            web -> genai :openai virtual_node failed client=4
            web -> shop  client=2 server=1
        "#]],
    );
}

#[test]
fn messages_go_by_their_destination() {
    check(
        "
        web    [--]         kind=producer messaging.system=kafka messaging.destination.name=orders
          mail      [--]    kind=consumer messaging.system=kafka messaging.destination.name=orders
            mail    |       kind=consumer messaging.system=kafka messaging.destination.name=orders
          bank        |     kind=consumer
        shop   []           kind=client messaging.system=sqs messaging.destination.name=q messaging.operation.type=send
        shop   []           kind=client messaging.system=sqs messaging.destination.name=q messaging.operation=receive error
        shop   []           kind=client messaging.system=sqs messaging.destination.name=q messaging.operation.type=settle
        job    []           kind=producer
          bank |            kind=consumer messaging.system=nats messaging.destination.name=j
        ",
        expect![[r#"
            job -> messaging nats:j messaging_system client=2
            messaging kafka:orders -> bank messaging_system server=1 delay=3
            messaging kafka:orders -> mail messaging_system server=4 delay=1
            messaging nats:j -> bank messaging_system server=1 delay=0
            messaging sqs:q -> shop messaging_system failed server=2
            shop -> messaging sqs:q messaging_system client=2
            web -> messaging kafka:orders messaging_system client=4
        "#]],
    );
}

#[test]
fn messages_without_a_destination_go_from_producer_to_consumer() {
    check(
        "
        web    [--]       kind=producer messaging.system=kafka
          mail      [--]  kind=consumer error
        web    [--]       kind=server parent=ff
          mail    |       kind=consumer
        job    |          kind=consumer
        ",
        expect![[r#"
            user -> job virtual_node server=1
            web -> mail messaging_system failed client=4 server=4 delay=1
            web -> mail messaging_system server=1
        "#]],
    );
}

/// A consumer of several messages links to those who sent them.
#[test]
fn links() {
    let linked = |art: &str, ids: &[u64]| {
        let mut trace = testkit::trace(art);
        let consumer = trace.resource_spans.last_mut().unwrap().scope_spans[0].spans.last_mut().unwrap();
        let trace_id = consumer.trace_id;
        consumer.links.extend(ids.iter().map(|id| model::Link {
            trace_id: if *id == 0 { vec![7; 16] } else { trace_id.0.to_vec() },
            span_id: SpanId(id.to_be_bytes()).0.to_vec(),
            ..model::Link::default()
        }));
        lines(&spans(&trace))
    };
    let art = "
        web    [--]       kind=producer
        shop   [-]        kind=producer
        mail        [--]  kind=consumer
        ";
    expect![[r#"
        shop -> mail messaging_system client=3 server=4 delay=2
        web -> mail messaging_system client=4 server=4 delay=1
    "#]]
    .assert_eq(&linked(art, &[1, 2, 2, 9]));
    assert_eq!(linked("mail  [--] kind=consumer", &[0]), "");
}

#[test]
fn ids_that_both_sides_share() {
    check(
        "
        web    [------]   kind=client id=aa parent=ff
        shop    [----]    kind=server id=aa parent=ff
        bank     |        kind=server parent=aa
        ",
        expect![[r#"
            shop -> bank  server=1
            web -> shop  client=8 server=6
        "#]],
    );
}

/// Nobody is counted who is not known, and nothing goes around for ever.
#[test]
fn odd_shapes() {
    check(
        "
        web    |  kind=server parent=ff
        web    |  kind=server parent_bytes=3
        web    |  kind=server id=a1 parent=a1
        web    |  id=a2 parent=a3
        web    |  id=a3 parent=a2
        shop   |  kind=server parent=a3
        web    |  kind=client id=a4 server.address=x
        web    [] kind=client id=a4 server.address=x
        shop   |  kind=server parent=a4
        ",
        expect![[r#"
            web -> shop  client=1 server=1
            web -> shop  server=1
        "#]],
    );
}

#[test]
fn a_long_chain_is_walked_once() {
    let mut trace = testkit::trace("web  [--] kind=client");
    let spans_of = &mut trace.resource_spans[0].scope_spans[0].spans;
    for number in 2..50_000_u64 {
        let (id, parent) = (SpanId(number.to_be_bytes()), SpanId((number - 1).to_be_bytes()));
        let inner = model::Span { span_id: id, parent_span_id: parent.0.to_vec(), ..model::Span::default() };
        let server = model::Span {
            span_id: SpanId((number + (1 << 40)).to_be_bytes()),
            parent_span_id: id.0.to_vec(),
            kind: model::SpanKind::SERVER,
            ..model::Span::default()
        };
        spans_of.extend([inner, server]);
    }
    let (mut count, trace) = (0, spans(&trace));
    Calls::default().derive(&trace, |call| {
        assert!(call.client_nanos.is_some());
        count += 1;
    });
    assert_eq!(count, 49_998);
}

#[test]
fn names_of_peers() {
    let of = |attributes: &[(&str, &'static str)]| {
        let mut peer = PeerAttributes::default();
        attributes.iter().for_each(|(key, text)| peer.note(key.as_bytes(), text.as_bytes()));
        peer.note_number(b"network.peer.port", 5432);
        peer.peer()
    };
    let name = |text, port| PeerName { text, port };
    assert_eq!(of(&[("peer.service", "old"), ("service.peer.name", "new")]), Peer::External(name("new", None)));
    assert_eq!(of(&[("service.peer.name", ""), ("server.address", "b")]), Peer::External(name("b", None)));
    assert_eq!(of(&[("messaging.system", "kafka"), ("server.address", "b")]), Peer::External(name("b", None)));
    assert_eq!(of(&[("net.sock.peer.addr", "::1")]), Peer::External(name("::1", Some(5432))));
    assert_eq!(
        of(&[("db.system", "mysql"), ("network.peer.address", "::1")]),
        Peer::Database { system: "mysql", name: name("::1", Some(5432)) }
    );
    assert_eq!(of(&[]), Peer::None);
    assert_eq!(NodeKind::default(), NodeKind::Service);
    assert!(PeerAttributes::is_key(b"network.peer.port") && !PeerAttributes::is_key(b"http.route"));
}

fn trace(spans: &[(CallSpan<'static>, Vec<SpanId>)]) -> TraceSpans<'static> {
    let mut trace = TraceSpans::default();
    spans.iter().for_each(|(span, links)| trace.push(*span, links.iter().copied()));
    trace
}

proptest! {
    #[test]
    fn the_order_of_spans_does_not_matter((spans, shuffled) in messy_trace().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))) {
        let (first, second) = shuffled.split_at(shuffled.len() / 2);
        let mut joined = trace(first);
        joined.extend(&trace(second));
        prop_assert_eq!(lines(&joined), lines(&trace(&spans)));
    }

    /// What a part changes is what there is with it, less what there was before.
    #[test]
    fn changes_add_up(spans in messy_trace(), at in any::<prop::sample::Index>()) {
        let (before, whole) = (trace(&spans[..at.index(spans.len() + 1)]), trace(&spans));
        let mut told = all_lines(&before);
        Calls::default().derive_change(&whole, &before, |change, call| match change {
            Change::Found => told.push(line(call)),
            Change::TakenBack => drop(told.remove(told.iter().position(|told| *told == line(call)).unwrap())),
        });
        told.sort();
        prop_assert_eq!(told.concat(), lines(&whole));
    }
}
