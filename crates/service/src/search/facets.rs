//! How many traces have which values.

use std::collections::HashMap;

use api::{Facet, FacetValue, Facets};
use store::{Found, Search};

use super::{key::Key, running::Gathers};

/// Traces, and those with an error, by the number of a text.
type ByText = HashMap<u32, (u64, u64)>;

/// The same by key.
#[derive(Debug)]
pub(super) struct Counts {
    keys: Vec<Key>,
    counts: Vec<ByText>,
    traces: u64,
}

impl Counts {
    pub(super) fn new(keys: Vec<Key>) -> Self {
        let counts = keys.iter().map(|_| HashMap::new()).collect();
        Self { keys, counts, traces: 0 }
    }

    /// The most frequent values of each key.
    pub(super) fn facets(&self, search: &Search, most: usize) -> Facets {
        let facet = |((key, counts), subject): ((&Key, &ByText), u32)| {
            let mut values: Vec<_> = counts
                .iter()
                .filter_map(|(&number, &counts)| Some((search.text((subject, number))?, counts)))
                .collect();
            values.sort_unstable_by(|(a, of_a), (b, of_b)| (of_b.0, a).cmp(&(of_a.0, b)));
            let more = counts.len().saturating_sub(most) as u64;
            let values = values.into_iter().take(most).map(|(text, (traces, failed))| FacetValue {
                query: key.is(&text),
                text: text.to_string(),
                traces,
                failed,
            });
            Facet { key: key.text().to_owned(), values: values.collect(), more }
        };
        let facets = self.keys.iter().zip(&self.counts).zip(0..).map(facet);
        Facets { facets: facets.collect(), traces: self.traces, ..Facets::default() }
    }
}

impl Gathers for Counts {
    fn take(&mut self, found: Found) {
        self.traces += 1;
        for (subject, text) in found.noted {
            let Some(counts) = self.counts.get_mut(subject as usize) else { continue };
            let (traces, failed) = counts.entry(text).or_default();
            *traces += 1;
            *failed += u64::from(found.summary.error_count > 0);
        }
    }
}
