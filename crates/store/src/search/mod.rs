//! A search for traces, newest start first. It does as much as it is asked for, and goes on where it stopped.
//!
//! A segment is opened when the list comes to it ([`cursor`]). What a trace in a line does not decide ([`line`]) its
//! columns do ([`examine`]). A trace of which there are spans elsewhere is decided when its turn comes: all segments
//! that hold some of it are open by then.

mod ahead;
mod cursor;
mod evaluate;
mod examine;
mod gathered;
mod leaf;
mod line;
mod noting;
mod plan;
mod texts;
mod whole;

use std::{sync::Arc, time::Instant};

use hashbrown::{HashMap, HashSet};
use model::TraceId;
use query::{Compiled, Subject};
use segment::SpanSegment;

use crate::{
    ReadError, Reader, TraceSummary,
    read::{damaged, in_background, past_damage},
    segments::{Block, Segment},
};
use ahead::{Ahead, Elsewhere, Seen, Verdict};
use cursor::{Cursor, Mark, Marks, Step};
use examine::{Examined, Looked, examine};
pub(crate) use noting::{noted, visit_scans};
use plan::Plan;
pub(crate) use texts::Numbers;
use texts::{Noted, Texts};
pub(crate) use whole::{decoded, root};

/// How often a search begins anew because what it reads was replaced under it.
const ATTEMPTS: usize = 8;

/// Which traces are looked for.
#[derive(Debug, Clone, Default)]
pub struct SearchFor {
    /// That have a span which this finds; `None`: all.
    pub query: Option<Arc<Compiled>>,
    /// That started then or later, nanoseconds since the Unix epoch.
    pub since_unix_nano: Option<u64>,
    /// That started before.
    pub until_unix_nano: Option<u64>,
    /// Whose first span had arrived at this sequence number.
    pub as_of: Option<u64>,
    /// Whose first span arrived after this sequence number.
    pub after: Option<u64>,
    /// Whether those that are not found are passed on too.
    pub with_others: bool,
    /// Of what the texts are noted that the spans have which are found, or the root of their trace.
    pub noted: Vec<Subject>,
    /// Which of those that are found are selected: that have a span which this finds.
    pub selection: Option<Arc<Compiled>>,
}

/// What a search came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Another trace.
    Trace(Found),
    /// Its time was up. It goes on when it is asked again.
    Paused,
    /// There is no more.
    Over,
}

/// A trace to which a search came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The trace in a line.
    pub summary: TraceSummary,
    /// Whether it is found: others are only passed on where they are wanted.
    pub is_found: bool,
    /// Whether it is selected, if it is found.
    pub is_selected: bool,
    /// What was noted of it, each once: the number of the subject and of the text; see [`Search::text`].
    pub noted: Vec<(u32, u32)>,
}

/// How far a search has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// All that started after this has been searched, nanoseconds since the Unix epoch; `None` where nothing is left.
    pub reached_unix_nano: Option<u64>,
    /// Segments that were searched.
    pub segments_searched: u32,
    /// Segments that there are.
    pub segments: u32,
    /// Whether all was searched.
    pub is_over: bool,
}

/// A search under way. It holds what it needs of the segments it has opened, and nothing of what it passed on.
pub struct Search {
    reader: Reader,
    wanted: SearchFor,
    /// `None`: all traces are found, and nothing is noted.
    plan: Option<Arc<Plan>>,
    texts: Texts,
    cursor: Cursor,
    /// Where only traces are of interest in which needs are met.
    ahead: Option<Ahead>,
    /// Up to which row of the append level all is in the segments of the cursor.
    compacted_row: u64,
    /// What is known so far of traces that are in several places.
    shared: HashMap<TraceId, Shared>,
    /// Whether what is in no segment yet has been examined.
    has_begun: bool,
    /// The start of the trace that came last, and the traces with that start that have come.
    last: Option<(u64, Vec<TraceId>)>,
    is_over: bool,
}

/// What is known of a trace from several places.
#[derive(Debug, Default)]
struct Shared {
    needs: u32,
    noted: Vec<Noted>,
    selection_needs: u32,
    /// Spans without a parent.
    roots: usize,
    /// Whether in one of the places nobody looked for more than needs.
    has_gaps: bool,
    /// Whether it was asked whether columns say that it is found, and whether they do.
    is_asked: bool,
    is_found: bool,
}

