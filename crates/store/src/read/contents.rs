//! All of a trace.

use std::sync::Arc;

use model::{LogRecord, Resource, Scope, Span, TraceId};

/// Every span and log record stored under one trace id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TraceContents {
    /// The trace.
    pub trace_id: TraceId,
    /// Spans in the order in which they arrived.
    pub spans: Vec<StoredSpan>,
    /// Log records by [`LogRecord::time`], then in the order in which they arrived.
    pub logs: Vec<StoredLog>,
    /// Resources that spans and log records name by index; no two are the same.
    pub resources: Vec<Arc<StoredResource>>,
    /// Scopes that spans and log records name by index; no two are the same.
    pub scopes: Vec<Arc<StoredScope>>,
    /// Texts with invalid UTF-8 that were repaired (U+FFFD) in the requests that brought this trace.
    pub repaired_texts: u64,
    /// Whether a rule of sampling thinned it: spans are missing, and what is here came later with a reason to stay.
    pub is_thinned: bool,
}

/// A span as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSpan {
    /// The span.
    pub span: Span,
    /// Index in [`TraceContents::resources`].
    pub resource: u32,
    /// Index in [`TraceContents::scopes`].
    pub scope: u32,
    /// 0 for the first span with its id, then 1 and so on for those with the same id and different content.
    pub variant: u32,
}

/// A log record as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredLog {
    /// The record.
    pub record: LogRecord,
    /// Index in [`TraceContents::resources`].
    pub resource: u32,
    /// Index in [`TraceContents::scopes`].
    pub scope: u32,
}

/// A resource with the schema it came under.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredResource {
    /// The resource; `None` where the message had none.
    pub resource: Option<Resource>,
    /// Schema of the resource.
    pub schema_url: String,
}

impl StoredResource {
    /// `service.name`, or [`model::UNKNOWN_SERVICE`].
    #[must_use]
    pub fn service_name(&self) -> &str {
        self.resource.as_ref().map_or(model::UNKNOWN_SERVICE, Resource::service_name)
    }
}

/// A scope with the schema it came under.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoredScope {
    /// The scope; `None` where the message had none.
    pub scope: Option<Scope>,
    /// Schema of the spans or records under it.
    pub schema_url: String,
}
