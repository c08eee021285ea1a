//! The ledgers of earlier versions made one of today.

use std::collections::BTreeMap;

use formats::{WalkLimits, WalkedRows};
use model::Signal;
use serde::Deserialize;
use sqlx::{Row, SqliteConnection};

use super::{Draft, EARLIER, ServiceLedger, SignalLedger, TurnedAway, table::Rest, version_1};
use crate::{left_out::LeftOut, read::MAX_BODY_BYTES, schema, segments::ServiceShare};

/// The ledger as version 2 of the database has it: of all services together.
#[derive(Default, Deserialize)]
pub(super) struct Ledger2 {
    pub(super) spans: SignalLedger,
    pub(super) logs: SignalLedger,
    pub(super) metric_points: SignalLedger,
    pub(super) turned_away: BTreeMap<String, TurnedAway>,
}

/// Converts the ledger of an older version, within the transaction that makes the tables. What is kept is counted
/// by service; what was counted before beyond that is under [`EARLIER`].
pub(crate) async fn convert(connection: &mut SqliteConnection, version: i64) -> Result<(), sqlx::Error> {
    let value: Vec<u8> = sqlx::query_scalar("SELECT value FROM ledger").fetch_one(&mut *connection).await?;
    let ledger = match version {
        _ if value.is_empty() => Ok(Ledger2::default()),
        1 => version_1::convert(&value),
        _ => postcard::from_bytes(&value),
    };
    let Ledger2 { spans, logs, metric_points, turned_away } = ledger.map_err(undecodable)?;
    let mut draft = Draft::default();
    in_segments(connection, &mut draft).await?;
    in_rows(connection, &mut draft).await?;
    let mut rest = ServiceLedger { spans, logs, metric_points };
    for kept in draft.changed.values() {
        for signal in Signal::ALL {
            let (rest, kept) = (rest.signal_mut(signal), kept.signal(signal));
            rest.stored = rest.stored.saturating_sub(kept.stored);
            rest.received = rest.received.saturating_sub(kept.received);
        }
    }
    let mut services = draft.changed;
    if rest != ServiceLedger::default() {
        services.insert(EARLIER.to_owned(), rest);
    }
    for (name, counts) in services {
        let value = postcard::to_stdvec(&counts).map_err(undecodable)?;
        let insert = sqlx::query("INSERT INTO ledger_service VALUES (?, ?)").bind(name).bind(value);
        insert.execute(&mut *connection).await?;
    }
    let rest = postcard::to_stdvec(&Rest { turned_away, ..Rest::default() }).map_err(undecodable)?;
    sqlx::query("UPDATE ledger SET value = ?").bind(rest).execute(connection).await?;
    Ok(())
}

/// Counts what segments hold.
async fn in_segments(connection: &mut SqliteConnection, draft: &mut Draft) -> Result<(), sqlx::Error> {
    let select = "SELECT signal, services FROM segment WHERE is_retired = 0";
    for row in sqlx::query(select).fetch_all(connection).await? {
        let Some(signal) = schema::signal_of(row.try_get(0)?) else { continue };
        let shares: Vec<ServiceShare> = postcard::from_bytes(row.try_get(1)?).map_err(undecodable)?;
        for share in shares {
            count(draft, &share.name, signal, share.items);
        }
    }
    Ok(())
}

/// Counts what rows of the append level hold that are in no segment. One that cannot be read stays under
/// [`EARLIER`].
async fn in_rows(connection: &mut SqliteConnection, draft: &mut Draft) -> Result<(), sqlx::Error> {
    let ids = "SELECT id FROM l0 WHERE id > (SELECT compacted_row FROM level) ORDER BY id";
    let ids: Vec<i64> = sqlx::query_scalar(ids).fetch_all(&mut *connection).await?;
    let limits = WalkLimits { max_items: u64::MAX, max_heap_bytes: u64::MAX, ..WalkLimits::default() };
    for id in ids {
        let select = "SELECT signal, encoding, compression, left_out, body FROM l0 WHERE id = ?";
        let row = sqlx::query(select).bind(id).fetch_one(&mut *connection).await?;
        let (signal, encoding) = (schema::signal_of(row.try_get(0)?), schema::encoding_of(row.try_get(1)?));
        let (compression, left_out) = (schema::compression_of(row.try_get(2)?), LeftOut::from_bytes(row.try_get(3)?));
        let (Some(signal), Some(encoding), Some(compression), Some(left_out)) =
            (signal, encoding, compression, left_out)
        else {
            continue;
        };
        let walked = formats::decompress(compression, row.try_get(4)?, MAX_BODY_BYTES)
            .and_then(|body| formats::walk(signal, encoding, &body, &limits));
        let Ok(walked) = walked else { continue };
        let (ordinals, services) = match &walked.rows {
            WalkedRows::Spans(spans) => (&spans.ordinal, &spans.service),
            WalkedRows::Logs(logs) => (&logs.ordinal, &logs.service),
            WalkedRows::Points(points) => (&points.ordinal, &points.service),
        };
        for (_, service) in ordinals.iter().zip(services).filter(|(ordinal, _)| !left_out.contains(**ordinal)) {
            let name = walked.texts.get(*service as usize).map(String::as_str).unwrap_or_default();
            count(draft, name, signal, 1);
        }
    }
    Ok(())
}

fn count(draft: &mut Draft, service: &str, signal: Signal, items: u64) {
    // Nothing comes from a service that has only traces of others in a segment.
    if items > 0 {
        let counts = draft.of(service, signal);
        counts.stored += items;
        counts.received += items;
    }
}

fn undecodable(error: postcard::Error) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
