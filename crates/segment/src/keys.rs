//! Which keys the attributes of spans have, and how many spans carry each: told by the shapes of their lists, without a
//! column of values.

use formats::raw::{RawAttribute, RawValue};
use hashbrown::HashMap;
use model::{KeyValue, Value};

use crate::{
    Holder, Rows, SegmentError, Shapes, SpanSegment, ValueType,
    frames::Wanted,
    spans_write::{Column, NO_PARENT},
};

/// Whose attributes are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bearer {
    /// The span, and where it has none of a key its resource and its scope.
    Any,
    /// The span.
    Span,
    /// Its resource.
    Resource,
    /// Its instrumentation scope.
    Scope,
    /// Its events.
    Event,
    /// Its links.
    Link,
    /// The span, if it has no parent.
    Root,
}

/// How many spans carry a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedKey {
    /// Where.
    pub bearer: Bearer,
    /// The key.
    pub key: String,
    /// Spans that carry it.
    pub spans: u64,
    /// Of these, those of which the first value is a number.
    pub numbers: u64,
    /// Of these, those of which the first value is true or false.
    pub bools: u64,
}

/// The fixed columns that tell the keys.
const COLUMNS: [Column; 8] = [
    Column::Shape,
    Column::Origin,
    Column::Origins,
    Column::Parent,
    Column::EventsOfSpan,
    Column::EventShape,
    Column::LinksOfSpan,
    Column::LinkShape,
];

/// The shape of lists that are one value, in which their keys are; its column is the first.
const IN_ONE: u64 = 0;

impl SpanSegment {
    /// The numbers of the blobs that [`SpanSegment::keys`] reads, and that it has not been given.
    #[must_use]
    pub fn blobs_of_keys(&self) -> Vec<u16> {
        let fixed = COLUMNS.into_iter().map(|column| column as usize);
        let lists = [Holder::Span, Holder::Event, Holder::Link].map(|holder| self.first_value(holder as usize));
        self.missing(fixed.chain(lists).map(|column| (column, Wanted::All)))
    }

    /// The spans that have no parent; what [`crate::Scan::Parents`] reads tells them.
    ///
    /// # Errors
    /// [`SegmentError`] where the column does not read.
    pub fn rows_without_parent(&self) -> Result<Rows, SegmentError> {
        let mut found = Rows::none(self.len());
        for run in 0..self.run_count() {
            let rows = self.rows_of_run(run);
            self.ints(Column::Parent, run)?.visit(rows.len(), |row, parent| {
                if parent == NO_PARENT {
                    found.insert(rows.start + row);
                }
            });
        }
        Ok(found)
    }

