//! Aggregates, with the share of what is in no segment yet.

use std::ops::RangeInclusive;

use aggregate::{Aggregates, Key};
use model::Signal;
use segment::{Batch, Request};
use sqlx::{Row, sqlite::SqliteRow};

use super::{ATTEMPTS, Reader, rows::RowSize, steps};
use crate::{
    ReadError, Source,
    aggregates::{Counting, from_value},
    schema,
};

/// A blob of aggregates as its row describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredAggregate {
    pub(crate) id: i64,
    pub(crate) is_hours: bool,
    /// The first and the last minute in it, since the Unix epoch.
    pub(crate) minutes: (u32, u32),
    pub(crate) bytes: u64,
}

impl Reader {
    /// What operations did in these minutes (since the Unix epoch), as far as it is wanted: spans of live sources,
    /// weighted by the sampling before them, before our own. What is counted by the hour is there if a minute of the
    /// hour is asked for.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn aggregates(
        &self,
        minutes: RangeInclusive<u32>,
        is_wanted: impl Fn(&Key<'_>) -> bool,
    ) -> Result<Aggregates, ReadError> {
        let is_wanted = |key: &Key<'_>| {
            key.start_minute <= *minutes.end()
                && key.start_minute.saturating_add(key.minutes.saturating_sub(1)) >= *minutes.start()
                && is_wanted(key)
        };
        for _ in 0..ATTEMPTS {
            let Some((stored, sizes)) = self.counted_and_not(&minutes).await? else { continue };
            // Rows that became segments meanwhile are there for a while; once they go, the blobs are other ones.
            let Some(counting) = self.count(&sizes).await? else { continue };
            let mut all = Aggregates::default();
            for (id, value) in stored {
                let damaged = |error| ReadError::Damaged { row: 0, detail: format!("aggregates {id}: {error}") };
                all.merge(&from_value(&value).map_err(damaged)?, is_wanted);
            }
            all.merge(&counting.aggregates, is_wanted);
            return Ok(all);
        }
        Err(ReadError::Unsettled)
    }

    /// The blobs that have something of these minutes, and the rows whose spans are in no blob, at one moment;
    /// `None` if there was none.
    async fn counted_and_not(&self, minutes: &RangeInclusive<u32>) -> Result<Option<Counted>, ReadError> {
        if schema::inspect(&self.shared.dir).await? != schema::Content::Tables {
            return Ok(Some((Vec::new(), Vec::new())));
        }
        let mut snapshot = self.shared.connection.snapshot().await?;
        let blobs = "SELECT id, value FROM aggregate WHERE to_minute >= ? AND from_minute <= ? ORDER BY id";
        let blobs = snapshot.rows(blobs, i64::from(*minutes.start()), i64::from(*minutes.end())).await?;
        let sizes = "SELECT id, items, length(body), signal FROM l0 WHERE id > (SELECT compacted_row FROM level) \
                     AND signal = ? AND source = ? ORDER BY id";
        let sizes = snapshot.rows(sizes, schema::signal_code(Signal::Traces), Source::Live.code()).await?;
        if !snapshot.end().await? {
            return Ok(None);
        }
        let blob = |row: &SqliteRow| Ok::<_, ReadError>((row.try_get(0)?, row.try_get(1)?));
        let stored = blobs.iter().map(blob).collect::<Result<_, _>>()?;
        Ok(Some((stored, sizes.iter().map(RowSize::of).collect::<Result<_, _>>()?)))
    }

    /// Counts the spans of these rows; `None` if some of them are gone.
    async fn count(&self, sizes: &[RowSize]) -> Result<Option<Counting>, ReadError> {
        let mut counting = Counting::default();
        for step in steps(sizes) {
            let (Some(first), Some(last)) = (step.first(), step.last()) else { continue };
            let rows = self.rows(first.row, last.row).await?;
            let is_such = |request: &super::StoredRequest| {
                (request.signal, request.source) == (Signal::Traces, Source::Live)
                    && step.binary_search_by_key(&request.row, |size| size.row).is_ok()
            };
            let rows: Vec<_> = rows.into_iter().map(|row| row.request).filter(is_such).collect();
            if rows.len() < step.len() {
                return Ok(None);
            }
            let counted = tokio::task::spawn_blocking(move || {
                for request in &rows {
                    let damaged = |detail| ReadError::Damaged { row: request.row, detail };
                    let body = request.in_protobuf()?;
                    let mut batch = Batch::default();
                    let origin = Request {
                        row: request.row,
                        received_at_unix_nano: request.received_at_unix_nano,
                        repaired_texts: request.repaired_texts,
                    };
                    let added = batch.add_spans(origin, &body, |ordinal| request.left_out.contains(ordinal));
                    added.map_err(|error| damaged(error.to_string()))?;
                    counting.begin(&batch);
                    let counted = batch.visit_spans(|passing| counting.add(passing));
                    counted.map_err(|error| damaged(error.to_string()))?;
                }
                Ok::<_, ReadError>(counting)
            });
            counting = match counted.await {
                Ok(counting) => counting?,
                Err(error) => {
                    return Err(ReadError::Damaged { row: 0, detail: format!("the decoder stopped: {error}") });
                }
            };
        }
        Ok(Some(counting))
    }

    /// All blobs of aggregates, by id.
    pub(crate) async fn stored_aggregates(&self) -> Result<Vec<StoredAggregate>, ReadError> {
        let select = "SELECT id, is_hours, from_minute, to_minute, length(value) FROM aggregate WHERE id > ? LIMIT ?";
        let rows = self.shared.connection.rows(select, 0, i64::MAX).await?;
        let stored = |row: &SqliteRow| {
            let minute = |at: usize| row.try_get::<i64, _>(at).map(|minute| u32::try_from(minute).unwrap_or(u32::MAX));
            Ok(StoredAggregate {
                id: row.try_get(0)?,
                is_hours: row.try_get::<i64, _>(1)? != 0,
                minutes: (minute(2)?, minute(3)?),
                bytes: row.try_get::<i64, _>(4)?.cast_unsigned(),
            })
        };
        rows.iter().map(stored).collect()
    }

    /// The bytes of a blob of aggregates; `None` if it is gone.
    pub(crate) async fn aggregate_value(&self, id: i64) -> Result<Option<Vec<u8>>, ReadError> {
        let rows = self.shared.connection.rows("SELECT value FROM aggregate WHERE id = ? LIMIT ?", id, 1).await?;
        Ok(rows.first().map(|row| row.try_get(0)).transpose()?)
    }
}

/// Ids and bytes of blobs, and rows.
type Counted = (Vec<(i64, Vec<u8>)>, Vec<RowSize>);
