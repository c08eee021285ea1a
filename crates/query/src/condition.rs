//! The leaves of a query.

use crate::{Field, Intrinsic, Scope, Test, aliases::names_of};

/// One condition of a compiled query: what it looks at, and what that has to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What it looks at: none, one or several values of a span.
    pub subject: Subject,
    /// What such a value has to be.
    pub test: Test,
    /// Whether the condition holds, by the values that pass.
    pub holds: Holds,
}

/// When a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holds {
    /// Where one of the values passes the test.
    IfSome,
    /// Where there are values, of which none passes the test: `!=` and `!~`.
    IfNone,
}

impl Holds {
    /// Whether it does, where there are such values and one of them passes or not.
    #[must_use]
    pub fn of(self, has_value: bool, has_passing: bool) -> bool {
        match self {
            Self::IfSome => has_passing,
            Self::IfNone => has_value && !has_passing,
        }
    }
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// What every span has.
    Intrinsic(Intrinsic),
    /// Attributes with one of these keys.
    Attribute {
        /// Where they are looked for.
        scope: Scope,
        /// The key as it was written, then what else it was or is called.
        keys: Vec<String>,
    },
    /// The name of the span, the names of its events, and the values of the attributes of the span, its events and
    /// links, its resource and scope.
    Anywhere,
}

impl Subject {
    /// What a field means.
    #[must_use]
    pub fn of(field: &Field) -> Self {
        match field {
            Field::Intrinsic(intrinsic) => Self::Intrinsic(*intrinsic),
            Field::Attribute { scope, key } => Self::of_key(*scope, key),
        }
    }

    pub(crate) fn of_key(scope: Scope, key: &str) -> Self {
        Self::Attribute { scope, keys: names_of(key).map(str::to_owned).collect() }
    }
}

/// How much has to be known for a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The span alone.
    Span,
    /// The span and its children: its self time.
    Children,
    /// The trace as a whole, or its root; the condition holds of all spans of a trace or of none.
    Trace,
}

impl Condition {
    /// How much has to be known for it.
    #[must_use]
    pub fn reach(&self) -> Reach {
        match &self.subject {
            Subject::Intrinsic(intrinsic) => intrinsic.reach(),
            Subject::Attribute { scope: Scope::Root, .. } => Reach::Trace,
            Subject::Attribute { .. } | Subject::Anywhere => Reach::Span,
        }
    }
}

impl Intrinsic {
    fn reach(self) -> Reach {
        match self {
            Self::SelfTime => Reach::Children,
            Self::TraceStart
            | Self::TraceDuration
            | Self::TraceSpans
            | Self::TraceServices
            | Self::RootService
            | Self::RootName => Reach::Trace,
            Self::Service
            | Self::Name
            | Self::Kind
            | Self::Status
            | Self::Error
            | Self::Duration
            | Self::Start
            | Self::Id
            | Self::EventName
            | Self::ScopeName
            | Self::ScopeVersion => Reach::Span,
        }
    }
}