    /// The keys that its spans carry, each once for each bearer, sorted.
    ///
    /// # Errors
    /// [`SegmentError`] where a column does not read.
    pub fn keys(&self) -> Result<Vec<CarriedKey>, SegmentError> {
        let mut tally = Tally::default();
        let resources = self.resources()?;
        let of = resources.iter().map(|one| one.resource.as_ref().map_or(&[][..], |resource| &resource.attributes));
        let resources: Vec<_> = of.map(|attributes| tally.decoded(attributes)).collect();
        let scopes = self.scopes()?;
        let of = scopes.iter().map(|one| one.scope.as_ref().map_or(&[][..], |scope| &scope.attributes));
        let scopes: Vec<_> = of.map(|attributes| tally.decoded(attributes)).collect();
        let origins = self.origins()?;
        let around = |origin: u64| {
            let (resource, scope) = origins.pair(origin)?;
            let of = |all: &[Vec<Typed>], at: u32| all.get(at as usize).cloned().unwrap_or_default();
            Ok::<_, SegmentError>((of(&resources, resource), of(&scopes, scope)))
        };
        let shapes = self.shapes_of(Holder::Span, &mut tally)?;
        let mut groups: HashMap<(u64, u64, bool), u64> = HashMap::new();
        for run in 0..self.run_count() {
            let shape = self.ints(Column::Shape, run)?;
            let (origin, parent) = (self.ints(Column::Origin, run)?, self.ints(Column::Parent, run)?);
            let mut in_one = Vec::new();
            for row in 0..self.rows_of_run(run).len() {
                match shape.get(row) {
                    IN_ONE => in_one.push(row),
                    shape => *groups.entry((shape, origin.get(row), parent.get(row) == NO_PARENT)).or_default() += 1,
                }
            }
            let mut lists = self.attributes(Holder::Span as usize, run, in_one.iter().copied(), |_| true)?;
            let mut list = Vec::new();
            for row in in_one {
                lists.skip_to(row);
                list.clear();
                lists.next_into(&mut list)?;
                let own = tally.raw(&list);
                let (resource, scope) = around(origin.get(row))?;
                tally.of_spans(&own, &resource, &scope, parent.get(row) == NO_PARENT, 1);
            }
        }
        for ((shape, origin, is_root), spans) in groups {
            let own = usize::try_from(shape).ok().and_then(|shape| shapes.get(shape));
            let (resource, scope) = around(origin)?;
            tally.of_spans(own.map_or(&[], Vec::as_slice), &resource, &scope, is_root, spans);
        }
        self.keys_below(Bearer::Event, Holder::Event, Column::EventsOfSpan, Column::EventShape, &mut tally)?;
        self.keys_below(Bearer::Link, Holder::Link, Column::LinksOfSpan, Column::LinkShape, &mut tally)?;
        Ok(tally.finish())
    }

    /// Counts the spans with events or links that carry a key.
    fn keys_below(
        &self,
        bearer: Bearer,
        holder: Holder,
        counts: Column,
        shape: Column,
        tally: &mut Tally,
    ) -> Result<(), SegmentError> {
        let shapes = self.shapes_of(holder, tally)?;
        let mut groups: HashMap<Vec<u64>, u64> = HashMap::new();
        for run in 0..self.run_count() {
            let shape_of = self.ints(shape, run)?;
            let mut below: Vec<(usize, usize)> = Vec::new();
            self.visit_items(Some(counts), run, &self.rows_of_run(run), |row, item| {
                if item < shape_of.len() {
                    below.push((row, item));
                }
            })?;
            let mut of_span = Vec::new();
            for items in below.chunk_by(|(row, _), (other, _)| row == other) {
                of_span.clear();
                of_span.extend(items.iter().map(|(_, item)| shape_of.get(*item)));
                of_span.sort_unstable();
                of_span.dedup();
                if of_span.contains(&IN_ONE) {
                    let items = items.iter().map(|(_, item)| *item);
                    let mut lists = self.attributes(holder as usize, run, items.clone(), |_| true)?;
                    let mut list = Vec::new();
                    for _ in items {
                        lists.next_into(&mut list)?;
                    }
                    let keys = tally.raw(&list);
                    tally.add(bearer, &[&keys], 1);
                } else {
                    *groups.entry_ref(of_span.as_slice()).or_default() += 1;
                }
            }
        }
        for (group, spans) in groups {
            let lists = group.iter().filter_map(|shape| shapes.get(usize::try_from(*shape).ok()?));
            let lists: Vec<&[Typed]> = lists.map(Vec::as_slice).collect();
            tally.add(bearer, &lists, spans);
        }
        Ok(())
    }

    /// The keys of each shape.
    fn shapes_of(&self, holder: Holder, tally: &mut Tally) -> Result<Vec<Vec<Typed>>, SegmentError> {
        const NO_SHAPES: SegmentError = SegmentError::Damaged("no shapes");
        let Shapes { columns, shapes } = self.shapes.get(holder as usize).ok_or(NO_SHAPES)?;
        let keys: Vec<Typed> = columns.iter().map(|column| (tally.number(&column.key), Kind::of(column.of))).collect();
        let keys_of =
            |shape: &Vec<u32>| shape.iter().filter_map(|column| keys.get(*column as usize).copied()).collect();
        Ok(shapes.iter().map(keys_of).collect())
    }
}

