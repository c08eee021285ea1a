//! Items packed as segments: of one signal, class and owner each.

use std::{collections::BTreeMap, mem::take, sync::Arc};

use hashbrown::{HashMap, HashSet};
use model::{Signal, TraceId};
use segment::{Batch, Encoded, Passing, Request, SegmentError, Weight};
use tokio::runtime::Handle;

use super::{NewSegment, Publication, rows::Row, take_id};
use crate::{
    AppendError, Reader, Source,
    aggregates::{Calling, Counting, Counts, Earlier, NewAggregate, Seen, Services},
    packed,
    segments::{
        Block, Class, FACTS, FactsBuilder, HEADER, PARTS, PartsBuilder, Segment, ServiceShare, TRIGRAMS, TraceFilter,
        VALUES,
    },
};

/// A service with a fourth of a batch, or more, gets segments of its own, so that it can be evicted without
/// the others.
const OWN_SHARE: u64 = 4;
/// Below so many items that is not worth a segment.
const OWN_ITEMS: u64 = 2048;

/// What a segment is kept with: its source, its class, and the service to which all in it belongs, or none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Group {
    pub(super) source: Source,
    pub(super) class: Class,
    pub(super) owner: String,
}

/// What items were made of: rows of the append level, and when those arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub(super) rows: (u64, u64),
    pub(super) received_unix_nano: (u64, u64),
}

/// Packs rows; they are all that there is up to the last of them.
pub(super) fn pack(
    reader: &Reader,
    runtime: &Handle,
    rows: &[Row],
    next_segment: &mut u64,
) -> Result<Publication, AppendError> {
    let mut publication = Publication {
        compacted_row: rows.last().map(|row| row.request.row),
        released: (rows.iter().map(Row::weight).sum(), rows.iter().map(|row| row.body_bytes).sum()),
        ..Publication::default()
    };
    // Traces that another source has among these rows.
    let mut new_here: HashSet<TraceId> = HashSet::new();
    let kinds = Signal::ALL.into_iter().flat_map(|signal| Source::ALL.map(|source| (signal, source)));
    for (signal, source) in kinds {
        let is_such = |row: &&Row| (row.request.signal, row.request.source) == (signal, source);
        let of_signal: Vec<&Row> = rows.iter().filter(is_such).collect();
        if of_signal.is_empty() {
            continue;
        }
        let bodies: Vec<(Request, &[u8])> = of_signal.iter().map(|row| (request(row), row.body.as_slice())).collect();
        let is_left_out =
            |at: usize, ordinal| of_signal.get(at).is_some_and(|row: &&Row| row.request.left_out.contains(ordinal));
        let batch = batch(signal, &bodies, is_left_out)?;
        let origin = Origin::of(bodies.iter().map(|(request, _)| *request));
        if signal == Signal::Traces {
            let mut parts = PartsBuilder::default();
            for row in &of_signal {
                parts.add_digest(row.request.row, row.request.received_at_unix_nano, &row.digest);
            }
            let owners = batch.owners();
            parts.set_owners(&owners, batch.services());
            let own = own(&batch, batch.weights(|_| true));
            let classes = Classes::of(reader, &of_signal);
            let group_of =
                |trace_id| Group { source, class: classes.class(trace_id), owner: own.owner(owners.get(&trace_id)) };
            let is_elsewhere =
                |trace_id| new_here.contains(&trace_id) || reader.catalogue().index.is_beyond(trace_id, &[]);
            let traces: Vec<TraceId> = parts.traces().collect();
            if source != Source::Live {
                let new = of_spans(&batch, &parts, origin, group_of, is_elsewhere, |_| {}, next_segment)?;
                publication.segments.extend(new);
                new_here.extend(traces);
                continue;
            }
            let earlier = earlier(reader, runtime, &parts);
            let (earlier, services) = (earlier.spans(), Services::of(batch.resources()));
            let (mut counting, mut calling) = (Counting::default(), Calling::new(&services, &earlier));
            counting.begin(&batch);
            let new = of_spans(
                &batch,
                &parts,
                origin,
                group_of,
                is_elsewhere,
                |passing| {
                    let seen = Seen::of(passing.span, passing.request.received_at_unix_nano);
                    counting.add(passing, &seen);
                    calling.add(passing, &seen);
                },
                next_segment,
            )?;
            publication.segments.extend(new);
            new_here.extend(traces);
            let counts = Counts { operations: counting.aggregates, edges: calling.finish() };
            publication.aggregate = NewAggregate::of(&counts, false).map_err(AppendError::Other)?;
        } else {
            let own = own(&batch, batch.weights(|_| true));
            let group_of = |service| Group { source, class: Class::Ordinary, owner: own.owner(Some(&service)) };
            publication.segments.extend(of_items(signal, &batch, origin, group_of, next_segment)?);
            publication.body_hashes.extend(of_signal.iter().map(|row| (row.request.row, row.body_hash)));
        }
    }
    Ok(publication)
}

