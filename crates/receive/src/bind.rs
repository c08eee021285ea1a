//! Taking addresses, and what to say where that fails.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdListener};

use tokio::net::TcpListener;
use tokio::task::spawn_blocking;

use crate::{Bind, Protocol, port_owner};

/// How often a port is sought that is free in both families, where any free one is asked for.
const TRIES: usize = 8;

/// What came of [`bind`]: the addresses that are listened on, and those that are not.
#[derive(Debug)]
pub struct Bound {
    protocol: Protocol,
    listeners: Vec<TcpListener>,
    failures: Vec<BindFailure>,
}

impl Bound {
    pub(crate) fn into_listeners(self) -> Vec<TcpListener> {
        self.listeners
    }

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
/// [`Bound::failures`]. Where any free port is asked for, all addresses get the same one.
pub async fn bind(protocol: Protocol, addr: &Bind) -> Bound {
    let mut tries = 1;
    let (listeners, errors) = loop {
        let (listeners, errors) = take_all(addr).await;
        let collided = errors.iter().any(|(_, err)| err.kind() == io::ErrorKind::AddrInUse);
        if addr.port() != 0 || !collided || tries == TRIES {
            break (listeners, errors);
        }
        tries += 1;
    };
    let mut failures = Vec::new();
    for (address, err) in errors {
        // A machine without IPv6 is served on IPv4 alone.
        if address.is_ipv6() && addr.hosts().len() > 1 && is_absent(&err) {
            continue;
        }
        failures.push(BindFailure { protocol, address, kind: failure(protocol, address, &err).await });
    }
    Bound { protocol, listeners, failures }
}

async fn take_all(addr: &Bind) -> (Vec<TcpListener>, Vec<(SocketAddr, io::Error)>) {
    let mut port = addr.port();
    let (mut listeners, mut errors) = (Vec::new(), Vec::new());
    for &host in addr.hosts() {
        let address = SocketAddr::new(host, port);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |bound| bound.port());
                listeners.push(listener);
            }
            Err(err) => errors.push((address, err)),
        }
    }
    (listeners, errors)
}

/// Whether the machine has no such address, or no such family.
fn is_absent(err: &io::Error) -> bool {
    // EAFNOSUPPORT on Linux, macOS and Windows has no kind of its own.
    err.kind() == io::ErrorKind::AddrNotAvailable || matches!(err.raw_os_error(), Some(97 | 47 | 10047))
}

async fn failure(protocol: Protocol, address: SocketAddr, err: &io::Error) -> FailureKind {
    if err.kind() != io::ErrorKind::AddrInUse {
        return FailureKind::Failed { sentence: format!("cannot listen on {address}: {err}") };
    }
    let looked_up = spawn_blocking(move || (port_owner(address), offer_free_port(protocol))).await;
    let (by, offered) = looked_up.unwrap_or_default();
    let port = offered.unwrap_or_default();
    FailureKind::Taken {
        by,
        offer: format!("localhost:{port}"),
        setting: format!("OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:{port}"),
    }
}

/// A port near the usual one of `protocol` that is free on 127.0.0.1 and [::1] at this moment:
/// 10,000 above it, 20,000, and so on, else any. `None` if there is none.
#[must_use]
pub fn offer_free_port(protocol: Protocol) -> Option<u16> {
    let usual = protocol.default_port();
    let near = (1..=5).filter_map(|step: u16| usual.checked_add(step * 10_000));
    near.chain([0; TRIES]).find_map(free)
}

/// `port`, or for 0 any, if it is free in both families.
fn free(port: u16) -> Option<u16> {
    let v4 = StdListener::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), port)).ok()?;
    let port = v4.local_addr().ok()?.port();
    match StdListener::bind((IpAddr::V6(Ipv6Addr::LOCALHOST), port)) {
        Ok(_) => Some(port),
        Err(err) => is_absent(&err).then_some(port),
    }
}
