//! The ledger as version 1 of the database has it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Ledger, SignalLedger, TurnedAway};

#[derive(Deserialize)]
struct Ledger1 {
    spans: SignalLedger1,
    logs: SignalLedger1,
    metric_points: SignalLedger1,
    turned_away: BTreeMap<String, TurnedAway>,
}

/// Nothing was ever let go then.
#[derive(Deserialize)]
struct SignalLedger1 {
    received: u64,
    stored: u64,
    duplicate: u64,
    sampled_out: u64,
    rejected: BTreeMap<String, u64>,
}

/// The same ledger in the layout of today. An empty one is none yet, then as now.
pub(crate) fn convert(value: &[u8]) -> postcard::Result<Vec<u8>> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let Ledger1 { spans, logs, metric_points, turned_away } = postcard::from_bytes(value)?;
    let ledger = Ledger { spans: spans.into(), logs: logs.into(), metric_points: metric_points.into(), turned_away };
    postcard::to_stdvec(&ledger)
}

impl From<SignalLedger1> for SignalLedger {
    fn from(old: SignalLedger1) -> Self {
        let SignalLedger1 { received, stored, duplicate, sampled_out, rejected } = old;
        Self { received, stored, duplicate, sampled_out, rejected, ..Self::default() }
    }
}
