//! Segments that are looked at before the list comes to them, several at a time: what it spends on one is mostly unpacking
//! columns, which needs nothing of the others.

use std::{collections::VecDeque, sync::Arc, thread};

use hashbrown::{HashMap, HashSet};
use model::{Signal, TraceId};
use segment::{Rows, SpanSegment, TrigramFilter, ValueFilter};
use tokio::task::JoinHandle;

use super::{
    Plan,
    examine::{self, Looked},
    gathered, leaf,
};
use crate::{
    ReadError, Reader, TraceSummary,
    read::{FoundPart, damaged, in_background, joined, past_damage},
    segments::{Block, Segment, Segments, TRIGRAMS, VALUES},
};

/// Segments that are looked at before their turn comes, at the most, and of which what was seen is kept afterwards.
const MOST: usize = 8;
/// Segments of which filters are read at once.
const SIFTED: usize = 8;
/// Threads that look, at the most.
const MOST_THREADS: usize = 4;

/// What was seen in a segment in which a need is met by a span of a trace that may be found.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) spans: Arc<SpanSegment>,
    pub(super) looked: Arc<Looked>,
    /// The lines of the candidates, and maybe of others.
    pub(super) block: Arc<Block>,
}

/// What columns tell of a trace in several segments.
pub(super) enum Verdict {
    NotFound,
    /// It is found; the segments that hold it, and maybe others.
    Found(Vec<Arc<Segment>>),
    /// All of it has to be asked.
    Open,
}

/// Traces of which there are spans elsewhere too.
#[derive(Clone)]
pub(super) struct Elsewhere {
    /// Those of which there are spans in no segment yet.
    pub(super) in_rows: Arc<HashSet<TraceId>>,
    pub(super) segments: Segments,
}

impl Elsewhere {
    fn has(&self, trace_id: TraceId) -> bool {
        self.in_rows.contains(&trace_id) || self.segments.is_continued(trace_id)
    }
}

/// The segments whose turn comes next, in that order.
pub(super) struct Ahead {
    reader: Reader,
    plan: Arc<Plan>,
    elsewhere: Elsewhere,
    looks: VecDeque<Look>,
    /// Whether those behind them may hold what is looked for, by their filters.
    sifted: VecDeque<bool>,
    /// What was seen in the last segments whose turn has come.
    past: VecDeque<(u64, Seen)>,
    /// By trace that is elsewhere too, and by bits, the needs that are met in the segments that were looked at.
    met: HashMap<TraceId, u32>,
    /// Segments of which the line of a trace was read that was not seen.
    asked: HashSet<u64>,
}

enum Look {
    Running(JoinHandle<Result<Option<Seen>, ReadError>>),
    Over(Result<Option<Seen>, ReadError>),
}

impl Drop for Look {
    fn drop(&mut self) {
        if let Self::Running(task) = self {
            task.abort();
        }
    }
}

impl Ahead {
    pub(super) fn new(reader: Reader, plan: Arc<Plan>, elsewhere: Elsewhere) -> Self {
        Self {
            reader,
            plan,
            elsewhere,
            looks: VecDeque::new(),
            sifted: VecDeque::new(),
            past: VecDeque::new(),
            met: HashMap::new(),
            asked: HashSet::new(),
        }
    }

    /// Whether there are spans of a trace in no segment yet.
    pub(super) fn is_in_rows(&self, trace_id: TraceId) -> bool {
        self.elsewhere.in_rows.contains(&trace_id)
    }

    /// What is to be seen in the first of these segments, whose turn comes next in this order; `None` where nothing in it
    /// may be found. Without any, what has the next turn is gone past.
    pub(super) async fn take(
        &mut self,
        next: impl Iterator<Item = &Arc<Segment>> + Clone,
    ) -> Result<Option<Seen>, ReadError> {
        let Some(first) = next.clone().next() else {
            // What was begun stays in step with the list.
            if self.looks.pop_front().is_none() {
                self.sifted.pop_front();
            }
            return Ok(None);
        };
        self.begin(next).await;
        self.finish(0).await;
        let seen = match self.looks.pop_front() {
            Some(mut look) => match &mut look {
                Look::Over(seen) => std::mem::replace(seen, Ok(None))?,
                Look::Running(_) => None,
            },
            None => None,
        };
        if let Some(seen) = &seen {
            self.past.push_back((first.id, seen.clone()));
            if self.past.len() > MOST {
                self.past.pop_front();
            }
        }
        Ok(seen)
    }

