//! Calls as they are found: by the places of their spans, so that those of two derivations are compared quickly.

use super::{Call, CallSpan, ConnectionType, GraphNode, NodeKind, Service};
use crate::trace::NONE;

const USER: GraphNode<'static> = GraphNode { kind: NodeKind::User, namespace: "", name: "", port: None };

/// A call in places of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// The span of who was called; [`NONE`] without one.
    pub(super) called: u32,
    /// The span of who called; [`NONE`] without one.
    pub(super) caller: u32,
    pub(super) way: Way,
}

/// From where to where a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    /// From the caller to who is called.
    Direct,
    /// The same as a message.
    Message,
    /// A message from the destination that the span of this place names.
    FromDestination(u32),
    /// A message to the destination that the span of this place names.
    ToDestination(u32),
    /// From the service of the span of this place.
    FromService(u32),
    /// The same as a message.
    MessageFromService(u32),
    /// From the user.
    FromUser,
    /// To the peer that the caller names.
    ToPeer,
}

impl Found {
    /// The call of these spans; `None` if they are not those in which it was found.
    pub(super) fn call<'a>(self, spans: &[CallSpan<'a>]) -> Option<Call<'a>> {
        let span = |at: u32| spans.get(at as usize);
        let service = |at: u32| span(at).map(|span| Service::into(span.service));
        let destination = |at: u32| span(at).and_then(destination_of);
        let (by, of) = (span(self.caller), span(self.called));
        let of_service = || service(self.called);
        let (client, server, connection) = match self.way {
            Way::Direct => (service(self.caller)?, of_service()?, ConnectionType::Unset),
            Way::Message => (service(self.caller)?, of_service()?, ConnectionType::MessagingSystem),
            Way::FromDestination(namer) => (destination(namer)?, of_service()?, ConnectionType::MessagingSystem),
            Way::ToDestination(namer) => (service(self.caller)?, destination(namer)?, ConnectionType::MessagingSystem),
            Way::FromService(above) => (service(above)?, of_service()?, ConnectionType::Unset),
            Way::MessageFromService(above) => (service(above)?, of_service()?, ConnectionType::MessagingSystem),
            Way::FromUser => (USER, of_service()?, ConnectionType::VirtualNode),
            Way::ToPeer => {
                let (peer, connection) = by?.peer.virtual_node()?;
                (service(self.caller)?, peer, connection)
            }
        };
        // What comes from a destination has a caller for the sake of its delay only.
        let is_halved = matches!(self.way, Way::FromDestination(_));
        let side = by.filter(|_| !is_halved);
        let both = || side.into_iter().chain(of);
        let is_message = is_halved || self.way == Way::Message;
        let delay = |by: &CallSpan<'_>| of.map(|of| of.start_unix_nano.saturating_sub(by.end_unix_nano));
        Some(Call {
            minute: both().next()?.minute,
            client,
            server,
            connection,
            is_failed: both().any(|span| span.is_error),
            adjusted_count: of.and_then(|span| span.adjusted_count).or(by.and_then(|span| span.adjusted_count)),
            client_nanos: side.map(CallSpan::nanos),
            server_nanos: of.map(CallSpan::nanos),
            delay_nanos: by.filter(|_| is_message).and_then(delay),
        })
    }

    /// A call that a span of who was called tells of alone.
    pub(super) fn of_called(called: u32, way: Way) -> Self {
        Self { called, caller: NONE, way }
    }

    /// A call that a span of who called tells of alone.
    pub(super) fn of_caller(caller: u32, way: Way) -> Self {
        Self { called: NONE, caller, way }
    }
}

/// The destination that a span with a part in a message names.
pub(super) fn destination_of<'a>(span: &CallSpan<'a>) -> Option<GraphNode<'a>> {
    if span.role().is_server() { None } else { span.peer.destination() }
}
