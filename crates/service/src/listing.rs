//! The list of traces.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use api::{ApiError, FirstError, TraceFilter, TracePage, TraceRow, TracesRequest};
use model::{KeyValue, TraceId};
use store::{ReadError, Reader, TraceContents, TraceSummary};
use tokio::time::Instant;

use crate::{
    error,
    text::{self, Needle},
};

/// Most rows in an answer.
const MAX_ROWS: u32 = 1_000;

/// Longest message of an error in a row, characters.
const MAX_MESSAGE_CHARS: usize = 120;

/// Most traces whose spans are read for one answer, and how long that may take.
const MAX_SEARCHED: usize = 2_000;
const MAX_SEARCH: Duration = Duration::from_secs(2);

/// How many attributes that were looked for are remembered.
const MAX_REMEMBERED: usize = 4;

/// A window of the list.
///
/// Where an attribute is looked for, at most [`MAX_SEARCHED`] traces that were not searched yet are,
/// newest first; the page says of how many.
pub(crate) async fn page(
    reader: &Reader,
    searches: &AttributeSearches,
    request: &TracesRequest,
) -> Result<TracePage, ApiError> {
    let conditions = Conditions::new(&request.filter);
    let mut window = Window::new(request, request.as_of.unwrap_or_else(|| reader.sequence()));
    let Some(attribute) = &conditions.attribute else {
        let visit = |summary: &TraceSummary| {
            if conditions.judge(summary) == Verdict::Matches {
                window.take(summary);
            }
            ControlFlow::Continue(())
        };
        reader.traces(None, visit).await.map_err(|err| error::of_read(&err))?;
        window.count_stored(reader);
        return Ok(window.page);
    };
    let mut candidates = Vec::new();
    let visit = |summary: &TraceSummary| {
        match conditions.judge(summary) {
            Verdict::Fails => {}
            verdict => candidates.push((verdict, summary.clone())),
        }
        ControlFlow::Continue(())
    };
    reader.traces(None, visit).await.map_err(|err| error::of_read(&err))?;
    window.count_stored(reader);
    let deadline = Instant::now() + MAX_SEARCH;
    let mut left = MAX_SEARCHED;
    for (verdict, summary) in candidates {
        let mut matches = verdict == Verdict::Matches;
        if verdict == Verdict::NeedsSearch {
            window.page.searchable += 1;
            let known = match searches.recall(attribute, &summary) {
                Some(known) => Some(known),
                None if left == 0 || Instant::now() >= deadline => None,
                None => {
                    left -= 1;
                    let contents = match reader.trace(summary.trace_id).await {
                        // Searching the others again would find no more of it.
                        Err(ReadError::Segment { .. } | ReadError::Damaged { .. }) => None,
                        contents => contents.map_err(|err| error::of_read(&err))?,
                    };
                    let found = contents.is_some_and(|contents| has_attribute(&contents, attribute));
                    searches.remember(attribute, &summary, found);
                    Some(found)
                }
            };
            window.page.searched += u64::from(known.is_some());
            matches = known == Some(true);
        }
        if matches {
            window.take(&summary);
        }
    }
    Ok(window.page)
}

/// Counts what matches and keeps the rows that are wanted.
struct Window {
    wanted: std::ops::Range<u64>,
    page: TracePage,
}

impl Window {
    fn new(request: &TracesRequest, as_of: u64) -> Self {
        let first = u64::from(request.first);
        Self {
            wanted: first..first + u64::from(request.count.min(MAX_ROWS)),
            page: TracePage { as_of, first: request.first, ..TracePage::default() },
        }
    }

    fn count_stored(&mut self, reader: &Reader) {
        self.page.stored = reader.trace_count();
        self.page.unreadable = reader.unreadable().iter().map(|segment| segment.traces).sum();
    }

    fn take(&mut self, summary: &TraceSummary) {
        let page = &mut self.page;
        if summary.first_sequence > page.as_of {
            page.newer += 1;
            return;
        }
        if self.wanted.contains(&page.matching) {
            page.rows.push(row(summary));
        }
        page.matching += 1;
        page.longest_nanos = page.longest_nanos.max(summary.duration_nanos());
    }
}

fn row(summary: &TraceSummary) -> TraceRow {
    TraceRow {
        trace_id: summary.trace_id,
        root_service: summary.root_service.to_string(),
        root_name: summary.root_name.to_string(),
        has_root: summary.has_root,
        start_unix_nano: summary.start_unix_nano,
        duration_nanos: summary.duration_nanos(),
        span_count: summary.span_count,
        error_count: summary.error_count,
        services: summary.services.iter().map(ToString::to_string).collect(),
        first_error: summary.first_error.as_ref().map(|first| FirstError {
            service: first.service.to_string(),
            name: first.name.to_string(),
            message: first.message.chars().take(MAX_MESSAGE_CHARS).collect(),
        }),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fails,
    Matches,
    /// If its spans have the attribute.
    NeedsSearch,
}

/// A filter, ready to be asked often.
struct Conditions<'a> {
    filter: &'a TraceFilter,
    needle: Needle,
    /// The attribute to look for, of [`TraceFilter::attribute`] or in the text.
    attribute: Option<(String, String)>,
}

