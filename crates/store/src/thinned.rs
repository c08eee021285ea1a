//! Traces that a rule of sampling has thinned: hidden while they are on disk, known for a while after.

use std::{collections::BTreeMap, sync::Arc};

use hashbrown::{HashMap, HashSet};
use model::TraceId;
use sqlx::{AssertSqlSafe, Row, SqliteConnection, sqlite::SqliteRow};

use crate::ReadError;

/// What version 3 of the database adds for sampling. `thinned` names the traces; `sampling` says up to when all that
/// had settled was decided (what was there before the rules never is), and `volume` counts what was decided by minute.
pub(crate) const TABLES: &str = "
CREATE TABLE thinned(
    trace_id BLOB PRIMARY KEY,
    decided_unix_nano INTEGER NOT NULL,
    touched_unix_nano INTEGER NOT NULL,
    removed_spans INTEGER NOT NULL,
    is_shown INTEGER NOT NULL,
    hidden BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sampling(id INTEGER PRIMARY KEY CHECK (id = 0), decided_unix_nano INTEGER NOT NULL) STRICT;
INSERT INTO sampling SELECT 0, coalesce(max(at) + 60000000000, 0) FROM (
    SELECT max(received_at_unix_nano) AS at FROM l0 UNION ALL SELECT max(last_received_at_unix_nano) FROM segment
);
CREATE TABLE volume(minute INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT;
";

/// What becomes of a trace after it was thinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Thinned {
    /// When it was decided, nanoseconds since the Unix epoch.
    pub(crate) decided_unix_nano: u64,
    /// When something was last done about it, nanoseconds since the Unix epoch.
    pub(crate) touched_unix_nano: u64,
    /// Spans of it that are gone.
    pub(crate) removed_spans: u64,
    /// Whether spans with a reason to stay came after others were gone: what there is of it is shown.
    pub(crate) is_shown: bool,
    /// Spans of it that are on disk and not shown.
    pub(crate) hidden: HiddenSpans,
}

/// Spans by the name of the service that sent them.
pub(crate) type SpansByService = BTreeMap<Arc<str>, u64>;

/// The same in as little memory as it takes: there are hundreds of thousands, of two or three services each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HiddenSpans(Box<[(Arc<str>, u64)]>);

impl From<SpansByService> for HiddenSpans {
    fn from(spans: SpansByService) -> Self {
        Self(spans.into_iter().filter(|(_, spans)| *spans > 0).collect())
    }
}

impl HiddenSpans {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, u64)> {
        self.0.iter().map(|(service, spans)| (service, *spans))
    }

    fn by_service(&self) -> SpansByService {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn add(&mut self, service: &str, spans: u64) {
        let mut all = self.by_service();
        *all.entry(service.into()).or_default() += spans;
        *self = all.into();
    }
}

impl Thinned {
    /// Whether what is on disk of it is hidden.
    pub(crate) fn is_hidden(&self) -> bool {
        !self.is_shown
    }

    /// Whether an error may still bring all of it back.
    pub(crate) fn is_whole(&self) -> bool {
        self.removed_spans == 0
    }

    /// Takes from the hidden spans some that are gone.
    pub(crate) fn remove(&mut self, spans: &SpansByService) {
        let mut hidden = self.hidden.by_service();
        for (service, spans) in spans {
            self.removed_spans += spans;
            if let Some(hidden) = hidden.get_mut(service) {
                *hidden = hidden.saturating_sub(*spans);
            }
        }
        self.hidden = hidden.into();
    }

    /// As in the table.
    pub(crate) fn of(row: &SqliteRow) -> Result<(TraceId, Self), ReadError> {
        let damaged = || ReadError::Damaged { row: 0, detail: "a thinned trace".to_owned() };
        let number = |at: usize| row.try_get::<i64, _>(at).map(i64::cast_unsigned);
        let hidden: Vec<(String, u64)> = postcard::from_bytes(row.try_get(5)?).map_err(|_| damaged())?;
        let thinned = Self {
            decided_unix_nano: number(1)?,
            touched_unix_nano: number(2)?,
            removed_spans: number(3)?,
            is_shown: number(4)? > 0,
            hidden: hidden.into_iter().map(|(name, spans)| (Arc::from(name), spans)).collect::<SpansByService>().into(),
        };
        Ok((TraceId::from_slice(row.try_get(0)?).ok_or_else(damaged)?, thinned))
    }
}

/// All of the table.
pub(crate) const SELECT: &str = "SELECT trace_id, decided_unix_nano, touched_unix_nano, removed_spans, is_shown, \
                                 hidden FROM thinned WHERE ? LIMIT ?";

/// The same of one trace.
pub(crate) const SELECT_ONE: &str = "SELECT trace_id, decided_unix_nano, touched_unix_nano, removed_spans, is_shown, \
                                     hidden FROM thinned WHERE trace_id = ?";

/// The thinned traces that are known, by id.
#[derive(Debug, Clone, Default)]
pub(crate) struct ThinnedTraces {
    by_id: HashMap<TraceId, Thinned>,
    /// Each name of a service once.
    names: HashSet<Arc<str>>,
    /// Those that the segments and the index list and that are not to be.
    listed: u64,
}

impl ThinnedTraces {
    pub(crate) fn get(&self, trace_id: TraceId) -> Option<&Thinned> {
        self.by_id.get(&trace_id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether what is stored of a trace is not to be shown.
    pub(crate) fn is_hidden(&self, trace_id: TraceId) -> bool {
        self.by_id.get(&trace_id).is_some_and(Thinned::is_hidden)
    }

    /// Traces that are stored and hidden.
    pub(crate) fn hidden_count(&self) -> u64 {
        self.listed
    }

    /// Those that are stored and hidden.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = (TraceId, &Thinned)> {
        self.by_id.iter().filter(|(_, thinned)| is_listed(thinned)).map(|(trace_id, thinned)| (*trace_id, thinned))
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (TraceId, &Thinned)> {
        self.by_id.iter().map(|(trace_id, thinned)| (*trace_id, thinned))
    }

    /// Changes what is known of a trace; `None`: nothing any more.
    pub(crate) fn set(&mut self, trace_id: TraceId, mut thinned: Option<Thinned>) {
        for (service, _) in thinned.iter_mut().flat_map(|thinned| &mut thinned.hidden.0) {
            *service = Arc::clone(self.names.get_or_insert_with(service, Arc::clone));
        }
        self.listed += u64::from(thinned.as_ref().is_some_and(is_listed));
        let before = match thinned {
            Some(thinned) => self.by_id.insert(trace_id, thinned),
            None => self.by_id.remove(&trace_id),
        };
        self.listed -= u64::from(before.as_ref().is_some_and(is_listed));
    }
}

fn is_listed(thinned: &Thinned) -> bool {
    thinned.is_hidden() && !thinned.hidden.is_empty()
}

/// Changes of thinned traces that one transaction writes: `None` where a trace is forgotten.
pub(crate) type Changes = Vec<(TraceId, Option<Thinned>)>;

/// Rows a statement.
const ROWS: usize = 64;

/// Writes changes, within the transaction that is open.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    changes: &[(TraceId, Option<Thinned>)],
) -> Result<(), sqlx::Error> {
    let set = changes.iter().filter_map(|(trace_id, thinned)| Some((trace_id, thinned.as_ref()?)));
    let set: Vec<(&TraceId, &Thinned)> = set.collect();
    for some in set.chunks(ROWS) {
        let values = vec!["(?,?,?,?,?,?)"; some.len()].join(",");
        let sql = AssertSqlSafe(format!("INSERT OR REPLACE INTO thinned VALUES {values}"));
        let mut insert = sqlx::query(sql);
        for (trace_id, thinned) in some {
            let hidden: Vec<(&str, u64)> = thinned.hidden.iter().map(|(name, spans)| (&**name, spans)).collect();
            let hidden = postcard::to_stdvec(&hidden).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
            insert = insert
                .bind(trace_id.0.to_vec())
                .bind(thinned.decided_unix_nano.cast_signed())
                .bind(thinned.touched_unix_nano.cast_signed())
                .bind(thinned.removed_spans.cast_signed())
                .bind(i64::from(thinned.is_shown))
                .bind(hidden);
        }
        insert.execute(&mut *connection).await?;
    }
    let forgotten: Vec<&TraceId> =
        changes.iter().filter(|(_, thinned)| thinned.is_none()).map(|(trace_id, _)| trace_id).collect();
    for some in forgotten.chunks(ROWS) {
        let sql = AssertSqlSafe(format!("DELETE FROM thinned WHERE trace_id IN ({})", vec!["?"; some.len()].join(",")));
        let delete = some.iter().fold(sqlx::query(sql), |delete, trace_id| delete.bind(trace_id.0.to_vec()));
        delete.execute(&mut *connection).await?;
    }
    Ok(())
}
