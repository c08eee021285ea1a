//! The segments of a database: what is known of each without reading it.
//!
//! A segment is published whole, in the transaction that moves the mark below which rows of the append
//! level are dead. One that another replaces is retired in the same transaction, and deleted later: a
//! reader that set out before may still need it.

mod cache;
mod facts;
mod filter;
mod part;

use std::sync::{Arc, OnceLock};

use hashbrown::{HashMap, hash_map::Entry};
use model::{Signal, TraceId};
use serde::{Deserialize, Serialize};

use crate::Source;

pub(crate) use cache::SegmentCache;
pub(crate) use facts::{Facts, FactsBuilder, HTTP_STATUS, http_statuses, is_error};
pub(crate) use filter::TraceFilter;
pub(crate) use part::{Block, Parts, PartsBuilder, TracePart};

/// Blobs are numbered from `segment << BLOB_BITS`.
pub(crate) const BLOB_BITS: u32 = 16;
/// The blob that holds a segment's header.
pub(crate) const HEADER: u64 = 0xffff;
/// The blob that holds what the list of traces needs.
pub(crate) const PARTS: u64 = 0xfffe;
/// The blob that holds what the rules of sampling look at; segments of before version 3 have none.
pub(crate) const FACTS: u64 = 0xfffd;
/// The blob that holds the filter of values; segments of before have none, nor those in which it would be of no use.
pub(crate) const VALUES: u64 = 0xfffc;
/// The blob that holds the filter of trigrams; segments of before have none, nor those in which it would lack some. All
/// blobs with a lower number are columns.
pub(crate) const TRIGRAMS: u64 = 0xfffb;

/// What a segment is kept for. Expiry drops whole segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Traces without an error when they were put there, and what is no trace.
    Ordinary,
    /// Traces with a span of status ERROR.
    Error,
    /// Traces that the user pinned.
    Pinned,
}

impl Class {
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Ordinary => 0,
            Self::Error => 1,
            Self::Pinned => 2,
        }
    }

    pub(crate) fn of(code: i64) -> Option<Self> {
        [Self::Ordinary, Self::Error, Self::Pinned].into_iter().find(|class| class.code() == code)
    }
}

/// A segment as its row describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) id: u64,
    pub(crate) signal: Signal,
    pub(crate) class: Class,
    pub(crate) source: Source,
    /// The service to which all in it belongs; empty where that is not one.
    pub(crate) owner: String,
    /// Spans, log records or points.
    pub(crate) items: u64,
    /// Bytes of its blobs.
    pub(crate) bytes: u64,
    /// The rows of the append level that it holds something of, first and last.
    pub(crate) rows: (u64, u64),
    /// When the first and the last of it arrived, nanoseconds since the Unix epoch.
    pub(crate) received_unix_nano: (u64, u64),
    /// The latest of its traces' starts, nanoseconds since the Unix epoch; of spans only.
    pub(crate) latest_start_unix_nano: u64,
    /// Traces in it.
    pub(crate) traces: u64,
    /// What each service has in it.
    pub(crate) services: Vec<ServiceShare>,
    pub(crate) filter: TraceFilter,
    /// Traces in it that other segments began; of spans only. Of all the segments that hold a trace one does not
    /// continue it.
    pub(crate) continues: Vec<TraceId>,
}

impl Segment {
    /// What each service takes of it: name, items, traces, and bytes on disk by its share of those on the wire.
    pub(crate) fn bytes_by_service(&self) -> impl Iterator<Item = (&str, u64, u64, u64)> {
        let all: u64 = self.services.iter().map(|share| share.bytes).sum();
        self.services.iter().map(move |share| {
            let bytes = u128::from(self.bytes) * u128::from(share.bytes) / u128::from(all.max(1));
            (share.name.as_str(), share.items, share.traces, u64::try_from(bytes).unwrap_or(u64::MAX))
        })
    }
}

/// What a service has in a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceShare {
    pub(crate) name: String,
    /// Traces in which it takes part; of spans only.
    pub(crate) traces: u64,
    /// Its spans, log records or points.
    pub(crate) items: u64,
    /// Their bytes on the wire.
    pub(crate) bytes: u64,
}

/// The segments that are listed, by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Segments {
    all: Vec<Arc<Segment>>,
    /// By trace that is in several, those that continue it. Made when it is first asked for.
    continued: Arc<OnceLock<HashMap<TraceId, Continuing>>>,
}

/// The segments that continue a trace; most are continued once.
#[derive(Debug, Clone)]
enum Continuing {
    One(u64),
    Several(Vec<u64>),
}

impl Continuing {
    fn as_slice(&self) -> &[u64] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(several) => several,
        }
    }
}

impl Segments {
    pub(crate) fn new(mut segments: Vec<Arc<Segment>>) -> Self {
        segments.sort_unstable_by_key(|segment| segment.id);
        Self { all: segments, continued: Arc::default() }
    }

    /// Whether a trace is in several of them; all but one may be gone.
    pub(crate) fn is_continued(&self, trace_id: TraceId) -> bool {
        self.continued().contains_key(&trace_id)
    }

    /// Whether there is such a trace.
    pub(crate) fn has_continued(&self) -> bool {
        !self.continued().is_empty()
    }

    /// Those that continue a trace, by id.
    pub(crate) fn continuing(&self, trace_id: TraceId) -> &[u64] {
        self.continued().get(&trace_id).map_or(&[], Continuing::as_slice)
    }

    fn continued(&self) -> &HashMap<TraceId, Continuing> {
        self.continued.get_or_init(|| {
            let mut all: HashMap<TraceId, Continuing> = HashMap::new();
            for segment in &self.all {
                for trace_id in &segment.continues {
                    match all.entry(*trace_id) {
                        Entry::Vacant(new) => _ = new.insert(Continuing::One(segment.id)),
                        Entry::Occupied(mut known) => {
                            let several = [known.get().as_slice(), &[segment.id]].concat();
                            *known.get_mut() = Continuing::Several(several);
                        }
                    }
                }
            }
            all
        })
    }

    /// All of them, by id.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Segment>> {
        self.all.iter()
    }

    /// Those of a signal that may hold something of a trace.
    pub(crate) fn that_may_hold(&self, signal: Signal, trace_id: TraceId) -> impl Iterator<Item = &Arc<Segment>> {
        self.all.iter().filter(move |segment| segment.signal == signal && segment.filter.may_hold(trace_id))
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Arc<Segment>> {
        self.all.binary_search_by_key(&id, |segment| segment.id).ok().and_then(|at| self.all.get(at))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Lists some and retires others.
    pub(crate) fn publish(&mut self, new: impl IntoIterator<Item = Arc<Segment>>, replaced: &[u64]) {
        self.all.retain(|segment| !replaced.contains(&segment.id));
        self.all.extend(new);
        self.all.sort_unstable_by_key(|segment| segment.id);
        self.continued = Arc::default();
    }
}
