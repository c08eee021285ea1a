//! Log records (OTLP `logs.proto`).

use serde::{Deserialize, Serialize};

use crate::{KeyValue, Resource, Scope, SpanId, TraceId, Value};

/// What one log request carries.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LogsData {
    /// By resource.
    pub resource_logs: Vec<ResourceLogs>,
}

/// The records of one resource.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ResourceLogs {
    /// The resource; `None` where the message had none.
    pub resource: Option<Resource>,
    /// By scope.
    pub scope_logs: Vec<ScopeLogs>,
    /// Schema of the resource.
    pub schema_url: String,
}

/// The records of one scope.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ScopeLogs {
    /// The scope; `None` where the message had none.
    pub scope: Option<Scope>,
    /// The records.
    pub log_records: Vec<LogRecord>,
    /// Schema of the records.
    pub schema_url: String,
}

/// One log record.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LogRecord {
    /// When it happened, nanoseconds since the Unix epoch; 0 where unknown.
    pub time_unix_nano: u64,
    /// When it was seen, nanoseconds since the Unix epoch.
    pub observed_time_unix_nano: u64,
    /// Severity number; 1 to 24, others are kept.
    pub severity_number: i32,
    /// Severity as the source names it.
    pub severity_text: String,
    /// The message; `None` where there was none.
    pub body: Option<Value>,
    /// Attributes in the order in which they came.
    pub attributes: Vec<KeyValue>,
    /// How many attributes the sender dropped.
    pub dropped_attributes_count: u32,
    /// W3C flags.
    pub flags: u32,
    /// The trace's id as it came: empty, 16 bytes, or of a wrong length.
    pub trace_id: Vec<u8>,
    /// The span's id as it came: empty, 8 bytes, or of a wrong length.
    pub span_id: Vec<u8>,
    /// A name makes the record an event.
    pub event_name: String,
}

impl LogRecord {
    /// When it happened, else when it was seen; nanoseconds since the Unix epoch.
    #[must_use]
    pub fn time(&self) -> u64 {
        if self.time_unix_nano == 0 { self.observed_time_unix_nano } else { self.time_unix_nano }
    }

    /// The trace it belongs to, if its id is one.
    #[must_use]
    pub fn trace(&self) -> Option<TraceId> {
        TraceId::from_slice(&self.trace_id).filter(|id| !id.is_zero())
    }

    /// The span it belongs to, if its id is one.
    #[must_use]
    pub fn span(&self) -> Option<SpanId> {
        SpanId::from_slice(&self.span_id).filter(|id| !id.is_zero())
    }
}

/// Severity in six steps (logs data model, "Field: SeverityNumber").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SeverityClass {
    /// Not said, or outside 1 to 24.
    Unspecified,
    /// 1 to 4.
    Trace,
    /// 5 to 8.
    Debug,
    /// 9 to 12.
    Info,
    /// 13 to 16.
    Warn,
    /// 17 to 20.
    Error,
    /// 21 to 24.
    Fatal,
}

impl SeverityClass {
    /// The class of a severity number.
    #[must_use]
    pub fn of(severity_number: i32) -> Self {
        match severity_number {
            1..=4 => Self::Trace,
            5..=8 => Self::Debug,
            9..=12 => Self::Info,
            13..=16 => Self::Warn,
            17..=20 => Self::Error,
            21..=24 => Self::Fatal,
            _ => Self::Unspecified,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "Unspecified",
            Self::Trace => "Trace",
            Self::Debug => "Debug",
            Self::Info => "Info",
            Self::Warn => "Warn",
            Self::Error => "Error",
            Self::Fatal => "Fatal",
        }
    }
}
