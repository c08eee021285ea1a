//! A call and its two ends.

/// What an end of a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum NodeKind {
    /// A service that sends spans.
    #[default]
    Service,
    /// Whoever begins a trace.
    User,
    /// A database.
    Database,
    /// A destination of messages: a topic, a queue.
    Messaging,
    /// A provider of generative AI.
    GenAi,
    /// Another peer that sends no spans.
    External,
}

/// An end of a call. What is missing is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct GraphNode<'a> {
    /// What it is.
    pub kind: NodeKind,
    /// `service.namespace` of a service; the system of a database or a destination (`postgresql`, `kafka`).
    pub namespace: &'a str,
    /// Its name; empty for the user.
    pub name: &'a str,
    /// Port of a peer that is known by the address of its network only.
    pub port: Option<u16>,
}

/// How two ends are connected: `connection_type` of the service graph connector of the OpenTelemetry Collector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ConnectionType {
    /// Service to service.
    #[default]
    Unset,
    /// One end sends no spans.
    VirtualNode,
    /// Messages.
    MessagingSystem,
    /// A database.
    Database,
}

impl ConnectionType {
    /// As the connector writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unset => "",
            Self::VirtualNode => "virtual_node",
            Self::MessagingSystem => "messaging_system",
            Self::Database => "database",
        }
    }
}

/// One call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call<'a> {
    /// In which minute it counts: that of the caller's span, else of the other, minutes since the Unix epoch.
    pub minute: u32,
    /// Who calls.
    pub client: GraphNode<'a>,
    /// Who is called.
    pub server: GraphNode<'a>,
    /// How they are connected.
    pub connection: ConnectionType,
    /// Whether either side's span is an error.
    pub is_failed: bool,
    /// How many calls it stands for, as the span of who is called says, else that of the caller.
    pub adjusted_count: Option<f64>,
    /// How long the caller's span took, nanoseconds; `None` without one.
    pub client_nanos: Option<u64>,
    /// How long the span of who is called took, nanoseconds; `None` without one.
    pub server_nanos: Option<u64>,
    /// From the end of the producer to the start of the consumer, nanoseconds; 0 where it starts before.
    pub delay_nanos: Option<u64>,
}

/// What becomes of a call when more spans of its trace come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is one.
    Found,
    /// It was one until then.
    TakenBack,
}
