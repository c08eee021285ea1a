use std::collections::BTreeSet;

use analysis::{Node, Oddity, SpanInput, Trace};
use model::{ResourceSpans, SpanId, SpanKind, StatusCode, TracesData};
use proptest::prelude::*;
use testkit::{DrawnRow, START_UNIX_NANO, render};

pub(crate) const MILLI: i64 = 1_000_000;

/// A trace with the names that analysis leaves to its caller.
pub(crate) struct Named {
    pub(crate) trace: Trace,
    names: Vec<String>,
}

impl Named {
    pub(crate) fn drawn(art: &str) -> Self {
        let data = testkit::trace(art);
        let spans = data.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans);
        let names = spans.map(|span| span.name.clone()).collect();
        Self { trace: Trace::assemble(&inputs(&data)), names }
    }

    pub(crate) fn name(&self, node: Node<'_>) -> String {
        node.input().map_or_else(|| format!("({})", node.span_id().0[7]), |input| self.names[input as usize].clone())
    }

    pub(crate) fn node(&self, name: &str) -> Node<'_> {
        self.trace.nodes().find(|&node| self.name(node) == name).expect("a node of this name")
    }

    /// `-` in children, `=` itself, `#` itself and on the critical path.
    pub(crate) fn picture(&self) -> String {
        let rows: Vec<DrawnRow> = self
            .trace
            .nodes()
            .map(|node| DrawnRow {
                depth: node.depth(),
                label: self.name(node),
                layers: vec![
                    ('-', vec![(node.start_offset_nanos(), node.end_offset_nanos())]),
                    ('=', node.self_intervals().collect()),
                    ('#', node.critical_intervals().collect()),
                ],
                note: node.oddities().map(|oddity| format!("{oddity:?}")).collect::<Vec<_>>().join(" "),
            })
            .collect();
        render(&rows, MILLI)
    }
}

/// What the service makes of stored spans.
pub(crate) fn inputs(data: &TracesData) -> Vec<SpanInput> {
    let service = |of: &ResourceSpans| of.resource.as_ref().map_or("", |of| of.service_name()).to_owned();
    let services: BTreeSet<String> = data.resource_spans.iter().map(service).collect();
    let mut inputs = Vec::new();
    for of in &data.resource_spans {
        let service = services.iter().position(|name| *name == service(of)).unwrap_or_default() as u32;
        inputs.extend(of.scope_spans.iter().flat_map(|of| &of.spans).map(|span| SpanInput {
            span_id: span.span_id,
            parent: span.parent(),
            malformed_parent_bytes: span.has_malformed_parent().then_some(span.parent_span_id.len() as u32),
            start_unix_nano: span.start_unix_nano,
            end_unix_nano: span.end_unix_nano,
            service,
            kind: span.kind,
            is_error: span.status_code() == StatusCode::ERROR,
            content_hash: 0,
        }));
    }
    inputs
}

/// Spans that come as badly as they can: few ids, so that there are variants, cycles and missing
/// parents, and now and then times that cannot be.
pub(crate) fn messy_spans() -> impl Strategy<Value = Vec<SpanInput>> {
    let id = |number: u8| SpanId([0, 0, 0, 0, 0, 0, 0, number]);
    let times = prop_oneof![
        12 => (0_u64..40, 0_u64..20).prop_map(|(from, length)| (START_UNIX_NANO + from, START_UNIX_NANO + from + length)),
        1 => (0_u64..40).prop_map(|from| (START_UNIX_NANO + from, START_UNIX_NANO)),
        1 => Just((0, 0)),
        1 => (0_u64..40).prop_map(|from| (START_UNIX_NANO + from, u64::MAX)),
    ];
    let span = (0_u8..24, prop::option::weighted(0.85, 0_u8..28), times, 0_i32..6, any::<bool>(), 0_u64..3).prop_map(
        move |(span_id, parent, (start_unix_nano, end_unix_nano), kind, is_error, content_hash)| SpanInput {
            span_id: id(span_id),
            parent: parent.map(id),
            malformed_parent_bytes: (parent.is_none() && content_hash == 2).then_some(3),
            start_unix_nano,
            end_unix_nano,
            service: u32::from(span_id % 3),
            kind: SpanKind(kind),
            is_error,
            content_hash,
        },
    );
    prop::collection::vec(span, 0..30)
}

/// Everything that a trace says of its nodes, without the order of input.
pub(crate) fn told(trace: &Trace, input: &[SpanInput]) -> Vec<impl PartialEq + std::fmt::Debug + use<>> {
    trace
        .nodes()
        .map(|node| {
            let tree = (node.parent().map(Node::index), node.depth(), node.subtree_size(), node.child_count());
            let times = (node.start_offset_nanos(), node.end_offset_nanos(), node.duration_nanos());
            let oddities: Vec<Oddity> = node.oddities().collect();
            let work: (Vec<_>, Vec<_>) = (node.self_intervals().collect(), node.critical_intervals().collect());
            let span = node.input().map(|at| input[at as usize]);
            (span, node.span_id(), tree, times, node.errors_below(), oddities, work)
        })
        .collect()
}
