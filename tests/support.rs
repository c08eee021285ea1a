//! A running Spanscope in a fresh directory, and its command line.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// A data directory of its own.
pub fn fresh_dir() -> TempDir {
    tempfile::Builder::new().prefix("spanscope-test-").tempdir().unwrap()
}

/// The command line on a data directory; settings of the machine stay out.
pub fn spanscope(data_dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spanscope"));
    command.args(args).arg("--data-dir").arg(data_dir);
    command.env("XDG_CONFIG_HOME", data_dir.join("no-config")).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(data_dir: &Path, args: &[&str]) -> Output {
    spanscope(data_dir, args).output().unwrap()
}

/// The JSON lines that a command prints; it must not fail.
pub fn json_lines(data_dir: &Path, args: &[&str]) -> Vec<Value> {
    let output = run(data_dir, args);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{args:?}: {} {err}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// `spanscope serve` on ports of its own.
pub struct Serve {
    /// The process.
    pub child: Child,
    /// `host:port` of OTLP/gRPC.
    pub grpc: String,
    /// `host:port` of OTLP/HTTP.
    pub http: String,
    /// The data directory.
    pub data_dir: PathBuf,
}

impl Serve {
    /// Starts it on ports of its own and waits for its ready line.
    pub fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"])
    }

    /// The same with other options.
    pub fn start_with(data_dir: &Path, options: &[&str]) -> Self {
        Self::spawn(&mut spanscope(data_dir, &[&["serve"], options].concat()), data_dir).expect("a ready line")
    }

    /// The same on ports of its own with these environment variables; `None` if it died before it was ready.
    pub fn start_in(data_dir: &Path, variables: &[(&str, &str)]) -> Option<Self> {
        let mut command = spanscope(data_dir, &["serve", "--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        Self::spawn(command.envs(variables.iter().copied()), data_dir)
    }

    fn spawn(command: &mut Command, data_dir: &Path) -> Option<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            child.wait().unwrap();
            return None;
        }
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|err| panic!("ready line {line:?}: {err}"));
        let first = |key: &str| ready[key][0].as_str().unwrap().to_owned();
        Some(Self { child, grpc: first("grpc"), http: first("http"), data_dir: data_dir.to_path_buf() })
    }

    /// The command line's JSON lines beside it.
    pub fn json(&self, args: &[&str]) -> Vec<Value> {
        json_lines(&self.data_dir, args)
    }

    /// Kills it while it runs, and waits.
    pub fn kill(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it has ended by itself");
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it as a user would, and waits.
    pub fn stop(mut self) {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "serve ended with {status}");
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a request over HTTP was answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// After how many seconds it may be sent again.
    pub retry_after: Option<u64>,
}

/// Posts a body over HTTP/1.1 on a connection of its own.
pub fn post(address: &str, path: &str, content_type: &str, body: &[u8]) -> std::io::Result<Answer> {
    use std::io::Write;
    let mut stream = std::net::TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut lines = BufReader::new(stream).lines();
    let status = lines.next().transpose()?.and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "no status line"))?;
    let mut retry_after = None;
    for line in lines.map_while(Result::ok) {
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("retry-after") => retry_after = value.parse().ok(),
            Some(_) => {}
            None => break,
        }
    }
    Ok(Answer { status, retry_after })
}

/// Waits until it gives something, at most so long.
pub fn eventually<T>(what: &str, within: Duration, mut check: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(start.elapsed() < within, "{what} did not happen within {within:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
