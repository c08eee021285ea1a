//! Writing a plan in one transaction, in few statements: each costs a hop to SQLite's thread.

use std::sync::LazyLock;

use model::TraceId;
use sqlx::{AssertSqlSafe, Connection, Row, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::{
    background::Piece,
    plan::{Plan, PlannedRow},
};
use crate::{
    AppendError,
    compact::{Decided, MINUTES_AN_HOUR},
    failpoint,
    ledger::LedgerRows,
    schema,
    thinned::{self, Changes},
};

/// Rows a statement; each size is prepared once.
const SIZES: [usize; 3] = [64, 8, 1];
/// Commits of so few rows are one statement from BEGIN to COMMIT; most are.
const MOST_AT_ONCE: usize = 4;
/// Services a statement; where there are fewer the last is written again, which changes nothing.
const SERVICES: [usize; 3] = [16, 4, 1];
/// The same for the statements of [`WHOLE`].
const FEW_SERVICES: [usize; 2] = [1, 4];
const LEDGER: &str = "UPDATE ledger SET value = ? WHERE id = 0";

static INSERTS: LazyLock<[String; 3]> = LazyLock::new(|| SIZES.map(insert));
static UPSERTS: LazyLock<[String; 3]> = LazyLock::new(|| SERVICES.map(upsert));
static WHOLE: LazyLock<[[String; 2]; MOST_AT_ONCE]> = LazyLock::new(|| {
    std::array::from_fn(|fewer| {
        FEW_SERVICES.map(|services| format!("BEGIN IMMEDIATE; {}; {}; COMMIT", insert(fewer + 1), upsert(services)))
    })
});

fn upsert(services: usize) -> String {
    format!("INSERT OR REPLACE INTO ledger_service VALUES {}", vec!["(?,?)"; services].join(","))
}

fn insert(rows: usize) -> String {
    let requests = vec!["(?,?,?,?,?,?,?,?,?,?)"; rows].join(",");
    let digests = vec!["(?,?,?)"; rows].join(",");
    format!("INSERT INTO l0 VALUES {requests}; INSERT INTO l0_digest VALUES {digests}")
}

/// Commits a plan, with a piece of the work that goes on in the background. When this fails nothing of
/// either is done.
pub(super) async fn commit(
    connection: &mut SqliteConnection,
    plan: &Plan,
    ledger: &LedgerRows,
    piece: Option<&Piece>,
) -> Result<(), AppendError> {
    let result = write(connection, plan, ledger, piece).await;
    if let Err(error) = &result {
        tracing::warn!(%error, "a commit failed");
        // SQLite may have rolled back by itself; then there is nothing to roll back.
        if let Err(error) = sqlx::query("ROLLBACK").execute(connection).await {
            tracing::debug!(%error, "nothing to roll back");
        }
    }
    result.map_err(|error| append_error(&error))
}

async fn write(
    connection: &mut SqliteConnection,
    plan: &Plan,
    ledger: &LedgerRows,
    piece: Option<&Piece>,
) -> Result<(), sqlx::Error> {
    let mut rest = plan.rows.as_slice();
    let [before, after] = piece.map_or(["before-append", "after-append"], Piece::failpoints);
    if piece.is_none()
        && plan.thinned.is_empty()
        && ledger.rest.is_none()
        && let Some(of_rows) = rest.len().checked_sub(1).and_then(|fewer| WHOLE.get(fewer))
        && let Some((sql, size)) = of_rows.iter().zip(FEW_SERVICES).find(|(_, size)| ledger.services.len() <= *size)
    {
        failpoint::reach(before);
        let query = rows_of(sqlx::query(AssertSqlSafe(sql.as_str())), rest);
        services_of(query, &ledger.services, size).execute(&mut *connection).await?;
        failpoint::reach(after);
        return Ok(());
    }
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    for (size, sql) in SIZES.into_iter().zip(INSERTS.iter()) {
        while let Some((rows, others)) = rest.split_at_checked(size) {
            rows_of(sqlx::query(AssertSqlSafe(sql.as_str())), rows).execute(&mut *connection).await?;
            rest = others;
        }
    }
    if let Some(piece) = piece {
        piece.write(connection).await?;
    }
    if !plan.thinned.is_empty() {
        write_thinned(connection, &plan.thinned.clone().into_iter().collect()).await?;
    }
    write_ledger(connection, ledger).await?;
    failpoint::reach(before);
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    failpoint::reach(after);
    Ok(())
}

async fn write_ledger(connection: &mut SqliteConnection, ledger: &LedgerRows) -> Result<(), sqlx::Error> {
    let mut services = ledger.services.as_slice();
    for (size, sql) in SERVICES.into_iter().zip(UPSERTS.iter()) {
        while let Some((some, others)) = services.split_at_checked(size) {
            services_of(sqlx::query(AssertSqlSafe(sql.as_str())), some, size).execute(&mut *connection).await?;
            services = others;
        }
    }
    if let Some(rest) = &ledger.rest {
        sqlx::query(LEDGER).bind(rest.as_slice()).execute(connection).await?;
    }
    Ok(())
}

/// Writes changes of thinned traces: another process sees others than before.
async fn write_thinned(connection: &mut SqliteConnection, changes: &Changes) -> Result<(), sqlx::Error> {
    thinned::write(connection, changes).await?;
    sqlx::query("UPDATE level SET generation = generation + 1").execute(connection).await.map(drop)
}

/// What was decided of traces that settled.
pub(super) async fn decide(
    connection: &mut SqliteConnection,
    decided: &Decided,
    changes: &Changes,
    ledger: &LedgerRows,
) -> Result<(), AppendError> {
    let write = async {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        write_thinned(connection, changes).await?;
        if let Some(up_to) = decided.up_to_unix_nano {
            let update = sqlx::query("UPDATE sampling SET decided_unix_nano = ?");
            update.bind(up_to.cast_signed()).execute(&mut *connection).await?;
        }
        if let Some((minute, value)) = &decided.volume {
            let insert = sqlx::query("INSERT OR REPLACE INTO volume VALUES (?, ?)");
            insert.bind(minute.cast_signed()).bind(value.as_slice()).execute(&mut *connection).await?;
            let delete = sqlx::query("DELETE FROM volume WHERE minute < ?");
            delete.bind(minute.saturating_sub(MINUTES_AN_HOUR).cast_signed()).execute(&mut *connection).await?;
        }
        write_ledger(connection, ledger).await?;
        failpoint::reach("before-decide");
        sqlx::query("COMMIT").execute(&mut *connection).await?;
        failpoint::reach("after-decide");
        Ok(())
    };
    let result = write.await;
    if result.is_err() {
        // SQLite may have rolled back by itself; then there is nothing to roll back.
        drop(sqlx::query("ROLLBACK").execute(connection).await);
    }
    result.map_err(|error: sqlx::Error| append_error(&error))
}

/// A statement with these rows as its values.
fn rows_of<'a>(
    mut query: Query<'a, Sqlite, SqliteArguments>,
    rows: &'a [PlannedRow],
) -> Query<'a, Sqlite, SqliteArguments> {
    for row in rows {
        let request = &row.request;
        query = query
            .bind(row.id.cast_signed())
            .bind(schema::signal_code(request.signal))
            .bind(schema::encoding_code(request.encoding))
            .bind(schema::compression_code(request.compression))
            .bind(request.received_at_unix_nano.cast_signed())
            .bind(row.items.cast_signed())
            .bind(request.walked.repaired_texts.cast_signed())
            .bind(row.left_out.to_bytes())
            .bind(&request.body[..])
            .bind(request.source.code());
    }
    for row in rows {
        query = query
            .bind(row.id.cast_signed())
            .bind(row.request.body_hash.cast_signed())
            .bind(row.digest_bytes.as_slice());
    }
    query
}