/// The number of a key, and what kind of value it has.
type Typed = (u32, Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Bool,
    Other,
}

impl Kind {
    fn of(value: ValueType) -> Self {
        match value {
            ValueType::Int | ValueType::Double => Self::Number,
            ValueType::Bool => Self::Bool,
            ValueType::Empty | ValueType::String | ValueType::Bytes | ValueType::Other | ValueType::List => Self::Other,
        }
    }
}

/// Spans counted by bearer and key.
#[derive(Default)]
struct Tally {
    numbers: HashMap<Vec<u8>, u32>,
    /// By number of the key, the last turn that met it: in one turn it counts once.
    met: Vec<u64>,
    turn: u64,
    counts: HashMap<(Bearer, u32), CarriedKey>,
}

impl Tally {
    fn number(&mut self, key: &[u8]) -> u32 {
        let new = self.met.len() as u32;
        let number = *self.numbers.entry_ref(key).or_insert(new);
        if number == new {
            self.met.push(0);
        }
        number
    }

    fn decoded(&mut self, attributes: &[KeyValue]) -> Vec<Typed> {
        let kind = |value: &Value| match value {
            Value::Int(_) | Value::Double(_) => Kind::Number,
            Value::Bool(_) => Kind::Bool,
            _ => Kind::Other,
        };
        attributes.iter().map(|one| (self.number(one.key.as_bytes()), kind(&one.value))).collect()
    }

    fn raw(&mut self, attributes: &[RawAttribute<'_>]) -> Vec<Typed> {
        let kind = |value: &RawValue<'_>| match value {
            RawValue::Int(_) | RawValue::Double(_) => Kind::Number,
            RawValue::Bool(_) => Kind::Bool,
            _ => Kind::Other,
        };
        attributes.iter().map(|one| (self.number(one.key), kind(&one.value))).collect()
    }

    fn of_spans(&mut self, own: &[Typed], resource: &[Typed], scope: &[Typed], is_root: bool, spans: u64) {
        self.add(Bearer::Span, &[own], spans);
        self.add(Bearer::Resource, &[resource], spans);
        self.add(Bearer::Scope, &[scope], spans);
        self.add(Bearer::Any, &[own, resource, scope], spans);
        if is_root {
            self.add(Bearer::Root, &[own], spans);
        }
    }

    /// Adds spans that carry the keys of these lists.
    fn add(&mut self, bearer: Bearer, lists: &[&[Typed]], spans: u64) {
        self.turn += 1;
        for &(key, kind) in lists.iter().copied().flatten() {
            let Some(met) = self.met.get_mut(key as usize) else { continue };
            if std::mem::replace(met, self.turn) == self.turn {
                continue;
            }
            let none = || CarriedKey { bearer, key: String::new(), spans: 0, numbers: 0, bools: 0 };
            let count = self.counts.entry((bearer, key)).or_insert_with(none);
            count.spans += spans;
            match kind {
                Kind::Number => count.numbers += spans,
                Kind::Bool => count.bools += spans,
                Kind::Other => {}
            }
        }
    }

    fn finish(self) -> Vec<CarriedKey> {
        let mut keys = vec![String::new(); self.numbers.len()];
        for (key, number) in self.numbers {
            if let Some(slot) = keys.get_mut(number as usize) {
                *slot = formats::decode_text(&key);
            }
        }
        let named = self.counts.into_iter().map(|((_, number), count)| CarriedKey {
            key: keys.get(number as usize).cloned().unwrap_or_default(),
            ..count
        });
        let mut carried: Vec<CarriedKey> = named.collect();
        carried.sort_unstable_by(|a, b| (a.bearer, &a.key).cmp(&(b.bearer, &b.key)));
        // Bytes that are no text may be repaired to the same one.
        carried.dedup_by(|later, kept| {
            let is_same = (later.bearer, &later.key) == (kept.bearer, &kept.key);
            if is_same {
                kept.spans += later.spans;
                kept.numbers += later.numbers;
                kept.bools += later.bools;
            }
            is_same
        });
        carried
    }
}
