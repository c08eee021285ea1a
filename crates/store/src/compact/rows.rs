//! Which rows of the append level become segments next.

use super::{SEGMENT_BODY_BYTES, Work, segment_weight, weight};
use crate::{
    AppendError,
    index::Digest,
    read::{DigestedRequest, StoredRequest, into_append, steps},
};

/// A row with its body in protobuf and without compression.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) request: StoredRequest,
    pub(super) body: Vec<u8>,
    pub(super) body_hash: u64,
    /// Spans, log records or points that are kept of it.
    pub(super) items: u64,
    /// Its body as it is stored.
    pub(super) body_bytes: u64,
    pub(super) digest: Digest,
}

impl Row {
    /// How much of a segment it fills.
    pub(super) fn weight(&self) -> u64 {
        weight(self.request.signal, self.items)
    }
}

impl Work {
    /// The next rows that make a segment; `None` if too few are left. With `is_all` any are enough.
    pub(super) fn rows(&self, is_all: bool) -> Result<Option<Vec<Row>>, AppendError> {
        let reader = &self.reader;
        let sizes = self.runtime.block_on(reader.row_sizes()).map_err(|error| into_append(&error))?;
        let (mut sum, mut bytes, mut last) = (0, 0, None);
        for size in &sizes {
            (sum, bytes, last) = (sum + size.weight, bytes + size.body_bytes, Some(size.row));
            if sum >= segment_weight() || bytes >= SEGMENT_BODY_BYTES {
                break;
            }
        }
        let is_enough = is_all || sum >= segment_weight() || bytes >= SEGMENT_BODY_BYTES;
        let (Some(last), true) = (last, is_enough) else { return Ok(None) };
        let mut rows = Vec::new();
        let wanted = sizes.partition_point(|size| size.row <= last);
        for step in steps(sizes.get(..wanted).unwrap_or_default()) {
            let (Some(first), Some(last)) = (step.first(), step.last()) else { continue };
            let read = self.runtime.block_on(reader.rows(first.row, last.row)).map_err(|error| into_append(&error))?;
            for DigestedRequest { mut request, items, body_hash, digest } in read {
                let body = request.in_protobuf().map_err(|error| into_append(&error))?;
                // Thousands of rows are at hand together, each of which would be there twice.
                let body_bytes = std::mem::take(&mut request.body).len() as u64;
                rows.push(Row { body, request, body_hash, items, body_bytes, digest });
            }
        }
        Ok(Some(rows))
    }
}
