//! Deciding, before a commit, what of each request is stored, and under which row.

use std::collections::VecDeque;

use formats::{SpanColumns, WalkedRows};
use hashbrown::{HashMap, HashSet};
use model::{Signal, TraceId};

use super::{
    compare::Comparison,
    identities::{Identities, Known, Place},
    late::{Changed, Late},
    request::{Appended, Prepared},
};
use crate::{
    AppendError, Example, Reader,
    compact::Removed,
    index::Digest,
    ledger::Draft,
    left_out::LeftOut,
    read::{FoundPart, MAX_BODY_BYTES, ReadTurn},
    thinned::SpansByService,
};

/// What a writer knows of what is stored.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// The row of a body in the append level by its hash.
    pub(super) bodies: HashMap<u64, u64>,
    /// Hashes of bodies of log records and points that became segments lately.
    pub(super) compacted_bodies: RecentHashes,
    pub(super) identities: Identities,
    /// The row after the last one.
    pub(super) next_row: u64,
}

/// A row to write.
#[derive(Debug)]
pub(super) struct PlannedRow {
    pub(super) id: u64,
    pub(super) request: Prepared,
    pub(super) items: u64,
    pub(super) left_out: LeftOut,
    pub(super) digest: Digest,
    pub(super) digest_bytes: Vec<u8>,
}

/// Hashes of bodies, the oldest forgotten first.
#[derive(Debug, Default)]
pub(super) struct RecentHashes {
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

/// How many bodies that became segments are known by their hash.
pub(crate) const RECENT_BODIES: usize = 65_536;

impl RecentHashes {
    pub(super) fn add(&mut self, hash: u64) {
        if self.known.insert(hash) {
            self.order.push_back(hash);
        }
        while self.order.len() > RECENT_BODIES
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    fn contains(&self, hash: u64) -> bool {
        self.known.contains(&hash)
    }
}

impl Stored {
    /// After rows up to this one became segments; `hashes` are of the bodies of log records and points among
    /// them.
    pub(super) fn compacted(&mut self, up_to: u64, hashes: impl Iterator<Item = u64>) {
        self.identities.compacted(up_to);
        self.bodies.retain(|_, row| *row > up_to);
        hashes.for_each(|hash| self.compacted_bodies.add(hash));
    }

    /// Adds the spans that a row of the append level stores.
    pub(super) fn add_row(&mut self, row: u64, spans: &SpanColumns, left_out: &LeftOut) {
        let columns = spans.trace_id.iter().zip(&spans.span_id).zip(&spans.content_hash).zip(&spans.ordinal);
        for (((&trace_id, &span_id), &content_hash), &ordinal) in columns {
            if !left_out.contains(ordinal) {
                let place = Place::Row(row, ordinal);
                self.identities.add(Known { trace_id, span_id, content_hash: Some(content_hash), place });
            }
        }
    }
}

/// What a commit does. Until it is done the stored state is changed only in its identities, which
/// [`Plan::undo`] takes back.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rows: Vec<PlannedRow>,
    pub(super) outcomes: Vec<Appended>,
    pub(super) ledger: Draft,
    /// Thinned traces that change.
    pub(super) thinned: Changed,
    bodies: HashMap<u64, usize>,
    /// Traces that were looked for in segments, and what was found.
    looked_for: HashSet<TraceId>,
    parts: Vec<FoundPart>,
    next_row: u64,
}

impl Plan {
    /// A plan that starts from this ledger.
    pub(super) fn new(ledger: Draft, stored: &Stored) -> Self {
        Self {
            rows: Vec::new(),
            outcomes: Vec::new(),
            ledger,
            thinned: Changed::new(),
            bodies: HashMap::new(),
            looked_for: HashSet::new(),
            parts: Vec::new(),
            next_row: stored.next_row,
        }
    }

    /// Adds a request.
    ///
    /// # Errors
    /// What is stored could not be read. The plan cannot be used any more, but undone.
    pub(super) fn add(
        &mut self,
        request: Prepared,
        stored: &mut Stored,
        turn: &ReadTurn<'_>,
    ) -> Result<(), AppendError> {
        let rejected = request.walked.rejected.len() as u64;
        let accepted = request.accepted();
        let row = if accepted == 0 || self.is_repeated(&request, stored, turn)? {
            Row::default()
        } else {
            self.plan_row(rejected_ordinals(&request), &request, stored, turn)?
        };
        let (hidden, dropped) = (total(&row.hidden), total(&row.dropped));
        let outcome = Appended {
            stored: row.kept - hidden,
            duplicate: accepted - row.kept - dropped,
            sampled_out: hidden + dropped,
            rejected,
        };
        self.count(&request, &row);
        self.outcomes.push(outcome);
        if row.kept > 0 {
            self.push(row, request)?;
        }
        Ok(())
    }

