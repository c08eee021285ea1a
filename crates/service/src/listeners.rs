//! Where telemetry is listened for.

use std::{
    fmt,
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use api::{ApiError, Listener, ListenerState, Problem, Protocol};
use receive::{Bind, BindFailure, BridgePorts, FailureKind, Receiver};

use crate::{
    config::{Settings, parse_bind},
    inlet::Inlet,
};

/// The receiver, and the addresses that it could not have.
pub(crate) struct Listeners {
    /// `None` once it is stopped.
    receiver: Mutex<Option<Receiver<Inlet>>>,
    failures: Mutex<Vec<BindFailure>>,
    containers: AtomicBool,
    /// Those that other machines can reach.
    beyond: Mutex<Vec<(Protocol, SocketAddr)>>,
}

impl fmt::Debug for Listeners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listeners").field("addresses", &self.addresses()).finish_non_exhaustive()
    }
}

impl Listeners {
    /// Listens where the settings say, as far as that can be had.
    pub(crate) async fn start(settings: &Settings, inlet: Inlet) -> Self {
        let listeners = Self {
            receiver: Mutex::new(Some(Receiver::new(inlet, settings.receive_options()))),
            failures: Mutex::default(),
            containers: AtomicBool::new(settings.containers),
            beyond: Mutex::default(),
        };
        for (protocol, binds) in [(Protocol::Grpc, &settings.grpc), (Protocol::Http, &settings.http)] {
            for bind in binds {
                listeners.bind(protocol, bind).await;
            }
        }
        listeners.follow_bridges();
        listeners
    }

    /// Does as the settings say now, except for the addresses: those stay as they are.
    pub(crate) fn apply(&self, settings: &Settings) {
        if let Some(receiver) = &*self.receiver() {
            receiver.set_web_access(settings.web.clone());
            receiver.set_key(settings.key);
            receiver.set_room(settings.room.request_bytes, settings.room.memory_bytes);
        }
        if self.containers.swap(settings.containers, Ordering::Relaxed) != settings.containers {
            self.follow_bridges();
        }
    }

    /// Tries an address again, or another one in its place.
    pub(crate) async fn listen(&self, protocol: Protocol, address: &str, settings: &Settings) -> Result<(), ApiError> {
        let bind = parse_bind(address)?;
        settings.allow(&bind)?;
        let is_tried_again = |failure: &BindFailure| {
            failure.address.port() == bind.port() && bind.hosts().contains(&failure.address.ip())
        };
        {
            let mut failures = self.failures();
            let is_again = failures.iter().any(|failure| own(failure.protocol) == protocol && is_tried_again(failure));
            failures.retain(|failure| own(failure.protocol) != protocol || (is_again && !is_tried_again(failure)));
        }
        self.bind(protocol, &bind).await;
        self.follow_bridges();
        Ok(())
    }

    async fn bind(&self, protocol: Protocol, bind: &Bind) {
        let bound = receive::bind(theirs(protocol), bind).await;
        let ours = self.addresses();
        let new = bound.failures().iter().filter(|failure| {
            // Part of it may be ours already.
            !ours.contains(&(protocol, failure.address))
        });
        self.failures().extend(new.cloned());
        if bind.is_beyond_loopback() {
            let addresses = bound.addresses().into_iter().map(|address| (protocol, address));
            self.beyond.lock().unwrap_or_else(PoisonError::into_inner).extend(addresses);
        }
        if let Some(receiver) = &*self.receiver() {
            receiver.listen(bound);
        }
    }

    fn follow_bridges(&self) {
        let addresses = self.addresses();
        let port = |protocol| {
            let mut of_protocol = addresses.iter().filter(|(known, _)| *known == protocol);
            of_protocol.find(|(_, address)| address.ip().is_loopback()).map(|(_, address)| address.port())
        };
        if let Some(receiver) = &*self.receiver() {
            let ports = BridgePorts { grpc: port(Protocol::Grpc), http: port(Protocol::Http) };
            receiver.follow_bridges(self.containers.load(Ordering::Relaxed).then_some(ports));
        }
    }

