//! Lists of attributes: the shape of a list (its keys and types, in order) is a number for each row, and the
//! values stand in a column for each key and type.
//!
//! The shapes are a tree in which each attribute leads from one list to a longer one. What followed last
//! time is tried first, so that a key is compared and not looked up.

use std::borrow::Cow;

use formats::raw::{RawAttribute, RawValue};
use hashbrown::HashMap;
use model::{KeyValue, Value};
use serde::{Deserialize, Serialize};

use crate::{
    SegmentError,
    bytes::{Input, put_slice, put_varint},
    ints::{Ints, put_ints},
    texts::{TextColumn, Texts},
};

/// Columns of values in a segment at the most: beyond them a whole list becomes one value. Senders that
/// make up keys must not make columns without end.
const MOST_COLUMNS: usize = 2048;
/// Shape of a list that is one value of the column [`ValueType::List`].
const IN_ONE: u32 = 0;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ValueType {
    /// No value: the column takes no bytes.
    Empty,
    /// Texts.
    String,
    /// 0 or 1.
    Bool,
    /// Integers, biased so that they keep their order without a sign.
    Int,
    /// The bits of doubles.
    Double,
    /// Opaque bytes.
    Bytes,
    /// Messages `AnyValue`.
    Other,
    /// Whole lists of attributes.
    List,
}

/// Key and type of a column of values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ValueColumn {
    /// The key.
    pub key: Vec<u8>,
    /// The type.
    pub of: ValueType,
}

impl ValueType {
    /// Whether the column is one of texts, or of other bytes.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Bytes | Self::Other | Self::List)
    }
}

impl ValueColumn {
    /// Whether it holds values of keys that are wanted: whole lists may.
    pub(crate) fn is_wanted(&self, is_key_wanted: impl Fn(&[u8]) -> bool) -> bool {
        self.of == ValueType::List || is_key_wanted(&self.key)
    }
}

/// Lists of attributes being written.
#[derive(Debug)]
pub(crate) struct AttributeColumns {
    nodes: Vec<Node>,
    by_key: HashMap<ValueColumn, u32>,
    columns: Vec<ValueColumn>,
    values: Vec<Values>,
    /// The node at which each row's list ends.
    rows: Vec<u32>,
    /// By run of rows, how many values each column had at its end.
    ends: Vec<Vec<usize>>,
}

#[derive(Debug)]
struct Node {
    parent: u32,
    column: u32,
    /// The nodes that follow, the one that followed last first.
    next: Vec<u32>,
}

/// A column of values being written.
#[derive(Debug)]
pub(crate) enum Values {
    None(usize),
    Texts(TextColumn),
    Numbers(Vec<u64>),
}

/// An integer so that order is kept without a sign.
fn biased(int: i64) -> u64 {
    int.cast_unsigned() ^ 1 << 63
}

/// The integer again.
pub(crate) fn unbiased(number: u64) -> i64 {
    (number ^ 1 << 63).cast_signed()
}

impl Default for AttributeColumns {
    fn default() -> Self {
        let in_one = ValueColumn { key: Vec::new(), of: ValueType::List };
        Self {
            // The empty list, and the list that is one value.
            nodes: vec![
                Node { parent: 0, column: 0, next: Vec::new() },
                Node { parent: 0, column: 0, next: Vec::new() },
            ],
            by_key: HashMap::from_iter([(in_one.clone(), 0)]),
            columns: vec![in_one],
            values: vec![Values::Texts(TextColumn::default())],
            rows: Vec::new(),
            ends: Vec::new(),
        }
    }
}

/// The node of the list that is one value.
const NODE_IN_ONE: u32 = 1;

