//! The socket of one connection, with what was read to tell the protocol.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::connections::Pulse;

/// What a client speaks, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoken {
    /// HTTP/2 with prior knowledge (RFC 9113, 3.4).
    Http2,
    /// HTTP/1, or nothing known.
    Http1,
    /// A TLS handshake (RFC 8446, 5.1).
    Tls,
}

/// A socket that says when bytes come.
pub(crate) struct Wire {
    stream: TcpStream,
    /// Read, and not yet handed on.
    first: BytesMut,
    pulse: Arc<Pulse>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, pulse: Arc<Pulse>) -> Self {
        Self { stream, first: BytesMut::new(), pulse }
    }

    /// Reads as much as is needed to tell; `None` if the client went away before.
    pub(crate) async fn spoken(&mut self) -> Option<Spoken> {
        loop {
            if let Some(spoken) = spoken(&self.first) {
                return Some(spoken);
            }
            let read = self.stream.read_buf(&mut self.first).await.ok()?;
            if read == 0 {
                return None;
            }
            self.pulse.bytes_came();
        }
    }
}

fn spoken(first: &[u8]) -> Option<Spoken> {
    const HTTP2: &[u8] = b"PRI * HTTP/2";
    match first {
        [] => None,
        [0x16, ..] => Some(Spoken::Tls),
        _ if first.starts_with(HTTP2) => Some(Spoken::Http2),
        _ if HTTP2.starts_with(first) => None,
        _ => Some(Spoken::Http1),
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let length = self.first.len().min(buf.remaining());
            buf.put_slice(self.first.get(..length).unwrap_or_default());
            self.first.advance(length);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.pulse.bytes_came();
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_protocol() {
        assert_eq!(spoken(b""), None);
        assert_eq!(spoken(b"P"), None);
        assert_eq!(spoken(b"PRI * HTTP/"), None);
        assert_eq!(spoken(b"PRI * HTTP/2.0\r\n"), Some(Spoken::Http2));
        assert_eq!(spoken(b"PO"), Some(Spoken::Http1));
        assert_eq!(spoken(b"\x16\x03\x01"), Some(Spoken::Tls));
        assert_eq!(spoken(b"\0"), Some(Spoken::Http1));
    }
}
