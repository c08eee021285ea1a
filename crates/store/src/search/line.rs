//! What a trace in a line decides of a query.

use query::{Aggregated, Compiled, Condition, Counted, Intrinsic, Subject, Tree};

use crate::TraceSummary;

/// Whether the query finds the trace; `None` where its spans have to be asked.
pub(super) fn finds(query: &Compiled, summary: &TraceSummary) -> Option<bool> {
    finds_tree(query, query.tree(), summary)
}

/// The same of a tree over the conditions of the query.
pub(super) fn finds_tree(query: &Compiled, tree: &Tree, summary: &TraceSummary) -> Option<bool> {
    if summary.span_count == 0 {
        return Some(false);
    }
    holds(query, tree, &|condition| of_condition(condition, summary), &|| summary.error_count)
}

/// Whether a line always decides.
pub(super) fn always_decides(query: &Compiled) -> bool {
    is_known(query, query.tree())
}

/// Whether a line always decides a tree over the conditions of the query.
pub(super) fn is_known(query: &Compiled, tree: &Tree) -> bool {
    // What is unknown stays unknown whatever the rest is, if nothing that is known can outweigh it.
    match tree {
        Tree::Everything | Tree::Nothing => true,
        Tree::And(trees) | Tree::Or(trees) => trees.iter().all(|tree| is_known(query, tree)),
        Tree::Not(tree) => is_known(query, tree),
        Tree::Condition(number) => query.conditions().get(*number).is_some_and(is_of_line),
        Tree::Related(_) => false,
        Tree::Aggregate(aggregated) => counts_errors(query, aggregated),
    }
}

/// When a trace that is found starts at the earliest and at the latest, nanoseconds since the Unix epoch, as far as
/// the query says so.
pub(super) fn starts(query: &Compiled) -> (u64, u64) {
    let trees = match query.tree() {
        Tree::And(trees) => trees.as_slice(),
        tree => std::slice::from_ref(tree),
    };
    let range = |tree: &Tree| {
        let Tree::Condition(number) = tree else { return None };
        let Condition { subject, test, holds } = query.conditions().get(*number)?;
        let is_start = *subject == Subject::Intrinsic(Intrinsic::TraceStart) && holds.of(true, true);
        test.range().filter(|_| is_start && !holds.of(true, false))
    };
    trees.iter().filter_map(range).fold((0, u64::MAX), |all, one| (all.0.max(one.0), all.1.min(one.1)))
}

pub(super) fn is_of_line(condition: &Condition) -> bool {
    matches!(
        condition.subject,
        Subject::Intrinsic(
            Intrinsic::TraceStart
                | Intrinsic::TraceDuration
                | Intrinsic::TraceSpans
                | Intrinsic::TraceServices
                | Intrinsic::RootService
                | Intrinsic::RootName
        )
    )
}

/// Whether it is `count(error)`.
fn counts_errors(query: &Compiled, aggregated: &Aggregated) -> bool {
    let Counted::Spans(Tree::Condition(number)) = &aggregated.of else { return false };
    query.conditions().get(*number).is_some_and(|condition| {
        condition.subject == Subject::Intrinsic(Intrinsic::Error)
            && condition.holds.of(true, condition.test.bool(true))
            && !condition.holds.of(true, condition.test.bool(false))
    })
}

fn holds(
    query: &Compiled,
    tree: &Tree,
    condition: &impl Fn(&Condition) -> Option<bool>,
    errors: &impl Fn() -> u64,
) -> Option<bool> {
    let of = |tree: &Tree| holds(query, tree, condition, errors);
    match tree {
        Tree::Everything => Some(true),
        Tree::Nothing => Some(false),
        Tree::And(trees) => decisive(trees.iter().map(of), false),
        Tree::Or(trees) => decisive(trees.iter().map(of), true),
        Tree::Not(tree) => of(tree).map(|holds| !holds),
        Tree::Condition(number) => condition(query.conditions().get(*number)?),
        Tree::Related(_) => None,
        Tree::Aggregate(aggregated) => counts_errors(query, aggregated).then(|| aggregated.test.unsigned(errors())),
    }
}

/// One that is `decisive` decides; the other way all have to be known.
fn decisive(all: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut is_known = true;
    for one in all {
        match one {
            Some(one) if one == decisive => return Some(decisive),
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(!decisive)
}

pub(super) fn of_condition(condition: &Condition, summary: &TraceSummary) -> Option<bool> {
    let Condition { subject: Subject::Intrinsic(intrinsic), test, holds } = condition else { return None };
    let passes = match intrinsic {
        Intrinsic::TraceStart => test.unsigned(summary.start_unix_nano),
        Intrinsic::TraceDuration => test.unsigned(summary.duration_nanos()),
        Intrinsic::TraceSpans => test.unsigned(summary.span_count),
        Intrinsic::TraceServices => test.unsigned(summary.services.len() as u64),
        Intrinsic::RootService => test.text(&summary.root_service),
        Intrinsic::RootName => test.text(&summary.root_name),
        _ => return None,
    };
    Some(holds.of(true, passes))
}