    /// Counts what becomes of a request's items, of which so many are kept by service.
    fn count(&mut self, request: &Prepared, row: &Row) {
        let Prepared { signal, walked, .. } = request;
        let name = |text: u32| walked.texts.get(text as usize).map(String::as_str).unwrap_or_default();
        for (service, accepted) in by_service(services_of(&walked.rows).iter().copied()) {
            let of = |counts: &ByService| counts.get(&service).copied().unwrap_or_default();
            let (kept, hidden, dropped) = (of(&row.by_service), of(&row.hidden), of(&row.dropped));
            let counts = self.ledger.of(name(service), *signal);
            counts.received += accepted;
            counts.stored += kept - hidden;
            counts.sampled_out += hidden + dropped;
            counts.duplicate += accepted - kept - dropped;
        }
        for (service, spans) in &row.shown {
            self.ledger.of(service, Signal::Traces).bring_back(*spans);
        }
        for ((_, reason), &(service, of)) in walked.rejected.iter().zip(&walked.rejected_of) {
            let counts = self.ledger.of(name(service), *signal);
            counts.received += 1;
            *counts.rejected.entry(reason.name().to_owned()).or_default() += 1;
            let example = Example {
                at_unix_nano: request.received_at_unix_nano,
                sender: request.sender.map(|sender| sender.to_string()),
                sentence: reason.sentence().to_owned(),
                service: name(service).to_owned(),
                name: name(of).to_owned(),
            };
            self.ledger.rejected(reason.name(), example);
        }
    }

    fn push(&mut self, row: Row, request: Prepared) -> Result<(), AppendError> {
        let bytes = |result: postcard::Result<Vec<u8>>| result.map_err(|error| AppendError::Other(error.to_string()));
        self.bodies.insert(request.body_hash, self.rows.len());
        self.rows.push(PlannedRow {
            id: self.next_row,
            items: row.kept,
            left_out: row.left_out,
            digest_bytes: bytes(postcard::to_stdvec(&row.digest))?,
            digest: row.digest,
            request,
        });
        self.next_row += 1;
        Ok(())
    }

    /// Whether the same body is stored or about to be.
    fn is_repeated(&self, request: &Prepared, stored: &Stored, turn: &ReadTurn<'_>) -> Result<bool, AppendError> {
        if !request.repeats_are_duplicates() {
            return Ok(false);
        }
        if let Some(row) = self.bodies.get(&request.body_hash).and_then(|&at| self.rows.get(at)) {
            let other = &row.request;
            return Ok(other.signal == request.signal && same_body(request, other.compression, &other.body));
        }
        // Spans are told by their ids, but log records and points have none.
        if request.signal != Signal::Traces && stored.compacted_bodies.contains(request.body_hash) {
            return Ok(true);
        }
        let Some(&row) = stored.bodies.get(&request.body_hash) else { return Ok(false) };
        let other = turn.request(row)?;
        Ok(other
            .is_some_and(|other| other.signal == request.signal && same_body(request, other.compression, &other.body)))
    }

    /// The row of a request, which keeps nothing if nothing of it is left to store.
    fn plan_row(
        &mut self,
        mut left_out: Vec<u32>,
        request: &Prepared,
        stored: &mut Stored,
        turn: &ReadTurn<'_>,
    ) -> Result<Row, AppendError> {
        let texts = &request.walked.texts;
        let (by_service, digest) = match &request.walked.rows {
            WalkedRows::Spans(spans) => {
                let late = Late::of(request, &self.thinned, turn)?;
                let found = self.find_new(spans, request, late.dropped(), stored, turn)?;
                left_out.extend(found.duplicates);
                left_out.extend(late.dropped());
                let digest = Digest::of_spans(spans, texts, &found.kept);
                let at = |ordinal: &u32| spans.ordinal.binary_search(ordinal).ok();
                let dropped = late.dropped().iter().filter_map(|ordinal| spans.service.get(at(ordinal)?).copied());
                let dropped = by_service(dropped);
                let received = request.received_at_unix_nano;
                let (hidden, shown) = late.settle(spans, texts, &found.kept, received, &mut self.thinned);
                let services = found.kept.iter().filter_map(|&at| spans.service.get(at as usize).copied());
                let (kept, by_service) = (found.kept.len() as u64, by_service(services));
                return Ok(Row { kept, by_service, hidden, shown, dropped, left_out: LeftOut::new(left_out), digest });
            }
            WalkedRows::Logs(logs) => (by_service(logs.service.iter().copied()), Digest::of_logs(logs)),
            WalkedRows::Points(points) => (by_service(points.service.iter().copied()), Digest::default()),
        };
        let kept = total(&by_service);
        Ok(Row { kept, by_service, left_out: LeftOut::new(left_out), digest, ..Row::default() })
    }