impl Shared {
    /// Whether the trace is selected, if it is found; `None` where its spans have to be asked.
    fn is_selected(&self, plan: &Plan, summary: &TraceSummary) -> Option<bool> {
        let Some(selection) = &plan.selection else { return Some(false) };
        if let Some(is_selected) = line::finds(&selection.query, summary) {
            return Some(is_selected);
        }
        let meets_all = self.selection_needs == selection.all_needs();
        match &selection.rest {
            _ if self.has_gaps => None,
            _ if selection.is_of_span || !meets_all => Some(meets_all),
            Some(rest) => line::finds_tree(&selection.query, rest, summary),
            None => None,
        }
    }
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search")
            .field("wanted", &self.wanted)
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// Begins a search among what this reader has taken in.
    #[must_use]
    pub fn search(&self, mut wanted: SearchFor) -> Search {
        if let Some((earliest, latest)) = wanted.query.as_deref().filter(|_| !wanted.with_others).map(line::starts) {
            // What it says of starts ends the search as the range does.
            wanted.since_unix_nano = wanted.since_unix_nano.max(Some(earliest).filter(|earliest| *earliest > 0));
            let before = latest.checked_add(1);
            wanted.until_unix_nano = wanted.until_unix_nano.into_iter().chain(before).min();
        }
        let everything = || Arc::new(Compiled::everything());
        let plan = Plan::new(wanted.query.clone().unwrap_or_else(everything), wanted.noted.clone());
        let plan = plan.selecting(wanted.selection.clone());
        let plan = (!plan.needs_no_spans()).then(|| Arc::new(plan));
        let (cursor, compacted_row, ahead) = self.begin(&wanted, plan.as_ref());
        Search {
            reader: self.clone(),
            texts: Texts::new(wanted.noted.len()),
            ahead,
            plan,
            wanted,
            cursor,
            compacted_row,
            shared: HashMap::new(),
            has_begun: false,
            last: None,
            is_over: false,
        }
    }

    /// The list at this moment, the row up to which all is in its segments, and who looks ahead; nobody does where traces are
    /// of interest too in which no need is met, or their lines decide.
    fn begin(&self, wanted: &SearchFor, plan: Option<&Arc<Plan>>) -> (Cursor, u64, Option<Ahead>) {
        let is_by_need = |plan: &&Arc<Plan>| {
            !plan.needs.is_empty() && !plan.looks_everywhere() && !line::always_decides(&plan.query)
        };
        let catalogue = self.catalogue();
        let cursor = Cursor::new(&catalogue.index, &catalogue.segments, wanted.after);
        let ahead = plan.filter(is_by_need).filter(|_| !wanted.with_others).map(|plan| {
            let elsewhere =
                Elsewhere { in_rows: Arc::new(cursor.joined().clone()), segments: catalogue.segments.clone() };
            Ahead::new(self.clone(), Arc::clone(plan), elsewhere)
        });
        (cursor, catalogue.compacted_row, ahead)
    }
}

impl Search {
    /// Looks on for the next trace, until it finds one or the time is up. Segments that do not read are gone past: see
    /// [`Reader::unreadable`].
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn next(&mut self, deadline: Option<Instant>) -> Result<Next, ReadError> {
        let mut attempts = 0;
        loop {
            match self.try_next(deadline).await {
                Err(ReadError::Unsettled) if attempts < ATTEMPTS => {
                    attempts += 1;
                    self.reader.refresh().await?;
                    (self.cursor, self.compacted_row, self.ahead) = self.reader.begin(&self.wanted, self.plan.as_ref());
                    self.shared.clear();
                    self.has_begun = false;
                }
                next => return next,
            }
        }
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let (segments_searched, segments) = self.cursor.opened();
        Progress {
            reached_unix_nano: self.cursor.reached_unix_nano(),
            segments_searched,
            segments,
            is_over: self.is_over,
        }
    }

    /// A text that was noted; `None` where it is one of too many to be told apart.
    #[must_use]
    pub fn text(&self, noted: (u32, u32)) -> Option<Arc<str>> {
        self.texts.get(noted)
    }

    /// Forgets the texts that were noted of a subject, by its number, and notes none from now on.
    pub fn forget(&mut self, subject: u32) {
        self.texts.forget(subject);
    }

