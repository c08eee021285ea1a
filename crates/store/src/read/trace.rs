//! Reading a trace: the bodies of the requests that brought it, decoded, without what they leave out.

use std::sync::Arc;

use formats::{Compression, Encoding, decode_logs, decode_traces};
use hashbrown::HashMap;
use model::{LogsData, Resource, Scope, Signal, SpanId, TraceId, TracesData};
use serde::Serialize;
use sqlx::{Row, sqlite::SqliteRow};
use xxhash_rust::xxh3::xxh3_64;

use super::{Reader, StoredLog, StoredResource, StoredScope, StoredSpan, TraceContents};
use crate::{ReadError, left_out::LeftOut, schema};

/// Bodies collected before they are decoded together, bytes.
const BODIES_PER_STEP: usize = 8 << 20;
/// More than any body may hold; a length beyond it is damage.
pub(crate) const MAX_BODY_BYTES: u64 = 1 << 30;

impl Reader {
    /// All spans and log records of a trace; `None` if neither is stored.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn trace(&self, trace_id: TraceId) -> Result<Option<TraceContents>, ReadError> {
        let Some(rows) = self.index().rows(trace_id) else { return Ok(None) };
        let mut assembly = Assembly::new(trace_id);
        let mut waiting = Vec::new();
        let mut bytes = 0;
        for row in rows {
            let Some(request) = self.request(row).await? else { continue };
            bytes += request.body.len();
            waiting.push(request);
            if bytes >= BODIES_PER_STEP {
                assembly = assembly.add_in_background(std::mem::take(&mut waiting)).await?;
                bytes = 0;
            }
        }
        Ok(Some(assembly.add_in_background(waiting).await?.finish()))
    }

    /// The request in a row of the append level; `None` if the row is gone.
    pub(crate) async fn request(&self, row: u64) -> Result<Option<StoredRequest>, ReadError> {
        let rows = self
            .shared
            .connection
            .rows(
                "SELECT signal, encoding, compression, repaired_texts, left_out, body FROM l0 WHERE id = ? LIMIT ?",
                row.cast_signed(),
                1,
            )
            .await?;
        rows.first().map(|columns| StoredRequest::of(row, columns)).transpose()
    }

    /// The identities of the spans in a row, as the writer wrote them; empty if the row is gone.
    pub(crate) async fn identities(&self, row: u64) -> Result<Vec<u8>, ReadError> {
        let rows =
            self.shared.connection.rows("SELECT identities FROM l0 WHERE id = ? LIMIT ?", row.cast_signed(), 1).await?;
        Ok(rows.first().map(|columns| columns.try_get(0)).transpose()?.unwrap_or_default())
    }
}

/// A request as it is stored.
#[derive(Debug)]
pub(crate) struct StoredRequest {
    pub(crate) row: u64,
    pub(crate) signal: Signal,
    pub(crate) encoding: Encoding,
    pub(crate) compression: Compression,
    pub(crate) repaired_texts: u64,
    pub(crate) left_out: LeftOut,
    pub(crate) body: Vec<u8>,
}

impl StoredRequest {
    fn of(row: u64, columns: &SqliteRow) -> Result<Self, ReadError> {
        let damaged = |what: &str| ReadError::Damaged { row, detail: format!("its {what}") };
        Ok(Self {
            row,
            signal: schema::signal_of(columns.try_get(0)?).ok_or_else(|| damaged("signal"))?,
            encoding: schema::encoding_of(columns.try_get(1)?).ok_or_else(|| damaged("encoding"))?,
            compression: schema::compression_of(columns.try_get(2)?).ok_or_else(|| damaged("compression"))?,
            repaired_texts: columns.try_get::<i64, _>(3)?.cast_unsigned(),
            left_out: LeftOut::from_bytes(columns.try_get(4)?).ok_or_else(|| damaged("list of what it leaves out"))?,
            body: columns.try_get(5)?,
        })
    }

    /// The body without its compression.
    pub(crate) fn plain_body(&self) -> Result<Vec<u8>, ReadError> {
        formats::decompress(self.compression, &self.body, MAX_BODY_BYTES)
            .map_err(|error| ReadError::Damaged { row: self.row, detail: error.to_string() })
    }
}

/// A trace while it is put together.
struct Assembly {
    contents: TraceContents,
    resources: HashMap<u64, Vec<u32>>,
    scopes: HashMap<u64, Vec<u32>>,
    variants: HashMap<SpanId, u32>,
}

impl Assembly {
    fn new(trace_id: TraceId) -> Self {
        Self {
            contents: TraceContents { trace_id, ..TraceContents::default() },
            resources: HashMap::new(),
            scopes: HashMap::new(),
            variants: HashMap::new(),
        }
    }

    /// Decodes requests away from the threads that serve others.
    async fn add_in_background(mut self, requests: Vec<StoredRequest>) -> Result<Self, ReadError> {
        let decoded = tokio::task::spawn_blocking(move || {
            requests.iter().try_for_each(|request| self.add(request)).map(|()| self)
        });
        match decoded.await {
            Ok(assembly) => assembly,
            Err(error) => Err(ReadError::Damaged { row: 0, detail: format!("the decoder stopped: {error}") }),
        }
    }

