//! What the columns of a segment tell of its traces: by condition the rows of which it holds, joined as the query says.

use std::{
    collections::HashSet as Distinct,
    ops::Range,
    sync::{Arc, OnceLock},
};

use hashbrown::{HashMap, HashSet};
use model::TraceId;
use query::{Condition, Tree};
use segment::{Rows, Scan, SegmentError, SpanSegment};

use super::{
    Noted, Plan, Texts,
    evaluate::{Evaluation, Spans, has_circle, parents},
    leaf,
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
    conditions: Conditions,
    /// Traces that may be found, and by bits, which needs a span of each meets here: all of them, or some where there are
    /// spans of it elsewhere.
    pub(super) candidates: HashMap<TraceId, u32>,
}

/// By condition, the rows of which it holds, once it was asked; `None` where columns do not tell.
type Conditions = Vec<OnceLock<Option<Rows>>>;

impl Looked {
    /// Looks at all spans of a segment, of which the rows may be known already of which a condition holds.
    pub(super) fn at(
        spans: &SpanSegment,
        plan: &Plan,
        held: Option<(usize, Option<Rows>)>,
        is_elsewhere: impl Fn(TraceId) -> bool,
    ) -> Result<Self, SegmentError> {
        let conditions = asked_nothing(plan);
        if let Some((number, rows)) = held
            && let Some(cell) = conditions.get(number)
        {
            // It is new.
            let _ = cell.set(rows);
        }
        let looked = Self { conditions, candidates: HashMap::new() };
        let of_segment = OfSegment { plan, spans, looked: &looked };
        let needs = Evaluation { plan, spans: &of_segment, traces: &[], line: &|_| None }.of_needs()?;
        let mut met = Rows::none(spans.len());
        for of_need in &needs {
            match of_need {
                Some(of_need) => met.or(of_need),
                // What columns do not tell may be.
                None => met.insert_all(0..spans.len()),
            }
        }
        let mut candidates = HashMap::new();
        if !met.is_empty() {
            let mut rows_met = met.iter().peekable();
            let is_met = |(_, rows): &(TraceId, Range<usize>)| {
                while rows_met.next_if(|row| *row < rows.start).is_some() {}
                rows_met.peek().is_some_and(|row| *row < rows.end)
            };
            let traces = spans.traces()?.into_iter().filter(is_met);
            let traces = traces.map(|(trace_id, rows)| (trace_id, mask(&needs, &rows)));
            candidates.extend(traces.filter(|(trace_id, mask)| *mask == plan.all_needs() || is_elsewhere(*trace_id)));
        }
        Ok(Self { candidates, ..looked })
    }

    /// One at which nobody has looked yet.
    fn nothing(plan: &Plan) -> Self {
        Self { conditions: asked_nothing(plan), candidates: HashMap::new() }
    }
}

/// The spans of a segment, of which conditions are asked when that is first needed.
pub(super) struct OfSegment<'a> {
    pub(super) plan: &'a Plan,
    pub(super) spans: &'a SpanSegment,
    pub(super) looked: &'a Looked,
}

impl Spans for OfSegment<'_> {
    fn len(&self) -> usize {
        self.spans.len()
    }

    fn rows(&self, number: usize) -> Result<Option<&Rows>, SegmentError> {
        let Some(cell) = self.looked.conditions.get(number) else { return Ok(None) };
        if let Some(known) = cell.get() {
            return Ok(known.as_ref());
        }
        let rows = condition(self.plan, number, self.spans)?;
        Ok(cell.get_or_init(|| rows).as_ref())
    }

    fn visit_parents(&self, visit: &mut dyn FnMut(usize, Option<usize>)) -> Result<(), SegmentError> {
        self.spans.visit_parents(visit)
    }
}

fn asked_nothing(plan: &Plan) -> Conditions {
    plan.query.conditions().iter().map(|_| OnceLock::new()).collect()
}

/// By bits, which needs one of these rows meets. What columns do not tell may be.
fn mask(needs: &[Option<Rows>], rows: &Range<usize>) -> u32 {
    (0..).zip(needs).fold(0, |mask, (bit, of_need)| {
        let is_met = of_need.as_ref().is_none_or(|of_need| of_need.has_any_of(rows.clone()));
        mask | u32::from(is_met) << bit
    })
}

