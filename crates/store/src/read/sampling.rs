//! What is written of the decisions of sampling, beside the traces that were thinned.

use sqlx::Row;

use super::Reader;
use crate::{ReadError, schema};

impl Reader {
    /// Up to when all that had settled was decided, nanoseconds since the Unix epoch.
    pub(crate) async fn decided_unix_nano(&self) -> Result<u64, ReadError> {
        let select = "SELECT decided_unix_nano FROM sampling WHERE id = ? LIMIT ?";
        let rows = self.shared.connection.rows(select, 0, 1).await?;
        Ok(rows.first().map(|row| row.try_get::<i64, _>(0)).transpose()?.unwrap_or_default().cast_unsigned())
    }

    /// What was counted of root operations by minute, the oldest first.
    pub(crate) async fn volume(&self) -> Result<Vec<(u64, Vec<u8>)>, ReadError> {
        let select = "SELECT minute, value FROM volume WHERE minute > ? ORDER BY minute LIMIT ?";
        let rows = self.shared.connection.rows(select, 0, i64::MAX).await?;
        rows.iter().map(|row| Ok((row.try_get::<i64, _>(0)?.cast_unsigned(), row.try_get(1)?))).collect()
    }

    /// When the oldest span arrived that is in no segment, nanoseconds since the Unix epoch.
    pub(crate) async fn oldest_waiting_unix_nano(&self) -> Result<Option<u64>, ReadError> {
        let (compacted, _) = self.level().await?;
        let select = "SELECT min(received_at_unix_nano) FROM l0 WHERE id > ? AND signal = ?";
        let signal = schema::signal_code(model::Signal::Traces);
        let rows = self.shared.connection.rows(select, compacted.cast_signed(), signal).await?;
        let oldest = rows.first().map(|row| row.try_get::<Option<i64>, _>(0)).transpose()?.flatten();
        Ok(oldest.map(i64::cast_unsigned))
    }
}
