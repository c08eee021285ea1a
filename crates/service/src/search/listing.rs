//! The traces that a search found, as a list.

use api::{ApiError, FirstError, SortBy, TracePage, TraceRow, TraceSort};
use store::{Found, Reader, TraceSummary};

use super::{key::Key, running::Gathers};
use crate::error;

/// Most traces of a list: some 200 bytes each.
const MOST_FOUND: usize = 50_000;
/// Most rows in an answer.
const MAX_ROWS: usize = 1_000;
/// Longest message of an error in a row, characters.
const MAX_MESSAGE_CHARS: usize = 120;

/// What was found, in the order that is wanted as far as it is known.
#[derive(Debug)]
pub(super) struct Listing {
    sort: TraceSort,
    found: Vec<TraceSummary>,
    is_sorted: bool,
    matching: u64,
    longest_nanos: u64,
    /// Rows that were asked for.
    wanted: usize,
    columns: Vec<Key>,
}

impl Listing {
    pub(super) fn new(sort: TraceSort, columns: Vec<Key>) -> Self {
        Self { sort, found: Vec::new(), is_sorted: true, matching: 0, longest_nanos: 0, wanted: 0, columns }
    }

    /// Says how many rows are to be shown.
    pub(super) fn wants(&mut self, rows: usize) {
        self.wanted = self.wanted.max(rows);
    }

    fn is_as_found(&self) -> bool {
        self.sort == TraceSort::default()
    }

    fn put_in_order(&mut self) {
        let TraceSort { by, is_ascending } = self.sort;
        let key = |summary: &TraceSummary| match by {
            SortBy::Start => summary.start_unix_nano,
            SortBy::Duration => summary.duration_nanos(),
            SortBy::Spans => summary.span_count,
            SortBy::Errors => summary.error_count,
        };
        // Stable: what is equal stays newest first.
        match is_ascending {
            true => self.found.sort_by_key(key),
            false => self.found.sort_by_key(|summary| std::cmp::Reverse(key(summary))),
        }
        self.is_sorted = true;
    }

    /// A window of the list, its traces as they are now.
    pub(super) async fn page(
        &mut self,
        reader: &Reader,
        (first, count): (usize, usize),
    ) -> Result<TracePage, ApiError> {
        if !self.is_sorted {
            self.put_in_order();
        }
        let pinned = reader.pinned();
        let mut rows = Vec::new();
        for found in self.found.iter().skip(first).take(count.min(MAX_ROWS)) {
            let mut row = row(reader.growing(found.trace_id).as_ref().unwrap_or(found));
            row.is_pinned = pinned.binary_search(&row.trace_id).is_ok();
            if !self.columns.is_empty() {
                row.columns = self.columns(reader, found).await?;
            }
            rows.push(row);
        }
        Ok(TracePage {
            matching: self.matching,
            longest_nanos: self.longest_nanos,
            first: u32::try_from(first).unwrap_or(u32::MAX),
            rows,
            ..TracePage::default()
        })
    }

    /// What a trace has in the columns: what its root has, or the first of its spans that has something.
    async fn columns(&self, reader: &Reader, found: &TraceSummary) -> Result<Vec<Option<String>>, ApiError> {
        let subjects: Vec<_> = self.columns.iter().map(Key::subject).collect();
        reader.values_of(found.trace_id, &subjects).await.map_err(|err| error::of_read(&err))
    }
}

impl Gathers for Listing {
    fn needs_more(&self) -> bool {
        // Which come first in any other order only the whole list tells.
        !self.is_as_found() || self.found.len() < self.wanted
    }

    /// In the order in which traces are found it ends where the start changes, so that another list can go on from there.
    fn is_full(&self, reached_unix_nano: Option<u64>) -> bool {
        self.is_as_found()
            && self.found.len() >= MOST_FOUND
            && self.found.last().is_some_and(|last| reached_unix_nano.is_some_and(|next| next < last.start_unix_nano))
    }

    fn take(&mut self, found: Found) {
        let summary = found.summary;
        self.matching += 1;
        self.longest_nanos = self.longest_nanos.max(summary.duration_nanos());
        self.found.push(summary);
        self.is_sorted = self.is_as_found();
        if !self.is_sorted && self.found.len() >= 2 * MOST_FOUND {
            self.put_in_order();
            self.found.truncate(MOST_FOUND);
        }
    }
}

/// The row of a trace, without what is not in its summary.
fn row(summary: &TraceSummary) -> TraceRow {
    TraceRow {
        trace_id: summary.trace_id,
        root_service: summary.root_service.to_string(),
        root_name: summary.root_name.to_string(),
        has_root: summary.has_root,
        start_unix_nano: summary.start_unix_nano,
        duration_nanos: summary.duration_nanos(),
        span_count: summary.span_count,
        error_count: summary.error_count,
        services: summary.services.iter().map(ToString::to_string).collect(),
        first_error: summary.first_error.as_ref().map(|first| FirstError {
            service: first.service.to_string(),
            name: first.name.to_string(),
            message: first.message.chars().take(MAX_MESSAGE_CHARS).collect(),
        }),
        ..TraceRow::default()
    }
}
