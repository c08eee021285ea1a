use analysis::{Call, CallSpan, Calls, GraphNode, NodeKind, Peer, PeerAttributes, PeerName, Service, TraceSpans};
use model::{Resource, SpanId, SpanKind, StatusCode, TraceId, TracesData, Value};
use proptest::prelude::*;

/// What the store makes of stored spans.
pub(crate) fn spans(data: &TracesData) -> TraceSpans<'_> {
    let mut trace = TraceSpans::default();
    for of in &data.resource_spans {
        let name = of.resource.as_ref().map_or("", Resource::service_name);
        for span in of.scope_spans.iter().flat_map(|of| &of.spans) {
            let mut peer = PeerAttributes::default();
            for attribute in &span.attributes {
                match &attribute.value {
                    Value::String(text) => peer.note(attribute.key.as_bytes(), text.as_bytes()),
                    Value::Int(number) => peer.note_number(attribute.key.as_bytes(), *number),
                    _ => {}
                }
            }
            let is_here = |link: &&model::Link| TraceId::from_slice(&link.trace_id) == Some(span.trace_id);
            let of_span = CallSpan {
                span_id: span.span_id,
                parent: span.parent(),
                is_root: span.parent().is_none() && !span.has_malformed_parent(),
                kind: span.kind,
                service: Service { namespace: "", name },
                is_error: span.status_code() == StatusCode::ERROR,
                start_unix_nano: span.start_unix_nano,
                end_unix_nano: span.end_unix_nano,
                minute: 0,
                adjusted_count: None,
                peer: peer.peer(),
                is_linked: !span.links.is_empty(),
            };
            trace.push(of_span, span.links.iter().filter(is_here).filter_map(|link| SpanId::from_slice(&link.span_id)));
        }
    }
    trace
}

fn node(node: &GraphNode<'_>) -> String {
    let port = node.port.map(|port| format!(" {port}")).unwrap_or_default();
    match node.kind {
        NodeKind::Service => node.name.to_owned(),
        NodeKind::User => "user".to_owned(),
        kind => format!("{} {}:{}{port}", format!("{kind:?}").to_lowercase(), node.namespace, node.name),
    }
}

pub(crate) fn line(call: &Call<'_>) -> String {
    let mut line = format!("{} -> {} {}", node(&call.client), node(&call.server), call.connection.name());
    if call.is_failed {
        line += " failed";
    }
    for (name, nanos) in [("client", call.client_nanos), ("server", call.server_nanos), ("delay", call.delay_nanos)] {
        // A column of a drawing is a millisecond.
        line += &nanos.map(|nanos| format!(" {name}={}", nanos / 1_000_000)).unwrap_or_default();
    }
    line + "\n"
}

/// A line for each call.
pub(crate) fn all_lines(trace: &TraceSpans<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    Calls::default().derive(trace, |call| lines.push(line(call)));
    lines
}

/// The same sorted, as one text.
pub(crate) fn lines(trace: &TraceSpans<'_>) -> String {
    let mut lines = all_lines(trace);
    lines.sort();
    lines.concat()
}

/// Spans that come as badly as they can: few ids, so that there are variants, cycles and missing parents.
pub(crate) fn messy_trace() -> impl Strategy<Value = Vec<(CallSpan<'static>, Vec<SpanId>)>> {
    let id = |number: u8| SpanId([0, 0, 0, 0, 0, 0, 0, number]);
    let peer = prop_oneof![
        4 => Just(Peer::None),
        1 => Just(Peer::External(PeerName { text: "x", port: None })),
        1 => Just(Peer::Database { system: "redis", name: PeerName { text: "r", port: None } }),
        2 => (prop::sample::select(vec!["a", "b"]), prop::sample::select(vec!["", "receive", "settle"]))
            .prop_map(|(destination, operation)| Peer::Messaging { system: "kafka", destination, operation }),
    ];
    let links = prop::collection::vec(0_u8..14, 0..3);
    let span = (0_u8..12, prop::option::weighted(0.85, 0_u8..14), 0_i32..6, 0_usize..3, 0_u64..40, peer, links);
    let span = span.prop_map(move |(span_id, parent, kind, service, start, peer, links)| {
        let of_span = CallSpan {
            span_id: id(span_id),
            parent: parent.map(id),
            is_root: parent.is_none(),
            kind: SpanKind(kind),
            service: Service { namespace: "", name: ["web", "shop", "bank"][service] },
            is_error: start % 5 == 0,
            start_unix_nano: start * 1_000_000,
            end_unix_nano: start / 2 * 3_000_000,
            peer,
            is_linked: !links.is_empty(),
            ..CallSpan::default()
        };
        (of_span, links.into_iter().map(id).collect())
    });
    prop::collection::vec(span, 0..24)
}