    fn addresses(&self) -> Vec<(Protocol, SocketAddr)> {
        let receiver = self.receiver();
        let addresses = receiver.as_ref().map(Receiver::addresses).unwrap_or_default();
        addresses.into_iter().map(|(protocol, address)| (own(protocol), address)).collect()
    }

    /// Every address and how it is; gRPC first.
    pub(crate) fn list(&self) -> Vec<Listener> {
        let listening = self.addresses().into_iter().map(|(protocol, address)| Listener {
            protocol,
            address: address.to_string(),
            state: ListenerState::Listening,
        });
        let failures = self.failures().clone();
        let failed = failures.into_iter().map(|failure| Listener {
            protocol: own(failure.protocol),
            address: failure.address.to_string(),
            state: match failure.kind {
                FailureKind::Taken { by, offer, setting } => ListenerState::Taken { by, offer, setting },
                FailureKind::Failed { sentence } => ListenerState::Failed { sentence },
            },
        });
        let mut listeners: Vec<Listener> = listening.chain(failed).collect();
        listeners.sort_by_key(|listener| listener.protocol);
        listeners
    }

    /// Finishes the requests in flight and listens no more.
    pub(crate) async fn stop(&self) {
        let receiver = self.receiver().take();
        if let Some(receiver) = receiver {
            receiver.stop().await;
        }
    }

    /// Says, for as long as it is so, that other machines can reach this one.
    pub(crate) fn reached(&self) -> Option<Problem> {
        let beyond = self.beyond.lock().unwrap_or_else(PoisonError::into_inner);
        let addresses: Vec<_> = beyond.iter().map(|(_, address)| address.to_string()).collect();
        (!addresses.is_empty()).then(|| Problem {
            name: "reached_from_network".to_owned(),
            sentence: format!(
                "other machines can reach {}: the API key is asked for, but nothing is encrypted, the key neither",
                addresses.join(" and ")
            ),
            remedy: "only do so on a network that you trust, or listen on localhost alone".to_owned(),
        })
    }

    fn receiver(&self) -> MutexGuard<'_, Option<Receiver<Inlet>>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failures(&self) -> MutexGuard<'_, Vec<BindFailure>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to say of the addresses that are not listened on.
pub(crate) fn problems(listeners: &[Listener]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    for listener in listeners {
        let (name, sentence, remedy) = match &listener.state {
            ListenerState::Listening => continue,
            ListenerState::Taken { by, offer, setting } => (
                "port_taken",
                format!(
                    "port {} for {} is taken by {}",
                    listener.address.rsplit_once(':').map_or("", |(_, port)| port),
                    protocol_name(listener.protocol),
                    by.as_deref().unwrap_or("another program"),
                ),
                format!("close that program and try again, or listen on {offer} and set {setting} where you send from"),
            ),
            ListenerState::Failed { sentence } => (
                "address_failed",
                format!(
                    "{} cannot be listened on for {}: {sentence}",
                    listener.address,
                    protocol_name(listener.protocol)
                ),
                "choose another address with --grpc or --http".to_owned(),
            ),
        };
        // 127.0.0.1 and [::1] are one problem.
        if !problems.iter().any(|known| known.sentence == sentence) {
            problems.push(Problem { name: name.to_owned(), sentence, remedy });
        }
    }
    problems
}

fn protocol_name(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Grpc => "OTLP/gRPC",
        Protocol::Http => "OTLP/HTTP",
    }
}

fn own(protocol: receive::Protocol) -> Protocol {
    match protocol {
        receive::Protocol::Grpc => Protocol::Grpc,
        receive::Protocol::Http => Protocol::Http,
    }
}

fn theirs(protocol: Protocol) -> receive::Protocol {
    match protocol {
        Protocol::Grpc => receive::Protocol::Grpc,
        Protocol::Http => receive::Protocol::Http,
    }
}
