use std::{ops::Range, sync::Arc};

use api::{Search, SearchProgress, SortBy, TracePage, TraceRow, TraceSort};

use super::super::search::Wanted;

/// Rows are asked for and kept in blocks of this many.
pub(crate) const BLOCK: u32 = 100;
/// Blocks further than this from what is shown are forgotten.
const KEPT_BLOCKS: u32 = 10;
/// A search that narrows goes on by itself until it has found so many.
const ENOUGH: u64 = 1_000;

/// The list as it was at one moment: how long it is, and those of its rows that have been fetched.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Rows {
    /// What was searched, with the moment.
    pub(crate) search: Search,
    /// In which order.
    pub(crate) sort: TraceSort,
    /// Attributes that are shown as columns.
    pub(crate) columns: Vec<String>,
    /// How many traces have been found.
    pub(crate) matching: u64,
    /// How many are stored.
    pub(crate) stored: u64,
    /// How many lie in parts of the database that cannot be read.
    pub(crate) unreadable: u64,
    /// How many more match by now.
    pub(crate) newer: u64,
    /// The full bar, nanoseconds.
    pub(crate) longest_nanos: u64,
    /// How far the search has come.
    pub(crate) progress: SearchProgress,
    /// Blocks by their index.
    blocks: Vec<(u32, Arc<[Arc<TraceRow>]>)>,
}

impl Rows {
    /// The list as a page shows it, with the rows of that page only.
    pub(crate) fn of(page: TracePage, search: Search, sort: TraceSort, columns: Vec<String>) -> Self {
        let search = Search { as_of: Some(page.as_of), ..search };
        let mut rows = Self { search, sort, columns, ..Self::default() };
        rows.add(page);
        rows
    }

    /// Takes in a further page of the same moment. Its numbers replace the older ones: newest first a search goes on
    /// at the end of the list; in any other order what it finds moves the rest.
    pub(crate) fn add(&mut self, page: TracePage) {
        if page.matching != self.matching && !self.is_newest_first() {
            self.blocks.clear();
        }
        (self.matching, self.stored, self.newer) = (page.matching, page.stored, page.newer);
        (self.progress, self.unreadable) = (page.progress, page.unreadable);
        self.longest_nanos = page.longest_nanos;
        for (index, rows) in page.rows.chunks(BLOCK as usize).enumerate() {
            let rows = rows.iter().cloned().map(Arc::new).collect();
            let block = page.first / BLOCK + index as u32;
            self.blocks.retain(|(other, _)| *other != block);
            self.blocks.push((block, rows));
        }
    }

    /// Whether it shows this, at whatever moment.
    pub(crate) fn is_of(&self, wanted: &Wanted) -> bool {
        self.search.query == wanted.query && self.sort == wanted.sort && self.columns == wanted.columns
    }

    /// Whether nothing narrows it: then all that is stored is found.
    pub(crate) fn is_everything(&self) -> bool {
        self.search.query.is_empty() && self.search.range == api::TimeRange::default()
    }

    /// Whether what is found later comes at the end.
    fn is_newest_first(&self) -> bool {
        self.sort.by == SortBy::Start && !self.sort.is_ascending
    }

    /// Whether there is more to search, and asking again has it searched.
    pub(crate) fn is_partial(&self) -> bool {
        !self.progress.is_over && !self.progress.is_full
    }

    /// Whether the search goes on by itself while these rows are drawn.
    pub(crate) fn wants_more(&self, drawn: &Range<u32>) -> bool {
        let is_near_end = drawn.end.saturating_add(BLOCK) > self.len();
        let is_narrow = !self.is_everything() && self.matching < ENOUGH;
        self.is_partial() && (is_near_end || is_narrow || !self.is_newest_first())
    }

    /// First row of the block to ask for to have the search go on.
    pub(crate) fn next_block(&self, drawn: &Range<u32>) -> u32 {
        let row = if self.is_newest_first() { self.len() } else { drawn.start.min(self.len()) };
        row / BLOCK * BLOCK
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.matching).unwrap_or(u32::MAX)
    }

    /// A row, if it has been fetched.
    pub(crate) fn get(&self, index: u32) -> Option<&Arc<TraceRow>> {
        let (_, rows) = self.blocks.iter().find(|(block, _)| *block == index / BLOCK)?;
        rows.get((index % BLOCK) as usize)
    }

    /// Where a trace stands among the rows that have been fetched.
    pub(crate) fn position(&self, trace_id: model::TraceId) -> Option<u32> {
        self.blocks.iter().find_map(|(block, rows)| {
            let at = rows.iter().position(|row| row.trace_id == trace_id)?;
            Some(block * BLOCK + at as u32)
        })
    }

    /// Has a row show whether its trace is kept for ever.
    pub(crate) fn note_pin(&mut self, trace_id: model::TraceId, is_pinned: bool) {
        for (_, rows) in &mut self.blocks {
            if let Some(at) = rows.iter().position(|row| row.trace_id == trace_id) {
                let mut changed = rows.to_vec();
                Arc::make_mut(&mut changed[at]).is_pinned = is_pinned;
                *rows = changed.into();
            }
        }
    }

    /// First rows of the blocks that these rows need and that have not been fetched, or not to their end.
    pub(crate) fn missing(&self, wanted: Range<u32>) -> Vec<u32> {
        let end = wanted.end.min(self.len());
        if wanted.start >= end {
            return Vec::new();
        }
        let is_whole = |block: u32| {
            let rows = (self.len() - block * BLOCK).min(BLOCK) as usize;
            self.blocks.iter().any(|(other, has)| *other == block && has.len() >= rows)
        };
        (wanted.start / BLOCK..=(end - 1) / BLOCK)
            .filter(|block| !is_whole(*block))
            .map(|block| block * BLOCK)
            .collect()
    }

    /// Forgets rows far from these.
    pub(crate) fn keep_near(&mut self, wanted: Range<u32>) {
        let (first, last) = (wanted.start / BLOCK, wanted.end / BLOCK);
        self.blocks.retain(|(block, _)| *block + KEPT_BLOCKS >= first && *block <= last + KEPT_BLOCKS);
    }
}

