//! The store against a model of it that is written to be read: whatever is appended in whatever order,
//! with reopening and compaction in between, what is read is the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use model::{Span, TraceId, TracesData};
use proptest::prelude::*;
use store::{Reader, SignalLedger, TraceSummary};

use crate::given::{Kept, failed, in_json, in_protobuf, span, traces};

/// Everything that was kept, in the order in which it came.
#[derive(Debug, Default)]
struct Model {
    kept: Vec<(String, Span)>,
    received: u64,
    duplicate: u64,
}

impl Model {
    fn append(&mut self, service: &str, spans: &[Span]) {
        for span in spans {
            self.received += 1;
            let is_there = self.kept.iter().any(|(from, kept)| from == service && kept.same(span));
            if is_there {
                self.duplicate += 1;
            } else {
                self.kept.push((service.to_owned(), span.clone()));
            }
        }
    }

    /// Traces, each as service, name and variant of its spans.
    fn traces(&self) -> BTreeMap<TraceId, Vec<String>> {
        let mut traces: BTreeMap<TraceId, Vec<String>> = BTreeMap::new();
        for (at, (service, span)) in self.kept.iter().enumerate() {
            let same_ids =
                |other: &&(String, Span)| (other.1.trace_id, other.1.span_id) == (span.trace_id, span.span_id);
            let variant = self.kept[..at].iter().filter(same_ids).count();
            traces.entry(span.trace_id).or_default().push(format!("{service} {} {variant}", span.name));
        }
        traces
    }

    /// Services, each with its number of traces.
    fn services(&self) -> Vec<(String, u64)> {
        let pairs: BTreeSet<(&str, TraceId)> =
            self.kept.iter().map(|(service, span)| (service.as_str(), span.trace_id)).collect();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for (service, _) in pairs {
            *counts.entry(service.to_owned()).or_default() += 1;
        }
        counts.into_iter().collect()
    }

    fn errors(&self, trace_id: TraceId) -> u64 {
        let is_error = |span: &Span| span.trace_id == trace_id && span.status.is_some();
        self.kept.iter().filter(|(_, span)| is_error(span)).count() as u64
    }
}

async fn assert_same(reader: &Reader, ledger: &SignalLedger, model: &Model) {
    let expected = model.traces();
    for (trace_id, spans) in expected.clone() {
        let contents = reader.trace(trace_id).await.unwrap().unwrap();
        let read = contents.spans.iter().map(|stored| {
            let service = contents.resources[stored.resource as usize].service_name();
            format!("{service} {} {}", stored.span.name, stored.variant)
        });
        assert_eq!(read.collect::<Vec<_>>(), spans);
        let summary = reader.summary(trace_id).await.unwrap().unwrap();
        assert_eq!(summary.span_count, spans.len() as u64);
        assert_eq!(summary.error_count, model.errors(trace_id));
    }
    let mut listed = Vec::new();
    let visit = |summary: &TraceSummary| {
        listed.push((summary.start_unix_nano, summary.trace_id));
        ControlFlow::Continue(())
    };
    reader.traces(None, visit).await.unwrap();
    assert!(listed.is_sorted_by(|a, b| a.0 >= b.0), "newest first: {listed:?}");
    let listed: BTreeSet<TraceId> = listed.iter().map(|(_, trace_id)| *trace_id).collect();
    assert_eq!(listed, model.traces().into_keys().collect());
    assert_eq!(reader.services().await.unwrap(), model.services());
    assert_eq!(reader.trace_count(), expected.len() as u64);
    let stored = model.kept.len() as u64;
    assert_eq!((ledger.received, ledger.stored, ledger.duplicate), (model.received, stored, model.duplicate));
    assert!(ledger.is_balanced());
}

#[derive(Debug, Clone)]
enum Step {
    Append {
        data: TracesData,
        service: &'static str,
        in_json: bool,
    },
    Reopen,
    /// Everything becomes segments, and those one.
    Compact,
    Read,
}

fn any_span() -> impl Strategy<Value = Span> {
    (1..4_u8, 1..5_u8, prop::sample::select(vec!["a", "b"]), any::<bool>()).prop_map(|(trace, id, name, is_error)| {
        let span = span(trace, id, name);
        if is_error { failed(span, "bad") } else { span }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let append = (prop::collection::vec(any_span(), 1..6), prop::sample::select(vec!["shop", "bank"]), any::<bool>())
        .prop_map(|(spans, service, in_json)| Step::Append { data: traces(service, spans), service, in_json });
    prop_oneof![6 => append, 1 => Just(Step::Reopen), 2 => Just(Step::Compact), 1 => Just(Step::Read)]
}

async fn run(steps: Vec<Step>) {
    let mut kept = Kept::new().await;
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    let mut model = Model::default();
    for step in steps.into_iter().chain([Step::Read, Step::Reopen, Step::Read, Step::Compact, Step::Read]) {
        match step {
            Step::Append { data, service, in_json: as_json } => {
                kept.add(if as_json { in_json(&data) } else { in_protobuf(&data) }).await.unwrap();
                model.append(service, &data.resource_spans[0].scope_spans[0].spans);
            }
            Step::Reopen => kept.reopen().await,
            Step::Compact => kept.store().compact().await.unwrap(),
            Step::Read => {
                assert_same(&kept.reader(), &kept.store().ledger().spans, &model).await;
                beside.refresh().await.unwrap();
                assert_same(&beside, &beside.ledger().spans, &model).await;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_store_is_its_model(steps in prop::collection::vec(step(), 1..14)) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps));
    }
}
