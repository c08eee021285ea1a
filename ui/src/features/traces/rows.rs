use std::{ops::Range, sync::Arc};

use api::{TracePage, TraceRow};

/// Rows are asked for and kept in blocks of this many.
pub(crate) const BLOCK: u32 = 100;
/// Blocks further than this from what is shown are forgotten.
const KEPT_BLOCKS: u32 = 10;

/// The list as it was at one moment: how long it is, and those of its rows that have been fetched.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Rows {
    /// The moment; see [`api::TracesRequest::as_of`].
    pub(crate) as_of: u64,
    /// How many traces match.
    pub(crate) matching: u64,
    /// How many are stored.
    pub(crate) stored: u64,
    /// How many more match by now.
    pub(crate) newer: u64,
    /// The full bar, nanoseconds.
    pub(crate) longest_nanos: u64,
    /// Traces whose spans have been searched.
    pub(crate) searched: u64,
    /// Of how many.
    pub(crate) searchable: u64,
    /// Blocks by their index.
    blocks: Vec<(u32, Arc<[Arc<TraceRow>]>)>,
}

impl Rows {
    /// The list as a page shows it, with the rows of that page only.
    pub(crate) fn of(page: TracePage) -> Self {
        let mut rows = Self { as_of: page.as_of, ..Self::default() };
        rows.add(page);
        rows
    }

    /// Takes in a further page of the same moment. Its numbers replace the older ones: a search goes on
    /// from newest to oldest, so that what it finds comes at the end.
    pub(crate) fn add(&mut self, page: TracePage) {
        (self.matching, self.stored, self.newer) = (page.matching, page.stored, page.newer);
        (self.searched, self.searchable) = (page.searched, page.searchable);
        self.longest_nanos = page.longest_nanos;
        for (index, rows) in page.rows.chunks(BLOCK as usize).enumerate() {
            let rows = rows.iter().cloned().map(Arc::new).collect();
            let block = page.first / BLOCK + index as u32;
            self.blocks.retain(|(other, _)| *other != block);
            self.blocks.push((block, rows));
        }
    }

    /// Whether spans remain to be searched: asking again goes on.
    pub(crate) fn is_partial(&self) -> bool {
        self.searched < self.searchable
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

    /// First rows of the blocks that these rows need and that have not been fetched.
    pub(crate) fn missing(&self, wanted: Range<u32>) -> Vec<u32> {
        let end = wanted.end.min(self.len());
        if wanted.start >= end {
            return Vec::new();
        }
        (wanted.start / BLOCK..=(end - 1) / BLOCK)
            .filter(|block| !self.blocks.iter().any(|(other, _)| other == block))
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

    fn page(first: u32, count: u32) -> TracePage {
        let row = |index: u32| {
            let mut id = [0; 16];
            id[..4].copy_from_slice(&index.to_be_bytes());
            TraceRow { trace_id: TraceId(id), span_count: u64::from(index), ..TraceRow::default() }
        };
        TracePage { matching: 100_000, first, rows: (first..first + count).map(row).collect(), ..TracePage::default() }
    }

    #[test]
    fn rows_come_in_blocks_and_far_ones_are_forgotten() {
        let mut rows = Rows::of(page(0, 100));
        assert_eq!(rows.missing(90..110), [100]);
        assert_eq!(rows.missing(99_990..100_040), [99_900]);
        assert_eq!(rows.missing(100_000..100_040), [0; 0]);
        rows.add(page(99_900, 100));
        let at = rows.get(99_950).map(|row| (row.span_count, row.trace_id));
        let (spans, id) = at.expect("it was fetched");
        assert_eq!((spans, rows.position(id)), (99_950, Some(99_950)));
        rows.keep_near(99_950..99_990);
        assert!(rows.get(0).is_none() && rows.get(99_950).is_some());
    }

    #[test]
    fn scrolling_by_one_row_changes_one_slot() {
        let shown = |first| (0..7).map(|slot| row_of_slot(slot, 7, first)).collect::<Vec<_>>();
        assert_eq!(shown(0), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(shown(1), [7, 1, 2, 3, 4, 5, 6]);
        assert_eq!(shown(16), [21, 22, 16, 17, 18, 19, 20]);
    }
}