/// Which of the rows that are shown a slot shows: slots are reused in turn, so that scrolling by one
/// row changes one slot.
pub(crate) fn row_of_slot(slot: u32, slots: u32, first: u32) -> u32 {
    first + (slot + slots - first % slots) % slots
}

#[cfg(test)]
mod tests {
    use model::TraceId;

    use super::*;

    fn page(matching: u64, first: u32, count: u32) -> TracePage {
        let row = |index: u32| {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&index.to_be_bytes());
            TraceRow { trace_id: TraceId(id), span_count: u64::from(index), ..TraceRow::default() }
        };
        TracePage { matching, first, rows: (first..first + count).map(row).collect(), ..TracePage::default() }
    }

    fn rows(page: TracePage, query: &str, by: SortBy) -> Rows {
        let search = Search { query: query.to_owned(), ..Search::default() };
        Rows::of(page, search, TraceSort { by, is_ascending: false }, Vec::new())
    }

    #[test]
    fn rows_come_in_blocks_and_far_ones_are_forgotten() {
        let mut rows = rows(page(100_000, 0, 100), "", SortBy::Start);
        assert_eq!(rows.missing(90..110), [100]);
        assert_eq!(rows.missing(99_990..100_040), [99_900]);
        assert_eq!(rows.missing(100_000..100_040), [0; 0]);
        rows.add(page(100_000, 99_900, 100));
        let at = rows.get(99_950).map(|row| (row.span_count, row.trace_id));
        let (spans, id) = at.expect("it was fetched");
        assert_eq!((spans, rows.position(id)), (99_950, Some(99_950)));
        rows.keep_near(99_950..99_990);
        assert!(rows.get(0).is_none() && rows.get(99_950).is_some());
    }

    #[test]
    fn what_a_search_finds_later_is_fetched() {
        let mut rows = rows(page(30, 0, 30), "error", SortBy::Start);
        assert_eq!((rows.missing(0..40), rows.next_block(&(0..40))), (vec![], 0));
        rows.add(TracePage { rows: Vec::new(), ..page(130, 100, 0) });
        assert_eq!(rows.missing(0..140), [0, 100]);
        assert!(rows.get(29).is_some(), "what was there stays until more has come");
        assert_eq!(rows.next_block(&(0..40)), 100);
        let mut slowest = self::rows(page(30, 0, 30), "error", SortBy::Duration);
        slowest.add(page(40, 0, 20));
        assert_eq!(slowest.missing(0..40), [0], "in another order everything may have moved");
    }

    #[test]
    fn a_pin_shows_in_the_row_of_its_trace() {
        let mut rows = rows(page(300, 100, 100), "", SortBy::Start);
        let trace_id = rows.get(150).map(|row| row.trace_id).expect("it was fetched");
        rows.note_pin(trace_id, true);
        let pinned: Vec<_> = (0..300).filter(|row| rows.get(*row).is_some_and(|row| row.is_pinned)).collect();
        assert_eq!(pinned, [150]);
    }

    #[test]
    fn a_search_goes_on_as_far_as_it_is_needed() {
        let wants = |matching, query, by, drawn: Range<u32>| rows(page(matching, 0, 100), query, by).wants_more(&drawn);
        assert!(!wants(500, "", SortBy::Start, 0..40), "a list that is not narrowed goes no further than it is read");
        assert!(wants(500, "", SortBy::Start, 390..430));
        assert!(wants(500, "error", SortBy::Start, 0..40));
        assert!(!wants(1_000, "error", SortBy::Start, 0..40));
        assert!(wants(5_000, "", SortBy::Duration, 0..40), "the slowest is known at the end only");
        let mut over = rows(page(500, 0, 100), "error", SortBy::Duration);
        over.progress.is_over = true;
        assert!(!over.wants_more(&(0..40)));
    }

    #[test]
    fn scrolling_by_one_row_changes_one_slot() {
        let shown = |first| (0..7).map(|slot| row_of_slot(slot, 7, first)).collect::<Vec<_>>();
        assert_eq!(shown(0), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(shown(1), [7, 1, 2, 3, 4, 5, 6]);
        assert_eq!(shown(16), [21, 22, 16, 17, 18, 19, 20]);
    }
}
