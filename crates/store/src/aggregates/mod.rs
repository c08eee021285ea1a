//! Aggregates as they are kept: one blob for each publication that made segments of the append level, written in its
//! transaction, so that what they count is exactly what is in segments or was; merged and rolled up later.

mod counting;

use aggregate::Aggregates;

pub(crate) use counting::Counting;

use crate::packed;

/// What version 3 of the database adds for aggregates. Minutes are those of the first and the last key of a blob.
pub(crate) const TABLES: &str = "
CREATE TABLE aggregate(
    id INTEGER PRIMARY KEY,
    is_hours INTEGER NOT NULL,
    from_minute INTEGER NOT NULL,
    to_minute INTEGER NOT NULL,
    value BLOB NOT NULL
) STRICT;
";

/// Nanoseconds a minute.
pub(crate) const MINUTE_NANOS: u64 = 60 * 1_000_000_000;

/// A blob to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewAggregate {
    /// Whether all of it is counted by the hour.
    pub(crate) is_hours: bool,
    /// The first and the last minute in it, since the Unix epoch.
    pub(crate) minutes: (u32, u32),
    pub(crate) value: Vec<u8>,
}

impl NewAggregate {
    /// Of aggregates; `None` if they are empty.
    ///
    /// # Errors
    /// They could not be encoded.
    pub(crate) fn of(aggregates: &Aggregates, is_hours: bool) -> Result<Option<Self>, String> {
        let Some(minutes) = aggregates.minutes() else { return Ok(None) };
        let bytes = aggregates.to_bytes().map_err(|error| error.to_string())?;
        let value = packed::compress(&bytes)?;
        Ok(Some(Self { is_hours, minutes, value }))
    }
}

/// Aggregates of a blob.
pub(crate) fn from_value(value: &[u8]) -> Result<Aggregates, String> {
    Aggregates::from_bytes(&packed::decompress(value)?).map_err(|error| error.to_string())
}
