//! The guest's end of the control socket.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::{Answer, ApiError, Call, ErrorCode, Event, Reply};
use store::DataDir;
use tokio::{net::UnixStream, sync::mpsc};

use crate::{
    Events,
    control::{self, HelloError, MAX_FRAME_BYTES, exchange_hello, read_frame, write_frame},
    error,
};

/// How long the owner may take to greet.
const HELLO_TIMEOUT: Duration = Duration::from_secs(5);

/// A way to the process that owns a data directory. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    socket: PathBuf,
    /// Connections that wait for nothing.
    idle: Mutex<Vec<UnixStream>>,
}

impl Client {
    /// Connects to the owner of this directory; `None` if no process owns it.
    ///
    /// # Errors
    /// [`ErrorCode::Version`] if the owner speaks another version, [`ErrorCode::NotOwner`] if the
    /// socket cannot be spoken to, [`ErrorCode::DataDirectory`] if the directory is refused.
    pub async fn connect(data_dir: &Path) -> Result<Option<Self>, ApiError> {
        let dir = match DataDir::open_existing(data_dir) {
            Ok(dir) => dir,
            Err(store::OpenError::Missing { .. }) => return Ok(None),
            Err(err) => return Err(error::of_open(&err)),
        };
        Self::connect_socket(dir.control_socket_path()).await
    }

    pub(crate) async fn connect_socket(socket: PathBuf) -> Result<Option<Self>, ApiError> {
        let Some(stream) = connect(&socket).await? else { return Ok(None) };
        Ok(Some(Self(Arc::new(Inner { socket, idle: Mutex::new(vec![stream]) }))))
    }

    /// Asks the owner. Calls may overlap; each has a connection of its own while it lasts.
    ///
    /// # Errors
    /// As the call has it; [`ErrorCode::NotOwner`] once the owner is gone.
    pub async fn call(&self, call: Call) -> Answer {
        if call == Call::Subscribe {
            return Err(ApiError::new(ErrorCode::Malformed, "events have a connection of their own"));
        }
        let bytes = api::encode(&call);
        if bytes.len() > MAX_FRAME_BYTES as usize {
            let sentence = "more than 256 MiB cannot be handed over: save it to a file and import that";
            return Err(ApiError::new(ErrorCode::Malformed, sentence));
        }
        let mut stream = self.0.stream().await?;
        let answer = ask(&mut stream, &bytes).await?;
        self.0.idle().push(stream);
        answer
    }

    /// The owner's events from now on.
    ///
    /// # Errors
    /// [`ErrorCode::NotOwner`] once the owner is gone.
    pub async fn events(&self) -> Result<Events, ApiError> {
        let mut stream = connect(&self.0.socket).await?.ok_or_else(|| gone(&self.0.socket))?;
        match ask(&mut stream, &api::encode(&Call::Subscribe)).await?? {
            Reply::Done => {}
            _ => return Err(ApiError::new(ErrorCode::Internal, "a subscription was answered with something else")),
        }
        let (sender, receiver) = mpsc::channel(64);
        tokio::spawn(forward_events(stream, sender));
        Ok(Events::from_owner(receiver))
    }
}

impl Inner {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<UnixStream>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that waits for nothing and that the owner has not closed, else a new one.
    async fn stream(&self) -> Result<UnixStream, ApiError> {
        loop {
            let Some(stream) = self.idle().pop() else { break };
            // Between calls nothing comes: what can be read is the end.
            match stream.try_read(&mut [0]) {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => return Ok(stream),
                _ => {}
            }
        }
        connect(&self.socket).await?.ok_or_else(|| gone(&self.socket))
    }
}

fn gone(socket: &Path) -> ApiError {
    let dir = socket.parent().unwrap_or(socket);
    ApiError::new(ErrorCode::NotOwner, format!("the process that owned {} is gone", dir.display()))
}

async fn connect(socket: &Path) -> Result<Option<UnixStream>, ApiError> {
    let unreachable = |why: &dyn std::fmt::Display| {
        ApiError::new(ErrorCode::NotOwner, format!("cannot speak to the owner at {}: {why}", socket.display()))
    };
    let Some(mut stream) = control::connect(socket).await.map_err(|err| unreachable(&err))? else { return Ok(None) };
    match tokio::time::timeout(HELLO_TIMEOUT, exchange_hello(&mut stream)).await {
        Ok(Ok(())) => Ok(Some(stream)),
        Ok(Err(err @ HelloError::Version { .. })) => Err(ApiError::new(
            ErrorCode::Version,
            format!("another version of Spanscope is running on this directory, close it first: {err}"),
        )),
        Ok(Err(HelloError::Io(err))) => Err(unreachable(&err)),
        Err(_) => Err(unreachable(&"it does not answer")),
    }
}

async fn ask(stream: &mut UnixStream, call: &[u8]) -> Result<Answer, ApiError> {
    let lost = |why: &str| {
        ApiError::new(ErrorCode::NotOwner, format!("the process that owns the data directory went away: {why}"))
    };
    write_frame(stream, call).await.map_err(|err| lost(&err.to_string()))?;
    let frame = read_frame(stream).await.map_err(|err| lost(&err.to_string()))?;
    api::decode(&frame.ok_or_else(|| lost("it closed the connection"))?)
}

/// Until the owner ends or nobody listens.
async fn forward_events(mut stream: UnixStream, sender: mpsc::Sender<Event>) {
    loop {
        let frame = tokio::select! {
            frame = read_frame(&mut stream) => frame,
            () = sender.closed() => return,
        };
        let Ok(Some(frame)) = frame else { return };
        match api::decode(&frame) {
            Ok(event) => {
                if sender.send(event).await.is_err() {
                    return;
                }
            }
            Err(err) => {
                tracing::warn!(%err, "an event cannot be read");
                return;
            }
        }
    }
}
