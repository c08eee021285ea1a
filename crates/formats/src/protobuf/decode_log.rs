//! Log requests in protobuf, decoded.

use model::{LogRecord, LogsData, ResourceLogs, ScopeLogs};

use super::{
    decode::{attribute, resource, scope, text, value},
    wire::{Reader, Wire},
};
use crate::limits::MAX_DEPTH;

/// `LogsData`, which `ExportLogsServiceRequest` is too.
pub(super) fn logs_data(bytes: &[u8]) -> Wire<LogsData> {
    let mut data = LogsData::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => data.resource_logs.push(resource_logs(fields.bytes(key)?)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(data)
}

fn resource_logs(bytes: &[u8]) -> Wire<ResourceLogs> {
    let mut logs = ResourceLogs::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => resource(logs.resource.get_or_insert_default(), fields.bytes(key)?)?,
            2 => logs.scope_logs.push(scope_logs(fields.bytes(key)?)?),
            3 => logs.schema_url = text(fields.bytes(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(logs)
}

fn scope_logs(bytes: &[u8]) -> Wire<ScopeLogs> {
    let mut logs = ScopeLogs::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => scope(logs.scope.get_or_insert_default(), fields.bytes(key)?)?,
            2 => logs.log_records.push(log_record(fields.bytes(key)?)?),
            3 => logs.schema_url = text(fields.bytes(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(logs)
}

fn log_record(bytes: &[u8]) -> Wire<LogRecord> {
    let mut log = LogRecord::default();
    let mut fields = Reader::new(bytes);
    while let Some(key) = fields.key()? {
        match key.field {
            1 => log.time_unix_nano = fields.fixed64(key)?,
            2 => log.severity_number = fields.int32(key)?,
            3 => log.severity_text = text(fields.bytes(key)?),
            5 => value(log.body.get_or_insert_default(), fields.bytes(key)?, MAX_DEPTH)?,
            6 => log.attributes.push(attribute(fields.bytes(key)?)?),
            7 => log.dropped_attributes_count = fields.uint32(key)?,
            8 => log.flags = fields.fixed32(key)?,
            9 => log.trace_id = fields.bytes(key)?.to_vec(),
            10 => log.span_id = fields.bytes(key)?.to_vec(),
            11 => log.observed_time_unix_nano = fields.fixed64(key)?,
            12 => log.event_name = text(fields.bytes(key)?),
            _ => fields.skip(key)?,
        }
    }
    Ok(log)
}
