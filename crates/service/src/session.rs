//! The lifecycle.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use api::{Answer, ApiError, Call, ErrorCode};
use store::{DataDir, OpenError};
use tokio::time::Instant;

use crate::{
    Client, Events, Options,
    config::Configuration,
    control::Answering as _,
    error,
    options::data_dir,
    owner::{Listens, Owner},
};

/// How long to wait for an owner that is just starting or stopping.
const OWNER_TIMEOUT: Duration = Duration::from_secs(10);

/// How often to look whether it is ready.
const OWNER_POLL: Duration = Duration::from_millis(20);

/// A data directory in use: as its owner, or as the guest of the process that is.
///
/// Cheap to clone; all clones are one session. It must be [stopped](Self::stop): dropping it leaves
/// its tasks running until the runtime ends, which loses nothing that was acknowledged.
#[derive(Debug, Clone)]
pub struct Session(Arc<Role>);

#[derive(Debug)]
enum Role {
    Owner(Arc<Owner>),
    Guest { client: Client, data_dir: PathBuf },
}

impl Session {
    /// Takes the directory's lock, opens the store, listens for telemetry and on the control
    /// socket; or, where another process has the lock, becomes its guest.
    ///
    /// A port that is taken does not fail the start: it stands in [`api::Status::listeners`].
    ///
    /// # Errors
    /// [`ErrorCode::Malformed`] for a bad configuration or address, [`ErrorCode::Address`] for an
    /// address beyond loopback, [`ErrorCode::DataDirectory`], [`ErrorCode::Store`], and
    /// [`ErrorCode::Version`] where the owner speaks another version or a newer one wrote the
    /// database.
    pub async fn start(options: Options) -> Result<Self, ApiError> {
        let configuration = Configuration::read(&options)?;
        Self::start_with(&options, configuration, Listens::Yes).await
    }

    /// As [`Self::start`], but listens for no telemetry, and what is wrong in the configuration keeps it
    /// from nothing: for a command that imports, deletes or asks for the status while no process owns
    /// the directory.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_quiet(options: Options) -> Result<Self, ApiError> {
        let configuration = Configuration::read_what_is_good(&options)?;
        Self::start_with(&options, configuration, Listens::No).await
    }

    async fn start_with(options: &Options, configuration: Configuration, listens: Listens) -> Result<Self, ApiError> {
        let path = data_dir(options.data_dir.as_deref())?;
        let dir = DataDir::open(path).map_err(|err| error::of_open(&err))?;
        let deadline = Instant::now() + OWNER_TIMEOUT;
        loop {
            match dir.try_lock() {
                Ok(lock) => {
                    let owner = Owner::start(options, lock, configuration, listens).await?;
                    return Ok(Self(Arc::new(Role::Owner(owner))));
                }
                Err(OpenError::Locked { .. }) => {}
                Err(err) => return Err(error::of_open(&err)),
            }
            match Client::connect_socket(dir.control_socket_path()).await {
                Ok(Some(client)) => {
                    return Ok(Self(Arc::new(Role::Guest { client, data_dir: dir.path().to_owned() })));
                }
                Err(err) if err.code == ErrorCode::Version => return Err(err),
                // The owner is about to listen, or about to be gone.
                Ok(None) | Err(_) if Instant::now() < deadline => tokio::time::sleep(OWNER_POLL).await,
                Ok(None) => {
                    return Err(ApiError::new(
                        ErrorCode::DataDirectory,
                        format!("{} is in use by a process that does not answer", dir.path().display()),
                    ));
                }
                Err(err) => return Err(err),
            }
        }
    }

    /// Whether this process owns the directory.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        matches!(&*self.0, Role::Owner(_))
    }

    /// The data directory: absolute, without symbolic links.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        match &*self.0 {
            Role::Owner(owner) => owner.dir().path(),
            Role::Guest { data_dir, .. } => data_dir,
        }
    }

    /// Says that this process has a window that shows what [`api::Event::Show`] and
    /// [`api::Event::Focus`] name: from now on [`Call::Present`] is accepted. Only for an owner.
    pub fn set_presents(&self, presents: bool) {
        if let Role::Owner(owner) = &*self.0 {
            owner.set_presents(presents);
        }
    }

    /// Answers a call.
    ///
    /// # Errors
    /// As the call has it; [`ErrorCode::NotOwner`] once the session is stopped, and for a guest once
    /// its owner is gone: start anew.
    pub async fn call(&self, call: Call) -> Answer {
        match &*self.0 {
            Role::Owner(owner) => Arc::clone(owner).answer(call).await,
            Role::Guest { client, .. } => client.call(call).await,
        }
    }

    /// The events from now on. For a guest they end when its owner goes away.
    ///
    /// # Errors
    /// For a guest, [`ErrorCode::NotOwner`] once its owner is gone.
    pub async fn events(&self) -> Result<Events, ApiError> {
        match &*self.0 {
            Role::Owner(owner) => Ok(owner.events()),
            Role::Guest { client, .. } => client.events().await,
        }
    }

    /// Stops cleanly: requests in flight are finished, everything is committed, the socket is gone.
    /// Calls fail from then on. Stopping twice is the same as once.
    pub async fn stop(&self) {
        if let Role::Owner(owner) = &*self.0 {
            owner.stop().await;
        }
    }
}
