//! Frames and the greeting.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Longest frame that is written or read, bytes.
pub(crate) const MAX_FRAME_BYTES: u32 = 256 << 20;

/// Rises with every change of what `api` encodes: the bytes do not describe themselves.
const PROTOCOL: u32 = 4;

/// What both sides open with: who they are, and which protocol they speak. This never changes.
const GREETING: [u8; 12] = *b"spanscope/ct";

/// Why there was no understanding.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HelloError {
    /// The other side speaks another protocol.
    #[error("it speaks version {theirs} of the control protocol, this program version {}", PROTOCOL)]
    Version {
        /// Theirs.
        theirs: u32,
    },
    /// The other side is none of ours, or gone.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Greets the other side and hears its greeting.
pub(crate) async fn exchange_hello(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), HelloError> {
    stream.write_all(&GREETING).await?;
    stream.write_u32_le(PROTOCOL).await?;
    stream.flush().await?;
    let mut greeting = [0; GREETING.len()];
    stream.read_exact(&mut greeting).await?;
    if greeting != GREETING {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the other side is not Spanscope").into());
    }
    match stream.read_u32_le().await? {
        PROTOCOL => Ok(()),
        theirs => Err(HelloError::Version { theirs }),
    }
}

/// The next frame; `None` where the other side ended properly.
pub(crate) async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match stream.read_exact(&mut length).await {
        Ok(_) => {}
        Err(err) if err.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(err) => return Err(err),
    }
    let length = u32::from_le_bytes(length);
    if length > MAX_FRAME_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is longer than 256 MiB"));
    }
    // Memory grows with what has come, not with what was announced.
    let mut frame = Vec::new();
    stream.take(u64::from(length)).read_to_end(&mut frame).await?;
    if frame.len() != length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(frame))
}

/// Writes a frame.
pub(crate) async fn write_frame(stream: &mut (impl AsyncWrite + Unpin), frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len())
        .ok()
        .filter(|&length| length <= MAX_FRAME_BYTES)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a frame is longer than 256 MiB"))?;
    stream.write_all(&length.to_le_bytes()).await?;
    stream.write_all(frame).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_come_out_as_they_went_in_and_lies_about_their_length_do_not() {
        let mut wire = Vec::new();
        for frame in [&b""[..], b"one", b"two"] {
            write_frame(&mut wire, frame).await.expect("memory takes all");
        }
        wire.extend(9_u32.to_le_bytes());
        wire.extend(b"short");
        let mut rest = &wire[..];
        for frame in [&b""[..], b"one", b"two"] {
            assert_eq!(read_frame(&mut rest).await.expect("a frame").as_deref(), Some(frame));
        }
        assert!(read_frame(&mut rest).await.is_err(), "five bytes of nine");
        assert!(read_frame(&mut &b""[..]).await.expect("a proper end").is_none());
        assert!(read_frame(&mut &[0xff; 8][..]).await.is_err(), "4 GiB");
    }

    #[tokio::test]
    async fn another_version_is_told_apart_from_a_stranger() {
        let hello = async |bytes: &[u8]| {
            let (mut ours, mut theirs) = tokio::io::duplex(64);
            theirs.write_all(bytes).await.expect("room");
            drop(theirs.shutdown().await);
            exchange_hello(&mut ours).await
        };
        let of_version = |version: u32| [&GREETING[..], &version.to_le_bytes()].concat();
        assert!(hello(&of_version(PROTOCOL)).await.is_ok());
        let next = hello(&of_version(PROTOCOL + 1)).await;
        assert!(matches!(next, Err(HelloError::Version { theirs }) if theirs == PROTOCOL + 1));
        assert!(matches!(hello(b"HTTP/1.1 400 Bad Request").await, Err(HelloError::Io(_))));
        assert!(matches!(hello(b"spans").await, Err(HelloError::Io(_))));
    }
}
