//! Edges as bytes: column by column, for whoever compresses them.

use analysis::{ConnectionType, GraphNode, NodeKind};
use serde::{Deserialize, Serialize};

use crate::{
    Edges, EncodingError, UNIT,
    difference::Difference,
    edges::{Counted, EdgeNumbers},
    encoding::{NO_TEXT, SHORT, known, put_rising, rising, unpacked},
    texts::Texts,
};

const VERSION: u8 = 1;
/// In the order of their codes, which are never given anew.
const KINDS: [NodeKind; 6] =
    [NodeKind::Service, NodeKind::User, NodeKind::Database, NodeKind::Messaging, NodeKind::GenAi, NodeKind::External];
/// In the order of their codes, which are never given anew.
const CONNECTIONS: [ConnectionType; 4] =
    [ConnectionType::Unset, ConnectionType::VirtualNode, ConnectionType::MessagingSystem, ConnectionType::Database];

/// The columns: those of nodes, of keys, and of buckets, three times a key.
#[derive(Serialize, Deserialize, Default)]
struct Columns {
    version: u8,
    /// Weights are written divided by this.
    unit: i64,
    folded: i64,
    texts: Vec<String>,
    /// Kind, namespace and name; and the port.
    nodes: Vec<(u8, u32, u32)>,
    ports: Vec<Option<u16>>,
    client: Vec<u32>,
    server: Vec<u32>,
    connection: Vec<u8>,
    minutes: Vec<u32>,
    /// From the key before.
    start_minute: Vec<i64>,
    calls: Vec<i64>,
    failed: Vec<i64>,
    buckets: Vec<u32>,
    sum: Vec<i128>,
    /// From the bucket before.
    bucket: Vec<u16>,
    weight: Vec<i64>,
}

impl Edges {
    /// As bytes.
    ///
    /// # Errors
    /// None that is known: the encoder could say that there is one.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodingError> {
        let sorted = self.sorted();
        let one = UNIT.cast_signed();
        let is_whole = |counted: &&Counted| {
            let weights = counted.durations.iter().flat_map(|one| &one.buckets).map(|(_, weight)| *weight);
            let sums = counted.durations.iter().map(|durations| durations.sum);
            [counted.calls, counted.failed].into_iter().chain(weights).all(|weight| weight % one == 0)
                && sums.into_iter().all(|sum| sum % i128::from(one) == 0)
        };
        let unit = if self.folded % one == 0 && sorted.values().all(is_whole) { one } else { 1 };
        let mut columns = Columns { version: VERSION, unit, folded: self.folded / unit, ..Columns::default() };
        let mut texts = Texts::default();
        let mut used = hashbrown::HashMap::new();
        let mut before = 0;
        for (numbers, counted) in sorted {
            let mut node = |number: u32| {
                *used.entry(number).or_insert_with(|| {
                    let node = self.node(number);
                    let kind = KINDS.iter().position(|kind| *kind == node.kind).unwrap_or_default() as u8;
                    columns.nodes.push((kind, texts.number(node.namespace), texts.number(node.name)));
                    columns.ports.push(node.port);
                    columns.nodes.len() as u32 - 1
                })
            };
            let (client, server) = (node(numbers.client), node(numbers.server));
            columns.client.push(client);
            columns.server.push(server);
            let connection = CONNECTIONS.iter().position(|connection| *connection == numbers.connection);
            columns.connection.push(connection.unwrap_or_default() as u8);
            columns.minutes.push(numbers.minutes);
            columns.start_minute.push(i64::from(numbers.start_minute) - before);
            before = numbers.start_minute.into();
            columns.calls.push(counted.calls / unit);
            columns.failed.push(counted.failed / unit);
            for durations in &counted.durations {
                columns.buckets.push(durations.buckets.len() as u32);
                columns.sum.push(durations.sum / i128::from(unit));
                put_rising(&durations.buckets, unit, (&mut columns.bucket, &mut columns.weight));
            }
        }
        columns.texts = texts.into_all();
        postcard::to_stdvec(&columns).map_err(|_| EncodingError("they could not be written"))
    }

    /// From bytes.
    ///
    /// # Errors
    /// See [`EncodingError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EncodingError> {
        let columns: Columns = unpacked(bytes)?;
        known(columns.version, VERSION)?;
        columns.read()
    }
}

impl Columns {
    fn read(self) -> Result<Edges, EncodingError> {
        let mut all = Edges::default();
        all.folded = self.folded.saturating_mul(self.unit);
        let text = |number: &u32| self.texts.get(*number as usize).map(String::as_str).ok_or(NO_TEXT);
        let mut nodes = Vec::with_capacity(self.nodes.len());
        for (at, (kind, namespace, name)) in self.nodes.iter().enumerate() {
            let kind = KINDS.get(usize::from(*kind)).copied().ok_or(EncodingError("a kind that is none"))?;
            let port = self.ports.get(at).copied().ok_or(SHORT)?;
            nodes.push(all.node_id(GraphNode { kind, namespace: text(namespace)?, name: text(name)?, port }));
        }
        let node = |all: &[u32], at: usize| {
            let number = all.get(at).ok_or(SHORT)?;
            nodes.get(*number as usize).copied().ok_or(EncodingError("a node is missing"))
        };
        let mut buckets = self.bucket.iter().zip(&self.weight);
        let mut durations = self.buckets.iter().zip(&self.sum);
        let mut start_minute = 0_i64;
        for (at, connection) in self.connection.iter().enumerate() {
            start_minute = start_minute.saturating_add(self.start_minute.get(at).copied().ok_or(SHORT)?);
            let numbers = EdgeNumbers {
                client: node(&self.client, at)?,
                server: node(&self.server, at)?,
                connection: CONNECTIONS
                    .get(usize::from(*connection))
                    .copied()
                    .ok_or(EncodingError("a connection that is none"))?,
                minutes: self.minutes.get(at).copied().ok_or(SHORT)?,
                start_minute: u32::try_from(start_minute).map_err(|_| EncodingError("a minute that is none"))?,
            };
            let mut counted = Counted {
                calls: self.calls.get(at).copied().ok_or(SHORT)?.saturating_mul(self.unit),
                failed: self.failed.get(at).copied().ok_or(SHORT)?.saturating_mul(self.unit),
                ..Counted::default()
            };
            for one in &mut counted.durations {
                let (count, sum) = durations.next().ok_or(SHORT)?;
                let read = rising(&mut buckets, *count)?;
                let buckets =
                    read.into_iter().map(|(bucket, weight)| (bucket, weight.saturating_mul(self.unit))).collect();
                *one = Difference { buckets, sum: sum.saturating_mul(self.unit.into()) };
            }
            all.counted.insert(numbers, counted);
        }
        Ok(all)
    }
}
