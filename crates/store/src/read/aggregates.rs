//! Aggregates, with the share of what is in no segment yet.

use std::ops::RangeInclusive;

use aggregate::{Aggregates, Key};
use model::Signal;
use segment::{Batch, Request};
use sqlx::{Row, sqlite::SqliteRow};

use super::{ATTEMPTS, Reader, StoredRequest, rows::RowSize, steps};
use crate::{
    ReadError, Source,
    aggregates::{Counting, Seen, operations_of},
    schema,
};

/// Aggregates as their row describes them.
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
        let is_wanted = |key: &Key<'_>| is_within(&minutes, key.start_minute, key.minutes) && is_wanted(key);
        for _ in 0..ATTEMPTS {
            let Some(Uncounted { stored, sizes, .. }) = self.uncounted(OPERATIONS, &minutes).await? else { continue };
            // Rows that became segments meanwhile are there for a while; once they go, the blobs are other ones.
            let Some(counting) = self.count(&sizes).await? else { continue };
            let mut all = Aggregates::default();
            for (id, value) in stored {
                let damaged = |error| ReadError::Damaged { row: 0, detail: format!("aggregates {id}: {error}") };
                all.merge(&operations_of(&value).map_err(damaged)?, is_wanted);
            }
            all.merge(&counting.aggregates, is_wanted);
            return Ok(all);
        }
        Err(ReadError::Unsettled)
    }

    /// The blobs that have something of these minutes, and the rows whose spans are in no blob, at one moment;
    /// `None` if there was none.
    pub(super) async fn uncounted(
        &self,
        blobs: &'static str,
        minutes: &RangeInclusive<u32>,
    ) -> Result<Option<Uncounted>, ReadError> {
        if schema::inspect(&self.shared.dir).await? != schema::Content::Tables {
            return Ok(Some(Uncounted::default()));
        }
        let mut snapshot = self.shared.connection.snapshot().await?;
        let level = "SELECT compacted_row FROM level WHERE id = ? LIMIT ?";
        let level = snapshot.rows(level, 0, 1).await?;
        let blobs = snapshot.rows(blobs, i64::from(*minutes.start()), i64::from(*minutes.end())).await?;
        let sizes = "SELECT id, items, length(body), signal FROM l0 WHERE id > (SELECT compacted_row FROM level) \
                     AND signal = ? AND source = ? ORDER BY id";
        let sizes = snapshot.rows(sizes, schema::signal_code(Signal::Traces), Source::Live.code()).await?;
        if !snapshot.end().await? {
            return Ok(None);
        }
        let blob = |row: &SqliteRow| Ok::<_, ReadError>((row.try_get(0)?, row.try_get(1)?));
        let compacted_row = level.first().map(|row| row.try_get::<i64, _>(0)).transpose()?.unwrap_or_default();
        Ok(Some(Uncounted {
            compacted_row: compacted_row.cast_unsigned(),
            stored: blobs.iter().map(blob).collect::<Result<_, _>>()?,
            sizes: sizes.iter().map(RowSize::of).collect::<Result<_, _>>()?,
        }))
    }

    /// These rows, which are read in one statement; `None` if some of them are gone.
    pub(super) async fn live_requests(&self, step: &[RowSize]) -> Result<Option<Vec<StoredRequest>>, ReadError> {
        let (Some(first), Some(last)) = (step.first(), step.last()) else { return Ok(Some(Vec::new())) };
        let rows = self.rows(first.row, last.row).await?;
        let is_such = |request: &StoredRequest| {
            (request.signal, request.source) == (Signal::Traces, Source::Live)
                && step.binary_search_by_key(&request.row, |size| size.row).is_ok()
        };
        let rows: Vec<_> = rows.into_iter().map(|row| row.request).filter(is_such).collect();
        Ok((rows.len() == step.len()).then_some(rows))
    }

    /// Counts the spans of these rows; `None` if some of them are gone.
    async fn count(&self, sizes: &[RowSize]) -> Result<Option<Counting>, ReadError> {
        let mut counting = Counting::default();
        for step in steps(sizes) {
            let Some(rows) = self.live_requests(step).await? else { return Ok(None) };
            counting = in_background(move || {
                for request in &rows {
                    let body = request.in_protobuf()?;
                    let mut batch = Batch::default();
                    add_spans(&mut batch, request, &body)?;
                    counting.begin(&batch);
                    let counted = batch.visit_spans(&batch.by_trace(), |passing| {
                        counting.add(passing, &Seen::of(passing.span, passing.request.received_at_unix_nano));
                    });
                    counted.map_err(|error| ReadError::Damaged { row: request.row, detail: error.to_string() })?;
                }
                Ok(counting)
            })
            .await?;
        }
        Ok(Some(counting))
    }

    /// All rows of aggregates, by id.
    pub(crate) async fn stored_aggregates(&self) -> Result<Vec<StoredAggregate>, ReadError> {
        let select = "SELECT id, is_hours, from_minute, to_minute, length(value) + length(edges) \
                      FROM aggregate WHERE id > ? LIMIT ?";
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

    /// The blobs of a row of aggregates: of operations and of edges; `None` if it is gone.
    pub(crate) async fn aggregate_row(&self, id: i64) -> Result<Option<(Vec<u8>, Vec<u8>)>, ReadError> {
        let rows =
            self.shared.connection.rows("SELECT value, edges FROM aggregate WHERE id = ? LIMIT ?", id, 1).await?;
        let both = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.first().map(both).transpose()
    }
}

/// What has something of certain minutes, at one moment.
#[derive(Debug, Default)]
pub(super) struct Uncounted {
    /// Up to which row of the append level all is in segments.
    pub(super) compacted_row: u64,
    /// Ids and bytes of blobs.
    pub(super) stored: Vec<(i64, Vec<u8>)>,
    /// Rows that are in none.
    pub(super) sizes: Vec<RowSize>,
}

/// Selects blobs of operations by the minutes in them.
const OPERATIONS: &str = "SELECT id, value FROM aggregate WHERE to_minute >= ? AND from_minute <= ? ORDER BY id";

/// Whether something of a key lies in these minutes.
pub(super) fn is_within(minutes: &RangeInclusive<u32>, start_minute: u32, count: u32) -> bool {
    start_minute <= *minutes.end() && start_minute.saturating_add(count.saturating_sub(1)) >= *minutes.start()
}

/// Adds the spans that are kept of a request to a batch; `body` is its body in protobuf.
pub(super) fn add_spans<'a>(batch: &mut Batch<'a>, request: &StoredRequest, body: &'a [u8]) -> Result<(), ReadError> {
    let origin = Request {
        row: request.row,
        received_at_unix_nano: request.received_at_unix_nano,
        repaired_texts: request.repaired_texts,
    };
    let added = batch.add_spans(origin, body, |ordinal| request.left_out.contains(ordinal));
    added.map_err(|error| ReadError::Damaged { row: request.row, detail: error.to_string() })
}

/// Decodes away from the threads that serve others.
pub(crate) async fn in_background<T: Send + 'static>(
    decode: impl FnOnce() -> Result<T, ReadError> + Send + 'static,
) -> Result<T, ReadError> {
    match tokio::task::spawn_blocking(decode).await {
        Ok(decoded) => decoded,
        Err(error) => Err(ReadError::Damaged { row: 0, detail: format!("the decoder stopped: {error}") }),
    }
}
