//! The state of the store in the words of the API.

use std::{cmp::Reverse, collections::VecDeque, path::Path, time::Duration};

use api::{
    BytesOnDisk, Ledger, Problem, Refused, ServiceLedger, ServiceSize, SignalLedger, SinceStart, Sizes, TurnedAway,
};
use model::Signal;
use tokio::time::Instant;

/// Over how long the rate is taken.
const RATE_SPAN: Duration = Duration::from_secs(5);

pub(crate) fn ledger(ledger: store::Ledger, since: store::Ledger) -> Ledger {
    let turned_away = ledger.turned_away.into_iter();
    let rejected = ledger.rejected_examples.into_iter().map(|(reason, example)| refused(reason, false, example));
    let requests = ledger.turned_away_examples.into_iter().map(|(reason, example)| refused(reason, true, example));
    let mut services: Vec<ServiceLedger> = ledger.services.into_iter().map(service).collect();
    // Stable: of equals the first by name.
    services.sort_by_key(|of| Reverse(of.spans.received + of.logs.received + of.metric_points.received));
    let since_start =
        [(Signal::Traces, since.spans), (Signal::Logs, since.logs), (Signal::Metrics, since.metric_points)];
    let since_start = since_start.map(|(of, ledger)| SinceStart { signal: of, ledger: signal(ledger) });
    Ledger {
        services,
        refused: rejected.chain(requests).collect(),
        since_start: since_start.into(),
        spans: signal(ledger.spans),
        logs: signal(ledger.logs),
        metric_points: signal(ledger.metric_points),
        turned_away: turned_away
            .map(|(reason, store::TurnedAway { requests, bytes })| (reason, TurnedAway { requests, bytes }))
            .collect(),
    }
}

fn service((service, ledger): (String, store::ServiceLedger)) -> ServiceLedger {
    let store::ServiceLedger { spans, logs, metric_points } = ledger;
    ServiceLedger { service, spans: signal(spans), logs: signal(logs), metric_points: signal(metric_points) }
}

fn refused(reason: String, is_request: bool, example: store::Example) -> Refused {
    let store::Example { at_unix_nano, sender, sentence, service, name } = example;
    Refused { reason, is_request, at_unix_nano, sender: sender.unwrap_or_default(), sentence, service, name }
}

fn signal(ledger: store::SignalLedger) -> SignalLedger {
    let kept = ledger.kept();
    let store::SignalLedger { received, stored, duplicate, sampled_out, rejected, expired, evicted, deleted } = ledger;
    let rejected = rejected.into_iter().collect();
    SignalLedger { received, stored, duplicate, sampled_out, rejected, expired, evicted, deleted, kept }
}

/// What to say of a damaged database that was set aside: how far it is read, or how that ended.
pub(crate) fn salvage(path: &Path, salvaged: store::Salvaged, end: Option<Result<(), String>>) -> Problem {
    let store::Salvaged { looked_at, in_all, items, lost } = salvaged;
    let so_far = match end {
        None => format!("what can be read of it is being read: {looked_at} of {in_all} pieces"),
        Some(Ok(())) => format!("{items} items of it were read into a new one, and {lost} of {in_all} pieces are lost"),
        Some(Err(why)) => format!("reading it was given up until the next start: {why}"),
    };
    Problem {
        name: "database_damaged".to_owned(),
        sentence: format!("the database was damaged and is kept as it was; {so_far}"),
        remedy: format!("look at the disk; the damaged file is {}", path.display()),
    }
}

/// What to say where the write-ahead log cannot be moved into the database.
pub(crate) fn checkpoint_failed(why: &str) -> Problem {
    Problem {
        name: "checkpoint_failed".to_owned(),
        sentence: format!("the write-ahead log cannot be moved into the database, and grows: {why}"),
        remedy: "free some space, or look at the disk; what is received is kept in the log meanwhile".to_owned(),
    }
}

/// What to say of segments that do not read, if there are any.
pub(crate) fn unreadable(segments: &[store::Unreadable]) -> Option<Problem> {
    let store::Unreadable { segment, detail, .. } = segments.first()?;
    let items: u64 = segments.iter().map(|one| one.items).sum();
    let others = match segments.len() - 1 {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    Some(Problem {
        name: "segment_damaged".to_owned(),
        sentence: format!(
            "segment {segment}{others} of the database cannot be read, with {items} items: they are not listed ({detail})"
        ),
        remedy: "look at the disk; all else goes on, and the damaged part is left as it is".to_owned(),
    })
}

pub(crate) fn sizes(sizes: store::Sizes) -> Sizes {
    let store::Sizes { by_service, pinned_bytes, waiting_bytes } = sizes;
    let services = by_service.into_iter();
    Sizes {
        services: services
            .map(|(service, signal, items, bytes)| ServiceSize { service, signal, items, bytes })
            .collect(),
        pinned_bytes,
        waiting_bytes,
    }
}

pub(crate) fn bytes_on_disk(bytes: store::BytesOnDisk) -> BytesOnDisk {
    let store::BytesOnDisk { database, write_ahead_log, total } = bytes;
    BytesOnDisk { database, write_ahead_log, total }
}

/// How fast a count grows.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    /// The oldest first.
    samples: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// The count at a moment; call it about once a second.
    pub(crate) fn sample(&mut self, at: Instant, count: u64) {
        self.samples.push_back((at, count));
        while self.samples.get(1).is_some_and(|(next, _)| at.duration_since(*next) >= RATE_SPAN) {
            self.samples.pop_front();
        }
    }

    /// Growth per second over the last five seconds; 0 before there are two samples.
    pub(crate) fn per_second(&self) -> f64 {
        let (Some((first_at, first)), Some((last_at, last))) = (self.samples.front(), self.samples.back()) else {
            return 0.0;
        };
        let seconds = last_at.duration_since(*first_at).as_secs_f64();
        if seconds > 0.0 { last.saturating_sub(*first) as f64 / seconds } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_of_the_last_five_seconds() {
        let start = Instant::now();
        let mut rate = Rate::default();
        assert_eq!(rate.per_second(), 0.0);
        for second in 0..20_u32 {
            rate.sample(
                start + Duration::from_secs(second.into()),
                if second < 10 { 0 } else { 100 * u64::from(second - 10) },
            );
        }
        assert_eq!(rate.per_second(), 100.0);
        for second in 20..30_u32 {
            rate.sample(start + Duration::from_secs(second.into()), 900);
        }
        assert_eq!(rate.per_second(), 0.0);
    }
}
