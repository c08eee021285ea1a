//! Spans that come for traces that were thinned: thinned too, unless one is an error.

use std::sync::Arc;

use formats::{SpanColumns, WalkedRows};
use hashbrown::{HashMap, HashSet};
use model::TraceId;

use super::{plan::ByService, request::Prepared};
use crate::{
    AppendError, Source,
    read::{MAX_BODY_BYTES, ReadTurn},
    segments::is_error,
    thinned::{SpansByService, Thinned},
};

/// Changes of thinned traces that a commit is to write; `None` where a trace is no longer thinned.
pub(super) type Changed = HashMap<TraceId, Option<Thinned>>;

/// What becomes of the spans of a request that belong to thinned traces.
#[derive(Debug, Default)]
pub(super) struct Late {
    traces: HashMap<TraceId, Becomes>,
    /// Ordinals of spans that are not stored, rising.
    dropped: Vec<u32>,
}

/// What becomes of a thinned trace for which spans came.
#[derive(Debug)]
enum Becomes {
    /// It stays hidden, and they with it.
    Hidden(Thinned),
    /// It is shown again: as it was, or with a mark because some of it is gone.
    Shown(Thinned),
    /// Some of it is gone and what is left is shown: they are stored if they have a reason to stay.
    AsBefore,
}

impl Late {
    /// Looks for thinned traces in a request.
    pub(super) fn of(request: &Prepared, changed: &Changed, turn: &ReadTurn<'_>) -> Result<Self, AppendError> {
        let mut late = Self::default();
        let WalkedRows::Spans(spans) = &request.walked.rows else { return Ok(late) };
        let known = turn.thinned(&spans.trace_id, changed);
        if known.is_empty() {
            return Ok(late);
        }
        // What the user imports has a reason to stay.
        let errors = match request.source {
            Source::Live => errors(request, spans, &known)?,
            Source::Imported => spans.ordinal.iter().copied().collect(),
        };
        let mut with_errors: HashSet<TraceId> = HashSet::new();
        for (trace_id, ordinal) in spans.trace_id.iter().zip(&spans.ordinal) {
            let Some(thinned) = known.get(trace_id) else { continue };
            if errors.contains(ordinal) {
                with_errors.insert(*trace_id);
            } else if thinned.is_shown {
                late.dropped.push(*ordinal);
            }
        }
        for (trace_id, thinned) in known {
            let becomes = match (with_errors.contains(&trace_id), thinned.is_hidden()) {
                (true, true) => Becomes::Shown(thinned),
                // Also when what came before is gone: what operations did is counted when rows become segments.
                (false, true) => Becomes::Hidden(thinned),
                _ => Becomes::AsBefore,
            };
            late.traces.insert(trace_id, becomes);
        }
        Ok(late)
    }

    /// Spans that are not stored.
    pub(super) fn dropped(&self) -> &[u32] {
        &self.dropped
    }

    /// Notes what a request changed that stores the spans at these places. How many of those are hidden by service, an
    /// index in the texts, and how many are shown that were not.
    pub(super) fn settle(
        self,
        spans: &SpanColumns,
        texts: &[String],
        kept: &[u32],
        received_at_unix_nano: u64,
        changed: &mut Changed,
    ) -> (ByService, SpansByService) {
        let (mut hidden, mut shown) = (ByService::new(), SpansByService::new());
        if self.traces.is_empty() {
            return (hidden, shown);
        }
        let mut added: HashMap<TraceId, ByService> = HashMap::new();
        for at in kept {
            let columns = (spans.trace_id.get(*at as usize), spans.service.get(*at as usize));
            if let (Some(trace_id), Some(service)) = columns
                && matches!(self.traces.get(trace_id), Some(Becomes::Hidden(_)))
            {
                *added.entry(*trace_id).or_default().entry(*service).or_default() += 1;
            }
        }
        for (trace_id, becomes) in self.traces {
            match becomes {
                Becomes::AsBefore => {}
                Becomes::Shown(mut thinned) => {
                    for (service, spans) in std::mem::take(&mut thinned.hidden).iter() {
                        *shown.entry(Arc::clone(service)).or_default() += spans;
                    }
                    let rest = (!thinned.is_whole()).then_some(Thinned {
                        touched_unix_nano: received_at_unix_nano,
                        is_shown: true,
                        ..thinned
                    });
                    changed.insert(trace_id, rest);
                }
                Becomes::Hidden(mut thinned) => {
                    let Some(added) = added.remove(&trace_id) else { continue };
                    for (service, spans) in added {
                        let name = texts.get(service as usize).map(String::as_str).unwrap_or_default();
                        thinned.hidden.add(name, spans);
                        *hidden.entry(service).or_default() += spans;
                    }
                    thinned.touched_unix_nano = received_at_unix_nano;
                    changed.insert(trace_id, Some(thinned));
                }
            }
        }
        (hidden, shown)
    }
}

/// Ordinals of spans of these traces that are errors. The walk knows statuses; for those of HTTP the body is decoded,
/// which it is only when something comes late.
fn errors(
    request: &Prepared,
    spans: &SpanColumns,
    known: &HashMap<TraceId, Thinned>,
) -> Result<HashSet<u32>, AppendError> {
    let body = formats::decompress(request.compression, &request.body, MAX_BODY_BYTES);
    let data = body.and_then(|body| formats::decode_traces(request.encoding, &body));
    let data = data.map_err(|error| AppendError::Other(error.to_string()))?;
    let all = data.resource_spans.iter().flat_map(|of| &of.scope_spans).flat_map(|of| &of.spans);
    let failed = (0..).zip(all).filter(|(_, span)| known.contains_key(&span.trace_id) && is_error(span));
    let mut errors: HashSet<u32> = failed.map(|(ordinal, _)| ordinal).collect();
    errors.extend(spans.ordinal.iter().zip(&spans.is_error).filter(|(_, is_error)| **is_error).map(|(at, _)| *at));
    Ok(errors)
}