/// A statement with these services as its next values, the last as often as there are fewer than `size`.
fn services_of<'a>(
    mut query: Query<'a, Sqlite, SqliteArguments>,
    services: &'a [(String, Vec<u8>)],
    size: usize,
) -> Query<'a, Sqlite, SqliteArguments> {
    let last = services.last().into_iter().cycle();
    for (name, value) in services.iter().chain(last).take(size) {
        query = query.bind(name.as_str()).bind(value.as_slice());
    }
    query
}

/// About how many bytes a plan adds to the write-ahead log: whole pages, so at least a few for each row.
pub(super) fn log_bytes(plan: &Plan) -> u64 {
    let page = u64::from(schema::PAGE_BYTES);
    let of_row = |row: &PlannedRow| (row.request.body.len() + row.digest_bytes.len()) as u64;
    4 * page + plan.rows.iter().map(of_row).sum::<u64>()
}

/// Limits the database's file to so many bytes, rounded down to pages.
pub(super) async fn limit(connection: &mut SqliteConnection, bytes: Option<u64>) -> Result<(), AppendError> {
    // SQLite's own greatest number of pages (sqlite.org/limits.html, 14).
    let pages = bytes.map_or(4_294_967_294, |bytes| (bytes / u64::from(schema::PAGE_BYTES)).max(1));
    let sql = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
    sqlx::query(sql).execute(connection).await.map_err(|error| append_error(&error))?;
    Ok(())
}

