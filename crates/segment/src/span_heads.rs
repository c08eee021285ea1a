//! Spans read in part, where they lie in the columns: for who needs little of many of them.

use std::ops::Range;

use formats::raw::{RawAttribute, RawSpan};
use model::TraceId;

use crate::{
    Request, SegmentError, SpanSegment,
    bytes::{later, unzigzag},
    frames::Wanted,
    spans_write::{Column, FIXED, NO_PARENT, OTHER_PARENT, SPAN_ID_BYTES},
};

/// A span without its name, its events and what was dropped, and without most of its attributes.
#[derive(Debug)]
pub struct SpanHead<'b, 'a> {
    /// The trace to which it belongs.
    pub trace_id: TraceId,
    /// Spans of that which follow in the segment.
    pub following: usize,
    /// The span, as far as it is read.
    pub span: &'b RawSpan<'a>,
    /// Trace and span to which it links, as they came.
    pub links: &'b [(&'a [u8], &'a [u8])],
    /// Index in [`SpanSegment::resources`].
    pub resource: u32,
    /// The request that brought it.
    pub request: Request,
}

/// The fixed columns that are read.
const HEAD: [Column; 19] = [
    Column::TraceId,
    Column::SpansOfTrace,
    Column::StartOfTrace,
    Column::SpanId,
    Column::Parent,
    Column::OtherParent,
    Column::Start,
    Column::Duration,
    Column::Kind,
    Column::Origin,
    Column::Request,
    Column::Status,
    Column::TraceState,
    Column::Shape,
    Column::LinksOfSpan,
    Column::LinkTraceId,
    Column::LinkSpanId,
    Column::Origins,
    Column::Requests,
];

impl SpanSegment {
    /// The numbers of the blobs that [`SpanSegment::visit_heads`] reads, and that it has not been given. Which traces are
    /// in it has to be known.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn blobs_of_heads(
        &self,
        is_wanted: impl Fn(TraceId) -> bool,
        is_key_wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<u16>, SegmentError> {
        let [shapes, ..] = &self.shapes;
        let values = (FIXED..).zip(&shapes.columns).filter(|(_, column)| column.is_wanted(&is_key_wanted));
        let columns = HEAD.into_iter().map(|column| column as usize).chain(values.map(|(number, _)| number));
        let traces = self.traces()?.into_iter().filter(|(trace_id, _)| is_wanted(*trace_id));
        let mut runs: Vec<usize> = traces.map(|(_, rows)| self.run_of(rows.start)).collect();
        runs.dedup();
        let of_column = |column| runs.iter().map(move |&run| (column, Wanted::Run(run)));
        Ok(self.missing(columns.flat_map(of_column)))
    }

