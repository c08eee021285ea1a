//! Spans that come for traces that were thinned: thinned too, unless one is an error.

use formats::{SpanColumns, WalkedRows};
use hashbrown::{HashMap, HashSet};
use model::TraceId;

use super::request::Prepared;
use crate::{
    AppendError,
    index::Digest,
    read::{MAX_BODY_BYTES, ReadTurn},
    segments::is_error,
    thinned::Thinned,
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
    /// They are not stored, because it is gone; or they are, because it is shown and they have a reason to stay.
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
        let errors = errors(request, spans, &known)?;
        let mut with_errors: HashSet<TraceId> = HashSet::new();
        for (trace_id, ordinal) in spans.trace_id.iter().zip(&spans.ordinal) {
            let Some(thinned) = known.get(trace_id) else { continue };
            if errors.contains(ordinal) {
                with_errors.insert(*trace_id);
            } else if !thinned.is_whole() {
                late.dropped.push(*ordinal);
            }
        }
        for (trace_id, thinned) in known {
            let becomes = match (with_errors.contains(&trace_id), thinned.is_hidden()) {
                (true, true) => Becomes::Shown(thinned),
                (false, true) if thinned.is_whole() => Becomes::Hidden(thinned),
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

    /// Notes what a request changed whose digest is of the spans that are stored. How many of those are hidden, and
    /// how many are shown that were not.
    pub(super) fn settle(self, digest: &Digest, received_at_unix_nano: u64, changed: &mut Changed) -> (u64, u64) {
        let (mut hidden, mut shown) = (0, 0);
        for (trace_id, becomes) in self.traces {
            match becomes {
                Becomes::AsBefore => {}
                Becomes::Shown(thinned) => {
                    shown += thinned.hidden_spans;
                    let rest = (!thinned.is_whole()).then(|| Thinned {
                        touched_unix_nano: received_at_unix_nano,
                        hidden_spans: 0,
                        is_shown: true,
                        services: Default::default(),
                        ..thinned
                    });
                    changed.insert(trace_id, rest);
                }
                Becomes::Hidden(mut thinned) => {
                    let Some(fragment) = digest.spans.iter().find(|it| it.trace_id == trace_id) else { continue };
                    hidden += u64::from(fragment.span_count);
                    thinned.hidden_spans += u64::from(fragment.span_count);
                    thinned.touched_unix_nano = received_at_unix_nano;
                    let names = fragment.services.iter().filter_map(|text| digest.texts.get(*text as usize));
                    thinned.services.extend(names.map(|name| name.as_str().into()));
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
