//! One trace in the index. Texts and service sets are numbers.

use model::{SpanId, TraceId};

use super::digest::{ErrorMark, Head};

/// What is kept of a trace.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) trace_id: TraceId,
    /// Earliest start and latest end of spans with possible times; both 0 without such.
    pub(super) start_unix_nano: u64,
    pub(super) end_unix_nano: u64,
    /// Of the span that names the trace; meaningless without spans.
    pub(super) head: Head,
    /// The row of the append level that brought its first span, and its latest span or log record.
    pub(super) first_sequence: u64,
    pub(super) last_sequence: u64,
    /// Rows of the append level that hold spans or log records of it, rising.
    pub(super) rows: Rows,
    /// Its parts in segments of spans.
    pub(super) parts: Vec<PartOf>,
    pub(super) first_error: Option<Box<FirstErrorEntry>>,
    pub(super) services: u32,
    pub(super) span_count: u32,
    pub(super) error_count: u32,
}

/// A part of a trace in a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartOf {
    pub(super) segment: u64,
    /// The services that the segment's count of traces has it for, as a set.
    pub(super) services: u32,
}

/// [`ErrorMark`] with its texts numbered.
#[derive(Debug)]
pub(super) struct FirstErrorEntry {
    pub(super) start_unix_nano: u64,
    pub(super) span_id: SpanId,
    pub(super) service: u32,
    pub(super) name: u32,
    pub(super) message: u32,
}

impl FirstErrorEntry {
    pub(super) fn mark(&self) -> ErrorMark {
        ErrorMark {
            start_unix_nano: self.start_unix_nano,
            span_id: self.span_id,
            service: self.service,
            name: self.name,
            message: Some(self.message),
        }
    }
}

impl Entry {
    pub(super) fn new(trace_id: TraceId) -> Self {
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
            first_sequence: u64::MAX,
            last_sequence: 0,
            rows: Rows::None,
            parts: Vec::new(),
            first_error: None,
            services: 0,
            span_count: 0,
            error_count: 0,
        }
    }

    /// Whether a span of it is known.
    pub(super) fn is_listed(&self) -> bool {
        self.span_count > 0
    }
}

/// Rising row ids; most traces have one.
#[derive(Debug, Default)]
pub(super) enum Rows {
    #[default]
    None,
    One(u64),
    Many(Vec<u64>),
}

impl Rows {
    pub(super) fn push(&mut self, row: u64) {
        match self {
            Self::None => *self = Self::One(row),
            Self::One(first) if *first < row => *self = Self::Many(vec![*first, row]),
            Self::Many(rows) if rows.last().is_none_or(|last| *last < row) => rows.push(row),
            Self::One(_) | Self::Many(_) => {}
        }
    }

    /// Forgets rows up to this one; whether none is left.
    pub(super) fn forget(&mut self, up_to: u64) -> bool {
        match self {
            Self::None => {}
            Self::One(row) if *row <= up_to => *self = Self::None,
            Self::One(_) => {}
            Self::Many(rows) => {
                rows.retain(|row| *row > up_to);
                if rows.is_empty() {
                    *self = Self::None;
                }
            }
        }
        matches!(self, Self::None)
    }

    pub(super) fn to_vec(&self) -> Vec<u64> {
        match self {
            Self::None => Vec::new(),
            Self::One(row) => vec![*row],
            Self::Many(rows) => rows.clone(),
        }
    }
}