impl AttributeColumns {
    /// Makes room for so many rows.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.rows.reserve(rows);
    }

    /// Adds a row: a list of attributes.
    pub(crate) fn push(&mut self, attributes: &[RawAttribute<'_>]) {
        if self.columns.len() + attributes.len() > MOST_COLUMNS {
            self.push_in_one(attributes);
            return;
        }
        let mut node = 0;
        for attribute in attributes {
            node = self.step(node, attribute);
            if let Some(column) = self.nodes.get(node as usize).map(|node| node.column as usize)
                && let Some(values) = self.values.get_mut(column)
            {
                values.push(&attribute.value);
            }
        }
        self.rows.push(node);
    }

    fn push_in_one(&mut self, attributes: &[RawAttribute<'_>]) {
        let mut list = Vec::new();
        put_varint(&mut list, attributes.len() as u64);
        for attribute in attributes {
            put_slice(&mut list, attribute.key);
            put_value(&mut list, &attribute.value);
        }
        if let Some(Values::Texts(lists)) = self.values.first_mut() {
            lists.push(&list);
        }
        self.rows.push(NODE_IN_ONE);
    }

    /// The node behind one more attribute.
    fn step(&mut self, from: u32, attribute: &RawAttribute<'_>) -> u32 {
        let of = type_of(&attribute.value);
        let Some(node) = self.nodes.get(from as usize) else { return from };
        let leads = |next: &u32| {
            self.nodes
                .get(*next as usize)
                .and_then(|node| self.columns.get(node.column as usize))
                .is_some_and(|column| column.of == of && column.key == attribute.key)
        };
        if let Some(at) = node.next.iter().position(leads) {
            let Some(node) = self.nodes.get_mut(from as usize) else { return from };
            let found = node.next.get(at).copied().unwrap_or_default();
            // Moved forward by halves: what is rare does not push out what is common.
            node.next.swap(at, at / 2);
            return found;
        }
        let column = self.column(attribute.key, of);
        let new = self.nodes.len() as u32;
        self.nodes.push(Node { parent: from, column, next: Vec::new() });
        if let Some(node) = self.nodes.get_mut(from as usize) {
            node.next.push(new);
        }
        new
    }

    fn column(&mut self, key: &[u8], of: ValueType) -> u32 {
        let column = ValueColumn { key: key.to_vec(), of };
        let new = self.columns.len() as u32;
        let number = *self.by_key.entry(column.clone()).or_insert(new);
        if number == new {
            self.columns.push(column);
            self.values.push(match of {
                ValueType::Empty => Values::None(0),
                ValueType::Bool | ValueType::Int | ValueType::Double => Values::Numbers(Vec::new()),
                _ => Values::Texts(TextColumn::default()),
            });
        }
        number
    }

    /// Ends a run of rows.
    pub(crate) fn end_run(&mut self) {
        self.ends.push(self.values.iter().map(Values::len).collect());
    }

    /// The shapes, the column of each row's shape, and the columns of values.
    pub(crate) fn finish(self) -> (Shapes, Vec<u8>, Vec<Vec<u8>>) {
        let CutAttributes { shapes, rows, values } = self.cut();
        let mut shape_column = Vec::new();
        put_ints(&mut shape_column, &rows);
        (shapes, shape_column, values.into_iter().map(|(values, _)| values.into_bytes()).collect())
    }

    /// The same in the runs that were ended.
    pub(crate) fn cut(self) -> CutAttributes {
        let mut shape_of: HashMap<u32, u32> = HashMap::from_iter([(NODE_IN_ONE, IN_ONE)]);
        let mut shapes = vec![vec![0]];
        let mut rows = Vec::with_capacity(self.rows.len());
        for node in self.rows {
            let shape = *shape_of.entry(node).or_insert_with(|| {
                shapes.push(path(&self.nodes, node));
                shapes.len() as u32 - 1
            });
            rows.push(u64::from(shape));
        }
        let ends = &self.ends;
        let ends_of = |column: usize| ends.iter().map(move |all| all.get(column).copied().unwrap_or_default());
        let values = self.values.into_iter().enumerate();
        let values = values.map(|(column, values)| (values, ends_of(column).collect())).collect();
        CutAttributes { shapes: Shapes { columns: self.columns, shapes }, rows, values }
    }
}

/// Lists of attributes, as they are packed.
pub(crate) struct CutAttributes {
    pub(crate) shapes: Shapes,
    /// The shape of each row.
    pub(crate) rows: Vec<u64>,
    /// The columns of values, each with the ends of its runs.
    pub(crate) values: Vec<(Values, Vec<usize>)>,
}

/// Columns of the attributes on the way to a node.
fn path(nodes: &[Node], mut node: u32) -> Vec<u32> {
    let mut columns = Vec::new();
    while node != 0 {
        let Some(here) = nodes.get(node as usize) else { break };
        columns.push(here.column);
        node = here.parent;
    }
    columns.reverse();
    columns
}

fn type_of(value: &RawValue<'_>) -> ValueType {
    match value {
        RawValue::Empty => ValueType::Empty,
        RawValue::String(_) => ValueType::String,
        RawValue::Bool(_) => ValueType::Bool,
        RawValue::Int(_) => ValueType::Int,
        RawValue::Double(_) => ValueType::Double,
        RawValue::Bytes(_) => ValueType::Bytes,
        RawValue::Other(_) => ValueType::Other,
    }
}

impl Values {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::None(count) => *count,
            Self::Texts(texts) => texts.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    fn push(&mut self, value: &RawValue<'_>) {
        match (self, value) {
            (Self::None(count), _) => *count += 1,
            (Self::Texts(texts), RawValue::String(text) | RawValue::Bytes(text)) => texts.push(text),
            (Self::Texts(texts), RawValue::Other(message)) => texts.push(message),
            (Self::Numbers(numbers), RawValue::Bool(bool)) => numbers.push(u64::from(*bool)),
            (Self::Numbers(numbers), RawValue::Int(int)) => numbers.push(biased(*int)),
            (Self::Numbers(numbers), RawValue::Double(double)) => numbers.push(double.to_bits()),
            // A column has one type.
            _ => {}
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::None(_) => {}
            Self::Texts(texts) => texts.put(&mut bytes),
            Self::Numbers(numbers) => put_ints(&mut bytes, &numbers),
        }
        bytes
    }
}

/// A value inside of a list that is one value: its type, then what it is.
fn put_value(out: &mut Vec<u8>, value: &RawValue<'_>) {
    out.push(type_of(value) as u8);
    match value {
        RawValue::Empty => {}
        RawValue::Bool(bool) => out.push(u8::from(*bool)),
        RawValue::Int(int) => put_varint(out, biased(*int)),
        RawValue::Double(double) => out.extend_from_slice(&double.to_le_bytes()),
        RawValue::String(bytes) | RawValue::Bytes(bytes) => put_slice(out, bytes),
        RawValue::Other(message) => put_slice(out, message),
    }
}

/// Keys, types and shapes of the lists of attributes in a segment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shapes {
    /// The columns of values.
    pub columns: Vec<ValueColumn>,
    /// Each shape as the numbers of its columns, in order. The first stands for lists that are one value.
    pub shapes: Vec<Vec<u32>>,
}

