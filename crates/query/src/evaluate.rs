//! Evaluation over the spans of one trace: written for clarity, and what all other evaluation is measured by.

use std::cmp::Ordering;

use model::Value;

use crate::{
    Aggregated, Compiled, Condition, Counted, Intrinsic, Measure, Owner, Reach, Scope, SpanView, Subject, Test,
    TraceView, Tree, forest::Forest, number::Number,
};

impl Compiled {
    /// Which spans of a trace are found, by their numbers. Each condition and each relation looks at every span once.
    #[must_use]
    pub fn matching(&self, trace: &impl TraceView) -> Vec<bool> {
        self.matching_tree(self.tree(), trace)
    }

    /// Which spans of a trace are so, where the tree stands over the conditions of this query.
    #[must_use]
    pub fn matching_tree(&self, tree: &Tree, trace: &impl TraceView) -> Vec<bool> {
        let known = vec![None; self.conditions().len()];
        Evaluation { conditions: self.conditions(), trace, forest: None, known }.tree(tree)
    }
}

struct Evaluation<'a, T> {
    conditions: &'a [Condition],
    trace: &'a T,
    /// Made for the first relation.
    forest: Option<Forest>,
    /// By condition, of which spans it holds, once somebody asked.
    known: Vec<Option<Vec<bool>>>,
}

impl<T: TraceView> Evaluation<'_, T> {
    fn tree(&mut self, tree: &Tree) -> Vec<bool> {
        match tree {
            Tree::Everything => self.all(true),
            Tree::Nothing => self.all(false),
            Tree::And(trees) => self.joined(trees, true, |a, b| a && b),
            Tree::Or(trees) => self.joined(trees, false, |a, b| a || b),
            Tree::Not(tree) => self.tree(tree).into_iter().map(|is_in| !is_in).collect(),
            Tree::Condition(number) => self.condition(*number),
            Tree::Related(related) => {
                let mut found = self.tree(&related.first);
                for (relation, right) in &related.then {
                    let right = self.tree(right);
                    let forest = self.forest.get_or_insert_with(|| Forest::of(self.trace));
                    let related = forest.related(&found, *relation);
                    found = right.into_iter().zip(related).map(|(a, b)| a && b).collect();
                }
                found
            }
            Tree::Aggregate(aggregated) => {
                let holds = self.aggregate(aggregated);
                self.all(holds)
            }
        }
    }

    fn all(&self, is_in: bool) -> Vec<bool> {
        vec![is_in; self.trace.span_count()]
    }

    fn joined(&mut self, trees: &[Tree], of_none: bool, join: fn(bool, bool) -> bool) -> Vec<bool> {
        trees.iter().fold(self.all(of_none), |joined, tree| {
            joined.into_iter().zip(self.tree(tree)).map(|(a, b)| join(a, b)).collect()
        })
    }

    fn condition(&mut self, number: usize) -> Vec<bool> {
        let Some(condition) = self.conditions.get(number) else { return self.all(false) };
        if let Some(Some(known)) = self.known.get(number) {
            return known.clone();
        }
        let holds: Vec<bool> = match condition.reach() {
            Reach::Trace => self.all(holds_of_trace(condition, self.trace)),
            Reach::Span | Reach::Children => {
                let holds = |span| holds_of_span(condition, &self.trace.span(span));
                (0..self.trace.span_count()).map(holds).collect()
            }
        };
        if let Some(known) = self.known.get_mut(number) {
            *known = Some(holds.clone());
        }
        holds
    }

    fn aggregate(&mut self, Aggregated { of, test }: &Aggregated) -> bool {
        match of {
            Counted::Spans(tree) => {
                let count = self.tree(tree).into_iter().filter(|is_in| *is_in).count();
                test.unsigned(count as u64)
            }
            Counted::Numbers(measure, has) => {
                let Some(condition) = self.conditions.get(*has) else { return false };
                let mut numbers = Vec::new();
                match condition.reach() {
                    Reach::Trace => {
                        if let Some(root) = self.trace.root() {
                            add_numbers(&self.trace.span(root), &condition.subject, test, &mut numbers);
                        }
                    }
                    Reach::Span | Reach::Children => {
                        for span in 0..self.trace.span_count() {
                            add_numbers(&self.trace.span(span), &condition.subject, test, &mut numbers);
                        }
                    }
                }
                measured(*measure, &numbers).is_some_and(|number| test.number(number))
            }
        }
    }
}

