//! OTLP as servers speak it: gRPC (port 4317) and HTTP (port 4318), on loopback and,
//! with a key, beyond it.
//!
//! Entry type: [`Receiver`]. [`bind`] takes the addresses, [`Receiver::listen`] serves them; every
//! request is checked, charged to a byte budget, decompressed, walked, and handed to the [`Sink`];
//! the client is told yes only once the sink says that it is kept.
//!
//! Deliberately absent: storage and the ledger (behind [`Sink`]), settings, and any way to read
//! what was received. Beyond loopback every request needs the key, except on the bridges of containers on
//! this machine, which are listened on where that is asked for.

mod address;
mod answer;
mod bind;
mod body;
mod bridges;
mod budget;
mod connection;
mod connections;
mod hint;
mod intake;
mod key;
mod options;
mod over_grpc;
mod over_http;
mod owner;
mod receiver;
mod refused;
mod shared;
mod sink;
mod web;
mod wire;

pub use address::{Bind, BindError, Protocol};
pub use bind::{BindFailure, Bound, FailureKind, bind, offer_free_port};
pub use hint::Hint;
pub use key::{KeyHash, KeyHashError};
pub use options::{Limits, ReceiveOptions, WebAccess};
pub use owner::port_owner;
pub use receiver::{BridgePorts, Receiver};
pub use sink::{Refusal, Request, Sink, TurnedAway};
