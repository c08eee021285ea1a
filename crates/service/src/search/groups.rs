//! Traces by the value of a key, with the durations of each group.

use std::collections::HashMap;

use api::{Group, Groups};
use store::{Found, Search, Sketch};

use super::{key::Key, running::Gathers};

/// Groups by the number of their value.
#[derive(Debug)]
pub(super) struct Grouping {
    key: Key,
    groups: HashMap<u32, Members>,
    without: u64,
}

#[derive(Debug, Default)]
struct Members {
    traces: u64,
    failed: u64,
    durations: Sketch,
}

impl Grouping {
    pub(super) fn new(key: Key) -> Self {
        Self { key, groups: HashMap::new(), without: 0 }
    }

    /// The largest groups.
    pub(super) fn groups(&self, search: &Search, most: usize) -> Groups {
        let named = self.groups.iter().filter_map(|(&number, members)| Some((search.text((0, number))?, members)));
        let mut named: Vec<_> = named.collect();
        named.sort_unstable_by(|(a, of_a), (b, of_b)| (of_b.traces, a).cmp(&(of_a.traces, b)));
        let group = |(text, members): (std::sync::Arc<str>, &Members)| Group {
            query: self.key.is(&text),
            text: text.to_string(),
            traces: members.traces,
            failed: members.failed,
            p50_nanos: members.durations.quantile(0.5).unwrap_or_default(),
            p95_nanos: members.durations.quantile(0.95).unwrap_or_default(),
        };
        Groups {
            more: self.groups.len().saturating_sub(most) as u64,
            groups: named.into_iter().take(most).map(group).collect(),
            without: self.without,
            ..Groups::default()
        }
    }
}

impl Gathers for Grouping {
    fn take(&mut self, found: Found) {
        self.without += u64::from(found.noted.is_empty());
        for (_, text) in found.noted {
            let members = self.groups.entry(text).or_default();
            members.traces += 1;
            members.failed += u64::from(found.summary.error_count > 0);
            members.durations.add(found.summary.duration_nanos(), 1);
        }
    }
}
