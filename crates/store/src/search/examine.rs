//! What the columns of a segment tell of its traces: by condition the rows of which it holds, joined as the query says.

use std::{collections::HashSet as Distinct, ops::Range};

use hashbrown::HashSet;
use model::TraceId;
use query::{Aggregated, Condition, Counted, Relation, Tree};
use segment::{Rows, Scan, SegmentError, SpanSegment, ValueFilter};

use super::{
    Noted, Plan, Texts, leaf, line,
    noting::{self, Noting},
};
use crate::TraceSummary;

/// What a segment tells of a trace.
#[derive(Debug)]
pub(super) struct Examined {
    pub(super) trace_id: TraceId,
    /// By bits, which needs a span of it meets.
    pub(super) needs: u32,
    /// Whether a span of it is found, as far as its spans here tell; `None` where columns do not.
    pub(super) is_found: Option<bool>,
    /// Whether it is selected, where it is found.
    pub(super) is_selected: bool,
    /// By bits, which needs of the selection a span of it meets.
    pub(super) selection_needs: u32,
    /// Spans of it without a parent, where something of the root is noted.
    pub(super) roots: usize,
    /// Whether anybody looked at more than whether a need can be met.
    pub(super) is_looked_at: bool,
    /// What was noted of those that are found, and of those without a parent.
    pub(super) noted: Vec<Noted>,
}

impl Examined {
    /// That of a segment in which nothing meets a need.
    pub(super) fn nothing(trace_id: TraceId) -> Self {
        Self {
            trace_id,
            needs: 0,
            is_found: Some(false),
            is_selected: false,
            selection_needs: 0,
            roots: 0,
            is_looked_at: false,
            noted: Vec::new(),
        }
    }
}

/// What conditions find in a segment.
#[derive(Debug)]
pub(super) struct Looked {
    /// By condition, the rows of which it holds; `None` where columns do not tell.
    conditions: Vec<Option<Rows>>,
    /// Traces in which a need is met.
    pub(super) candidates: HashSet<TraceId>,
}

impl Looked {
    /// Looks at all spans of a segment.
    pub(super) fn at(spans: &SpanSegment, plan: &Plan) -> Result<Self, SegmentError> {
        let conditions = plan.query.conditions().iter().map(|condition| leaf::rows(condition, spans));
        let conditions = conditions.collect::<Result<Vec<_>, _>>()?;
        let columns = Columns { plan, spans, conditions, traces: &[], line: &|_| None };
        let mut met = Rows::none(spans.len());
        for need in &plan.needs {
            match columns.of_tree(need)? {
                Some(of_need) => met.or(&of_need),
                // What columns do not tell may be.
                None => met.insert_all(0..spans.len()),
            }
        }
        let Columns { conditions, .. } = columns;
        let mut candidates = HashSet::new();
        if !met.is_empty() {
            let traces = spans.traces()?.into_iter().filter(|(_, rows)| met.has_any_of(rows.clone()));
            candidates.extend(traces.map(|(trace_id, _)| trace_id));
        }
        Ok(Self { conditions, candidates })
    }
}

