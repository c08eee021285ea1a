//! The other end of the control socket.

use std::path::Path;

use api::{Answer, ApiError, Call, ErrorCode};

use crate::Events;

/// A connection to the process that owns a data directory.
#[derive(Debug)]
pub struct Client {}

impl Client {
    /// Connects to the owner of this directory; `None` if no process owns it.
    ///
    /// # Errors
    /// [`ErrorCode::Version`] if the owner speaks another version, [`ErrorCode::NotOwner`] if the
    /// socket cannot be spoken to.
    pub async fn connect(_data_dir: &Path) -> Result<Option<Self>, ApiError> {
        Err(ApiError::new(ErrorCode::Internal, "not yet"))
    }

    /// Asks the owner. Calls may overlap; each has a connection of its own while it lasts.
    ///
    /// # Errors
    /// As the call has it; [`ErrorCode::NotOwner`] once the owner is gone.
    pub async fn call(&self, _call: Call) -> Answer {
        Err(ApiError::new(ErrorCode::Internal, "not yet"))
    }

    /// The owner's events from now on.
    ///
    /// # Errors
    /// [`ErrorCode::NotOwner`] once the owner is gone.
    pub async fn events(&self) -> Result<Events, ApiError> {
        Err(ApiError::new(ErrorCode::Internal, "not yet"))
    }
}
