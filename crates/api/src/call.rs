use model::{SpanId, TraceId};

use crate::{
    ApiError, AssembledTrace, CompleteRequest, Completions, Differences, DifferencesRequest, Facets, FacetsRequest,
    Found, FoundSpans, Groups, GroupsRequest, Nearly, OpenedTrace, SamplingPreview, Scatter, ScatterRequest, Search,
    Selected, Selection, ServiceCount, Settings, SettingsChange, SpanDetail, SpansRequest, Status, TextPart, TracePage,
    TracesRequest, ViewId, Viewport, ViewportRequest, Wire,
};

/// What can be asked of the service. Each names the [`Reply`] it gets.
#[derive(Debug, Clone, PartialEq, Wire)]
pub enum Call {
    /// Addresses, ledger, sizes, problems. [`Reply::Status`]
    Status,
    /// A window of the traces that a search finds. [`Reply::Traces`]
    Traces(TracesRequest),
    /// The spans that a search finds. [`Reply::Spans`]
    Spans(SpansRequest),
    /// What a search finds over time and duration. [`Reply::Scatter`]
    Scatter(ScatterRequest),
    /// The values that keys have in what a search finds. [`Reply::Facets`]
    Facets(FacetsRequest),
    /// What a search finds by the value of a key. [`Reply::Groups`]
    Groups(GroupsRequest),
    /// What tells some traces from others. [`Reply::Differences`]
    Differences(DifferencesRequest),
    /// What may be written in a search. [`Reply::Completions`]
    Complete(CompleteRequest),
    /// What nearly matches where a search finds nothing. [`Reply::Nearly`]
    Nearly(Search),
    /// All services with the number of traces they take part in. [`Reply::Services`]
    Services,
    /// Assembles a trace and keeps it as a view. [`Reply::Opened`]
    OpenTrace {
        /// Which.
        trace_id: TraceId,
    },
    /// Reads what has arrived since into a view; its folds stay. [`Reply::Opened`]
    RefreshView {
        /// Which.
        view: ViewId,
    },
    /// Forgets a view. [`Reply::Done`]
    CloseView {
        /// Which.
        view: ViewId,
    },
    /// The rows of a view that are visible. [`Reply::Viewport`]
    Viewport(ViewportRequest),
    /// Folds or unfolds rows of a view. [`Reply::Opened`], with the new number of rows
    Fold {
        /// Which view.
        view: ViewId,
        /// What.
        change: FoldChange,
    },
    /// Where a span stands; its ancestors are unfolded. [`Reply::Found`]
    Reveal {
        /// Which view.
        view: ViewId,
        /// The span's index in the view.
        node: u32,
    },
    /// Where a span with this id stands; its ancestors are unfolded. [`Reply::Found`]
    RevealSpan {
        /// Which view.
        view: ViewId,
        /// The span's id.
        span_id: SpanId,
    },
    /// The next span in order of rows that has an error; wraps around. [`Reply::Found`]
    NextError {
        /// Which view.
        view: ViewId,
        /// The node from which to look on.
        after: Option<u32>,
        /// Backwards instead.
        backwards: bool,
    },
    /// The next span whose name, service, id, status message or attribute contains the text,
    /// without case; wraps around. [`Reply::Found`]
    FindText {
        /// Which view.
        view: ViewId,
        /// The text.
        text: String,
        /// The node from which to look on.
        after: Option<u32>,
        /// Backwards instead.
        backwards: bool,
    },
    /// Everything about one span. [`Reply::Span`]
    Span {
        /// Which view.
        view: ViewId,
        /// The span's index in the view.
        node: u32,
    },
    /// One piece of a text that a reply gave in part. [`Reply::Text`]
    Text {
        /// Which view.
        view: ViewId,
        /// The span's index in the view.
        node: u32,
        /// Which of its texts.
        part: TextPart,
    },
    /// A trace as the command line prints it: all spans. [`Reply::Trace`]
    Trace {
        /// Which.
        trace_id: TraceId,
    },
    /// Traces as a file, losslessly. [`Reply::File`]
    Export {
        /// Which; in the file they stand in this order.
        trace_ids: Vec<TraceId>,
        /// How.
        format: ExportFormat,
    },
    /// Reads a file of this machine into the store. [`Reply::Imported`]
    ImportPath {
        /// An absolute path.
        path: String,
    },
    /// Reads these bytes into the store. [`Reply::Imported`]
    ImportBytes {
        /// What to call them in errors.
        name: String,
        /// The bytes of a file.
        bytes: Vec<u8>,
    },
    /// Stores the sample trace. [`Reply::Imported`]
    LoadSample,
    /// Tries an address again, or another one in its place. [`Reply::Status`]
    Listen {
        /// Which protocol.
        protocol: crate::Protocol,
        /// `host:port`.
        address: String,
    },
    /// Brings the window of the process that owns the directory to the front and shows in it what
    /// is named; [`crate::ErrorCode::NotFound`] if that process has no window. [`Reply::Done`]
    Present {
        /// Files to open, absolute paths.
        paths: Vec<String>,
        /// A text for the search box; see [`crate::Event::Search`].
        search: Option<String>,
    },
    /// Turns this connection of the control socket into a stream of [`crate::Event`]s.
    /// [`Reply::Done`], then events
    Subscribe,
    /// What is set, and where it is from. [`Reply::Settings`]
    Settings,
    /// Writes a change into the configuration file and has it apply at once. [`Reply::Settings`]
    ChangeSettings(SettingsChange),
    /// Counts what [`Call::Delete`] would delete. [`Reply::Selected`]
    Select(Selection),
    /// Deletes for good, at once. [`Reply::Selected`], which was deleted
    Delete(Selection),
    /// Announces a deletion, which is carried out a few seconds later, when another one is announced, or when the
    /// owner stops; see [`Status::deletion`]. [`Reply::Selected`], which is about to be deleted; nothing is
    /// announced where that is nothing
    DeleteSoon(Selection),
    /// Takes back what [`Call::DeleteSoon`] announced. [`Reply::Done`]; [`crate::ErrorCode::NotFound`] where nothing
    /// is announced any more
    UndoDelete,
    /// Makes an API key that replaces the one before, and writes its hash into the configuration file.
    /// [`Reply::ApiKey`], the only time that it can be seen
    NewApiKey,
    /// Counts what rules would have kept of the traces that are stored and arrived since a time.
    /// [`Reply::SamplingPreview`]
    PreviewSampling {
        /// The rules.
        sampling: crate::Sampling,
        /// Nanoseconds since the Unix epoch.
        since_unix_nano: u64,
    },
    /// Has what waits written as segments, and small segments as large ones; answered when that is
    /// done. [`Reply::Done`]
    Compact,
    /// Says that the clock is right after it has jumped: what is too old by it is let go. [`Reply::Done`]
    TrustClock,
    /// Keeps a trace for ever, or lets it go again. [`Reply::Done`]; [`crate::ErrorCode::NotFound`]
    /// where no such trace is stored
    Pin {
        /// Which.
        trace_id: TraceId,
        /// Whether it is pinned from now on.
        is_pinned: bool,
    },
}

