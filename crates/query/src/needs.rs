//! What a trace has to have before it is worth reading.

use crate::{
    Aggregated, Compiled, Condition, Counted, Holds, Intrinsic, Reach, Related, Subject, Tree, number::Number,
};

/// From which side a tree is taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// It holds at least where the other does.
    Upper,
    /// It holds at most where the other does.
    Lower,
}

impl Bound {
    fn other(self) -> Self {
        match self {
            Self::Upper => Self::Lower,
            Self::Lower => Self::Upper,
        }
    }

    /// What is always such a bound.
    fn trivial(self) -> Tree {
        match self {
            Self::Upper => Tree::Everything,
            Self::Lower => Tree::Nothing,
        }
    }
}

impl Compiled {
    /// Trees over conditions on spans alone ([`Reach::Span`]), without any structure or aggregate: a trace in which
    /// a span is found has for each of these trees some span that is it. Traces that have them all need not match.
    ///
    /// `service = a >> error` needs a span of service a and an error; `count(error) = 0` needs nothing.
    #[must_use]
    pub fn needs(&self) -> Vec<Tree> {
        self.needs_of(self.tree())
    }

    /// A tree over conditions on the trace as a whole ([`Reach::Trace`]), without any structure or aggregate, that
    /// holds of every trace in which a span is found.
    #[must_use]
    pub fn needs_of_trace(&self) -> Tree {
        self.bound(self.tree(), Reach::Trace, Bound::Upper)
    }

    fn needs_of(&self, tree: &Tree) -> Vec<Tree> {
        let mut needs = Vec::new();
        let of_span = self.bound(tree, Reach::Span, Bound::Upper);
        for need in std::iter::once(of_span).chain(self.needs_beside(tree)) {
            if need != Tree::Everything && !needs.contains(&need) {
                needs.push(need);
            }
        }
        needs
    }

    /// What is needed beside the span that is found.
    fn needs_beside(&self, tree: &Tree) -> Vec<Tree> {
        match tree {
            Tree::And(all) => all.iter().flat_map(|tree| self.needs_beside(tree)).collect(),
            // One need of each, of which there is one at least. Where they look at nothing else, the span that is found
            // has it itself.
            Tree::Or(any) if !tree.is_flat() => {
                let firsts = any.iter().map(|tree| self.needs_of(tree).into_iter().next());
                firsts.collect::<Option<_>>().map(or).into_iter().collect()
            }
            Tree::Related(related) => related.operands().flat_map(|tree| self.needs_of(tree)).collect(),
            Tree::Aggregate(aggregated) => match &aggregated.of {
                Counted::Spans(tree) if aggregated.needs_some() => self.needs_of(tree),
                Counted::Numbers(_, has) if self.is_attribute(*has, Reach::Span) => vec![Tree::Condition(*has)],
                Counted::Spans(_) | Counted::Numbers(..) => Vec::new(),
            },
            Tree::Not(tree) => match tree.as_ref() {
                Tree::Aggregate(aggregated) => aggregated.unless_none().map_or(Vec::new(), |tree| self.needs_of(tree)),
                _ => Vec::new(),
            },
            Tree::Everything | Tree::Nothing | Tree::Or(_) | Tree::Condition(_) => Vec::new(),
        }
    }

    fn is_attribute(&self, condition: usize, reach: Reach) -> bool {
        let condition = self.conditions().get(condition);
        condition.is_some_and(|condition| {
            matches!(condition.subject, Subject::Attribute { .. }) && condition.reach() == reach
        })
    }

    /// A bound of a tree, of conditions with this reach only.
    fn bound(&self, tree: &Tree, reach: Reach, bound: Bound) -> Tree {
        let of = |tree: &Tree| self.bound(tree, reach, bound);
        match tree {
            Tree::Everything => Tree::Everything,
            Tree::Nothing => Tree::Nothing,
            Tree::And(all) => and(all.iter().map(of).collect()),
            Tree::Or(any) => or(any.iter().map(of).collect()),
            Tree::Not(tree) => not(self.bound(tree, reach, bound.other())),
            Tree::Condition(number) => {
                self.bound_of_condition(*number, reach, bound).map_or(bound.trivial(), Tree::Condition)
            }
            Tree::Related(_) | Tree::Aggregate(_) if bound == Bound::Lower => Tree::Nothing,
            // What holds of the trace holds of each span in the chain.
            Tree::Related(related) if reach == Reach::Trace => and(related.operands().map(of).collect()),
            Tree::Related(related) => of(related.last()),
            Tree::Aggregate(aggregated) => match &aggregated.of {
                Counted::Spans(tree) if reach == Reach::Trace && aggregated.needs_some() => of(tree),
                Counted::Spans(_) | Counted::Numbers(..) => Tree::Everything,
            },
        }
    }

    fn bound_of_condition(&self, number: usize, reach: Reach, bound: Bound) -> Option<usize> {
        let condition = self.conditions().get(number)?;
        if condition.reach() == reach {
            return Some(number);
        }
        // Who works itself for so long lasts so long.
        let is_least = condition.reach() == Reach::Children
            && condition.holds == Holds::IfSome
            && condition.test.is_least()
            && bound == Bound::Upper
            && reach == Reach::Span;
        let lasts = Condition { subject: Subject::Intrinsic(Intrinsic::Duration), ..condition.clone() };
        is_least.then(|| self.conditions().iter().position(|known| *known == lasts))?
    }
}

impl Related {
    fn operands(&self) -> impl Iterator<Item = &Tree> {
        std::iter::once(&self.first).chain(self.then.iter().map(|(_, tree)| tree))
    }

    fn last(&self) -> &Tree {
        self.then.last().map_or(&self.first, |(_, tree)| tree)
    }
}

impl Aggregated {
    /// Whether none is too few.
    fn needs_some(&self) -> bool {
        !self.test.number(Number::Whole(0))
    }

    /// What is counted, where the count is right as long as there is none.
    fn unless_none(&self) -> Option<&Tree> {
        match &self.of {
            Counted::Spans(tree) if !self.needs_some() => Some(tree),
            Counted::Spans(_) | Counted::Numbers(..) => None,
        }
    }
}

fn and(trees: Vec<Tree>) -> Tree {
    joined(trees, &Tree::Everything, &Tree::Nothing, Tree::And)
}

fn or(trees: Vec<Tree>) -> Tree {
    joined(trees, &Tree::Nothing, &Tree::Everything, Tree::Or)
}

fn not(tree: Tree) -> Tree {
    match tree {
        Tree::Everything => Tree::Nothing,
        Tree::Nothing => Tree::Everything,
        tree => Tree::Not(Box::new(tree)),
    }
}

/// Trees joined, where one of them changes nothing and another decides it all.
fn joined(mut trees: Vec<Tree>, neutral: &Tree, decisive: &Tree, join: fn(Vec<Tree>) -> Tree) -> Tree {
    trees.retain(|tree| tree != neutral);
    if trees.contains(decisive) {
        return decisive.clone();
    }
    match trees.len() {
        0 => neutral.clone(),
        1 => trees.remove(0),
        _ => join(trees),
    }
}
