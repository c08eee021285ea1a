//! What applies, after options, configuration file and defaults.

use std::{net::SocketAddr, time::Duration};

use api::{ApiError, ErrorCode, FromCommandLine};
use receive::{Bind, BindError, Protocol, ReceiveOptions, WebAccess};
use store::Retention;

use super::file::{Address, Age, ConfigFile, HostName, Origin, Size};
use crate::Options;

/// What applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where OTLP/gRPC is listened for.
    pub(crate) grpc: Vec<Bind>,
    /// Where OTLP/HTTP is listened for.
    pub(crate) http: Vec<Bind>,
    /// Whether the bridges of containers are listened on too.
    pub(crate) containers: bool,
    /// What web pages may do.
    pub(crate) web: WebAccess,
    /// How long things are kept.
    pub(crate) retention: Retention,
}

impl Settings {
    /// Puts the options over the file.
    pub(super) fn resolve(options: &Options, file: ConfigFile) -> Result<Self, ApiError> {
        let default = Retention::default();
        let seconds = |age: Option<Age>, default| age.map_or(default, |Age(seconds)| Duration::from_secs(seconds));
        Ok(Self {
            grpc: binds(Protocol::Grpc, options.grpc.as_deref(), file.grpc)?,
            http: binds(Protocol::Http, options.http.as_deref(), file.http)?,
            containers: options.containers || file.containers,
            web: WebAccess {
                hosts: file.allowed_hosts.into_iter().map(|HostName(name)| name).collect(),
                local_pages: true,
                origins: file.allowed_origins.into_iter().map(|Origin(origin)| origin).collect(),
            },
            retention: Retention {
                ordinary: seconds(file.retention.ordinary, default.ordinary),
                errors: seconds(file.retention.errors, default.errors),
                aggregates: default.aggregates,
                cap_bytes: file.retention.cap.map_or(default.cap_bytes, |Size(bytes)| bytes),
            },
        })
    }

    pub(crate) fn receive_options(&self) -> ReceiveOptions {
        ReceiveOptions { web: self.web.clone(), ..ReceiveOptions::default() }
    }

    /// In the words of the API, without what it cannot know: directory and file.
    pub(super) fn in_words(&self, options: &Options) -> api::Settings {
        let addresses = |binds: &[Bind]| {
            let address = |bind: &Bind| {
                let port = bind.port();
                bind.hosts().iter().map(move |&host| SocketAddr::new(host, port).to_string()).collect::<Vec<_>>()
            };
            binds.iter().flat_map(address).collect()
        };
        let from_command_line = [
            (options.grpc.is_some(), FromCommandLine::Grpc),
            (options.http.is_some(), FromCommandLine::Http),
            (options.containers, FromCommandLine::Containers),
        ];
        api::Settings {
            retention: retention_in_words(self.retention),
            grpc: addresses(&self.grpc),
            http: addresses(&self.http),
            containers: self.containers,
            allowed_hosts: self.web.hosts.clone(),
            allowed_origins: self.web.origins.clone(),
            from_command_line: from_command_line.into_iter().filter_map(|(is, what)| is.then_some(what)).collect(),
            ..api::Settings::default()
        }
    }
}

pub(crate) fn retention_in_words(retention: Retention) -> api::Retention {
    let Retention { ordinary, errors, cap_bytes, .. } = retention;
    api::Retention { ordinary_seconds: ordinary.as_secs(), error_seconds: errors.as_secs(), cap_bytes }
}

/// The address in a text.
pub(crate) fn parse_bind(text: &str) -> Result<Bind, ApiError> {
    text.parse().map_err(|err: BindError| {
        let code = match err {
            BindError::Malformed(_) => ErrorCode::Malformed,
            BindError::BeyondLoopback(_) => ErrorCode::Address,
        };
        ApiError::new(code, err.to_string())
    })
}

fn binds(
    protocol: Protocol,
    from_options: Option<&[String]>,
    from_file: Option<Vec<Address>>,
) -> Result<Vec<Bind>, ApiError> {
    match (from_options, from_file) {
        (Some(addresses), _) => addresses.iter().map(|address| parse_bind(address)).collect(),
        (None, Some(addresses)) => Ok(addresses.into_iter().map(|Address(bind)| bind).collect()),
        (None, None) => Ok(vec![Bind::usual(protocol)]),
    }
}
