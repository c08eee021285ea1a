//! Searches: each call has one go on for a while, and says what it has come to.

mod complete;
mod differences;
mod facets;
mod gist;
mod groups;
mod key;
mod listing;
mod nearly;
mod numbers;
mod running;
mod scatter;

use std::sync::Arc;

use analysis::Node;
use api::{
    ApiError, CompleteRequest, Completions, Differences, DifferencesRequest, Facets, FacetsRequest, FoundSpans, Groups,
    GroupsRequest, Nearly, Scatter, ScatterRequest, SpansRequest, TracePage, TracesRequest,
};
use store::{Next, Reader, SearchFor, Vocabulary};
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Duration, Instant},
};

use crate::{assembled, error, view::View};
use differences::Comparison;
use facets::Counts;
use groups::Grouping;
use key::Key;
use listing::Listing;
use running::{Kept, Running, TURN, compiled, going_on, wanted};
use scatter::Cells;

/// How long newer traces are counted, and how many at the most.
const COUNTING: Duration = Duration::from_millis(20);
const MOST_NEWER: u64 = 10_000;

/// The searches that were asked for last. One that nobody asks for any more does nothing.
#[derive(Debug)]
pub(crate) struct Searches {
    now: fn() -> u64,
    listings: Kept<Listing>,
    scatters: Kept<Cells>,
    facets: Kept<Counts>,
    groups: Kept<Grouping>,
    differences: Kept<Comparison>,
    vocabulary: AsyncMutex<Vocabulary>,
}

impl Searches {
    pub(crate) fn new(reader: Reader, now: fn() -> u64) -> Self {
        Self {
            now,
            listings: Kept::default(),
            scatters: Kept::default(),
            facets: Kept::default(),
            groups: Kept::default(),
            differences: Kept::default(),
            vocabulary: AsyncMutex::new(Vocabulary::new(reader)),
        }
    }

    /// A window of a list of traces.
    pub(crate) async fn traces(&self, reader: &Reader, mut request: TracesRequest) -> Result<TracePage, ApiError> {
        let going_on = going_on(&request.search, reader);
        let as_of = *request.search.as_of.get_or_insert_with(|| reader.sequence());
        let window = (request.first as usize, request.count as usize);
        (request.first, request.count) = (0, 0);
        let running = self.listings.get(&request, going_on, || {
            let columns = request.columns.iter().map(|key| Key::new(key)).collect::<Result<Vec<_>, _>>()?;
            let search = reader.search(SearchFor { as_of: Some(as_of), ..self.wanted(&request.search)? });
            Ok((search, Listing::new(request.sort, columns)))
        })?;
        let mut running = running.lock().await;
        running.gathered.wants(window.0.saturating_add(window.1));
        let progress = running.go_on().await?;
        let mut page = running.gathered.page(reader, window).await?;
        (page.as_of, page.progress) = (as_of, progress);
        page.stored = reader.trace_count();
        page.unreadable = reader.unreadable().iter().map(|segment| segment.traces).sum();
        if reader.sequence() > as_of {
            page.newer = self.newer(reader, &request.search, as_of).await?;
        }
        Ok(page)
    }

