//! The database: its tables, its version, and how connections to it are opened.
//!
//! `l0` holds one row per request, with its body as it was received; `l0_digest` holds what the index
//! in memory is made of, apart from the bodies, so that it is read quickly. Row ids rise with time. Rows
//! become segments: `segment` describes each, `segment_blob` holds its columns, and `level` says up to which
//! row of `l0` all is in segments and so dead. `pin` names the traces that the user pinned. `body_hash` remembers
//! requests whose items have no identity. `ledger_service` counts what became of what each service sent, `ledger` what is
//! of no service. `thinned` names the traces that a rule of sampling hid or took, `sampling` up to when all was decided,
//! `volume` what the rules counted; `aggregate` holds operations and edges counted by the minute.
//! What a database cannot change later is decided here: the page size and incremental vacuum.

use std::{fs, io::Read, path::Path, time::Duration};

use formats::{Compression, Encoding};
use model::Signal;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use crate::{DataDir, OpenError, aggregates, failpoint, ledger, source, thinned};

/// "Span" in ASCII: tells our files from other SQLite databases.
const APPLICATION_ID: i64 = 0x5370_616e;
/// The version of the tables below.
const VERSION: i64 = 3;
/// Bytes a page; fixed when the file is made.
pub(crate) const PAGE_BYTES: u32 = 8192;
/// How long a connection waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

