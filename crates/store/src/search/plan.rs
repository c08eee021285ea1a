//! What a search looks for, and what it notes of it.

use std::sync::Arc;

use query::{Compiled, Counted, Reach, Subject, Tree};

use super::{leaf, line, noting};

/// Most needs that are looked at: bits of a mask.
const MOST_NEEDS: usize = 32;

/// A query with what is known of it beforehand.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) query: Arc<Compiled>,
    /// For each of these a trace that is found has a span that is it.
    pub(super) needs: Vec<Tree>,
    /// Whether a span alone decides.
    pub(super) is_of_span: bool,
    /// Whether it asks who is below whom.
    pub(super) is_structural: bool,
    /// Of what the texts are noted that the found spans have.
    pub(super) noted: Vec<Subject>,
    /// Which of the traces that are found are selected: those of which this finds a span.
    pub(super) selection: Option<Box<Plan>>,
    /// Where one span has to meet the only need and the line decides the rest: the rest.
    pub(super) rest: Option<Tree>,
}

impl Plan {
    pub(super) fn new(query: Arc<Compiled>, noted: Vec<Subject>) -> Self {
        let is_of_span = query.is_of_span();
        let mut needs = if is_of_span { vec![query.tree().clone()] } else { query.needs() };
        needs.truncate(MOST_NEEDS);
        let is_structural = has_relation(query.tree());
        Self { query, needs, is_of_span, is_structural, noted, selection: None, rest: None }
    }

    /// With some of the traces selected.
    pub(super) fn selecting(self, by: Option<Arc<Compiled>>) -> Self {
        Self { selection: by.map(|by| Box::new(Self::of_selection(by))), ..self }
    }

    fn of_selection(query: Arc<Compiled>) -> Self {
        let plan = Self::new(query, Vec::new());
        if let (Tree::And(trees), false) = (plan.query.tree(), plan.is_of_span) {
            let (rest, of_spans): (Vec<Tree>, Vec<Tree>) =
                trees.iter().cloned().partition(|tree| line::is_known(&plan.query, tree));
            if !rest.is_empty() && of_spans.iter().all(|tree| is_of_span(&plan.query, tree)) {
                return Self { needs: vec![Tree::And(of_spans)], rest: Some(Tree::And(rest)), ..plan };
            }
        }
        plan
    }

    /// Whether something of the root is noted.
    pub(super) fn notes_root(&self) -> bool {
        self.noted.iter().any(noting::is_of_root)
    }

    /// Whether a segment tells something of a trace in which no span meets a need.
    pub(super) fn looks_everywhere(&self) -> bool {
        self.selection.is_some() || self.notes_root()
    }

    /// Whether more is to be told of a trace than whether it is found.
    pub(super) fn tells_more(&self) -> bool {
        !self.noted.is_empty() || self.selection.is_some()
    }

    /// The bits of all needs.
    pub(super) fn all_needs(&self) -> u32 {
        u32::try_from((1_u64 << self.needs.len()) - 1).unwrap_or(u32::MAX)
    }

    /// Whether it may be that a filter over values says that nothing is found: it tells texts that are equal.
    pub(super) fn asks_for_values(&self) -> bool {
        self.query
            .conditions()
            .iter()
            .any(|condition| condition.test.texts().is_some() || matches!(condition.subject, Subject::Attribute { .. }))
    }

    /// Whether it may be that a filter over trigrams says so.
    pub(super) fn asks_for_parts(&self) -> bool {
        self.query.conditions().iter().any(|condition| condition.test.part().is_some())
    }

    /// The condition that is to be asked before anything else is read: where it holds of no span, no need is met.
    pub(super) fn first(&self) -> Option<usize> {
        let [need] = &self.needs[..] else { return None };
        let trees = match need {
            Tree::And(trees) => trees.as_slice(),
            _ if self.tells_more() => std::slice::from_ref(need),
            _ => return None,
        };
        let conditions =
            trees.iter().filter_map(|tree| if let Tree::Condition(number) = tree { Some(*number) } else { None });
        let of = |number: &usize| self.query.conditions().get(*number);
        let of_spans = conditions.filter(|number| of(number).is_some_and(|condition| condition.reach() == Reach::Span));
        of_spans.min_by_key(|number| of(number).map(leaf::cost))
    }

    /// Whether every trace is found, and nothing of its spans is noted.
    pub(super) fn needs_no_spans(&self) -> bool {
        *self.query.tree() == Tree::Everything && !self.tells_more()
    }
}

/// Whether a span alone decides.
fn is_of_span(query: &Compiled, tree: &Tree) -> bool {
    match tree {
        Tree::Everything | Tree::Nothing => true,
        Tree::And(trees) | Tree::Or(trees) => trees.iter().all(|tree| is_of_span(query, tree)),
        Tree::Not(tree) => is_of_span(query, tree),
        Tree::Condition(number) => {
            query.conditions().get(*number).is_some_and(|condition| condition.reach() == Reach::Span)
        }
        Tree::Related(_) | Tree::Aggregate(_) => false,
    }
}

fn has_relation(tree: &Tree) -> bool {
    match tree {
        Tree::Everything | Tree::Nothing | Tree::Condition(_) => false,
        Tree::And(trees) | Tree::Or(trees) => trees.iter().any(has_relation),
        Tree::Not(tree) => has_relation(tree),
        Tree::Related(_) => true,
        Tree::Aggregate(aggregated) => match &aggregated.of {
            Counted::Spans(tree) => has_relation(tree),
            Counted::Numbers(..) => false,
        },
    }
}