    /// The spans that are found in a window of the traces.
    pub(crate) async fn spans(&self, reader: &Reader, request: SpansRequest) -> Result<FoundSpans, ApiError> {
        let SpansRequest { search, first, count } = request;
        let query = compiled(&search.query, (self.now)())?;
        let page = self.traces(reader, TracesRequest { search, first, count, ..TracesRequest::default() }).await?;
        let TracePage { as_of, matching, progress, rows, .. } = page;
        let mut found = FoundSpans { as_of, matching, progress, ..FoundSpans::default() };
        for row in rows {
            found.traces += 1;
            // Of one that was let go since there is nothing to show.
            let contents = reader.trace(row.trace_id).await.map_err(|err| error::of_read(&err))?.unwrap_or_default();
            let matching = contents.matching(&query);
            let view = View::assemble(contents, 0);
            let is_found = |node: &Node<'_>| {
                node.input().is_some_and(|input| matching.get(input as usize).is_some_and(|is_found| *is_found))
            };
            let records = view.trace.nodes().filter(is_found).filter_map(|node| assembled::record(&view, node));
            found.spans.extend(records.map(|record| (row.trace_id, record)));
        }
        Ok(found)
    }

    /// Traces over time and duration.
    pub(crate) async fn scatter(&self, reader: &Reader, mut request: ScatterRequest) -> Result<Scatter, ApiError> {
        let going_on = going_on(&request.search, reader);
        let as_of = *request.search.as_of.get_or_insert_with(|| reader.sequence());
        let stored = reader.starts().await.map_err(|err| error::of_read(&err))?;
        let running = self.scatters.get(&request, going_on, || {
            let cells = Cells::new(&request, stored, (self.now)())?;
            let (since, until) = cells.range();
            let search = reader.search(SearchFor {
                as_of: Some(as_of),
                since_unix_nano: Some(since),
                until_unix_nano: Some(until),
                with_others: true,
                ..self.wanted(&request.search)?
            });
            Ok((search, cells))
        })?;
        let mut running = running.lock().await;
        let progress = running.go_on().await?;
        Ok(Scatter { as_of, progress, ..running.gathered.picture() })
    }

    /// Values of keys.
    pub(crate) async fn facets(&self, reader: &Reader, mut request: FacetsRequest) -> Result<Facets, ApiError> {
        let going_on = going_on(&request.search, reader);
        let as_of = *request.search.as_of.get_or_insert_with(|| reader.sequence());
        let running = self.facets.get(&request, going_on, || {
            let keys = request.keys.iter().map(|key| Key::new(key)).collect::<Result<Vec<_>, _>>()?;
            let noted = keys.iter().map(Key::subject).collect();
            let search = reader.search(SearchFor { as_of: Some(as_of), noted, ..self.wanted(&request.search)? });
            Ok((search, Counts::new(keys)))
        })?;
        let mut running = running.lock().await;
        let progress = running.go_on().await?;
        Ok(Facets { as_of, progress, ..running.gathered.facets(&running.search, request.most as usize) })
    }

    /// Traces by the value of a key.
    pub(crate) async fn groups(&self, reader: &Reader, mut request: GroupsRequest) -> Result<Groups, ApiError> {
        let going_on = going_on(&request.search, reader);
        let as_of = *request.search.as_of.get_or_insert_with(|| reader.sequence());
        let running = self.groups.get(&request, going_on, || {
            let key = Key::new(&request.key)?;
            let noted = vec![key.subject()];
            let search = reader.search(SearchFor { as_of: Some(as_of), noted, ..self.wanted(&request.search)? });
            Ok((search, Grouping::new(key)))
        })?;
        let mut running = running.lock().await;
        let progress = running.go_on().await?;
        Ok(Groups { as_of, progress, ..running.gathered.groups(&running.search, request.most as usize) })
    }

    /// What tells some of the traces from the others.
    pub(crate) async fn differences(
        &self,
        reader: &Reader,
        mut request: DifferencesRequest,
    ) -> Result<Differences, ApiError> {
        let going_on = going_on(&request.search, reader);
        let as_of = *request.search.as_of.get_or_insert_with(|| reader.sequence());
        let most = std::mem::take(&mut request.most) as usize;
        let selection = Arc::new(compiled(&request.selection, (self.now)())?);
        let wanted = self.wanted(&request.search)?;
        let mut vocabulary = self.vocabulary.lock().await;
        let deadline = Some((Instant::now() + TURN).into_std());
        if !vocabulary.read_keys(deadline).await.map_err(|err| error::of_read(&err))? {
            // Which keys there are has to be known first.
            return Ok(Differences { as_of, ..Differences::default() });
        }
        let running = self.differences.get(&request, going_on, || {
            let comparison = Comparison::new(&vocabulary, wanted.query.is_none(), &selection);
            let (noted, selection) = (comparison.subjects(), Some(selection));
            Ok((reader.search(SearchFor { as_of: Some(as_of), noted, selection, ..wanted }), comparison))
        })?;
        drop(vocabulary);
        let mut running = running.lock().await;
        let progress = running.go_on().await?;
        let Running { search, gathered } = &mut *running;
        gathered.settle(search);
        Ok(Differences { as_of, progress, ..gathered.differences(search, most) })
    }

    /// What may be written at a place of a search.
    pub(crate) async fn complete(&self, request: &CompleteRequest) -> Result<Completions, ApiError> {
        complete::complete(&mut *self.vocabulary.lock().await, request).await
    }

    /// What nearly matches.
    pub(crate) async fn nearly(&self, reader: &Reader, search: &api::Search) -> Result<Nearly, ApiError> {
        nearly::nearly(&self.vocabulary, reader, search, (self.now)()).await
    }

    fn wanted(&self, search: &api::Search) -> Result<SearchFor, ApiError> {
        wanted(search, (self.now)())
    }

    /// How many traces have come after a sequence number and match, as far as they are counted.
    async fn newer(&self, reader: &Reader, search: &api::Search, as_of: u64) -> Result<u64, ApiError> {
        let mut newer = reader.search(SearchFor { after: Some(as_of), ..self.wanted(search)? });
        let deadline = Instant::now() + COUNTING;
        let mut count = 0;
        while count < MOST_NEWER
            && Instant::now() < deadline
            && let Next::Trace(_) = newer.next(Some(deadline.into_std())).await.map_err(|err| error::of_read(&err))?
        {
            count += 1;
        }
        Ok(count)
    }
}