    /// [`ReadError::Unsettled`] where a segment was replaced and deleted since it began.
    async fn try_next(&mut self, deadline: Option<Instant>) -> Result<Next, ReadError> {
        if !self.has_begun {
            self.examine_fresh().await?;
            self.has_begun = true;
        }
        while !self.is_over {
            let Some(step) = self.cursor.step() else { break };
            match step {
                Step::Open(segment) => {
                    match self.open(&segment).await {
                        Err(ReadError::Segment { .. }) => self.cursor.pass(),
                        opened => opened?,
                    }
                    if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                        return Ok(Next::Paused);
                    }
                }
                Step::Join(trace_id) if self.is_hidden(trace_id) => self.cursor.join(trace_id, None),
                Step::Join(trace_id) => {
                    let summary = match (self.verdict(trace_id).await?, &mut self.ahead) {
                        (Verdict::NotFound, _) => None,
                        (Verdict::Found(holders), Some(ahead)) => {
                            ahead.joined(trace_id, &holders, self.cursor.waiting()).await?
                        }
                        _ => self.reader.joined(self.cursor.segments(), trace_id).await?,
                    };
                    self.cursor.join(trace_id, summary);
                }
                Step::Trace(summary, mark) => {
                    if self.is_before(&summary) {
                        break;
                    }
                    if self.is_wanted(&summary) {
                        let mark = if mark.is_found.is_none() { self.read_whole(&summary).await? } else { mark };
                        if mark.is_found == Some(true) || self.wanted.with_others {
                            return Ok(self.pass_on(summary, mark));
                        }
                    }
                }
                Step::Joined(summary) => {
                    if self.is_before(&summary) {
                        break;
                    }
                    if self.is_wanted(&summary) {
                        let mark = self.decide(&summary).await?;
                        if mark.is_found == Some(true) || self.wanted.with_others {
                            return Ok(self.pass_on(summary, mark));
                        }
                    }
                }
            }
        }
        self.is_over = true;
        Ok(Next::Over)
    }

    /// Examines what is in no segment yet. All of its traces are in the index.
    async fn examine_fresh(&mut self) -> Result<(), ReadError> {
        let Some(plan) = self.plan.clone() else { return Ok(()) };
        if line::always_decides(&plan.query) && !plan.tells_more() {
            return Ok(());
        }
        for piece in self.reader.fresh(self.compacted_row).await? {
            let traces = piece.traces().map_err(|error| damaged(0, &error))?;
            let wanted = traces.into_iter().map(|(trace_id, _)| trace_id).collect();
            for examined in self.examined(0, (piece, None), &plan, wanted, None).await? {
                self.share(&plan, examined);
            }
        }
        Ok(())
    }

    /// Opens a segment, after its columns were examined where that is needed; goes past one in which nothing is found.
    async fn open(&mut self, segment: &Segment) -> Result<(), ReadError> {
        let Some(plan) = self.plan.clone() else {
            let block = self.reader.block(segment).await?.ok_or(ReadError::Unsettled)?;
            self.cursor.open(block, Marks::All);
            return Ok(());
        };
        let of_line = line::always_decides(&plan.query);
        let seen = match &mut self.ahead {
            Some(ahead) => {
                let since = self.wanted.since_unix_nano.unwrap_or_default();
                let waiting = self.cursor.waiting().take_while(|segment| segment.latest_start_unix_nano >= since);
                let Some(seen) = ahead.take(waiting).await? else {
                    self.cursor.pass();
                    return Ok(());
                };
                Some(seen)
            }
            None => None,
        };
        let (looked, block) = match seen {
            Some(Seen { spans, looked, block }) => (Some((spans, looked)), block),
            None => (None, self.reader.block(segment).await?.ok_or(ReadError::Unsettled)?),
        };
        let mut marks: Vec<Option<Mark>> = vec![None; block.len()];
        let mut wanted: HashMap<TraceId, usize> = HashMap::new();
        let is_candidate = |trace_id| {
            looked.as_ref().is_none_or(|(_, look): &(_, Arc<Looked>)| look.candidates.contains_key(&trace_id))
        };
        let parts = block.parts().iter().enumerate().filter(|(_, part)| is_candidate(part.fragment.trace_id));
        for (at, part) in parts {
            let trace_id = part.fragment.trace_id;
            if self.cursor.is_shared(trace_id) {
                if !of_line || plan.tells_more() {
                    wanted.insert(trace_id, at);
                }
                set(&mut marks, at, Some(Mark::found(false)));
                continue;
            }
            let Some(summary) = block.summary(at).filter(|summary| self.is_in_range(summary)) else { continue };
            match line::finds(&plan.query, &summary) {
                Some(false) if self.wanted.with_others => set(&mut marks, at, Some(Mark::found(false))),
                Some(false) => {}
                Some(true) if !plan.tells_more() => set(&mut marks, at, Some(Mark::found(true))),
                Some(true) | None => {
                    wanted.insert(trace_id, at);
                }
            }
        }
        if !wanted.is_empty() {
            let traces: HashSet<TraceId> = wanted.keys().copied().collect();
            let spans = match looked {
                Some((spans, look)) => Some((spans, Some(look))),
                None => self.scanned(segment, &plan).await?.map(|spans| (spans, None)),
            };
            let examined = match spans {
                Some(spans) => self.examined(segment.id, spans, &plan, traces, Some(Arc::clone(&block))).await?,
                None => traces.into_iter().map(Examined::nothing).collect(),
            };
            for examined in examined {
                let Some(&at) = wanted.get(&examined.trace_id) else { continue };
                if self.cursor.is_shared(examined.trace_id) {
                    self.share(&plan, examined);
                } else if examined.is_found != Some(false) || self.wanted.with_others {
                    let Examined { is_found, is_selected, mut noted, .. } = examined;
                    if is_found != Some(true) {
                        noted.clear();
                    }
                    set(&mut marks, at, Some(Mark { is_found, is_selected, noted }));
                }
            }
        }
        self.cursor.open(block, Marks::Some(marks));
        Ok(())
    }

    /// A segment with the columns that are to be looked at; `None` if it has no values that are looked for.
    async fn scanned(&self, segment: &Segment, plan: &Plan) -> Result<Option<Arc<SpanSegment>>, ReadError> {
        if ahead::sifted(&self.reader, &[segment.id], plan).await.contains(&false) {
            return Ok(None);
        }
        let spans = self.reader.spans_with(segment.id, |spans| examine::blobs(plan, spans)).await?;
        spans.map(Some).ok_or(ReadError::Unsettled)
    }

    async fn examined(
        &mut self,
        segment: u64,
        (spans, looked): (Arc<SpanSegment>, Option<Arc<Looked>>),
        plan: &Arc<Plan>,
        wanted: HashSet<TraceId>,
        block: Option<Arc<Block>>,
    ) -> Result<Vec<Examined>, ReadError> {
        let (mut texts, plan) = (std::mem::take(&mut self.texts), Arc::clone(plan));
        let alone = wanted.iter().filter(|trace_id| !self.cursor.is_shared(**trace_id)).copied();
        let alone: HashSet<TraceId> = alone.collect();
        let examine = move || {
            let places = block.iter().flat_map(|block| block.parts()).map(|part| part.fragment.trace_id).zip(0..);
            let places: HashMap<TraceId, usize> = places.filter(|(trace_id, _)| alone.contains(trace_id)).collect();
            let line = |trace_id| block.as_ref()?.summary(*places.get(&trace_id)?);
            let examined = examine(&spans, &plan, looked, &mut texts, &wanted, &line);
            Ok((texts, examined))
        };
        let (texts, examined) = in_background(examine).await?;
        self.texts = texts;
        match self.reader.noted(examined.map_err(|error| damaged(segment, &error))) {
            Err(ReadError::Segment { .. }) => Ok(Vec::new()),
            examined => examined,
        }
    }

    fn share(&mut self, plan: &Plan, examined: Examined) {
        let shared = self.shared.entry(examined.trace_id).or_default();
        shared.needs |= examined.needs;
        shared.selection_needs |= examined.selection_needs;
        shared.roots += examined.roots;
        shared.has_gaps |= !examined.is_looked_at;
        if plan.is_of_span {
            shared.noted.extend(examined.noted);
        }
    }

    /// What columns say of a trace that is in several segments, the first time that it is asked.
    async fn verdict(&mut self, trace_id: TraceId) -> Result<Verdict, ReadError> {
        let Some(ahead) = &mut self.ahead else { return Ok(Verdict::Open) };
        let shared = self.shared.entry(trace_id).or_default();
        if std::mem::replace(&mut shared.is_asked, true) || ahead.is_in_rows(trace_id) {
            return Ok(Verdict::Open);
        }
        let verdict = ahead.verdict(trace_id, self.cursor.waiting()).await?;
        shared.is_found = matches!(verdict, Verdict::Found(_));
        Ok(verdict)
    }

    /// Whether a trace that is in several places is found.
    async fn decide(&mut self, summary: &TraceSummary) -> Result<Mark, ReadError> {
        let Some(plan) = self.plan.clone() else { return Ok(Mark::found(true)) };
        let of_line = line::finds(&plan.query, summary);
        if let Some(is_found) = of_line.filter(|is_found| !is_found || !plan.tells_more()) {
            return Ok(Mark::found(is_found));
        }
        if matches!(self.verdict(summary.trace_id).await?, Verdict::NotFound) {
            return Ok(Mark::found(false));
        }
        let shared = self.shared.remove(&summary.trace_id).unwrap_or_default();
        if shared.is_found && !plan.tells_more() {
            return Ok(Mark::found(true));
        }
        let meets_all = shared.needs == plan.all_needs();
        if !meets_all {
            return Ok(Mark::found(false));
        }
        let is_root_known = !plan.notes_root() || (shared.roots == 1 && !shared.has_gaps);
        match shared.is_selected(&plan, summary) {
            Some(is_selected) if plan.is_of_span && is_root_known => {
                let Shared { mut noted, .. } = shared;
                noted.sort_unstable();
                noted.dedup();
                Ok(Mark { is_found: Some(true), is_selected, noted })
            }
            _ => self.read_whole(summary).await,
        }
    }

    /// Whether a trace is found, by all of its spans.
    async fn read_whole(&mut self, summary: &TraceSummary) -> Result<Mark, ReadError> {
        let nothing = Mark::found(false);
        let Some(plan) = self.plan.clone() else { return Ok(nothing) };
        let Some(contents) = past_damage(self.reader.spans_of_trace(summary.trace_id).await)? else {
            return Ok(nothing);
        };
        let views = decoded(&contents);
        let matching = plan.query.matching(&whole::trace(&plan.query, views.clone()));
        let mut noted = Vec::new();
        for (view, _) in views.iter().zip(&matching).filter(|(_, is_found)| **is_found) {
            self.texts.add(&plan.noted, view, false, &mut noted);
        }
        let is_found = matching.contains(&true);
        if let Some(root) = root(&views).and_then(|root| views.get(root)).filter(|_| is_found) {
            self.texts.add(&plan.noted, root, true, &mut noted);
        }
        noted.sort_unstable();
        noted.dedup();
        let is_selected = plan.selection.as_ref().is_some_and(|selection| {
            selection.query.matching(&whole::trace(&selection.query, views.clone())).contains(&true)
        });
        Ok(Mark { is_found: Some(is_found), is_selected, noted })
    }

    fn is_hidden(&self, trace_id: TraceId) -> bool {
        self.reader.catalogue().thinned.is_hidden(trace_id)
    }

    fn is_before(&self, summary: &TraceSummary) -> bool {
        self.wanted.since_unix_nano.is_some_and(|since| summary.start_unix_nano < since)
    }

    fn is_in_range(&self, summary: &TraceSummary) -> bool {
        !self.is_before(summary)
            && self.wanted.until_unix_nano.is_none_or(|until| summary.start_unix_nano < until)
            && self.wanted.as_of.is_none_or(|as_of| summary.first_sequence <= as_of)
            && self.wanted.after.is_none_or(|after| summary.first_sequence > after)
    }

    fn is_wanted(&self, summary: &TraceSummary) -> bool {
        let has_come = self.last.as_ref().is_some_and(|(start, traces)| {
            summary.start_unix_nano > *start
                || (summary.start_unix_nano == *start && traces.contains(&summary.trace_id))
        });
        !has_come && self.is_in_range(summary) && !self.is_hidden(summary.trace_id)
    }

    fn pass_on(&mut self, summary: TraceSummary, Mark { is_found, is_selected, noted }: Mark) -> Next {
        match &mut self.last {
            Some((start, traces)) if *start == summary.start_unix_nano => traces.push(summary.trace_id),
            last => *last = Some((summary.start_unix_nano, vec![summary.trace_id])),
        }
        Next::Trace(Found { summary, is_found: is_found == Some(true), is_selected, noted })
    }
}

fn set(marks: &mut [Option<Mark>], at: usize, mark: Option<Mark>) {
    if let Some(slot) = marks.get_mut(at) {
        *slot = mark;
    }
}
