//! One trace in the index, in as few bytes as it takes.

use model::{SpanId, TraceId};

use super::digest::Head;

/// What is kept of a trace. Texts and service sets are numbers.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) trace_id: TraceId,
    /// Earliest start and latest end of spans with possible times; both 0 without such.
    pub(super) start_unix_nano: u64,
    pub(super) end_unix_nano: u64,
    /// Of the span that names the trace; meaningless without spans.
    pub(super) head: Head,
    /// The row of the append level that brought its first span; 0 before that.
    pub(super) first_sequence: u64,
    /// Rows of the append level that hold spans or log records of it, rising.
    pub(super) rows: Rows,
    pub(super) first_error: Option<Box<FirstErrorEntry>>,
    pub(super) services: u32,
    pub(super) span_count: u32,
    pub(super) error_count: u32,
    pub(super) log_count: u32,
}

/// [`super::digest::ErrorMark`] with its texts numbered.
#[derive(Debug)]
pub(super) struct FirstErrorEntry {
    pub(super) start_unix_nano: u64,
    pub(super) span_id: SpanId,
    pub(super) service: u32,
    pub(super) name: u32,
    pub(super) message: u32,
}

impl Entry {
    pub(super) fn new(trace_id: TraceId, row: u64) -> Self {
        let head = Head {
            is_root: false,
            start_unix_nano: u64::MAX,
            duration_nanos: 0,
            span_id: SpanId([0xff; 8]),
            service: 0,
            name: 0,
        };
        Self {
            trace_id,
            start_unix_nano: 0,
            end_unix_nano: 0,
            head,
            first_sequence: 0,
            rows: Rows::One(row),
            first_error: None,
            services: 0,
            span_count: 0,
            error_count: 0,
            log_count: 0,
        }
    }
}

/// Rising row ids; most traces have one.
#[derive(Debug)]
pub(super) enum Rows {
    One(u64),
    // The box keeps an entry small: a vector would triple the size of the variant that is seldom.
    #[allow(clippy::box_collection)]
    Many(Box<Vec<u64>>),
}

impl Rows {
    pub(super) fn last(&self) -> u64 {
        match self {
            Self::One(row) => *row,
            Self::Many(rows) => rows.last().copied().unwrap_or_default(),
        }
    }

    pub(super) fn push(&mut self, row: u64) {
        if row <= self.last() {
            return;
        }
        match self {
            Self::One(first) => *self = Self::Many(Box::new(vec![*first, row])),
            Self::Many(rows) => rows.push(row),
        }
    }

    pub(super) fn to_vec(&self) -> Vec<u64> {
        match self {
            Self::One(row) => vec![*row],
            Self::Many(rows) => rows.to_vec(),
        }
    }
}
