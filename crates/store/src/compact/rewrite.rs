//! Segments made anew of what is kept of others.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use model::{Signal, TraceId};
use segment::{PointSegment, Request, SegmentError};

use super::{
    NewSegment, Removed, Work,
    pack::{Group, Origin, batch, damaged, of_items, of_spans},
};
use crate::{
    AppendError,
    read::into_append,
    segments::{Block, Class, Facts, PartsBuilder, Segment, TracePart},
};

/// Tells in which class a trace goes on, if it does, and when the last of it arrived.
pub(super) type TraceStays<'a> = &'a dyn Fn(&TracePart, &Block) -> Option<(Class, u64)>;

/// What of a segment goes on.
pub(super) struct Keep<'a> {
    /// Of spans: the class in which a trace goes on, if it does, and when the last of it arrived, which is what
    /// its age counts from; asked with what the segment says of it.
    pub(super) trace: TraceStays<'a>,
    /// Of log records and points: whether what a service sent in a request goes on.
    pub(super) items: &'a dyn Fn(&str, &Request) -> bool,
    /// Of log records: whether those of a trace go on.
    pub(super) logs_of: &'a dyn Fn(Option<TraceId>) -> bool,
}

/// What segments became.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    pub(super) segments: Vec<NewSegment>,
    /// Hidden traces that did not go on.
    pub(super) removed: Vec<Removed>,
}

impl Work {
    /// Makes segments of what is kept of these, which are of one signal, source and owner.
    pub(super) fn rewrite(&mut self, segments: &[Arc<Segment>], keep: &Keep<'_>) -> Result<Rewritten, AppendError> {
        let Some(first) = segments.first() else { return Ok(Rewritten::default()) };
        match first.signal {
            Signal::Traces => self.rewrite_spans(segments, keep),
            signal => {
                let segments = self.rewrite_items(signal, segments, keep)?;
                Ok(Rewritten { segments, removed: Vec::new() })
            }
        }
    }

    fn rewrite_spans(&mut self, segments: &[Arc<Segment>], keep: &Keep<'_>) -> Result<Rewritten, AppendError> {
        let mut removed = Vec::new();
        let mut parts = PartsBuilder::default();
        let mut classes = HashMap::new();
        // Traces that one of the segments does not continue: what is made of them does not either.
        let mut begun = HashSet::new();
        let mut last_received_unix_nano = 0;
        for segment in segments {
            let block = self.reader.block(segment);
            let block =
                self.runtime.block_on(block).map_err(|error| into_append(&error))?.ok_or_else(|| gone(segment))?;
            let mut facts = None;
            let continues: HashSet<TraceId> = segment.continues.iter().copied().collect();
            for (at, part) in block.parts().iter().enumerate() {
                if !continues.contains(&part.fragment.trace_id) {
                    begun.insert(part.fragment.trace_id);
                }
                // Asked first: what is shown from here on goes on.
                let is_hidden = self.reader.catalogue().thinned.is_hidden(part.fragment.trace_id);
                if let Some((class, received)) = (keep.trace)(part, &block) {
                    last_received_unix_nano = received.max(last_received_unix_nano);
                    classes.insert(part.fragment.trace_id, class);
                    parts.add_part(part, &block);
                } else if is_hidden {
                    if facts.is_none() {
                        facts = Some(self.facts(segment)?);
                    }
                    let spans = facts.as_ref().map(|facts| facts.spans_by_service(at)).unwrap_or_default();
                    removed.push(Removed { trace_id: part.fragment.trace_id, spans, at_unix_nano: 0 });
                }
            }
        }
        if classes.is_empty() {
            return Ok(Rewritten { segments: Vec::new(), removed });
        }
        let mut bodies = Vec::new();
        for segment in segments {
            let spans = self.reader.spans_once(segment.id);
            let spans =
                self.runtime.block_on(spans).map_err(|error| into_append(&error))?.ok_or_else(|| gone(segment))?;
            let requests = spans.requests(|trace_id| classes.contains_key(&trace_id));
            bodies.extend(self.of_segment(segment, requests)?);
        }
        // Stable: what one request brought of a trace may lie in several of the segments, in their order.
        bodies.sort_by_key(|(request, _)| request.row);
        let bodies: Vec<(Request, &[u8])> = bodies.iter().map(|(request, body)| (*request, body.as_slice())).collect();
        let batch = batch(Signal::Traces, &bodies, |_, _| false)?;
        let first = segments.first();
        let owner = first.map(|segment| segment.owner.clone()).unwrap_or_default();
        let source = first.map(|segment| segment.source).unwrap_or_default();
        let group_of = |trace_id| Group {
            source,
            class: classes.get(&trace_id).copied().unwrap_or(Class::Ordinary),
            owner: owner.clone(),
        };
        let is_elsewhere = |trace_id| !begun.contains(&trace_id);
        let mut origin = joined(segments);
        origin.received_unix_nano.1 = last_received_unix_nano;
        let segments = of_spans(&batch, &parts, origin, group_of, is_elsewhere, |_| {}, &mut self.next_segment)?;
        Ok(Rewritten { segments, removed })
    }

