//! Log requests in OTLP/JSON, decoded.

use model::{LogRecord, ResourceLogs, ScopeLogs};

use super::parser::{Json, Parser};

const SEVERITIES: [&str; 25] = [
    "UNSPECIFIED",
    "TRACE",
    "TRACE2",
    "TRACE3",
    "TRACE4",
    "DEBUG",
    "DEBUG2",
    "DEBUG3",
    "DEBUG4",
    "INFO",
    "INFO2",
    "INFO3",
    "INFO4",
    "WARN",
    "WARN2",
    "WARN3",
    "WARN4",
    "ERROR",
    "ERROR2",
    "ERROR3",
    "ERROR4",
    "FATAL",
    "FATAL2",
    "FATAL3",
    "FATAL4",
];

impl Parser<'_> {
    /// `ResourceLogs`.
    pub(super) fn resource_logs(&mut self) -> Json<Option<ResourceLogs>> {
        let mark = self.mark();
        self.message(|p, logs: &mut ResourceLogs, key| {
            match key {
                "resource" => logs.resource = p.resource()?,
                "scopeLogs" => {
                    p.forget_since(mark);
                    logs.scope_logs = p.list(Self::scope_logs)?;
                }
                "schemaUrl" => logs.schema_url = p.text()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn scope_logs(&mut self) -> Json<Option<ScopeLogs>> {
        let mark = self.mark();
        self.message(|p, logs: &mut ScopeLogs, key| {
            match key {
                "scope" => logs.scope = p.scope()?,
                "logRecords" => {
                    p.forget_since(mark);
                    logs.log_records = p.list(Self::log_record)?;
                }
                "schemaUrl" => logs.schema_url = p.text()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }

    fn log_record(&mut self) -> Json<Option<LogRecord>> {
        self.item(|p| Ok(p.log_record_fields()?.map(|record| (record, None))), |_| ())
    }

    fn log_record_fields(&mut self) -> Json<Option<LogRecord>> {
        self.message(|p, record: &mut LogRecord, key| {
            match key {
                "timeUnixNano" => record.time_unix_nano = p.time()?,
                "observedTimeUnixNano" => record.observed_time_unix_nano = p.time()?,
                "severityNumber" => record.severity_number = p.enumeration("SEVERITY_NUMBER_", &SEVERITIES)?,
                "severityText" => record.severity_text = p.text()?,
                "body" => record.body = p.value(1)?,
                "attributes" => record.attributes = p.attributes()?,
                "droppedAttributesCount" => record.dropped_attributes_count = p.integer()?,
                "flags" => record.flags = p.integer()?,
                "traceId" => record.trace_id = p.id(16)?,
                "spanId" => record.span_id = p.id(8)?,
                "eventName" => record.event_name = p.text()?,
                _ => p.unknown()?,
            }
            Ok(())
        })
    }
}
