//! The configuration file, and what it makes of the options.

use std::{
    io,
    path::{Path, PathBuf},
};

use api::{ApiError, ErrorCode};
use receive::{Bind, BindError, Protocol, ReceiveOptions, WebAccess};
use serde::Deserialize;

use crate::Options;

/// `config.toml`. Every key may be left out.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    /// As [`Options::grpc`].
    grpc: Option<Vec<String>>,
    /// As [`Options::http`].
    http: Option<Vec<String>>,
    /// As [`Options::containers`].
    #[serde(default)]
    containers: bool,
    /// Names accepted in `Host` beside those that no public site can hold.
    #[serde(default)]
    allowed_hosts: Vec<String>,
    /// Origins whose pages may send beside those of this machine.
    #[serde(default)]
    allowed_origins: Vec<String>,
}

/// What applies, after options, configuration file and defaults.
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
}

impl Settings {
    /// Reads the configuration file and puts the options over it.
    pub(crate) fn resolve(options: &Options) -> Result<Self, ApiError> {
        let file = match &options.config {
            Some(path) => read(path)?.ok_or_else(|| {
                ApiError::new(ErrorCode::File, format!("there is no configuration file at {}", path.display()))
            })?,
            None => usual_path().map(|path| read(&path)).transpose()?.flatten().unwrap_or_default(),
        };
        Ok(Self {
            grpc: binds(Protocol::Grpc, options.grpc.as_ref().or(file.grpc.as_ref()))?,
            http: binds(Protocol::Http, options.http.as_ref().or(file.http.as_ref()))?,
            containers: options.containers || file.containers,
            web: WebAccess { hosts: file.allowed_hosts, local_pages: true, origins: file.allowed_origins },
        })
    }

    pub(crate) fn receive_options(&self) -> ReceiveOptions {
        ReceiveOptions { web: self.web.clone(), ..ReceiveOptions::default() }
    }
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

fn binds(protocol: Protocol, addresses: Option<&Vec<String>>) -> Result<Vec<Bind>, ApiError> {
    match addresses {
        None => Ok(vec![Bind::usual(protocol)]),
        Some(addresses) => addresses.iter().map(|address| parse_bind(address)).collect(),
    }
}

/// `config.toml` in the platform's place for configuration.
fn usual_path() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "spanscope").map(|dirs| dirs.config_dir().join("config.toml"))
}

/// `None` where there is no such file.
fn read(path: &Path) -> Result<Option<ConfigFile>, ApiError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(err) => {
            return Err(ApiError::new(ErrorCode::File, format!("cannot read {}: {err}", path.display())));
        }
    };
    parse(&text).map(Some).map_err(|why| ApiError::new(ErrorCode::Malformed, format!("{}: {why}", path.display())))
}

/// The file, or a line with what is wrong in it.
fn parse(text: &str) -> Result<ConfigFile, String> {
    toml::from_str(text).map_err(|err| {
        let line =
            err.span().and_then(|span| text.get(..span.start)).map_or(1, |before| before.matches('\n').count() + 1);
        format!("line {line}: {}", err.message().replace('\n', ", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_in_a_configuration_is_named() {
        for (text, why) in [
            ("grpc = [\"127.0.0.1:0\"]\nport = 4317", "line 2: unknown field `port`, expected one of `grpc`, `http`"),
            ("http = 4318", "line 1: invalid type: integer `4318`, expected a sequence"),
            ("containers = \"yes\"", "line 1: invalid type: string \"yes\", expected a boolean"),
            ("grpc = [", "line 1: "),
        ] {
            let said = parse(text).expect_err(text);
            assert!(said.starts_with(why), "{text}: {said}");
        }
        let file = parse("allowed_hosts = [\"otel.example\"]").expect("it is right");
        assert_eq!(file, ConfigFile { allowed_hosts: vec!["otel.example".to_owned()], ..ConfigFile::default() });
    }
}
