use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// OTLP's two transports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// OTLP/gRPC.
    Grpc,
    /// OTLP/HTTP.
    Http,
}

impl Protocol {
    /// The port that clients use unless told otherwise.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Grpc => 4317,
            Self::Http => 4318,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grpc => "OTLP/gRPC",
            Self::Http => "OTLP/HTTP",
        })
    }
}

/// What to listen on: one port on loopback, or on one address beyond it, where every request needs the API
/// key.
///
/// Parses `127.0.0.1:4317` and `[::1]:4317` (that address alone) and `localhost:4317` (both
/// families); port 0 means any free one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bind {
    hosts: Vec<IpAddr>,
    port: u16,
}

impl Bind {
    /// `port` on 127.0.0.1 and [::1].
    #[must_use]
    pub fn localhost(port: u16) -> Self {
        Self { hosts: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()], port }
    }

    /// The usual port of `protocol` on 127.0.0.1 and [::1].
    #[must_use]
    pub fn usual(protocol: Protocol) -> Self {
        Self::localhost(protocol.default_port())
    }

    /// Whether other machines can reach it.
    #[must_use]
    pub fn is_beyond_loopback(&self) -> bool {
        self.hosts.iter().any(|host| !host.is_loopback())
    }

    /// The addresses.
    #[must_use]
    pub fn hosts(&self) -> &[IpAddr] {
        &self.hosts
    }

    /// The port; 0 for any free one.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Why a text is not an address to listen on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    /// It is not `host:port`.
    #[error("`{0}` is not an address to listen on: write host:port, for example localhost:4317 or 127.0.0.1:0")]
    Malformed(String),
    /// It is a name whose address is not known.
    #[error("`{0}` is a name: write the address of this machine to listen on, or localhost")]
    Name(String),
}

impl FromStr for Bind {
    type Err = BindError;

    fn from_str(text: &str) -> Result<Self, BindError> {
        let malformed = || BindError::Malformed(text.to_owned());
        let (host, port) = text.trim().rsplit_once(':').ok_or_else(malformed)?;
        let port = port.parse::<u16>().map_err(|_| malformed())?;
        if host.eq_ignore_ascii_case("localhost") {
            return Ok(Self::localhost(port));
        }
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let ip = match bare {
            Some(bare) => IpAddr::V6(bare.parse::<Ipv6Addr>().map_err(|_| malformed())?),
            None if host.contains(':') => return Err(malformed()),
            None => match host.parse::<Ipv4Addr>() {
                Ok(ip) => IpAddr::V4(ip),
                Err(_) => return Err(BindError::Name(text.to_owned())),
            },
        };
        Ok(Self { hosts: vec![ip], port })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn addresses_are_read_and_names_are_not() {
        let seen: String = [
            "localhost:4317",
            "127.0.0.1:0",
            "127.9.9.9:1",
            "[::1]:4318",
            "LOCALHOST:1",
            "0.0.0.0:4317",
            "[::]:4317",
            "192.168.1.4:4317",
            "example.com:4317",
            ":4317",
            "4317",
            "::1:4317",
            "127.0.0.1:70000",
            "[::ffff:127.0.0.1]:1",
        ]
        .iter()
        .map(|text| match text.parse::<Bind>() {
            Ok(bind) => {
                let beyond = if bind.is_beyond_loopback() { ", beyond loopback" } else { "" };
                format!("{text}: {:?} {}{beyond}\n", bind.hosts(), bind.port())
            }
            Err(err) => format!("{err}\n"),
        })
        .collect();
        expect![[r#"
            localhost:4317: [127.0.0.1, ::1] 4317
            127.0.0.1:0: [127.0.0.1] 0
            127.9.9.9:1: [127.9.9.9] 1
            [::1]:4318: [::1] 4318
            LOCALHOST:1: [127.0.0.1, ::1] 1
            0.0.0.0:4317: [0.0.0.0] 4317, beyond loopback
            [::]:4317: [::] 4317, beyond loopback
            192.168.1.4:4317: [192.168.1.4] 4317, beyond loopback
            `example.com:4317` is a name: write the address of this machine to listen on, or localhost
            `:4317` is a name: write the address of this machine to listen on, or localhost
            `4317` is not an address to listen on: write host:port, for example localhost:4317 or 127.0.0.1:0
            `::1:4317` is not an address to listen on: write host:port, for example localhost:4317 or 127.0.0.1:0
            `127.0.0.1:70000` is not an address to listen on: write host:port, for example localhost:4317 or 127.0.0.1:0
            [::ffff:127.0.0.1]:1: [::ffff:127.0.0.1] 1, beyond loopback
        "#]]
        .assert_eq(&seen);
    }
}
