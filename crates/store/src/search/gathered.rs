//! A trace of which there are spans in several segments, asked by the columns of those: who is below whom is told by ids.

use std::sync::Arc;

use hashbrown::HashMap;
use model::{SpanId, TraceId};
use segment::{Rows, SegmentError, SpanSegment};

use super::{
    Plan,
    evaluate::{Evaluation, Spans, has_circle, parents},
    examine::{Looked, OfSegment},
    line,
};

/// The spans of one trace, from all segments that hold some.
struct Gathered {
    parents: Vec<Option<usize>>,
    /// By condition; `None` where columns do not tell.
    conditions: Vec<Option<Rows>>,
}

impl Spans for Gathered {
    fn len(&self) -> usize {
        self.parents.len()
    }

    fn rows(&self, condition: usize) -> Result<Option<&Rows>, SegmentError> {
        Ok(self.conditions.get(condition).and_then(Option::as_ref))
    }

    fn visit_parents(&self, visit: &mut dyn FnMut(usize, Option<usize>)) -> Result<(), SegmentError> {
        (0..).zip(&self.parents).for_each(|(row, parent)| visit(row, *parent));
        Ok(())
    }
}

/// Whether a trace is found, by all segments that hold spans of it, which have been looked at; `None` where columns do not
/// tell, as of what the trace is as a whole, or an id is that of several spans, or somebody is above themselves.
pub(super) fn is_found(
    plan: &Plan,
    trace_id: TraceId,
    holders: &[(Arc<SpanSegment>, Arc<Looked>)],
) -> Result<Option<bool>, SegmentError> {
    if plan.query.conditions().iter().any(line::is_of_line) {
        return Ok(None);
    }
    let count = plan.query.conditions().len();
    let mut ids = Vec::new();
    let mut held: Vec<Option<Vec<usize>>> = vec![Some(Vec::new()); count];
    for (spans, looked) in holders {
        let Some(rows) = spans.rows_of(trace_id)? else { continue };
        let of_segment = OfSegment { plan, spans, looked };
        for (number, held) in held.iter_mut().enumerate() {
            match (of_segment.rows(number)?, &mut *held) {
                (Some(of_condition), Some(held)) => {
                    held.extend(
                        rows.clone().zip(ids.len()..).filter(|(row, _)| of_condition.contains(*row)).map(|(_, at)| at),
                    );
                }
                _ => *held = None,
            }
        }
        ids.extend(spans.ids_with_parents(rows)?);
    }
    let places: HashMap<SpanId, usize> = ids.iter().map(|(id, _)| *id).zip(0..).collect();
    let gathered = Gathered {
        parents: ids.iter().map(|(_, parent)| places.get(parent.as_ref()?).copied()).collect(),
        conditions: held.into_iter().map(|held| held.map(|held| of_places(ids.len(), &held))).collect(),
    };
    let all = 0..ids.len();
    if places.len() < ids.len() || has_circle(&parents(&gathered)?, &all) {
        return Ok(None);
    }
    let evaluation = Evaluation { plan, spans: &gathered, traces: &[(trace_id, all)], line: &|_| None };
    Ok(evaluation.of_tree(plan.query.tree())?.map(|found| !found.is_empty()))
}

fn of_places(total: usize, places: &[usize]) -> Rows {
    let mut rows = Rows::none(total);
    places.iter().for_each(|place| rows.insert(*place));
    rows
}
