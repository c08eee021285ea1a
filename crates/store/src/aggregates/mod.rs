//! Aggregates and edges as they are kept: a row for each publication that made segments of the append level, written in
//! its transaction, so that what they count is exactly what is in segments or was; merged and rolled up later.

mod calling;
mod counting;
mod earlier;
mod seen;

use aggregate::{Aggregates, Edges};

pub(crate) use calling::{Calling, EarlierSpans, Services};
pub(crate) use counting::Counting;
pub(crate) use earlier::{Earlier, Places, is_key_wanted};
pub(crate) use seen::Seen;

use crate::packed;

/// What version 3 of the database adds for aggregates: operations and edges. Minutes are those of the first and the last
/// key in a row.
pub(crate) const TABLES: &str = "
CREATE TABLE aggregate(
    id INTEGER PRIMARY KEY,
    is_hours INTEGER NOT NULL,
    from_minute INTEGER NOT NULL,
    to_minute INTEGER NOT NULL,
    value BLOB NOT NULL,
    edges BLOB NOT NULL
) STRICT;
";

/// Nanoseconds a minute.
pub(crate) const MINUTE_NANOS: u64 = 60 * 1_000_000_000;

/// What is counted together.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) operations: Aggregates,
    pub(crate) edges: Edges,
}

impl Counts {
    /// Of what was stored.
    ///
    /// # Errors
    /// It is damaged.
    pub(crate) fn read(value: &[u8], edges: &[u8]) -> Result<Self, String> {
        Ok(Self { operations: operations_of(value)?, edges: edges_of(edges)? })
    }

    /// Counts all that others have counted, in hours if so wanted.
    pub(crate) fn merge(&mut self, other: &Self, in_hours: bool) {
        if in_hours {
            self.operations.merge_hours(&other.operations);
            self.edges.merge_hours(&other.edges);
        } else {
            self.operations.merge(&other.operations, |_| true);
            self.edges.merge(&other.edges, |_| true);
        }
    }

    /// How many keys there are of whatever has more.
    pub(crate) fn most_keys(&self) -> usize {
        self.operations.len().max(self.edges.len())
    }

    /// The first and the last minute of both.
    fn minutes(&self) -> Option<(u32, u32)> {
        let both = self.operations.minutes().into_iter().chain(self.edges.minutes());
        both.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

/// A row to be written.
#[derive(Debug, Clone)]
pub(crate) struct NewAggregate {
    /// Whether all of it is counted by the hour.
    pub(crate) is_hours: bool,
    /// The first and the last minute in it, since the Unix epoch.
    pub(crate) minutes: (u32, u32),
    pub(crate) value: Vec<u8>,
    pub(crate) edges: Vec<u8>,
}

impl NewAggregate {
    /// Of counts; `None` if they are empty.
    ///
    /// # Errors
    /// They could not be encoded.
    pub(crate) fn of(counts: &Counts, is_hours: bool) -> Result<Option<Self>, String> {
        let Some(minutes) = counts.minutes() else { return Ok(None) };
        let value = packed::compress(&counts.operations.to_bytes().map_err(|error| error.to_string())?)?;
        let edges = packed::compress(&counts.edges.to_bytes().map_err(|error| error.to_string())?)?;
        Ok(Some(Self { is_hours, minutes, value, edges }))
    }
}

/// Aggregates as they are stored.
pub(crate) fn operations_of(value: &[u8]) -> Result<Aggregates, String> {
    Aggregates::from_bytes(&packed::decompress(value)?).map_err(|error| error.to_string())
}

/// Edges as they are stored.
pub(crate) fn edges_of(edges: &[u8]) -> Result<Edges, String> {
    Edges::from_bytes(&packed::decompress(edges)?).map_err(|error| error.to_string())
}
