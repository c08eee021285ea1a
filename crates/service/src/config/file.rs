//! `config.toml`: every key may be left out.

use std::{
    collections::BTreeMap,
    fmt, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use api::{
    ApiError, ErrorCode,
    quantity::{parse_age_seconds, parse_size_bytes, size_text},
};
use receive::{Bind, KeyHash, KeyHashError, Limits};
use sampling::{CriticalFlow, Rules};
use serde::{Deserialize, de::DeserializeOwned};

/// Bounds of the largest request, bytes.
const LEAST_REQUEST: u64 = 1 << 20;
const MOST_REQUEST: u64 = 512 << 20;

/// Bounds of the memory of all requests in flight, bytes.
const LEAST_MEMORY: u64 = 16 << 20;
const MOST_MEMORY: u64 = 4 << 30;

/// What stands in the file.
#[derive(Debug, Default, PartialEq, Deserialize)]
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
    /// The key, and what requests may take.
    #[serde(default)]
    pub(super) receive: Receive,
    /// What is thinned, and the team file.
    #[serde(default)]
    pub(super) sampling: Sampling,
}

/// The table `[retention]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retention {
    /// Age of what has no error.
    pub(super) ordinary: Option<Age>,
    /// Age of traces with an error.
    pub(super) errors: Option<Age>,
    /// Most bytes on disk.
    pub(super) cap: Option<Size>,
}

/// The table `[receive]`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receive {
    /// Of the key that requests from beyond loopback need.
    pub(super) api_key_hash: Option<Hash>,
    /// Largest request.
    pub(super) largest_request: Option<RequestSize>,
    /// Most memory of all requests in flight.
    pub(super) memory: Option<Memory>,
}

/// The table `[sampling]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sampling {
    /// See [`super::team`]. Relative to the folder of the file that names it.
    pub(super) team_file: Option<PathBuf>,
    /// As [`Rules::is_on`].
    pub(super) on: Option<bool>,
    /// As [`Rules::environments`].
    pub(super) environments: Option<BTreeMap<String, Ratio>>,
    /// As [`Rules::high_volume_ratio`].
    pub(super) high_volume_ratio: Option<Ratio>,
    /// As [`Rules::high_volume_over`].
    pub(super) high_volume_over: Option<u64>,
    /// As [`Rules::low_volume_under`].
    pub(super) low_volume_under: Option<u64>,
    /// As [`Rules::critical_flows`].
    pub(super) critical_flows: Option<Vec<CriticalFlow>>,
}

impl Sampling {
    /// The rules, where this says something; else as they were.
    pub(super) fn over(self, rules: Rules) -> Rules {
        let ratios = |ratios: BTreeMap<String, Ratio>| ratios.into_iter().map(|(name, Ratio(ratio))| (name, ratio));
        Rules {
            is_on: self.on.unwrap_or(rules.is_on),
            environments: self.environments.map_or(rules.environments, |of| ratios(of).collect()),
            high_volume_ratio: self.high_volume_ratio.map_or(rules.high_volume_ratio, |Ratio(ratio)| ratio),
            high_volume_over: self.high_volume_over.unwrap_or(rules.high_volume_over),
            low_volume_under: self.low_volume_under.unwrap_or(rules.low_volume_under),
            critical_flows: self.critical_flows.unwrap_or(rules.critical_flows),
        }
    }
}

/// From 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Ratio(pub(super) f64);

/// As it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Hash(pub(super) KeyHash);

/// Bytes, within [`LEAST_REQUEST`] and [`MOST_REQUEST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct RequestSize(pub(super) u64);

/// Bytes, within [`LEAST_MEMORY`] and [`MOST_MEMORY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Memory(pub(super) u64);

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

impl TryFrom<f64> for Ratio {
    type Error = String;

    fn try_from(ratio: f64) -> Result<Self, String> {
        let is_one = (0.0..=1.0).contains(&ratio);
        is_one
            .then_some(Self(ratio))
            .ok_or_else(|| format!("{ratio} is no share: write a number from 0 (none is kept) to 1 (all are kept)"))
    }
}

impl TryFrom<String> for Hash {
    type Error = KeyHashError;

    fn try_from(text: String) -> Result<Self, KeyHashError> {
        text.parse().map(Self)
    }
}

impl TryFrom<String> for RequestSize {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        size_within(&text, LEAST_REQUEST, MOST_REQUEST).map(Self)
    }
}

impl TryFrom<String> for Memory {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        size_within(&text, LEAST_MEMORY, MOST_MEMORY).map(Self)
    }
}

