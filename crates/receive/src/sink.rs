use std::{future::Future, net::SocketAddr};

use bytes::Bytes;
use formats::{Compression, Encoding, Walked};
use model::Signal;

use crate::Hint;

/// Where requests go.
pub trait Sink: Clone + Send + Sync + 'static {
    /// Keeps a request; `Ok` only once it is durable. The client is told what this says, unless it
    /// has gone: then the request is kept all the same, or refused.
    ///
    /// # Errors
    /// A [`Refusal`] if it is not kept now; the client is asked to send it again.
    fn append(&self, request: Request) -> impl Future<Output = Result<(), Refusal>> + Send;

    /// A request was refused before what is in it could be counted.
    ///
    /// Its reason is one of the stable names: `undecodable`, `too_large`, `overloaded`,
    /// `wrong_media_type`, `wrong_path`, `wrong_signal`, `wrong_method`, `wrong_port`,
    /// `unknown_encoding`, `forbidden_host`, `forbidden_origin`, `forbidden_peer`, `bad_request`,
    /// `timeout`, `aborted`. What [`Sink::append`] refuses is the sink's own to count.
    fn turned_away(&self, turned_away: TurnedAway);

    /// Something that the user should see. May come often; the same hint may come again.
    fn hint(&self, hint: Hint);
}

/// A request that was read to its end, checked and walked.
#[derive(Debug, Clone)]
pub struct Request {
    /// What it carries.
    pub signal: Signal,
    /// How it is encoded.
    pub encoding: Encoding,
    /// How [`Request::body`] is compressed.
    pub compression: Compression,
    /// The body as it came, without gRPC's frame.
    pub body: Bytes,
    /// What is in it.
    pub walked: Walked,
    /// When it had been read, nanoseconds since the Unix epoch.
    pub received_at_unix_nano: u64,
    /// Who sent it.
    pub sender: SocketAddr,
}

/// A request that was refused before what is in it could be counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    /// The stable name of the reason.
    pub reason: &'static str,
    /// What the client was told.
    pub sentence: String,
    /// Those of the body, as far as they were read.
    pub bytes: u64,
    /// Who sent it.
    pub sender: SocketAddr,
}

/// Why a request is not kept now. Clients are told to send it again: `503` with `Retry-After`,
/// `UNAVAILABLE` with `RetryInfo`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too much waits to be written, or the database is locked.
    #[error("the store is busy")]
    Busy,
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// Writing failed.
    #[error("the store failed: {0}")]
    Failed(String),
}
