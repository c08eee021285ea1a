//! Spans, walked.

use model::{ResourceSpans, ScopeSpans, Span, StatusCode};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    walk::{Rows, Walk, span_id, trace_id},
    wire::{Reader, Wire},
};
use crate::{SpanColumns, WalkedRows, hash::mix, reject};

impl From<SpanColumns> for WalkedRows {
    fn from(spans: SpanColumns) -> Self {
        Self::Spans(spans)
    }
}

impl Rows for SpanColumns {
    type OfResource = ResourceSpans;
    type OfScope = ScopeSpans;

    fn item(&mut self, walk: &mut Walk, bytes: &[u8]) -> Wire<()> {
        walk.budget.charge::<Span>()?;
        let ordinal = walk.budget.item()?;
        let (mut trace, mut span, mut parent, mut name): (&[u8], &[u8], &[u8], &[u8]) = (&[], &[], &[], &[]);
        let (mut start, mut end) = (0, 0);
        let mut status = Status::default();
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => trace = fields.bytes(key)?,
                2 => span = fields.bytes(key)?,
                3 => drop(walk.text_field(&mut fields, key)?),
                4 => parent = walk.bytes_field(&mut fields, key)?,
                5 => name = walk.text_field(&mut fields, key)?,
                6 => drop(fields.int32(key)?),
                7 => start = fields.fixed64(key)?,
                8 => end = fields.fixed64(key)?,
                9 => walk.attribute(&mut fields, key)?,
                10 | 12 | 14 => drop(fields.uint32(key)?),
                11 => event(walk, fields.bytes(key)?)?,
                13 => link(walk, fields.bytes(key)?)?,
                15 => status.walk(walk, fields.bytes(key)?)?,
                16 => drop(fields.fixed32(key)?),
                _ => walk.unknown(&mut fields, key)?,
            }
        }
        if let Some(reason) = reject::span_ids(trace, span) {
            walk.rejected.push((ordinal, reason));
            let name = walk.texts.index_of_bytes(name);
            walk.rejected_names.push(name);
            return Ok(());
        }
        self.ordinal.push(ordinal);
        self.trace_id.push(trace_id(trace));
        self.span_id.push(span_id(span));
        self.is_root.push(parent.is_empty() || (parent.len() == 8 && reject::is_zero(parent)));
        self.start_unix_nano.push(start);
        self.end_unix_nano.push(end);
        self.is_error.push(status.code == StatusCode::ERROR);
        self.name.push(walk.texts.index_of_bytes(name));
        let message = status.message;
        self.message.push(if message.is_empty() { u32::MAX } else { walk.texts.index_of_bytes(message) });
        self.content_hash.push(xxh3_64(bytes));
        Ok(())
    }

    fn len(&self) -> usize {
        self.ordinal.len()
    }

    fn set_service(&mut self, service: u32) {
        self.service.resize(self.ordinal.len(), service);
    }

    fn add_surroundings(&mut self, from: usize, surroundings: u64) {
        self.content_hash.iter_mut().skip(from).for_each(|hash| *hash = mix(*hash, surroundings));
    }
}

/// `Status`.
#[derive(Default)]
struct Status<'a> {
    code: StatusCode,
    message: &'a [u8],
}

impl<'a> Status<'a> {
    fn walk(&mut self, walk: &mut Walk, bytes: &'a [u8]) -> Wire<()> {
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                2 => self.message = walk.text_field(&mut fields, key)?,
                3 => self.code = StatusCode(fields.int32(key)?),
                _ => walk.unknown(&mut fields, key)?,
            }
        }
        Ok(())
    }
}

/// `Span.Event`.
fn event(walk: &mut Walk, bytes: &[u8]) -> Wire<()> {
    walk.budget.charge::<model::Event>()?;
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => drop(fields.fixed64(key)?),
            2 => drop(walk.text_field(&mut fields, key)?),
            3 => walk.attribute(&mut fields, key)?,
            4 => drop(fields.uint32(key)?),
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    Ok(())
}

/// `Span.Link`.
fn link(walk: &mut Walk, bytes: &[u8]) -> Wire<()> {
    walk.budget.charge::<model::Link>()?;
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 | 2 => drop(walk.bytes_field(&mut fields, key)?),
            3 => drop(walk.text_field(&mut fields, key)?),
            4 => walk.attribute(&mut fields, key)?,
            5 => drop(fields.uint32(key)?),
            6 => drop(fields.fixed32(key)?),
            _ => walk.unknown(&mut fields, key)?,
        }
    }
    Ok(())
}
