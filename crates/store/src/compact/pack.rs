//! Rows packed as segments: one for each signal, and of spans one for each class.

use std::sync::Arc;

use hashbrown::HashSet;
use model::{Signal, TraceId};
use segment::{Batch, Encoded, Request, SegmentError};

use super::{NewSegment, Publication, rows::Row, take_id};
use crate::{
    AppendError, Reader,
    segments::{Block, Class, HEADER, PARTS, PartsBuilder, Segment, TraceFilter},
};

/// What is said of a segment besides its columns.
pub(super) struct About {
    pub(super) signal: Signal,
    pub(super) class: Class,
    pub(super) rows: (u64, u64),
    pub(super) received_unix_nano: (u64, u64),
}

impl About {
    fn of(signal: Signal, class: Class, rows: &[&Row]) -> Self {
        let received = || rows.iter().map(|row| row.request.received_at_unix_nano);
        Self {
            signal,
            class,
            rows: (rows.first().map_or(0, |row| row.request.row), rows.last().map_or(0, |row| row.request.row)),
            received_unix_nano: (received().min().unwrap_or_default(), received().max().unwrap_or_default()),
        }
    }
}

/// Packs rows; they are all that there is up to the last of them.
pub(super) fn pack(reader: &Reader, rows: &[Row], next_segment: &mut u64) -> Result<Publication, AppendError> {
    let mut publication = Publication {
        compacted_row: rows.last().map(|row| row.request.row),
        released: (rows.iter().map(|row| row.items).sum(), rows.iter().map(|row| row.body_bytes).sum()),
        ..Publication::default()
    };
    for signal in Signal::ALL {
        let of_signal: Vec<&Row> = rows.iter().filter(|row| row.request.signal == signal).collect();
        if of_signal.is_empty() {
            continue;
        }
        match signal {
            Signal::Traces => {
                let failed = failed(reader, &of_signal);
                let batch = batch(signal, &of_signal)?;
                for class in [Class::Ordinary, Class::Error] {
                    let is_wanted = |trace_id| failed.contains(&trace_id) == (class == Class::Error);
                    let Some(encoded) = segment::encode_spans(&batch, is_wanted).map_err(damaged)? else { continue };
                    let mut parts = PartsBuilder::default();
                    of_signal.iter().for_each(|row| parts.add_digest(row.request.row, &row.digest, is_wanted));
                    let about = About::of(signal, class, &of_signal);
                    let is_elsewhere = |trace_id| reader.catalogue().index.is_beyond(trace_id, &[]);
                    publication.segments.push(of_spans(take_id(next_segment), about, encoded, parts, is_elsewhere)?);
                }
            }
            Signal::Logs => {
                let Some(encoded) = segment::encode_logs(&batch(signal, &of_signal)?, |_| true).map_err(damaged)?
                else {
                    continue;
                };
                let traces: HashSet<TraceId> =
                    of_signal.iter().flat_map(|row| &row.digest.logs).map(|log| log.trace_id).collect();
                let about = About::of(signal, Class::Ordinary, &of_signal);
                publication.segments.push(of_items(take_id(next_segment), about, encoded, &traces));
            }
            Signal::Metrics => {
                let Some(encoded) = segment::encode_points(&batch(signal, &of_signal)?).map_err(damaged)? else {
                    continue;
                };
                let about = About::of(signal, Class::Ordinary, &of_signal);
                publication.segments.push(of_items(take_id(next_segment), about, encoded, &HashSet::new()));
            }
        }
        if signal != Signal::Traces {
            publication.body_hashes.extend(of_signal.iter().map(|row| (row.request.row, row.body_hash)));
        }
    }
    Ok(publication)
}

/// Traces with an error, in these rows or known from elsewhere.
fn failed(reader: &Reader, rows: &[&Row]) -> HashSet<TraceId> {
    let catalogue = reader.catalogue();
    let fragments = rows.iter().flat_map(|row| &row.digest.spans);
    fragments
        .filter(|fragment| fragment.error_count > 0 || catalogue.index.has_errors(fragment.trace_id))
        .map(|fragment| fragment.trace_id)
        .collect()
}

/// The items of rows of one signal.
fn batch<'a>(signal: Signal, rows: &[&'a Row]) -> Result<Batch<'a>, AppendError> {
    let mut batch = Batch::default();
    for row in rows {
        let is_left_out = |ordinal| row.request.left_out.contains(ordinal);
        let added = match signal {
            Signal::Traces => batch.add_spans(request(row), &row.body, is_left_out),
            Signal::Logs => batch.add_logs(request(row), &row.body, is_left_out),
            Signal::Metrics => batch.add_metrics(request(row), &row.body, is_left_out),
        };
        added.map_err(damaged)?;
    }
    Ok(batch)
}

fn request(row: &Row) -> Request {
    Request {
        row: row.request.row,
        received_at_unix_nano: row.request.received_at_unix_nano,
        repaired_texts: row.request.repaired_texts,
    }
}

pub(super) fn damaged(error: SegmentError) -> AppendError {
    AppendError::Other(error.to_string())
}

/// A segment of spans; `is_elsewhere` tells which traces have parts in others.
pub(super) fn of_spans(
    id: u64,
    about: About,
    encoded: Encoded,
    parts: PartsBuilder,
    is_elsewhere: impl Fn(TraceId) -> bool,
) -> Result<NewSegment, AppendError> {
    let parts = parts.finish();
    let packed = parts.to_bytes().map_err(AppendError::Other)?;
    let block = Arc::new(Block::new(parts));
    let traces: Vec<TraceId> = block.parts().iter().map(|part| part.fragment.trace_id).collect();
    let continues = traces.iter().copied().filter(|trace_id| is_elsewhere(*trace_id)).collect();
    let mut new = new_segment(id, about, encoded, traces.into_iter());
    new.segment.continues = continues;
    let latest = block.parts().iter().map(|part| part.fragment.start_unix_nano).max();
    new.segment.latest_start_unix_nano = latest.unwrap_or_default();
    new.segment.services = block.services();
    new.segment.bytes += packed.len() as u64;
    new.blobs.push((PARTS, packed));
    Ok(NewSegment { segment: Arc::new(new.segment), blobs: new.blobs, block: Some(block) })
}

/// A segment of log records or points.
pub(super) fn of_items(id: u64, about: About, encoded: Encoded, traces: &HashSet<TraceId>) -> NewSegment {
    let traces: Vec<TraceId> = traces.iter().copied().collect();
    let new = new_segment(id, about, encoded, traces.into_iter());
    NewSegment { segment: Arc::new(new.segment), blobs: new.blobs, block: None }
}

struct Unfinished {
    segment: Segment,
    blobs: Vec<(u64, Vec<u8>)>,
}

fn new_segment(id: u64, about: About, encoded: Encoded, traces: impl ExactSizeIterator<Item = TraceId>) -> Unfinished {
    let segment = Segment {
        id,
        signal: about.signal,
        class: about.class,
        items: encoded.rows.into(),
        bytes: encoded.bytes() as u64,
        rows: about.rows,
        received_unix_nano: about.received_unix_nano,
        latest_start_unix_nano: 0,
        traces: traces.len() as u64,
        services: Vec::new(),
        filter: TraceFilter::of(traces),
        continues: Vec::new(),
    };
    let blobs = (0..).zip(encoded.blobs).chain([(HEADER, encoded.header)]).collect();
    Unfinished { segment, blobs }
}
