//! The connection that reads: opened when first needed, short statements only.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use model::TraceId;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use tokio::sync::{Mutex, MutexGuard};

use crate::schema::{Access, read_only};

/// Reads a database file. Statements take turns; each is a transaction of its own, so that none holds
/// back the write-ahead log.
#[derive(Debug)]
pub(super) struct ReadConnection {
    path: PathBuf,
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    connection: SqliteConnection,
    /// What the file looked like when it was taken as immutable.
    unchanged: Option<Stamp>,
}

/// Size and time of change.
type Stamp = (u64, Option<SystemTime>);

impl ReadConnection {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, open: Mutex::new(None) }
    }

    /// All rows of a statement with two parameters. Keep them few: they are collected.
    pub(super) async fn rows(&self, sql: &'static str, a: i64, b: i64) -> Result<Vec<SqliteRow>, sqlx::Error> {
        self.all(|| sqlx::query(sql).bind(a).bind(b)).await
    }

    async fn all<'q>(
        &self,
        query: impl Fn() -> Query<'q, Sqlite, SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let mut slot = self.open.lock().await;
        loop {
            let mut open = match slot.take().filter(|open| open.is_current(&self.path)) {
                Some(open) => open,
                None => Open::new(&self.path).await?,
            };
            let rows = query().fetch_all(&mut open.connection).await;
            // A writer that came meanwhile may have changed pages under a connection that was told that
            // nothing can change.
            if !open.is_current(&self.path) {
                continue;
            }
            if rows.is_ok() {
                *slot = Some(open);
            }
            return rows;
        }
    }

    /// The blobs of segments with these ids, each with its id; those that are not there are left out.
    pub(super) async fn blobs(&self, ids: &[i64]) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let mut select = "SELECT id, value FROM segment_blob WHERE id IN (".to_owned();
        for number in 0..ids.len() {
            select.push_str(if number == 0 { "?" } else { ", ?" });
        }
        select.push_str(") ORDER BY id");
        self.all(|| ids.iter().fold(sqlx::query(AssertSqlSafe(select.clone())), |query, id| query.bind(id))).await
    }

    /// Begins a read of several statements at one moment. Keep it short: it holds back the write-ahead log.
    pub(super) async fn snapshot(&self) -> Result<Snapshot<'_>, sqlx::Error> {
        let mut slot = self.open.lock().await;
        let mut open = match slot.take().filter(|open| open.is_current(&self.path)) {
            Some(open) => open,
            None => Open::new(&self.path).await?,
        };
        sqlx::query("BEGIN").execute(&mut open.connection).await?;
        Ok(Snapshot { path: &self.path, open, slot })
    }

    /// Closes the connection; the next statement opens a new one.
    pub(super) async fn close(&self) {
        if let Some(open) = self.open.lock().await.take() {
            // Nothing was written; a failure to close loses nothing.
            let _ = open.connection.close().await;
        }
    }
}

/// The file at one moment. Dropped before its end, it takes its connection with it.
pub(super) struct Snapshot<'a> {
    path: &'a Path,
    open: Open,
    slot: MutexGuard<'a, Option<Open>>,
}

impl Snapshot<'_> {
    /// All rows of a statement with two parameters.
    pub(super) async fn rows(&mut self, sql: &'static str, a: i64, b: i64) -> Result<Vec<SqliteRow>, sqlx::Error> {
        sqlx::query(sql).bind(a).bind(b).fetch_all(&mut self.open.connection).await
    }

    /// All rows of a statement about a trace.
    pub(super) async fn rows_of(
        &mut self,
        sql: &'static str,
        trace_id: TraceId,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        sqlx::query(sql).bind(trace_id.0.as_slice()).fetch_all(&mut self.open.connection).await
    }

    /// Ends it; `false` if what was read may not have been of one moment.
    pub(super) async fn end(mut self) -> Result<bool, sqlx::Error> {
        sqlx::query("COMMIT").execute(&mut self.open.connection).await?;
        // A writer that came meanwhile may have changed pages under a connection that was told that nothing
        // can change.
        let is_current = self.open.is_current(self.path);
        if is_current {
            *self.slot = Some(self.open);
        }
        Ok(is_current)
    }
}

impl Open {
    async fn new(path: &Path) -> Result<Self, sqlx::Error> {
        let (parameters, unchanged) = match Access::of(path) {
            Access::Immutable => ("immutable=1", Some(stamp(path)?)),
            Access::Shared => ("", None),
        };
        Ok(Self { connection: read_only(path, parameters).connect().await?, unchanged })
    }

    fn is_current(&self, path: &Path) -> bool {
        match &self.unchanged {
            None => true,
            Some(before) => Access::of(path) == Access::Immutable && stamp(path).is_ok_and(|now| now == *before),
        }
    }
}

fn stamp(path: &Path) -> Result<Stamp, sqlx::Error> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.len(), metadata.modified().ok()))
}
