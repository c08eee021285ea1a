//! The way out: the catalogue in memory, the bodies of the append level, and segments, read as one.

mod aggregates;
mod connection;
mod contents;
mod edges;
mod fresh;
mod joined;
mod moment;
mod rows;
mod sampling;
mod segments;
mod trace;
mod turn;
mod unreadable;

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use hashbrown::{HashMap, HashSet};
use model::{Signal, TraceId};
use query::Subject;
use segment::SpanSegment;
use tokio::sync::watch;

pub use contents::{StoredLog, StoredResource, StoredScope, StoredSpan, TraceContents};

use crate::{
    DataDir, Ledger, OpenError, ReadError, Sizes, TraceSummary,
    compact::NewSegment,
    index::{Digest, Index},
    ledger::{self, LedgerState},
    schema::{self, Content},
    search::{Next, SearchFor, decoded, root},
    segments::{Class, SegmentCache, Segments},
    thinned::{Changes, ThinnedTraces},
};
pub(crate) use aggregates::{StoredAggregate, in_background};
use connection::ReadConnection;
pub(crate) use joined::joined;
pub(crate) use rows::{DigestedRequest, MAX_BODY_BYTES, StoredRequest, steps};
pub(crate) use segments::{FoundPart, OfTrace, damaged};
pub(crate) use trace::both_or_none;
pub(crate) use turn::{ReadTurn, into_append};
pub use unreadable::Unreadable;
pub(crate) use unreadable::past_damage;

/// How often what changed under a reader is looked for again.
const ATTEMPTS: usize = 8;

/// Reads a data directory. Clones share everything.
#[derive(Debug, Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    dir: DataDir,
    is_writers: bool,
    /// The trace with which alone it concerns itself.
    only: Option<TraceId>,
    catalogue: RwLock<Catalogue>,
    cache: Mutex<SegmentCache>,
    /// Segments that do not read, and why.
    unreadable: Mutex<BTreeMap<u64, String>>,
    ledger: Mutex<LedgerState>,
    sequence: watch::Sender<u64>,
    connection: ReadConnection,
    fresh: tokio::sync::Mutex<fresh::Fresh>,
    /// One at a time takes in what is new.
    taken_in: tokio::sync::Mutex<TakenIn>,
}

/// What is stored, at one moment.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    pub(crate) index: Index,
    pub(crate) segments: Segments,
    /// Up to which row of the append level all is in segments.
    pub(crate) compacted_row: u64,
    /// Traces that stay for ever.
    pub(crate) pinned: HashSet<TraceId>,
    /// Traces that a rule of sampling thinned. The index and the segments list those that are on disk, readers do
    /// not.
    pub(crate) thinned: ThinnedTraces,
    /// Bytes of requests that are in no segment yet, as the writer counts them.
    pub(crate) waiting_bytes: u64,
    /// Whether the index holds all traces that are in several segments. Who reads does not need them, and to find them
    /// takes long.
    pub(crate) is_joined: bool,
}

impl Catalogue {
    /// When the last of a trace arrived that is not in this segment, nanoseconds since the Unix epoch, as near
    /// as the segments' descriptions tell; `None` if all of it is there.
    pub(crate) fn last_arrival_elsewhere(&self, trace_id: TraceId, segment: u64) -> Option<u64> {
        let (holders, is_in_rows) = self.index.holders(trace_id);
        if is_in_rows {
            return Some(u64::MAX);
        }
        let others = holders.filter(|holder| *holder != segment).filter_map(|holder| self.segments.get(holder));
        others.map(|other| other.received_unix_nano.1).max()
    }
}

/// What a reader knows of the file.
#[derive(Debug, Default)]
struct TakenIn {
    has_tables: bool,
    /// Which set of segments it was; `None` before the first.
    generation: Option<i64>,
}