const CREATE: &str = "
BEGIN IMMEDIATE;
CREATE TABLE l0(
    id INTEGER PRIMARY KEY,
    signal INTEGER NOT NULL,
    encoding INTEGER NOT NULL,
    compression INTEGER NOT NULL,
    received_at_unix_nano INTEGER NOT NULL,
    items INTEGER NOT NULL,
    repaired_texts INTEGER NOT NULL,
    left_out BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE l0_digest(
    id INTEGER PRIMARY KEY,
    body_hash INTEGER NOT NULL,
    digest BLOB NOT NULL
) STRICT;
CREATE TABLE ledger(id INTEGER PRIMARY KEY CHECK (id = 0), value BLOB NOT NULL) STRICT;
INSERT INTO ledger VALUES (0, x'');
PRAGMA application_id = 0x5370616e;
";

/// What version 2 adds.
const SEGMENTS: &str = "
CREATE TABLE segment(
    id INTEGER PRIMARY KEY,
    signal INTEGER NOT NULL,
    class INTEGER NOT NULL,
    owner TEXT NOT NULL,
    items INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    first_received_at_unix_nano INTEGER NOT NULL,
    last_received_at_unix_nano INTEGER NOT NULL,
    latest_start_unix_nano INTEGER NOT NULL,
    traces INTEGER NOT NULL,
    services BLOB NOT NULL,
    filter BLOB NOT NULL,
    continues BLOB NOT NULL,
    is_retired INTEGER NOT NULL
) STRICT;
CREATE TABLE segment_blob(id INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE level(
    id INTEGER PRIMARY KEY CHECK (id = 0),
    compacted_row INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    trusted_unix_nano INTEGER NOT NULL
) STRICT;
INSERT INTO level VALUES (0, 0, 0, 0);
CREATE TABLE pin(trace_id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE body_hash(row INTEGER PRIMARY KEY, hash INTEGER NOT NULL) STRICT;
";

/// What version 3 adds, piece by piece.
const VERSION_3: [&str; 4] = [thinned::TABLES, source::COLUMNS, aggregates::TABLES, ledger::TABLE];
/// The end of every way to the tables of today.
const SET_VERSION: &str = "PRAGMA user_version = 3;";

/// From version 1: identities of spans are read from the bodies now.
const FROM_1: &str = "BEGIN IMMEDIATE; ALTER TABLE l0 DROP COLUMN identities;";

/// What a file holds, as far as it matters before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing: there is no file, or no table in it.
    Empty,
    /// Our tables, in this version.
    Tables,
    /// Our tables, in an older version that is known.
    Older(i64),
}

/// Looks at a database without changing anything, not even the files beside it.
pub(crate) async fn inspect(dir: &DataDir) -> Result<Content, OpenError> {
    let path = dir.database_path();
    let database = |source| OpenError::Database { path: path.clone(), source };
    match fs::metadata(&path) {
        Ok(metadata) if metadata.len() > 0 => {}
        Ok(_) if size_beside(&path, "-wal").is_some_and(|bytes| bytes > 0) => {
            // SQLite would delete the log; a file that was never written to has none.
            return Err(OpenError::Damaged { path, detail: "it is empty, but its write-ahead log is not".to_owned() });
        }
        Ok(_) => return Ok(Content::Empty),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Content::Empty),
        Err(source) => return Err(OpenError::Io { path, source }),
    }
    let mode = match Access::of(&path) {
        Access::Immutable => "immutable=1",
        Access::Shared if size_beside(&path, "-shm").is_some() => "readonly_shm=1",
        // The log cannot be read without its index, which somebody deleted: SQLite makes it anew.
        Access::Shared => "",
    };
    let found = async {
        let mut connection = read_only(&path, mode).connect().await?;
        let row = sqlx::query(
            "SELECT (SELECT application_id FROM pragma_application_id), \
             (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema), \
             (SELECT group_concat(name, ', ') FROM sqlite_schema WHERE type IN ('view', 'trigger'))",
        )
        .fetch_one(&mut connection)
        .await?;
        let found = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let added: Option<String> = row.try_get(3)?;
        connection.close().await?;
        Ok::<((i64, i64, i64), Option<String>), sqlx::Error>((found, added))
    };
    let found = match found.await {
        // A trigger would run within our own transactions.
        Ok(((APPLICATION_ID, ..), Some(what))) => return Err(OpenError::Altered { path, what }),
        found => found.map(|(found, _)| found),
    };
    match found {
        Ok((0, 0, 0)) => Ok(Content::Empty),
        Ok((APPLICATION_ID, version, _)) if version > VERSION => {
            Err(OpenError::Newer { path, found: version, known: VERSION })
        }
        Ok((APPLICATION_ID, VERSION, _)) => Ok(Content::Tables),
        Ok((APPLICATION_ID, version @ 1..VERSION, _)) => Ok(Content::Older(version)),
        Ok(_) => Err(OpenError::Foreign { path }),
        Err(error) if primary_code(&error) == Some(NOT_A_DATABASE) && !has_our_id(&path) => {
            Err(OpenError::Foreign { path })
        }
        Err(error) => Err(database(error)),
    }
}

/// Whether a file has our application id where SQLite keeps it (sqlite.org/fileformat2.html, 1.3), whatever else
/// is wrong with it.
fn has_our_id(path: &Path) -> bool {
    let mut header = [0; 72];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header.last_chunk::<4>().is_some_and(|id| i64::from(u32::from_be_bytes(*id)) == APPLICATION_ID)
}

/// Opens the connection that writes, making the tables in an empty file.
pub(crate) async fn open_writer(dir: &DataDir, content: Content) -> Result<SqliteConnection, OpenError> {
    dir.create_database_file()?;
    let path = dir.database_path();
    let open = async {
        let mut connection = read_write(&path)
            .page_size(PAGE_BYTES)
            .auto_vacuum(SqliteAutoVacuum::Incremental)
            .journal_mode(SqliteJournalMode::Wal)
            .connect()
            .await?;
        let begin: &[&str] = match content {
            Content::Empty => &[CREATE, SEGMENTS],
            Content::Older(1) => &[FROM_1, SEGMENTS],
            Content::Older(_) => &["BEGIN IMMEDIATE;"],
            Content::Tables => return Ok(connection),
        };
        let all = [begin, &VERSION_3, &[SET_VERSION]].concat().concat();
        sqlx::raw_sql(AssertSqlSafe(all)).execute(&mut connection).await?;
        if let Content::Older(version) = content {
            ledger::convert(&mut connection, version).await?;
        }
        failpoint::reach("before-migrate");
        sqlx::query("COMMIT").execute(&mut connection).await?;
        failpoint::reach("after-migrate");
        Ok(connection)
    };
    open.await.map_err(|source| OpenError::of_database(dir.path(), &path, source))
}

/// Opens the connection that moves the write-ahead log into the database.
pub(crate) async fn open_checkpointer(dir: &DataDir) -> Result<SqliteConnection, OpenError> {
    let path = dir.database_path();
    read_write(&path).connect().await.map_err(|source| OpenError::of_database(dir.path(), &path, source))
}

fn read_write(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("wal_autocheckpoint", "0")
        .pragma("journal_size_limit", "16777216")
        .pragma("secure_delete", "OFF")
        .pragma("trusted_schema", "OFF")
        .pragma("cache_size", "-8192")
        .disable_statement_logging()
}

/// How a file may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nobody writes and nothing waits in a write-ahead log: SQLite would make the files beside the
    /// database that are missing, so it is told that nothing can change.
    Immutable,
    /// Through the write-ahead log and its shared memory.
    Shared,
}

