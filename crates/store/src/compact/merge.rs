//! Small segments of spans merged into larger ones, so that what one trace left lies together and a quiet
//! day does not end as a thousand little segments.

use std::{collections::BTreeMap, sync::Arc};

use formats::encode_traces_protobuf;
use hashbrown::HashMap;
use model::{ResourceSpans, ScopeSpans, Signal, TracesData};
use segment::{Batch, Request, SegmentError, SegmentSpan, SpanSegment};

use super::{
    Publication, SEGMENT_ITEMS, Work,
    pack::{About, damaged, of_spans},
};
use crate::{
    AppendError,
    read::into_append,
    segments::{PartsBuilder, Segment},
};

/// Segments of about one size are merged when there are so many of them.
const WIDTH: usize = 8;
/// Segments over this share of the most that one gets are left alone.
const LARGE_ITEMS: u64 = SEGMENT_ITEMS / 8;
/// Segments of different days stay apart, so that a day can expire, nanoseconds.
const DAY_NANOS: u64 = 86_400 * 1_000_000_000;

impl Work {
    /// The next segments that are merged; `None` if there are too few of a size. With `is_all` two are enough.
    pub(super) fn merge(&mut self, is_all: bool) -> Result<Option<Publication>, AppendError> {
        let Some(chosen) = self.choose(is_all) else { return Ok(None) };
        let mut parts = PartsBuilder::default();
        let mut open = Vec::with_capacity(chosen.len());
        for segment in &chosen {
            let read = async { Ok((self.reader.block(segment).await?, self.reader.spans(segment.id).await?)) };
            let (Some(block), Some(spans)) = self.runtime.block_on(read).map_err(|error| into_append(&error))? else {
                return Err(AppendError::Other(format!("segment {} is listed and not there", segment.id)));
            };
            parts.add_block(&block);
            open.push(spans);
        }
        let requests = requests(&open)?;
        let bodies: Vec<(Request, Vec<u8>)> =
            requests.into_iter().map(|(request, data)| (request, encode_traces_protobuf(&data))).collect();
        let mut batch = Batch::default();
        for (request, body) in &bodies {
            batch.add_spans(*request, body, |_| false).map_err(damaged)?;
        }
        let encoded = segment::encode_spans(&batch, |_| true).map_err(damaged)?;
        let Some(encoded) = encoded else { return Ok(None) };
        let about = About {
            signal: Signal::Traces,
            class: chosen.first().map_or(crate::segments::Class::Ordinary, |segment| segment.class),
            rows: range(chosen.iter().map(|segment| segment.rows)),
            received_unix_nano: range(chosen.iter().map(|segment| segment.received_unix_nano)),
        };
        let replaced: Vec<u64> = chosen.iter().map(|segment| segment.id).collect();
        let id = self.next_id();
        let is_elsewhere = |trace_id| self.reader.catalogue().index.is_beyond(trace_id, &replaced);
        Ok(Some(Publication {
            segments: vec![of_spans(id, about, encoded, parts, is_elsewhere)?],
            replaced,
            ..Publication::default()
        }))
    }

    fn choose(&self, is_all: bool) -> Option<Vec<Arc<Segment>>> {
        let catalogue = self.reader.catalogue();
        let mut groups: BTreeMap<(crate::segments::Class, u64, u32), Vec<Arc<Segment>>> = BTreeMap::new();
        let small = |segment: &&Arc<Segment>| segment.signal == Signal::Traces && segment.items < LARGE_ITEMS;
        for segment in catalogue.segments.iter().filter(small) {
            let size = if is_all { 0 } else { segment.items.max(1).ilog(WIDTH as u64) };
            let key = (segment.class, segment.received_unix_nano.1 / DAY_NANOS, size);
            groups.entry(key).or_default().push(Arc::clone(segment));
        }
        let least = if is_all { 2 } else { WIDTH };
        let (_, mut group) = groups.into_iter().find(|(_, group)| group.len() >= least)?;
        let mut items = 0;
        let fits = group.iter().take_while(|segment| {
            items += segment.items;
            items <= SEGMENT_ITEMS
        });
        let count = fits.count().max(2);
        group.truncate(count);
        Some(group)
    }
}

fn range(ranges: impl Iterator<Item = (u64, u64)>) -> (u64, u64) {
    ranges.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or_default()
}

/// The spans of segments as the requests that brought them, each trace's in the order in which they arrived.
fn requests(segments: &[Arc<SpanSegment>]) -> Result<Vec<(Request, TracesData)>, AppendError> {
    let mut requests: BTreeMap<u64, (Request, TracesData)> = BTreeMap::new();
    for segment in segments {
        let (resources, scopes) = (segment.resources().map_err(damaged)?, segment.scopes().map_err(damaged)?);
        // Where each request's last span went: its resource and scope.
        let mut last: HashMap<u64, (u32, u32)> = HashMap::new();
        let take = |_, spans: Vec<SegmentSpan>| {
            for SegmentSpan { span, resource, scope, request } in spans {
                let (_, data) = requests.entry(request.row).or_insert_with(|| (request, TracesData::default()));
                if last.insert(request.row, (resource, scope)) != Some((resource, scope)) {
                    let (of_resource, of_scope) =
                        (resources.get(resource as usize).cloned(), scopes.get(scope as usize).cloned());
                    let (of_resource, of_scope) = (of_resource.unwrap_or_default(), of_scope.unwrap_or_default());
                    data.resource_spans.push(ResourceSpans {
                        resource: of_resource.resource,
                        schema_url: of_resource.schema_url,
                        scope_spans: vec![ScopeSpans {
                            scope: of_scope.scope,
                            schema_url: of_scope.schema_url,
                            spans: Vec::new(),
                        }],
                    });
                }
                if let Some(of_scope) = data.resource_spans.last_mut().and_then(|of| of.scope_spans.last_mut()) {
                    of_scope.spans.push(span);
                }
            }
            Ok::<(), SegmentError>(())
        };
        segment.visit(take).map_err(damaged)?;
    }
    Ok(requests.into_values().collect())
}
