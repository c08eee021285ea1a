//! The lifecycle.

use std::path::Path;

use api::{Answer, ApiError, Call, ErrorCode};

use crate::{Events, Options};

/// A data directory in use: as its owner, or as the guest of the process that is.
///
/// Cheap to clone; all clones are one session.
#[derive(Debug, Clone)]
pub struct Session {}

impl Session {
    /// Takes the directory's lock, opens the store, listens for telemetry and on the control
    /// socket; or, where another process has the lock, becomes its guest.
    ///
    /// A port that is taken does not fail the start: it stands in [`api::Status::listeners`].
    ///
    /// # Errors
    /// [`ErrorCode::Malformed`] for a bad configuration or address, [`ErrorCode::Address`] for an
    /// address beyond loopback, [`ErrorCode::DataDirectory`], [`ErrorCode::Store`], and
    /// [`ErrorCode::Version`] where the owner speaks another version.
    pub async fn start(_options: Options) -> Result<Self, ApiError> {
        Err(ApiError::new(ErrorCode::Internal, "not yet"))
    }

    /// As [`Self::start`], but listens for no telemetry: for a command that imports or asks for
    /// the status while no process owns the directory.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_quiet(_options: Options) -> Result<Self, ApiError> {
        Err(ApiError::new(ErrorCode::Internal, "not yet"))
    }

    /// Whether this process owns the directory.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        false
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        Path::new("")
    }

    /// Says that this process has a window that shows what [`api::Event::Show`] and
    /// [`api::Event::Focus`] name: from now on [`Call::Present`] is accepted. Only for an owner.
    pub fn set_presents(&self, _presents: bool) {}

    /// Answers a call.
    ///
    /// # Errors
    /// As the call has it; for a guest [`ErrorCode::NotOwner`] once its owner is gone: start anew.
    pub async fn call(&self, _call: Call) -> Answer {
        Err(ApiError::new(ErrorCode::Internal, "not yet"))
    }

    /// The events from now on. For a guest they end when its owner goes away.
    ///
    /// # Errors
    /// For a guest, [`ErrorCode::NotOwner`] once its owner is gone.
    pub async fn events(&self) -> Result<Events, ApiError> {
        Err(ApiError::new(ErrorCode::Internal, "not yet"))
    }

    /// Stops cleanly: requests in flight are finished, everything is committed, the socket is gone.
    /// Calls fail from then on. Stopping twice is the same as once.
    pub async fn stop(&self) {}
}