/// What of the traces in these parts is in segments. What cannot be read is as if it was gone: rows have to become
/// segments all the same.
fn earlier(reader: &Reader, runtime: &Handle, parts: &PartsBuilder) -> Earlier {
    match runtime.block_on(reader.earlier(parts.traces())) {
        Ok(Some(earlier)) => earlier,
        Ok(None) => Earlier::default(),
        Err(error) => {
            tracing::warn!(%error, "edges are counted without what is in segments");
            Earlier::default()
        }
    }
}

impl Origin {
    pub(super) fn of(requests: impl Iterator<Item = Request>) -> Self {
        let none = Self { rows: (u64::MAX, 0), received_unix_nano: (u64::MAX, 0) };
        let joined = requests.fold(none, |joined, request| Self {
            rows: (joined.rows.0.min(request.row), joined.rows.1.max(request.row)),
            received_unix_nano: (
                joined.received_unix_nano.0.min(request.received_at_unix_nano),
                joined.received_unix_nano.1.max(request.received_at_unix_nano),
            ),
        });
        if joined.rows.0 == u64::MAX { Self { rows: (0, 0), received_unix_nano: (0, 0) } } else { joined }
    }
}

/// The classes of traces: those that are pinned, and those with an error here or elsewhere.
struct Classes {
    failed: HashSet<TraceId>,
    pinned: HashSet<TraceId>,
}

impl Classes {
    fn of(reader: &Reader, rows: &[&Row]) -> Self {
        let catalogue = reader.catalogue();
        let fragments = || rows.iter().flat_map(|row| &row.digest.spans);
        let failed = fragments()
            .filter(|it| it.error_count > 0 || catalogue.index.has_errors(it.trace_id))
            .map(|it| it.trace_id);
        let pinned = fragments().map(|it| it.trace_id).filter(|trace_id| catalogue.pinned.contains(trace_id));
        Self { failed: failed.collect(), pinned: pinned.collect() }
    }

    fn class(&self, trace_id: TraceId) -> Class {
        if self.pinned.contains(&trace_id) {
            Class::Pinned
        } else if self.failed.contains(&trace_id) {
            Class::Error
        } else {
            Class::Ordinary
        }
    }
}

/// The services of a batch that get segments of their own, by number.
struct Own(HashMap<u32, String>);

fn own(batch: &Batch<'_>, weights: Vec<Weight>) -> Own {
    let total: u64 = weights.iter().map(|weight| weight.bytes).sum();
    let is_large = |weight: &Weight| weight.items >= OWN_ITEMS && weight.bytes * OWN_SHARE >= total;
    let named = |weight: Weight| Some((weight.service, batch.services().get(weight.service as usize)?.clone()));
    Own(weights.into_iter().filter(is_large).filter_map(named).collect())
}

impl Own {
    /// The owner of what belongs to a service: itself, or nobody.
    fn owner(&self, service: Option<&u32>) -> String {
        service.and_then(|service| self.0.get(service)).cloned().unwrap_or_default()
    }
}

/// Gathers the items of requests of one signal, but for those left out: asked with the index of the request
/// and the item's ordinal.
pub(super) fn batch<'a>(
    signal: Signal,
    bodies: &[(Request, &'a [u8])],
    is_left_out: impl Fn(usize, u32) -> bool,
) -> Result<Batch<'a>, AppendError> {
    let mut batch = Batch::default();
    for (at, (request, body)) in bodies.iter().enumerate() {
        let is_left_out = |ordinal| is_left_out(at, ordinal);
        let added = match signal {
            Signal::Traces => batch.add_spans(*request, body, is_left_out),
            Signal::Logs => batch.add_logs(*request, body, is_left_out),
            Signal::Metrics => batch.add_metrics(*request, body, is_left_out),
        };
        added.map_err(damaged)?;
    }
    Ok(batch)
}

fn request(row: &Row) -> Request {
    Request {
        row: row.request.row,
        received_at_unix_nano: row.request.received_at_unix_nano,
        repaired_texts: row.request.repaired_texts,
    }
}

pub(super) fn damaged(error: SegmentError) -> AppendError {
    AppendError::Other(error.to_string())
}

