//! How the writer, on its own thread, reads what is stored.

use std::sync::Arc;

use hashbrown::HashMap;
use model::{SpanId, TraceId};
use tokio::runtime::Handle;

use super::{FoundPart, OfTrace, Reader, StoredRequest, damaged, past_damage};
use crate::{
    AppendError, ReadError,
    append::{Place, SpanInFull, append_error},
    thinned::Thinned,
};

/// Reads committed rows and segments, waiting for them. What is damaged holds nothing: what comes is then no duplicate
/// of it, and is kept.
#[derive(Debug)]
pub(crate) struct ReadTurn<'a> {
    reader: &'a Reader,
    runtime: &'a Handle,
}

impl<'a> ReadTurn<'a> {
    pub(crate) fn new(reader: &'a Reader, runtime: &'a Handle) -> Self {
        Self { reader, runtime }
    }

    /// The request in a row; `None` if the row is gone.
    pub(crate) fn request(&self, row: u64) -> Result<Option<StoredRequest>, AppendError> {
        past_damage(self.runtime.block_on(self.reader.request(row))).map_err(|error| into_append(&error))
    }

    /// Whether a trace is known to be in no segment, as most that go on are.
    pub(crate) fn has_no_parts(&self, trace_id: TraceId) -> bool {
        let catalogue = self.reader.catalogue();
        catalogue.segments.is_empty() || catalogue.index.has_no_parts(trace_id)
    }

    /// Those of these traces that are thinned, as they will be once what a commit changes is written.
    pub(crate) fn thinned(
        &self,
        traces: &[TraceId],
        changed: &HashMap<TraceId, Option<Thinned>>,
    ) -> HashMap<TraceId, Thinned> {
        let catalogue = self.reader.catalogue();
        if catalogue.thinned.len() == 0 {
            return HashMap::new();
        }
        let mut last = None;
        let each = traces.iter().filter(|trace_id| last.replace(**trace_id) != Some(**trace_id));
        let thinned = each.filter_map(|trace_id| match changed.get(trace_id) {
            Some(changed) => Some((*trace_id, changed.clone()?)),
            None => Some((*trace_id, catalogue.thinned.get(*trace_id)?.clone())),
        });
        thinned.collect()
    }

    /// The parts of a trace in segments.
    pub(crate) fn parts_of(&self, trace_id: TraceId) -> Result<Vec<FoundPart>, AppendError> {
        let segments = {
            let catalogue = self.reader.catalogue();
            if catalogue.segments.that_may_hold(model::Signal::Traces, trace_id).next().is_none() {
                return Ok(Vec::new());
            }
            catalogue.segments.clone()
        };
        self.runtime.block_on(self.reader.find_parts(&segments, trace_id)).map_err(|error| into_append(&error))
    }

    /// The spans of a trace in a segment: their rows in it, and their ids.
    pub(crate) fn span_ids_of(&self, segment: u64, trace_id: TraceId) -> Result<Vec<(u32, SpanId)>, AppendError> {
        let read = async {
            let Some(OfTrace { spans, rows: Some(rows) }) = self.reader.span_ids_of(segment, trace_id).await? else {
                return Ok(Vec::new());
            };
            let wrong = |error| damaged(segment, &error);
            let ids = spans.span_ids(rows.clone()).map_err(wrong)?;
            Ok(rows.map(|row| row as u32).zip(ids).collect())
        };
        self.read(read)
    }

    /// The spans of a trace in all segments, whole.
    pub(crate) fn spans_of_trace(&self, trace_id: TraceId) -> Result<Vec<(Place, SpanInFull)>, AppendError> {
        let mut spans = Vec::new();
        for part in self.parts_of(trace_id)? {
            spans.extend(self.spans_of(part.segment, trace_id)?);
        }
        Ok(spans)
    }

    /// The spans of a trace in a segment, whole.
    pub(crate) fn spans_of(&self, segment: u64, trace_id: TraceId) -> Result<Vec<(Place, SpanInFull)>, AppendError> {
        let read = async {
            let Some(OfTrace { spans, rows: Some(rows) }) = self.reader.spans_of(segment, trace_id).await? else {
                return Ok(Vec::new());
            };
            let wrong = |error| damaged(segment, &error);
            let (mut resources, mut scopes) = (HashMap::new(), HashMap::new());
            let mut found = Vec::with_capacity(rows.len());
            for stored in spans.spans(trace_id, rows.clone()).map_err(wrong)? {
                let resource = match resources.get(&stored.resource) {
                    Some(known) => Arc::clone(known),
                    None => {
                        let new = spans.resource(stored.resource).map_err(wrong)?;
                        let new = Arc::new((new.resource, new.schema_url));
                        resources.insert(stored.resource, Arc::clone(&new));
                        new
                    }
                };
                let scope = match scopes.get(&stored.scope) {
                    Some(known) => Arc::clone(known),
                    None => {
                        let new = spans.scope(stored.scope).map_err(wrong)?;
                        let new = Arc::new((new.scope, new.schema_url));
                        scopes.insert(stored.scope, Arc::clone(&new));
                        new
                    }
                };
                found.push(SpanInFull { span: stored.span, resource, scope });
            }
            Ok(rows.map(|row| Place::Segment(segment, row as u32)).zip(found).collect())
        };
        self.read(read)
    }

    fn read<T: Default>(&self, read: impl Future<Output = Result<T, ReadError>>) -> Result<T, AppendError> {
        let read = self.reader.noted(self.runtime.block_on(read));
        past_damage(read).map_err(|error| into_append(&error))
    }
}

pub(crate) fn into_append(error: &ReadError) -> AppendError {
    match error {
        ReadError::Database(error) => append_error(error),
        error => AppendError::Other(error.to_string()),
    }
}