    /// Shows the spans of the traces that are wanted, each with those attributes whose keys are wanted. No other columns
    /// are unpacked, and no runs without one of the traces.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn visit_heads<'a>(
        &'a self,
        is_wanted: impl Fn(TraceId) -> bool,
        is_key_wanted: impl Fn(&[u8]) -> bool,
        mut visit: impl FnMut(&SpanHead<'_, 'a>),
    ) -> Result<(), SegmentError> {
        let traces = self.traces()?.into_iter().enumerate().filter(|(_, (trace_id, _))| is_wanted(*trace_id));
        let mut runs: Vec<(usize, Vec<TraceInRun>)> = Vec::new();
        for (at, (trace_id, rows)) in traces {
            let (run, rows) = self.in_run(rows)?;
            let trace = TraceInRun { at, trace_id, rows };
            match runs.last_mut() {
                Some((last, traces)) if *last == run => traces.push(trace),
                _ => runs.push((run, vec![trace])),
            }
        }
        runs.iter().try_for_each(|(run, traces)| self.visit_heads_in(*run, traces, &is_key_wanted, &mut visit))
    }

    fn visit_heads_in<'a>(
        &'a self,
        run: usize,
        traces: &[TraceInRun],
        is_key_wanted: impl Fn(&[u8]) -> bool,
        mut visit: impl FnMut(&SpanHead<'_, 'a>),
    ) -> Result<(), SegmentError> {
        let rows = traces.iter().flat_map(|trace| trace.rows.clone());
        let ints = |column| self.ints(column, run);
        let texts = |column| self.texts(column, run);
        let (ids, _) = self.bytes(Column::SpanId, run)?.as_chunks::<SPAN_ID_BYTES>();
        let (parent, other_parent) = (ints(Column::Parent)?, texts(Column::OtherParent)?);
        let (start_of_trace, start) = (ints(Column::StartOfTrace)?, ints(Column::Start)?);
        let (duration, kind) = (ints(Column::Duration)?, ints(Column::Kind)?);
        let (origin, request) = (ints(Column::Origin)?, ints(Column::Request)?);
        let (status, trace_state) = (ints(Column::Status)?, texts(Column::TraceState)?);
        let link_count = ints(Column::LinksOfSpan)?;
        let (link_trace, link_span) = (texts(Column::LinkTraceId)?, texts(Column::LinkSpanId)?);
        let mut attributes = self.attributes(0, run, rows, is_key_wanted)?;
        let (mut span, mut links) = (RawSpan::default(), Vec::new());
        let (mut other_parents, mut linked) = (0, 0_usize);
        let mut passed = 0;
        for TraceInRun { at, trace_id, rows } in traces {
            for row in passed..rows.start {
                other_parents += usize::from(parent.get(row) == OTHER_PARENT);
                let count = usize::try_from(link_count.get(row));
                linked = count.map_or(usize::MAX, |count| count.saturating_add(linked));
            }
            passed = rows.end;
            attributes.skip_to(rows.start);
            let start_of_trace = start_of_trace.get(*at);
            for row in rows.clone() {
                let of_trace = ids.get(rows.clone()).unwrap_or_default();
                let parent_span_id: &[u8] = match parent.get(row) {
                    NO_PARENT => &[],
                    OTHER_PARENT => {
                        other_parents += 1;
                        other_parent.get(other_parents - 1)
                    }
                    below => {
                        let at = (row - rows.start) as i64 - unzigzag(below - 2);
                        let id = usize::try_from(at).ok().and_then(|at| of_trace.get(at));
                        id.ok_or(SegmentError::Damaged("a parent outside of its trace"))?
                    }
                };
                let start_unix_nano = later(start_of_trace, start.get(row));
                let code = |status: u64| (unzigzag(status >> 1) as i32, &[][..]);
                let mut list: Vec<RawAttribute<'_>> = std::mem::take(&mut span.attributes);
                list.clear();
                attributes.next_into(&mut list)?;
                span = RawSpan {
                    span_id: ids.get(row).map(<[u8; SPAN_ID_BYTES]>::as_slice).unwrap_or_default(),
                    parent_span_id,
                    trace_state: trace_state.get(row),
                    kind: unzigzag(kind.get(row)) as i32,
                    start_unix_nano,
                    end_unix_nano: later(start_unix_nano, duration.get(row)),
                    attributes: list,
                    status: status.get(row).checked_sub(1).map(code),
                    ..RawSpan::default()
                };
                links.clear();
                for _ in 0..link_count.get(row) {
                    if linked >= link_trace.len() {
                        return Err(SegmentError::Damaged("a link without columns"));
                    }
                    links.push((link_trace.get(linked), link_span.get(linked)));
                    linked += 1;
                }
                let (resource, _) = self.origins()?.pair(origin.get(row))?;
                let request = self.request(request.get(row))?;
                let following = rows.end - row - 1;
                visit(&SpanHead { trace_id: *trace_id, following, span: &span, links: &links, resource, request });
            }
        }
        Ok(())
    }
}

/// A trace by its place in the segment, and its rows in a run.
struct TraceInRun {
    at: usize,
    trace_id: TraceId,
    rows: Range<usize>,
}
