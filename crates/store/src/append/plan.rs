//! Deciding, before a commit, what of each request is stored, and under which row.

use formats::{SpanColumns, WalkedRows};
use hashbrown::{HashMap, HashSet};
use model::{RejectReason, TraceId};

use super::{
    compare::Comparison,
    identities::{IdentityCache, Known, RowIdentities, RowIdentity, TraceIdentities},
    request::{Appended, Prepared},
};
use crate::{
    AppendError, Ledger, Reader,
    index::Digest,
    left_out::LeftOut,
    read::{MAX_BODY_BYTES, ReadTurn},
};

/// What a writer knows of what is stored.
#[derive(Debug, Default)]
pub(super) struct Stored {
    /// The row of a body by its hash.
    pub(super) bodies: HashMap<u64, u64>,
    pub(super) identities: IdentityCache,
    /// The row after the last one.
    pub(super) next_row: u64,
}

/// A row to write.
#[derive(Debug)]
pub(super) struct PlannedRow {
    pub(super) id: u64,
    pub(super) request: Prepared,
    pub(super) items: u64,
    pub(super) left_out: LeftOut,
    pub(super) identities: Vec<u8>,
    pub(super) digest: Digest,
    pub(super) digest_bytes: Vec<u8>,
}

/// What a commit does. Until it is done the stored state is changed only in the identities of
/// `touched`, which [`Plan::undo`] forgets.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) rows: Vec<PlannedRow>,
    pub(super) outcomes: Vec<Appended>,
    pub(super) ledger: Ledger,
    bodies: HashMap<u64, usize>,
    touched: HashSet<TraceId>,
    next_row: u64,
}

impl Plan {
    /// A plan that starts from this ledger.
    pub(super) fn new(ledger: Ledger, stored: &Stored) -> Self {
        Self {
            rows: Vec::new(),
            outcomes: Vec::new(),
            ledger,
            bodies: HashMap::new(),
            touched: HashSet::new(),
            next_row: stored.next_row,
        }
    }

    /// Adds a request.
    ///
    /// # Errors
    /// What is stored could not be read. The plan cannot be used any more, but undone.
    pub(super) fn add(
        &mut self,
        request: Prepared,
        stored: &mut Stored,
        turn: &ReadTurn<'_>,
    ) -> Result<(), AppendError> {
        let rejected = request.walked.rejected.len() as u64;
        let accepted = request.accepted();
        let row = if accepted == 0 || self.is_repeated(&request, stored, turn)? {
            None
        } else {
            self.plan_row(rejected_ordinals(&request), &request, stored, turn)?
        };
        let kept = row.as_ref().map_or(0, |row| row.kept);
        let outcome = Appended { stored: kept, duplicate: accepted - kept, rejected };
        let ledger = self.ledger.signal_mut(request.signal);
        ledger.stored += outcome.stored;
        ledger.duplicate += outcome.duplicate;
        ledger.received += accepted + rejected;
        for (_, reason) in &request.walked.rejected {
            *ledger.rejected.entry(RejectReason::name(*reason).to_owned()).or_default() += 1;
        }
        self.outcomes.push(outcome);
        if let Some(row) = row {
            self.push(row, request)?;
        }
        Ok(())
    }

    fn push(&mut self, row: Row, request: Prepared) -> Result<(), AppendError> {
        let bytes = |result: postcard::Result<Vec<u8>>| result.map_err(|error| AppendError::Other(error.to_string()));
        self.bodies.insert(request.body_hash, self.rows.len());
        self.rows.push(PlannedRow {
            id: self.next_row,
            items: row.kept,
            left_out: row.left_out,
            identities: row.identities.as_ref().map_or(Ok(Vec::new()), |it| bytes(postcard::to_stdvec(it)))?,
            digest_bytes: bytes(postcard::to_stdvec(&row.digest))?,
            digest: row.digest,
            request,
        });
        self.next_row += 1;
        Ok(())
    }

    /// Whether the same body is stored or about to be.
    fn is_repeated(&self, request: &Prepared, stored: &Stored, turn: &ReadTurn<'_>) -> Result<bool, AppendError> {
        if !request.repeats_are_duplicates() {
            return Ok(false);
        }
        if let Some(row) = self.bodies.get(&request.body_hash).and_then(|&at| self.rows.get(at)) {
            let other = &row.request;
            return Ok(other.signal == request.signal && same_body(request, other.compression, &other.body));
        }
        let Some(&row) = stored.bodies.get(&request.body_hash) else { return Ok(false) };
        let other = turn.request(row)?;
        Ok(other
            .is_some_and(|other| other.signal == request.signal && same_body(request, other.compression, &other.body)))
    }

    /// The row of a request; `None` if nothing of it is left to store.
    fn plan_row(
        &mut self,
        mut left_out: Vec<u32>,
        request: &Prepared,
        stored: &mut Stored,
        turn: &ReadTurn<'_>,
    ) -> Result<Option<Row>, AppendError> {
        let texts = &request.walked.texts;
        let (kept, digest, identities) = match &request.walked.rows {
            WalkedRows::Spans(spans) => {
                let mut found = Found::default();
                self.find_new(spans, request, &mut found, stored, turn)?;
                left_out.append(&mut found.duplicates);
                (found.kept.len(), Digest::of_spans(spans, texts, &found.kept), Some(found.identities))
            }
            WalkedRows::Logs(logs) => (logs.ordinal.len(), Digest::of_logs(logs), None),
            WalkedRows::Points(points) => (points.ordinal.len(), Digest::default(), None),
        };
        Ok((kept > 0).then(|| Row { kept: kept as u64, left_out: LeftOut::new(left_out), digest, identities }))
    }

