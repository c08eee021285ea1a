//! How the service is doing.

use model::Signal;

use crate::{PendingDeletion, Retention, Sampling, Wire};

/// Everything that the status bar and `spanscope status` show.
#[derive(Debug, Clone, PartialEq, Default, Wire)]
pub struct Status {
    /// Version of the process that owns the data directory.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// The data directory.
    pub data_dir: String,
    /// Where it listens, or fails to.
    pub listeners: Vec<Listener>,
    /// Spans received a second, over the last few seconds.
    pub spans_per_second: f64,
    /// Traces stored.
    pub traces: u64,
    /// See [`crate::TracesRequest::as_of`].
    pub sequence: u64,
    /// What became of what was received.
    pub ledger: Ledger,
    /// Size of the data directory.
    pub bytes_on_disk: BytesOnDisk,
    /// What takes it.
    pub sizes: Sizes,
    /// How long things are kept.
    pub retention: Retention,
    /// What is thinned.
    pub sampling: Sampling,
    /// What is about to be deleted.
    pub deletion: Option<PendingDeletion>,
    /// What needs attention.
    pub problems: Vec<Problem>,
}

/// One address.
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub struct Listener {
    /// What is spoken there.
    pub protocol: Protocol,
    /// `host:port`; the port that was given where 0 was asked for.
    pub address: String,
    /// How it is.
    pub state: ListenerState,
}

/// OTLP's two transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Wire)]
pub enum Protocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP.
    Http,
}

/// Whether an address is listened on.
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub enum ListenerState {
    /// It is.
    Listening,
    /// Another process has the port.
    Taken {
        /// Its name and process id, for example `otelcol (pid 48213)`, where that can be known.
        by: Option<String>,
        /// A free address to use instead.
        offer: String,
        /// The line to set for clients once it is used, `OTEL_EXPORTER_OTLP_ENDPOINT=…`.
        setting: String,
    },
    /// It cannot be listened on.
    Failed {
        /// Why.
        sentence: String,
    },
}

/// received = stored + duplicate + sampled out + rejected, for each signal; beside it what was
/// turned away before it could be counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Ledger {
    /// Spans.
    pub spans: SignalLedger,
    /// Log records.
    pub logs: SignalLedger,
    /// Metric points.
    pub metric_points: SignalLedger,
    /// Requests turned away, by reason.
    pub turned_away: Vec<(String, TurnedAway)>,
    /// The same by service, the most received first.
    pub services: Vec<ServiceLedger>,
    /// The last of what was refused for each reason: items that were rejected, and requests turned away.
    pub refused: Vec<Refused>,
    /// What of it came since the owner started.
    pub since_start: Vec<SinceStart>,
}

/// The ledger of one service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct ServiceLedger {
    /// Its name; `(others)` and `(earlier)` stand for those that are not counted apart.
    pub service: String,
    /// Spans.
    pub spans: SignalLedger,
    /// Log records.
    pub logs: SignalLedger,
    /// Metric points.
    pub metric_points: SignalLedger,
}

/// The ledger of a signal since the owner started.
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub struct SinceStart {
    /// The signal.
    pub signal: Signal,
    /// What became of what was received since then.
    pub ledger: SignalLedger,
}

/// The last that was refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub struct Refused {
    /// The name of the reason, as in [`SignalLedger::rejected`] or [`Ledger::turned_away`].
    pub reason: String,
    /// Whether it was a whole request.
    pub is_request: bool,
    /// When, nanoseconds since the Unix epoch.
    pub at_unix_nano: u64,
    /// Who sent it, as `address:port`; empty if that is not known.
    pub sender: String,
    /// Why.
    pub sentence: String,
    /// The service that it is of; empty for a request.
    pub service: String,
    /// What it is called; empty for a request.
    pub name: String,
}

/// The ledger of one signal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct SignalLedger {
    /// Walked.
    pub received: u64,
    /// Written to the database.
    pub stored: u64,
    /// Dropped because they were there already.
    pub duplicate: u64,
    /// Thinned by a rule.
    pub sampled_out: u64,
    /// Refused for good, by reason.
    pub rejected: Vec<(String, u64)>,
    /// Of what was stored, let go because of its age.
    pub expired: u64,
    /// Of what was stored, let go because of the cap on disk.
    pub evicted: u64,
    /// Of what was stored, deleted by the user.
    pub deleted: u64,
    /// What is still there of what was stored.
    pub kept: u64,
}

impl SignalLedger {
    /// All that were rejected.
    #[must_use]
    pub fn rejected_in_all(&self) -> u64 {
        self.rejected.iter().map(|(_, number)| number).sum()
    }

    /// Whether everything received is accounted for.
    #[must_use]
    pub fn is_balanced(&self) -> bool {
        self.received == self.stored + self.duplicate + self.sampled_out + self.rejected_in_all()
    }
}

/// Requests turned away for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Wire)]
pub struct TurnedAway {
    /// How many.
    pub requests: u64,
    /// Their bytes, as far as they were read.
    pub bytes: u64,
}

/// Bytes of the files in the data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Wire)]
pub struct BytesOnDisk {
    /// The database.
    pub database: u64,
    /// Its write-ahead log.
    pub write_ahead_log: u64,
    /// Everything.
    pub total: u64,
}

/// What takes the space on disk, about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Wire)]
pub struct Sizes {
    /// By service and signal, the largest first.
    pub services: Vec<ServiceSize>,
    /// Bytes of pinned traces, which are among those of the services.
    pub pinned_bytes: u64,
    /// Bytes of requests that are in no segment yet.
    pub waiting_bytes: u64,
}

/// What one service takes with one signal.
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub struct ServiceSize {
    /// Its name.
    pub service: String,
    /// The signal.
    pub signal: Signal,
    /// Spans, log records or metric points.
    pub items: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Something that needs attention.
#[derive(Debug, Clone, PartialEq, Eq, Wire)]
pub struct Problem {
    /// Stable name, for example `port_taken`, `wrong_port`, `disk_full`.
    pub name: String,
    /// What is the matter.
    pub sentence: String,
    /// What to do.
    pub remedy: String,
}
