//! Errors of the crates below as codes and sentences.

use api::{ApiError, ErrorCode};
use formats::FormatError;
use store::{AppendError, OpenError, ReadError};

pub(crate) fn of_open(err: &OpenError) -> ApiError {
    let code = match err {
        OpenError::Missing { .. } => ErrorCode::NotFound,
        OpenError::NotADirectory { .. }
        | OpenError::NotUtf8 { .. }
        | OpenError::OtherOwner { .. }
        | OpenError::NotPrivate { .. }
        | OpenError::NetworkFileSystem { .. }
        | OpenError::ReadOnly { .. }
        | OpenError::Locked { .. } => ErrorCode::DataDirectory,
        OpenError::Newer { .. } | OpenError::Older { .. } => ErrorCode::Version,
        OpenError::Foreign { .. }
        | OpenError::Altered { .. }
        | OpenError::Damaged { .. }
        | OpenError::Io { .. }
        | OpenError::Database { .. } => ErrorCode::Store,
    };
    ApiError::new(code, err.to_string())
}

pub(crate) fn of_read(err: &ReadError) -> ApiError {
    match err {
        ReadError::Open(err) => of_open(err),
        ReadError::Database(_) | ReadError::Damaged { .. } | ReadError::Segment { .. } | ReadError::Unsettled => {
            ApiError::new(ErrorCode::Store, err.to_string())
        }
    }
}

pub(crate) fn of_append(err: &AppendError) -> ApiError {
    ApiError::new(ErrorCode::Store, err.to_string())
}

/// `name` is that of the file.
pub(crate) fn of_format(name: &str, err: &FormatError) -> ApiError {
    ApiError::new(ErrorCode::Malformed, format!("{name}: {err}"))
}

/// A task that was not finished: it panicked, or the runtime stops.
pub(crate) fn of_task(err: &tokio::task::JoinError) -> ApiError {
    ApiError::new(ErrorCode::Internal, format!("a task was not finished: {err}"))
}

pub(crate) fn no_trace(trace_id: model::TraceId) -> ApiError {
    ApiError::new(ErrorCode::NotFound, format!("no trace {trace_id} is stored"))
}