fn size_within(text: &str, least: u64, most: u64) -> Result<u64, String> {
    let size = parse_size_bytes(text)?;
    let is_within = (least..=most).contains(&size);
    is_within.then_some(size).ok_or_else(|| format!("“{text}” is not from {} to {}", size_text(least), size_text(most)))
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

/// More than anyone writes into a configuration, bytes.
const MOST_BYTES: u64 = 1 << 20;

/// The text of the file; `None` where there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<String>, ApiError> {
    let cannot =
        |why: &dyn fmt::Display| Err(ApiError::new(ErrorCode::File, format!("cannot read {}: {why}", path.display())));
    match std::fs::metadata(path) {
        // A device or a pipe may never end.
        Ok(file) if !file.is_file() => return cannot(&"it is no file"),
        Ok(file) if file.len() > MOST_BYTES => return cannot(&"it is too large for a configuration"),
        Ok(_) => {}
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return cannot(&err),
    }
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(err) if err.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(err) => cannot(&err),
    }
}

/// What stands in the text of the file at `path`.
pub(super) fn parse_file(path: &Path, text: &str) -> Result<ConfigFile, ApiError> {
    parse(text).map_err(|fault| named(path, text, &fault))
}

/// A fault with the file and the line.
pub(super) fn named(path: &Path, text: &str, fault: &Fault) -> ApiError {
    let line = text.get(..fault.start).map_or(1, |before| before.matches('\n').count() + 1);
    ApiError::new(ErrorCode::Malformed, format!("{}: line {line}: {}", path.display(), fault.why))
}

/// What is wrong in a file.
#[derive(Debug)]
pub(super) struct Fault {
    /// Where it starts, in bytes.
    pub(super) start: usize,
    /// Why.
    pub(super) why: String,
}

pub(super) fn parse(text: &str) -> Result<ConfigFile, Fault> {
    let file: ConfigFile = deserialize(text)?;
    let at = |what: &str| text.find(what).unwrap_or_default();
    if file.receive.api_key_hash.is_none() {
        let mut addresses = file.grpc.iter().chain(&file.http).flatten();
        if let Some(Address(bind)) = addresses.find(|Address(bind)| bind.is_beyond_loopback()) {
            let host = bind.hosts().first().map(ToString::to_string).unwrap_or_default();
            return Err(Fault { start: at(&host), why: needs_key(bind) });
        }
    }
    let limits = Limits::default();
    let request = file.receive.largest_request.map_or(limits.body_bytes, |RequestSize(bytes)| bytes);
    let memory = file.receive.memory.map_or(limits.heap_bytes, |Memory(bytes)| bytes);
    if request > memory {
        let [request, memory] = [request, memory].map(size_text);
        let why = format!("the largest request, {request}, has no room in the memory of all requests, {memory}");
        return Err(Fault { start: at("[receive]"), why });
    }
    Ok(file)
}

/// Why an address is not listened on without a key.
pub(super) fn needs_key(bind: &Bind) -> String {
    let hosts: Vec<_> = bind.hosts().iter().map(|&host| SocketAddr::new(host, bind.port()).to_string()).collect();
    format!(
        "{} can be reached from other machines, which needs an API key: `spanscope key new` makes one, as does Settings",
        hosts.join(" and ")
    )
}

pub(super) fn deserialize<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
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
            "\n[receive]\napi_key_hash = \"secret\"",
            "[receive]\nlargest_request = \"1GB\"",
            "\n[receive]\nlargest_request = \"500MB\"",
            "[receive]\nmemory = \"1MB\"",
            "[sampling]\n\nenvironments = { production = 10 }",
            "[sampling]\ncritical_flows = [{ name = \"pay\" }]",
        ]
        .iter()
        .map(|text| parse_file(Path::new("c"), text).expect_err(text).sentence + "\n")
        .collect();
        expect![[r#"
            c: line 2: unknown field `port`, expected one of `grpc`, `http`, `containers`, `allowed_hosts`, `allowed_origins`, `retention`, `receive`, `sampling`
            c: line 1: invalid type: integer `4318`, expected a sequence
            c: line 2: 0.0.0.0:4318 can be reached from other machines, which needs an API key: `spanscope key new` makes one, as does Settings
            c: line 1: invalid type: string "yes", expected a boolean
            c: line 1: unclosed array, expected `]`
            c: line 3: “7” is no age: give a number with its unit, for example 12h or 7d
            c: line 2: invalid type: integer `7`, expected a string
            c: line 2: “0d” is no age: give a number with its unit, for example 12h or 7d
            c: line 3: “5 elephants” is no size: give a number with its unit, for example 500MB or 5GB
            c: line 2: unknown field `age`, expected one of `ordinary`, `errors`, `cap`
            c: line 1: “http://otel.example” is no host name: write it without http:// and port, for example otel.example.com
            c: line 1: “app.example.com” is no origin: write scheme and host, for example https://app.example.com
            c: line 3: this is no hash of an API key: have one made with `spanscope key new` or in Settings
            c: line 2: “1GB” is not from 1 MiB to 512 MiB
            c: line 2: the largest request, 0.5 GB, has no room in the memory of all requests, 192 MiB
            c: line 2: “1MB” is not from 16 MiB to 4 GiB
            c: line 3: 10 is no share: write a number from 0 (none is kept) to 1 (all are kept)
            c: line 2: unknown field `name`, expected `service` or `operation`
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
