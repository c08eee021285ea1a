//! Spans read in part, where they lie in the columns: for who needs little of many of them.

use formats::raw::{RawAttribute, RawSpan};
use model::TraceId;

use crate::{
    Request, SegmentError, SpanSegment,
    bytes::{later, unzigzag},
    spans_write::{Column, FIXED, Header, NO_PARENT, OTHER_PARENT},
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
const HEAD: [Column; 17] = [
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
];

impl SpanSegment {
    /// The numbers of the blobs that [`SpanSegment::visit_heads`] reads, by the header of a segment, rising; others may be
    /// empty then.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`] where the header is not one.
    pub fn blobs_of_heads(header: &[u8], is_key_wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<u16>, SegmentError> {
        let Header { directory, shapes: [shapes, ..], .. } = crate::unpack_header(header)?;
        let values = (FIXED..).zip(&shapes.columns).filter(|(_, column)| column.is_wanted(&is_key_wanted));
        let columns = HEAD.into_iter().map(|column| column as usize).chain(values.map(|(number, _)| number));
        let mut blobs: Vec<u16> = columns.filter_map(|number| directory.blob(number)).collect();
        blobs.sort_unstable();
        blobs.dedup();
        Ok(blobs)
    }

    /// Shows the spans of the traces that are wanted, each with those attributes whose keys are wanted. No other columns
    /// are unpacked.
    ///
    /// # Errors
    /// [`SegmentError::Damaged`].
    pub fn visit_heads<'a>(
        &'a self,
        is_wanted: impl Fn(TraceId) -> bool,
        is_key_wanted: impl Fn(&[u8]) -> bool,
        mut visit: impl FnMut(&SpanHead<'_, 'a>),
    ) -> Result<(), SegmentError> {
        let traces = self.traces()?;
        let wanted = traces.iter().filter(|(trace_id, _)| is_wanted(*trace_id));
        let rows = wanted.clone().flat_map(|(_, rows)| rows.clone());
        let Some(first) = rows.clone().next() else { return Ok(()) };
        let (ids, _) = self.fixed(Column::SpanId)?.as_chunks::<8>();
        let (parent, other_parent) = (self.ints(Column::Parent)?, self.texts(Column::OtherParent)?);
        let (start_of_trace, start) = (self.ints(Column::StartOfTrace)?, self.ints(Column::Start)?);
        let (duration, kind) = (self.ints(Column::Duration)?, self.ints(Column::Kind)?);
        let (origin, request) = (self.ints(Column::Origin)?, self.ints(Column::Request)?);
        let (status, trace_state) = (self.ints(Column::Status)?, self.texts(Column::TraceState)?);
        let link_count = self.ints(Column::LinksOfSpan)?;
        let (link_trace, link_span) = (self.texts(Column::LinkTraceId)?, self.texts(Column::LinkSpanId)?);
        let mut attributes = self.attributes_of_keys(rows, is_key_wanted)?;
        attributes.skip_to(first);
        let (mut span, mut links) = (RawSpan::default(), Vec::new());
        let (mut other_parents, mut linked) = (0, 0);
        for (trace, (trace_id, rows)) in traces.iter().enumerate() {
            if !is_wanted(*trace_id) {
                other_parents += rows.clone().filter(|&row| parent.get(row) == OTHER_PARENT).count();
                for row in rows.clone() {
                    linked =
                        usize::try_from(link_count.get(row)).map_or(usize::MAX, |count| count.saturating_add(linked));
                }
                continue;
            }
            attributes.skip_to(rows.start);
            let start_of_trace = start_of_trace.get(trace);
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
                    span_id: ids.get(row).map(<[u8; 8]>::as_slice).unwrap_or_default(),
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
                let (resource, _) = self.header.origins.pair(origin.get(row))?;
                let request = self.header.origins.request(request.get(row))?;
                let following = rows.end - row - 1;
                visit(&SpanHead { trace_id: *trace_id, following, span: &span, links: &links, resource, request });
            }
        }
        Ok(())
    }
}
