//! Calls counted by the edge of the service graph that they are.

use std::{collections::BTreeMap, hash::BuildHasher};

use analysis::{Call, ConnectionType, GraphNode, NodeKind};
use hashbrown::{DefaultHashBuilder, HashMap, HashTable, hash_map::Entry};

use crate::{
    MOST_KEYS, MOST_TEXT_BYTES, OTHER, Sketch, UNIT, aggregates::in_hours, difference::Difference, texts::Texts,
    weight_of,
};

/// What calls are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EdgeKey<'a> {
    /// When they were made, minutes since the Unix epoch.
    pub start_minute: u32,
    /// How many minutes are counted together, from that one on: 1 or 60.
    pub minutes: u32,
    /// Who calls.
    pub client: GraphNode<'a>,
    /// Who is called.
    pub server: GraphNode<'a>,
    /// How they are connected.
    pub connection: ConnectionType,
}

/// What is known of the calls of an edge. The shortest and the longest of durations are as exact as their quantiles.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Edge {
    /// How many there are, by the spans that they stand for.
    pub calls: f64,
    /// How many of them failed.
    pub failed: f64,
    /// How long they took as the caller saw it.
    pub client: Sketch,
    /// How long they took as seen by who was called.
    pub server: Sketch,
    /// How long messages were on their way.
    pub delay: Sketch,
}

/// A node in numbers of texts.
#[derive(Debug, Clone, Copy)]
struct NodeNumbers {
    kind: NodeKind,
    namespace: u32,
    name: u32,
    port: Option<u16>,
}

/// An [`EdgeKey`] in numbers of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EdgeNumbers {
    pub(crate) client: u32,
    pub(crate) server: u32,
    pub(crate) connection: ConnectionType,
    pub(crate) minutes: u32,
    pub(crate) start_minute: u32,
}

/// Calls that were counted and taken back, in [`UNIT`]s.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Counted {
    pub(crate) calls: i64,
    pub(crate) failed: i64,
    /// Durations of the client and of the server, and the delay.
    pub(crate) durations: [Difference; 3],
}

