//! A damaged database: set aside under another name and kept for ever, and what of it still decodes read into the
//! new one.
//!
//! A file that was set aside lies beside the database as `spanscope-damaged-SECONDS.db`. When all of it that can be
//! read is in the new one, `spanscope-damaged-SECONDS.salvaged` says so; until then it is read again after a kill,
//! and what is there already is a duplicate.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use formats::{Compression, Encoding, WalkLimits};
use futures_util::StreamExt;
use model::{Signal, TraceId};
use segment::{LogSegment, PointSegment, Request, SpanSegment};
use sqlx::{ConnectOptions, Connection, Row, SqliteConnection, sqlite::SqliteRow};

use crate::{
    Append, AppendError, DataDir, OpenError, Source, Store,
    append::Command,
    compact::{Decided, SETTLED_NANOS},
    directory::private_file,
    read::{MAX_BODY_BYTES, StoredRequest},
    schema::{self, Access, size_beside},
    segments::{BLOB_BITS, FACTS, HEADER},
};

/// More segments, and rows of the append level, than any database has had.
const MOST_IDS: u64 = 1 << 40;
const PREFIX: &str = "spanscope-damaged-";
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// How far a damaged database is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Salvaged {
    /// Segments and requests that were looked at, and how many there are as far as can be told.
    pub looked_at: u64,
    /// See `looked_at`.
    pub in_all: u64,
    /// Spans, log records and points that are stored now.
    pub items: u64,
    /// Segments and requests that could not be read.
    pub lost: u64,
}

/// Whether this is damage to a database, rather than a reason to leave it alone.
pub(crate) fn is_damage(error: &OpenError) -> bool {
    match error {
        OpenError::Damaged { .. } => true,
        OpenError::Database { source, .. } => schema::is_corrupt(source),
        _ => false,
    }
}

/// Gives the database another name, with the files beside it. Nobody may have it open.
pub(crate) fn set_aside(dir: &DataDir) -> Result<PathBuf, OpenError> {
    let mut seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    while aside(dir, seconds).exists() {
        seconds += 1;
    }
    let to = aside(dir, seconds);
    // The database first: what a kill leaves of this the next start finishes.
    move_files(&dir.database_path(), &to)?;
    Ok(to)
}

/// Finishes what a kill interrupted: the log of a database that has its new name already.
pub(crate) fn finish_setting_aside(dir: &DataDir) -> Result<(), OpenError> {
    let database = dir.database_path();
    let is_gone = !database.exists() && size_beside(&database, "-wal").is_some_and(|bytes| bytes > 0);
    if is_gone
        && let Some(last) = set_aside_before(dir).last()
        && size_beside(last, "-wal").is_none()
    {
        move_files(&database, last)?;
    }
    Ok(())
}

fn aside(dir: &DataDir, seconds: u64) -> PathBuf {
    dir.path().join(format!("{PREFIX}{seconds}.db"))
}

fn move_files(from: &Path, to: &Path) -> Result<(), OpenError> {
    for suffix in SUFFIXES {
        let path = |base: &Path| {
            let mut path = base.as_os_str().to_owned();
            path.push(suffix);
            PathBuf::from(path)
        };
        match fs::rename(path(from), path(to)) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(OpenError::Io { path: path(from), source }),
        }
    }
    Ok(())
}

/// Every database that was set aside, the oldest first.
fn set_aside_before(dir: &DataDir) -> Vec<PathBuf> {
    let files = fs::read_dir(dir.path()).into_iter().flatten().flatten().map(|file| file.path());
    let is_one = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(PREFIX) && path.extension().is_some_and(|extension| extension == "db")
    };
    let mut found: Vec<PathBuf> = files.filter(is_one).collect();
    found.sort_unstable();
    found
}

impl Store {
    /// Damaged databases that were set aside, and of which not all that can be read is in this one yet.
    #[must_use]
    pub fn to_salvage(&self) -> Vec<PathBuf> {
        let mut found = set_aside_before(self.dir());
        found.retain(|path| !path.with_extension("salvaged").exists());
        found
    }

