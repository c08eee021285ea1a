//! From the bytes of a request to the sink's answer; the same for both protocols.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use formats::{Compression, Encoding, FormatError, WalkLimits, Walked};
use model::{RejectReason, Signal};
use tokio::time::timeout;

use crate::budget::Share;
use crate::refused::{Reason, Refused};
use crate::shared::Shared;
use crate::{Request, Sink, TurnedAway};

/// Work on more bytes than this leaves the threads that serve sockets.
const LONG_WORK_BYTES: u64 = 256 << 10;

/// What compressed bodies are first given room for, in multiples of their size.
const USUAL_RATIO: u64 = 16;

/// What a request carries and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Envelope {
    pub(crate) signal: Signal,
    pub(crate) encoding: Encoding,
    pub(crate) compression: Compression,
}

/// A request that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Items refused for good.
    pub(crate) rejected: u64,
    /// Why, for the client's log; empty if none were.
    pub(crate) message: String,
}

/// Counts a request that was turned away, also when its client goes away and this is dropped.
pub(crate) struct Tally<S: Sink> {
    sink: Option<S>,
    sender: SocketAddr,
    /// Bytes of the body that arrived.
    pub(crate) bytes: u64,
}

impl<S: Sink> Tally<S> {
    pub(crate) fn new(sink: S, sender: SocketAddr) -> Self {
        Self { sink: Some(sink), sender, bytes: 0 }
    }

    /// Nothing is left to count here.
    pub(crate) fn settle(&mut self) {
        self.sink = None;
    }

    /// Turned away for this reason, with this sentence.
    pub(crate) fn count(&mut self, reason: Reason, sentence: &str) {
        if let Some(sink) = self.sink.take() {
            let (reason, sentence) = (reason.name(), sentence.to_owned());
            sink.turned_away(TurnedAway { reason, sentence, bytes: self.bytes, sender: self.sender });
        }
    }
}

impl<S: Sink> Drop for Tally<S> {
    fn drop(&mut self) {
        self.count(Reason::Aborted, "the client went away before its request was answered");
    }
}

/// Decompresses, walks and appends a request. `share` holds its bytes already.
pub(crate) async fn take<S: Sink>(
    shared: &Arc<Shared<S>>,
    envelope: Envelope,
    body: Bytes,
    mut share: Share,
    tally: &mut Tally<S>,
) -> Result<Taken, Refused> {
    let Envelope { signal, encoding, compression } = envelope;
    let received_at_unix_nano = now_unix_nano();
    let plain = decompress(shared, compression, &body, &mut share).await?;
    let in_hand = match compression {
        Compression::None => body.len() as u64,
        _ => (body.len() + plain.len()) as u64,
    };
    let limits = WalkLimits {
        max_items: shared.limits.items,
        max_heap_bytes: shared.budget.total().saturating_sub(in_hand),
        max_depth: shared.limits.depth,
    };
    let walked = work(shared, plain.len() as u64, move || formats::walk(signal, encoding, &plain, &limits)).await??;
    // The plain bytes are gone; what the request will need once it is looked at is held instead.
    share.hold(body.len() as u64 + walked.heap_bytes).await?;
    let taken = Taken { rejected: walked.rejected.len() as u64, message: rejection(&walked, signal) };
    if walked.received == 0 {
        tally.settle();
        return Ok(taken);
    }
    let request = Request { signal, encoding, compression, body, walked, received_at_unix_nano, sender: tally.sender };
    append(shared, request, share, tally).await?;
    Ok(taken)
}

/// Hands the request to the sink. What becomes of it no longer depends on the client's patience.
async fn append<S: Sink>(
    shared: &Arc<Shared<S>>,
    request: Request,
    share: Share,
    tally: &mut Tally<S>,
) -> Result<(), Refused> {
    let sink = shared.sink.clone();
    tally.settle();
    let kept = shared.tasks.spawn(async move {
        let outcome = sink.append(request).await;
        drop(share);
        outcome
    });
    match timeout(shared.limits.append, kept).await {
        Ok(Ok(outcome)) => outcome.map_err(Refused::from),
        Ok(Err(_)) => Err(Refused::new(Reason::Internal, "the store failed")),
        Err(_) => Err(Refused::slow_store()),
    }
}

/// The plain bytes. Room is taken before they are made: first what such bodies usually need, then
/// more, up to the limit of one request.
async fn decompress<S: Sink>(
    shared: &Arc<Shared<S>>,
    compression: Compression,
    body: &Bytes,
    share: &mut Share,
) -> Result<Bytes, Refused> {
    if compression == Compression::None {
        return Ok(body.clone());
    }
    let length = body.len() as u64;
    // Both are in memory together: more than that is never there.
    let limit = shared.body_bytes().min(shared.budget.total().saturating_sub(length));
    let mut room = (length * USUAL_RATIO).max(64 << 10).min(limit);
    loop {
        share.hold(length + room).await?;
        let bytes = body.clone();
        match work(shared, room, move || formats::decompress(compression, &bytes, room)).await? {
            Ok(plain) => return Ok(Bytes::from(plain)),
            Err(FormatError::TooLarge(_)) if room < limit => room = room.saturating_mul(8).min(limit),
            Err(err) => return Err(err.into()),
        }
    }
}

/// Runs work over about `bytes` bytes: at once where it is short, else beside the threads that
/// serve sockets, and only so much at a time as there are processors.
async fn work<S: Sink, T: Send + 'static>(
    shared: &Arc<Shared<S>>,
    bytes: u64,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refused> {
    if bytes <= LONG_WORK_BYTES {
        return Ok(run());
    }
    let Ok(Ok(_turn)) = timeout(shared.limits.admission, shared.processors.acquire()).await else {
        return Err(Refused::busy("too many large requests are being read; send again"));
    };
    tokio::task::spawn_blocking(run).await.map_err(|_| Refused::new(Reason::Internal, "the request could not be read"))
}

/// Why items were refused, one sentence with all reasons and their counts.
fn rejection(walked: &Walked, signal: Signal) -> String {
    let mut text = String::new();
    for reason in RejectReason::ALL {
        let count = walked.rejected.iter().filter(|(_, why)| *why == reason).count();
        if count > 0 {
            let separator = if text.is_empty() { "" } else { "; " };
            let _ = write!(text, "{separator}{count}: {}", reason.sentence());
        }
    }
    if text.is_empty() {
        return text;
    }
    let noun = signal.noun().replace('_', " ");
    format!("{} of {} {noun} refused ({text})", walked.rejected.len(), walked.received)
}

fn now_unix_nano() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
