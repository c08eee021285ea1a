//! What applies, after options, configuration file and defaults.

use std::{net::SocketAddr, time::Duration};

use api::{ApiError, ErrorCode, FromCommandLine};
use receive::{Bind, BindError, KeyHash, Limits, Protocol, ReceiveOptions, WebAccess};
use sampling::Rules;
use store::Retention;

use super::{
    file::{Address, Age, ConfigFile, Hash, HostName, Memory, Origin, RequestSize, Size, needs_key},
    team::TeamFile,
};
use crate::{Options, sampling_words};

/// What applies.
#[derive(Debug, Clone, PartialEq)]
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
    /// What requests from beyond loopback need.
    pub(crate) key: Option<KeyHash>,
    /// What requests may take.
    pub(crate) room: api::Room,
    /// What is thinned.
    pub(crate) rules: Rules,
    /// The team file, as it is named.
    pub(crate) team_file: Option<String>,
}

impl Settings {
    /// Puts the options over the user's file, and that over the team's.
    pub(super) fn resolve(options: &Options, file: ConfigFile, team: TeamFile) -> Result<Self, ApiError> {
        let default = Retention::default();
        let limits = Limits::default();
        let seconds = |age: Option<Age>, default| age.map_or(default, |Age(seconds)| Duration::from_secs(seconds));
        let team_file = file.sampling.team_file.as_ref().map(|path| path.display().to_string());
        let rules = file.sampling.over(team.sampling.over(Rules::default()));
        rules.check().map_err(|err| ApiError::new(ErrorCode::Malformed, format!("sampling: {err}")))?;
        let settings = Self {
            grpc: binds(Protocol::Grpc, options.grpc.as_deref(), file.grpc)?,
            http: binds(Protocol::Http, options.http.as_deref(), file.http)?,
            containers: options.containers || file.containers,
            web: WebAccess {
                hosts: file.allowed_hosts.into_iter().map(|HostName(name)| name).collect(),
                local_pages: true,
                origins: file.allowed_origins.into_iter().map(|Origin(origin)| origin).collect(),
            },
            retention: Retention {
                ordinary: seconds(file.retention.ordinary.or(team.retention.ordinary), default.ordinary),
                errors: seconds(file.retention.errors.or(team.retention.errors), default.errors),
                aggregates: default.aggregates,
                cap_bytes: file.retention.cap.or(team.retention.cap).map_or(default.cap_bytes, |Size(bytes)| bytes),
            },
            key: file.receive.api_key_hash.map(|Hash(key)| key),
            room: api::Room {
                request_bytes: file.receive.largest_request.map_or(limits.body_bytes, |RequestSize(bytes)| bytes),
                memory_bytes: file.receive.memory.map_or(limits.heap_bytes, |Memory(bytes)| bytes),
            },
            rules,
            team_file,
        };
        settings.grpc.iter().chain(&settings.http).try_for_each(|bind| settings.allow(bind))?;
        Ok(settings)
    }

    /// Whether an address may be listened on.
    pub(crate) fn allow(&self, bind: &Bind) -> Result<(), ApiError> {
        if bind.is_beyond_loopback() && self.key.is_none() {
            return Err(ApiError::new(ErrorCode::Address, needs_key(bind)));
        }
        Ok(())
    }

    pub(crate) fn receive_options(&self) -> ReceiveOptions {
        let api::Room { request_bytes, memory_bytes } = self.room;
        let limits = Limits { body_bytes: request_bytes, heap_bytes: memory_bytes, ..Limits::default() };
        ReceiveOptions { web: self.web.clone(), limits, key: self.key }
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
            has_api_key: self.key.is_some(),
            room: self.room,
            sampling: sampling_words::in_words(&self.rules),
            team_file: self.team_file.clone(),
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
            BindError::Name(_) => ErrorCode::Address,
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
