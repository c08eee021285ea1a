//! Small segments merged into larger ones, so that what one trace left lies together and a quiet day does not
//! end as a thousand little segments.

use std::{collections::BTreeMap, sync::Arc};

use model::Signal;

use super::{Publication, Work, rewrite::Keep, segment_weight, weight};
use crate::{
    AppendError, Source,
    segments::{Class, Segment},
};

/// Segments of about one size are merged when there are so many of them.
const WIDTH: usize = 8;
/// Segments over this share of the most that one gets are left alone: merging them would save little.
const LARGE_SHARE: u64 = 16;
/// Segments of different days stay apart, so that a day can expire, nanoseconds.
const DAY_NANOS: u64 = 86_400 * 1_000_000_000;

/// Segments that may be merged: signal, source, class, owner, day, size.
type Alike = (Signal, Source, Class, String, u64, u32);

impl Work {
    /// The next segments that are merged; `None` if there are too few of a size. With `is_all` two are enough.
    pub(super) fn merge(&mut self, is_all: bool) -> Result<Option<Publication>, AppendError> {
        let Some(chosen) = self.choose(is_all) else { return Ok(None) };
        let class = chosen.first().map_or(Class::Ordinary, |segment| segment.class);
        let keep = Keep {
            trace: &|part, _| Some((class, part.last_received_unix_nano)),
            items: &|_, _| true,
            logs_of: &|_| true,
        };
        Ok(Some(Publication {
            segments: self.rewrite(&chosen, &keep)?.segments,
            replaced: chosen.iter().map(|segment| segment.id).collect(),
            ..Publication::default()
        }))
    }

    fn may_be_merged(&self, segment: &Segment) -> bool {
        let weight = weight(segment.signal, segment.items);
        weight < segment_weight() / LARGE_SHARE && self.reader.reads(segment.id)
    }

    fn choose(&self, is_all: bool) -> Option<Vec<Arc<Segment>>> {
        let catalogue = self.reader.catalogue();
        let mut groups: BTreeMap<Alike, Vec<Arc<Segment>>> = BTreeMap::new();
        for segment in catalogue.segments.iter().filter(|segment| self.may_be_merged(segment)) {
            let size = if is_all { 0 } else { segment.items.max(1).ilog(WIDTH as u64) };
            let day = segment.received_unix_nano.1 / DAY_NANOS;
            let alike = (segment.signal, segment.source, segment.class, segment.owner.clone(), day, size);
            groups.entry(alike).or_default().push(Arc::clone(segment));
        }
        let least = if is_all { 2 } else { WIDTH };
        let (_, mut group) = groups.into_iter().find(|(_, group)| group.len() >= least)?;
        let mut sum = 0;
        let fits = group.iter().take_while(|segment| {
            sum += weight(segment.signal, segment.items);
            sum <= segment_weight()
        });
        let count = fits.count().max(2);
        group.truncate(count);
        Some(group)
    }
}
