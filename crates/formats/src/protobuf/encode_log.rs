//! Log requests encoded in protobuf.

use model::{LogRecord, LogsData, ResourceLogs, ScopeLogs};

use super::{
    encode::{attributes, resource, scope, value},
    wire::Writer,
};

/// `LogsData`.
pub(super) fn logs_data(w: &mut Writer, data: &LogsData) {
    for logs in &data.resource_logs {
        w.message(1, |w| resource_logs(w, logs));
    }
}

fn resource_logs(w: &mut Writer, logs: &ResourceLogs) {
    if let Some(of) = &logs.resource {
        w.message(1, |w| resource(w, of));
    }
    for logs in &logs.scope_logs {
        w.message(2, |w| scope_logs(w, logs));
    }
    w.bytes(3, &logs.schema_url);
}

fn scope_logs(w: &mut Writer, logs: &ScopeLogs) {
    if let Some(of) = &logs.scope {
        w.message(1, |w| scope(w, of));
    }
    for record in &logs.log_records {
        w.message(2, |w| log_record(w, record));
    }
    w.bytes(3, &logs.schema_url);
}

fn log_record(w: &mut Writer, record: &LogRecord) {
    w.fixed64(1, record.time_unix_nano);
    w.int32(2, record.severity_number);
    w.bytes(3, &record.severity_text);
    if let Some(body) = &record.body {
        w.message(5, |w| value(w, body));
    }
    attributes(w, 6, &record.attributes);
    w.uint(7, record.dropped_attributes_count);
    w.fixed32(8, record.flags);
    w.bytes(9, &record.trace_id);
    w.bytes(10, &record.span_id);
    w.fixed64(11, record.observed_time_unix_nano);
    w.bytes(12, &record.event_name);
}
