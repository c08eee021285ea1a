//! The tree of a generated trace: who did what below whom and when, before anything is described.

use std::ops::Range;

use super::{
    chance::{long_tailed, zipf},
    operations::{self, COMMANDS, MODELS, Operation, SITES, STEPS},
    services::{SERVICES, callee},
};
use crate::Random;

/// A span to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) service: usize,
    /// Position of the parent in the trace.
    pub(super) parent: Option<usize>,
    pub(super) operation: Operation,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) fails: Fails,
}

/// Whether something fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fails {
    No,
    /// Here it began.
    Itself,
    /// Something below it did.
    Below,
}

/// A span below which more can happen.
struct Open {
    node: usize,
    /// Where the next child can start.
    cursor: u64,
}

/// Spans of one trace among these services, parents before their children.
pub(super) fn tree(random: &mut Random, spans: usize, start: u64, duration: u64, services: Range<usize>) -> Vec<Node> {
    let root = root(random, start, duration, &services);
    below(random, spans, root, services)
}

/// Spans of one trace through all services, whatever their environment.
pub(super) fn big(random: &mut Random, spans: usize, start: u64, duration: u64) -> Vec<Node> {
    let operation = Operation::Serve { endpoint: 0 };
    let root = Node { service: 0, parent: None, operation, from: start, to: start + duration, fails: Fails::No };
    below(random, spans, root, 0..SERVICES.len())
}

/// A root and what happens below it.
fn below(random: &mut Random, spans: usize, root: Node, services: Range<usize>) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::with_capacity(spans);
    let mut open: Vec<Open> = Vec::new();
    // Something may have been called and not be served yet.
    let mut follows = Some(root);
    while nodes.len() < spans {
        let node = match follows.take() {
            Some(node) => node,
            None => next(random, &nodes, &mut open, &services),
        };
        let position = nodes.len();
        nodes.push(node);
        follows = follow(random, position, node);
        if position == 0 || is_open(&node) {
            open.push(Open { node: position, cursor: node.from });
        }
        if !matches!(node.operation, Operation::Call { .. }) && random.below(1_000) < 12 {
            fail(random, &mut nodes, position);
        }
    }
    nodes
}

/// Most traces begin at the edge, some with a message or with a job of a service.
fn root(random: &mut Random, start: u64, duration: u64, services: &Range<usize>) -> Node {
    let any = services.start + zipf(random, services.len());
    let (service, operation) = match random.below(100) {
        0..10 => {
            let sender = callee(random, any, services.clone());
            (any, Operation::Consume { sender, topic: zipf(random, 3) })
        }
        10..18 => (any, Operation::Step { step: zipf(random, STEPS.len()) }),
        _ => {
            let service = services.start + zipf(random, services.len().min(4));
            (service, Operation::Serve { endpoint: endpoint(random, service) })
        }
    };
    Node { service, parent: None, operation, from: start, to: start + duration, fails: Fails::No }
}

/// The next thing that happens below one of those that are open.
fn next(random: &mut Random, nodes: &[Node], open: &mut [Open], services: &Range<usize>) -> Node {
    let above = pick(random, open);
    let parent = &nodes[above.node];
    let all = parent.to - parent.from;
    if parent.to - above.cursor < all / 8 {
        // Nothing fits after the others: it runs beside them.
        above.cursor = parent.from + random.below(all / 2 + 1);
    }
    let gap = long_tailed(random, 200_000, 3).min((parent.to - above.cursor) / 12);
    let from = above.cursor + gap;
    let operation = inside(random, parent.service, services);
    let room = parent.to - from;
    let lasts = match operation {
        Operation::Call { .. } | Operation::Fetch { .. } => random.below(room / 3 + 1),
        Operation::Step { .. } => random.below(room / 4 + 1),
        Operation::Generate { .. } => random.below(room / 2 + 1),
        Operation::Cache { .. } => long_tailed(random, 250_000, 2).min(room),
        _ => long_tailed(random, 1_500_000, 3).min(room),
    };
    // Now and then the next one runs beside this one.
    above.cursor = if random.percent(85) { from + lasts } else { from };
    let (service, parent) = (parent.service, Some(above.node));
    Node { service, parent, operation, from, to: from + lasts, fails: Fails::No }
}

/// Someone below whom something happens next: any, but rather the recent.
fn pick<'a>(random: &mut Random, open: &'a mut [Open]) -> &'a mut Open {
    let count = open.len() as u64;
    let back = random.below(count).min(random.below(count));
    &mut open[(count - 1 - back) as usize]
}

/// What a service does while it serves.
fn inside(random: &mut Random, service: usize, services: &Range<usize>) -> Operation {
    if SERVICES[service].namespace == "ai" && random.percent(40) {
        return Operation::Generate { model: zipf(random, MODELS.len()) };
    }
    let statements = operations::of(service).statements.len();
    match random.below(100) {
        0..30 => {
            let callee = callee(random, service, services.clone());
            Operation::Call { callee, endpoint: endpoint(random, callee) }
        }
        30..56 if statements > 0 => Operation::Query { statement: zipf(random, statements) },
        30..74 => Operation::Step { step: (zipf(random, STEPS.len()) + service) % STEPS.len() },
        74..88 => Operation::Cache { command: zipf(random, COMMANDS.len()) },
        88..95 => Operation::Publish { topic: zipf(random, 3) },
        _ => Operation::Fetch { site: (zipf(random, SITES.len()) + service) % SITES.len() },
    }
}

fn endpoint(random: &mut Random, service: usize) -> usize {
    zipf(random, operations::of(service).endpoints.len())
}

/// What another service does because of it.
fn follow(random: &mut Random, position: usize, node: Node) -> Option<Node> {
    let lasts = node.to - node.from;
    let after = Node { parent: Some(position), fails: Fails::No, ..node };
    match node.operation {
        Operation::Call { callee, endpoint } => {
            // The way there and back takes a little.
            let way = lasts / 20;
            let operation = Operation::Serve { endpoint };
            Some(Node { service: callee, operation, from: node.from + way, to: node.to - way, ..after })
        }
        Operation::Publish { topic } => {
            let services = SERVICES[node.service].environment.services();
            let (service, operation) =
                (callee(random, node.service, services), Operation::Consume { sender: node.service, topic });
            let from = node.to + long_tailed(random, 800_000, 3);
            Some(Node { service, operation, from, to: from + long_tailed(random, 4_000_000, 3), ..after })
        }
        _ => None,
    }
}

/// Whether more can happen below it: there must be time.
fn is_open(node: &Node) -> bool {
    let opens = matches!(node.operation, Operation::Serve { .. } | Operation::Step { .. } | Operation::Consume { .. });
    opens && node.to - node.from > 300_000
}

/// It fails, and perhaps what waits for it.
fn fail(random: &mut Random, nodes: &mut [Node], position: usize) {
    nodes[position].fails = Fails::Itself;
    let mut below = position;
    while let Some(parent) = nodes[below].parent.filter(|_| random.percent(55)) {
        nodes[parent].fails = Fails::Below;
        below = parent;
    }
}