    /// Reads what can be read of a damaged database into this one, telling now and then how far it is. Stopped, it
    /// begins again the next time.
    ///
    /// # Errors
    /// Something could not be stored; it begins again the next time.
    pub async fn salvage(&self, damaged: &Path, mut progress: impl FnMut(Salvaged)) -> Result<Salvaged, AppendError> {
        let (mut salvaged, mut latest_unix_nano) = (Salvaged::default(), 0);
        match Damaged::open(damaged).await {
            Ok(mut source) => {
                let (segments, rows) = (source.segments().await, source.rows().await);
                salvaged.in_all = (segments.len() + rows.len()) as u64;
                for segment in segments {
                    let requests = source.requests_of_segment(segment).await;
                    latest_unix_nano = latest(&requests).max(latest_unix_nano);
                    self.keep(requests, &mut salvaged).await?;
                    progress(salvaged);
                }
                for row in rows {
                    let request = source.request_of_row(row).await;
                    latest_unix_nano = latest(&request).max(latest_unix_nano);
                    self.keep(request, &mut salvaged).await?;
                    progress(salvaged);
                }
                for trace_id in source.pins().await {
                    self.pin(trace_id, true).await?;
                }
                // What was there before is not thinned by rules, which would take it for what came today.
                let up_to_unix_nano = Some(latest_unix_nano.saturating_add(SETTLED_NANOS));
                let decided = Decided { up_to_unix_nano, ..Decided::default() };
                self.ask(|reply| Command::Decide(Box::new(decided), reply)).await?;
                source.close().await;
            }
            Err(error) if schema::is_corrupt(&error) => {
                tracing::warn!(%error, "nothing can be read of the damaged database");
                (salvaged.in_all, salvaged.lost) = (1, 1);
            }
            // It may be readable another time.
            Err(error) => return Err(AppendError::Other(error.to_string())),
        }
        let note =
            format!("{} items were read; {} segments and requests could not be\n", salvaged.items, salvaged.lost);
        let mark = private_file().write(true).create(true).truncate(true).open(damaged.with_extension("salvaged"));
        let written = mark.and_then(|mut mark| mark.write_all(note.as_bytes()));
        written.map_err(|error| AppendError::Other(error.to_string()))?;
        Ok(salvaged)
    }

    /// Stores what was found, or counts it as lost.
    async fn keep(&self, found: Result<Vec<Append>, String>, salvaged: &mut Salvaged) -> Result<(), AppendError> {
        salvaged.looked_at += 1;
        match found {
            Ok(appends) => {
                for append in appends {
                    let appended = self.append_in_time(append).await?;
                    salvaged.items += appended.stored + appended.duplicate;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a piece of the damaged database is lost");
                salvaged.lost += 1;
            }
        }
        Ok(())
    }
}

/// A damaged database, open to be read. Everything is looked up by its id, so that a page that is bad costs no
/// more than what lies in it.
struct Damaged {
    connection: SqliteConnection,
}

impl Damaged {
    async fn open(path: &Path) -> Result<Self, sqlx::Error> {
        let parameters = match Access::of(path) {
            Access::Immutable => "immutable=1",
            Access::Shared => "",
        };
        Ok(Self { connection: schema::read_damaged(path, parameters).connect().await? })
    }

    async fn close(self) {
        // It was only read.
        let _ = self.connection.close().await;
    }

    async fn number(&mut self, sql: &'static str) -> Option<u64> {
        let number: Result<Option<i64>, _> = sqlx::query_scalar(sql).fetch_one(&mut self.connection).await;
        number.ok().flatten().map(i64::cast_unsigned)
    }

