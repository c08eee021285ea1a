//! What of a span a comparison looks at.

/// What belongs to a span or its trace without being an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intrinsic {
    /// `service.name` of the resource.
    Service,
    /// The span's name.
    Name,
    /// `internal`, `server`, `client`, `producer` or `consumer`.
    Kind,
    /// `unset`, `ok` or `error`.
    Status,
    /// Whether the status is ERROR.
    Error,
    /// From start to end.
    Duration,
    /// The part of the duration in which no child ran.
    SelfTime,
    /// When it started.
    Start,
    /// The span id, or the trace id, in hexadecimal.
    Id,
    /// When the earliest of the trace's spans started.
    TraceStart,
    /// From the earliest start to the latest end of the trace.
    TraceDuration,
    /// How many spans the trace has.
    TraceSpans,
    /// How many services take part in the trace.
    TraceServices,
    /// The service of the root span.
    RootService,
    /// The name of the root span.
    RootName,
    /// The name of an event.
    EventName,
    /// The name of the instrumentation scope.
    ScopeName,
    /// The version of the instrumentation scope.
    ScopeVersion,
}

/// What kind of values something has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    OneOf(&'static [&'static str]),
    Yes,
    Duration,
    Time,
    Count,
}

/// Every intrinsic with the text that names it and the kind of its values.
const INTRINSICS: [(Intrinsic, &str, Kind); 18] = [
    (Intrinsic::Service, "service", Kind::Text),
    (Intrinsic::Name, "name", Kind::Text),
    (Intrinsic::Kind, "kind", Kind::OneOf(&["unspecified", "internal", "server", "client", "producer", "consumer"])),
    (Intrinsic::Status, "status", Kind::OneOf(&["unset", "ok", "error"])),
    (Intrinsic::Error, "error", Kind::Yes),
    (Intrinsic::Duration, "duration", Kind::Duration),
    (Intrinsic::SelfTime, "self_time", Kind::Duration),
    (Intrinsic::Start, "start", Kind::Time),
    (Intrinsic::Id, "id", Kind::Text),
    (Intrinsic::TraceStart, "trace.start", Kind::Time),
    (Intrinsic::TraceDuration, "trace.duration", Kind::Duration),
    (Intrinsic::TraceSpans, "trace.spans", Kind::Count),
    (Intrinsic::TraceServices, "trace.services", Kind::Count),
    (Intrinsic::RootService, "root.service", Kind::Text),
    (Intrinsic::RootName, "root.name", Kind::Text),
    (Intrinsic::EventName, "event.name", Kind::Text),
    (Intrinsic::ScopeName, "scope.name", Kind::Text),
    (Intrinsic::ScopeVersion, "scope.version", Kind::Text),
];

impl Intrinsic {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        INTRINSICS.iter().map(|(intrinsic, ..)| *intrinsic)
    }

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().1
    }

    pub(crate) fn kind(self) -> Kind {
        self.row().2
    }

    fn row(self) -> &'static (Self, &'static str, Kind) {
        // The table is in the order of the variants; a test holds that.
        &INTRINSICS[self as usize]
    }

    fn named(name: &str) -> Option<Self> {
        INTRINSICS.iter().find(|(_, known, _)| *known == name).map(|(intrinsic, ..)| *intrinsic)
    }
}

/// Where an attribute is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Attributes of the span, and where it has none of this key those of its resource and scope.
    Any,
    /// Attributes of the span.
    Span,
    /// Attributes of the resource.
    Resource,
    /// Attributes of the span's events.
    Event,
    /// Attributes of the span's links.
    Link,
    /// Attributes of the instrumentation scope.
    InstrumentationScope,
    /// Attributes of the root span.
    Root,
}

/// Scopes by their prefix, which ends with a dot.
const SCOPES: [(Scope, &str); 6] = [
    (Scope::Span, "span."),
    (Scope::Resource, "resource."),
    (Scope::Event, "event."),
    (Scope::Link, "link."),
    (Scope::InstrumentationScope, "scope."),
    (Scope::Root, "root."),
];

impl Scope {
    /// As it is written before a key; empty for [`Scope::Any`].
    #[must_use]
    pub fn prefix(self) -> &'static str {
        SCOPES.iter().find(|(scope, _)| *scope == self).map_or("", |(_, prefix)| prefix)
    }

    /// Those with a prefix.
    pub(crate) fn written() -> impl Iterator<Item = Self> {
        SCOPES.iter().map(|(scope, _)| *scope)
    }

    /// A word as its scope and what follows that.
    pub(crate) fn split(word: &str) -> (Self, &str) {
        let split = |(scope, prefix): &(Self, &str)| Some((*scope, word.strip_prefix(prefix)?));
        SCOPES.iter().find_map(split).unwrap_or((Self::Any, word))
    }
}

/// What of a span a comparison looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Field {
    /// What every span has.
    Intrinsic(Intrinsic),
    /// An attribute.
    Attribute {
        /// Where it is looked for.
        scope: Scope,
        /// Its key.
        key: String,
    },
}

impl Field {
    /// What a key means that stands without quotes.
    #[must_use]
    pub fn of_word(word: &str) -> Self {
        match Intrinsic::named(word) {
            Some(intrinsic) => Self::Intrinsic(intrinsic),
            None => {
                let (scope, key) = match Scope::split(word) {
                    // A scope alone is a key like any other.
                    (_, "") => (Scope::Any, word),
                    split => split,
                };
                Self::Attribute { scope, key: key.to_owned() }
            }
        }
    }

    /// The scope that a word alone is, with its dot.
    pub(crate) fn scope_of_word(word: &str) -> Option<Scope> {
        SCOPES.iter().find(|(_, prefix)| *prefix == word).map(|(scope, _)| *scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intrinsics_find_themselves() {
        for intrinsic in Intrinsic::all() {
            assert_eq!(Intrinsic::named(intrinsic.name()), Some(intrinsic));
        }
    }
}
