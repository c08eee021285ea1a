//! From spans in any order to a forest in preorder.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use model::{SpanId, SpanKind};

use crate::{
    Oddity, SpanInput, Trace,
    critical_path::CriticalPath,
    self_time::may_wait_for,
    trace::{NONE, Shape},
};

/// Spans and placeholders together must be numbered in 32 bits, less one for [`NONE`].
const MOST_SPANS: usize = (u32::MAX / 2) as usize;

/// A parent that has not arrived.
struct Missing {
    span_id: SpanId,
    /// The earliest start and latest end of its children with possible times; of all children
    /// while none has them.
    start_unix_nano: u64,
    end_unix_nano: u64,
    is_possible: bool,
}

/// Spans by id.
#[derive(Clone, Copy)]
struct Holder {
    /// Position of the span to which children attach.
    position: u32,
    /// How many spans have the id.
    count: u32,
}

/// Why a span with a parent stands as a root.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    No,
    ParentIsSelf,
    Cycle,
}

/// Who is whose parent. Positions are ranks in the order of siblings, so that the order of input
/// is forgotten; placeholders are numbered on behind the spans.
struct Links {
    /// By position, placeholders included.
    parent: Vec<u32>,
    /// By position of spans.
    cut: Vec<Cut>,
    missing: Vec<Missing>,
    holders: HashMap<SpanId, Holder>,
}

pub(crate) fn assemble(input: &[SpanInput]) -> Trace {
    let input = &input[..input.len().min(MOST_SPANS)];
    let (order, spans) = in_order_of_siblings(input);
    let mut links = link(&spans);
    cut_cycles(&spans, &mut links);
    let (sequence, child_count) = preorder(&spans, &links);
    build(&spans, &order, &links, &sequence, &child_count)
}

/// Indices in the input, and the spans themselves, copied so that all that follows reads memory in
/// order.
fn in_order_of_siblings(input: &[SpanInput]) -> (Vec<u32>, Vec<SpanInput>) {
    // Start and end decide nearly always, so they stand beside the index.
    let mut keys: Vec<(u64, Reverse<u64>, u32)> = (0_u32..)
        .zip(input)
        .map(|(index, span)| (span.start_unix_nano, Reverse(span.drawn_end_unix_nano()), index))
        .collect();
    keys.sort_unstable_by(|a, b| {
        let of_equal_times = || input[a.2 as usize].order(&input[b.2 as usize]).then(a.2.cmp(&b.2));
        (a.0, a.1).cmp(&(b.0, b.1)).then_with(of_equal_times)
    });
    let spans = keys.iter().map(|key| input[key.2 as usize]).collect();
    (keys.into_iter().map(|key| key.2).collect(), spans)
}

/// Finds everyone's parent, or makes a placeholder for it.
fn link(spans: &[SpanInput]) -> Links {
    let mut holders: HashMap<SpanId, Holder> = HashMap::with_capacity(spans.len());
    for (position, span) in spans.iter().enumerate() {
        let position = position as u32;
        let holder = holders.entry(span.span_id).or_insert(Holder { position, count: 0 });
        holder.count += 1;
        if span.kind == SpanKind::SERVER && spans[holder.position as usize].kind != SpanKind::SERVER {
            holder.position = position;
        }
    }
    let mut missing = Vec::new();
    let mut missing_by_id = HashMap::new();
    let mut cut = vec![Cut::No; spans.len()];
    let mut parent = vec![NONE; spans.len()];
    for (position, span) in spans.iter().enumerate() {
        let Some(id) = span.parent else { continue };
        if id == span.span_id {
            cut[position] = Cut::ParentIsSelf;
        } else if let Some(holder) = holders.get(&id) {
            parent[position] = holder.position;
        } else {
            let index = *missing_by_id.entry(id).or_insert_with(|| {
                missing.push(Missing::of(id));
                missing.len() - 1
            });
            missing[index].extend_over(span);
            parent[position] = (spans.len() + index) as u32;
        }
    }
    parent.resize(spans.len() + missing.len(), NONE);
    Links { parent, cut, missing, holders }
}

impl Missing {
    fn of(span_id: SpanId) -> Self {
        Self { span_id, start_unix_nano: u64::MAX, end_unix_nano: 0, is_possible: false }
    }

    fn extend_over(&mut self, child: &SpanInput) {
        let is_possible = child.has_possible_times();
        if is_possible && !self.is_possible {
            *self = Self { is_possible, ..Self::of(self.span_id) };
        }
        if is_possible == self.is_possible {
            self.start_unix_nano = self.start_unix_nano.min(child.start_unix_nano);
            self.end_unix_nano = self.end_unix_nano.max(child.drawn_end_unix_nano());
        }
    }
}