/// What answers a [`Call`].
#[derive(Debug, Clone, PartialEq, Wire)]
pub enum Reply {
    /// It is done.
    Done,
    /// To [`Call::Status`] and [`Call::Listen`].
    Status(Box<Status>),
    /// To [`Call::Traces`].
    Traces(TracePage),
    /// To [`Call::Spans`].
    Spans(FoundSpans),
    /// To [`Call::Scatter`].
    Scatter(Scatter),
    /// To [`Call::Facets`].
    Facets(Facets),
    /// To [`Call::Groups`].
    Groups(Groups),
    /// To [`Call::Differences`].
    Differences(Differences),
    /// To [`Call::Complete`].
    Completions(Completions),
    /// To [`Call::Nearly`].
    Nearly(Nearly),
    /// To [`Call::Services`], by name.
    Services(Vec<ServiceCount>),
    /// To [`Call::OpenTrace`], [`Call::RefreshView`] and [`Call::Fold`].
    Opened(OpenedTrace),
    /// To [`Call::Viewport`].
    Viewport(Viewport),
    /// To the calls that look for a row; `None` where there is none.
    Found(Option<Found>),
    /// To [`Call::Span`].
    Span(Box<SpanDetail>),
    /// To [`Call::Text`]: the whole text.
    Text(String),
    /// To [`Call::Trace`].
    Trace(AssembledTrace),
    /// To [`Call::Export`]: the bytes of the file.
    File(Vec<u8>),
    /// To the calls that import.
    Imported(ImportSummary),
    /// To [`Call::Settings`] and [`Call::ChangeSettings`].
    Settings(Box<Settings>),
    /// To [`Call::Select`], [`Call::Delete`] and [`Call::DeleteSoon`].
    Selected(Selected),
    /// To [`Call::NewApiKey`].
    ApiKey(String),
    /// To [`Call::PreviewSampling`].
    SamplingPreview(SamplingPreview),
}

/// A reply or the reason why there is none, as it travels.
pub type Answer = Result<Reply, ApiError>;

/// What to fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub enum FoldChange {
    /// Folds or unfolds the children of one node.
    Toggle(u32),
    /// Shows the children of one node.
    Expand(u32),
    /// Hides the children of one node.
    Collapse(u32),
    /// Shows the node's whole subtree.
    ExpandBelow(u32),
    /// Shows everything.
    ExpandAll,
    /// Shows only nodes less deep than this; 1 shows the roots.
    ToDepth(u32),
}

/// How to export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub enum ExportFormat {
    /// One OTLP/JSON object with `resourceSpans`; also `resourceLogs` where records belong to the
    /// traces.
    OtlpJson,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct ImportSummary {
    /// Spans that were read.
    pub spans: u64,
    /// Log records that were read.
    pub logs: u64,
    /// Metric points that were read.
    pub metric_points: u64,
    /// Of all of these, how many were there already.
    pub duplicates: u64,
    /// Of all of these, how many were rejected.
    pub rejected: u64,
    /// The traces that were in it, in order of first appearance, at most 1,000.
    pub trace_ids: Vec<TraceId>,
    /// What the user should know, for example that the file breaks off.
    pub notes: Vec<String>,
}
