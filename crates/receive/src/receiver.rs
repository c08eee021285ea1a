use std::net::SocketAddr;

use crate::{Bound, Protocol, ReceiveOptions, Sink, WebAccess};

/// Serves the addresses that were bound, until it is stopped or dropped.
///
/// Its methods must be called within a tokio runtime.
#[derive(Debug)]
pub struct Receiver<S: Sink> {
    sink: S,
    options: ReceiveOptions,
}

impl<S: Sink> Receiver<S> {
    /// A receiver that listens nowhere yet.
    #[must_use]
    pub fn new(sink: S, options: ReceiveOptions) -> Self {
        Self { sink, options }
    }

    /// Serves these addresses from now on. May be called again with others.
    pub fn listen(&self, bound: Bound) {
        let _ = (bound, &self.sink, &self.options);
    }

    /// Listens on the bridges of containers on this machine too, following them as they come and
    /// go; only peers within a bridge's subnet are served. Called again, it replaces the ports;
    /// with `None` it stops listening there.
    pub fn follow_bridges(&self, ports: Option<BridgePorts>) {
        let _ = ports;
    }

    /// Where requests are taken now, bridges included.
    #[must_use]
    pub fn addresses(&self) -> Vec<(Protocol, SocketAddr)> {
        Vec::new()
    }

    /// Replaces what web pages may do, for the next request on.
    pub fn set_web_access(&self, web: WebAccess) {
        let _ = web;
    }

    /// Takes no more connections, lets requests in flight finish (up to
    /// [`crate::Limits::stop_timeout`]), then closes everything.
    pub async fn stop(self) {}
}

/// The ports to listen on at container bridges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BridgePorts {
    /// Of OTLP/gRPC; `None` for not at all.
    pub grpc: Option<u16>,
    /// Of OTLP/HTTP; `None` for not at all.
    pub http: Option<u16>,
}
