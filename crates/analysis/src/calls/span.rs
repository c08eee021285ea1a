//! What calls are derived from.

use std::cmp::Ordering;

use model::{SpanId, SpanKind};

use super::{GraphNode, NodeKind, Peer};

/// A service by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Service<'a> {
    /// `service.namespace`; empty where it is missing.
    pub namespace: &'a str,
    /// `service.name`.
    pub name: &'a str,
}

impl<'a> From<Service<'a>> for GraphNode<'a> {
    fn from(Service { namespace, name }: Service<'a>) -> Self {
        Self { kind: NodeKind::Service, namespace, name, port: None }
    }
}

/// A stored span, as far as calls are derived from it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CallSpan<'a> {
    /// Its id.
    pub span_id: SpanId,
    /// The parent's id; `None` for a root, and where what came is not an id.
    pub parent: Option<SpanId>,
    /// Whether no parent id came, or one of zeros only.
    pub is_root: bool,
    /// Its kind.
    pub kind: SpanKind,
    /// Who sent it.
    pub service: Service<'a>,
    /// Whether it is an error.
    pub is_error: bool,
    /// Start, nanoseconds since the Unix epoch.
    pub start_unix_nano: u64,
    /// End, nanoseconds since the Unix epoch.
    pub end_unix_nano: u64,
    /// In which minute it counts, minutes since the Unix epoch.
    pub minute: u32,
    /// How many spans it stands for; `None` where that is unknown.
    pub adjusted_count: Option<f64>,
    /// Whom it names as the other side. Only those of kind CLIENT, PRODUCER and CONSUMER need one.
    pub peer: Peer<'a>,
    /// Whether it links to another span, of whatever trace. Only that of a CONSUMER matters.
    pub is_linked: bool,
}

/// What part a span has in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Internal,
    Client,
    Producer,
    Server,
    Consumer,
}

impl Role {
    pub(super) fn calls(self) -> bool {
        matches!(self, Self::Client | Self::Producer)
    }

    pub(super) fn is_server(self) -> bool {
        self == Self::Server
    }

    pub(super) fn is_called(self) -> bool {
        matches!(self, Self::Server | Self::Consumer)
    }
}

impl CallSpan<'_> {
    /// Its part: what a kind without a meaning has is taken as INTERNAL (OTLP, `SpanKind`). Messages are also sent and
    /// received by spans of kind CLIENT (semantic conventions, "Messaging spans").
    pub(super) fn role(&self) -> Role {
        match self.kind {
            SpanKind::SERVER => Role::Server,
            SpanKind::CONSUMER => Role::Consumer,
            SpanKind::PRODUCER => Role::Producer,
            SpanKind::CLIENT => match self.peer {
                Peer::Messaging { operation: "receive" | "process" | "deliver", .. } => Role::Consumer,
                Peer::Messaging { operation: "settle", .. } => Role::Internal,
                Peer::Messaging { .. } => Role::Producer,
                _ => Role::Client,
            },
            _ => Role::Internal,
        }
    }

    pub(super) fn nanos(&self) -> u64 {
        self.end_unix_nano.saturating_sub(self.start_unix_nano)
    }

    /// Which of several spans with one id stands for it: the first of kind SERVER, as in [`crate::Trace`], else the
    /// first by start. The order is total but for what makes no difference.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let rank = |span: &Self| {
            let times = (span.kind != SpanKind::SERVER, span.start_unix_nano, span.end_unix_nano);
            let whose = (span.kind, span.service, span.parent, span.is_root, span.is_error);
            (times, whose, span.minute, span.adjusted_count.map(f64::to_bits), span.peer, span.is_linked)
        };
        rank(self).cmp(&rank(other))
    }
}

/// The spans of a trace.
#[derive(Debug, Clone, Default)]
pub struct TraceSpans<'a> {
    pub(super) spans: Vec<CallSpan<'a>>,
    /// Spans, by their place, and those of the same trace that they link to.
    pub(super) links: Vec<(u32, SpanId)>,
}

impl<'a> TraceSpans<'a> {
    /// Adds a span and the ids of those of the same trace that it links to.
    pub fn push(&mut self, span: CallSpan<'a>, links: impl IntoIterator<Item = SpanId>) {
        let place = self.spans.len() as u32;
        self.links.extend(links.into_iter().map(|id| (place, id)));
        self.spans.push(span);
    }

    /// Adds all spans of others.
    pub fn extend(&mut self, others: &Self) {
        let first = self.spans.len() as u32;
        self.links.extend(others.links.iter().map(|(place, id)| (first + place, *id)));
        self.spans.extend_from_slice(&others.spans);
    }

    /// Makes room for so many more spans.
    pub fn reserve(&mut self, spans: usize) {
        self.spans.reserve(spans);
    }
    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.spans.clear();
        self.links.clear();
    }
}
