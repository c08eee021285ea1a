//! Work of the writer that nobody waits for, in pieces small enough to ride along with a commit: columns of
//! new segments, publishing them, and deleting what they replace.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use super::plan::RECENT_BODIES;
use crate::{
    AppendError,
    aggregates::NewAggregate,
    compact::{NewSegment, Publication},
    schema,
    segments::BLOB_BITS,
};

/// Bytes of blobs written in one piece, except that one blob is always written whole.
const PIECE_BYTES: usize = 256 << 10;
/// Rows of the append level deleted in one piece.
const PIECE_ROWS: u64 = 64;
/// How long a segment that was replaced stays for those who set out to read it.
const RETIRED_FOR: Duration = Duration::from_secs(60);

/// What waits to be done.
#[derive(Debug, Default)]
pub(super) struct Background {
    publishing: Option<Publishing>,
    /// Rows of the append level that are dead: those after the first, up to the second.
    dead_rows: Option<(u64, u64)>,
    /// Retired segments, and when they may go.
    retired: VecDeque<(Instant, u64)>,
}

#[derive(Debug)]
struct Publishing {
    publication: Publication,
    reply: oneshot::Sender<Result<(), AppendError>>,
    /// Segment and blob to write next.
    next: (usize, usize),
}

/// A piece of work, done in one transaction.
#[derive(Debug)]
pub(super) enum Piece {
    /// Ids and bytes of blobs.
    Blobs(Vec<(i64, Vec<u8>)>),
    Publish(Box<Publication>),
    /// Rows after the first, up to the second.
    DeleteRows(u64, u64),
    DeleteSegment(u64),
}

impl Background {
    /// Takes over segments to write and publish.
    pub(super) fn publish(&mut self, publication: Publication, reply: oneshot::Sender<Result<(), AppendError>>) {
        self.publishing = Some(Publishing { publication, reply, next: (0, 0) });
    }

    /// Rows after the first, up to the second, are dead.
    pub(super) fn delete_rows(&mut self, after: u64, up_to: u64) {
        let after = self.dead_rows.map_or(after, |(after, _)| after);
        self.dead_rows = (after < up_to).then_some((after, up_to));
    }

    /// Segments that nobody reads.
    pub(super) fn delete_segments(&mut self, segments: impl IntoIterator<Item = u64>) {
        let now = Instant::now();
        self.retired.extend(segments.into_iter().map(|segment| (now, segment)));
    }

    /// Segments that nobody lists any more.
    pub(super) fn retire(&mut self, segments: &[u64], now: Instant) {
        self.retired.extend(segments.iter().map(|&segment| (now + RETIRED_FOR, segment)));
    }

    /// Whether there is something to do, now or later.
    pub(super) fn is_idle(&self) -> bool {
        self.publishing.is_none() && self.dead_rows.is_none() && self.retired.is_empty()
    }

    /// The next piece; `None` while there is none to do at this moment. What it is taken from moves on
    /// when it is [`Background::done`].
    pub(super) fn next(&self, now: Instant) -> Option<Piece> {
        if let Some(publishing) = &self.publishing {
            return Some(publishing.piece());
        }
        if let Some((after, up_to)) = self.dead_rows {
            return Some(Piece::DeleteRows(after, up_to.min(after + PIECE_ROWS)));
        }
        let (when, segment) = self.retired.front()?;
        (*when <= now).then_some(Piece::DeleteSegment(*segment))
    }

    /// After a piece was committed; what was published by it, if it was that, and who is to be told once it
    /// is in the catalogue too.
    pub(super) fn done(&mut self, piece: Piece) -> Option<(Publication, oneshot::Sender<Result<(), AppendError>>)> {
        match piece {
            Piece::Blobs(blobs) => {
                if let Some(publishing) = &mut self.publishing {
                    publishing.written(blobs.len());
                }
            }
            Piece::Publish(_) => {
                let Publishing { publication, reply, .. } = self.publishing.take()?;
                return Some((publication, reply));
            }
            Piece::DeleteRows(_, reached) => {
                self.dead_rows =
                    self.dead_rows.filter(|(_, up_to)| reached < *up_to).map(|(_, up_to)| (reached, up_to));
            }
            Piece::DeleteSegment(_) => drop(self.retired.pop_front()),
        }
        None
    }

    /// After a piece could not be committed: segments that are not published are given up.
    pub(super) fn failed(&mut self, error: &AppendError) {
        if let Some(Publishing { publication, reply, .. }) = self.publishing.take() {
            // Blobs of theirs may be written by then.
            self.delete_segments(publication.segments.iter().map(|new| new.segment.id));
            let _ = reply.send(Err(error.clone()));
        }
    }
}

impl Publishing {
    fn piece(&self) -> Piece {
        let mut blobs = Vec::new();
        let mut bytes = 0;
        let (first, mut from) = self.next;
        for NewSegment { segment, blobs: all, .. } in self.publication.segments.iter().skip(first) {
            for (number, blob) in all.iter().skip(from) {
                if bytes > 0 && bytes + blob.len() > PIECE_BYTES {
                    return Piece::Blobs(blobs);
                }
                bytes += blob.len();
                blobs.push(((segment.id << BLOB_BITS | number).cast_signed(), blob.clone()));
            }
            from = 0;
        }
        if blobs.is_empty() { Piece::Publish(Box::new(self.publication.without_blobs())) } else { Piece::Blobs(blobs) }
    }