    fn add(&mut self, request: &StoredRequest) -> Result<(), ReadError> {
        let damaged = |error: formats::FormatError| ReadError::Damaged { row: request.row, detail: error.to_string() };
        let body = request.plain_body()?;
        self.contents.repaired_texts += request.repaired_texts;
        match request.signal {
            Signal::Traces => {
                self.add_spans(decode_traces(request.encoding, &body).map_err(damaged)?, &request.left_out);
            }
            Signal::Logs => {
                self.add_logs(decode_logs(request.encoding, &body).map_err(damaged)?, &request.left_out);
            }
            Signal::Metrics => {}
        }
        Ok(())
    }

    fn add_spans(&mut self, data: TracesData, left_out: &LeftOut) {
        let trace_id = self.contents.trace_id;
        let mut ordinal = 0..;
        for of_resource in data.resource_spans {
            let mut resource = Lazy::new(of_resource.resource, of_resource.schema_url);
            for of_scope in of_resource.scope_spans {
                let mut scope = Lazy::new(of_scope.scope, of_scope.schema_url);
                for span in of_scope.spans {
                    let is_left_out = ordinal.next().is_some_and(|ordinal| left_out.contains(ordinal));
                    if is_left_out || span.trace_id != trace_id {
                        continue;
                    }
                    let next = self.variants.entry(span.span_id).or_default();
                    let variant = *next;
                    *next += 1;
                    let (resource, scope) = (resource.index(self), scope.index(self));
                    self.contents.spans.push(StoredSpan { span, resource, scope, variant });
                }
            }
        }
    }

    fn add_logs(&mut self, data: LogsData, left_out: &LeftOut) {
        let trace_id = self.contents.trace_id;
        let mut ordinal = 0..;
        for of_resource in data.resource_logs {
            let mut resource = Lazy::new(of_resource.resource, of_resource.schema_url);
            for of_scope in of_resource.scope_logs {
                let mut scope = Lazy::new(of_scope.scope, of_scope.schema_url);
                for record in of_scope.log_records {
                    let is_left_out = ordinal.next().is_some_and(|ordinal| left_out.contains(ordinal));
                    if is_left_out || record.trace() != Some(trace_id) {
                        continue;
                    }
                    let (resource, scope) = (resource.index(self), scope.index(self));
                    self.contents.logs.push(StoredLog { record, resource, scope });
                }
            }
        }
    }

    fn finish(mut self) -> TraceContents {
        self.contents.logs.sort_by_key(|log| log.record.time());
        self.contents
    }
}

/// A resource or scope that gets its place when the first span or record of the trace needs it.
enum Lazy<T> {
    Waiting(Option<T>, String),
    Placed(u32),
}

impl<T: Placed> Lazy<T> {
    fn new(what: Option<T>, schema_url: String) -> Self {
        Self::Waiting(what, schema_url)
    }

    fn index(&mut self, assembly: &mut Assembly) -> u32 {
        match self {
            Self::Placed(index) => *index,
            Self::Waiting(what, schema_url) => {
                let index = T::place(what.take(), std::mem::take(schema_url), assembly);
                *self = Self::Placed(index);
                index
            }
        }
    }
}

trait Placed: Sized {
    /// The index of the same one, which is added if it is new.
    fn place(what: Option<Self>, schema_url: String, assembly: &mut Assembly) -> u32;
}

impl Placed for Resource {
    fn place(resource: Option<Self>, schema_url: String, assembly: &mut Assembly) -> u32 {
        let new = StoredResource { resource, schema_url };
        let same = |a: &StoredResource| {
            a.schema_url == new.schema_url && both_or_none(&a.resource, &new.resource, Resource::same)
        };
        let hash = content_hash(&(&new.resource, &new.schema_url));
        let all = &mut assembly.contents.resources;
        let alike = assembly.resources.entry(hash).or_default();
        find_or_push(all, alike, same).unwrap_or_else(|index| {
            all.push(Arc::new(new));
            index
        })
    }
}

impl Placed for Scope {
    fn place(scope: Option<Self>, schema_url: String, assembly: &mut Assembly) -> u32 {
        let new = StoredScope { scope, schema_url };
        let same = |a: &StoredScope| a.schema_url == new.schema_url && both_or_none(&a.scope, &new.scope, Scope::same);
        let hash = content_hash(&(&new.scope, &new.schema_url));
        let all = &mut assembly.contents.scopes;
        let alike = assembly.scopes.entry(hash).or_default();
        find_or_push(all, alike, same).unwrap_or_else(|index| {
            all.push(Arc::new(new));
            index
        })
    }
}

/// `Ok` with the index of the one that is there, `Err` with the index that a new one gets.
fn find_or_push<T>(all: &[Arc<T>], alike: &mut Vec<u32>, same: impl Fn(&T) -> bool) -> Result<u32, u32> {
    if let Some(&index) = alike.iter().find(|&&index| all.get(index as usize).is_some_and(|one| same(one))) {
        return Ok(index);
    }
    let index = u32::try_from(all.len()).unwrap_or(u32::MAX);
    alike.push(index);
    Err(index)
}

/// Whether both are there and the same, or neither is there.
pub(crate) fn both_or_none<T>(a: &Option<T>, b: &Option<T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same(a, b),
        (None, None) => true,
        _ => false,
    }
}

fn content_hash(value: &impl Serialize) -> u64 {
    // Serialising into memory does not fail for these types; if it did, all would share a bucket.
    postcard::to_stdvec(value).map_or(0, |bytes| xxh3_64(&bytes))
}
