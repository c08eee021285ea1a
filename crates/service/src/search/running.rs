//! Searches under way.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api::{ApiError, ErrorCode, SearchProgress, TimeRange, Wire};
use query::{Compiled, Parsed, Tree};
use store::{Found, Next, Reader, Search, SearchFor};
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

use crate::error;

/// How long one call looks on.
pub(super) const TURN: Duration = Duration::from_millis(60);
/// Searches of a kind that are kept: those of one screen, and of the one before.
const MOST_KEPT: usize = 4;

/// What is made of what a search finds.
pub(super) trait Gathers {
    /// Whether more has to be found.
    fn needs_more(&self) -> bool {
        true
    }
    /// Whether it holds as much as it may, where this start comes next.
    fn is_full(&self, _reached_unix_nano: Option<u64>) -> bool {
        false
    }
    /// Takes in a trace.
    fn take(&mut self, found: Found);
}

/// A search and what was made of what it found.
#[derive(Debug)]
pub(super) struct Running<T> {
    pub(super) search: Search,
    pub(super) gathered: T,
}

impl<T: Gathers> Running<T> {
    /// Looks on for as long as one call may.
    pub(super) async fn go_on(&mut self) -> Result<SearchProgress, ApiError> {
        let deadline = Instant::now() + TURN;
        let Self { search, gathered } = self;
        while gathered.needs_more()
            && !gathered.is_full(search.progress().reached_unix_nano)
            && Instant::now() < deadline
        {
            match search.next(Some(deadline.into_std())).await.map_err(|err| error::of_read(&err))? {
                Next::Trace(found) => gathered.take(found),
                Next::Paused | Next::Over => break,
            }
        }
        let store::Progress { reached_unix_nano, segments_searched, segments, is_over } = search.progress();
        let is_full = gathered.is_full(reached_unix_nano);
        Ok(SearchProgress { reached_unix_nano, segments_searched, segments, is_over, is_full })
    }
}

/// A search that several calls may ask for at a time.
type Shared<T> = Arc<AsyncMutex<Running<T>>>;

/// The searches of one kind that were asked for last, the latest at the end.
#[derive(Debug)]
pub(super) struct Kept<T>(Mutex<VecDeque<KeptOne<T>>>);

#[derive(Debug)]
struct KeptOne<T> {
    /// What was asked.
    request: Vec<u8>,
    /// Spans that had been let go when it began.
    let_go: u64,
    running: Shared<T>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Kept<T> {
    /// The search that answers a request, which is begun if it is not kept; so it is where a request that goes on with
    /// none comes after spans were let go that the kept one may have found.
    pub(super) fn get(
        &self,
        request: &impl Wire,
        (goes_on, let_go): (bool, u64),
        begin: impl FnOnce() -> Result<(Search, T), ApiError>,
    ) -> Result<Shared<T>, ApiError> {
        let request = api::encode(request);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().position(|kept| kept.request == request).and_then(|at| all.remove(at));
        let kept = match known.filter(|kept| goes_on || kept.let_go == let_go) {
            Some(kept) => kept,
            None => {
                let (search, gathered) = begin()?;
                KeptOne { request, let_go, running: Arc::new(AsyncMutex::new(Running { search, gathered })) }
            }
        };
        if all.len() >= MOST_KEPT {
            all.pop_front();
        }
        let running = Arc::clone(&kept.running);
        all.push_back(kept);
        Ok(running)
    }
}

/// Whether a search goes on with one that has begun, and the spans that were let go until now.
pub(super) fn going_on(search: &api::Search, reader: &Reader) -> (bool, u64) {
    (search.as_of.is_some(), reader.spans_let_go())
}

/// What the store is to look for.
pub(super) fn wanted(search: &api::Search, now_unix_nano: u64) -> Result<SearchFor, ApiError> {
    let TimeRange { since_unix_nano, until_unix_nano } = search.range;
    let query = compiled(&search.query, now_unix_nano)?;
    let query = (*query.tree() != Tree::Everything).then(|| Arc::new(query));
    Ok(SearchFor { query, since_unix_nano, until_unix_nano, ..SearchFor::default() })
}

/// A text in the search language, ready to be evaluated.
pub(super) fn compiled(text: &str, now_unix_nano: u64) -> Result<Compiled, ApiError> {
    let malformed = |sentence: String| ApiError::new(ErrorCode::Malformed, format!("the search: {sentence}"));
    let Parsed { query, diagnostics } = query::parse(text);
    if let Some(first) = diagnostics.first() {
        return Err(malformed(format!("at character {}: {}", first.at.start + 1, first.sentence)));
    }
    let query = query.ok_or_else(|| malformed("it says nothing".to_owned()))?;
    Compiled::new(&query, now_unix_nano).map_err(|diagnostic| malformed(diagnostic.sentence))
}
