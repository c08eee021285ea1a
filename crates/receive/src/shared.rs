//! What all connections of a receiver share.

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::budget::Budget;
use crate::connections::Connections;
use crate::refused::Reason;
use crate::{Hint, Limits, Protocol, ReceiveOptions, Sink, WebAccess};

pub(crate) struct Shared<S: Sink> {
    pub(crate) sink: S,
    pub(crate) limits: Limits,
    web: RwLock<Arc<WebAccess>>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) connections: Arc<Connections>,
    /// A turn each for long work.
    pub(crate) processors: Semaphore,
    /// Connections and requests on their way to the sink.
    pub(crate) tasks: TaskTracker,
    /// Take nothing new.
    pub(crate) stop: CancellationToken,
    /// Let go of everything.
    pub(crate) kill: CancellationToken,
    addresses: Mutex<Vec<(Protocol, SocketAddr)>>,
}

impl<S: Sink> Shared<S> {
    pub(crate) fn new(sink: S, options: ReceiveOptions) -> Arc<Self> {
        let ReceiveOptions { limits, web } = options;
        let processors = std::thread::available_parallelism().map_or(2, NonZero::get);
        Arc::new(Self {
            sink,
            web: RwLock::new(Arc::new(web)),
            budget: Budget::new(limits.heap_bytes, limits.admission),
            connections: Connections::new(limits.connections),
            processors: Semaphore::new(processors),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            kill: CancellationToken::new(),
            addresses: Mutex::default(),
            limits,
        })
    }

    pub(crate) fn web(&self) -> Arc<WebAccess> {
        Arc::clone(&self.web.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_web(&self, web: WebAccess) {
        *self.web.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(web);
    }

    pub(crate) fn addresses(&self) -> Vec<(Protocol, SocketAddr)> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add_address(&self, protocol: Protocol, address: SocketAddr) {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).push((protocol, address));
    }

    pub(crate) fn remove_address(&self, protocol: Protocol, address: SocketAddr) {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).retain(|&known| known != (protocol, address));
    }

    /// The port that speaks `protocol`.
    pub(crate) fn port(&self, protocol: Protocol) -> u16 {
        let addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let found = addresses.iter().find(|(spoken, _)| *spoken == protocol);
        found.map_or(protocol.default_port(), |(_, address)| address.port())
    }

    /// Says that a client speaks `spoken` on the port of `protocol`; what to tell it.
    pub(crate) fn wrong_port(&self, protocol: Protocol, spoken: &str, instead: Option<Protocol>) -> String {
        let sentence = format!("a client speaks {spoken} on port {}, which takes {protocol}", self.port(protocol));
        let remedy = match instead {
            Some(instead) => format!("send {instead} to http://localhost:{}", self.port(instead)),
            None => format!("use http:// instead of https://: http://localhost:{}", self.port(protocol)),
        };
        let told = format!("this port takes {protocol}: {remedy}");
        self.sink.hint(Hint { name: Reason::WrongPort.name(), sentence, remedy });
        told
    }
}
