//! How the writer, on its own thread, reads what is stored.

use model::TraceId;
use tokio::runtime::Handle;

use super::{Reader, StoredRequest};
use crate::{AppendError, ReadError, append::append_error};

/// Reads committed rows, waiting for them.
#[derive(Debug)]
pub(crate) struct ReadTurn<'a> {
    reader: &'a Reader,
    runtime: &'a Handle,
}

impl<'a> ReadTurn<'a> {
    pub(crate) fn new(reader: &'a Reader, runtime: &'a Handle) -> Self {
        Self { reader, runtime }
    }

    /// The request in a row; `None` if the row is gone.
    pub(crate) fn request(&self, row: u64) -> Result<Option<StoredRequest>, AppendError> {
        self.runtime.block_on(self.reader.request(row)).map_err(|error| into_append(&error))
    }

    /// The identities of the spans in a row, as they were written.
    pub(crate) fn identities(&self, row: u64) -> Result<Vec<u8>, AppendError> {
        self.runtime.block_on(self.reader.identities(row)).map_err(|error| into_append(&error))
    }

    /// Rows that hold something of a trace.
    pub(crate) fn rows_of_trace(&self, trace_id: TraceId) -> Vec<u64> {
        self.reader.index().rows(trace_id).unwrap_or_default()
    }
}

fn into_append(error: &ReadError) -> AppendError {
    match error {
        ReadError::Database(error) => append_error(error),
        error => AppendError::Other(error.to_string()),
    }
}