impl Reader {
    /// Opens a directory for reading, beside a running writer or without one. Neither the database nor
    /// its write-ahead log is created or changed. A directory without a database is empty.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_read_only(dir: &DataDir) -> Result<Self, OpenError> {
        Self::open(dir, None).await
    }

    /// The same for who asks for one trace and for nothing else: of everything else nothing is read, so that it takes hardly
    /// longer where much is stored.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_for_trace(dir: &DataDir, trace_id: TraceId) -> Result<Self, OpenError> {
        Self::open(dir, Some(trace_id)).await
    }

    async fn open(dir: &DataDir, only: Option<TraceId>) -> Result<Self, OpenError> {
        let reader = Self::new(dir, false, only);
        match reader.refresh().await {
            Ok(()) => Ok(reader),
            Err(error) => Err(error.into_open(dir)),
        }
    }

    /// The reader of a writer, which tells it what is committed.
    pub(crate) fn of_writer(dir: &DataDir) -> Self {
        Self::new(dir, true, None)
    }

    fn new(dir: &DataDir, is_writers: bool, only: Option<TraceId>) -> Self {
        let shared = Shared {
            dir: dir.clone(),
            is_writers,
            only,
            catalogue: RwLock::default(),
            cache: Mutex::default(),
            unreadable: Mutex::default(),
            ledger: Mutex::default(),
            sequence: watch::Sender::new(0),
            connection: ReadConnection::new(dir.database_path()),
            fresh: tokio::sync::Mutex::default(),
            taken_in: tokio::sync::Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Takes in what another process has committed since. The reader of a writer is always up to date.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn refresh(&self) -> Result<(), ReadError> {
        if self.shared.is_writers {
            return Ok(());
        }
        self.load().await
    }

    /// Takes in the segments, the digests that are not in the index yet, and the ledger.
    pub(crate) async fn load(&self) -> Result<(), ReadError> {
        let mut taken_in = self.shared.taken_in.lock().await;
        if !taken_in.has_tables {
            taken_in.has_tables = match schema::inspect(&self.shared.dir).await? {
                Content::Empty => return Ok(()),
                Content::Tables => true,
                Content::Older(found) => {
                    return Err(OpenError::Older { path: self.shared.dir.database_path(), found }.into());
                }
            };
        }
        let moment = self.moment(taken_in.generation).await?;
        let (mut index, segments) = match moment.segments {
            None => (None, self.catalogue().segments.clone()),
            // Which traces the index holds has changed: it is made anew from what the append level has.
            Some(segments) => (Some(self.catalogue().index.emptied(moment.compacted)), segments),
        };
        self.take_in_digests(moment.digests, index.as_mut(), &segments).await?;
        if let Some(index) = index {
            let (compacted_row, pinned, thinned) = (moment.compacted, moment.pinned, moment.thinned);
            *self.catalogue_mut() =
                Catalogue { index, segments, compacted_row, pinned, thinned, waiting_bytes: 0, is_joined: false };
        }
        taken_in.generation = Some(moment.generation);
        if self.shared.only.is_some() {
            return Ok(());
        }
        let services = self.shared.connection.rows(ledger::SERVICES, 1, i64::MAX).await?;
        let rest = self.shared.connection.rows(ledger::REST, 0, 1).await?;
        let (services, rest) = ledger::read(&services, rest.first())
            .map_err(|detail| ReadError::Damaged { row: 0, detail: format!("the ledger: {detail}") })?;
        self.ledger_state().load(services, rest);
        self.announce();
        Ok(())
    }

    /// Sees to it that the index holds the traces that are in several segments.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub(crate) async fn join(&self) -> Result<(), ReadError> {
        let _taken_in = self.shared.taken_in.lock().await;
        let segments = {
            let catalogue = self.catalogue();
            if catalogue.is_joined {
                return Ok(());
            }
            catalogue.segments.clone()
        };
        let mut joined: HashMap<TraceId, Vec<FoundPart>> = HashMap::new();
        let has_continued = segments.has_continued();
        for segment in segments.iter().filter(|segment| segment.signal == Signal::Traces && has_continued) {
            let Some(block) = past_damage(self.block(segment).await)? else { continue };
            for (at, part) in block.parts().iter().enumerate() {
                if segments.is_continued(part.fragment.trace_id) {
                    let found = FoundPart::new(segment, &block, at);
                    joined.entry(part.fragment.trace_id).or_default().push(found);
                }
            }
        }
        let mut catalogue = self.catalogue_mut();
        for (trace_id, parts) in joined.into_iter().filter(|(_, parts)| parts.len() > 1) {
            // A writer may have published meanwhile; what it published it knows to the full.
            let is_same = parts.iter().all(|part| catalogue.segments.get(part.segment).is_some());
            if is_same && !catalogue.index.knows_parts(trace_id) {
                parts.iter().for_each(|part| catalogue.index.add_part(part.segment, &part.block, part.at));
            }
        }
        catalogue.is_joined = true;
        Ok(())
    }

    /// Takes digests into this index, or into the one that is there.
    async fn take_in_digests(
        &self,
        digests: Vec<(u64, Digest)>,
        index: Option<&mut Index>,
        segments: &Segments,
    ) -> Result<(), ReadError> {
        let mut parts: HashMap<TraceId, Vec<FoundPart>> = HashMap::new();
        let mut traces: HashSet<TraceId> = HashSet::new();
        let is_wanted = |trace_id| self.shared.only.is_none_or(|only| only == trace_id);
        for (_, digest) in &digests {
            traces.extend(digest.spans.iter().map(|fragment| fragment.trace_id).filter(|id| is_wanted(*id)));
        }
        for trace_id in traces {
            let is_known = match &index {
                Some(index) => index.knows_parts(trace_id),
                None => self.catalogue().index.knows_parts(trace_id),
            };
            if !is_known && !segments.is_empty() {
                parts.insert(trace_id, self.find_parts(segments, trace_id).await?);
            }
        }
        let apply = |index: &mut Index| {
            for part in parts.values().flatten() {
                index.add_part(part.segment, &part.block, part.at);
            }
            for (row, digest) in &digests {
                index.apply_of(*row, digest, is_wanted);
            }
        };
        match index {
            Some(index) => apply(index),
            None => apply(&mut self.catalogue_mut().index),
        }
        Ok(())
    }

    /// The newest row that was ever there.
    pub(crate) fn last_row(&self) -> u64 {
        self.catalogue().index.last_row()
    }

    /// Up to which row of the append level all is in segments.
    pub(crate) async fn compacted_row(&self) -> Result<u64, ReadError> {
        Ok(self.level().await?.0)
    }

    /// After these segments were published, with which rows up to this one became dead; up to which they
    /// were before.
    pub(crate) fn published(&self, row: u64, new: &[NewSegment]) -> u64 {
        let mut catalogue = self.catalogue_mut();
        let before = std::mem::replace(&mut catalogue.compacted_row, row);
        let blocks = new.iter().filter_map(|new| Some((new.segment.id, new.block.as_deref()?)));
        catalogue.index.compacted(row, &blocks.collect::<Vec<_>>());
        catalogue.segments.publish(new.iter().map(|new| Arc::clone(&new.segment)), &[]);
        drop(catalogue);
        self.remember_blocks(new);
        before
    }

    /// After segments were replaced by what is kept of them. What the index holds of their traces is made anew.
    pub(crate) async fn let_go(&self, replaced: &[u64], new: &[NewSegment]) -> Result<(), ReadError> {
        let (affected, segments) = {
            let catalogue = self.catalogue();
            let mut segments = catalogue.segments.clone();
            segments.publish(new.iter().map(|new| Arc::clone(&new.segment)), replaced);
            (catalogue.index.with_parts_in(replaced), segments)
        };
        self.remember_blocks(new);
        let mut again = Vec::with_capacity(affected.len());
        for (trace_id, rows) in affected {
            let parts = self.find_parts(&segments, trace_id).await?;
            let mut digests = Vec::with_capacity(rows.len());
            for row in rows {
                if let Some(DigestedRequest { digest, .. }) = self.row(row).await? {
                    digests.push((row, digest));
                }
            }
            again.push((trace_id, parts, digests));
        }
        let mut catalogue = self.catalogue_mut();
        catalogue.segments = segments;
        self.cache().forget(replaced);
        for (trace_id, parts, digests) in again {
            catalogue.index.forget(trace_id);
            if parts.len() > 1 || !digests.is_empty() {
                parts.iter().for_each(|part| catalogue.index.add_part(part.segment, &part.block, part.at));
                digests.iter().for_each(|(row, digest)| catalogue.index.apply_of(*row, digest, |id| id == trace_id));
            }
        }
        Ok(())
    }

    /// After segments were replaced by others.
    pub(crate) fn merged(&self, replaced: &[u64], new: &[NewSegment]) {
        let mut catalogue = self.catalogue_mut();
        for new in new {
            if let Some(block) = &new.block {
                catalogue.index.merged(replaced, new.segment.id, block);
            }
        }
        catalogue.segments.publish(new.iter().map(|new| Arc::clone(&new.segment)), replaced);
        drop(catalogue);
        self.cache().forget(replaced);
        self.remember_blocks(new);
    }

    /// After changes of thinned traces were committed.
    pub(crate) fn thinned(&self, changes: Changes) {
        let thinned = &mut self.catalogue_mut().thinned;
        changes.into_iter().for_each(|(trace_id, change)| thinned.set(trace_id, change));
    }

    fn remember_blocks(&self, new: &[NewSegment]) {
        for new in new {
            if let Some(block) = &new.block {
                self.cache().add_block(new.segment.id, block);
            }
        }
    }

    /// Tells who waits for changes.
    pub(crate) fn announce(&self) {
        let sequence = self.sequence();
        self.shared.sequence.send_if_modified(|known| std::mem::replace(known, sequence) != sequence);
    }

    /// Closes the connection; reading again opens a new one.
    pub(crate) async fn close_connection(&self) {
        self.shared.connection.close().await;
    }

    // A panic while a lock was held is a defect; what is behind it is whole between two statements.
    pub(crate) fn catalogue(&self) -> RwLockReadGuard<'_, Catalogue> {
        self.shared.catalogue.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn catalogue_mut(&self) -> RwLockWriteGuard<'_, Catalogue> {
        self.shared.catalogue.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn cache(&self) -> MutexGuard<'_, SegmentCache> {
        self.shared.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ledger_state(&self) -> MutexGuard<'_, LedgerState> {
        self.shared.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sequence number of the newest commit that brought spans, or log records of a trace. It only
    /// grows, not always by one, and is the same for every reader of a directory.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.catalogue().index.sequence()
    }

    /// Follows [`Reader::sequence`].
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.sequence.subscribe()
    }

    /// Visits the traces that had arrived at a sequence number (`None`: all), newest start first, until
    /// told to stop. Segments are read as the list comes to them; of those that do not read see
    /// [`Reader::unreadable`].
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn traces(
        &self,
        as_of: Option<u64>,
        mut visit: impl FnMut(&TraceSummary) -> ControlFlow<()>,
    ) -> Result<(), ReadError> {
        let mut search = self.search(SearchFor { as_of, ..SearchFor::default() });
        while let Next::Trace(found) = search.next(None).await? {
            if visit(&found.summary).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// A trace in a line, of all its parts in these segments; `None` where none reads. [`ReadError::Unsettled`] where
    /// one of the segments is gone.
    pub(crate) async fn joined(
        &self,
        segments: &Segments,
        trace_id: TraceId,
    ) -> Result<Option<TraceSummary>, ReadError> {
        let is_listed = |segment| segments.get(segment).is_some();
        if let Some(known) = self.catalogue().index.summary_of_parts(trace_id, is_listed) {
            return Ok(Some(known));
        }
        if let Some(parts) = past_damage(self.known_parts(segments, trace_id).await)? {
            return Ok(joined(&parts));
        }
        match self.try_find_parts(segments, trace_id).await {
            Ok(parts) => Ok(joined(&parts.ok_or(ReadError::Unsettled)?)),
            Err(ReadError::Segment { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Traces stored. Until those in several segments were looked up, one that is left in a single one of them may not
    /// be counted.
    #[must_use]
    pub fn trace_count(&self) -> u64 {
        let catalogue = self.catalogue();
        let continues = catalogue.segments.iter().flat_map(|segment| &segment.continues);
        let unknown = continues.filter(|trace_id| !catalogue.is_joined && !catalogue.index.knows_parts(**trace_id));
        let spans = catalogue.segments.iter().filter(|segment| segment.signal == Signal::Traces);
        let in_segments: u64 = spans.map(|segment| segment.traces).sum();
        let listed = in_segments.saturating_add_signed(catalogue.index.traces_beyond_segments());
        let listed = listed.saturating_sub(unknown.count() as u64);
        listed.saturating_sub(catalogue.thinned.hidden_count())
    }

    /// Services by name, each with the number of traces in which it takes part.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn services(&self) -> Result<Vec<(String, u64)>, ReadError> {
        self.join().await?;
        let catalogue = self.catalogue();
        let mut counts: HashMap<String, i64> = HashMap::from_iter(catalogue.index.services_beyond_segments());
        for share in catalogue.segments.iter().flat_map(|segment| &segment.services) {
            *counts.entry_ref(share.name.as_str()).or_default() += share.traces.cast_signed();
        }
        for service in
            catalogue.thinned.hidden().flat_map(|(_, thinned)| thinned.hidden.iter().map(|(service, _)| service))
        {
            *counts.entry_ref(&**service).or_default() -= 1;
        }
        let counts = counts.into_iter().filter(|(_, traces)| *traces > 0);
        let mut counts: Vec<_> = counts.map(|(service, traces)| (service, traces.unsigned_abs())).collect();
        counts.sort_unstable();
        Ok(counts)
    }

    /// A trace in a line; `None` if no span of it is stored, or a rule of sampling hides it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn summary(&self, trace_id: TraceId) -> Result<Option<TraceSummary>, ReadError> {
        if self.catalogue().thinned.is_hidden(trace_id) {
            return Ok(None);
        }
        for _ in 0..ATTEMPTS {
            let (summary, segments, last_sequence) = {
                let catalogue = self.catalogue();
                let summary = catalogue.index.summary(trace_id);
                (summary, catalogue.segments.clone(), catalogue.index.last_sequence(trace_id))
            };
            if summary.is_some() {
                return Ok(summary);
            }
            match self.try_find_parts(&segments, trace_id).await? {
                Some(parts) => {
                    return Ok(joined(&parts).map(|summary| TraceSummary {
                        last_sequence: summary.last_sequence.max(last_sequence),
                        ..summary
                    }));
                }
                None => self.refresh().await?,
            }
        }
        Err(ReadError::Unsettled)
    }

    /// A trace in a line as it is now, if something of it is in no segment yet.
    #[must_use]
    pub fn growing(&self, trace_id: TraceId) -> Option<TraceSummary> {
        self.catalogue().index.summary(trace_id)
    }

    /// The first and the last start of what is stored, nanoseconds since the Unix epoch; `None` where nothing is.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn starts(&self) -> Result<Option<(u64, u64)>, ReadError> {
        let (fresh, segments) = {
            let catalogue = self.catalogue();
            (catalogue.index.starts(), catalogue.segments.clone())
        };
        let mut starts = fresh;
        for segment in segments.iter().filter(|segment| segment.signal == Signal::Traces) {
            let first = past_damage(self.earliest_start(segment.id).await)?;
            let last = segment.latest_start_unix_nano;
            let first = first.unwrap_or(last).min(last);
            starts = Some(starts.map_or((first, last), |(a, b): (u64, u64)| (a.min(first), b.max(last))));
        }
        Ok(starts)
    }

    /// The earliest start in a segment of spans; `None` if it is gone, or has none.
    async fn earliest_start(&self, segment: u64) -> Result<Option<u64>, ReadError> {
        if let Some(known) = self.cache().earliest_start(segment) {
            return Ok(Some(known));
        }
        let spans = self.spans_with(segment, SpanSegment::blobs_of_earliest_start).await?;
        let earliest = spans.map(|spans| spans.earliest_start_unix_nano()).transpose();
        let earliest = self.noted(earliest.map_err(|error| damaged(segment, &error)))?.flatten();
        if let Some(earliest) = earliest {
            self.cache().add_earliest_start(segment, earliest);
        }
        Ok(earliest)
    }

    /// What a trace has of each of these, as text: what the span has that names it, or the first of its spans that has
    /// something.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn values_of(&self, trace_id: TraceId, of: &[Subject]) -> Result<Vec<Option<String>>, ReadError> {
        let contents = past_damage(self.trace(trace_id).await)?.unwrap_or_default();
        let mut spans = decoded(&contents);
        spans.sort_by_key(|span| span.span.start_unix_nano);
        if let Some(root) = root(&spans) {
            let root = spans.remove(root);
            spans.insert(0, root);
        }
        let value = |subject: &Subject| {
            spans.iter().find_map(|span| {
                let mut first = None;
                subject.texts(span, &mut |text| _ = first.get_or_insert_with(|| text.to_owned()));
                first
            })
        };
        Ok(of.iter().map(value).collect())
    }

    /// The sequence number of the latest commit that brought something of a trace; `None` if no span of it is stored, or a
    /// rule of sampling hides it. Of what segments say only where the spans of the trace lie is read.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn last_sequence(&self, trace_id: TraceId) -> Result<Option<u64>, ReadError> {
        if self.catalogue().thinned.is_hidden(trace_id) {
            return Ok(None);
        }
        for _ in 0..ATTEMPTS {
            let (is_listed, last_sequence, segments) = {
                let catalogue = self.catalogue();
                let segments: Vec<_> =
                    catalogue.segments.that_may_hold(Signal::Traces, trace_id).map(Arc::clone).collect();
                (catalogue.index.knows_parts(trace_id), catalogue.index.last_sequence(trace_id), segments)
            };
            if is_listed {
                return Ok(Some(last_sequence));
            }
            match self.try_last_row(&segments, trace_id).await? {
                Some(row) => return Ok(row.map(|row| row.max(last_sequence))),
                None => self.refresh().await?,
            }
        }
        Err(ReadError::Unsettled)
    }

    /// Whether a span of the trace is stored.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn contains(&self, trace_id: TraceId) -> Result<bool, ReadError> {
        Ok(self.summary(trace_id).await?.is_some())
    }

    /// Traces that are pinned.
    #[must_use]
    pub fn pinned(&self) -> Vec<TraceId> {
        let mut pinned: Vec<TraceId> = self.catalogue().pinned.iter().copied().collect();
        pinned.sort_unstable();
        pinned
    }

    /// What takes the space on disk.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let catalogue = self.catalogue();
        let mut sizes = Sizes { waiting_bytes: catalogue.waiting_bytes, ..Sizes::default() };
        let mut by_service: HashMap<(&str, Signal), (u64, u64)> = HashMap::new();
        for segment in catalogue.segments.iter() {
            if segment.class == Class::Pinned {
                sizes.pinned_bytes += segment.bytes;
            }
            for (service, items, _, bytes) in segment.bytes_by_service() {
                let sum = by_service.entry((service, segment.signal)).or_default();
                *sum = (sum.0 + items, sum.1 + bytes);
            }
        }
        let rows = by_service
            .into_iter()
            .map(|((service, signal), (items, bytes))| (service.to_owned(), signal, items, bytes));
        sizes.by_service = rows.collect();
        sizes.by_service.sort_unstable_by(|a, b| (b.3, &a.0, a.1).cmp(&(a.3, &b.0, b.1)));
        sizes
    }

    /// At most `max` traces that got spans or log records after a sequence number, latest first. Only the
    /// latest some ten thousand changes are remembered.
    #[must_use]
    pub fn changed_since(&self, sequence: u64, max: usize) -> Vec<TraceId> {
        let catalogue = self.catalogue();
        catalogue.index.changed_since(sequence, max, |trace_id| !catalogue.thinned.is_hidden(trace_id))
    }

    /// Spans that were let go until now, for whatever reason.
    #[must_use]
    pub fn spans_let_go(&self) -> u64 {
        self.ledger_state().let_go_spans()
    }

    /// The ledger as of the newest commit that this reader has seen; for the reader of a writer with
    /// everything turned away until now.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger_state().now()
    }
}

impl ReadError {
    pub(crate) fn into_open(self, dir: &DataDir) -> OpenError {
        let path = dir.database_path();
        match self {
            Self::Open(error) => error,
            Self::Database(source) => OpenError::Database { path, source },
            Self::Unsettled => OpenError::Damaged { path, detail: self.to_string() },
            Self::Damaged { row, detail } => OpenError::Damaged { path, detail: format!("row {row}, {detail}") },
            Self::Segment { segment, detail } => {
                OpenError::Damaged { path, detail: format!("segment {segment}, {detail}") }
            }
        }
    }
}
