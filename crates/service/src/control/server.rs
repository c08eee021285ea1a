//! The owner's end.

use std::{future::Future, io, sync::Arc, time::Duration};

use api::{Answer, ApiError, Call, ErrorCode, Reply};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{MAX_FRAME_BYTES, exchange_hello, read_frame, write_frame};
use crate::Events;

/// Connections at a time. A window uses one for events and one for each call that it waits for.
const MAX_CONNECTIONS: usize = 128;

/// How long a client may take to greet.
const HELLO_TIMEOUT: Duration = Duration::from_secs(2);

/// How long answers in the making may take once the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Who answers what comes over the socket.
pub(crate) trait Answering: Send + Sync + 'static {
    /// Answers any call but [`Call::Subscribe`].
    fn answer(self: Arc<Self>, call: Call) -> impl Future<Output = Answer> + Send;

    /// The events from now on.
    fn events(&self) -> Events;
}

/// The socket, listened on until it is stopped.
#[derive(Debug)]
pub(crate) struct ControlServer {
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl ControlServer {
    /// Answers what comes to `listener`.
    pub(crate) fn start<A: Answering>(listener: UnixListener, answering: Arc<A>) -> Self {
        let server = Self { stopping: CancellationToken::new(), tasks: TaskTracker::new() };
        let (stopping, tasks) = (server.stopping.clone(), server.tasks.clone());
        server.tasks.spawn(async move {
            let accepting = accept(listener, answering, stopping.clone(), tasks);
            stopping.run_until_cancelled(accepting).await;
        });
        server
    }

    /// Takes no more calls and waits a moment for the answers in the making.
    pub(crate) async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(STOP_TIMEOUT, self.tasks.wait()).await.is_err() {
            tracing::warn!("answers on the control socket were not finished in time");
        }
    }
}

async fn accept<A: Answering>(
    listener: UnixListener,
    answering: Arc<A>,
    stopping: CancellationToken,
    tasks: TaskTracker,
) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(err) => {
                tracing::warn!(%err, "the control socket cannot be accepted from");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (answering, stopping) = (Arc::clone(&answering), stopping.clone());
        tasks.spawn(async move {
            if let Err(err) = converse(stream, answering, stopping).await {
                tracing::debug!(%err, "a connection of the control socket ended");
            }
            drop(permit);
        });
    }
}

async fn converse<A: Answering>(
    mut stream: UnixStream,
    answering: Arc<A>,
    stopping: CancellationToken,
) -> io::Result<()> {
    // The mode of the file says the same; this holds even if someone changes it.
    if stream.peer_cred()?.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    match tokio::time::timeout(HELLO_TIMEOUT, exchange_hello(&mut stream)).await {
        Ok(Ok(())) => {}
        Ok(Err(err)) => return Err(io::Error::other(err)),
        Err(_) => return Err(io::ErrorKind::TimedOut.into()),
    }
    loop {
        let Some(frame) = stopping.run_until_cancelled(read_frame(&mut stream)).await.transpose()?.flatten() else {
            return Ok(());
        };
        match api::decode::<Call>(&frame) {
            Ok(Call::Subscribe) => return send_events(stream, answering.events(), stopping).await,
            Ok(call) => {
                let answer = Arc::clone(&answering).answer(call).await;
                write_frame(&mut stream, &encode_answer(&answer)).await?;
            }
            Err(err) => write_frame(&mut stream, &encode_answer(&Err(err))).await?,
        }
    }
}

/// The bytes of an answer, or of an error where there are too many.
fn encode_answer(answer: &Answer) -> Vec<u8> {
    let bytes = api::encode(answer);
    if bytes.len() <= MAX_FRAME_BYTES as usize {
        return bytes;
    }
    let err = ApiError::new(ErrorCode::Internal, "the answer is larger than 256 MiB: ask for less at a time");
    api::encode::<Answer>(&Err(err))
}

async fn send_events(mut stream: UnixStream, mut events: Events, stopping: CancellationToken) -> io::Result<()> {
    write_frame(&mut stream, &encode_answer(&Ok(Reply::Done))).await?;
    let (mut incoming, mut outgoing) = stream.into_split();
    loop {
        tokio::select! {
            event = events.next() => {
                let Some(event) = event else { return Ok(()) };
                let bytes = api::encode(&event);
                write_frame(&mut outgoing, &bytes).await?;
            }
            // The client says nothing more: whatever comes is its end.
            _ = read_frame(&mut incoming) => return Ok(()),
            () = stopping.cancelled() => return Ok(()),
        }
    }
}
