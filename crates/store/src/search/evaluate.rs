//! The rows that are what a query says, joined from the rows of which its conditions hold.

use std::ops::Range;

use model::TraceId;
use query::{Aggregated, Condition, Counted, Relation, Tree};
use segment::{Rows, SegmentError};

use super::{Plan, leaf, line};
use crate::TraceSummary;

/// Spans by row, those of a trace one after the other.
pub(super) trait Spans {
    /// How many there are.
    fn len(&self) -> usize;

    /// The rows of which a condition holds, by its number; `None` where that is not told.
    fn rows(&self, condition: usize) -> Result<Option<&Rows>, SegmentError>;

    /// Shows the parent of each, as far as it is among them.
    fn visit_parents(&self, visit: &mut dyn FnMut(usize, Option<usize>)) -> Result<(), SegmentError>;
}

/// Spans that a plan is asked of.
pub(super) struct Evaluation<'a, S, L> {
    pub(super) plan: &'a Plan,
    pub(super) spans: &'a S,
    /// The traces of which anything is wanted.
    pub(super) traces: &'a [(TraceId, Range<usize>)],
    /// A trace in a line, if all of it is here.
    pub(super) line: &'a L,
}

impl<S: Spans, L: Fn(TraceId) -> Option<TraceSummary>> Evaluation<'_, S, L> {
    /// The rows that are what a tree says; `None` where columns do not tell.
    pub(super) fn of_tree(&self, tree: &Tree) -> Result<Option<Rows>, SegmentError> {
        let total = self.spans.len();
        Ok(match tree {
            Tree::Everything => Some(Rows::all(total)),
            Tree::Nothing => Some(Rows::none(total)),
            Tree::And(trees) => self.all(trees)?,
            Tree::Or(trees) => {
                let mut joined = Rows::none(total);
                for tree in trees {
                    let Some(rows) = self.of_tree(tree)? else { return Ok(None) };
                    joined.or(&rows);
                }
                Some(joined)
            }
            Tree::Not(tree) => self.of_tree(tree)?.map(|mut rows| {
                rows.invert();
                rows
            }),
            Tree::Condition(number) => match self.spans.rows(*number)? {
                Some(rows) => Some(rows.clone()),
                None => self.plan.query.conditions().get(*number).and_then(|condition| self.of_lines(condition)),
            },
            Tree::Related(related) => {
                let Some(mut found) = self.of_tree(&related.first)? else { return Ok(None) };
                for (relation, right) in &related.then {
                    let Some(mut right) = self.of_tree(right)? else { return Ok(None) };
                    let Some(below) = self.below(&found, *relation)? else { return Ok(None) };
                    right.and(&below);
                    found = right;
                }
                Some(found)
            }
            Tree::Aggregate(aggregated) => self.aggregate(aggregated)?,
        })
    }

    /// For each need the rows that meet it; `None` where columns do not tell.
    pub(super) fn of_needs(&self) -> Result<Vec<Option<Rows>>, SegmentError> {
        self.plan.needs.iter().map(|need| self.of_tree(need)).collect()
    }

    /// The rows that are what all of these say, the cheap ones first: none are where one says so.
    fn all(&self, trees: &[Tree]) -> Result<Option<Rows>, SegmentError> {
        let conditions = self.plan.query.conditions();
        let mut trees: Vec<&Tree> = trees.iter().collect();
        trees.sort_by_key(|tree| match tree {
            Tree::Condition(number) => conditions.get(*number).map_or(u8::MAX, leaf::cost),
            _ => u8::MAX,
        });
        let (mut all, mut is_known) = (Rows::all(self.spans.len()), true);
        for tree in trees {
            match self.of_tree(tree)? {
                Some(rows) => all.and(&rows),
                None => is_known = false,
            }
            if all.is_empty() {
                return Ok(Some(all));
            }
        }
        Ok(is_known.then_some(all))
    }

    /// By what the trace is as a whole.
    fn of_lines(&self, condition: &Condition) -> Option<Rows> {
        if !line::is_of_line(condition) {
            return None;
        }
        let mut found = Rows::none(self.spans.len());
        for (trace_id, rows) in self.traces {
            // Of a trace that is elsewhere too nothing is decided here.
            if (self.line)(*trace_id).is_some_and(|summary| line::of_condition(condition, &summary) == Some(true)) {
                found.insert_all(rows.clone());
            }
        }
        Some(found)
    }

    fn aggregate(&self, Aggregated { of, test }: &Aggregated) -> Result<Option<Rows>, SegmentError> {
        let Counted::Spans(tree) = of else { return Ok(None) };
        let Some(counted) = self.of_tree(tree)? else { return Ok(None) };
        let mut found = Rows::none(self.spans.len());
        for (_, rows) in self.traces {
            if test.unsigned(counted.count_of(rows.clone()) as u64) {
                found.insert_all(rows.clone());
            }
        }
        Ok(Some(found))
    }

    /// The rows that have one of these above them; `None` for siblings, whose parent may be one that is not here.
    fn below(&self, above: &Rows, relation: Relation) -> Result<Option<Rows>, SegmentError> {
        let mut below = Rows::none(self.spans.len());
        match relation {
            Relation::Sibling => return Ok(None),
            Relation::Child => self.spans.visit_parents(&mut |row, parent| {
                if parent.is_some_and(|parent| above.contains(parent)) {
                    below.insert(row);
                }
            })?,
            Relation::Descendant => {
                let parents = parents(self.spans)?;
                // By row: whether it was asked, and with that whether it is below one.
                let mut is_asked = Rows::none(parents.len());
                let mut path = Vec::new();
                for row in 0..parents.len() {
                    path.clear();
                    let mut at = row;
                    let is_below = loop {
                        if is_asked.contains(at) {
                            break below.contains(at);
                        }
                        is_asked.insert(at);
                        path.push(at);
                        match parents.get(at).copied().flatten() {
                            None => break false,
                            Some(parent) if above.contains(parent) => break true,
                            Some(parent) => at = parent,
                        }
                    };
                    if is_below {
                        path.iter().for_each(|row| below.insert(*row));
                    }
                }
            }
        }
        Ok(Some(below))
    }
}

/// The parent of each, as far as it is among them.
pub(super) fn parents(spans: &impl Spans) -> Result<Vec<Option<usize>>, SegmentError> {
    let mut parents = vec![None; spans.len()];
    spans.visit_parents(&mut |row, parent| {
        if let Some(slot) = parents.get_mut(row) {
            *slot = parent;
        }
    })?;
    Ok(parents)
}

/// Whether somebody is above themselves.
pub(super) fn has_circle(parents: &[Option<usize>], rows: &Range<usize>) -> bool {
    // By row: the walk that came by, and whether it was this one.
    let mut walked = vec![0_usize; rows.len()];
    for (walk, row) in (1..).zip(rows.clone()) {
        let mut at = Some(row);
        while let Some(here) = at {
            let Some(mark) = here.checked_sub(rows.start).and_then(|here| walked.get_mut(here)) else { break };
            match *mark {
                0 => *mark = walk,
                mark if mark == walk => return true,
                _ => break,
            }
            at = parents.get(here).copied().flatten();
        }
    }
    false
}
