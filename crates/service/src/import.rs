//! Files into the store.

use std::collections::HashSet;

use api::{ApiError, ErrorCode, ImportSummary};
use bytes::Bytes;
use formats::{Compression, Encoding, FormatError, WalkLimits, Walked, WalkedRows, file::FileRequest};
use futures_util::{StreamExt, TryStreamExt, stream};
use model::{LogsData, Signal, TraceId, TracesData};
use store::{Append, Source, Store};

use crate::{answers::blocking, error, split::Split};

/// Most trace ids in a summary.
const MAX_TRACE_IDS: usize = 1_000;

/// Requests that wait for their commit at a time: one commit serves them all.
const MAX_WAITING: usize = 32;

/// Largest request that is kept in one piece, bytes.
const MAX_BODY_BYTES: usize = 64 << 20;

/// Reads a file's bytes into the store. A file of which something cannot be read adds nothing.
///
/// # Errors
/// [`ErrorCode::Malformed`] if it holds no telemetry, [`ErrorCode::Store`] if it cannot be kept; what
/// was kept until then stays, and importing it again does not double it.
pub(crate) async fn bytes(
    store: &Store,
    now: fn() -> u64,
    name: String,
    bytes: Bytes,
) -> Result<ImportSummary, ApiError> {
    let (pieces, notes) = blocking(move || pieces(&name, &bytes)).await?;
    let mut summary = keep(store, now, pieces).await?;
    summary.notes = notes;
    Ok(summary)
}

/// Reads a file into the store, as [`bytes`] does.
///
/// # Errors
/// [`ErrorCode::File`] if it cannot be read, and as [`bytes`].
pub(crate) async fn path(store: &Store, now: fn() -> u64, path: &str) -> Result<ImportSummary, ApiError> {
    let cannot_read =
        |why: &dyn std::fmt::Display| ApiError::new(ErrorCode::File, format!("cannot read {path}: {why}"));
    if !std::path::Path::new(path).is_absolute() {
        return Err(cannot_read(&"its path must be absolute"));
    }
    let read = tokio::fs::read(path).await.map_err(|err| cannot_read(&err))?;
    bytes(store, now, path.to_owned(), read.into()).await
}

/// Keeps requests that are not in a file.
///
/// # Errors
/// As [`bytes`].
pub(crate) async fn data(
    store: &Store,
    now: fn() -> u64,
    traces: TracesData,
    logs: LogsData,
) -> Result<ImportSummary, ApiError> {
    let pieces = blocking(move || {
        let mut pieces = Vec::new();
        split(traces, &mut pieces)
            .and_then(|()| split(logs, &mut pieces))
            .map_err(|err| error::of_format("the data", &err))?;
        Ok(pieces)
    })
    .await?;
    keep(store, now, pieces).await
}

/// A request that is small enough to be kept.
struct Piece {
    encoding: Encoding,
    body: Vec<u8>,
    walked: Walked,
}

/// The requests of a file, walked, in order; and what to tell the user about them.
fn pieces(name: &str, bytes: &[u8]) -> Result<(Vec<Piece>, Vec<String>), ApiError> {
    let of_format = |err: FormatError| error::of_format(name, &err);
    let (mut pieces, mut notes) = (Vec::new(), Vec::new());
    for FileRequest { signal, encoding, body, note } in
        formats::file::requests_in_file(name, bytes).map_err(of_format)?
    {
        notes.extend(note);
        match walk(signal, encoding, &body) {
            Ok(walked) => pieces.push(Piece { encoding, body, walked }),
            Err(FormatError::TooLarge(_)) => {
                match signal {
                    Signal::Traces => split(formats::decode_traces(encoding, &body).map_err(of_format)?, &mut pieces),
                    Signal::Logs => split(formats::decode_logs(encoding, &body).map_err(of_format)?, &mut pieces),
                    Signal::Metrics => split(formats::decode_metrics(encoding, &body).map_err(of_format)?, &mut pieces),
                }
                .map_err(of_format)?;
            }
            Err(err) => return Err(of_format(err)),
        }
    }
    Ok((pieces, notes))
}

fn walk(signal: Signal, encoding: Encoding, body: &[u8]) -> Result<Walked, FormatError> {
    if body.len() > MAX_BODY_BYTES {
        return Err(FormatError::TooLarge(format!("a request is larger than {} MiB", MAX_BODY_BYTES >> 20)));
    }
    formats::walk(signal, encoding, body, &WalkLimits::default())
}

/// Halves a request until each piece can be kept.
fn split<T: Split>(data: T, pieces: &mut Vec<Piece>) -> Result<(), FormatError> {
    let mut waiting = vec![data];
    while let Some(data) = waiting.pop() {
        let items = data.items();
        if items == 0 {
            continue;
        }
        let body = data.encode();
        match walk(T::SIGNAL, Encoding::Protobuf, &body) {
            Ok(walked) => pieces.push(Piece { encoding: Encoding::Protobuf, body, walked }),
            Err(FormatError::TooLarge(_)) if items > 1 => {
                let (first, rest) = data.split_at(items / 2);
                waiting.extend([rest, first]);
            }
            Err(err) => return Err(err),
        }
    }
    Ok(())
}

async fn keep(store: &Store, now: fn() -> u64, pieces: Vec<Piece>) -> Result<ImportSummary, ApiError> {
    let mut summary = ImportSummary::default();
    let mut known = HashSet::new();
    for piece in &pieces {
        let received = piece.walked.received;
        match &piece.walked.rows {
            WalkedRows::Spans(spans) => {
                summary.spans += received;
                for &trace_id in &spans.trace_id {
                    note_trace(trace_id, &mut known, &mut summary.trace_ids);
                }
            }
            WalkedRows::Logs(_) => summary.logs += received,
            WalkedRows::Points(_) => summary.metric_points += received,
        }
    }
    let appends = pieces.into_iter().map(|piece| {
        store.append_in_time(Append {
            signal: piece.walked.rows.signal(),
            encoding: piece.encoding,
            compression: Compression::None,
            body: piece.body.into(),
            walked: piece.walked,
            received_at_unix_nano: now(),
            source: Source::Imported,
            sender: None,
        })
    });
    let appended = stream::iter(appends).buffered(MAX_WAITING).map_err(|err| error::of_append(&err));
    appended
        .try_fold(summary, |mut summary, appended| async move {
            summary.duplicates += appended.duplicate;
            summary.rejected += appended.rejected;
            Ok(summary)
        })
        .await
}

fn note_trace(trace_id: TraceId, known: &mut HashSet<TraceId>, listed: &mut Vec<TraceId>) {
    if listed.len() < MAX_TRACE_IDS && known.insert(trace_id) {
        listed.push(trace_id);
    }
}
