//! What a session is started with.

use std::{
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use api::{ApiError, ErrorCode};

/// The environment variable that names the data directory where no option does.
const DATA_DIR_VARIABLE: &str = "SPANSCOPE_DATA_DIR";

/// What the command line says; where it is silent, the configuration file does, else the default.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data directory; `None`: see [`data_dir`].
    pub data_dir: Option<PathBuf>,
    /// Addresses for OTLP/gRPC, `host:port`; `None`: the configuration file's, else 127.0.0.1:4317
    /// and [::1]:4317.
    pub grpc: Option<Vec<String>>,
    /// Addresses for OTLP/HTTP, `host:port`; `None`: the configuration file's, else 127.0.0.1:4318
    /// and [::1]:4318.
    pub http: Option<Vec<String>>,
    /// Listen on the bridges of this machine's containers too; `false`: as the configuration file
    /// says.
    pub containers: bool,
    /// The configuration file; `None`: `config.toml` in the platform's place, where there is one.
    pub config: Option<PathBuf>,
    /// Version of the product, for the status.
    pub version: String,
    /// The clock: nanoseconds since the Unix epoch.
    pub now: fn() -> u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            data_dir: None,
            grpc: None,
            http: None,
            containers: false,
            config: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            now: system_time,
        }
    }
}

/// The wall clock, nanoseconds since the Unix epoch.
fn system_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// The data directory: what is named, else `SPANSCOPE_DATA_DIR`, else the platform's place for
/// data of applications.
///
/// # Errors
/// [`ErrorCode::DataDirectory`] where the platform has no such place.
pub fn data_dir(named: Option<&Path>) -> Result<PathBuf, ApiError> {
    if let Some(dir) = named {
        return Ok(dir.to_owned());
    }
    if let Some(dir) = std::env::var_os(DATA_DIR_VARIABLE).filter(|dir| !dir.is_empty()) {
        return Ok(dir.into());
    }
    directories::ProjectDirs::from("", "", "spanscope").map(|dirs| dirs.data_local_dir().to_owned()).ok_or_else(|| {
        ApiError::new(
            ErrorCode::DataDirectory,
            format!("no home directory is known: name a data directory with --data-dir or {DATA_DIR_VARIABLE}"),
        )
    })
}
