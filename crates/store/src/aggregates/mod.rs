//! Aggregates as they are kept: one blob for each publication that made segments of the append level, written in its
//! transaction, so that what they count is exactly what is in segments or was; merged and rolled up later.

mod counting;

use std::io::Read;

use aggregate::Aggregates;

pub(crate) use counting::Counting;

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

/// More than a blob holds, bytes: twice as many keys as are kept apart, with long names.
const MOST_BYTES: u64 = 256 << 20;
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
        let value = zstd::bulk::compress(&bytes, 3).map_err(|error| error.to_string())?;
        Ok(Some(Self { is_hours, minutes, value }))
    }
}

/// Aggregates of a blob.
pub(crate) fn from_value(value: &[u8]) -> Result<Aggregates, String> {
    let mut unpacked = Vec::new();
    zstd::stream::read::Decoder::new(value)
        .and_then(|decoder| decoder.take(MOST_BYTES).read_to_end(&mut unpacked))
        .map_err(|error| error.to_string())?;
    Aggregates::from_bytes(&unpacked).map_err(|error| error.to_string())
}
