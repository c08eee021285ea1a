//! Thinned traces taken from the disk, once nothing will bring them back.

use std::{collections::BTreeMap, sync::Arc};

use hashbrown::HashSet;
use model::{Signal, TraceId};

use super::{Publication, Work, rewrite::Keep};
use crate::{
    AppendError,
    read::{FoundPart, into_append, past_damage},
    segments::Segment,
    thinned::Thinned,
};

/// How long an error brings back all of a thinned trace, nanoseconds.
const HIDDEN_NANOS: u64 = 600 * 1_000_000_000;
/// How long a thinned trace is known after it is gone, and after how long a segment is rewritten for any of it,
/// nanoseconds.
const KNOWN_NANOS: u64 = 3_600 * 1_000_000_000;
/// A segment is rewritten when such a share of its spans goes.
const WORTH_SHARE: u64 = 8;
/// Traces that are looked for in one pass.
const TRACES_A_PASS: usize = 65_536;

impl Work {
    /// Takes thinned traces from the disk that have been hidden for long enough, where a segment has enough of them.
    pub(super) fn remove_thinned(&mut self, now_unix_nano: u64) -> Result<(), AppendError> {
        for (segment, due) in self.due(now_unix_nano) {
            let block = past_damage(self.runtime.block_on(self.reader.block(&segment)));
            let Some(block) = block.map_err(|error| into_append(&error))? else { continue };
            let spans = block.parts().iter().filter(|part| due.traces.contains(&part.fragment.trace_id));
            let spans: u64 = spans.map(|part| u64::from(part.fragment.span_count)).sum();
            let is_long_due = due.since_unix_nano.saturating_add(KNOWN_NANOS) <= now_unix_nano;
            if spans == 0 || spans * WORTH_SHARE < segment.items && !is_long_due {
                continue;
            }
            let reader = self.reader.clone();
            let stays = |part: &crate::segments::TracePart, _: &_| {
                // An error may have brought it back since the pass began.
                let trace_id = part.fragment.trace_id;
                let is_due = due.traces.contains(&trace_id) && reader.catalogue().thinned.is_hidden(trace_id);
                (!is_due).then_some((segment.class, part.last_received_unix_nano))
            };
            let keep = Keep { trace: &stays, items: &|_, _| true, logs_of: &|_| true };
            let rewritten =
                self.past_damage(&segment, |work| work.rewrite(&[Arc::clone(&segment)], &keep).map(Some))?;
            let Some(mut new) = rewritten else { continue };
            new.removed.iter_mut().for_each(|removed| removed.at_unix_nano = now_unix_nano);
            let published = self.publish(Publication {
                segments: new.segments,
                replaced: vec![segment.id],
                removed: new.removed,
                ..Publication::default()
            });
            if let Err(error) = published {
                // Something came for one of them: they wait for the next pass.
                tracing::debug!(%error, segment = segment.id, "thinned traces stay a while");
            }
        }
        Ok(())
    }

    /// Hidden traces that may go, by the segments that may hold them.
    fn due(&self, now_unix_nano: u64) -> Vec<(Arc<Segment>, Due)> {
        // The writer waits for the catalogue at every commit: filters are asked without it.
        let (mut hidden, segments) = {
            let catalogue = self.reader.catalogue();
            let is_due = |thinned: &Thinned| thinned.decided_unix_nano.saturating_add(HIDDEN_NANOS) <= now_unix_nano;
            let due = catalogue.thinned.hidden().filter(|(_, thinned)| is_due(thinned));
            let due: Vec<(u64, TraceId)> =
                due.map(|(trace_id, thinned)| (thinned.decided_unix_nano, trace_id)).collect();
            (due, catalogue.segments.clone())
        };
        hidden.sort_unstable();
        hidden.truncate(TRACES_A_PASS);
        {
            let catalogue = self.reader.catalogue();
            hidden.retain(|(_, trace_id)| !catalogue.index.holders(*trace_id).1);
        }
        let mut due: BTreeMap<u64, (Arc<Segment>, Due)> = BTreeMap::new();
        for (decided_unix_nano, trace_id) in hidden {
            for segment in segments.that_may_hold(Signal::Traces, trace_id) {
                let (_, due) = due.entry(segment.id).or_insert_with(|| {
                    (Arc::clone(segment), Due { traces: HashSet::new(), since_unix_nano: decided_unix_nano })
                });
                due.traces.insert(trace_id);
            }
        }
        due.into_values().collect()
    }

    /// Thinned traces that need not be known any longer: those that are gone for long enough, and those of which
    /// what was shown is gone too.
    pub(super) fn forgettable(&self, now_unix_nano: u64) -> Result<Vec<(TraceId, u64)>, AppendError> {
        let (mut forgotten, mut shown) = (Vec::new(), Vec::new());
        for (trace_id, thinned) in self.reader.catalogue().thinned.iter() {
            if thinned.touched_unix_nano.saturating_add(KNOWN_NANOS) > now_unix_nano || !thinned.hidden.is_empty() {
                continue;
            }
            if thinned.is_shown { &mut shown } else { &mut forgotten }.push((trace_id, thinned.touched_unix_nano));
        }
        for (trace_id, touched_unix_nano) in shown {
            let summary = self.runtime.block_on(self.reader.summary(trace_id));
            if summary.map_err(|error| into_append(&error))?.is_none() {
                forgotten.push((trace_id, touched_unix_nano));
            }
        }
        Ok(forgotten)
    }

    /// The parts of a trace in segments.
    pub(super) fn parts_of(&self, trace_id: TraceId) -> Result<Vec<FoundPart>, AppendError> {
        let segments = self.reader.catalogue().segments.clone();
        self.runtime.block_on(self.reader.find_parts(&segments, trace_id)).map_err(|error| into_append(&error))
    }
}

/// Traces that may go from a segment.
struct Due {
    traces: HashSet<TraceId>,
    /// When the first of them was decided, nanoseconds since the Unix epoch.
    since_unix_nano: u64,
}