/// Lists of attributes of some rows, read in the order of the rows.
pub(crate) struct AttributeReader<'a> {
    shapes: &'a Shapes,
    rows: Ints<'a>,
    row: usize,
    /// By column, its values; `None` where none of the rows uses it.
    values: Vec<Option<ValuesOf<'a>>>,
    /// By column, the value to read next.
    next: Vec<usize>,
    /// Memory of the list that is read.
    list: Vec<RawAttribute<'a>>,
}

/// The values of a column, read where they lie.
pub(crate) enum ValuesOf<'a> {
    Unwanted,
    None,
    Texts(Texts<'a>),
    Numbers(Ints<'a>),
}

const NO_SHAPE: SegmentError = SegmentError::Damaged("a list of attributes without a shape");

impl<'a> AttributeReader<'a> {
    /// A reader that stands before the first of the rows that are wanted, which rise; `open` gives a column of values by
    /// its number. Only columns that one of the rows uses and whose keys are wanted are asked for.
    pub(crate) fn new(
        shapes: &'a Shapes,
        rows: Ints<'a>,
        wanted: impl Iterator<Item = usize> + Clone,
        is_key_wanted: impl Fn(&[u8]) -> bool,
        open: impl Fn(usize, &'a ValueColumn) -> Result<ValuesOf<'a>, SegmentError>,
    ) -> Result<Self, SegmentError> {
        let first = wanted.clone().next().unwrap_or_default();
        let mut is_wanted = vec![false; shapes.shapes.len()];
        for row in wanted {
            if let Some(is_wanted) = is_wanted.get_mut(rows.get(row) as usize) {
                *is_wanted = true;
            }
        }
        let mut is_used = vec![false; shapes.columns.len()];
        for (shape, is_wanted) in shapes.shapes.iter().zip(is_wanted) {
            for &column in shape {
                if let Some(is_used) = is_used.get_mut(column as usize) {
                    *is_used |= is_wanted;
                }
            }
        }
        let open = |(number, (column, is_used)): (usize, (&'a ValueColumn, bool))| {
            let open = || match column.is_wanted(&is_key_wanted) {
                true => open(number, column),
                false => Ok(ValuesOf::Unwanted),
            };
            is_used.then(open).transpose()
        };
        let next = vec![0; is_used.len()];
        let used = shapes.columns.iter().zip(is_used).enumerate();
        let values = used.map(open).collect::<Result<_, SegmentError>>()?;
        let mut reader = Self { shapes, rows, row: 0, values, next, list: Vec::new() };
        reader.skip_to(first);
        Ok(reader)
    }

    /// Passes over the lists before a row; their values are counted and not read.
    pub(crate) fn skip_to(&mut self, row: usize) {
        if row <= self.row {
            return;
        }
        let mut passed = vec![0_usize; self.shapes.shapes.len()];
        for row in self.row..row {
            if let Some(passed) = passed.get_mut(self.rows.get(row) as usize) {
                *passed += 1;
            }
        }
        self.row = row;
        for (shape, passed) in self.shapes.shapes.iter().zip(passed) {
            for &column in shape {
                if let Some(next) = self.next.get_mut(column as usize) {
                    *next += passed;
                }
            }
        }
    }

    /// The list of the next row, decoded.
    pub(crate) fn next(&mut self) -> Result<Vec<KeyValue>, SegmentError> {
        let mut list = std::mem::take(&mut self.list);
        list.clear();
        self.next_into(&mut list)?;
        let decode = |attribute: RawAttribute<'_>| {
            Ok(KeyValue { key: formats::decode_text(attribute.key), value: decoded(attribute.value)? })
        };
        let decoded = list.drain(..).map(decode).collect();
        self.list = list;
        decoded
    }

    /// Adds what is wanted of the list of the next row; of a list that is one value, all of it.
    pub(crate) fn next_into(&mut self, list: &mut Vec<RawAttribute<'a>>) -> Result<(), SegmentError> {
        let shapes = self.shapes;
        let number = usize::try_from(self.rows.get(self.row)).map_err(|_| NO_SHAPE)?;
        self.row += 1;
        for &column in shapes.shapes.get(number).ok_or(NO_SHAPE)? {
            let next = self.next.get_mut(column as usize).ok_or(NO_SHAPE)?;
            let at = *next;
            *next += 1;
            let values = self.values.get(column as usize).and_then(Option::as_ref).ok_or(NO_SHAPE)?;
            if matches!(values, ValuesOf::Unwanted) {
                continue;
            }
            let kind = shapes.columns.get(column as usize).ok_or(NO_SHAPE)?;
            if kind.of == ValueType::List {
                return raw_list_in_one(values.text(at), list);
            }
            list.push(RawAttribute { key: &kind.key, value: values.raw(kind.of, at) });
        }
        Ok(())
    }
}

impl<'a> ValuesOf<'a> {
    /// Those of a column of this type.
    pub(crate) fn read(of: ValueType, bytes: &'a [u8]) -> Result<Self, SegmentError> {
        let mut input = Input(bytes);
        Ok(match of {
            ValueType::Empty => Self::None,
            ValueType::Bool | ValueType::Int | ValueType::Double => Self::Numbers(Ints::read(&mut input)?),
            ValueType::String | ValueType::Bytes | ValueType::Other | ValueType::List => {
                Self::Texts(Texts::read(&mut input)?)
            }
        })
    }

    pub(crate) fn text(&self, at: usize) -> &'a [u8] {
        match self {
            Self::Texts(texts) => texts.get(at),
            Self::Unwanted | Self::None | Self::Numbers(_) => &[],
        }
    }

    pub(crate) fn raw(&self, of: ValueType, at: usize) -> RawValue<'a> {
        let number = match self {
            Self::Numbers(numbers) => numbers.get(at),
            Self::Unwanted | Self::None | Self::Texts(_) => 0,
        };
        match of {
            ValueType::Empty | ValueType::List => RawValue::Empty,
            ValueType::String => RawValue::String(self.text(at)),
            ValueType::Bool => RawValue::Bool(number != 0),
            ValueType::Int => RawValue::Int(unbiased(number)),
            ValueType::Double => RawValue::Double(f64::from_bits(number)),
            ValueType::Bytes => RawValue::Bytes(self.text(at)),
            ValueType::Other => RawValue::Other(Cow::Borrowed(self.text(at))),
        }
    }
}

