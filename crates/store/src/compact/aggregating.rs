//! Blobs of aggregates put together, so that there are few of them; counted by the hour with age, and dropped.

use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};

use aggregate::MOST_KEYS;

use super::{Publication, Work};
use crate::{
    AppendError,
    aggregates::{Counts, MINUTE_NANOS, NewAggregate},
    read::{StoredAggregate, into_append},
};

/// Blobs of about one size are merged when there are so many of them.
const WIDTH: usize = 8;
/// Blobs over so many bytes are left alone.
const LARGE_BYTES: u64 = 1 << 20;
/// Most bytes of blobs that become one.
const MOST_BYTES: u64 = 8 << 20;
/// Minutes that are this long over are counted by the hour: 48 hours.
const MINUTES_BEFORE_HOURS: u64 = 48 * 60;
/// Blobs of different days stay apart, so that a day can go, minutes.
const DAY_MINUTES: u32 = 24 * 60;

impl Work {
    /// Merges blobs, counts by the hour what is old enough at this time, and drops what is older than `age`.
    pub(super) fn tend_aggregates(&mut self, now_unix_nano: u64, age: Duration) -> Result<(), AppendError> {
        let now_minute = now_unix_nano / MINUTE_NANOS;
        let age_minutes = age.as_secs() / 60;
        let ended =
            |stored: &StoredAggregate, minutes: u64| u64::from(stored.minutes.1).saturating_add(minutes) < now_minute;
        // Groups whose blobs have too many keys to be one.
        let mut full = HashSet::new();
        loop {
            let stored = self.runtime.block_on(self.reader.stored_aggregates());
            let (old, kept): (Vec<_>, Vec<_>) =
                stored.map_err(|error| into_append(&error))?.into_iter().partition(|stored| ended(stored, age_minutes));
            if !old.is_empty() {
                let replaced_aggregates = old.iter().map(|stored| stored.id).collect();
                self.publish(Publication { replaced_aggregates, ..Publication::default() })?;
            }
            let is_due = |stored: &&StoredAggregate| !stored.is_hours && ended(stored, MINUTES_BEFORE_HOURS);
            let mut days: BTreeMap<u32, Vec<&StoredAggregate>> = BTreeMap::new();
            let mut alike: BTreeMap<(bool, u32, u32), Vec<&StoredAggregate>> = BTreeMap::new();
            for one in &kept {
                let day = one.minutes.1 / DAY_MINUTES;
                if is_due(&one) {
                    days.entry(day).or_default().push(one);
                } else if one.bytes < LARGE_BYTES {
                    let size = one.bytes.max(1).ilog(WIDTH as u64);
                    alike.entry((one.is_hours, day, size)).or_default().push(one);
                }
            }
            if let Some(of_day) = days.into_values().next() {
                self.put_together(&of_day, true, 1)?;
            } else if let Some((group, some)) =
                alike.into_iter().find(|(group, some)| some.len() >= WIDTH && !full.contains(group))
            {
                if !self.put_together(&some, some.iter().all(|one| one.is_hours), 2)? {
                    full.insert(group);
                }
            } else {
                return Ok(());
            }
        }
    }

    /// Makes one blob of several, as far as they fit, in hours if so wanted; `false` if fewer than `least` fit, and
    /// they stay as they are.
    fn put_together(&mut self, stored: &[&StoredAggregate], in_hours: bool, least: usize) -> Result<bool, AppendError> {
        let mut merged = Counts::default();
        let (mut replaced, mut bytes) = (Vec::new(), 0);
        for one in stored {
            bytes += one.bytes;
            if bytes > MOST_BYTES && !replaced.is_empty() {
                break;
            }
            let row = self.runtime.block_on(self.reader.aggregate_row(one.id)).map_err(|error| into_append(&error))?;
            let (value, edges) = row.unwrap_or_default();
            let counts = Counts::read(&value, &edges)
                .map_err(|error| AppendError::Other(format!("aggregates {}: {error}", one.id)))?;
            // Beyond so many keys names are lost.
            if merged.most_keys() + counts.most_keys() > MOST_KEYS && !replaced.is_empty() {
                break;
            }
            merged.merge(&counts, in_hours);
            replaced.push(one.id);
        }
        if replaced.len() < least {
            return Ok(false);
        }
        let aggregate = NewAggregate::of(&merged, in_hours).map_err(AppendError::Other)?;
        self.publish(Publication { aggregate, replaced_aggregates: replaced, ..Publication::default() })?;
        Ok(true)
    }
}