/// Follows parents upwards from every span, each step once, and cuts where that runs in a circle.
fn cut_cycles(spans: &[SpanInput], links: &mut Links) {
    const UNSEEN: u32 = 0;
    // By position: in which walk it was seen first, counted from 1.
    let mut seen = vec![UNSEEN; links.parent.len()];
    for position in 0..spans.len() as u32 {
        let walk = position + 1;
        let mut at = position;
        while at != NONE && seen[at as usize] == UNSEEN {
            seen[at as usize] = walk;
            at = links.parent[at as usize];
        }
        if at == NONE || seen[at as usize] != walk {
            continue;
        }
        let entry = at;
        let order = |at: u32| (spans[at as usize].start_unix_nano, spans[at as usize].span_id);
        let mut first = entry;
        at = links.parent[entry as usize];
        while at != entry {
            if order(at) < order(first) {
                first = at;
            }
            at = links.parent[at as usize];
        }
        links.parent[first as usize] = NONE;
        links.cut[first as usize] = Cut::Cycle;
    }
}

/// All positions in preorder, and how many children each position has.
fn preorder(spans: &[SpanInput], links: &Links) -> (Vec<u32>, Vec<u32>) {
    let count = links.parent.len();
    let mut child_count = vec![0_u32; count];
    for &parent in &links.parent {
        if parent != NONE {
            child_count[parent as usize] += 1;
        }
    }
    // Children of a position lie together; walking positions in order leaves them in theirs.
    let mut next_slot = vec![0_usize; count];
    let mut slots = 0;
    for (slot, &children) in next_slot.iter_mut().zip(&child_count) {
        *slot = slots;
        slots += children as usize;
    }
    let mut children = vec![NONE; slots];
    let mut roots = Vec::new();
    for (position, &parent) in links.parent.iter().enumerate() {
        if parent == NONE {
            roots.push(position as u32);
        } else {
            children[next_slot[parent as usize]] = position as u32;
            next_slot[parent as usize] += 1;
        }
    }
    // Placeholders take their place among the roots; ties keep the order of positions.
    roots.sort_by_key(|&root| match spans.get(root as usize) {
        Some(span) => (span.start_unix_nano, Reverse(span.drawn_end_unix_nano()), span.span_id),
        None => {
            let missing = &links.missing[root as usize - spans.len()];
            (missing.start_unix_nano, Reverse(missing.end_unix_nano), missing.span_id)
        }
    });
    let mut stack = roots;
    stack.reverse();
    let mut sequence = Vec::with_capacity(count);
    while let Some(position) = stack.pop() {
        sequence.push(position);
        let end = next_slot[position as usize];
        let first = end - child_count[position as usize] as usize;
        stack.extend(children[first..end].iter().rev());
    }
    (sequence, child_count)
}

fn build(spans: &[SpanInput], order: &[u32], links: &Links, sequence: &[u32], child_count: &[u32]) -> Trace {
    let count = sequence.len();
    let (start_unix_nano, duration_nanos) = extent(spans);
    let mut shape = Shape {
        parent: Vec::with_capacity(count),
        depth: Vec::with_capacity(count),
        subtree_size: vec![1; count],
        child_count: sequence.iter().map(|&position| child_count[position as usize]).collect(),
    };
    let mut trace = Trace {
        shape: Arc::default(),
        start_unix_nano,
        duration_nanos,
        span_count: spans.len() as u32,
        missing_count: links.missing.len() as u32,
        error_count: spans.iter().filter(|span| span.is_error).count() as u32,
        depth: 0,
        root: None,
        input: Vec::with_capacity(count),
        span_id: Vec::with_capacity(count),
        service: Vec::with_capacity(count),
        kind: Vec::with_capacity(count),
        is_error: Vec::with_capacity(count),
        errors_below: vec![0; count],
        start: Vec::with_capacity(count),
        end: Vec::with_capacity(count),
        duration: Vec::with_capacity(count),
        oddities: Vec::new(),
        critical_path: CriticalPath::default(),
    };
    let mut node_of = vec![NONE; count];
    for (node, &position) in sequence.iter().enumerate() {
        node_of[position as usize] = node as u32;
        // In preorder the parent has its number already.
        let parent = match links.parent[position as usize] {
            NONE => NONE,
            parent => node_of[parent as usize],
        };
        let depth = if parent == NONE { 0 } else { shape.depth[parent as usize] + 1 };
        shape.parent.push(parent);
        shape.depth.push(depth);
        trace.depth = trace.depth.max(depth + 1);
        match spans.get(position as usize) {
            Some(span) => {
                trace.push(span, order[position as usize]);
                note_oddities(&mut trace, spans, links, position, parent);
            }
            None => trace.push_missing(&links.missing[position as usize - spans.len()]),
        }
    }
    for node in (0..count).rev() {
        let parent = shape.parent[node];
        if parent != NONE {
            shape.subtree_size[parent as usize] += shape.subtree_size[node];
            trace.errors_below[parent as usize] += trace.errors_below[node] + u32::from(trace.is_error[node]);
        }
    }
    trace.shape = Arc::new(shape);
    trace.root = longest_root(&trace, spans, links, sequence);
    if let Some(root) = trace.root {
        trace.critical_path = CriticalPath::of_root(&trace, root);
    }
    trace
}

