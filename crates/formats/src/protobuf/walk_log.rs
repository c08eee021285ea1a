//! Log records, walked.

use model::{LogRecord, ResourceLogs, ScopeLogs};

use super::{
    walk::{Rows, Walk, span_id, trace_id},
    wire::{Reader, Wire},
};
use crate::{LogColumns, WalkedRows};

impl From<LogColumns> for WalkedRows {
    fn from(logs: LogColumns) -> Self {
        Self::Logs(logs)
    }
}

impl Rows for LogColumns {
    type OfResource = ResourceLogs;
    type OfScope = ScopeLogs;

    fn item(&mut self, walk: &mut Walk, bytes: &[u8]) -> Wire<()> {
        walk.budget.charge::<LogRecord>()?;
        let ordinal = walk.budget.item()?;
        let (mut trace, mut span): (&[u8], &[u8]) = (&[], &[]);
        let (mut time, mut observed) = (0, 0);
        let mut severity = 0;
        let mut fields = Reader::new(bytes);
        while let Some(key) = fields.key()? {
            match key.field {
                1 => time = fields.fixed64(key)?,
                2 => severity = fields.int32(key)?,
                3 | 12 => drop(walk.text_field(&mut fields, key)?),
                5 => walk.value(fields.bytes(key)?, 1, &mut None)?,
                6 => walk.attribute(&mut fields, key)?,
                7 => drop(fields.uint32(key)?),
                8 => drop(fields.fixed32(key)?),
                9 => trace = walk.bytes_field(&mut fields, key)?,
                10 => span = walk.bytes_field(&mut fields, key)?,
                11 => observed = fields.fixed64(key)?,
                _ => walk.unknown(&mut fields, key)?,
            }
        }
        self.ordinal.push(ordinal);
        self.trace_id.push(trace_id(trace));
        self.span_id.push(span_id(span));
        self.time_unix_nano.push(if time == 0 { observed } else { time });
        self.severity_number.push(severity);
        Ok(())
    }

    fn len(&self) -> usize {
        self.ordinal.len()
    }

    fn set_service(&mut self, service: u32) {
        self.service.resize(self.ordinal.len(), service);
    }

    fn add_surroundings(&mut self, _from: usize, _hash: u64) {}
}