/// Segments of the spans of a batch, whose traces are these parts; `is_elsewhere` tells which traces have
/// parts in other segments. Each span is shown to `visit`.
pub(super) fn of_spans<'a>(
    batch: &Batch<'a>,
    parts: &PartsBuilder,
    origin: Origin,
    group_of: impl Fn(TraceId) -> Group,
    is_elsewhere: impl Fn(TraceId) -> bool,
    mut visit: impl FnMut(&Passing<'_, 'a>),
    next_segment: &mut u64,
) -> Result<Vec<NewSegment>, AppendError> {
    let mut groups: BTreeMap<Group, HashSet<TraceId>> = BTreeMap::new();
    for trace_id in parts.traces() {
        groups.entry(group_of(trace_id)).or_default().insert(trace_id);
    }
    let mut new = Vec::with_capacity(groups.len());
    let by_trace = batch.by_trace();
    for (group, traces) in groups {
        let is_wanted = |trace_id| traces.contains(&trace_id);
        let mut facts = FactsBuilder::new(batch);
        let encoded = segment::encode_spans(batch, &by_trace, is_wanted, |passing| {
            facts.add(passing);
            visit(passing);
        });
        let Some(encoded) = encoded.map_err(damaged)? else { continue };
        let parts = parts.finish(is_wanted);
        let facts = packed::pack(&facts.finish(&parts)).map_err(AppendError::Other)?;
        let packed = packed::pack(&parts).map_err(AppendError::Other)?;
        let block = Arc::new(Block::new(parts));
        let ids: Vec<TraceId> = block.parts().iter().map(|part| part.fragment.trace_id).collect();
        let mut services = shares(batch, &batch.weights(is_wanted));
        for (name, traces) in block.services() {
            match services.iter_mut().find(|share| share.name == name) {
                Some(share) => share.traces = traces,
                None => services.push(ServiceShare { name, traces, items: 0, bytes: 0 }),
            }
        }
        let continues = ids.iter().copied().filter(|trace_id| is_elsewhere(*trace_id)).collect();
        let latest = block.parts().iter().map(|part| part.fragment.start_unix_nano).max();
        let bytes = (encoded.bytes() + packed.len() + facts.len()) as u64;
        let segment = Segment {
            latest_start_unix_nano: latest.unwrap_or_default(),
            continues,
            bytes,
            ..segment(take_id(next_segment), Signal::Traces, group, origin, &encoded, services, ids.into_iter())
        };
        let mut encoded = encoded;
        let filters = [(VALUES, take(&mut encoded.values)), (TRIGRAMS, take(&mut encoded.trigrams))];
        let mut blobs = blobs(encoded);
        blobs.extend([(PARTS, packed), (FACTS, facts)]);
        blobs.extend(filters.into_iter().filter(|(_, filter)| !filter.is_empty()));
        new.push(NewSegment { segment: Arc::new(segment), blobs, block: Some(block) });
    }
    Ok(new)
}

/// Segments of the log records or points of a batch.
pub(super) fn of_items(
    signal: Signal,
    batch: &Batch<'_>,
    origin: Origin,
    group_of: impl Fn(u32) -> Group,
    next_segment: &mut u64,
) -> Result<Vec<NewSegment>, AppendError> {
    let mut groups: BTreeMap<Group, HashSet<u32>> = BTreeMap::new();
    for service in (0..).take(batch.services().len()) {
        groups.entry(group_of(service)).or_default().insert(service);
    }
    let mut new = Vec::with_capacity(groups.len());
    for (group, services) in groups {
        let only = batch.only(|service, _| services.contains(&service));
        let encoded = match signal {
            Signal::Metrics => segment::encode_points(&only),
            Signal::Logs | Signal::Traces => segment::encode_logs(&only),
        };
        let Some(encoded) = encoded.map_err(damaged)? else { continue };
        let traces: HashSet<TraceId> = if signal == Signal::Logs { only.traces_of_logs() } else { HashSet::new() };
        let traces: Vec<TraceId> = traces.into_iter().collect();
        let shares = shares(batch, &only.weights(|_| true));
        let id = take_id(next_segment);
        let segment = segment(id, signal, group, origin, &encoded, shares, traces.into_iter());
        new.push(NewSegment { segment: Arc::new(segment), blobs: blobs(encoded), block: None });
    }
    Ok(new)
}

fn shares(batch: &Batch<'_>, weights: &[Weight]) -> Vec<ServiceShare> {
    let share = |weight: &Weight| ServiceShare {
        name: batch.services().get(weight.service as usize).cloned().unwrap_or_default(),
        traces: 0,
        items: weight.items,
        bytes: weight.bytes,
    };
    weights.iter().map(share).collect()
}

fn blobs(encoded: Encoded) -> Vec<(u64, Vec<u8>)> {
    (0..).zip(encoded.blobs).chain([(HEADER, encoded.header)]).collect()
}

fn segment(
    id: u64,
    signal: Signal,
    group: Group,
    origin: Origin,
    encoded: &Encoded,
    services: Vec<ServiceShare>,
    traces: impl ExactSizeIterator<Item = TraceId>,
) -> Segment {
    Segment {
        id,
        signal,
        class: group.class,
        source: group.source,
        owner: group.owner,
        items: encoded.rows.into(),
        bytes: encoded.bytes() as u64,
        rows: origin.rows,
        received_unix_nano: origin.received_unix_nano,
        latest_start_unix_nano: 0,
        traces: traces.len() as u64,
        services,
        filter: TraceFilter::of(traces),
        continues: Vec::new(),
    }
}
