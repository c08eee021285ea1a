//! Writing a plan in one transaction, in few statements: each costs a hop to SQLite's thread.

use std::sync::LazyLock;

use sqlx::{AssertSqlSafe, Connection, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::plan::{Plan, PlannedRow};
use crate::{AppendError, schema};

/// Rows a statement; each size is prepared once.
const SIZES: [usize; 3] = [64, 8, 1];
/// Commits of so few rows are one statement from BEGIN to COMMIT; most are.
const MOST_AT_ONCE: usize = 4;
const COMMIT: &str = "UPDATE ledger SET value = ? WHERE id = 0; COMMIT";

static INSERTS: LazyLock<[String; 3]> = LazyLock::new(|| SIZES.map(insert));
static WHOLE: LazyLock<[String; MOST_AT_ONCE]> =
    LazyLock::new(|| std::array::from_fn(|fewer| format!("BEGIN IMMEDIATE; {}; {COMMIT}", insert(fewer + 1))));

fn insert(rows: usize) -> String {
    let requests = vec!["(?,?,?,?,?,?,?,?,?,?)"; rows].join(",");
    let digests = vec!["(?,?,?)"; rows].join(",");
    format!("INSERT INTO l0 VALUES {requests}; INSERT INTO l0_digest VALUES {digests}")
}

/// Commits a plan. When this fails nothing of it is stored.
pub(super) async fn commit(connection: &mut SqliteConnection, plan: &Plan) -> Result<(), AppendError> {
    let result = write(connection, plan).await;
    if let Err(error) = &result {
        tracing::warn!(%error, "a commit failed");
        // SQLite may have rolled back by itself; then there is nothing to roll back.
        if let Err(error) = sqlx::query("ROLLBACK").execute(connection).await {
            tracing::debug!(%error, "nothing to roll back");
        }
    }
    result.map_err(|error| append_error(&error))
}

async fn write(connection: &mut SqliteConnection, plan: &Plan) -> Result<(), sqlx::Error> {
    let ledger = postcard::to_stdvec(&plan.ledger).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let mut rest = plan.rows.as_slice();
    if let Some(sql) = rest.len().checked_sub(1).and_then(|fewer| WHOLE.get(fewer)) {
        rows_of(sqlx::query(AssertSqlSafe(sql.as_str())), rest).bind(ledger).execute(&mut *connection).await?;
        return Ok(());
    }
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    for (size, sql) in SIZES.into_iter().zip(INSERTS.iter()) {
        while let Some((rows, others)) = rest.split_at_checked(size) {
            rows_of(sqlx::query(AssertSqlSafe(sql.as_str())), rows).execute(&mut *connection).await?;
            rest = others;
        }
    }
    sqlx::query(COMMIT).bind(ledger).execute(&mut *connection).await?;
    Ok(())
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
            .bind(row.identities.as_slice())
            .bind(&request.body[..]);
    }
    for row in rows {
        query = query
            .bind(row.id.cast_signed())
            .bind(row.request.body_hash.cast_signed())
            .bind(row.digest_bytes.as_slice());
    }
    query
}

/// About how many bytes a plan adds to the write-ahead log: whole pages, so at least a few for each row.
pub(super) fn log_bytes(plan: &Plan) -> u64 {
    let page = u64::from(schema::PAGE_BYTES);
    let of_row = |row: &PlannedRow| (row.request.body.len() + row.identities.len() + row.digest_bytes.len()) as u64;
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