    /// Tells new spans from duplicates, one after the other, so that a request can repeat itself too; but for those
    /// that are dropped.
    fn find_new(
        &mut self,
        spans: &SpanColumns,
        request: &Prepared,
        dropped: &[u32],
        stored: &mut Stored,
        turn: &ReadTurn<'_>,
    ) -> Result<Found, AppendError> {
        let mut found = Found { kept: Vec::with_capacity(spans.ordinal.len()), duplicates: Vec::new() };
        let mut comparison = Comparison::default();
        let mut last = None;
        let columns = spans.trace_id.iter().zip(&spans.span_id).zip(&spans.content_hash).zip(&spans.ordinal);
        for (at, (((&trace_id, &span_id), &content_hash), &ordinal)) in (0..).zip(columns) {
            if dropped.binary_search(&ordinal).is_ok() {
                continue;
            }
            if last.replace(trace_id) != Some(trace_id) {
                self.complete(trace_id, stored, turn)?;
            }
            let new = Known {
                trace_id,
                span_id,
                content_hash: Some(content_hash),
                place: Place::Row(self.next_row, ordinal),
            };
            if self.is_duplicate(&new, request, &mut comparison, &stored.identities, turn)? {
                found.duplicates.push(ordinal);
            } else {
                stored.identities.add(new);
                found.kept.push(at);
            }
        }
        Ok(found)
    }

