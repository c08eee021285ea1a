use std::time::Duration;

use crate::KeyHash;

/// How requests are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReceiveOptions {
    /// What is too much.
    pub limits: Limits,
    /// What web pages may do.
    pub web: WebAccess,
    /// What clients of addresses beyond loopback need; `None`: nothing is taken there.
    pub key: Option<KeyHash>,
}

/// What is too much, and what takes too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Largest body of a request, before and after decompression, bytes.
    pub body_bytes: u64,
    /// Estimated heap of all requests in flight, bytes. A request that alone exceeds it is too
    /// large; one that does not fit beside the others waits, then is asked to come again.
    pub heap_bytes: u64,
    /// Most spans, log records or points in one request.
    pub items: u64,
    /// Values nested deeper than this are kept as raw bytes.
    pub depth: u32,
    /// How long a request waits for its share of [`Limits::heap_bytes`].
    pub admission: Duration,
    /// How long a request waits for the sink before its client is told to come again.
    pub append: Duration,
    /// Connections at a time, over all addresses.
    pub connections: usize,
    /// HTTP/2 streams at a time on one connection.
    pub streams: u32,
    /// Largest header block of a request, bytes.
    pub header_bytes: usize,
    /// From the first byte of a request to the end of its headers.
    pub header_timeout: Duration,
    /// From the headers of a request to the end of its body.
    pub body_timeout: Duration,
    /// How long a connection may stay open without a request.
    pub idle_timeout: Duration,
    /// How long requests in flight may take once [`crate::Receiver::stop`] is called.
    pub stop_timeout: Duration,
    /// How often the addresses of container bridges are looked up.
    pub bridge_interval: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 << 20,
            heap_bytes: 192 << 20,
            items: 200_000,
            depth: 24,
            admission: Duration::from_millis(500),
            append: Duration::from_millis(4_500),
            connections: 256,
            streams: 32,
            header_bytes: 16 << 10,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(60),
            stop_timeout: Duration::from_secs(5),
            bridge_interval: Duration::from_secs(3),
        }
    }
}

/// What web pages may do on the HTTP port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAccess {
    /// Names accepted in `Host` beside those that no public site can hold.
    pub hosts: Vec<String>,
    /// Whether pages served from this machine (`localhost`, `127.0.0.1`, `[::1]`, any port) may send.
    pub local_pages: bool,
    /// Further origins that may send, as browsers write them: `https://app.example.com`.
    pub origins: Vec<String>,
}

impl Default for WebAccess {
    fn default() -> Self {
        Self { hosts: Vec::new(), local_pages: true, origins: Vec::new() }
    }
}
