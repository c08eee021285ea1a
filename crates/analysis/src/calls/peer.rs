//! Whom a span names as the other side of its call, by attributes of the semantic conventions and their old names.

use super::{ConnectionType, GraphNode, NodeKind};

/// What a peer is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PeerName<'a> {
    /// Its name or its address.
    pub text: &'a str,
    /// Its port, where the text is an address of a network.
    pub port: Option<u16>,
}

/// The other side of a call, as a span names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Peer<'a> {
    /// Nobody is named.
    #[default]
    None,
    /// A destination of messages.
    Messaging {
        /// `messaging.system`.
        system: &'a str,
        /// `messaging.destination.name`.
        destination: &'a str,
        /// `messaging.operation.type`; empty where it is missing.
        operation: &'a str,
    },
    /// A database.
    Database {
        /// `db.system.name`; empty where it is missing.
        system: &'a str,
        /// What it is called: its system where nothing else is known.
        name: PeerName<'a>,
    },
    /// A provider of generative AI: `gen_ai.provider.name`.
    GenAi(&'a str),
    /// Another peer.
    External(PeerName<'a>),
}

impl<'a> Peer<'a> {
    /// The destination of messages that it is.
    pub(super) fn destination(self) -> Option<GraphNode<'a>> {
        let Self::Messaging { system, destination, .. } = self else { return None };
        Some(GraphNode { kind: NodeKind::Messaging, namespace: system, name: destination, port: None })
    }

    /// The node that it is where it sends no spans, and how it is connected.
    pub(super) fn virtual_node(self) -> Option<(GraphNode<'a>, ConnectionType)> {
        let node = |kind, namespace, PeerName { text: name, port }| GraphNode { kind, namespace, name, port };
        Some(match self {
            Self::Database { system, name } => (node(NodeKind::Database, system, name), ConnectionType::Database),
            Self::GenAi(name) => {
                (node(NodeKind::GenAi, "", PeerName { text: name, port: None }), ConnectionType::VirtualNode)
            }
            Self::External(name) => (node(NodeKind::External, "", name), ConnectionType::VirtualNode),
            Self::None | Self::Messaging { .. } => return None,
        })
    }
}

/// Attributes of a span that name its peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PeerAttributes<'a> {
    texts: [&'a [u8]; SLOTS],
    port: Option<u16>,
}

// Where the texts are kept, the old name of each attribute behind its new one.
const PEER_NAME: usize = 0;
const SERVER_ADDRESS: usize = 2;
const NETWORK_ADDRESS: usize = 4;
const DATABASE_SYSTEM: usize = 7;
const DATABASE_NAME: usize = 9;
const PROVIDER: usize = 11;
const MESSAGING_SYSTEM: usize = 13;
const DESTINATION: usize = 14;
const OPERATION: usize = 15;
const SLOTS: usize = 17;

fn slot(key: &[u8]) -> Option<usize> {
    Some(match key {
        b"service.peer.name" => PEER_NAME,
        b"peer.service" => PEER_NAME + 1,
        b"server.address" => SERVER_ADDRESS,
        b"net.peer.name" => SERVER_ADDRESS + 1,
        b"network.peer.address" => NETWORK_ADDRESS,
        b"net.sock.peer.addr" => NETWORK_ADDRESS + 1,
        b"net.peer.ip" => NETWORK_ADDRESS + 2,
        b"db.system.name" => DATABASE_SYSTEM,
        b"db.system" => DATABASE_SYSTEM + 1,
        b"db.namespace" => DATABASE_NAME,
        b"db.name" => DATABASE_NAME + 1,
        b"gen_ai.provider.name" => PROVIDER,
        b"gen_ai.system" => PROVIDER + 1,
        b"messaging.system" => MESSAGING_SYSTEM,
        b"messaging.destination.name" => DESTINATION,
        b"messaging.operation.type" => OPERATION,
        b"messaging.operation" => OPERATION + 1,
        _ => return None,
    })
}

fn is_port(key: &[u8]) -> bool {
    matches!(key, b"network.peer.port" | b"net.sock.peer.port")
}

impl<'a> PeerAttributes<'a> {
    /// Whether an attribute of this key says something of a peer.
    #[must_use]
    pub fn is_key(key: &[u8]) -> bool {
        slot(key).is_some() || is_port(key)
    }

    /// Notes an attribute that is a text; one that is not UTF-8 says nothing.
    pub fn note(&mut self, key: &[u8], text: &'a [u8]) {
        if let Some(slot) = slot(key).and_then(|slot| self.texts.get_mut(slot)) {
            *slot = text;
        }
    }

    /// Notes an attribute that is a number.
    pub fn note_number(&mut self, key: &[u8], number: i64) {
        if is_port(key) {
            self.port = u16::try_from(number).ok();
        }
    }

    /// Whom they name.
    #[must_use]
    pub fn peer(&self) -> Peer<'a> {
        let first = |slots: std::ops::Range<usize>| {
            let texts = self.texts.get(slots).unwrap_or_default().iter().filter(|text| !text.is_empty());
            texts.filter_map(|text| std::str::from_utf8(text).ok()).next().unwrap_or_default()
        };
        let (system, destination) = (first(MESSAGING_SYSTEM..DESTINATION), first(DESTINATION..OPERATION));
        if !system.is_empty() && !destination.is_empty() {
            return Peer::Messaging { system, destination, operation: first(OPERATION..SLOTS) };
        }
        let name = match (first(PEER_NAME..NETWORK_ADDRESS), first(NETWORK_ADDRESS..DATABASE_SYSTEM)) {
            ("", address) => PeerName { text: address, port: self.port.filter(|_| !address.is_empty()) },
            (text, _) => PeerName { text, port: None },
        };
        let (system, database) = (first(DATABASE_SYSTEM..DATABASE_NAME), first(DATABASE_NAME..PROVIDER));
        if !system.is_empty() || !database.is_empty() {
            let others = [database, system].into_iter().find(|text| !text.is_empty()).unwrap_or_default();
            let name = if name.text.is_empty() { PeerName { text: others, port: None } } else { name };
            return Peer::Database { system, name };
        }
        match (first(PROVIDER..MESSAGING_SYSTEM), name.text) {
            ("", "") => Peer::None,
            ("", _) => Peer::External(name),
            (provider, _) => Peer::GenAi(provider),
        }
    }
}