/// Moves all of the write-ahead log into the database.
pub(super) async fn move_log(connection: &mut SqliteConnection) -> Result<(), AppendError> {
    let moved = sqlx::query("PRAGMA wal_checkpoint(FULL)").fetch_one(connection).await;
    let is_busy: i64 = moved.and_then(|row| row.try_get(0)).map_err(|error| append_error(&error))?;
    if is_busy == 0 { Ok(()) } else { Err(AppendError::Busy) }
}

/// Gives free pages back to the disk, so many at a time, until so many are left; whether there are more.
pub(super) async fn give_back(
    connection: &mut SqliteConnection,
    spare_pages: i64,
    step_pages: i64,
) -> Result<bool, AppendError> {
    let give_back = async {
        let free: i64 = sqlx::query_scalar("PRAGMA freelist_count").fetch_one(&mut *connection).await?;
        if free <= spare_pages + step_pages {
            return Ok(false);
        }
        // The pragma frees a page a row: it has to be stepped to its end.
        let vacuum = AssertSqlSafe(format!("PRAGMA incremental_vacuum({step_pages})"));
        sqlx::query(vacuum).fetch_all(connection).await?;
        Ok(true)
    };
    give_back.await.map_err(|error: sqlx::Error| append_error(&error))
}

/// Writes down the latest time that is believed, nanoseconds since the Unix epoch.
pub(super) async fn believe(connection: &mut SqliteConnection, now_unix_nano: u64) -> Result<(), AppendError> {
    let update = sqlx::query("UPDATE level SET trusted_unix_nano = ?").bind(now_unix_nano.cast_signed());
    update.execute(connection).await.map(drop).map_err(|error| append_error(&error))
}

/// Writes down that a trace is pinned, or is so no longer.
pub(super) async fn pin(
    connection: &mut SqliteConnection,
    trace_id: TraceId,
    is_pinned: bool,
) -> Result<(), AppendError> {
    let change = if is_pinned { "INSERT OR IGNORE INTO pin VALUES (?)" } else { "DELETE FROM pin WHERE trace_id = ?" };
    let all = AssertSqlSafe(format!("BEGIN IMMEDIATE; {change}; UPDATE level SET generation = generation + 1; COMMIT"));
    let changed = sqlx::query(all).bind(&trace_id.0[..]).execute(&mut *connection).await;
    if changed.is_err() {
        // SQLite may have rolled back by itself; then there is nothing to roll back.
        drop(sqlx::query("ROLLBACK").execute(connection).await);
    }
    changed.map(drop).map_err(|error| append_error(&error))
}

pub(super) async fn close(connection: SqliteConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "closing the database failed");
    }
}

pub(crate) fn append_error(error: &sqlx::Error) -> AppendError {
    match schema::primary_code(error) {
        Some(schema::FULL) => AppendError::Full,
        Some(schema::BUSY | schema::LOCKED) => AppendError::Busy,
        _ => AppendError::Other(error.to_string()),
    }
}
