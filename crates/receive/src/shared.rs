//! What all connections of a receiver share.

use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use http::HeaderMap;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::budget::Budget;
use crate::connections::Connections;
use crate::refused::{Reason, Refused};
use crate::{Hint, KeyHash, Limits, Protocol, ReceiveOptions, Sink, WebAccess};

/// Who may send to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Who can reach it.
    Open,
    /// Who has the key.
    WithKey,
}

pub(crate) struct Shared<S: Sink> {
    pub(crate) sink: S,
    pub(crate) limits: Limits,
    web: RwLock<Arc<WebAccess>>,
    key: RwLock<Option<KeyHash>>,
    body_bytes: AtomicU64,
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
        let ReceiveOptions { limits, web, key } = options;
        let processors = std::thread::available_parallelism().map_or(2, NonZero::get);
        Arc::new(Self {
            sink,
            web: RwLock::new(Arc::new(web)),
            key: RwLock::new(key),
            body_bytes: AtomicU64::new(limits.body_bytes),
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

    pub(crate) fn set_key(&self, key: Option<KeyHash>) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// Largest body of a request, bytes.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.body_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn set_room(&self, body_bytes: u64, heap_bytes: u64) {
        self.body_bytes.store(body_bytes, Ordering::Relaxed);
        self.budget.set_total(heap_bytes);
    }

    /// Whether a request carries the key that its address asks for. Never to be sent again as it is.
    pub(crate) fn check_key(&self, access: Access, headers: &HeaderMap) -> Result<(), Refused> {
        if access == Access::Open {
            return Ok(());
        }
        let key = *self.key.read().unwrap_or_else(PoisonError::into_inner);
        if key.is_some_and(|key| key.is_in(headers)) {
            return Ok(());
        }
        let remedy = "set OTEL_EXPORTER_OTLP_HEADERS=\"authorization=Bearer KEY\" where it runs, or have a new key \
                      made in Settings";
        self.sink.hint(Hint {
            name: Reason::Unauthenticated.name(),
            sentence: "a client sends without the API key to an address that needs it".to_owned(),
            remedy: remedy.to_owned(),
        });
        Err(Refused::new(Reason::Unauthenticated, "this address needs the API key: `authorization: Bearer KEY`"))
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
