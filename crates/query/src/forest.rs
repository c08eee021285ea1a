//! Who is below whom, and what follows from it. All of it is iterative and linear in the spans.

use std::collections::HashMap;

use model::SpanId;

use crate::{Relation, SpanView, TraceView};

/// The parents of a trace without circles.
pub(crate) struct Forest {
    /// By span. A number from the count of spans on is a parent that is not there.
    parents: Vec<Option<usize>>,
    /// All spans, parents before their children.
    order: Vec<usize>,
}

impl Forest {
    pub(crate) fn of(trace: &impl TraceView) -> Self {
        let mut parents: Vec<Option<usize>> = (0..trace.span_count()).map(|span| trace.parent(span)).collect();
        let rank = |span: usize| {
            let span = trace.span(span);
            (span.start_unix_nano(), span.span_id())
        };
        cut_circles(&mut parents, rank);
        let order = parents_first(&parents);
        Self { parents, order }
    }

    /// The spans that have one of those on the left in this relation to them.
    pub(crate) fn related(&self, left: &[bool], relation: Relation) -> Vec<bool> {
        match relation {
            Relation::Descendant => self.below(left),
            Relation::Child => self.parents.iter().map(|parent| is_in(left, *parent)).collect(),
            Relation::Sibling => self.beside(left),
        }
    }

    fn below(&self, left: &[bool]) -> Vec<bool> {
        let mut below = vec![false; self.parents.len()];
        for &span in &self.order {
            let parent = self.parents.get(span).copied().flatten();
            let is_below = is_in(left, parent) || is_in(&below, parent);
            if let Some(below) = below.get_mut(span) {
                *below = is_below;
            }
        }
        below
    }

    fn beside(&self, left: &[bool]) -> Vec<bool> {
        let mut count_below: HashMap<usize, usize> = HashMap::new();
        for (parent, is_left) in self.parents.iter().zip(left) {
            if let (Some(parent), true) = (parent, is_left) {
                *count_below.entry(*parent).or_default() += 1;
            }
        }
        let is_beside = |(parent, is_left): (&Option<usize>, &bool)| {
            let count = parent.and_then(|parent| count_below.get(&parent)).copied().unwrap_or_default();
            count > usize::from(*is_left)
        };
        self.parents.iter().zip(left).map(is_beside).collect()
    }
}

fn is_in(spans: &[bool], span: Option<usize>) -> bool {
    span.and_then(|span| spans.get(span)).is_some_and(|is_in| *is_in)
}

/// Follows parents upwards from every span, each step once, and cuts where that runs in a circle.
fn cut_circles(parents: &mut [Option<usize>], rank: impl Fn(usize) -> (u64, SpanId)) {
    // By span, the walk in which it was seen first.
    let mut seen: Vec<Option<usize>> = vec![None; parents.len()];
    for walk in 0..parents.len() {
        let mut at = Some(walk);
        while let Some(span) = at
            && let Some(of) = seen.get_mut(span)
            && of.is_none()
        {
            *of = Some(walk);
            at = parents.get(span).copied().flatten();
        }
        let is_circle = at.and_then(|span| seen.get(span)) == Some(&Some(walk));
        let Some(entry) = at.filter(|_| is_circle) else { continue };
        let step = |span: usize| parents.get(span).copied().flatten().filter(|span| *span != entry);
        let circle = std::iter::successors(Some(entry), |span| step(*span));
        let first = circle.min_by_key(|span| rank(*span)).unwrap_or(entry);
        if let Some(parent) = parents.get_mut(first) {
            *parent = None;
        }
    }
}

fn parents_first(parents: &[Option<usize>]) -> Vec<usize> {
    let mut is_placed = vec![false; parents.len()];
    let mut order = Vec::with_capacity(parents.len());
    let mut path = Vec::new();
    for span in 0..parents.len() {
        let mut at = Some(span);
        while let Some(span) = at
            && let Some(is_placed) = is_placed.get_mut(span)
            && !*is_placed
        {
            *is_placed = true;
            path.push(span);
            at = parents.get(span).copied().flatten();
        }
        order.extend(path.drain(..).rev());
    }
    order
}
