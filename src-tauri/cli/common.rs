//! The options that every command and the window understand.

use std::path::PathBuf;

use clap::Args;
use service::Options;

/// Where the data is and where telemetry arrives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Directory of the data [default: SPANSCOPE_DATA_DIR, else the platform's place]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Address for OTLP over gRPC, port 0 for a free one; may be given twice [default: port 4317 on 127.0.0.1 and ::1]
    #[arg(long, global = true, value_name = "ADDR")]
    pub(crate) grpc: Vec<String>,
    /// Address for OTLP over HTTP, port 0 for a free one; may be given twice [default: port 4318 on 127.0.0.1 and ::1]
    #[arg(long, global = true, value_name = "ADDR")]
    pub(crate) http: Vec<String>,
    /// Configuration file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Also receive from containers on this machine
    #[arg(long, global = true)]
    pub(crate) containers: bool,
}

impl Common {
    /// What a session is started with.
    pub(crate) fn options(&self) -> Options {
        let addresses = |given: &[String]| (!given.is_empty()).then(|| given.to_vec());
        Options {
            data_dir: self.data_dir.clone(),
            grpc: addresses(&self.grpc),
            http: addresses(&self.http),
            containers: self.containers,
            config: self.config.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Options::default()
        }
    }
}

/// The sentence of a usage error: its first paragraph and its tip, without the usage.
pub(crate) fn usage_sentence(err: &clap::Error) -> String {
    let text = err.render().to_string();
    let before_usage = text.split("\nUsage:").next().unwrap_or_default();
    let before_usage = before_usage.split("\nFor more information").next().unwrap_or_default();
    let paragraphs = before_usage.trim().trim_start_matches("error: ").split("\n\n");
    paragraphs
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|paragraph| !paragraph.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

/// Logs to standard error what `SPANSCOPE_LOG` asks for, else warnings.
pub(crate) fn start_log() {
    use tracing_subscriber::{EnvFilter, filter::LevelFilter};
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .with_env_var("SPANSCOPE_LOG")
        .from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
