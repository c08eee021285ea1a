//! A request on its way in, and what can be made ready of it before its turn comes.

use bytes::Bytes;
use formats::{Compression, Encoding, Walked, WalkedRows};
use model::Signal;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::{AppendError, schema::signal_code};

/// Bodies over this many bytes are hashed and compressed away from the threads that serve others.
const LARGE_BODY_BYTES: usize = 16 << 10;

/// A request to keep.
#[derive(Debug, Clone)]
pub struct Append {
    /// What it carries.
    pub signal: Signal,
    /// How it is encoded.
    pub encoding: Encoding,
    /// How `body` is compressed.
    pub compression: Compression,
    /// The body as it was received.
    pub body: Bytes,
    /// What the walk over the decompressed body found.
    pub walked: Walked,
    /// When it came, nanoseconds since the Unix epoch.
    pub received_at_unix_nano: u64,
}

/// What became of a request's items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Appended {
    /// Kept.
    pub stored: u64,
    /// Were there already.
    pub duplicate: u64,
    /// Came for a trace that a rule of sampling had thinned.
    pub sampled_out: u64,
    /// Refused by the walk.
    pub rejected: u64,
}

/// A request ready for the writer.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(super) signal: Signal,
    pub(super) encoding: Encoding,
    pub(super) received_at_unix_nano: u64,
    pub(super) walked: Walked,
    /// The body as it will be stored.
    pub(super) body: Bytes,
    pub(super) compression: Compression,
    /// XXH3-64 of the body as it was received, seeded with the signal.
    pub(super) body_hash: u64,
}

impl Prepared {
    /// # Errors
    /// The runtime is shutting down: it refuses new work only then.
    pub(super) async fn of(append: Append) -> Result<Self, AppendError> {
        if append.body.len() <= LARGE_BODY_BYTES {
            return Ok(Self::now(append));
        }
        tokio::task::spawn_blocking(move || Self::now(append)).await.map_err(|_| AppendError::Closed)
    }

    fn now(append: Append) -> Self {
        let Append { signal, encoding, compression, body, walked, received_at_unix_nano } = append;
        let body_hash = xxh3_64_with_seed(&body, signal_code(signal).cast_unsigned());
        let (body, compression) = match compression {
            Compression::None => {
                let smaller = formats::compress_lz4(&body);
                if smaller.len() < body.len() { (smaller.into(), Compression::Lz4) } else { (body, compression) }
            }
            _ => (body, compression),
        };
        Self { signal, encoding, received_at_unix_nano, walked, body, compression, body_hash }
    }

    /// Items that are not refused.
    pub(super) fn accepted(&self) -> u64 {
        self.walked.rows.len() as u64
    }

    /// Whether the same body a second time must be the same items: log records and points without a
    /// time may be the same and yet have happened twice.
    pub(super) fn repeats_are_duplicates(&self) -> bool {
        match &self.walked.rows {
            WalkedRows::Spans(_) => true,
            WalkedRows::Logs(logs) => logs.time_unix_nano.iter().all(|&time| time != 0),
            WalkedRows::Points(points) => points.time_unix_nano.iter().all(|&time| time != 0),
        }
    }
}
