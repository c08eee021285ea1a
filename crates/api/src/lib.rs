//! Every call, reply, event and error code between the UI or the command line and the service,
//! as plain data with public fields.
//!
//! Entry types: [`Call`] and [`Reply`]; what comes unasked is an [`Event`]; what fails is an
//! [`ApiError`]. [`encode`] and [`decode`] are the one encoding ([`Wire`]), over Tauri's IPC and
//! over the control socket alike.
//!
//! Deliberately absent: transports, JSON, and any logic but [`quantity`], [`link`] and the texts of [`sampling`]. Times are `u64` nanoseconds since the
//! Unix epoch; `*_offset_nanos` count from the start of the trace and are signed, because spans
//! with impossible times lie before it.

/// The vocabulary of the calls: ids, values, attributes, kinds.
pub use model;
pub use query;

mod call;
mod error;
mod event;
pub mod link;
mod listing;
pub mod quantity;
pub mod sampling;
mod search;
mod settings;
mod span;
mod status;
mod timeline;
mod wire;

pub use call::{Answer, Call, ExportFormat, FoldChange, ImportSummary, Reply};
pub use error::{ApiError, ErrorCode};
pub use event::Event;
pub use listing::{FirstError, ServiceCount, TracePage, TraceRow};
pub use sampling::{CriticalFlow, Sampling, SamplingPreview};
pub use search::{
    CompleteRequest, Completion, CompletionKind, Completions, Difference, DifferenceValue, Differences,
    DifferencesRequest, Facet, FacetValue, Facets, FacetsRequest, FoundSpans, Group, Groups, GroupsRequest, Meant,
    Nearly, Scatter, ScatterCell, ScatterRequest, Search, SearchProgress, SortBy, SpansRequest, TimeRange, TraceSort,
    TracesRequest, Without,
};
pub use settings::{FromCommandLine, PendingDeletion, Retention, Room, Selected, Selection, Settings, SettingsChange};
pub use span::{
    AssembledTrace, AttributeValue, EventDetail, LinkDetail, LogDetail, ScopeDetail, SpanDetail, SpanRecord, TextPart,
};
pub use status::{
    BytesOnDisk, Ledger, Listener, ListenerState, Problem, Protocol, Refused, ServiceLedger, ServiceSize, SignalLedger,
    SinceStart, Sizes, Status, TurnedAway,
};
pub use timeline::{
    EventMark, Found, Interval, LogMark, Oddity, OpenedTrace, Row, RowKind, SpanIcon, Text, ViewId, Viewport,
    ViewportRequest,
};

pub use macros::Wire;
pub use wire::{Reader, Wire};

/// The bytes of a call, reply or event.
#[must_use]
pub fn encode<T: Wire>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.write(&mut bytes);
    bytes
}

/// The call, reply or event in these bytes.
///
/// # Errors
/// [`ErrorCode::Malformed`] if they are not one of this version.
pub fn decode<T: Wire>(bytes: &[u8]) -> Result<T, ApiError> {
    Reader::whole(bytes).ok_or_else(|| ApiError::new(ErrorCode::Malformed, "this is no message of this version"))
}