impl Counted {
    fn add(&mut self, call: &Call<'_>, weight: i64) {
        self.calls = self.calls.saturating_add(weight);
        if call.is_failed {
            self.failed = self.failed.saturating_add(weight);
        }
        let nanos = [call.client_nanos, call.server_nanos, call.delay_nanos];
        for (durations, nanos) in self.durations.iter_mut().zip(nanos) {
            if let Some(nanos) = nanos {
                durations.add(nanos, weight);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.failed = self.failed.saturating_add(other.failed);
        self.durations.iter_mut().zip(&other.durations).for_each(|(ours, theirs)| ours.merge(theirs));
    }

    fn is_none(&self) -> bool {
        (self.calls, self.failed) == (0, 0) && self.durations.iter().all(Difference::is_none)
    }

    fn edge(&self) -> Edge {
        let [client, server, delay] = self.durations.each_ref().map(Difference::sketch);
        let count = |units: i64| units.max(0) as f64 / UNIT as f64;
        Edge { calls: count(self.calls), failed: count(self.failed), client, server, delay }
    }
}

/// Calls counted by [`EdgeKey`]. What was counted can be taken back, here or in others that are merged with it: once all
/// are, what is left is what there is. Until then counts may be below 0, and nothing of that is shown.
#[derive(Debug, Clone, Default)]
pub struct Edges {
    texts: Texts,
    nodes: Vec<NodeNumbers>,
    /// Numbers of nodes by what they are: each call asks for two.
    node_ids: HashTable<u32>,
    hasher: DefaultHashBuilder,
    pub(crate) counted: HashMap<EdgeNumbers, Counted>,
    pub(crate) folded: i64,
}

impl Edges {
    /// Counts a call.
    pub fn add(&mut self, call: &Call<'_>) {
        self.count(call, weight(call));
    }

    /// Takes a call back that was counted.
    pub fn take_back(&mut self, call: &Call<'_>) {
        self.count(call, -weight(call));
    }

    fn count(&mut self, call: &Call<'_>, weight: i64) {
        let numbers = EdgeNumbers {
            client: self.node_id(call.client),
            server: self.node_id(call.server),
            connection: call.connection,
            minutes: 1,
            start_minute: call.minute,
        };
        self.put(numbers, weight, |counted| counted.add(call, weight));
    }

    /// Counts all that another has counted, as far as it is wanted.
    pub fn merge(&mut self, other: &Self, is_wanted: impl Fn(&EdgeKey<'_>) -> bool) {
        self.merge_as(other, is_wanted, |minute, minutes| (minute, minutes));
    }

    /// Counts all that another has counted, hours together.
    pub fn merge_hours(&mut self, other: &Self) {
        self.merge_as(other, |_| true, |minute, _| in_hours(minute));
    }

    fn merge_as(
        &mut self,
        other: &Self,
        is_wanted: impl Fn(&EdgeKey<'_>) -> bool,
        minutes_of: impl Fn(u32, u32) -> (u32, u32),
    ) {
        self.folded = self.folded.saturating_add(other.folded);
        for (numbers, counted) in other.sorted() {
            if !is_wanted(&other.key(numbers)) {
                continue;
            }
            let (start_minute, minutes) = minutes_of(numbers.start_minute, numbers.minutes);
            let ours = EdgeNumbers {
                client: self.node_id(other.node(numbers.client)),
                server: self.node_id(other.node(numbers.server)),
                start_minute,
                minutes,
                ..numbers
            };
            self.put(ours, counted.calls, |ours| ours.merge(counted));
        }
    }

    /// Adds to what is counted by a key, or of what has too many keys.
    fn put(&mut self, numbers: EdgeNumbers, weight: i64, add: impl FnOnce(&mut Counted)) {
        let has_room = self.counted.len() < MOST_KEYS;
        match self.counted.entry(numbers) {
            Entry::Occupied(known) => return add(known.into_mut()),
            Entry::Vacant(new) if has_room => return add(new.insert(Counted::default())),
            Entry::Vacant(_) => {}
        }
        self.folded = self.folded.saturating_add(weight);
        let other = |node: GraphNode<'_>| GraphNode { kind: node.kind, name: OTHER, ..GraphNode::default() };
        let (client, server) = (self.node(numbers.client).kind, self.node(numbers.server).kind);
        let [client, server] =
            [client, server].map(|kind| self.node_id(other(GraphNode { kind, ..GraphNode::default() })));
        // Names and ways are few, minutes are not without end.
        add(self.counted.entry(EdgeNumbers { client, server, ..numbers }).or_default());
    }

    /// The number of a node whose texts are not too long.
    pub(crate) fn node_id(&mut self, node: GraphNode<'_>) -> u32 {
        let short = |text: &'_ str| text.len() <= MOST_TEXT_BYTES;
        if !(short(node.namespace) && short(node.name)) {
            let cut = |text| if short(text) { text } else { OTHER };
            return self.node_id(GraphNode { namespace: cut(node.namespace), name: cut(node.name), ..node });
        }
        let Self { texts, nodes, node_ids, hasher, .. } = self;
        let hash = hasher.hash_one(node);
        if let Some(number) = node_ids.find(hash, |number| node_of(nodes, texts, *number) == node) {
            return *number;
        }
        let number = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        let (namespace, name) = (texts.number(node.namespace), texts.number(node.name));
        nodes.push(NodeNumbers { kind: node.kind, namespace, name, port: node.port });
        node_ids.insert_unique(hash, number, |number| hasher.hash_one(node_of(nodes, texts, *number)));
        number
    }

    /// By key, what did not come to nothing.
    pub(crate) fn sorted(&self) -> BTreeMap<EdgeNumbers, &Counted> {
        let all = self.counted.iter().filter(|(_, counted)| !counted.is_none());
        all.map(|(numbers, counted)| (*numbers, counted)).collect()
    }

    pub(crate) fn node(&self, number: u32) -> GraphNode<'_> {
        node_of(&self.nodes, &self.texts, number)
    }

    fn key(&self, numbers: EdgeNumbers) -> EdgeKey<'_> {
        EdgeKey {
            start_minute: numbers.start_minute,
            minutes: numbers.minutes,
            client: self.node(numbers.client),
            server: self.node(numbers.server),
            connection: numbers.connection,
        }
    }

    /// All edges of which there is a call, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (EdgeKey<'_>, Edge)> {
        let there = self.counted.iter().filter(|(_, counted)| counted.calls > 0);
        there.map(|(numbers, counted)| (self.key(*numbers), counted.edge()))
    }

    /// How many keys there are, those that came to nothing included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counted.len()
    }

    /// Whether nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counted.is_empty()
    }

    /// The first and the last minute that is counted in, minutes since the Unix epoch; `None` if there is none.
    #[must_use]
    pub fn minutes(&self) -> Option<(u32, u32)> {
        let there = || self.counted.iter().filter(|(_, counted)| !counted.is_none()).map(|(numbers, _)| numbers);
        let first = there().map(|numbers| numbers.start_minute).min()?;
        let last = |numbers: &EdgeNumbers| numbers.start_minute.saturating_add(numbers.minutes.saturating_sub(1));
        Some((first, there().map(last).max()?))
    }

    /// How many calls were folded into nodes named [`OTHER`] because there were too many keys.
    #[must_use]
    pub fn folded(&self) -> f64 {
        self.folded.max(0) as f64 / UNIT as f64
    }
}

fn node_of<'t>(nodes: &[NodeNumbers], texts: &'t Texts, number: u32) -> GraphNode<'t> {
    let Some(node) = nodes.get(number as usize) else { return GraphNode::default() };
    let NodeNumbers { kind, namespace, name, port } = *node;
    GraphNode { kind, namespace: texts.get(namespace), name: texts.get(name), port }
}

fn weight(call: &Call<'_>) -> i64 {
    i64::try_from(weight_of(call.adjusted_count)).unwrap_or(i64::MAX)
}

impl PartialEq for Edges {
    fn eq(&self, other: &Self) -> bool {
        fn all(edges: &Edges) -> BTreeMap<EdgeKey<'_>, &Counted> {
            edges.sorted().into_iter().map(|(numbers, counted)| (edges.key(numbers), counted)).collect()
        }
        self.folded == other.folded && all(self) == all(other)
    }
}