impl Access {
    pub(crate) fn of(database: &Path) -> Self {
        let has_index = size_beside(database, "-shm").is_some();
        if has_index || size_beside(database, "-wal").is_some_and(|bytes| bytes > 0) {
            Self::Shared
        } else {
            Self::Immutable
        }
    }
}

/// Bytes of the file beside a database that has this suffix; `None` if there is none.
pub(crate) fn size_beside(database: &Path, suffix: &str) -> Option<u64> {
    let mut path = database.as_os_str().to_owned();
    path.push(suffix);
    fs::metadata(path).ok().map(|metadata| metadata.len())
}

/// Options of a connection that cannot write, with more parameters of SQLite's file URI.
pub(crate) fn read_only(database: &Path, parameters: &str) -> SqliteConnectOptions {
    without_writing(database, parameters).pragma("cache_size", "-4096")
}

/// The same for a damaged file: SQLite else reads nothing of one that is shorter than it says. (The first pragma
/// that looks into the file has to come after this one.)
pub(crate) fn read_damaged(database: &Path, parameters: &str) -> SqliteConnectOptions {
    without_writing(database, parameters).pragma("writable_schema", "ON")
}

fn without_writing(database: &Path, parameters: &str) -> SqliteConnectOptions {
    let mut uri = String::from("file:");
    for c in database.to_string_lossy().chars() {
        match c {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            c => uri.push(c),
        }
    }
    uri.push_str("?mode=ro");
    if !parameters.is_empty() {
        uri.push('&');
        uri.push_str(parameters);
    }
    SqliteConnectOptions::new()
        .filename(uri)
        .read_only(true)
        .foreign_keys(false)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

pub(crate) const BUSY: i64 = 5;
pub(crate) const LOCKED: i64 = 6;
pub(crate) const FULL: i64 = 13;
pub(crate) const READ_ONLY: i64 = 8;
const CORRUPT: i64 = 11;
const NOT_A_DATABASE: i64 = 26;

/// SQLite's primary result code (sqlite.org/rescode.html); `None` for errors of other kinds.
pub(crate) fn primary_code(error: &sqlx::Error) -> Option<i64> {
    let extended: i64 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// Whether it is damage that SQLite found.
pub(crate) fn is_corrupt(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(CORRUPT | NOT_A_DATABASE))
}

pub(crate) fn signal_code(signal: Signal) -> i64 {
    match signal {
        Signal::Traces => 1,
        Signal::Logs => 2,
        Signal::Metrics => 3,
    }
}

pub(crate) fn signal_of(code: i64) -> Option<Signal> {
    Signal::ALL.into_iter().find(|signal| signal_code(*signal) == code)
}

pub(crate) fn encoding_code(encoding: Encoding) -> i64 {
    match encoding {
        Encoding::Protobuf => 1,
        Encoding::Json => 2,
    }
}

pub(crate) fn encoding_of(code: i64) -> Option<Encoding> {
    [Encoding::Protobuf, Encoding::Json].into_iter().find(|encoding| encoding_code(*encoding) == code)
}

pub(crate) fn compression_code(compression: Compression) -> i64 {
    match compression {
        Compression::None => 0,
        Compression::Gzip => 1,
        Compression::Zstd => 2,
        Compression::Deflate => 3,
        Compression::Lz4 => 4,
    }
}

pub(crate) fn compression_of(code: i64) -> Option<Compression> {
    [Compression::None, Compression::Gzip, Compression::Zstd, Compression::Deflate, Compression::Lz4]
        .into_iter()
        .find(|compression| compression_code(*compression) == code)
}