    /// Tells new spans from duplicates, one after the other, so that a request can repeat itself too.
    fn find_new(
        &mut self,
        spans: &SpanColumns,
        request: &Prepared,
        found: &mut Found,
        stored: &mut Stored,
        turn: &ReadTurn<'_>,
    ) -> Result<(), AppendError> {
        let this_row = self.next_row;
        let mut comparison = Comparison::default();
        let columns = spans.trace_id.iter().zip(&spans.span_id).zip(&spans.content_hash).zip(&spans.ordinal);
        for (at, (((&trace_id, &span_id), &content_hash), &ordinal)) in (0..).zip(columns) {
            if found.last_trace.is_none_or(|(last, _)| last != trace_id) {
                self.load(trace_id, stored, turn)?;
                found.turn_to(trace_id);
            }
            let known: Vec<Known> = stored
                .identities
                .get(trace_id)
                .map(|of_trace| of_trace.of(span_id).copied().collect())
                .unwrap_or_default();
            let mut is_duplicate = known.iter().any(|known| known.content_hash == content_hash);
            for known in known {
                if is_duplicate {
                    break;
                }
                if !comparison.has(this_row) {
                    comparison.add_prepared(this_row, request);
                }
                if !comparison.has(known.row) {
                    match self.rows.iter().find(|row| row.id == known.row) {
                        Some(row) => comparison.add_prepared(known.row, &row.request),
                        None => comparison.add_stored(known.row, turn.request(known.row)?.as_ref()),
                    }
                    // Making room may have put this request out.
                    if !comparison.has(this_row) {
                        comparison.add_prepared(this_row, request);
                    }
                }
                is_duplicate = comparison.same((this_row, ordinal), (known.row, known.ordinal));
            }
            if is_duplicate {
                found.duplicates.push(ordinal);
            } else {
                stored.identities.add(trace_id, span_id, Known { content_hash, row: this_row, ordinal });
                found.keep(at, RowIdentity { trace: 0, ordinal, span_id, content_hash: content_hash.to_le_bytes() });
            }
        }
        Ok(())
    }

    /// Sees to it that the identities of a trace are in memory.
    fn load(&mut self, trace_id: TraceId, stored: &mut Stored, turn: &ReadTurn<'_>) -> Result<(), AppendError> {
        self.touched.insert(trace_id);
        if stored.identities.contains(trace_id) {
            return Ok(());
        }
        let mut identities = TraceIdentities::default();
        for row in turn.rows_of_trace(trace_id) {
            let bytes = turn.identities(row)?;
            if bytes.is_empty() {
                continue;
            }
            let of_row: RowIdentities = postcard::from_bytes(&bytes)
                .map_err(|error| AppendError::Other(format!("identities of row {row}: {error}")))?;
            identities.add_row(trace_id, row, &of_row);
        }
        stored.identities.insert(trace_id, identities);
        Ok(())
    }

    /// After the commit: what was planned is stored.
    pub(super) fn apply(&self, stored: &mut Stored, reader: &Reader) {
        let mut index = reader.index_mut();
        for row in &self.rows {
            index.apply(row.id, &row.digest);
            stored.bodies.insert(row.request.body_hash, row.id);
        }
        stored.next_row = self.next_row;
        stored.identities.shrink();
    }

    /// After a failure: nothing of what was planned is stored.
    pub(super) fn undo(self, stored: &mut Stored) {
        stored.identities.forget(&self.touched);
    }
}

/// What is known of a row before it has its number.
struct Row {
    kept: u64,
    left_out: LeftOut,
    digest: Digest,
    identities: Option<RowIdentities>,
}

/// The spans of a request, told apart.
#[derive(Default)]
struct Found {
    /// Positions in the columns.
    kept: Vec<u32>,
    /// Ordinals.
    duplicates: Vec<u32>,
    identities: RowIdentities,
    last_trace: Option<(TraceId, Option<u32>)>,
    numbers: HashMap<TraceId, u32>,
}

impl Found {
    fn turn_to(&mut self, trace_id: TraceId) {
        self.last_trace = Some((trace_id, self.numbers.get(&trace_id).copied()));
    }

    /// Keeps a span of the trace last turned to.
    fn keep(&mut self, at: u32, mut identity: RowIdentity) {
        let Some((trace_id, number)) = &mut self.last_trace else { return };
        identity.trace = *number.get_or_insert_with(|| {
            let number = u32::try_from(self.identities.traces.len()).unwrap_or(u32::MAX);
            self.identities.traces.push(*trace_id);
            self.numbers.insert(*trace_id, number);
            number
        });
        self.identities.spans.push(identity);
        self.kept.push(at);
    }
}

/// Ordinals that a request leaves out from the start.
fn rejected_ordinals(request: &Prepared) -> Vec<u32> {
    request.walked.rejected.iter().map(|(ordinal, _)| *ordinal).collect()
}

/// Whether a request has the same body as one that is stored.
fn same_body(request: &Prepared, compression: formats::Compression, body: &[u8]) -> bool {
    if request.compression == compression && request.body == body {
        return true;
    }
    let plain = |compression, body: &[u8]| formats::decompress(compression, body, MAX_BODY_BYTES).ok();
    plain(request.compression, &request.body)
        .is_some_and(|ours| plain(compression, body).is_some_and(|theirs| ours == theirs))
}