/// A value decoded.
pub(crate) fn decoded(value: RawValue<'_>) -> Result<Value, SegmentError> {
    Ok(match value {
        RawValue::Empty => Value::Empty,
        RawValue::String(text) => Value::String(formats::decode_text(text)),
        RawValue::Bool(bool) => Value::Bool(bool),
        RawValue::Int(int) => Value::Int(int),
        RawValue::Double(double) => Value::Double(double),
        RawValue::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        RawValue::Other(message) => formats::decode_value(&message)?,
    })
}

/// Adds a list of attributes that was written as one value.
pub(crate) fn raw_list_in_one<'a>(bytes: &'a [u8], list: &mut Vec<RawAttribute<'a>>) -> Result<(), SegmentError> {
    let mut input = Input(bytes);
    let count = input.count()?;
    for _ in 0..count {
        let key = input.slice()?;
        let value = match input.byte()? {
            kind if kind == ValueType::Empty as u8 => RawValue::Empty,
            kind if kind == ValueType::String as u8 => RawValue::String(input.slice()?),
            kind if kind == ValueType::Bool as u8 => RawValue::Bool(input.byte()? != 0),
            kind if kind == ValueType::Int as u8 => RawValue::Int(unbiased(input.varint()?)),
            kind if kind == ValueType::Double as u8 => {
                let bytes = input.take(8)?.try_into().unwrap_or_default();
                RawValue::Double(f64::from_le_bytes(bytes))
            }
            kind if kind == ValueType::Bytes as u8 => RawValue::Bytes(input.slice()?),
            kind if kind == ValueType::Other as u8 => RawValue::Other(Cow::Borrowed(input.slice()?)),
            _ => return Err(SegmentError::Damaged("a value of no known type")),
        };
        list.push(RawAttribute { key, value });
    }
    Ok(())
}