    /// What columns tell of a trace of which there are spans in several segments and nowhere else, where those are near.
    /// `next` are the segments whose turn is yet to come. It is asked once.
    pub(super) async fn verdict<'s>(
        &mut self,
        trace_id: TraceId,
        next: impl Iterator<Item = &'s Arc<Segment>> + Clone,
    ) -> Result<Verdict, ReadError> {
        let all = self.plan.all_needs();
        let mut holders = self.holders(trace_id, next.clone());
        let is_decided = self.plan.is_of_span && self.met.get(&trace_id) == Some(&all);
        if !is_decided {
            let ahead = next.clone().take(MOST).enumerate();
            let ahead = ahead.filter(|(_, segment)| holders.iter().any(|holder| holder.id == segment.id));
            if let Some(last) = ahead.map(|(at, _)| at).last() {
                for at in 0..=last {
                    self.begin(next.clone().take(last + 1)).await;
                    self.finish(at).await;
                }
                holders = self.holders(trace_id, next.clone());
            }
            let mut unseen = next.clone().skip(self.looks.len());
            if unseen.any(|segment| holders.iter().any(|holder| holder.id == segment.id)) {
                return Ok(Verdict::Open);
            }
        }
        if self.met.remove(&trace_id) != Some(all) {
            return Ok(Verdict::NotFound);
        }
        if self.plan.is_of_span {
            return Ok(Verdict::Found(holders));
        }
        let seen: Option<Vec<_>> = {
            let near = self.near(next.clone());
            let of = |holder: &Arc<Segment>| {
                near.get(&holder.id).map(|seen| (Arc::clone(&seen.spans), Arc::clone(&seen.looked)))
            };
            holders.iter().map(of).collect()
        };
        let Some(seen) = seen else { return Ok(Verdict::Open) };
        let plan = Arc::clone(&self.plan);
        let is_found = in_background(move || Ok(gathered::is_found(&plan, trace_id, &seen))).await?;
        // One that does not read is found out when its turn comes.
        Ok(match is_found.unwrap_or_default() {
            Some(true) => Verdict::Found(holders),
            Some(false) => Verdict::NotFound,
            None => Verdict::Open,
        })
    }

    /// A trace in a line, by those of its parts that are known, and the others read.
    pub(super) async fn joined<'s>(
        &mut self,
        trace_id: TraceId,
        holders: &[Arc<Segment>],
        next: impl Iterator<Item = &'s Arc<Segment>> + Clone,
    ) -> Result<Option<TraceSummary>, ReadError> {
        let mut parts = Vec::with_capacity(holders.len());
        for segment in holders {
            let known = self.near(next.clone()).get(&segment.id).map(|seen| Arc::clone(&seen.block));
            let block = match known.filter(|block| block.position(trace_id).is_some()) {
                Some(block) => Some(block),
                None => {
                    // Whoever asks a second time will ask again.
                    let is_first = self.asked.insert(segment.id);
                    let block = match is_first {
                        true => self.reader.block_of(segment, HashSet::from_iter([trace_id])).await,
                        false => self.reader.block(segment).await,
                    };
                    past_damage(block.and_then(|block| block.ok_or(ReadError::Unsettled).map(Some)))?
                }
            };
            let part = block.and_then(|block| Some(FoundPart::new(segment, &block, block.position(trace_id)?)));
            parts.extend(part);
        }
        Ok(joined(&parts))
    }

    /// What was seen in the segments that are near, by their ids.
    fn near<'s>(&self, next: impl Iterator<Item = &'s Arc<Segment>>) -> HashMap<u64, &Seen> {
        let ahead = next.map(|segment| segment.id).zip(&self.looks);
        let ahead = ahead.filter_map(|(id, look)| match look {
            Look::Over(Ok(Some(seen))) => Some((id, seen)),
            _ => None,
        });
        self.past.iter().map(|(id, seen)| (*id, seen)).chain(ahead).collect()
    }

    /// The segments that may hold a trace. Of all that do, one does not continue it: where that was seen, those of which only
    /// the filter says so are none.
    fn holders<'s>(&self, trace_id: TraceId, next: impl Iterator<Item = &'s Arc<Segment>>) -> Vec<Arc<Segment>> {
        let all = self.elsewhere.segments.that_may_hold(Signal::Traces, trace_id).map(Arc::clone);
        let (mut holders, mut maybe): (Vec<_>, Vec<_>) = all.partition(|segment| segment.continues.contains(&trace_id));
        let near = self.near(next);
        let is_there = |segment: &Arc<Segment>| {
            near.get(&segment.id).is_some_and(|seen| seen.spans.rows_of(trace_id).is_ok_and(|rows| rows.is_some()))
        };
        if let Some(first) = maybe.iter().position(is_there) {
            holders.push(maybe.swap_remove(first));
        } else {
            holders.append(&mut maybe);
        }
        holders
    }

    /// Begins to look at those of these segments that come first.
    async fn begin<'s>(&mut self, next: impl Iterator<Item = &'s Arc<Segment>> + Clone) {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
        let is_running = |look: &&Look| matches!(look, Look::Running(task) if !task.is_finished());
        let mut free = threads.saturating_sub(self.looks.iter().filter(is_running).count());
        for segment in next.clone().take(MOST).skip(self.looks.len()) {
            if free == 0 {
                break;
            }
            if self.sifted.is_empty() {
                let segments: Vec<u64> = next.clone().skip(self.looks.len()).take(SIFTED).map(|one| one.id).collect();
                self.sifted.extend(sifted(&self.reader, &segments, &self.plan).await);
            }
            self.looks.push_back(match self.sifted.pop_front() {
                Some(false) => Look::Over(Ok(None)),
                Some(true) | None => {
                    free -= 1;
                    let (reader, segment, plan) = (self.reader.clone(), Arc::clone(segment), Arc::clone(&self.plan));
                    Look::Running(tokio::spawn(look(reader, segment, plan, self.elsewhere.clone())))
                }
            });
        }
    }

    /// Waits until the segment at this place has been looked at.
    async fn finish(&mut self, at: usize) {
        let Some(look) = self.looks.get_mut(at) else { return };
        let Look::Running(task) = look else { return };
        let seen = task.await.unwrap_or_else(|error| {
            Err(ReadError::Damaged { row: 0, detail: format!("whoever looked at a segment stopped: {error}") })
        });
        if let Ok(Some(seen)) = &seen {
            let elsewhere = seen.looked.candidates.iter().filter(|(trace_id, _)| self.elsewhere.has(**trace_id));
            elsewhere.for_each(|(trace_id, needs)| *self.met.entry(*trace_id).or_default() |= needs);
        }
        *look = Look::Over(seen);
    }
}