/// What is known of the values that a condition looks at.
struct Seen<'a> {
    test: &'a Test,
    has_value: bool,
    has_passing: bool,
}

impl Seen<'_> {
    fn note(&mut self, passes: bool) {
        self.has_value = true;
        self.has_passing |= passes;
    }

    fn text(&mut self, text: &str) {
        self.note(self.test.text(text));
    }

    /// A text that is absent where it is empty.
    fn text_if_any(&mut self, text: &str) {
        if !text.is_empty() {
            self.text(text);
        }
    }

    fn unsigned(&mut self, int: u64) {
        self.note(self.test.unsigned(int));
    }
}

fn holds(condition: &Condition, look: impl FnOnce(&mut Seen<'_>)) -> bool {
    let mut seen = Seen { test: &condition.test, has_value: false, has_passing: false };
    look(&mut seen);
    condition.holds.of(seen.has_value, seen.has_passing)
}

fn holds_of_span(condition: &Condition, span: &impl SpanView) -> bool {
    holds(condition, |seen| match &condition.subject {
        Subject::Intrinsic(intrinsic) => intrinsic_of_span(*intrinsic, span, seen),
        Subject::Attribute { scope, keys } => attribute(*scope, keys, span, seen),
        Subject::Anywhere => {
            seen.text(span.name());
            span.event_names(&mut |name| seen.text(name));
            for owner in Owner::ALL {
                span.attributes(owner, &mut |_, value| seen.note(seen.test.value(value)));
            }
        }
    })
}

fn intrinsic_of_span(intrinsic: Intrinsic, span: &impl SpanView, seen: &mut Seen<'_>) {
    match intrinsic {
        Intrinsic::Service => seen.text(span.service()),
        Intrinsic::Name => seen.text(span.name()),
        Intrinsic::Kind => seen.text(span.kind().name()),
        Intrinsic::Status => seen.text(span.status().name()),
        Intrinsic::Error => seen.note(seen.test.bool(span.status() == model::StatusCode::ERROR)),
        Intrinsic::Duration => seen.unsigned(span.duration_nanos()),
        Intrinsic::SelfTime => {
            if let Some(nanos) = span.self_nanos() {
                seen.unsigned(nanos);
            }
        }
        Intrinsic::Start => seen.unsigned(span.start_unix_nano()),
        Intrinsic::Id => {
            seen.text(&span.span_id().to_string());
            seen.text(&span.trace_id().to_string());
        }
        Intrinsic::EventName => span.event_names(&mut |name| seen.text(name)),
        Intrinsic::ScopeName => seen.text_if_any(span.scope_name()),
        Intrinsic::ScopeVersion => seen.text_if_any(span.scope_version()),
        // Those of the trace.
        Intrinsic::TraceStart
        | Intrinsic::TraceDuration
        | Intrinsic::TraceSpans
        | Intrinsic::TraceServices
        | Intrinsic::RootService
        | Intrinsic::RootName => {}
    }
}

/// Passes on the values that a span has under one of these keys.
pub(crate) fn values_of(scope: Scope, keys: &[String], span: &impl SpanView, visit: &mut dyn FnMut(&Value)) {
    let mut has_value = false;
    let mut attributes = |of: Owner| {
        span.attributes(of, &mut |key, value| {
            if keys.iter().any(|wanted| wanted == key) {
                has_value = true;
                visit(value);
            }
        });
        has_value
    };
    match scope {
        Scope::Any => {
            if !attributes(Owner::Span) {
                attributes(Owner::Resource);
                attributes(Owner::InstrumentationScope);
            }
        }
        Scope::Span | Scope::Root => _ = attributes(Owner::Span),
        Scope::Resource => _ = attributes(Owner::Resource),
        Scope::Event => _ = attributes(Owner::Event),
        Scope::Link => _ = attributes(Owner::Link),
        Scope::InstrumentationScope => _ = attributes(Owner::InstrumentationScope),
    }
}

fn attribute(scope: Scope, keys: &[String], span: &impl SpanView, seen: &mut Seen<'_>) {
    values_of(scope, keys, span, &mut |value| seen.note(seen.test.value(value)));
}

fn holds_of_trace(condition: &Condition, trace: &impl TraceView) -> bool {
    let root = trace.root().map(|root| trace.span(root));
    holds(condition, |seen| match (&condition.subject, &root) {
        (Subject::Intrinsic(Intrinsic::TraceStart), _) => seen.unsigned(trace.start_unix_nano()),
        (Subject::Intrinsic(Intrinsic::TraceDuration), _) => seen.unsigned(trace.duration_nanos()),
        (Subject::Intrinsic(Intrinsic::TraceSpans), _) => seen.unsigned(trace.span_count() as u64),
        (Subject::Intrinsic(Intrinsic::TraceServices), _) => seen.unsigned(trace.service_count() as u64),
        (Subject::Intrinsic(Intrinsic::RootService), Some(root)) => seen.text(root.service()),
        (Subject::Intrinsic(Intrinsic::RootName), Some(root)) => seen.text(root.name()),
        (Subject::Attribute { scope, keys }, Some(root)) => attribute(*scope, keys, root, seen),
        // Those of a span, and those of a root that there is not.
        _ => {}
    })
}

/// The numbers that a span adds to a measure: of what it, its resource or scope has under several names or more than
/// once, one, namely the last under the first of the names; of its events and links all.
fn add_numbers(span: &impl SpanView, subject: &Subject, test: &Test, numbers: &mut Vec<Number>) {
    match subject {
        Subject::Intrinsic(Intrinsic::Duration) => numbers.push(Number::Whole(span.duration_nanos().into())),
        Subject::Intrinsic(Intrinsic::SelfTime) => {
            numbers.extend(span.self_nanos().map(|nanos| Number::Whole(nanos.into())));
        }
        // What else belongs to a span is no number, and is never measured.
        Subject::Intrinsic(_) | Subject::Anywhere => {}
        Subject::Attribute { scope, keys } => {
            let owners: &[Owner] = match scope {
                Scope::Any => &[Owner::Span, Owner::Resource, Owner::InstrumentationScope],
                Scope::Span | Scope::Root => &[Owner::Span],
                Scope::Resource => &[Owner::Resource],
                Scope::InstrumentationScope => &[Owner::InstrumentationScope],
                Scope::Event => &[Owner::Event],
                Scope::Link => &[Owner::Link],
            };
            for owner in owners {
                let mut found: Vec<(usize, Option<Number>)> = Vec::new();
                span.attributes(*owner, &mut |key, value| {
                    if let Some(name) = keys.iter().position(|wanted| wanted == key) {
                        found.push((name, test.number_of(value)));
                    }
                });
                let of_all = found.iter().filter_map(|(name, number)| Some((*name, (*number)?)));
                if matches!(owner, Owner::Event | Owner::Link) {
                    numbers.extend(of_all.map(|(_, number)| number));
                } else {
                    // `min_by_key` takes the first of equals.
                    numbers.extend(of_all.rev().min_by_key(|(name, _)| *name).map(|(_, number)| number));
                }
                if !found.is_empty() {
                    return;
                }
            }
        }
    }
}

/// `None` without any number.
fn measured(measure: Measure, numbers: &[Number]) -> Option<Number> {
    let all = numbers.iter().copied();
    let order = |a: &Number, b: &Number| a.partial_cmp(b).unwrap_or(Ordering::Equal);
    match measure {
        Measure::Sum => all.reduce(|sum, number| sum + number),
        Measure::Min => all.min_by(order),
        Measure::Max => all.max_by(order),
        Measure::Avg => {
            let sum = all.reduce(|sum, number| sum + number)?;
            Some(Number::Real(sum.to_double() / numbers.len() as f64))
        }
    }
}
