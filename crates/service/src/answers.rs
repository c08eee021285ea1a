//! The calls that read: the same code for the owner and for a command beside it.

use std::collections::HashMap;

use api::{Answer, ApiError, Call, ErrorCode, Reply, ServiceCount, ViewId};
use model::TraceId;
use store::{Reader, TraceContents};

use crate::{
    assembled, error, export,
    search::Searches,
    view::{self, View, Views},
};

/// What is stored, and the views of it that are open.
#[derive(Debug)]
pub(crate) struct Answers {
    reader: Reader,
    views: Views,
    searches: Searches,
}

impl Answers {
    /// `first_view` is the number of the first view that is opened.
    pub(crate) fn new(reader: Reader, first_view: u64, now: fn() -> u64) -> Self {
        let searches = Searches::new(reader.clone(), now);
        Self { reader, views: Views::new(first_view), searches }
    }

    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Answers a call that reads; other calls are refused.
    pub(crate) async fn answer(&self, call: Call) -> Answer {
        let mut answer = self.read(call).await;
        if let Ok(Reply::Opened(opened)) = &mut answer {
            // Not of the view: a pin changes while it is open.
            opened.is_pinned = self.reader.pinned().contains(&opened.trace_id);
        }
        answer
    }

    async fn read(&self, call: Call) -> Answer {
        match call {
            Call::Traces(request) => {
                self.refresh().await?;
                self.searches.traces(&self.reader, request).await.map(Reply::Traces)
            }
            Call::Spans(request) => {
                self.refresh().await?;
                self.searches.spans(&self.reader, request).await.map(Reply::Spans)
            }
            Call::Scatter(request) => {
                self.refresh().await?;
                self.searches.scatter(&self.reader, request).await.map(Reply::Scatter)
            }
            Call::Facets(request) => {
                self.refresh().await?;
                self.searches.facets(&self.reader, request).await.map(Reply::Facets)
            }
            Call::Groups(request) => {
                self.refresh().await?;
                self.searches.groups(&self.reader, request).await.map(Reply::Groups)
            }
            Call::Complete(request) => {
                self.refresh().await?;
                self.searches.complete(&request).await.map(Reply::Completions)
            }
            Call::Differences(request) => {
                self.refresh().await?;
                self.searches.differences(&self.reader, request).await.map(Reply::Differences)
            }
            Call::Nearly(search) => {
                self.refresh().await?;
                self.searches.nearly(&self.reader, &search).await.map(Reply::Nearly)
            }
            Call::Services => {
                self.refresh().await?;
                let services = self.reader.services().await.map_err(|err| error::of_read(&err))?.into_iter();
                Ok(Reply::Services(services.map(|(name, traces)| ServiceCount { name, traces }).collect()))
            }
            Call::OpenTrace { trace_id } => self.open(trace_id).await,
            Call::RefreshView { view } => self.refresh_view(view).await,
            Call::CloseView { view } => {
                self.views.remove(view);
                Ok(Reply::Done)
            }
            Call::Viewport(request) => {
                self.with_view(request.view, move |view| Ok(Reply::Viewport(view.viewport(&request)))).await
            }
            Call::Fold { view: id, change } => {
                self.with_view(id, move |view| {
                    view.fold(change);
                    Ok(Reply::Opened(view.opened(id)))
                })
                .await
            }
            Call::Reveal { view, node } => self.with_view(view, move |view| Ok(Reply::Found(view.reveal(node)))).await,
            Call::RevealSpan { view, span_id } => {
                self.with_view(view, move |view| Ok(Reply::Found(view.reveal_span(span_id)))).await
            }
            Call::NextError { view, after, backwards } => {
                self.with_view(view, move |view| Ok(Reply::Found(view.next_error(after, backwards)))).await
            }
            Call::FindText { view, text, after, backwards } => {
                self.with_view(view, move |view| Ok(Reply::Found(view.find_text(&text, after, backwards)))).await
            }
            Call::Span { view, node } => self.span(view, node).await,
            Call::Text { view, node, part } => {
                self.with_view(view, move |view| view::whole_text(view, node, part).map(Reply::Text)).await
            }
            Call::Trace { trace_id } => {
                self.refresh().await?;
                self.trace(trace_id).await
            }
            Call::Export { trace_ids, format } => {
                let mut traces = Vec::with_capacity(trace_ids.len());
                self.refresh().await?;
                for trace_id in trace_ids {
                    traces.push(self.contents(trace_id).await?);
                }
                blocking(move || Ok(Reply::File(export::file(traces, format)))).await
            }
            Call::Status
            | Call::Select(_)
            | Call::DeleteSoon(_)
            | Call::UndoDelete
            | Call::NewApiKey
            | Call::PreviewSampling { .. }
            | Call::TrustClock
            | Call::ImportPath { .. }
            | Call::ImportBytes { .. }
            | Call::LoadSample
            | Call::Listen { .. }
            | Call::Present { .. }
            | Call::Subscribe
            | Call::Settings
            | Call::ChangeSettings(_)
            | Call::Delete(_)
            | Call::Compact
            | Call::Pin { .. } => Err(ApiError::new(
                ErrorCode::NotOwner,
                "this can only be asked of the process that owns the data directory",
            )),
        }
    }