    /// The last id that can be found out: as one of these says, or of those that can be listed.
    async fn last(&mut self, most: [&'static str; 2], list: &'static str) -> u64 {
        for sql in most {
            // One that no file of this size has is damage.
            if let Some(last) = self.number(sql).await.filter(|last| *last <= MOST_IDS) {
                return last;
            }
        }
        let mut ids = sqlx::query_scalar::<_, i64>(list).fetch(&mut self.connection);
        let mut last = 0;
        while let Some(Ok(id)) = ids.next().await {
            last = last.max(id.clamp(0, MOST_IDS.cast_signed()).cast_unsigned());
        }
        last
    }

    /// The segments that there may be.
    async fn segments(&mut self) -> Vec<u64> {
        let last = self
            .last(["SELECT max(id) FROM segment", "SELECT max(id) >> 16 FROM segment_blob"], "SELECT id FROM segment")
            .await;
        let mut found = Vec::new();
        for id in 1..=last {
            let row = self.row("SELECT is_retired FROM segment WHERE id = ?", id).await;
            // One whose description is lost is looked at all the same, and then counted as lost.
            let is_there = match row {
                Ok(Some(row)) => row.try_get::<i64, _>(0).unwrap_or_default() == 0,
                Ok(None) => false,
                Err(_) => true,
            };
            if is_there {
                found.push(id);
            }
        }
        found
    }

    /// The rows of the append level that there may be.
    async fn rows(&mut self) -> Vec<u64> {
        let compacted = self.number("SELECT compacted_row FROM level").await.filter(|row| *row <= MOST_IDS);
        let compacted = compacted.unwrap_or_default();
        let last = self.last(["SELECT max(id) FROM l0", "SELECT max(id) FROM l0_digest"], "SELECT id FROM l0").await;
        let mut found = Vec::new();
        for id in compacted + 1..=last {
            if !matches!(self.row("SELECT id FROM l0 WHERE id = ?", id).await, Ok(None)) {
                found.push(id);
            }
        }
        found
    }

    async fn pins(&mut self) -> Vec<TraceId> {
        let rows = sqlx::query("SELECT trace_id FROM pin").fetch_all(&mut self.connection).await.unwrap_or_default();
        rows.iter().filter_map(|row| TraceId::from_slice(row.try_get(0).ok()?)).collect()
    }

    async fn row(&mut self, sql: &'static str, id: u64) -> Result<Option<SqliteRow>, sqlx::Error> {
        sqlx::query(sql).bind(id.cast_signed()).fetch_optional(&mut self.connection).await
    }

    /// Where a segment or row came from; before version 3 that was not written down.
    async fn source(&mut self, sql: &'static str, id: u64) -> Source {
        let row = self.row(sql, id).await.ok().flatten();
        row.and_then(|row| Source::of(row.try_get(0).ok()?)).unwrap_or_default()
    }

    async fn requests_of_segment(&mut self, segment: u64) -> Result<Vec<Append>, String> {
        let lost = |error: &dyn std::fmt::Display| format!("segment {segment}: {error}");
        let row = self.row("SELECT signal FROM segment WHERE id = ?", segment).await.map_err(|error| lost(&error))?;
        let row = row.ok_or_else(|| lost(&"it is gone"))?;
        let signal = row.try_get(0).ok().and_then(schema::signal_of).ok_or_else(|| lost(&"its signal"))?;
        let source = self.source("SELECT source FROM segment WHERE id = ?", segment).await;
        let from = segment << BLOB_BITS;
        let header = self.row("SELECT value FROM segment_blob WHERE id = ?", from | HEADER).await;
        let header = header.map_err(|error| lost(&error))?.ok_or_else(|| lost(&"its header is gone"))?;
        let header: Vec<u8> = header.try_get(0).map_err(|error| lost(&error))?;
        let select = sqlx::query("SELECT value FROM segment_blob WHERE id >= ? AND id < ? ORDER BY id");
        let rows = select.bind(from.cast_signed()).bind((from | FACTS).cast_signed());
        let rows = rows.fetch_all(&mut self.connection).await.map_err(|error| lost(&error))?;
        let blobs: Result<Vec<Vec<u8>>, _> = rows.iter().map(|row| row.try_get(0)).collect();
        let blobs = blobs.map_err(|error| lost(&error))?;
        // Tens of megabytes: not on the threads that serve others.
        let decoded = tokio::task::spawn_blocking(move || decode(signal, source, &header, blobs));
        decoded.await.map_err(|error| lost(&error))?.map_err(|error| lost(&error))
    }

    async fn request_of_row(&mut self, row: u64) -> Result<Vec<Append>, String> {
        let lost = |error: &dyn std::fmt::Display| format!("row {row}: {error}");
        let select = "SELECT signal, encoding, compression, received_at_unix_nano, repaired_texts, left_out, body, 0 \
                      FROM l0 WHERE id = ?";
        let found = self.row(select, row).await.map_err(|error| lost(&error))?;
        let found = found.ok_or_else(|| lost(&"it is gone"))?;
        let request = StoredRequest::of(row, &found).map_err(|error| lost(&error))?;
        let source = self.source("SELECT source FROM l0 WHERE id = ?", row).await;
        let body = formats::decompress(request.compression, &request.body, MAX_BODY_BYTES);
        let body = body.map_err(|error| lost(&error))?;
        let append = append(request.signal, source, request.encoding, body, request.received_at_unix_nano);
        Ok(vec![append.map_err(|error| lost(&error))?])
    }
}

fn decode(signal: Signal, source: Source, header: &[u8], blobs: Vec<Vec<u8>>) -> Result<Vec<Append>, String> {
    let requests = match signal {
        Signal::Traces => SpanSegment::new(header, blobs).and_then(|spans| spans.requests(|_| true)),
        Signal::Logs => LogSegment::new(header, blobs).and_then(|logs| logs.requests()),
        Signal::Metrics => PointSegment::new(header, blobs).and_then(|points| points.requests()),
    };
    let append = |(Request { received_at_unix_nano, .. }, body)| {
        append(signal, source, Encoding::Protobuf, body, received_at_unix_nano).map_err(|error| error.to_string())
    };
    requests.map_err(|error| error.to_string())?.into_iter().map(append).collect()
}

/// When the latest of these came, nanoseconds since the Unix epoch.
fn latest(found: &Result<Vec<Append>, String>) -> u64 {
    found.iter().flatten().map(|append| append.received_at_unix_nano).max().unwrap_or_default()
}

fn append(
    signal: Signal,
    source: Source,
    encoding: Encoding,
    body: Vec<u8>,
    received_at_unix_nano: u64,
) -> Result<Append, formats::FormatError> {
    let limits = WalkLimits { max_items: u64::MAX, max_heap_bytes: u64::MAX, ..WalkLimits::default() };
    let walked = formats::walk(signal, encoding, &body, &limits)?;
    let (compression, body) = (Compression::None, Bytes::from(body));
    Ok(Append { signal, encoding, compression, body, walked, received_at_unix_nano, source, sender: None })
}