    fn is_duplicate(
        &self,
        new: &Known,
        request: &Prepared,
        comparison: &mut Comparison,
        identities: &Identities,
        turn: &ReadTurn<'_>,
    ) -> Result<bool, AppendError> {
        let known = || identities.of(new.trace_id, new.span_id);
        if known().any(|known| known.content_hash == new.content_hash) {
            return Ok(true);
        }
        for known in known() {
            if let Place::Row(row, _) = known.place
                && identities.is_compacted(row)
            {
                // The row may be gone: what became of its spans is in segments.
                comparison.add_segments(turn.spans_of_trace(new.trace_id)?);
                if !comparison.has(new.place) {
                    comparison.add_prepared(self.next_row, request);
                }
                if comparison.is_in_segments(new.place) {
                    return Ok(true);
                }
                continue;
            }
            if !comparison.has(known.place) {
                match known.place {
                    Place::Row(row, _) => match self.rows.iter().find(|planned| planned.id == row) {
                        Some(planned) => comparison.add_prepared(row, &planned.request),
                        None if row == self.next_row => comparison.add_prepared(row, request),
                        None => comparison.add_stored(row, turn.request(row)?.as_ref()),
                    },
                    Place::Segment(segment, _) => comparison.add_segments(turn.spans_of(segment, new.trace_id)?),
                }
            }
            // Making room may have put this request out.
            if !comparison.has(new.place) {
                comparison.add_prepared(self.next_row, request);
            }
            if comparison.same(new.place, known.place) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sees to it that what segments have of a trace is known.
    fn complete(&mut self, trace_id: TraceId, stored: &mut Stored, turn: &ReadTurn<'_>) -> Result<(), AppendError> {
        if stored.identities.is_complete(trace_id) || turn.has_no_parts(trace_id) || !self.looked_for.insert(trace_id) {
            return Ok(());
        }
        let found = turn.parts_of(trace_id)?;
        if found.is_empty() {
            return Ok(());
        }
        for part in &found {
            if stored.identities.knows_from(part.first_row) {
                continue;
            }
            for (row, span_id) in turn.span_ids_of(part.segment, trace_id)? {
                let place = Place::Segment(part.segment, row);
                stored.identities.add(Known { trace_id, span_id, content_hash: None, place });
            }
        }
        stored.identities.completed(trace_id);
        self.parts.extend(found);
        Ok(())
    }

    /// Plans that hidden traces are taken from the disk; `false` if one of them is to be shown, or got something,
    /// since that was begun: then nothing is planned.
    pub(super) fn remove(&mut self, removed: &[Removed], reader: &Reader) -> bool {
        let catalogue = reader.catalogue();
        let mut changes = Vec::with_capacity(removed.len());
        for Removed { trace_id, spans, at_unix_nano } in removed {
            let is_touched = self.thinned.contains_key(trace_id) || catalogue.index.holders(*trace_id).1;
            let known = catalogue.thinned.get(*trace_id).filter(|thinned| thinned.is_hidden() && !is_touched);
            let Some(thinned) = known else { return false };
            let mut left = thinned.clone();
            left.remove(spans);
            left.touched_unix_nano = left.touched_unix_nano.max(*at_unix_nano);
            changes.push((*trace_id, Some(left)));
        }
        self.thinned.extend(changes);
        true
    }

    /// Takes that back.
    pub(super) fn remove_not(&mut self, removed: &[Removed]) {
        for Removed { trace_id, .. } in removed {
            self.thinned.remove(trace_id);
        }
    }

    /// After the commit: what was planned is stored.
    pub(super) fn apply(&self, stored: &mut Stored, reader: &Reader) {
        let mut catalogue = reader.catalogue_mut();
        for part in &self.parts {
            catalogue.index.add_part(part.segment, &part.block, part.at);
        }
        for row in &self.rows {
            catalogue.index.apply(row.id, &row.digest);
            stored.bodies.insert(row.request.body_hash, row.id);
        }
        stored.next_row = self.next_row;
    }

    /// After a failure: nothing of what was planned is stored.
    pub(super) fn undo(self, stored: &mut Stored) {
        stored.identities.undo(stored.next_row);
        // The index was not told of their parts: they are to be looked for again.
        let completed = self.parts.iter().filter_map(|part| part.block.part(part.at));
        stored.identities.not_completed(&completed.map(|part| part.fragment.trace_id).collect());
    }
}

/// Items by service, an index in the texts of their request.
pub(super) type ByService = HashMap<u32, u64>;

/// What is known of a row before it has its number.
#[derive(Default)]
struct Row {
    /// Items that it stores.
    kept: u64,
    /// The same by service, an index in the request's texts; so are the next and the last.
    by_service: ByService,
    /// Of these, spans of traces that are hidden.
    hidden: ByService,
    /// Spans stored before that are shown again because of it, by the name of their service.
    shown: SpansByService,
    /// Spans of thinned traces that it does not store.
    dropped: ByService,
    left_out: LeftOut,
    digest: Digest,
}

/// The spans of a request, told apart.
struct Found {
    /// Positions in the columns.
    kept: Vec<u32>,
    /// Ordinals.
    duplicates: Vec<u32>,
}

fn services_of(rows: &WalkedRows) -> &[u32] {
    match rows {
        WalkedRows::Spans(spans) => &spans.service,
        WalkedRows::Logs(logs) => &logs.service,
        WalkedRows::Points(points) => &points.service,
    }
}

fn total(by_service: &ByService) -> u64 {
    by_service.values().sum()
}

/// How often each service is named. They come in runs, and mostly are few.
fn by_service(services: impl Iterator<Item = u32>) -> ByService {
    let mut counts = ByService::new();
    let (mut run, mut length) = (None, 0);
    for service in services {
        if run != Some(service)
            && let Some(before) = run.replace(service)
        {
            *counts.entry(before).or_default() += std::mem::take(&mut length);
        }
        length += 1;
    }
    if let Some(last) = run {
        *counts.entry(last).or_default() += length;
    }
    counts
}

/// Ordinals that a request leaves out from the start.
fn rejected_ordinals(request: &Prepared) -> Vec<u32> {
    request.walked.rejected.iter().map(|(ordinal, _)| *ordinal).collect()
}

/// Whether a request has the same body as one that is stored.
fn same_body(request: &Prepared, compression: formats::Compression, body: &[u8]) -> bool {
    if request.compression == compression && request.body == body {
        return true;
    }
    let plain = |compression, body: &[u8]| formats::decompress(compression, body, MAX_BODY_BYTES).ok();
    plain(request.compression, &request.body)
        .is_some_and(|ours| plain(compression, body).is_some_and(|theirs| ours == theirs))
}