    /// A trace, assembled, as far as the reader has taken it in.
    pub(crate) async fn trace(&self, trace_id: TraceId) -> Answer {
        let contents = self.contents(trace_id).await?;
        blocking(move || Ok(Reply::Trace(assembled::trace(&View::assemble(contents, 0))))).await
    }

    async fn refresh(&self) -> Result<(), ApiError> {
        self.reader.refresh().await.map_err(|err| error::of_read(&err))
    }

    async fn contents(&self, trace_id: TraceId) -> Result<TraceContents, ApiError> {
        let contents = self.reader.trace(trace_id).await.map_err(|err| error::of_read(&err))?;
        contents.filter(|contents| !contents.spans.is_empty()).ok_or_else(|| error::no_trace(trace_id))
    }

    async fn assemble(&self, trace_id: TraceId) -> Result<View, ApiError> {
        self.refresh().await?;
        // Read before the contents: what arrives in between is read again rather than missed.
        let last_sequence = self.last_sequence(trace_id).await?;
        let contents = self.contents(trace_id).await?;
        blocking(move || Ok(View::assemble(contents, last_sequence))).await
    }

    async fn last_sequence(&self, trace_id: TraceId) -> Result<u64, ApiError> {
        Ok(self.reader.last_sequence(trace_id).await.map_err(|err| error::of_read(&err))?.unwrap_or_default())
    }

    async fn open(&self, trace_id: TraceId) -> Answer {
        let view = self.assemble(trace_id).await?;
        let (id, view) = self.views.insert(view);
        let opened = view::lock(&view).opened(id);
        Ok(Reply::Opened(opened))
    }

    async fn refresh_view(&self, id: ViewId) -> Answer {
        let view = self.views.get(id)?;
        let (trace_id, last_sequence) = {
            let view = view::lock(&view);
            (view.trace_id(), view.last_sequence)
        };
        self.refresh().await?;
        if self.last_sequence(trace_id).await? > last_sequence {
            let mut fresh = self.assemble(trace_id).await?;
            let mut view = view::lock(&view);
            if fresh.last_sequence > view.last_sequence {
                fresh.take_over(&view);
                *view = fresh;
            }
        }
        let opened = view::lock(&view).opened(id);
        Ok(Reply::Opened(opened))
    }

    async fn span(&self, id: ViewId, node: u32) -> Answer {
        let view = self.views.get(id)?;
        let linked = view::lock(&view).linked_traces(node)?;
        let mut targets: HashMap<TraceId, String> = HashMap::new();
        for trace_id in linked {
            if let Some(summary) = self.reader.summary(trace_id).await.map_err(|err| error::of_read(&err))? {
                targets.insert(trace_id, format!("{} {}", summary.root_service, summary.root_name));
            }
        }
        self.with_view(id, move |view| view.detail(node, &targets).map(|detail| Reply::Span(Box::new(detail)))).await
    }

    /// Asks a view where it does not hold up others.
    async fn with_view(&self, id: ViewId, ask: impl FnOnce(&mut View) -> Answer + Send + 'static) -> Answer {
        let view = self.views.get(id)?;
        blocking(move || {
            let mut view = view::lock(&view);
            ask(&mut view)
        })
        .await
    }
}

/// Runs what takes long beside the executor.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(run).await.map_err(|err| error::of_task(&err))?
}
