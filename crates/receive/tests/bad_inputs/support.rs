//! A server with a sink in memory, and clients that send exactly what they are told to.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use receive::{Bind, Hint, Limits, Protocol, ReceiveOptions, Receiver, Refusal, Request, Sink, TurnedAway, bind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::payloads;

/// Keeps everything in memory.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<State>);

#[derive(Default)]
struct State {
    kept: Mutex<Vec<Request>>,
    turned_away: Mutex<Vec<(&'static str, u64)>>,
    hints: Mutex<Vec<Hint>>,
    refusal: Mutex<Option<Refusal>>,
    /// Whether requests have to wait for the gate.
    gated: AtomicBool,
    gate: Gate,
}

struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Sink for Memory {
    async fn append(&self, request: Request) -> Result<(), Refusal> {
        if self.0.gated.load(Ordering::SeqCst) {
            drop(self.0.gate.0.acquire().await);
        }
        if let Some(refusal) = self.0.refusal.lock().unwrap().clone() {
            return Err(refusal);
        }
        self.0.kept.lock().unwrap().push(request);
        Ok(())
    }

    fn turned_away(&self, TurnedAway { reason, sentence, bytes, sender }: TurnedAway) {
        assert!(!sentence.is_empty() && sender.ip().is_loopback());
        self.0.turned_away.lock().unwrap().push((reason, bytes));
    }

    fn hint(&self, hint: Hint) {
        self.0.hints.lock().unwrap().push(hint);
    }
}

impl Memory {
    pub(crate) fn kept(&self) -> usize {
        self.0.kept.lock().unwrap().len()
    }

    pub(crate) fn last(&self) -> Request {
        self.0.kept.lock().unwrap().last().unwrap().clone()
    }

    pub(crate) fn refuse(&self, refusal: Option<Refusal>) {
        *self.0.refusal.lock().unwrap() = refusal;
    }

    /// Requests wait from now on until the gate opens.
    pub(crate) fn close_gate(&self) {
        self.0.gated.store(true, Ordering::SeqCst);
    }

    pub(crate) fn open_gate(&self) {
        self.0.gated.store(false, Ordering::SeqCst);
        self.0.gate.0.add_permits(1000);
    }

    /// The reasons counted since this was asked last.
    pub(crate) fn reasons(&self) -> Vec<&'static str> {
        self.0.turned_away.lock().unwrap().drain(..).map(|(reason, _)| reason).collect()
    }

    /// Waits until something was turned away.
    pub(crate) async fn next_reason(&self) -> &'static str {
        for _ in 0..500 {
            if let Some((reason, _)) = self.0.turned_away.lock().unwrap().pop() {
                return reason;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing was turned away")
    }

    pub(crate) fn hints(&self) -> Vec<Hint> {
        self.0.hints.lock().unwrap().drain(..).collect()
    }
}

/// A receiver on free ports.
pub(crate) struct Server {
    pub(crate) receiver: Receiver<Memory>,
    pub(crate) sink: Memory,
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(ReceiveOptions::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::with(ReceiveOptions { limits, ..ReceiveOptions::default() }).await
    }

    pub(crate) async fn with(options: ReceiveOptions) -> Self {
        let sink = Memory::default();
        let receiver = Receiver::new(sink.clone(), options);
        let mut bound = Vec::new();
        for protocol in [Protocol::Grpc, Protocol::Http] {
            let taken = bind(protocol, &"127.0.0.1:0".parse::<Bind>().unwrap()).await;
            bound.push(taken.addresses()[0]);
            receiver.listen(taken);
        }
        Self { receiver, sink, grpc: bound[0], http: bound[1] }
    }

    /// A good request succeeds, in both protocols, and is kept.
    pub(crate) async fn still_works(&self) {
        let before = self.sink.kept();
        let reply = self.post("/v1/traces", &[("content-type", "application/x-protobuf")], &payloads::traces()).await;
        assert_eq!((reply.status, reply.body.as_slice()), (200, &b""[..]), "{reply:?}");
        let call = self.call(TRACES, &[], &frame(0, &payloads::traces())).await;
        assert_eq!(call.code(), 0, "{call:?}");
        assert_eq!(self.sink.kept(), before + 2);
    }

    /// Posts over HTTP/1.1.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut head = format!("POST {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str("host: localhost\r\n");
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        raw(self.http, &[head.as_bytes(), body].concat()).await
    }

    /// Posts JSON traces.
    pub(crate) async fn post_json(&self, path: &str, body: &str) -> Reply {
        self.post(path, &[("content-type", "application/json")], body.as_bytes()).await
    }

    /// Calls a gRPC method with a body that is framed already.
    pub(crate) async fn call(&self, path: &str, headers: &[(&str, &str)], framed: &[u8]) -> Call {
        call(self.grpc, path, headers, framed).await
    }
}

pub(crate) const TRACES: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
pub(crate) const LOGS: &str = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
pub(crate) const METRICS: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// gRPC's frame around a message.
pub(crate) fn frame(compressed: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[compressed][..], &length, message].concat()
}

/// An HTTP/1.1 answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head[9..12].parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Sends these bytes and reads to the end.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> Reply {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let sending = async {
        // The answer may come before everything is sent.
        let _ = write.write_all(bytes).await;
        std::future::pending::<()>().await;
    };
    let reading = async {
        let mut answer = Vec::new();
        read.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let answer = timeout(Duration::from_secs(10), async {
        tokio::select! { () = sending => unreachable!(), answer = reading => answer }
    });
    Reply::parse(&answer.await.unwrap())
}

/// A gRPC answer: headers and trailers together.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) http_status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// The gRPC code; -1 without one.
    pub(crate) fn code(&self) -> i32 {
        self.text("grpc-status").parse().unwrap_or(-1)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Whether clients would send it again.
    pub(crate) fn has_retry_info(&self) -> bool {
        self.headers.contains_key("google.rpc.retryinfo-bin")
    }
}

/// Calls a method over HTTP/2 with prior knowledge.
pub(crate) async fn call(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Call {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut request = http::Request::post(format!("http://{address}{path}"));
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", "application/grpc").header("te", "trailers");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body))).unwrap();
    let response = timeout(Duration::from_secs(10), sender.send_request(request)).await.unwrap().unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap();
    let mut headers = head.headers;
    if let Some(trailers) = body.trailers() {
        headers.extend(trailers.clone());
    }
    driver.abort();
    Call { http_status: head.status.as_u16(), headers, body: body.to_bytes() }
}