/// Looks at a segment; `None` where nothing in it may be found.
async fn look(
    reader: Reader,
    segment: Arc<Segment>,
    plan: Arc<Plan>,
    elsewhere: Elsewhere,
) -> Result<Option<Seen>, ReadError> {
    let id = segment.id;
    let first = plan.first();
    let blobs = |spans: &SpanSegment| match first {
        Some(first) => examine::blobs_of(&plan, first, spans),
        None => examine::blobs(&plan, spans),
    };
    let spans = reader.spans_with(id, blobs).await?.ok_or(ReadError::Unsettled)?;
    let mut held = None;
    if let Some(first) = first {
        let (of_spans, of_plan) = (Arc::clone(&spans), Arc::clone(&plan));
        let rows = in_background(move || Ok(examine::condition(&of_plan, first, &of_spans))).await?;
        let rows = reader.noted(rows.map_err(|error| damaged(id, &error)))?;
        if rows.as_ref().is_some_and(Rows::is_empty) {
            return Ok(None);
        }
        held = Some((first, rows));
        if !reader.give(id, &spans, examine::blobs(&plan, &spans)).await? {
            return Err(ReadError::Unsettled);
        }
    }
    let of_spans = Arc::clone(&spans);
    let look = move || Ok(Looked::at(&of_spans, &plan, held, |trace_id| elsewhere.has(trace_id)));
    let looked = reader.noted(in_background(look).await?.map_err(|error| damaged(id, &error)))?;
    if looked.candidates.is_empty() {
        return Ok(None);
    }
    let block = reader.block_of(&segment, looked.candidates.keys().copied().collect()).await?;
    let looked = Arc::new(looked);
    Ok(Some(Seen { spans, looked, block: block.ok_or(ReadError::Unsettled)? }))
}

/// Whether each of these segments may hold what is looked for, by its filters, as far as those read.
pub(super) async fn sifted(reader: &Reader, segments: &[u64], plan: &Plan) -> Vec<bool> {
    let no = |bytes: &[u8]| {
        let filter = TrigramFilter::of_bytes(bytes);
        filter.is_some_and(|filter| !examine::may_meet(plan, |condition| leaf::may_hold_part(condition, &filter)))
    };
    let without = if plan.asks_for_parts() { reader.by_filter(segments, TRIGRAMS, no).await } else { Vec::new() };
    let no = |bytes: &[u8]| {
        let filter = ValueFilter::of_bytes(bytes);
        filter.is_some_and(|filter| !examine::may_meet(plan, |condition| leaf::may_hold(condition, &filter)))
    };
    let lacking = if plan.asks_for_values() { reader.by_filter(segments, VALUES, no).await } else { Vec::new() };
    segments.iter().map(|segment| !without.contains(segment) && !lacking.contains(segment)).collect()
}
