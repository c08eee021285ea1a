use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::bridges::{Bridges, follow};
use crate::connection::serve;
use crate::refused::Reason;
use crate::shared::{Access, Shared};
use crate::{Bound, KeyHash, Protocol, ReceiveOptions, Sink, TurnedAway, WebAccess};

/// How long no connection is taken after the system refused one, for example for want of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves the addresses that were bound, until it is stopped or dropped.
///
/// Its methods must be called within a tokio runtime.
pub struct Receiver<S: Sink> {
    shared: Arc<Shared<S>>,
    bridges: Mutex<Option<CancellationToken>>,
}

/// The ports to listen on at container bridges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BridgePorts {
    /// Of OTLP/gRPC; `None` for not at all.
    pub grpc: Option<u16>,
    /// Of OTLP/HTTP; `None` for not at all.
    pub http: Option<u16>,
}

impl<S: Sink> Receiver<S> {
    /// A receiver that listens nowhere yet.
    #[must_use]
    pub fn new(sink: S, options: ReceiveOptions) -> Self {
        Self { shared: Shared::new(sink, options), bridges: Mutex::default() }
    }

    /// Serves these addresses from now on. May be called again with others.
    pub fn listen(&self, bound: Bound) {
        let protocol = bound.protocol();
        for listener in bound.into_listeners() {
            let stop = self.shared.stop.child_token();
            self.shared.tasks.spawn(accept(Arc::clone(&self.shared), protocol, listener, None, stop));
        }
    }

    /// Listens on the bridges of containers on this machine too, following them as they come and
    /// go; only peers within a bridge's subnet are served. Called again, it replaces the ports;
    /// with `None` it stops listening there.
    pub fn follow_bridges(&self, ports: Option<BridgePorts>) {
        let mut bridges = self.bridges.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = bridges.take() {
            before.cancel();
        }
        if let Some(ports) = ports {
            let stop = self.shared.stop.child_token();
            self.shared.tasks.spawn(follow(Arc::clone(&self.shared), ports, stop.clone()));
            *bridges = Some(stop);
        }
    }

    /// Where requests are taken now, bridges included.
    #[must_use]
    pub fn addresses(&self) -> Vec<(Protocol, SocketAddr)> {
        self.shared.addresses()
    }

    /// Replaces what web pages may do, for the next request on.
    pub fn set_web_access(&self, web: WebAccess) {
        self.shared.set_web(web);
    }

    /// Replaces the key of clients beyond loopback, for the next request on; without one nothing is taken
    /// there.
    pub fn set_key(&self, key: Option<KeyHash>) {
        self.shared.set_key(key);
    }

    /// Replaces [`crate::Limits::body_bytes`] and [`crate::Limits::heap_bytes`], for the next request on.
    pub fn set_room(&self, body_bytes: u64, heap_bytes: u64) {
        self.shared.set_room(body_bytes, heap_bytes);
    }

    /// Takes no more connections, lets requests in flight finish (up to
    /// [`crate::Limits::stop_timeout`]), then closes everything. Requests that the sink has and
    /// did not answer by then are the sink's.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        if timeout(self.shared.limits.stop_timeout, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!("connections were still being served when receiving stopped");
        }
    }
}

impl<S: Sink> Drop for Receiver<S> {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.shared.kill.cancel();
    }
}

/// Takes connections until `stop`; with `bridges` only from peers within their subnets.
pub(crate) fn accept<S: Sink>(
    shared: Arc<Shared<S>>,
    protocol: Protocol,
    listener: TcpListener,
    bridges: Option<Arc<Bridges>>,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send {
    let address = listener.local_addr().ok();
    let is_open = bridges.is_some() || address.is_some_and(|address| address.ip().is_loopback());
    let access = if is_open { Access::Open } else { Access::WithKey };
    // Known before the first poll, so that who asks right after listening is told.
    if let Some(address) = address {
        shared.add_address(protocol, address);
    }
    async move {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(err) => {
                    tracing::debug!(%err, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            if bridges.as_ref().is_some_and(|bridges| !bridges.contain(peer.ip())) {
                let sentence = "the sender is in no container of this machine".to_owned();
                let turned = TurnedAway { reason: "forbidden_peer", sentence, bytes: 0, sender: peer };
                shared.sink.turned_away(turned);
                continue;
            }
            let Some(place) = shared.connections.admit(peer).await else {
                let (reason, sentence) = (Reason::Overloaded.name(), "too many connections are open".to_owned());
                shared.sink.turned_away(TurnedAway { reason, sentence, bytes: 0, sender: peer });
                continue;
            };
            shared.tasks.spawn(serve(Arc::clone(&shared), protocol, access, stream, place));
        }
        if let Some(address) = address {
            shared.remove_address(protocol, address);
        }
    }
}