    fn written(&mut self, mut count: usize) {
        while let Some(segment) = self.publication.segments.get(self.next.0) {
            let left = segment.blobs.len() - self.next.1;
            if count < left {
                self.next.1 += count;
                return;
            }
            count -= left;
            self.next = (self.next.0 + 1, 0);
        }
    }
}

impl Piece {
    /// About how many bytes it adds to the write-ahead log.
    pub(super) fn log_bytes(&self) -> u64 {
        match self {
            Self::Blobs(blobs) => blobs.iter().map(|(_, blob)| blob.len() as u64).sum(),
            Self::Publish(_) | Self::DeleteRows(..) | Self::DeleteSegment(_) => 16 * u64::from(schema::PAGE_BYTES),
        }
    }

    /// What a test calls the moments before and after it is committed.
    pub(super) fn failpoints(&self) -> [&'static str; 2] {
        match self {
            Self::Blobs(_) => ["before-blobs", "after-blobs"],
            Self::Publish(_) => ["before-publish", "after-publish"],
            Self::DeleteRows(..) => ["before-delete-rows", "after-delete-rows"],
            Self::DeleteSegment(_) => ["before-delete-segment", "after-delete-segment"],
        }
    }

    /// Does it, within the transaction that is open.
    pub(super) async fn write(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        match self {
            Self::Blobs(blobs) => {
                for (id, blob) in blobs {
                    let insert = sqlx::query("INSERT OR REPLACE INTO segment_blob VALUES (?, ?)");
                    insert.bind(id).bind(blob.as_slice()).execute(&mut *connection).await?;
                }
            }
            Self::Publish(publication) => publish(connection, publication).await?,
            Self::DeleteRows(after, up_to) => {
                let delete = "DELETE FROM l0 WHERE id > ? AND id <= ?; DELETE FROM l0_digest WHERE id > ? AND id <= ?";
                let (after, up_to) = (after.cast_signed(), up_to.cast_signed());
                sqlx::query(delete).bind(after).bind(up_to).bind(after).bind(up_to).execute(connection).await?;
            }
            Self::DeleteSegment(segment) => {
                let (from, to) = (segment << BLOB_BITS, (segment + 1) << BLOB_BITS);
                // A segment of a few megabytes goes in under a millisecond.
                let delete = "DELETE FROM segment_blob WHERE id >= ? AND id < ?; DELETE FROM segment WHERE id = ?";
                let delete = sqlx::query(delete).bind(from.cast_signed()).bind(to.cast_signed());
                delete.bind(segment.cast_signed()).execute(connection).await?;
            }
        }
        Ok(())
    }
}

async fn publish(connection: &mut SqliteConnection, publication: &Publication) -> Result<(), sqlx::Error> {
    for NewSegment { segment, .. } in &publication.segments {
        let services = postcard::to_stdvec(&segment.services).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        sqlx::query("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)")
            .bind(segment.id.cast_signed())
            .bind(schema::signal_code(segment.signal))
            .bind(segment.class.code())
            .bind(segment.owner.as_str())
            .bind(segment.items.cast_signed())
            .bind(segment.bytes.cast_signed())
            .bind(segment.rows.0.cast_signed())
            .bind(segment.rows.1.cast_signed())
            .bind(segment.received_unix_nano.0.cast_signed())
            .bind(segment.received_unix_nano.1.cast_signed())
            .bind(segment.latest_start_unix_nano.cast_signed())
            .bind(segment.traces.cast_signed())
            .bind(services)
            .bind(segment.filter.bytes())
            .bind(segment.continues.iter().flat_map(|trace_id| trace_id.0).collect::<Vec<u8>>())
            .bind(segment.source.code())
            .execute(&mut *connection)
            .await?;
    }
    for segment in &publication.replaced {
        let retire = sqlx::query("UPDATE segment SET is_retired = 1 WHERE id = ?");
        retire.bind(segment.cast_signed()).execute(&mut *connection).await?;
    }
    for (row, hash) in &publication.body_hashes {
        let insert = sqlx::query("INSERT OR REPLACE INTO body_hash VALUES (?, ?)");
        insert.bind(row.cast_signed()).bind(hash.cast_signed()).execute(&mut *connection).await?;
    }
    if !publication.body_hashes.is_empty() {
        let oldest = "DELETE FROM body_hash WHERE row <= \
                      (SELECT row FROM body_hash ORDER BY row DESC LIMIT 1 OFFSET ?)";
        sqlx::query(oldest).bind(RECENT_BODIES as i64).execute(&mut *connection).await?;
    }
    for id in &publication.replaced_aggregates {
        sqlx::query("DELETE FROM aggregate WHERE id = ?").bind(id).execute(&mut *connection).await?;
    }
    if let Some(NewAggregate { is_hours, minutes, value, edges }) = &publication.aggregate {
        let insert = "INSERT INTO aggregate (is_hours, from_minute, to_minute, value, edges) VALUES (?, ?, ?, ?, ?)";
        let insert =
            sqlx::query(insert).bind(i64::from(*is_hours)).bind(i64::from(minutes.0)).bind(i64::from(minutes.1));
        insert.bind(value.as_slice()).bind(edges.as_slice()).execute(&mut *connection).await?;
    }
    if !publication.changes_segments() {
        return Ok(());
    }
    sqlx::query("UPDATE level SET compacted_row = max(compacted_row, ?), generation = generation + 1")
        .bind(publication.compacted_row.unwrap_or_default().cast_signed())
        .execute(connection)
        .await?;
    Ok(())
}
