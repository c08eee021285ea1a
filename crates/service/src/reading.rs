//! Reading beside a running owner.

use std::path::Path;

use api::{Answer, ApiError, Call, ErrorCode};

/// A data directory opened for reading alone, beside the process that owns it or without one.
#[derive(Debug)]
pub struct Reading {}

impl Reading {
    /// Opens the database of this directory read-only.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] where nothing is stored yet, [`ErrorCode::DataDirectory`] where the
    /// directory is refused, [`ErrorCode::Store`] where the database cannot be read.
    pub async fn open(_data_dir: &Path) -> Result<Self, ApiError> {
        Err(ApiError::new(ErrorCode::Internal, "not yet"))
    }

    /// Answers a call that reads: what has been accepted until now.
    ///
    /// # Errors
    /// As the call has it; [`ErrorCode::NotOwner`] for calls that change something or ask for the
    /// owner's state.
    pub async fn call(&self, _call: Call) -> Answer {
        Err(ApiError::new(ErrorCode::Internal, "not yet"))
    }
}
