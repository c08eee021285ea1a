use model::TraceId;

/// Traces that are picked, in the order in which they were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Picked {
    traces: Vec<TraceId>,
    /// Where a stretch begins: the row that was picked last.
    anchor: Option<u32>,
}

impl Picked {
    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.traces.is_empty()
    }

    /// Which.
    pub(crate) fn traces(&self) -> &[TraceId] {
        &self.traces
    }

    /// A search that finds them; `None` where there are none.
    pub(crate) fn query(&self) -> Option<String> {
        let ids: Vec<_> = self.traces.iter().map(ToString::to_string).collect();
        (!ids.is_empty()).then(|| format!("id in ({})", ids.join(", ")))
    }

    /// Whether this one is.
    pub(crate) fn has(&self, trace_id: TraceId) -> bool {
        self.traces.contains(&trace_id)
    }

    /// Picks the trace of a row, or drops it.
    pub(crate) fn toggle(&mut self, row: u32, trace_id: TraceId) {
        self.anchor = Some(row);
        if self.has(trace_id) {
            self.traces.retain(|other| *other != trace_id);
        } else {
            self.traces.push(trace_id);
        }
    }

    /// Picks all from the row that was picked last to this one, as far as they are known.
    pub(crate) fn extend_to(&mut self, row: u32, trace_at: impl Fn(u32) -> Option<TraceId>) {
        let anchor = *self.anchor.get_or_insert(row);
        for row in anchor.min(row)..=anchor.max(row) {
            if let Some(trace_id) = trace_at(row).filter(|trace_id| !self.has(*trace_id)) {
                self.traces.push(trace_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_are_picked_one_by_one_and_in_stretches() {
        let trace = |number: u32| TraceId([number as u8 + 1; 16]);
        let mut picked = Picked::default();
        picked.toggle(5, trace(5));
        picked.toggle(2, trace(2));
        picked.extend_to(4, |row| Some(trace(row)));
        assert_eq!(picked.traces(), [5, 2, 3, 4].map(trace));
        picked.toggle(3, trace(3));
        picked.extend_to(1, |row| (row != 1).then(|| trace(row)));
        assert_eq!(picked.traces(), [5, 2, 4, 3].map(trace));
        let query = picked.query().expect("there are some");
        assert!(api::query::parse(&query).query.is_some(), "{query}");
    }
}
