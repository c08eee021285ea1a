//! The bytes of a request, read within limits.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout_at};

use crate::budget::Share;
use crate::refused::{Reason, Refused};

/// How the bytes are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// The body is the request.
    Whole,
    /// gRPC: a byte that says whether it is compressed, four of length, the request.
    Grpc,
}

/// Length of gRPC's prefix.
pub(crate) const PREFIX: usize = 5;

/// Room for this much is made at once where a length is announced; more as it comes.
const FIRST_ROOM: u64 = 256 << 10;

/// What is read of a body, and how far it may go.
pub(crate) struct Reading<'a> {
    pub(crate) framing: Framing,
    /// Most bytes of the request.
    pub(crate) limit: u64,
    /// How long it may take.
    pub(crate) within: Duration,
    /// What is charged, as bytes arrive.
    pub(crate) share: &'a mut Share,
    /// Counts the bytes that arrived.
    pub(crate) seen: &'a mut u64,
}

impl Reading<'_> {
    /// Reads to the end; never holds more than the limit.
    pub(crate) async fn run(self, mut body: Incoming) -> Result<Bytes, Refused> {
        let deadline = Instant::now() + self.within;
        let announced = http_body::Body::size_hint(&body).exact().unwrap_or(0);
        let room = usize::try_from(announced.min(FIRST_ROOM)).unwrap_or_default();
        let mut bytes = BytesMut::with_capacity(room);
        loop {
            let frame = timeout_at(deadline, body.frame()).await.map_err(|_| Refused::timeout(self.within))?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|_| Refused::new(Reason::Aborted, "the body ended before its time"))?;
            let Ok(data) = frame.into_data() else { continue };
            *self.seen += data.len() as u64;
            self.check(&bytes, &data)?;
            self.share.hold(*self.seen).await?;
            bytes.extend_from_slice(&data);
        }
        Ok(bytes.freeze())
    }

    /// Whether what arrived so far, `more` last, is within the limit.
    fn check(&self, bytes: &[u8], more: &[u8]) -> Result<(), Refused> {
        match self.framing {
            Framing::Whole if *self.seen > self.limit => Err(Refused::too_large(self.limit)),
            Framing::Whole => Ok(()),
            Framing::Grpc => {
                let mut prefix = bytes.iter().chain(more).copied().skip(1);
                let mut next = || prefix.next();
                let (Some(a), Some(b), Some(c), Some(d)) = (next(), next(), next(), next()) else { return Ok(()) };
                let length = u64::from(u32::from_be_bytes([a, b, c, d]));
                if length > self.limit {
                    Err(Refused::too_large(self.limit))
                } else if *self.seen > length + PREFIX as u64 {
                    Err(Refused::new(Reason::BadRequest, "more than one message in a call of one"))
                } else {
                    Ok(())
                }
            }
        }
    }
}
