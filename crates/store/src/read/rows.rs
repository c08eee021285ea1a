//! The append level: requests as they are stored.

use formats::{Compression, Encoding};
use model::Signal;
use sqlx::{Row, sqlite::SqliteRow};

use super::Reader;
use crate::{ReadError, Source, compact::weight, index::Digest, left_out::LeftOut, schema};

/// More than any body may hold; a length beyond it is damage.
pub(crate) const MAX_BODY_BYTES: u64 = 1 << 30;
/// Rows whose sizes are looked at in one statement.
const SIZES_PER_STEP: i64 = 65_536;

/// Rows that are read in one statement.
const ROWS_PER_STEP: usize = 512;
/// The same in bytes of bodies, except that one row is always read whole.
const BYTES_PER_STEP: u64 = 1 << 20;

/// How much a row holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowSize {
    pub(crate) row: u64,
    /// How much of a segment it fills.
    pub(crate) weight: u64,
    pub(crate) body_bytes: u64,
}

impl RowSize {
    /// Of id, items, length of the body and signal.
    pub(super) fn of(columns: &SqliteRow) -> Result<Self, ReadError> {
        let row = columns.try_get::<i64, _>(0)?.cast_unsigned();
        let signal = schema::signal_of(columns.try_get(3)?);
        let signal = signal.ok_or_else(|| ReadError::Damaged { row, detail: "its signal".to_owned() })?;
        Ok(Self {
            row,
            weight: weight(signal, columns.try_get::<i64, _>(1)?.cast_unsigned()),
            body_bytes: columns.try_get::<i64, _>(2)?.cast_unsigned(),
        })
    }
}

/// A request as it is stored.
#[derive(Debug)]
pub(crate) struct StoredRequest {
    pub(crate) row: u64,
    pub(crate) signal: Signal,
    pub(crate) source: Source,
    pub(crate) encoding: Encoding,
    pub(crate) compression: Compression,
    pub(crate) received_at_unix_nano: u64,
    pub(crate) repaired_texts: u64,
    pub(crate) left_out: LeftOut,
    pub(crate) body: Vec<u8>,
}

/// A request with what was made of it when it came.
#[derive(Debug)]
pub(crate) struct DigestedRequest {
    pub(crate) request: StoredRequest,
    /// Spans, log records or points that are kept of it.
    pub(crate) items: u64,
    pub(crate) body_hash: u64,
    pub(crate) digest: Digest,
}

/// Rows that are read in one statement: many small ones, or a large one.
pub(crate) fn steps(sizes: &[RowSize]) -> impl Iterator<Item = &[RowSize]> {
    let mut rest = sizes;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = rest.iter().take(ROWS_PER_STEP).take_while(|size| {
            bytes += size.body_bytes;
            bytes <= BYTES_PER_STEP
        });
        let count = fits.count().max(1);
        let (step, others) = rest.split_at_checked(count)?;
        rest = others;
        Some(step)
    })
}

impl StoredRequest {
    pub(crate) fn of(row: u64, columns: &SqliteRow) -> Result<Self, ReadError> {
        let damaged = |what: &str| ReadError::Damaged { row, detail: format!("its {what}") };
        Ok(Self {
            row,
            signal: schema::signal_of(columns.try_get(0)?).ok_or_else(|| damaged("signal"))?,
            encoding: schema::encoding_of(columns.try_get(1)?).ok_or_else(|| damaged("encoding"))?,
            compression: schema::compression_of(columns.try_get(2)?).ok_or_else(|| damaged("compression"))?,
            received_at_unix_nano: columns.try_get::<i64, _>(3)?.cast_unsigned(),
            repaired_texts: columns.try_get::<i64, _>(4)?.cast_unsigned(),
            left_out: LeftOut::from_bytes(columns.try_get(5)?).ok_or_else(|| damaged("list of what it leaves out"))?,
            body: columns.try_get(6)?,
            source: Source::of(columns.try_get(7)?).ok_or_else(|| damaged("source"))?,
        })
    }

    /// The body in protobuf and without compression, as columns are made of it.
    pub(crate) fn in_protobuf(&self) -> Result<Vec<u8>, ReadError> {
        let body = match self.compression {
            Compression::None => self.body.clone(),
            _ => self.plain_body()?,
        };
        if self.encoding == Encoding::Protobuf {
            return Ok(body);
        }
        match self.signal {
            Signal::Traces => {
                formats::decode_traces(Encoding::Json, &body).map(|data| formats::encode_traces_protobuf(&data))
            }
            Signal::Logs => {
                formats::decode_logs(Encoding::Json, &body).map(|data| formats::encode_logs_protobuf(&data))
            }
            Signal::Metrics => {
                formats::decode_metrics(Encoding::Json, &body).map(|data| formats::encode_metrics_protobuf(&data))
            }
        }
        .map_err(|error| ReadError::Damaged { row: self.row, detail: error.to_string() })
    }

