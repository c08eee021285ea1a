//! Reading beside a running owner.

use std::path::Path;

use api::{Answer, ApiError, Call};
use model::TraceId;
use store::{DataDir, Reader};

use crate::{answers::Answers, error};

/// A data directory opened for reading alone, beside the process that owns it or without one.
#[derive(Debug)]
pub struct Reading(Answers);

impl Reading {
    /// Opens the database of this directory read-only. A directory without one is empty. `now` says the time, nanoseconds
    /// since the Unix epoch.
    ///
    /// # Errors
    /// [`api::ErrorCode::NotFound`] where there is no such directory,
    /// [`api::ErrorCode::DataDirectory`] where it is refused, [`api::ErrorCode::Store`] where the
    /// database cannot be read, [`api::ErrorCode::Version`] where a newer version wrote it.
    pub async fn open(data_dir: &Path, now: fn() -> u64) -> Result<Self, ApiError> {
        let dir = DataDir::open_existing(data_dir).map_err(|err| error::of_open(&err))?;
        let reader = Reader::open_read_only(&dir).await.map_err(|err| error::of_open(&err))?;
        Ok(Self(Answers::new(reader, 1, now)))
    }

    /// One trace of this directory, assembled, as [`Call::Trace`] has it: nothing else is read.
    ///
    /// # Errors
    /// Those of [`Reading::open`]; [`api::ErrorCode::NotFound`] where there is no such trace.
    pub async fn trace(data_dir: &Path, trace_id: TraceId) -> Answer {
        let dir = DataDir::open_existing(data_dir).map_err(|err| error::of_open(&err))?;
        let reader = Reader::open_for_trace(&dir, trace_id).await.map_err(|err| error::of_open(&err))?;
        Answers::new(reader, 1, || 0).trace(trace_id).await
    }

    /// Answers a call that reads: what has been accepted until now.
    ///
    /// # Errors
    /// As the call has it; [`api::ErrorCode::NotOwner`] for calls that change something or ask for
    /// the owner's state.
    pub async fn call(&self, call: Call) -> Answer {
        self.0.answer(call).await
    }
}
