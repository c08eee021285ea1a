use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::{Bind, Protocol};

/// What came of [`bind`]: the addresses that are listened on, and those that are not.
#[derive(Debug)]
pub struct Bound {
    protocol: Protocol,
    listeners: Vec<TcpListener>,
    failures: Vec<BindFailure>,
}

impl Bound {
    /// What is spoken there.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The addresses that are listened on, with the port that was given where 0 was asked for.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
    }

    /// The addresses that are not listened on. A machine without IPv6 is no failure.
    #[must_use]
    pub fn failures(&self) -> &[BindFailure] {
        &self.failures
    }
}

/// An address that cannot be listened on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindFailure {
    /// What was to be spoken there.
    pub protocol: Protocol,
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub kind: FailureKind,
}

/// Why an address cannot be listened on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// Another process has the port.
    Taken {
        /// Its name and process id, for example `otelcol (pid 48213)`, where that can be known.
        by: Option<String>,
        /// An address that is free, to give to `--grpc` or `--http`: `localhost:14317`.
        offer: String,
        /// What clients then need: `OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:14317`.
        setting: String,
    },
    /// The system refuses it.
    Failed {
        /// Why.
        sentence: String,
    },
}

/// Takes the addresses. Serving them is [`crate::Receiver::listen`]'s.
///
/// Never moves to another port, and never fails as a whole: what cannot be had is among
/// [`Bound::failures`].
pub async fn bind(protocol: Protocol, addr: &Bind) -> Bound {
    let _ = addr;
    Bound { protocol, listeners: Vec::new(), failures: Vec::new() }
}

/// The process that listens on `address`, as `name (pid N)`, where that can be known: on Linux,
/// from the tables in `/proc`, for processes of the same user.
#[must_use]
pub fn port_owner(address: SocketAddr) -> Option<String> {
    let _ = address;
    None
}

/// A port near the usual one of `protocol` that is free on 127.0.0.1 and [::1] at this moment.
#[must_use]
pub fn offer_free_port(protocol: Protocol) -> Option<u16> {
    let _ = protocol;
    None
}
