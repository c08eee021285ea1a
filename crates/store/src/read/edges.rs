//! Edges of the service graph, with the share of what is in no segment yet.

use std::ops::RangeInclusive;

use aggregate::{EdgeKey, Edges};
use segment::Batch;

use super::{
    ATTEMPTS, Reader, StoredRequest,
    aggregates::{Uncounted, add_spans, in_background, is_within},
    steps,
};
use crate::{
    ReadError,
    aggregates::{Calling, Earlier, Seen, Services, edges_of},
};

/// Selects blobs of edges by the minutes in them.
const EDGES: &str = "SELECT id, edges FROM aggregate WHERE to_minute >= ? AND from_minute <= ? ORDER BY id";

impl Reader {
    /// Who called whom in these minutes (since the Unix epoch), as far as it is wanted: see [`Reader::aggregates`].
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn edges(
        &self,
        minutes: RangeInclusive<u32>,
        is_wanted: impl Fn(&EdgeKey<'_>) -> bool,
    ) -> Result<Edges, ReadError> {
        let is_wanted = |key: &EdgeKey<'_>| is_within(&minutes, key.start_minute, key.minutes) && is_wanted(key);
        for _ in 0..ATTEMPTS {
            let Some(Uncounted { compacted_row, stored, sizes }) = self.uncounted(EDGES, &minutes).await? else {
                continue;
            };
            let Some(waiting) = self.waiting_edges(compacted_row, &sizes).await? else {
                // What was to be read became part of something else.
                self.refresh().await?;
                tokio::task::yield_now().await;
                continue;
            };
            let mut all = Edges::default();
            for (id, edges) in stored {
                let damaged = |error| ReadError::Damaged { row: 0, detail: format!("edges {id}: {error}") };
                all.merge(&edges_of(&edges).map_err(damaged)?, is_wanted);
            }
            all.merge(&waiting, is_wanted);
            return Ok(all);
        }
        Err(ReadError::Unsettled)
    }

    /// The edges of the spans in these rows, with what they change of those of the same traces before them; `None` if what
    /// is in segments is known of another moment than that of the mark.
    async fn waiting_edges(
        &self,
        compacted_row: u64,
        sizes: &[super::rows::RowSize],
    ) -> Result<Option<Edges>, ReadError> {
        // All at one time: the spans of a trace are in any of them.
        let mut requests = Vec::with_capacity(sizes.len());
        for step in steps(sizes) {
            let Some(rows) = self.live_requests(step).await? else { return Ok(None) };
            requests.extend(in_background(move || bodies(rows)).await?);
        }
        if requests.is_empty() {
            return Ok(Some(Edges::default()));
        }
        let (requests, traces) = in_background(move || {
            let traces: Vec<_> = batch(&requests)?.by_trace().traces().collect();
            Ok((requests, traces))
        })
        .await?;
        let earlier = self.earlier(traces.into_iter()).await?;
        let Some(earlier) = earlier.filter(|earlier| earlier.compacted_row == compacted_row) else { return Ok(None) };
        in_background(move || count(&requests, &earlier)).await.map(Some)
    }
}

/// Requests with their bodies in protobuf.
type Bodies = Vec<(StoredRequest, Vec<u8>)>;

fn bodies(requests: Vec<StoredRequest>) -> Result<Bodies, ReadError> {
    let with_body = |mut request: StoredRequest| {
        let body = request.in_protobuf()?;
        request.body = Vec::new();
        Ok((request, body))
    };
    requests.into_iter().map(with_body).collect()
}

fn batch(requests: &Bodies) -> Result<Batch<'_>, ReadError> {
    let mut batch = Batch::default();
    for (request, body) in requests {
        add_spans(&mut batch, request, body)?;
    }
    Ok(batch)
}

fn count(requests: &Bodies, earlier: &Earlier) -> Result<Edges, ReadError> {
    let damaged = |error: segment::SegmentError| ReadError::Damaged { row: 0, detail: error.to_string() };
    let batch = batch(requests)?;
    let (services, earlier) = (Services::of(batch.resources()), earlier.spans());
    let mut calling = Calling::new(&services, &earlier);
    let visited = batch.visit_spans(&batch.by_trace(), |passing| {
        calling.add(passing, &Seen::of(passing.span, passing.request.received_at_unix_nano));
    });
    visited.map_err(damaged)?;
    Ok(calling.finish())
}