/// The numbers of the blobs that are read of a segment, and that it has not been given.
pub(super) fn blobs(plan: &Plan, spans: &SpanSegment) -> Vec<u16> {
    let mut numbers = spans.blobs_of_scan(&Scan::Traces);
    let mut add = |scan: &Scan<'_>| numbers.extend(spans.blobs_of_scan(scan));
    plan.query.conditions().iter().for_each(|condition| leaf::visit_scans(condition, &mut add));
    if plan.is_structural {
        add(&Scan::Parents);
        add(&Scan::Id);
    }
    plan.noted.iter().for_each(|subject| noting::visit_scans(subject, &mut add));
    if plan.notes_root() {
        add(&Scan::Parents);
    }
    numbers.extend(plan.selection.iter().flat_map(|selection| blobs(selection, spans)));
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Whether there may be spans of which each need is met by one, in a segment with such values.
pub(super) fn may_meet(plan: &Plan, filter: &ValueFilter) -> bool {
    fn may_be(plan: &Plan, tree: &Tree, filter: &ValueFilter) -> bool {
        match tree {
            Tree::Nothing => false,
            Tree::And(trees) => trees.iter().all(|tree| may_be(plan, tree, filter)),
            Tree::Or(trees) => trees.iter().any(|tree| may_be(plan, tree, filter)),
            Tree::Condition(number) => {
                plan.query.conditions().get(*number).is_none_or(|condition| leaf::may_hold(condition, filter))
            }
            Tree::Everything | Tree::Not(_) | Tree::Related(_) | Tree::Aggregate(_) => true,
        }
    }
    plan.needs.is_empty() || plan.needs.iter().any(|need| may_be(plan, need, filter))
}

/// Looks at the spans of the traces that are wanted, each with its line if all of it is here. Of those that are not only
/// the needs count, and what is noted where a span alone decides.
pub(super) fn examine(
    spans: &SpanSegment,
    plan: &Plan,
    looked: Option<Looked>,
    texts: &mut Texts,
    wanted: &HashSet<TraceId>,
    line: &impl Fn(TraceId) -> Option<TraceSummary>,
) -> Result<Vec<Examined>, SegmentError> {
    let traces: Vec<(TraceId, Range<usize>)> =
        spans.traces()?.into_iter().filter(|(trace_id, _)| wanted.contains(trace_id)).collect();
    let looked = looked.map_or_else(|| Looked::at(spans, plan), Ok)?;
    let columns = Columns { plan, spans, conditions: looked.conditions, traces: &traces, line };
    let needs = plan.needs.iter().map(|need| columns.of_tree(need)).collect::<Result<Vec<_>, _>>()?;
    let meets = |rows: &Range<usize>| {
        (0..).zip(&needs).fold(0, |mask, (bit, of_need)| {
            // What columns do not tell may be.
            let is_met = of_need.as_ref().is_none_or(|of_need| of_need.has_any_of(rows.clone()));
            mask | u32::from(is_met) << bit
        })
    };
    let all_needs = plan.all_needs();
    let candidates = traces.iter().map(|(trace_id, rows)| (*trace_id, rows.clone(), meets(rows)));
    let candidates: Vec<_> = candidates.collect();
    // The tree is asked only where a candidate is.
    let may_be_found = candidates.iter().any(|(.., mask)| *mask == all_needs);
    let found = match &needs[..] {
        _ if !may_be_found => Some(Rows::none(spans.len())),
        [Some(only)] if plan.is_of_span => Some(only.clone()),
        _ => columns.of_tree(plan.query.tree())?,
    };
    let odd = if plan.is_structural && may_be_found { odd_traces(spans, &traces)? } else { HashSet::new() };
    let roots = plan.notes_root().then(|| spans.rows_without_parent()).transpose()?;
    let noting = match &found {
        Some(found) if !plan.noted.is_empty() => Some(Noting::new(&plan.noted, spans, (found, roots.as_ref()), texts)?),
        _ => None,
    };
    let selection = plan.selection.as_ref().map(|selection| examine(spans, selection, None, texts, wanted, line));
    let mut selection = selection.transpose()?.into_iter().flatten();
    let mut all = Vec::with_capacity(candidates.len());
    for (trace_id, rows, needs) in candidates {
        // Of the same traces in the same order.
        let selection = selection.next();
        let is_found = match &found {
            _ if needs != all_needs => Some(false),
            Some(found) if !odd.contains(&trace_id) => Some(found.has_any_of(rows.clone())),
            _ => None,
        };
        let roots = roots.as_ref().map_or(0, |roots| roots.count_of(rows.clone()));
        let noted = noting.as_ref().map_or(Vec::new(), |noting| noting.of(&rows, is_found == Some(true)));
        let is_selection_open = selection.as_ref().is_some_and(|selection| selection.is_found.is_none());
        // Of several spans without a parent one is the root, and where there is none the first.
        let is_root_open = plan.notes_root() && roots != 1;
        let is_found = is_found.filter(|is_found| !is_found || !(is_root_open || is_selection_open));
        let is_selected = selection.as_ref().is_some_and(|selection| selection.is_found == Some(true));
        let selection_needs = selection.map_or(0, |selection| selection.needs);
        all.push(Examined {
            trace_id,
            needs,
            is_found,
            is_selected,
            selection_needs,
            roots,
            is_looked_at: true,
            noted,
        });
    }
    Ok(all)
}

/// Traces in which an id is that of several spans: whose child is whose only the whole trace tells.
fn odd_traces(spans: &SpanSegment, traces: &[(TraceId, Range<usize>)]) -> Result<HashSet<TraceId>, SegmentError> {
    let mut odd = HashSet::new();
    for (trace_id, rows) in traces {
        let ids = spans.span_ids(rows.clone())?;
        let mut distinct = Distinct::with_capacity(ids.len());
        if !ids.iter().all(|id| distinct.insert(*id)) {
            odd.insert(*trace_id);
        }
    }
    let mut parents = vec![None; spans.len()];
    spans.visit_parents(|row, parent| {
        if let Some(slot) = parents.get_mut(row) {
            *slot = parent;
        }
    })?;
    for (trace_id, rows) in traces {
        if has_circle(&parents, rows) {
            odd.insert(*trace_id);
        }
    }
    Ok(odd)
}

/// Whether somebody is above themselves.
fn has_circle(parents: &[Option<usize>], rows: &Range<usize>) -> bool {
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

struct Columns<'a, L> {
    plan: &'a Plan,
    spans: &'a SpanSegment,
    /// By condition; `None` where columns do not tell.
    conditions: Vec<Option<Rows>>,
    traces: &'a [(TraceId, Range<usize>)],
    line: &'a L,
}

impl<L: Fn(TraceId) -> Option<TraceSummary>> Columns<'_, L> {
    /// The rows that are what a tree says; `None` where columns do not tell.
    fn of_tree(&self, tree: &Tree) -> Result<Option<Rows>, SegmentError> {
        let total = self.spans.len();
        Ok(match tree {
            Tree::Everything => Some(Rows::all(total)),
            Tree::Nothing => Some(Rows::none(total)),
            Tree::And(trees) => self.joined(trees, Rows::all(total), Rows::and)?,
            Tree::Or(trees) => self.joined(trees, Rows::none(total), Rows::or)?,
            Tree::Not(tree) => self.of_tree(tree)?.map(|mut rows| {
                rows.invert();
                rows
            }),
            Tree::Condition(number) => match self.conditions.get(*number) {
                Some(Some(rows)) => Some(rows.clone()),
                _ => self.plan.query.conditions().get(*number).and_then(|condition| self.of_lines(condition)),
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

    fn joined(
        &self,
        trees: &[Tree],
        mut joined: Rows,
        join: impl Fn(&mut Rows, &Rows),
    ) -> Result<Option<Rows>, SegmentError> {
        for tree in trees {
            let Some(rows) = self.of_tree(tree)? else { return Ok(None) };
            join(&mut joined, &rows);
        }
        Ok(Some(joined))
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
            Relation::Child => self.spans.visit_parents(|row, parent| {
                if parent.is_some_and(|parent| above.contains(parent)) {
                    below.insert(row);
                }
            })?,
            Relation::Descendant => {
                let mut parents = vec![None; self.spans.len()];
                self.spans.visit_parents(|row, parent| {
                    if let Some(slot) = parents.get_mut(row) {
                        *slot = parent;
                    }
                })?;
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