    /// What a segment says of its traces; nothing if it is one of before sampling.
    fn facts(&self, segment: &Segment) -> Result<Facts, AppendError> {
        let facts = self.runtime.block_on(self.reader.facts(segment.id)).map_err(|error| into_append(&error))?;
        Ok(facts.unwrap_or_default())
    }

    /// What was decoded of a segment, which is remembered if it does not decode.
    fn of_segment<T>(&self, segment: &Segment, decoded: Result<T, SegmentError>) -> Result<T, AppendError> {
        let decoded = decoded.map_err(|error| crate::read::damaged(segment.id, &error));
        self.reader.noted(decoded).map_err(|error| into_append(&error))
    }

    fn rewrite_items(
        &mut self,
        signal: Signal,
        segments: &[Arc<Segment>],
        keep: &Keep<'_>,
    ) -> Result<Vec<NewSegment>, AppendError> {
        let mut bodies = Vec::new();
        for segment in segments {
            let read = async {
                Ok(match signal {
                    Signal::Metrics => {
                        self.reader.points(segment.id).await?.map(|points| PointSegment::requests(&points))
                    }
                    _ => self.reader.logs(segment.id).await?.map(|logs| logs.requests()),
                })
            };
            let requests = self.runtime.block_on(read).map_err(|error| into_append(&error))?;
            bodies.extend(self.of_segment(segment, requests.ok_or_else(|| gone(segment))?)?);
        }
        bodies.sort_by_key(|(request, _)| request.row);
        let bodies: Vec<(Request, &[u8])> = bodies.iter().map(|(request, body)| (*request, body.as_slice())).collect();
        let all = batch(signal, &bodies, |_, _| false)?;
        let name = |service: u32| all.services().get(service as usize).map(String::as_str).unwrap_or_default();
        let mut kept = all.only(|service, request| (keep.items)(name(service), request));
        if signal == Signal::Logs {
            kept = kept.only_logs(|trace_id| (keep.logs_of)(trace_id)).map_err(damaged)?;
        }
        if kept.is_empty() {
            return Ok(Vec::new());
        }
        let group = segments.first().map(|first| Group {
            source: first.source,
            class: first.class,
            owner: first.owner.clone(),
        });
        let Some(group) = group else { return Ok(Vec::new()) };
        of_items(signal, &kept, joined(segments), |_| group.clone(), &mut self.next_segment)
    }
}

fn joined(segments: &[Arc<Segment>]) -> Origin {
    let join = |a: (u64, u64), b: (u64, u64)| (a.0.min(b.0), a.1.max(b.1));
    let both = segments.iter().map(|segment| (segment.rows, segment.received_unix_nano));
    let (rows, received_unix_nano) = both.reduce(|a, b| (join(a.0, b.0), join(a.1, b.1))).unwrap_or_default();
    Origin { rows, received_unix_nano }
}

fn gone(segment: &Segment) -> AppendError {
    AppendError::Other(format!("segment {} is listed and not there", segment.id))
}
