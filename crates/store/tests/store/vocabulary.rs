//! Keys and values are those of the spans that are stored, counted as going through all of them counts.

use std::{collections::BTreeMap, ops::ControlFlow, time::Instant};

use model::{KeyValue, Resource, Scope as InstrumentationScope, TracesData, UNKNOWN_SERVICE, Value};
use proptest::{collection::vec, prelude::*};
use query::{Field, Intrinsic, Scope, Subject};
use store::{Reader, StoredSpan, TraceSummary, ValueKind, Vocabulary};
use testkit::strategies;

use crate::given::{Kept, in_protobuf, span, traces};

const SCOPES: [Scope; 7] =
    [Scope::Any, Scope::Span, Scope::Resource, Scope::InstrumentationScope, Scope::Event, Scope::Link, Scope::Root];

/// Keys and values that are told apart are no longer than this, bytes.
const LONGEST: (usize, usize) = (256, 1_024);

/// A span with what stands around it.
struct Whole {
    stored: StoredSpan,
    resource: Option<Resource>,
    scope: Option<InstrumentationScope>,
}

async fn all_spans(reader: &Reader) -> Vec<Whole> {
    let mut ids = Vec::new();
    let list = |summary: &TraceSummary| {
        ids.push(summary.trace_id);
        ControlFlow::Continue(())
    };
    reader.traces(None, list).await.unwrap();
    let mut all = Vec::new();
    for trace_id in ids {
        let contents = reader.trace(trace_id).await.unwrap().unwrap();
        for stored in contents.spans {
            let resource = contents.resources[stored.resource as usize].resource.clone();
            let scope = contents.scopes[stored.scope as usize].scope.clone();
            all.push(Whole { stored, resource, scope });
        }
    }
    all
}

impl Whole {
    fn attributes(&self, scope: Scope) -> Vec<&KeyValue> {
        let span = &self.stored.span;
        match scope {
            Scope::Any => {
                let scopes = [Scope::Span, Scope::Resource, Scope::InstrumentationScope];
                scopes.into_iter().flat_map(|scope| self.attributes(scope)).collect()
            }
            Scope::Span => span.attributes.iter().collect(),
            Scope::Root if span.parent_span_id.is_empty() => span.attributes.iter().collect(),
            Scope::Root => Vec::new(),
            Scope::Resource => self.resource.iter().flat_map(|resource| &resource.attributes).collect(),
            Scope::InstrumentationScope => self.scope.iter().flat_map(|scope| &scope.attributes).collect(),
            Scope::Event => span.events.iter().flat_map(|event| &event.attributes).collect(),
            Scope::Link => span.links.iter().flat_map(|link| &link.attributes).collect(),
        }
    }

    fn texts(&self, of: &Subject) -> Vec<String> {
        let text = |text: &str| text.to_owned();
        let span = &self.stored.span;
        let mut texts = match of {
            Subject::Attribute { scope, keys } => {
                let has = |one: &&KeyValue| keys.contains(&one.key);
                let own: Vec<_> = self.attributes(Scope::Span).into_iter().filter(has).collect();
                let found = match scope {
                    Scope::Any if !own.is_empty() => own,
                    scope => self.attributes(*scope).into_iter().filter(has).collect(),
                };
                found.into_iter().flat_map(|one| shown(&one.value)).collect()
            }
            Subject::Intrinsic(Intrinsic::Service) => {
                vec![text(self.resource.as_ref().map_or(UNKNOWN_SERVICE, Resource::service_name))]
            }
            Subject::Intrinsic(Intrinsic::Name) => vec![text(&span.name)],
            Subject::Intrinsic(Intrinsic::RootName) if span.parent_span_id.is_empty() => vec![text(&span.name)],
            Subject::Intrinsic(Intrinsic::EventName) => {
                span.events.iter().filter(|event| !event.name.is_empty()).map(|event| text(&event.name)).collect()
            }
            Subject::Intrinsic(Intrinsic::ScopeName) => {
                self.scope.iter().filter(|scope| !scope.name.is_empty()).map(|scope| text(&scope.name)).collect()
            }
            _ => Vec::new(),
        };
        texts.sort_unstable();
        texts.dedup();
        texts
    }
}

fn shown(value: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    query::shown(value, &mut |text| texts.push(text.to_owned()));
    texts
}

fn subjects() -> Vec<Subject> {
    let mut subjects: Vec<Subject> =
        [Intrinsic::Service, Intrinsic::Name, Intrinsic::RootName, Intrinsic::EventName, Intrinsic::ScopeName]
            .map(Subject::Intrinsic)
            .to_vec();
    for scope in SCOPES {
        for keys in [&["a"][..], &["service.name"], &["b", "a"]] {
            subjects.push(Subject::Attribute { scope, keys: keys.iter().map(ToString::to_string).collect() });
        }
    }
    subjects
}

