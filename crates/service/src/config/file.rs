//! `config.toml`: every key may be left out.

use std::{
    io,
    path::{Path, PathBuf},
};

use api::{
    ApiError, ErrorCode,
    quantity::{parse_age_seconds, parse_size_bytes},
};
use receive::Bind;
use serde::Deserialize;

/// What stands in the file.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    /// As [`crate::Options::grpc`].
    pub(super) grpc: Option<Vec<Address>>,
    /// As [`crate::Options::http`].
    pub(super) http: Option<Vec<Address>>,
    /// As [`crate::Options::containers`].
    #[serde(default)]
    pub(super) containers: bool,
    /// Names accepted in `Host` beside those that no public site can hold.
    #[serde(default)]
    pub(super) allowed_hosts: Vec<HostName>,
    /// Origins whose pages may send beside those of this machine.
    #[serde(default)]
    pub(super) allowed_origins: Vec<Origin>,
    /// How long things are kept.
    #[serde(default)]
    pub(super) retention: Retention,
}

/// The table `[retention]`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retention {
    /// Age of what has no error.
    pub(super) ordinary: Option<Age>,
    /// Age of traces with an error.
    pub(super) errors: Option<Age>,
    /// Most bytes on disk.
    pub(super) cap: Option<Size>,
}

/// An address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Address(pub(super) Bind);

/// Seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Age(pub(super) u64);

/// Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Size(pub(super) u64);

/// A name as it stands in `Host`, without the port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct HostName(pub(super) String);

/// An origin as browsers write it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Origin(pub(super) String);

impl TryFrom<String> for Address {
    type Error = receive::BindError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

impl TryFrom<String> for Age {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse_age_seconds(&text).map(Self)
    }
}

impl TryFrom<String> for Size {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse_size_bytes(&text).map(Self)
    }
}

impl TryFrom<String> for HostName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if is_host(&text) {
            Ok(Self(text))
        } else {
            Err(format!("“{text}” is no host name: write it without http:// and port, for example otel.example.com"))
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let origin = text.trim_end_matches('/');
        let host = origin.split_once("://").map(|(_, rest)| rest.rsplit_once(':').map_or(rest, |(host, _)| host));
        if host.is_some_and(is_host) {
            Ok(Self(text))
        } else {
            Err(format!("“{text}” is no origin: write scheme and host, for example https://app.example.com"))
        }
    }
}

/// Letters, digits, and what joins them: no scheme, port or path.
fn is_host(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

/// `config.toml` in the platform's place for configuration.
pub(super) fn usual_path() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "spanscope").map(|dirs| dirs.config_dir().join("config.toml"))
}

/// The text of the file; `None` where there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<String>, ApiError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(err) => Err(ApiError::new(ErrorCode::File, format!("cannot read {}: {err}", path.display()))),
    }
}

/// What stands in the text of the file at `path`.
pub(super) fn parse_file(path: &Path, text: &str) -> Result<ConfigFile, ApiError> {
    parse(text).map_err(|err| {
        let line = text.get(..err.start).map_or(1, |before| before.matches('\n').count() + 1);
        ApiError::new(ErrorCode::Malformed, format!("{}: line {line}: {}", path.display(), err.why))
    })
}

/// What is wrong in a file.
#[derive(Debug)]
pub(super) struct Fault {
    /// Where it starts, in bytes.
    start: usize,
    /// Why.
    pub(super) why: String,
}

pub(super) fn parse(text: &str) -> Result<ConfigFile, Fault> {
    toml_edit::de::from_str(text).map_err(|err| Fault {
        start: err.span().map_or(0, |span| span.start),
        why: err.message().trim().replace('\n', ", "),
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn what_is_wrong_in_a_configuration_is_named_with_its_line() {
        let said: String = [
            "grpc = [\"127.0.0.1:0\"]\nport = 4317",
            "http = 4318",
            "http = [\"127.0.0.1:0\",\n  \"0.0.0.0:4318\"]",
            "containers = \"yes\"",
            "grpc = [",
            "# kept\n[retention]\nordinary = \"7\"",
            "[retention]\nordinary = 7",
            "[retention]\nerrors = \"0d\"\ncap = \"5GB\"",
            "[retention]\n\ncap = \"5 elephants\"",
            "[retention]\nage = \"7d\"",
            "allowed_hosts = [\"http://otel.example\"]",
            "allowed_origins = [\"app.example.com\"]",
        ]
        .iter()
        .map(|text| parse_file(Path::new("c"), text).expect_err(text).sentence + "\n")
        .collect();
        expect![[r#"
            c: line 2: unknown field `port`, expected one of `grpc`, `http`, `containers`, `allowed_hosts`, `allowed_origins`, `retention`
            c: line 1: invalid type: integer `4318`, expected a sequence
            c: line 1: `0.0.0.0:4318` is not a loopback address: other machines are not listened to until there is an API key to protect it
            c: line 1: invalid type: string "yes", expected a boolean
            c: line 1: unclosed array, expected `]`
            c: line 3: “7” is no age: give a number with its unit, for example 12h or 7d
            c: line 2: invalid type: integer `7`, expected a string
            c: line 2: “0d” is no age: give a number with its unit, for example 12h or 7d
            c: line 3: “5 elephants” is no size: give a number with its unit, for example 500MB or 5GB
            c: line 2: unknown field `age`, expected one of `ordinary`, `errors`, `cap`
            c: line 1: “http://otel.example” is no host name: write it without http:// and port, for example otel.example.com
            c: line 1: “app.example.com” is no origin: write scheme and host, for example https://app.example.com
        "#]].assert_eq(&said);
    }

    #[test]
    fn everything_may_stand_in_it() {
        let text = "grpc = [\"localhost:0\"]\nhttp = []\ncontainers = true\nallowed_hosts = [\"otel.example\"]\n\
                    allowed_origins = [\"https://app.example.com:8443/\"]\n\
                    [retention]\nordinary = \"2 weeks\"\nerrors = \"90d\"\ncap = \"500 MB\"\n";
        let file = parse(text).expect("it is right");
        assert_eq!(file.allowed_hosts, [HostName("otel.example".to_owned())]);
        let retention =
            Retention { ordinary: Some(Age(1_209_600)), errors: Some(Age(7_776_000)), cap: Some(Size(500_000_000)) };
        assert_eq!((file.containers, file.retention), (true, retention));
    }
}
