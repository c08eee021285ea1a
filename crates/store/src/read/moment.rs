//! What a reader takes in, as it was at one moment.

use std::sync::Arc;

use hashbrown::HashSet;
use model::TraceId;
use sqlx::Row;

use super::{ATTEMPTS, Reader, segments::description};
use crate::{
    ReadError,
    index::Digest,
    segments::{Segments, TraceFilter},
    thinned::{self, Thinned, ThinnedTraces},
};

/// Rows that are new, and the segments where they have changed.
pub(super) struct Moment {
    /// Which set of segments it is.
    pub(super) generation: i64,
    /// Up to which row of the append level all is in segments.
    pub(super) compacted: u64,
    /// `None`: they are those that the reader knows.
    pub(super) segments: Option<Segments>,
    /// Traces that are pinned, where the segments have changed.
    pub(super) pinned: HashSet<TraceId>,
    /// Traces that are thinned, where the segments have changed.
    pub(super) thinned: ThinnedTraces,
    /// Of the rows that the reader does not know: where the segments have changed all that are not in them.
    pub(super) digests: Vec<(u64, Digest)>,
}

const SEGMENTS: &str = "SELECT id, signal, class, owner, items, bytes, first_row, last_row, \
                        first_received_at_unix_nano, last_received_at_unix_nano, latest_start_unix_nano, traces, \
                        services, filter, continues, source FROM segment WHERE is_retired = ? ORDER BY id LIMIT ?";

/// The same of one segment.
const SEGMENT: &str = "SELECT id, signal, class, owner, items, bytes, first_row, last_row, \
                       first_received_at_unix_nano, last_received_at_unix_nano, latest_start_unix_nano, traces, \
                       services, filter, continues, source FROM segment WHERE id = ? LIMIT ?";

/// Of each segment the block of its filter in which a trace would be, all in one row: a row takes longer than to read it.
const BLOCKS: &str = "SELECT group_concat(id || ' ' || hex(substr(filter, 1 + ?1 % (length(filter) / ?2) * ?2, ?2)), char(10)) \
                      FROM segment WHERE is_retired = 0";

/// The segments that may hold a trace, by such blocks. Of one whose filter is damaged that shows when it is described.
fn that_may_hold(blocks: &str, trace_id: TraceId) -> impl Iterator<Item = i64> + '_ {
    blocks.lines().filter_map(move |line| {
        let (id, block) = line.split_once(' ')?;
        let bytes = block.as_bytes().chunks(2).map(|byte| u8::from_str_radix(std::str::from_utf8(byte).ok()?, 16).ok());
        let block: Vec<u8> = bytes.collect::<Option<_>>()?;
        let may_hold = block.len() != TraceFilter::BLOCK_BYTES || TraceFilter::block_may_hold(&block, trace_id);
        may_hold.then(|| id.parse().ok()).flatten()
    })
}

impl Reader {
    /// What there is, for a reader that knows this set of segments. The transaction reads descriptions and
    /// digests only, which are as many as a few commits leave.
    pub(super) async fn moment(&self, known: Option<i64>) -> Result<Moment, ReadError> {
        for _ in 0..ATTEMPTS {
            let mut snapshot = self.shared.connection.snapshot().await?;
            let levels =
                snapshot.rows("SELECT compacted_row, generation FROM level WHERE id = ? LIMIT ?", 0, 1).await?;
            let level =
                levels.first().ok_or(ReadError::Damaged { row: 0, detail: "the level is missing".to_owned() })?;
            let (compacted, generation) = (level.try_get::<i64, _>(0)?.cast_unsigned(), level.try_get::<i64, _>(1)?);
            let is_known = known == Some(generation);
            let (mut described, mut pins, mut thinned) = (Vec::new(), Vec::new(), Vec::new());
            if let (false, Some(trace_id)) = (is_known, self.shared.only) {
                let number = TraceFilter::block_number(trace_id).into();
                let blocks = snapshot.rows(BLOCKS, number, TraceFilter::BLOCK_BYTES as i64).await?;
                let blocks: Option<String> = blocks.first().map(|row| row.try_get(0)).transpose()?.flatten();
                for id in that_may_hold(&blocks.unwrap_or_default(), trace_id) {
                    described.extend(snapshot.rows(SEGMENT, id, 1).await?);
                }
                thinned = snapshot.rows_of(thinned::SELECT_ONE, trace_id).await?;
            } else if !is_known {
                described = snapshot.rows(SEGMENTS, 0, i64::MAX).await?;
                pins = snapshot.rows("SELECT trace_id FROM pin WHERE ? LIMIT ?", 1, i64::MAX).await?;
                thinned = snapshot.rows(thinned::SELECT, 1, i64::MAX).await?;
            }
            let after = if is_known { self.last_row() } else { compacted };
            let digests = "SELECT id, digest FROM l0_digest WHERE id > ? ORDER BY id LIMIT ?";
            let digests = snapshot.rows(digests, after.cast_signed(), i64::MAX).await?;
            if !snapshot.end().await? {
                continue;
            }
            let mut moment = Moment {
                generation,
                compacted,
                segments: None,
                pinned: HashSet::new(),
                thinned: ThinnedTraces::default(),
                digests: Vec::with_capacity(digests.len()),
            };
            if !is_known {
                let segments = described.iter().map(|row| description(row).map(Arc::new));
                moment.segments = Some(Segments::new(segments.collect::<Result<_, _>>()?));
            }
            for row in &pins {
                moment.pinned.extend(TraceId::from_slice(row.try_get(0)?));
            }
            for row in &thinned {
                let (trace_id, thinned) = Thinned::of(row)?;
                moment.thinned.set(trace_id, Some(thinned));
            }
            for row in &digests {
                let id = row.try_get::<i64, _>(0)?.cast_unsigned();
                let digest = postcard::from_bytes(row.try_get(1)?)
                    .map_err(|error| ReadError::Damaged { row: id, detail: format!("its digest: {error}") })?;
                moment.digests.push((id, digest));
            }
            return Ok(moment);
        }
        Err(ReadError::Unsettled)
    }
}