async fn assert_counted(vocabulary: &mut Vocabulary, all: &[Whole]) {
    // A deadline that is over: as many turns as there can be.
    while !vocabulary.read_keys(Some(Instant::now())).await.unwrap() {}
    for scope in SCOPES {
        let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
        for whole in all {
            let mut keys: Vec<&str> = whole.attributes(scope).iter().map(|one| one.key.as_str()).collect();
            keys.sort_unstable();
            keys.dedup();
            keys.iter().filter(|key| key.len() <= LONGEST.0).for_each(|key| *expected.entry(key).or_default() += 1);
        }
        let counted: BTreeMap<&str, u64> = vocabulary.keys(scope).map(|key| (key.key, key.spans)).collect();
        assert_eq!(counted, expected, "{scope:?}");
    }
    for subject in subjects() {
        while !vocabulary.read_values(&subject, Some(Instant::now())).await.unwrap() {}
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for text in all.iter().flat_map(|whole| whole.texts(&subject)) {
            if text.len() <= LONGEST.1 {
                *expected.entry(text).or_default() += 1;
            }
        }
        let counted = vocabulary.values(&subject, "", usize::MAX).into_iter();
        let counted = counted.map(|value| (value.text, value.spans)).collect();
        assert_eq!(expected, counted, "{subject:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Append(TracesData),
    Compact,
}

async fn run(steps: Vec<Step>) {
    let kept = Kept::new().await;
    let beside = Reader::open_read_only(&kept.dir).await.unwrap();
    let mut of_owner = Vocabulary::new(kept.reader());
    let mut of_other = Vocabulary::new(beside.clone());
    for step in steps {
        match step {
            Step::Append(data) => _ = kept.add(in_protobuf(&data)).await.unwrap(),
            Step::Compact => kept.store().compact().await.unwrap(),
        }
        let all = all_spans(&kept.reader()).await;
        assert_counted(&mut of_owner, &all).await;
        beside.refresh().await.unwrap();
        assert_counted(&mut of_other, &all).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn all_keys_and_values_are_counted(
        steps in vec(prop_oneof![3 => strategies::traces().prop_map(Step::Append), 1 => Just(Step::Compact)], 1..7)
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(steps));
    }
}

fn with(number: u8, key: &str, value: impl Into<Value>) -> TracesData {
    let mut span = span(number, number, "a");
    span.attributes.push(KeyValue { key: key.to_owned(), value: value.into() });
    traces("shop", vec![span])
}

#[tokio::test]
async fn lists_of_too_many_keys_are_counted_too() {
    let kept = Kept::new().await;
    for number in 1..=3_u8 {
        let mut made_up = span(number, number, "a");
        made_up.attributes = (0..800).map(|key| KeyValue::new(format!("{number}.{key}"), 1_i64)).collect();
        made_up.attributes.push(KeyValue::new("a", i64::from(number)));
        kept.add(in_protobuf(&traces("shop", vec![made_up]))).await.unwrap();
    }
    kept.store().compact().await.unwrap();
    let mut vocabulary = Vocabulary::new(kept.reader());
    assert_counted(&mut vocabulary, &all_spans(&kept.reader()).await).await;
    assert_eq!(vocabulary.keys(Scope::Root).count(), 2_401);
}

#[tokio::test]
async fn a_gist_says_what_values_there_are() {
    let kept = Kept::new().await;
    let size = Subject::of(&Field::of_word("size"));
    for number in 1..=90_u8 {
        kept.add(in_protobuf(&with(number, "size", i64::from(number) * 10))).await.unwrap();
        kept.add(in_protobuf(&with(number + 100, "method", if number > 30 { "GET" } else { "POST" }))).await.unwrap();
    }
    kept.store().compact().await.unwrap();
    kept.add(in_protobuf(&with(91, "size", Value::Double(7.5)))).await.unwrap();
    let mut vocabulary = Vocabulary::new(kept.reader());
    let method = Subject::of(&Field::of_word("method"));
    let both = [size.clone(), method.clone()];
    assert_eq!(vocabulary.gist(&method, 2), None);
    while !vocabulary.read_gists(&both, Some(Instant::now())).await.unwrap() {}
    let gist = vocabulary.gist(&size, 2).unwrap();
    assert_eq!((gist.distinct, gist.range, gist.values.len()), (None, Some((7.5, 900.0)), 2));
    let gist = vocabulary.gist(&method, 9).unwrap();
    let texts: Vec<_> = gist.values.iter().map(|value| (value.text.as_str(), value.spans)).collect();
    assert_eq!((gist.distinct, gist.range, texts), (Some(2), None, vec![("GET", 60), ("POST", 30)]));
    assert!(vocabulary.read_keys(None).await.unwrap());
    let kinds: Vec<_> = vocabulary.keys(Scope::Span).map(|key| (key.key, key.kind)).collect();
    assert!(kinds.contains(&("size", ValueKind::Number)) && kinds.contains(&("method", ValueKind::Text)));
    assert_eq!(vocabulary.values(&method, "", 1), []);
    assert!(vocabulary.read_values(&method, None).await.unwrap());
    assert_eq!(vocabulary.values(&method, "os", 1)[0].text, "POST");
}