/// The rows of which a condition holds, by its number; `None` where columns do not tell.
pub(super) fn condition(plan: &Plan, number: usize, spans: &SpanSegment) -> Result<Option<Rows>, SegmentError> {
    plan.query.conditions().get(number).map_or(Ok(None), |condition| leaf::rows(condition, spans))
}

/// The numbers of the blobs that are read for that, and that a segment has not been given.
pub(super) fn blobs_of(plan: &Plan, number: usize, spans: &SpanSegment) -> Vec<u16> {
    let mut numbers = Vec::new();
    if let Some(condition) = plan.query.conditions().get(number) {
        leaf::visit_scans(condition, &mut |scan: &Scan<'_>| numbers.extend(spans.blobs_of_scan(scan)));
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The numbers of the blobs that are read of a segment, and that it has not been given.
pub(super) fn blobs(plan: &Plan, spans: &SpanSegment) -> Vec<u16> {
    let mut numbers = spans.blobs_of_scan(&Scan::Traces);
    let mut add = |scan: &Scan<'_>| numbers.extend(spans.blobs_of_scan(scan));
    plan.query.conditions().iter().for_each(|condition| leaf::visit_scans(condition, &mut add));
    if plan.is_structural {
        add(&Scan::ParentIds);
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

/// Whether there may be a span that meets a need, in a segment in which conditions may hold of one.
pub(super) fn may_meet(plan: &Plan, may_hold: impl Fn(&Condition) -> bool) -> bool {
    fn may_be(plan: &Plan, tree: &Tree, may_hold: &impl Fn(&Condition) -> bool) -> bool {
        match tree {
            Tree::Nothing => false,
            Tree::And(trees) => trees.iter().all(|tree| may_be(plan, tree, may_hold)),
            Tree::Or(trees) => trees.iter().any(|tree| may_be(plan, tree, may_hold)),
            Tree::Condition(number) => plan.query.conditions().get(*number).is_none_or(may_hold),
            Tree::Everything | Tree::Not(_) | Tree::Related(_) | Tree::Aggregate(_) => true,
        }
    }
    plan.needs.is_empty() || plan.needs.iter().any(|need| may_be(plan, need, &may_hold))
}

/// Looks at the spans of the traces that are wanted, each with its line if all of it is here. Of those that are not only
/// the needs count, and what is noted where a span alone decides.
pub(super) fn examine(
    spans: &SpanSegment,
    plan: &Plan,
    looked: Option<Arc<Looked>>,
    texts: &mut Texts,
    wanted: &HashSet<TraceId>,
    line: &impl Fn(TraceId) -> Option<TraceSummary>,
) -> Result<Vec<Examined>, SegmentError> {
    let traces: Vec<(TraceId, Range<usize>)> =
        spans.traces()?.into_iter().filter(|(trace_id, _)| wanted.contains(trace_id)).collect();
    let looked = looked.unwrap_or_else(|| Arc::new(Looked::nothing(plan)));
    let of_segment = OfSegment { plan, spans, looked: &looked };
    let columns = Evaluation { plan, spans: &of_segment, traces: &traces, line };
    let needs = columns.of_needs()?;
    let all_needs = plan.all_needs();
    let candidates = traces.iter().map(|(trace_id, rows)| (*trace_id, rows.clone(), mask(&needs, rows)));
    let candidates: Vec<_> = candidates.collect();
    // The tree is asked only where a candidate is.
    let may_be_found = candidates.iter().any(|(.., mask)| *mask == all_needs);
    let found = match &needs[..] {
        _ if !may_be_found => Some(Rows::none(spans.len())),
        [Some(only)] if plan.is_of_span => Some(only.clone()),
        _ => columns.of_tree(plan.query.tree())?,
    };
    let odd = if plan.is_structural && may_be_found { odd_traces(&of_segment, &traces)? } else { HashSet::new() };
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
fn odd_traces(spans: &OfSegment<'_>, traces: &[(TraceId, Range<usize>)]) -> Result<HashSet<TraceId>, SegmentError> {
    let mut odd = HashSet::new();
    for (trace_id, rows) in traces {
        let ids = spans.spans.span_ids(rows.clone())?;
        let mut distinct = Distinct::with_capacity(ids.len());
        if !ids.iter().all(|id| distinct.insert(*id)) {
            odd.insert(*trace_id);
        }
    }
    let parents = parents(spans)?;
    for (trace_id, rows) in traces {
        if has_circle(&parents, rows) {
            odd.insert(*trace_id);
        }
    }
    Ok(odd)
}
