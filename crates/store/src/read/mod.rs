//! The way out: the catalogue in memory, the bodies of the append level, and segments, read as one.

mod aggregates;
mod connection;
mod contents;
mod edges;
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
use tokio::sync::watch;

pub use contents::{StoredLog, StoredResource, StoredScope, StoredSpan, TraceContents};

use crate::{
    DataDir, Ledger, OpenError, ReadError, Sizes, TraceSummary,
    compact::NewSegment,
    index::{Digest, Index},
    ledger::{self, LedgerState},
    schema::{self, Content},
    segments::{Class, Cursor, SegmentCache, Segments},
    thinned::{Changes, ThinnedTraces},
};
pub(crate) use aggregates::StoredAggregate;
use connection::ReadConnection;
pub(crate) use rows::{DigestedRequest, MAX_BODY_BYTES, StoredRequest, steps};
pub(crate) use segments::{FoundPart, damaged};
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
    catalogue: RwLock<Catalogue>,
    cache: Mutex<SegmentCache>,
    /// Segments that do not read, and why.
    unreadable: Mutex<BTreeMap<u64, String>>,
    ledger: Mutex<LedgerState>,
    sequence: watch::Sender<u64>,
    connection: ReadConnection,
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
    /// The same when the traces in several segments were last looked up. Who asks for one trace does not need
    /// them, and they take the longest.
    joined: Option<i64>,
}

impl Reader {
    /// Opens a directory for reading, beside a running writer or without one. Neither the database nor
    /// its write-ahead log is created or changed. A directory without a database is empty.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_read_only(dir: &DataDir) -> Result<Self, OpenError> {
        let reader = Self::new(dir, false);
        match reader.refresh().await {
            Ok(()) => Ok(reader),
            Err(error) => Err(error.into_open(dir)),
        }
    }

    /// The reader of a writer, which tells it what is committed.
    pub(crate) fn of_writer(dir: &DataDir) -> Self {
        Self::new(dir, true)
    }

    fn new(dir: &DataDir, is_writers: bool) -> Self {
        let shared = Shared {
            dir: dir.clone(),
            is_writers,
            catalogue: RwLock::default(),
            cache: Mutex::default(),
            unreadable: Mutex::default(),
            ledger: Mutex::default(),
            sequence: watch::Sender::new(0),
            connection: ReadConnection::new(dir.database_path()),
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
            *self.catalogue_mut() = Catalogue { index, segments, compacted_row, pinned, thinned, waiting_bytes: 0 };
        }
        taken_in.generation = Some(moment.generation);
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
        let mut taken_in = self.shared.taken_in.lock().await;
        if taken_in.joined == taken_in.generation {
            return Ok(());
        }
        let segments = self.catalogue().segments.clone();
        let continues: HashSet<TraceId> =
            segments.iter().flat_map(|segment| segment.continues.iter().copied()).collect();
        let mut joined: HashMap<TraceId, Vec<FoundPart>> = HashMap::new();
        for segment in segments.iter().filter(|segment| segment.signal == Signal::Traces && !continues.is_empty()) {
            let Some(block) = past_damage(self.block(segment).await)? else { continue };
            for (at, part) in block.parts().iter().enumerate() {
                if continues.contains(&part.fragment.trace_id) {
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
        drop(catalogue);
        taken_in.joined = taken_in.generation;
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
        for (_, digest) in &digests {
            traces.extend(digest.spans.iter().map(|fragment| fragment.trace_id));
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
                index.apply(*row, digest);
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
        let as_of = as_of.unwrap_or(u64::MAX);
        for _ in 0..ATTEMPTS {
            self.join().await?;
            let mut cursor = {
                let catalogue = self.catalogue();
                Cursor::new(&catalogue.index, &catalogue.segments)
            };
            let mut has_begun = false;
            let is_whole = loop {
                if let Some(segment) = cursor.needs() {
                    match self.block(&segment).await {
                        Ok(Some(block)) => cursor.open(block),
                        // It was replaced and deleted since: the list is begun again, if nobody has seen it.
                        Ok(None) if has_begun => break true,
                        Ok(None) => break false,
                        Err(ReadError::Segment { .. }) => cursor.pass(),
                        Err(error) => return Err(error),
                    }
                    continue;
                }
                let Some(summary) = cursor.next() else { break true };
                let is_hidden = self.catalogue().thinned.is_hidden(summary.trace_id);
                if summary.first_sequence <= as_of && !is_hidden {
                    has_begun = true;
                    if visit(&summary).is_break() {
                        break true;
                    }
                }
            };
            if is_whole {
                return Ok(());
            }
            self.refresh().await?;
        }
        Err(ReadError::Unsettled)
    }

    /// Traces stored; a reader that has not listed them yet may count one twice that is in several segments.
    #[must_use]
    pub fn trace_count(&self) -> u64 {
        let catalogue = self.catalogue();
        let spans = catalogue.segments.iter().filter(|segment| segment.signal == Signal::Traces);
        let in_segments: u64 = spans.map(|segment| segment.traces).sum();
        let listed = in_segments.saturating_add_signed(catalogue.index.traces_beyond_segments());
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
                Some(parts) if parts.len() > 1 => {
                    let mut joined = Index::default();
                    parts.iter().for_each(|part| joined.add_part(part.segment, &part.block, part.at));
                    return Ok(joined.summary(trace_id).map(|summary| TraceSummary {
                        last_sequence: summary.last_sequence.max(last_sequence),
                        ..summary
                    }));
                }
                Some(parts) => {
                    let summary = parts.first().and_then(|part| part.block.summary(part.at));
                    return Ok(summary.map(|summary| TraceSummary {
                        last_sequence: summary.last_sequence.max(last_sequence),
                        ..summary
                    }));
                }
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
