//! Spans that are in no segment yet, as segments in memory: made when somebody searches them, and kept until they are
//! segments on disk.

use std::sync::Arc;

use model::Signal;
use segment::{Batch, SpanSegment};

use super::{
    Reader, StoredRequest,
    aggregates::{add_spans, in_background},
    rows::RowSize,
    steps,
};
use crate::{ReadError, schema};

/// Spans of a piece. What arrives makes the last one anew until it has so many.
const SPANS: usize = 8192;

/// The pieces, by the rows of the append level that they are made of.
#[derive(Debug, Default)]
pub(super) struct Fresh(Vec<Piece>);

#[derive(Debug)]
struct Piece {
    rows: (u64, u64),
    spans: Arc<SpanSegment>,
}

impl Reader {
    /// All spans in rows after this one, up to which all is in segments. [`ReadError::Unsettled`] where more is by now.
    pub(crate) async fn fresh(&self, compacted_row: u64) -> Result<Vec<Arc<SpanSegment>>, ReadError> {
        let Fresh(pieces) = &mut *self.shared.fresh.lock().await;
        pieces.retain(|piece| piece.rows.1 > compacted_row);
        let last_row = self.catalogue().index.last_row();
        if last_row > pieces.last().map_or(compacted_row, |piece| piece.rows.1) {
            pieces.pop_if(|last| last.spans.len() < SPANS);
            let known = pieces.last().map_or(compacted_row, |piece| piece.rows.1.max(compacted_row));
            let sizes = self.rows_of_spans(known).await?;
            let mut rows = Vec::new();
            let mut items = 0;
            for step in steps(&sizes) {
                let (Some(first), Some(last)) = (step.first(), step.last()) else { continue };
                let requests = self.rows(first.row, last.row).await?;
                let requests = requests.into_iter().filter(|row| row.request.signal == Signal::Traces);
                for digested in requests {
                    items += digested.items;
                    rows.push(digested.request);
                    if items >= SPANS as u64 {
                        items = 0;
                        pieces.extend(Piece::of(std::mem::take(&mut rows)).await?);
                    }
                }
            }
            pieces.extend(Piece::of(rows).await?);
            if self.compacted_row().await? != compacted_row {
                return Err(ReadError::Unsettled);
            }
        }
        Ok(pieces.iter().map(|piece| Arc::clone(&piece.spans)).collect())
    }

    /// The rows of spans after this one.
    async fn rows_of_spans(&self, after: u64) -> Result<Vec<RowSize>, ReadError> {
        let select = "SELECT id, items, length(body), signal FROM l0 WHERE id > ? AND signal = ? ORDER BY id";
        let signal = schema::signal_code(Signal::Traces);
        let rows = self.shared.connection.rows(select, after.cast_signed(), signal).await?;
        rows.iter().map(RowSize::of).collect()
    }
}

impl Piece {
    async fn of(requests: Vec<StoredRequest>) -> Result<Option<Self>, ReadError> {
        let (Some(first), Some(last)) = (requests.first(), requests.last()) else { return Ok(None) };
        let rows = (first.row, last.row);
        let damaged = move |error: segment::SegmentError| ReadError::Damaged { row: rows.0, detail: error.to_string() };
        let encode = move || {
            // In one that does not decode nothing is found.
            let bodies = requests.iter().filter_map(|request| Some((request, request.in_protobuf().ok()?)));
            let bodies: Vec<_> = bodies.collect();
            let mut batch = Batch::default();
            for (request, body) in &bodies {
                add_spans(&mut batch, request, body)?;
            }
            let encoded = segment::encode_spans(&batch, &batch.by_trace(), |_| true, |_| {}).map_err(damaged)?;
            encoded.map(|encoded| SpanSegment::new(&encoded.header, encoded.blobs).map_err(damaged)).transpose()
        };
        let spans = in_background(encode).await?;
        Ok(spans.map(|spans| Self { rows, spans: Arc::new(spans) }))
    }
}
