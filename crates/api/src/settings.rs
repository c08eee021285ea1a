//! What the user can set.

use model::TraceId;

use crate::{Sampling, Wire};

/// How long things are kept. Age counts from when the last of a trace arrived; pinned traces stay
/// for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Wire)]
pub struct Retention {
    /// Traces without an error, log records and metric points.
    pub ordinary_seconds: u64,
    /// Traces with a span of status ERROR.
    pub error_seconds: u64,
    /// Most bytes on disk, pinned traces aside.
    pub cap_bytes: u64,
}

/// How much of the memory requests may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Wire)]
pub struct Room {
    /// Largest request, before and after decompression, bytes.
    pub request_bytes: u64,
    /// Estimated heap of all requests in flight, bytes.
    pub memory_bytes: u64,
}

/// What applies, after options, configuration file, team file and defaults.
#[derive(Debug, Clone, PartialEq, Default, Wire)]
pub struct Settings {
    /// How long things are kept.
    pub retention: Retention,
    /// Addresses for OTLP/gRPC, as they were set; [`crate::Status::listeners`] says how they are.
    pub grpc: Vec<String>,
    /// Addresses for OTLP/HTTP.
    pub http: Vec<String>,
    /// Whether the bridges of containers are listened on too.
    pub containers: bool,
    /// Names accepted in `Host` beside those that no public site can hold.
    pub allowed_hosts: Vec<String>,
    /// Origins whose pages may send beside those of this machine.
    pub allowed_origins: Vec<String>,
    /// Whether there is an API key, which every request from beyond loopback needs.
    pub has_api_key: bool,
    /// What requests may take.
    pub room: Room,
    /// What is thinned.
    pub sampling: Sampling,
    /// The team file, as it is named: relative to the configuration file's folder.
    pub team_file: Option<String>,
    /// The data directory.
    pub data_dir: String,
    /// The configuration file, whether it is there or not; `None` where the platform has no place
    /// for one.
    pub config_path: Option<String>,
    /// What the command line says, so that the file has no say in it.
    pub from_command_line: Vec<FromCommandLine>,
}

/// A setting that an option of the command line decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub enum FromCommandLine {
    /// `--grpc`.
    Grpc,
    /// `--http`.
    Http,
    /// `--containers`.
    Containers,
}

/// One change of the configuration file. Ages and sizes are texts as they stand there, see
/// [`crate::quantity`].
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub enum SettingsChange {
    /// [`Retention::ordinary_seconds`], for example `7d`.
    Ordinary(String),
    /// [`Retention::error_seconds`], for example `30d`.
    Errors(String),
    /// [`Retention::cap_bytes`], for example `5GB`.
    Cap(String),
    /// [`Settings::containers`].
    Containers(bool),
    /// [`Settings::allowed_hosts`], all of them.
    AllowedHosts(Vec<String>),
    /// [`Settings::allowed_origins`], all of them.
    AllowedOrigins(Vec<String>),
    /// The hash of the API key, `sha256:` and 64 hex digits; `None`: there is none. [`crate::Call::NewApiKey`]
    /// makes both.
    ApiKeyHash(Option<String>),
    /// [`Room::request_bytes`], for example `64 MiB`.
    RequestSize(String),
    /// [`Room::memory_bytes`].
    Memory(String),
    /// [`Sampling::is_on`].
    SamplingOn(bool),
    /// [`Sampling::environments`], all of them: [`crate::sampling::parse_environments`].
    Environments(String),
    /// [`Sampling::high_volume_ratio`], for example `1 %`.
    HighVolumeRatio(String),
    /// [`Sampling::high_volume_over`].
    HighVolumeOver(String),
    /// [`Sampling::low_volume_under`].
    LowVolumeUnder(String),
    /// [`Sampling::critical_flows`], all of them: [`crate::sampling::parse_flows`].
    CriticalFlows(String),
    /// [`Settings::team_file`]; empty: none.
    TeamFile(String),
}

/// What is to be deleted, or to be counted before.
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub enum Selection {
    /// A trace, with its log records.
    Trace(TraceId),
    /// What belongs to a service: traces in which it has the most bytes, its log records and points.
    Service(String),
    /// What arrived before a time, nanoseconds since the Unix epoch: traces whose last span did.
    Before(u64),
}

/// A deletion that is announced and can still be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Wire)]
pub struct PendingDeletion {
    /// What was counted when it was announced.
    pub selected: Selected,
    /// Until it is carried out, seconds.
    pub seconds_left: u64,
}

/// How much a [`Selection`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Wire)]
pub struct Selected {
    /// Traces.
    pub traces: u64,
    /// Spans.
    pub spans: u64,
    /// Log records.
    pub logs: u64,
    /// Metric points.
    pub metric_points: u64,
}

impl Selected {
    /// Whether nothing matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
