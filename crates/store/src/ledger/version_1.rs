//! The ledger as version 1 of the database has it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{SignalLedger, TurnedAway, earlier::Ledger2};

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

/// The same ledger in the layout of version 2.
pub(super) fn convert(value: &[u8]) -> postcard::Result<Ledger2> {
    let Ledger1 { spans, logs, metric_points, turned_away } = postcard::from_bytes(value)?;
    Ok(Ledger2 { spans: spans.into(), logs: logs.into(), metric_points: metric_points.into(), turned_away })
}

impl From<SignalLedger1> for SignalLedger {
    fn from(old: SignalLedger1) -> Self {
        let SignalLedger1 { received, stored, duplicate, sampled_out, rejected } = old;
        Self { received, stored, duplicate, sampled_out, rejected, ..Self::default() }
    }
}
