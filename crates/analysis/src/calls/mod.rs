//! Who called whom: the calls between services that the spans of a trace tell of, and those to what sends no spans.
//!
//! - A SERVER or CONSUMER span is paired with the CLIENT or PRODUCER span that is its parent, or that has its own id (ids
//!   that Zipkin lets both sides share). Where the parent is of another kind, the walk goes up over INTERNAL spans of the
//!   parent's service to its nearest span of a remote call; whether there is one or not, the caller is that service.
//! - Within one service only a pair is a call. A CONSUMER is paired with the producers of the same trace that it links to
//!   as well, and is as many calls as it has.
//! - A message whose destination either side names is two calls: producer to destination, and destination to consumer,
//!   which has the delay. Else it is one, from producer to consumer. What only goes on with a message that its service has
//!   received is none.
//! - A CLIENT that is not paired calls a database, a provider of generative AI or another peer, if it names it.
//! - A SERVER without a parent is called by the user, and so is a CONSUMER without a parent and without links; one whose parent is missing is called
//!   by somebody who is not known yet.

mod call;
mod derive;
mod found;
mod peer;
mod span;

pub use call::{Call, Change, ConnectionType, GraphNode, NodeKind};
pub use derive::Calls;
pub use peer::{Peer, PeerAttributes, PeerName};
pub use span::{CallSpan, Service, TraceSpans};
