//! `spanscope serve` as a process of its own, and a client that keeps its connection.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio::runtime::Builder;

/// The process and its directory.
pub struct Serve {
    child: Child,
    /// `host:port` of OTLP/HTTP.
    pub http: String,
    dir: PathBuf,
    /// Goes with it, unless the directory is somebody's.
    temporary: Option<TempDir>,
}

impl Serve {
    /// Starts it on ports and a directory of its own.
    pub fn start() -> Self {
        Self::start_with(tempfile::tempdir().unwrap(), &[])
    }

    /// Stops it as a user would; its directory.
    pub fn stop(mut self) -> TempDir {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        self.temporary.take().unwrap()
    }

    /// Starts it on ports of its own, with more arguments; returns at its ready line.
    pub fn start_with(dir: TempDir, args: &[&str]) -> Self {
        let mut serve = Self::start_in(dir.path().to_owned(), args);
        serve.temporary = Some(dir);
        serve
    }

    /// The same in a directory that stays.
    pub fn start_in(dir: PathBuf, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_spanscope"))
            .args(["serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data-dir"])
            .arg(&dir)
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        Self { child, http: ready["http"][0].as_str().unwrap().to_owned(), dir, temporary: None }
    }

    /// What `status --json` says.
    pub fn status(&self) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spanscope"));
        let output = command.args(["status", "--json", "--data-dir"]).arg(&self.dir).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The command line beside it, to its end: milliseconds.
    pub fn command_millis(&self, args: &[&str]) -> f64 {
        let start = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_spanscope"));
        command.args(args).arg("--data-dir").arg(&self.dir).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "{args:?}");
        start.elapsed().as_secs_f64() * 1e3
    }

    /// Waits until everything is in segments, those that were replaced are gone, and it does nothing more.
    pub fn rest(&self) {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let waiting = "SELECT (SELECT count(*) FROM l0) + (SELECT count(*) FROM segment WHERE is_retired = 1)";
        let start = Instant::now();
        let mut before = (0.0, 0);
        loop {
            let now = (self.cpu_secs(), self.bytes_on_disk());
            if runtime.block_on(self.number(waiting)) == 0 && now.0 - before.0 < 0.03 && now.1 == before.1 {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(300), "it does not come to rest");
            before = now;
            thread::sleep(Duration::from_secs(2));
        }
    }

    /// Bytes of pages that are not free, and of the write-ahead log.
    pub fn bytes_in_use(&self) -> u64 {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let free = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";
        self.bytes_on_disk() - runtime.block_on(self.number(free)).cast_unsigned()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let options = SqliteConnectOptions::new().filename(self.dir.join("spanscope.db")).read_only(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let number = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        number
    }

    /// Its data directory.
    pub fn data_dir(&self) -> &std::path::Path {
        &self.dir
    }

    /// User and system CPU time so far, seconds.
    pub fn cpu_secs(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        ticks / 100.0
    }

    /// A line of `/proc/PID/status` in MB: `VmRSS`, `VmHWM`.
    pub fn memory_mb(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Bytes of the files in the data directory.
    pub fn bytes_on_disk(&self) -> u64 {
        fs::read_dir(&self.dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A connection that is kept.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects.
    pub fn new(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Sends spans and waits for the answer; its status.
    pub fn post(&mut self, body: &[u8]) -> u16 {
        self.post_to("/v1/traces", body)
    }

    /// Sends a request and waits for its answer; the status.
    pub fn post_to(&mut self, path: &str, body: &[u8]) -> u16 {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.stream.get_mut().write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut status = 0;
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.stream.read_line(&mut line).unwrap() > 0, "the connection was closed");
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap();
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).unwrap();
        status
    }
}
