//! The ledger as the database has it: a row a service, and one for the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sqlx::{Row, sqlite::SqliteRow};

use super::{Example, ServiceLedger, TurnedAway};

/// What version 3 adds for it. The row of the table `ledger` holds what is not of a service.
pub(crate) const TABLE: &str =
    "CREATE TABLE ledger_service(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;";
/// Selects the services.
pub(crate) const SERVICES: &str = "SELECT name, value FROM ledger_service WHERE ? LIMIT ?";
/// Selects the rest.
pub(crate) const REST: &str = "SELECT value FROM ledger WHERE id = ? LIMIT ?";

/// What is not counted by service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Rest {
    pub(crate) turned_away: BTreeMap<String, TurnedAway>,
    pub(crate) rejected_examples: BTreeMap<String, Example>,
    pub(crate) turned_away_examples: BTreeMap<String, Example>,
}

/// What a commit writes.
#[derive(Debug, Default)]
pub(crate) struct LedgerRows {
    /// Name and value of the services that it touched.
    pub(crate) services: Vec<(String, Vec<u8>)>,
    /// The rest, if it changed.
    pub(crate) rest: Option<Vec<u8>>,
}

/// Reads what [`SERVICES`] and [`REST`] selected.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn read(
    services: &[SqliteRow],
    rest: Option<&SqliteRow>,
) -> Result<(BTreeMap<String, ServiceLedger>, Rest), String> {
    let mut counts = BTreeMap::new();
    for row in services {
        let name: String = row.try_get(0).map_err(|error| error.to_string())?;
        let value: &[u8] = row.try_get(1).map_err(|error| error.to_string())?;
        let count = postcard::from_bytes(value).map_err(|error| format!("that of {name}: {error}"))?;
        counts.insert(name, count);
    }
    let value: &[u8] = rest.map(|row| row.try_get(0)).transpose().map_err(|error| error.to_string())?.unwrap_or(&[]);
    let rest =
        if value.is_empty() { Rest::default() } else { postcard::from_bytes(value).map_err(|e| e.to_string())? };
    Ok((counts, rest))
}