impl<'a> Conditions<'a> {
    fn new(filter: &'a TraceFilter) -> Self {
        let attribute = filter.attribute.clone().or_else(|| attribute_in(&filter.text));
        Self { filter, needle: Needle::new(&filter.text), attribute }
    }

    fn judge(&self, summary: &TraceSummary) -> Verdict {
        let filter = self.filter;
        let meets_the_rest = (!filter.errors_only || summary.error_count > 0)
            && filter.min_duration_nanos.is_none_or(|min| summary.duration_nanos() >= min)
            && filter.since_unix_nano.is_none_or(|since| summary.start_unix_nano >= since)
            && (filter.services.is_empty()
                || filter.services.iter().any(|wanted| summary.services.iter().any(|service| **service == **wanted)));
        if !meets_the_rest {
            return Verdict::Fails;
        }
        let has_text = self.has_text(summary);
        match (&filter.attribute, &self.attribute) {
            (Some(_), _) if has_text => Verdict::NeedsSearch,
            (None, Some(_)) if !has_text => Verdict::NeedsSearch,
            (None, _) if has_text => Verdict::Matches,
            _ => Verdict::Fails,
        }
    }

    fn has_text(&self, summary: &TraceSummary) -> bool {
        let needle = &self.needle;
        needle.is_empty()
            || needle.is_in(&summary.root_name)
            || summary.services.iter().any(|service| needle.is_in(service))
            || summary
                .first_error
                .as_ref()
                .is_some_and(|first| needle.is_in(&first.name) || needle.is_in(&first.message))
            || needle.is_in(&summary.trace_id.to_string())
    }
}

/// The attribute that a text of the form `key=value` names.
fn attribute_in(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    let (key, value) = (key.trim(), value.trim());
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
    (is_key && !value.is_empty()).then(|| (key.to_owned(), value.to_owned()))
}

fn has_attribute(contents: &TraceContents, (key, value): &(String, String)) -> bool {
    let is_it = |attribute: &KeyValue| {
        attribute.key == *key
            && match attribute.value.as_str() {
                Some(text) => text == value,
                None => text::of_value(&attribute.value) == *value,
            }
    };
    let resource_has_it: Vec<bool> = contents
        .resources
        .iter()
        .map(|stored| stored.resource.as_ref().is_some_and(|resource| resource.attributes.iter().any(is_it)))
        .collect();
    contents.spans.iter().any(|stored| {
        resource_has_it.get(stored.resource as usize) == Some(&true)
            || stored.span.attributes.iter().any(is_it)
            || stored.span.events.iter().any(|event| event.attributes.iter().any(is_it))
    })
}

/// What searches for attributes found, so that the next window of the list need not read again.
#[derive(Debug, Default)]
pub(crate) struct AttributeSearches {
    /// The most recently used last.
    remembered: Mutex<Vec<AttributeSearch>>,
}

#[derive(Debug)]
struct AttributeSearch {
    attribute: (String, String),
    /// By trace: its last sequence number when it was searched, and whether it has the attribute.
    traces: HashMap<TraceId, (u64, bool)>,
}

impl AttributeSearches {
    fn remembered(&self) -> MutexGuard<'_, Vec<AttributeSearch>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the trace as it is now has the attribute, if that is known.
    fn recall(&self, attribute: &(String, String), summary: &TraceSummary) -> Option<bool> {
        let remembered = self.remembered();
        let search = remembered.iter().find(|search| search.attribute == *attribute)?;
        match search.traces.get(&summary.trace_id)? {
            // What it had, it still has.
            (_, true) => Some(true),
            (sequence, false) => (*sequence >= summary.last_sequence).then_some(false),
        }
    }

    fn remember(&self, attribute: &(String, String), summary: &TraceSummary, found: bool) {
        let mut remembered = self.remembered();
        let place = remembered.iter().position(|search| search.attribute == *attribute);
        let mut search = match place {
            Some(place) => remembered.remove(place),
            None => AttributeSearch { attribute: attribute.clone(), traces: HashMap::new() },
        };
        search.traces.insert(summary.trace_id, (summary.last_sequence, found));
        if remembered.len() >= MAX_REMEMBERED {
            remembered.remove(0);
        }
        remembered.push(search);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_told_from_a_text() {
        for (text, is_one) in [
            ("http.route=/cart", true),
            ("user.id = 7", true),
            ("GET /x?a=b", false),
            ("=7", false),
            ("user.id=", false),
            ("cart", false),
        ] {
            assert_eq!(attribute_in(text).is_some(), is_one, "{text}");
        }
    }
}