impl Trace {
    fn push(&mut self, span: &SpanInput, input: u32) {
        self.input.push(input);
        self.span_id.push(span.span_id);
        self.service.push(span.service);
        self.kind.push(span.kind);
        self.is_error.push(span.is_error);
        self.push_times(span.start_unix_nano, span.drawn_end_unix_nano());
    }

    fn push_missing(&mut self, missing: &Missing) {
        self.input.push(NONE);
        self.span_id.push(missing.span_id);
        self.service.push(NONE);
        self.kind.push(SpanKind::UNSPECIFIED);
        self.is_error.push(false);
        self.push_times(missing.start_unix_nano, missing.end_unix_nano);
    }

    fn push_times(&mut self, start: u64, end: u64) {
        self.start.push(offset(start, self.start_unix_nano));
        self.end.push(offset(end, self.start_unix_nano));
        self.duration.push(end - start);
    }

    /// Whether the node is a placeholder.
    pub(crate) fn is_missing(&self, node: u32) -> bool {
        self.input[node as usize] == NONE
    }
}

/// From `origin` to `moment`, as far as 64 bits reach.
fn offset(moment: u64, origin: u64) -> i64 {
    if moment >= origin {
        i64::try_from(moment - origin).unwrap_or(i64::MAX)
    } else {
        i64::try_from(origin - moment).map_or(i64::MIN, |before| -before)
    }
}

/// Start and duration of the spans with possible times, else of all.
fn extent(spans: &[SpanInput]) -> (u64, u64) {
    let over = |only_possible: bool| {
        spans
            .iter()
            .filter(|span| !only_possible || span.has_possible_times())
            .map(|span| (span.start_unix_nano, span.drawn_end_unix_nano()))
            .reduce(|(start, end), (other_start, other_end)| (start.min(other_start), end.max(other_end)))
    };
    let (start, end) = over(true).or_else(|| over(false)).unwrap_or_default();
    (start, end - start)
}

/// Called in preorder, so that they stand by node.
fn note_oddities(trace: &mut Trace, spans: &[SpanInput], links: &Links, position: u32, parent: u32) {
    let node = trace.input.len() as u32 - 1;
    let span = &spans[position as usize];
    let mut note = |oddity| trace.oddities.push((node, oddity));
    let parent_span = match links.parent[position as usize] {
        NONE => None,
        parent => spans.get(parent as usize),
    };
    if parent != NONE && parent_span.is_none() {
        note(Oddity::ParentMissing);
    }
    if let Some(bytes) = span.malformed_parent_bytes {
        note(Oddity::ParentMalformed(bytes));
    }
    match links.cut[position as usize] {
        Cut::No => {}
        Cut::ParentIsSelf => note(Oddity::ParentIsSelf),
        Cut::Cycle => note(Oddity::Cycle),
    }
    if span.end_unix_nano < span.start_unix_nano {
        note(Oddity::EndBeforeStart(span.start_unix_nano - span.end_unix_nano));
    }
    if span.has_impossible_moment() {
        note(Oddity::ImpossibleTime);
    }
    if let Some(holder) = links.holders.get(&span.span_id).filter(|holder| holder.count > 1) {
        note(Oddity::Variants(holder.count - 1));
    }
    if let Some(up) = parent_span
        && span.has_possible_times()
        && up.has_possible_times()
        && (span.start_unix_nano < up.start_unix_nano || span.end_unix_nano > up.end_unix_nano)
        && may_wait_for(up.kind, span.kind)
    {
        note(Oddity::OutsideParent);
    }
}

fn longest_root(trace: &Trace, spans: &[SpanInput], links: &Links, sequence: &[u32]) -> Option<u32> {
    let rank = |node: u32| {
        let position = sequence[node as usize] as usize;
        let span = spans.get(position)?;
        let parent = links.parent[position];
        let is_topmost = parent == NONE || parent as usize >= spans.len();
        is_topmost.then(|| {
            let is_root = span.parent.is_none() && span.malformed_parent_bytes.is_none();
            let is_cut = links.cut[position] != Cut::No;
            let duration = trace.duration[node as usize];
            let id = Reverse(span.span_id);
            (is_root, is_cut, span.has_possible_times(), duration, span.start_unix_nano, id, Reverse(node))
        })
    };
    (0..sequence.len() as u32).filter_map(|node| Some((rank(node)?, node))).max().map(|(_, node)| node)
}