    /// The body without its compression.
    pub(crate) fn plain_body(&self) -> Result<Vec<u8>, ReadError> {
        formats::decompress(self.compression, &self.body, MAX_BODY_BYTES)
            .map_err(|error| ReadError::Damaged { row: self.row, detail: error.to_string() })
    }
}

impl Reader {
    /// Up to which row of the append level all is in segments, and which set of segments is listed.
    pub(super) async fn level(&self) -> Result<(u64, i64), ReadError> {
        let level = "SELECT compacted_row, generation FROM level WHERE id = ? LIMIT ?";
        let rows = self.shared.connection.rows(level, 0, 1).await?;
        let row = rows.first().ok_or(ReadError::Damaged { row: 0, detail: "the level is missing".to_owned() })?;
        Ok((row.try_get::<i64, _>(0)?.cast_unsigned(), row.try_get(1)?))
    }

    /// The latest time that the writer believed, nanoseconds since the Unix epoch; 0 before the first.
    pub(crate) async fn believed_unix_nano(&self) -> Result<u64, ReadError> {
        let select = "SELECT trusted_unix_nano FROM level WHERE id = ? LIMIT ?";
        let rows = self.shared.connection.rows(select, 0, 1).await?;
        Ok(rows.first().map(|row| row.try_get::<i64, _>(0)).transpose()?.unwrap_or_default().cast_unsigned())
    }

    /// The request in a row of the append level; `None` if the row is gone.
    pub(crate) async fn request(&self, row: u64) -> Result<Option<StoredRequest>, ReadError> {
        let select = "SELECT signal, encoding, compression, received_at_unix_nano, repaired_texts, left_out, body, source \
                      FROM l0 WHERE id = ? LIMIT ?";
        let rows = self.shared.connection.rows(select, row.cast_signed(), 1).await?;
        rows.first().map(|columns| StoredRequest::of(row, columns)).transpose()
    }

    /// The request in a row with the hash of its body and its digest; `None` if the row is gone.
    pub(crate) async fn row(&self, row: u64) -> Result<Option<DigestedRequest>, ReadError> {
        Ok(self.rows(row, row).await?.pop())
    }

    /// The requests in the rows from the first to the last that are still there. Ask for few, or small ones: see
    /// [`steps`].
    pub(crate) async fn rows(&self, first: u64, last: u64) -> Result<Vec<DigestedRequest>, ReadError> {
        let select = "SELECT signal, encoding, compression, received_at_unix_nano, repaired_texts, left_out, body, \
                      source, body_hash, digest, id, items FROM l0 JOIN l0_digest USING (id) WHERE id >= ? AND id <= ? ORDER BY id";
        let rows = self.shared.connection.rows(select, first.cast_signed(), last.cast_signed()).await?;
        let digested = |columns: &SqliteRow| {
            let row = columns.try_get::<i64, _>(10)?.cast_unsigned();
            let digest = postcard::from_bytes(columns.try_get(9)?)
                .map_err(|error| ReadError::Damaged { row, detail: format!("its digest: {error}") })?;
            let body_hash = columns.try_get::<i64, _>(8)?.cast_unsigned();
            let items = columns.try_get::<i64, _>(11)?.cast_unsigned();
            Ok(DigestedRequest { request: StoredRequest::of(row, columns)?, items, body_hash, digest })
        };
        rows.iter().map(digested).collect()
    }

    /// What the rows hold that are not in segments, rising.
    pub(crate) async fn row_sizes(&self) -> Result<Vec<RowSize>, ReadError> {
        let (compacted, _) = self.level().await?;
        let select = "SELECT id, items, length(body), signal FROM l0 WHERE id > ? ORDER BY id LIMIT ?";
        let rows = self.shared.connection.rows(select, compacted.cast_signed(), SIZES_PER_STEP).await?;
        rows.iter().map(RowSize::of).collect()
    }

    /// Hashes of bodies that became segments, the oldest first.
    pub(crate) async fn body_hashes(&self) -> Result<Vec<u64>, ReadError> {
        let select = "SELECT hash FROM body_hash WHERE row > ? ORDER BY row LIMIT ?";
        let rows = self.shared.connection.rows(select, 0, i64::MAX).await?;
        rows.iter().map(|columns| Ok(columns.try_get::<i64, _>(0)?.cast_unsigned())).collect()
    }
}
