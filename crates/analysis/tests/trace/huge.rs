//! Shapes of 100,000 spans that are known to crash or hang viewers. All that is drawn is counted.

use analysis::{Oddity, Rows, SpanInput, Trace};
use model::SpanId;
use testkit::{START_UNIX_NANO, corpus};

use crate::support::inputs;

const SPANS: u32 = 100_000;

fn assembled(spans: &[SpanInput]) -> Trace {
    let trace = Trace::assemble(spans);
    assert_eq!(trace.nodes().filter(|node| !node.is_missing()).count(), spans.len(), "drawn = stored");
    assert_eq!(Rows::new(&trace).row_count(), trace.node_count());
    let root = trace.longest_root().expect("some span is topmost");
    let critical: u64 = trace.nodes().map(|node| node.critical_nanos()).sum();
    assert_eq!(critical, root.duration_nanos());
    trace
}

fn marked(trace: &Trace, oddity: Oddity) -> usize {
    trace.nodes().filter(|node| node.oddities().any(|other| other == oddity)).count()
}

#[test]
fn a_chain() {
    let trace = assembled(&inputs(&corpus::chain(SPANS)));
    assert_eq!(trace.depth(), SPANS);
    let mut rows = Rows::new(&trace);
    rows.to_depth(1);
    assert_eq!((rows.row_count(), rows.reveal(SPANS - 1)), (1, Some(SPANS - 1)));
}

#[test]
fn a_fan_out_of_sequential_children() {
    let trace = assembled(&inputs(&corpus::fan(SPANS)));
    let root = trace.longest_root().expect("one root");
    assert_eq!((trace.depth(), root.child_count()), (2, SPANS - 1));
    assert_eq!(trace.critical_path().len(), SPANS as usize - 1, "every child, back to back");
}

#[test]
fn a_cycle() {
    let trace = assembled(&inputs(&corpus::cycle(SPANS)));
    assert_eq!((trace.depth(), marked(&trace, Oddity::Cycle)), (SPANS, 1));
}

#[test]
fn self_parents_orphans_and_variants() {
    let span = |number: u64| SpanInput {
        span_id: SpanId(number.to_be_bytes()),
        start_unix_nano: START_UNIX_NANO + number,
        end_unix_nano: START_UNIX_NANO + number + 10,
        content_hash: number,
        ..SpanInput::default()
    };
    let all = |change: fn(SpanInput) -> SpanInput| (1..=u64::from(SPANS)).map(span).map(change).collect::<Vec<_>>();
    let selves = assembled(&all(|span| SpanInput { parent: Some(span.span_id), ..span }));
    assert_eq!(marked(&selves, Oddity::ParentIsSelf), SPANS as usize);
    let orphans = assembled(&all(|span| SpanInput { parent: Some(SpanId(span.span_id.0.map(|byte| !byte))), ..span }));
    assert_eq!((orphans.missing_count(), marked(&orphans, Oddity::ParentMissing)), (SPANS, SPANS as usize));
    let variants = assembled(&all(|span| SpanInput { span_id: SpanId([7; 8]), ..span }));
    assert_eq!(marked(&variants, Oddity::Variants(SPANS - 1)), SPANS as usize);
}

#[test]
fn a_realistic_trace() {
    let spans = inputs(&corpus::big_trace(1, SPANS));
    let trace = assembled(&spans);
    assert_eq!((trace.missing_count(), trace.roots().count()), (0, 1));
    assert!((5..100).contains(&trace.depth()), "{}", trace.depth());
}
