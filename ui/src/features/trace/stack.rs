//! Stack traces as people read them: which lines are frames, where they point, and which of them
//! belong to libraries. Python, Java and Kotlin, Node, Go, .NET and Rust are recognised line by
//! line; any other line stays as it is, and nothing is left out.

/// A piece of a stack trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// An exception's type and message; `lead` says how it belongs to the one above (`caused by`).
    Exception {
        /// Empty for the first.
        lead: String,
        /// Its type.
        type_name: String,
        /// Its message, possibly empty.
        message: String,
    },
    /// A frame of the application.
    Frame(Frame),
    /// Frames of libraries in a row.
    Library(Vec<Frame>),
    /// Any other line.
    Plain(String),
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Frame {
    /// The function, short enough to read.
    pub(crate) function: String,
    /// File and line, without directories.
    pub(crate) place: String,
    /// The line or lines as they came.
    pub(crate) whole: String,
    /// The library it belongs to; empty for the application's own.
    pub(crate) library: String,
    /// The source line, where the format carries it.
    pub(crate) source: String,
}

/// The libraries of such frames, each once, in order.
pub(crate) fn libraries(frames: &[Frame]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for frame in frames {
        if !names.contains(&frame.library.as_str()) {
            names.push(&frame.library);
        }
    }
    names
}

/// Reads a stack trace. The exception's own type and message are left out where the text repeats
/// them: the caller shows them above.
pub(crate) fn parse(type_name: &str, message: &str, text: &str) -> Vec<Piece> {
    let lines: Vec<&str> = text.lines().collect();
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let next = lines.get(at + 1).copied().unwrap_or("");
        if let Some((mut frame, used)) = frame(line, next) {
            at += used;
            // Python puts the source line, and from 3.11 a line of carets, below the frame.
            if line.trim_start().starts_with("File \"") {
                while let Some(source) = lines.get(at).filter(|source| is_python_source(line, source)) {
                    if frame.source.is_empty() {
                        frame.source = source.trim().to_owned();
                    }
                    frame.whole.push('\n');
                    frame.whole.push_str(source);
                    at += 1;
                }
            }
            push_frame(&mut pieces, frame);
            continue;
        }
        at += 1;
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed == "Traceback (most recent call last):" || trimmed == "stack backtrace:" {
            continue;
        }
        match exception(trimmed) {
            Some((lead, name, said))
                if lead.is_empty() && repeats(type_name, name) && (message.starts_with(said) || said == message) =>
            {
                // The message goes on over as many lines as it has.
                at += message.lines().count().saturating_sub(1).min(lines.len() - at);
            }
            Some((lead, name, said)) => pieces.push(Piece::Exception {
                lead: lead.to_owned(),
                type_name: name.to_owned(),
                message: said.to_owned(),
            }),
            None => pieces.push(Piece::Plain((*line).to_owned())),
        }
    }
    // Where everything belongs to libraries, there is nothing to fold them around.
    if !pieces.iter().any(|piece| matches!(piece, Piece::Frame(_))) {
        pieces = pieces
            .into_iter()
            .flat_map(|piece| match piece {
                Piece::Library(frames) => frames.into_iter().map(Piece::Frame).collect(),
                other => vec![other],
            })
            .collect();
    }
    pieces
}

fn push_frame(pieces: &mut Vec<Piece>, frame: Frame) {
    if frame.library.is_empty() {
        pieces.push(Piece::Frame(frame));
    } else if let Some(Piece::Library(frames)) = pieces.last_mut() {
        frames.push(frame);
    } else {
        pieces.push(Piece::Library(vec![frame]));
    }
}

/// Whether a name in the text is the exception's, which may come with or without its package.
fn repeats(type_name: &str, name: &str) -> bool {
    let is_tail = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|package| package.is_empty() || package.ends_with(['.', ':', '/']))
    };
    !name.is_empty() && !type_name.is_empty() && (is_tail(type_name, name) || is_tail(name, type_name))
}

fn last_part<'a>(text: &'a str, separators: &[char]) -> &'a str {
    text.rsplit(separators).next().unwrap_or(text)
}

/// Last component of a path, with or without a scheme.
fn base_name(path: &str) -> &str {
    last_part(path, &['/', '\\'])
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_python_source(frame: &str, line: &str) -> bool {
    let text = line.trim_start();
    indent(line) > indent(frame) && !text.is_empty() && !text.starts_with("File \"")
}

/// The exception that a line names: how it belongs to the one above, type, message.
fn exception(line: &str) -> Option<(&str, &str, &str)> {
    let leads = [
        ("Caused by: ", "caused by"),
        ("Suppressed: ", "suppressed"),
        ("[cause]: ", "caused by"),
        ("---> ", "caused by"),
        ("panic: ", "panic"),
    ];
    let (lead, rest) = leads
        .iter()
        .find_map(|(prefix, lead)| line.strip_prefix(prefix).map(|rest| (*lead, rest)))
        .unwrap_or(("", line));
    let rest =
        rest.strip_prefix("Exception in thread ").and_then(|rest| rest.split_once("\" ")).map_or(rest, |(_, r)| r);
    let (name, message) = match rest.split_once(": ") {
        Some((name, message)) => (name, message),
        None => (rest.trim_end_matches(':'), ""),
    };
    let looks_like_a_name = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '$' | ':' | '/' | '`' | '+' | '*'))
        && name.chars().any(char::is_alphabetic);
    let last = last_part(name, &['.', ':']);
    let is_error = ["Error", "Exception", "Exit", "Warning", "Interrupt", "Throwable", "Failure", "Fault", "Timeout"]
        .iter()
        .any(|suffix| last.trim_end_matches(|c: char| c == '`' || c.is_ascii_digit()).ends_with(suffix));
    (looks_like_a_name && (is_error || (!lead.is_empty() && lead != "panic"))).then_some((lead, name, message))
}

/// The frame that begins on this line, and on how many lines it stands.
fn frame(line: &str, next: &str) -> Option<(Frame, usize)> {
    let text = line.trim_start();
    if let Some(rest) = text.strip_prefix("File \"") {
        return python(rest, line).map(|frame| (frame, 1));
    }
    if let Some(rest) = text.strip_prefix("at ") {
        return dotnet(rest, line).or_else(|| node(rest, line)).or_else(|| java(rest, line)).map(|frame| (frame, 1));
    }
    go(text, next).or_else(|| rust(text, next)).map(|mut frame| {
        let used = if frame.place.is_empty() { 1 } else { 2 };
        frame.whole = if used == 2 { format!("{line}\n{next}") } else { line.to_owned() };
        (frame, used)
    })
}

/// `File "/app/main.py", line 42, in handler`
fn python(rest: &str, line: &str) -> Option<Frame> {
    let (path, rest) = rest.split_once('"')?;
    let rest = rest.strip_prefix(", line ")?;
    let (number, function) = rest.split_once(", in ").unwrap_or((rest, ""));
    let library =
        if let Some((_, rest)) = path.split_once("site-packages/").or_else(|| path.split_once("dist-packages/")) {
            rest.split('/').next().unwrap_or("").trim_end_matches(".py").to_owned()
        } else if path.starts_with('<') || path.contains("/lib/python") || path.contains("\\lib\\") {
            "python".to_owned()
        } else {
            String::new()
        };
    Some(Frame {
        function: function.to_owned(),
        place: format!("{}:{}", base_name(path), number.trim()),
        whole: line.to_owned(),
        library,
        source: String::new(),
    })
}

/// `java.base/java.net.http.HttpClient.send(HttpClient.java:118)`
fn java(rest: &str, line: &str) -> Option<Frame> {
    let (name, place) = rest.trim_end().split_once('(')?;
    let place = place.split(')').next().unwrap_or("");
    let name = name.rsplit('/').next().unwrap_or(name);
    let (class, method) = name.rsplit_once('.')?;
    let short = last_part(class, &['.']);
    Some(Frame {
        function: format!("{short}.{method}"),
        place: place.to_owned(),
        whole: line.to_owned(),
        library: java_library(class),
        source: String::new(),
    })
}

fn java_library(class: &str) -> String {
    const ROOTS: [&str; 34] = [
        "java.",
        "javax.",
        "jakarta.",
        "jdk.",
        "sun.",
        "com.sun.",
        "kotlin.",
        "kotlinx.",
        "scala.",
        "groovy.",
        "io.grpc.",
        "io.netty.",
        "io.opentelemetry.",
        "io.micrometer.",
        "io.vertx.",
        "io.quarkus.",
        "io.micronaut.",
        "org.springframework.",
        "org.apache.",
        "org.hibernate.",
        "org.eclipse.",
        "org.postgresql.",
        "org.jboss.",
        "org.glassfish.",
        "org.slf4j.",
        "com.fasterxml.",
        "com.google.",
        "com.zaxxer.",
        "com.mysql.",
        "okhttp3.",
        "okio.",
        "reactor.",
        "akka.",
        "ch.qos.",
    ];
    if !ROOTS.iter().any(|root| class.starts_with(root)) {
        return String::new();
    }
    let parts =
        if class.starts_with("java") || class.starts_with("kotlin") || class.starts_with("okhttp3") { 2 } else { 3 };
    let packages =
        class.split('.').take_while(|part| part.starts_with(|c: char| c.is_lowercase() || c.is_ascii_digit()));
    packages.take(parts).collect::<Vec<_>>().join(".")
}

/// `async Charge.run (/app/src/charge.js:10:5)`, `/app/index.js:3:1`, `node:internal/timers:523:9`
fn node(rest: &str, line: &str) -> Option<Frame> {
    let rest = rest.trim_end();
    let (function, place) = match rest.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
        Some((function, place)) => (function, place),
        None => ("", rest),
    };
    let (path, column) = place.rsplit_once(':')?;
    let (path, number) = path.rsplit_once(':')?;
    if number.parse::<u32>().is_err() || column.parse::<u32>().is_err() {
        return None;
    }
    let library = if let Some((_, rest)) = path.rsplit_once("node_modules/") {
        let mut parts = rest.split('/');
        match (parts.next().unwrap_or(""), parts.next()) {
            (scope, Some(name)) if scope.starts_with('@') => format!("{scope}/{name}"),
            (name, _) => name.to_owned(),
        }
    } else if path.starts_with("node:") || path.starts_with("internal/") {
        "node".to_owned()
    } else {
        String::new()
    };
    let function = function.strip_prefix("async ").unwrap_or(function);
    Some(Frame {
        function: if function.is_empty() { "(anonymous)" } else { function }.to_owned(),
        place: format!("{}:{number}", base_name(path)),
        whole: line.to_owned(),
        library,
        source: String::new(),
    })
}

/// `Shop.Charge.Run(String id) in /src/Charge.cs:line 42`, or without a place
fn dotnet(rest: &str, line: &str) -> Option<Frame> {
    let (name, place) = match rest.split_once(") in ") {
        Some((name, place)) => {
            let (path, number) = place.rsplit_once(":line ")?;
            (name, format!("{}:{}", base_name(path), number.trim()))
        }
        // Without a place it looks like Java's, which always has one and never spaces or an empty list.
        None => {
            let (name, arguments) = rest.trim_end().strip_suffix(')')?.split_once('(')?;
            if matches!(arguments, "Native Method" | "Unknown Source") {
                return None;
            }
            let is_dotnet = arguments.is_empty()
                || arguments.split(", ").all(|one| one.split_once(' ').is_some_and(|(kind, _)| !kind.contains('/')));
            is_dotnet.then_some((name, String::new()))?
        }
    };
    let name = name.split('(').next().unwrap_or(name);
    let parts: Vec<&str> = name.split('.').filter(|part| !part.is_empty()).collect();
    let short = parts.get(parts.len().saturating_sub(2)..).unwrap_or_default().join(".");
    let library = ["System", "Microsoft", "Grpc", "Npgsql", "OpenTelemetry", "Newtonsoft", "StackExchange", "Polly"]
        .iter()
        .find(|root| parts.first() == Some(*root))
        .map(|_| parts.get(..parts.len().saturating_sub(2).clamp(1, 2)).unwrap_or_default().join("."));
    Some(Frame {
        function: short,
        place,
        whole: line.to_owned(),
        library: library.unwrap_or_default(),
        source: String::new(),
    })
}

/// `main.charge(0x1400012c000)` above `\t/app/main.go:42 +0x1d`
fn go(text: &str, next: &str) -> Option<Frame> {
    let path = next.strip_prefix('\t').or_else(|| next.strip_prefix("    "))?;
    let place = path.split(" +0x").next().unwrap_or(path).trim();
    let (file, number) = place.rsplit_once(':')?;
    if !file.ends_with(".go") || number.parse::<u32>().is_err() {
        return None;
    }
    let name = text.strip_prefix("created by ").unwrap_or(text);
    let name = name.split(" in goroutine").next().unwrap_or(name);
    let name = if name.ends_with(')') { name.rsplit_once('(').map_or(name, |(name, _)| name) } else { name };
    let library = if let Some((_, rest)) = file.split_once("/pkg/mod/") {
        rest.split('@').next().unwrap_or("").to_owned()
    } else if let Some((_, rest)) = file.split_once("/go/src/") {
        rest.rsplit_once('/').map_or("go", |(package, _)| package).to_owned()
    } else {
        String::new()
    };
    Some(Frame {
        function: base_name(name).to_owned(),
        place: format!("{}:{number}", base_name(file)),
        library,
        ..Frame::default()
    })
}

/// `12: shop::charge` above `at ./src/main.rs:42:9`
fn rust(text: &str, next: &str) -> Option<Frame> {
    let (number, name) = text.split_once(": ")?;
    number.trim().parse::<u32>().ok()?;
    let name = name.trim();
    // An address may stand before the name.
    let name = name.split_once(" - ").filter(|(address, _)| address.starts_with("0x")).map_or(name, |(_, name)| name);
    if !name.contains("::") && !name.starts_with('_') && name != "main" && !next.trim_start().starts_with("at ") {
        return None;
    }
    let name = name.rsplit_once("::h").filter(|(_, hash)| hash.len() == 16).map_or(name, |(name, _)| name);
    let path = next.trim_start().strip_prefix("at ").unwrap_or("").trim();
    let mut parts = path.rsplitn(3, ':');
    let (_column, line, file) = (parts.next(), parts.next(), parts.next());
    let place = match (line, file) {
        (Some(line), Some(file)) => format!("{}:{line}", base_name(file)),
        _ => base_name(path).to_owned(),
    };
    let root = name.trim_start_matches(['<', '&']).split("::").next().unwrap_or("");
    let library = if path.starts_with("/rustc/") || matches!(root, "std" | "core" | "alloc") || name.starts_with("__") {
        "std".to_owned()
    } else if let Some((_, rest)) = path.split_once("/registry/src/") {
        rest.split('/').nth(1).and_then(|name| name.rsplit_once('-')).map_or(root, |(name, _)| name).to_owned()
    } else {
        String::new()
    };
    let segments: Vec<&str> = name.split("::").collect();
    let short = segments.get(segments.len().saturating_sub(2)..).unwrap_or_default().join("::");
    Some(Frame { function: short, place, library, ..Frame::default() })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use expect_test::{Expect, expect};

    use super::*;

    fn check(type_name: &str, message: &str, text: &str, expected: Expect) {
        let mut out = String::new();
        for piece in parse(type_name, message, text) {
            let written = match piece {
                Piece::Exception { lead, type_name, message } => writeln!(out, "! {lead} [{type_name}] {message}"),
                Piece::Frame(frame) => writeln!(out, "- {} | {} | {}", frame.function, frame.place, frame.source),
                Piece::Library(frames) => {
                    writeln!(out, "- {} frames in {}", frames.len(), libraries(&frames).join(", "))
                }
                Piece::Plain(line) => writeln!(out, "? {line}"),
            };
            written.expect("a string takes everything");
        }
        expected.assert_eq(&out);
    }

    #[test]
    fn java() {
        check(
            "java.net.http.HttpTimeoutException",
            "request timed out after 130 ms",
            "java.net.http.HttpTimeoutException: request timed out after 130 ms
\tat java.net.http/jdk.internal.net.http.HttpClientImpl.send(HttpClientImpl.java:945)
\tat java.net.http/jdk.internal.net.http.HttpClientFacade.send(HttpClientFacade.java:133)
\tat com.shop.AcquirerClient.charge(AcquirerClient.java:118)
\tat com.shop.ChargeService.lambda$tryOnce$0(ChargeService.java:64)
\tat io.grpc.stub.ServerCalls$UnaryServerCallHandler.onHalfClose(ServerCalls.java:182)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.net.ConnectException: no route to host
\tat java.base/sun.nio.ch.Net.connect0(Native Method)
\t... 9 more
",
            expect![[r#"
                - 2 frames in jdk.internal.net
                - AcquirerClient.charge | AcquirerClient.java:118 | 
                - ChargeService.lambda$tryOnce$0 | ChargeService.java:64 | 
                - 2 frames in io.grpc.stub, java.lang
                ! caused by [java.net.ConnectException] no route to host
                - 1 frames in sun.nio.ch
                ? 	... 9 more
            "#]],
        );
    }

    #[test]
    fn python() {
        check(
            "sqlalchemy.exc.OperationalError",
            "database is locked",
            r#"Traceback (most recent call last):
  File "/venv/lib/python3.12/site-packages/sqlalchemy/engine/base.py", line 1967, in _exec
    self.dialect.do_execute(
sqlite3.OperationalError: database is locked

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/main.py", line 42, in colony_creation
    session.execute(insert)
    ~~~~~~~~~~~~~~~^^^^^^^^
  File "<frozen importlib._bootstrap>", line 8, in run
OperationalError: database is locked
"#,
            expect![[r#"
                - 1 frames in sqlalchemy
                !  [sqlite3.OperationalError] database is locked
                ? The above exception was the direct cause of the following exception:
                - colony_creation | main.py:42 | session.execute(insert)
                - 1 frames in python
            "#]],
        );
    }

    #[test]
    fn node() {
        check(
            "TypeError",
            "fetch failed",
            "TypeError: fetch failed
    at node:internal/deps/undici/undici:12345:11
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at async charge (file:///app/src/charge.mjs:10:5)
    at Layer.handle [as handle_request] (/app/node_modules/express/lib/router/layer.js:95:5)
    at new Promise (<anonymous>)
  [cause]: Error: connect ECONNREFUSED 127.0.0.1:9
",
            expect![[r#"
                - 2 frames in node
                - charge | charge.mjs:10 | 
                - 1 frames in express
                ?     at new Promise (<anonymous>)
                ! caused by [Error] connect ECONNREFUSED 127.0.0.1:9
            "#]],
        );
    }

    #[test]
    fn go() {
        check(
            "*errors.errorString",
            "boom",
            "goroutine 18 [running]:
runtime/debug.Stack()
\t/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
github.com/shop/pay/internal/charge.(*Client).Do(0xc000012345, {0x7f, 0x3})
\t/src/internal/charge/client.go:42 +0x1d
google.golang.org/grpc.(*Server).processUnaryRPC(0xc0)
\t/root/go/pkg/mod/google.golang.org/grpc@v1.65.0/server.go:1379 +0xdf8
created by main.main in goroutine 1
\t/src/main.go:9 +0x2a
",
            expect![[r#"
                ? goroutine 18 [running]:
                - 1 frames in runtime/debug
                - charge.(*Client).Do | client.go:42 | 
                - 1 frames in google.golang.org/grpc
                - main.main | main.go:9 | 
            "#]],
        );
    }

    #[test]
    fn dotnet() {
        check(
            "System.InvalidOperationException",
            "no stock",
            "System.InvalidOperationException: no stock
 ---> System.TimeoutException: too slow
   at System.Net.Http.HttpClient.SendAsync(HttpRequestMessage request)
   --- End of inner exception stack trace ---
   at Shop.Inventory.Reserve(String sku, Int32 count) in /src/Shop/Inventory.cs:line 42
   at Shop.Program.Main()
",
            expect![[r#"
                ! caused by [System.TimeoutException] too slow
                - 1 frames in System.Net
                ?    --- End of inner exception stack trace ---
                - Inventory.Reserve | Inventory.cs:42 | 
                - Program.Main |  | 
            "#]],
        );
    }

    #[test]
    fn rust() {
        check(
            "shop::Error",
            "no stock",
            "stack backtrace:
   0: std::backtrace::Backtrace::create
             at /rustc/abc/library/std/src/backtrace.rs:331:13
   1: shop::inventory::reserve::h0123456789abcdef
             at ./src/inventory.rs:42:9
   2: tokio::runtime::task::raw::poll
             at /root/.cargo/registry/src/index/tokio-1.40.0/src/runtime/task/raw.rs:271:5
   3: main
",
            expect![[r#"
                - 1 frames in std
                - inventory::reserve | inventory.rs:42 | 
                - 1 frames in tokio
                - main |  | 
            "#]],
        );
    }

    #[test]
    fn what_is_no_stack_trace_stays_as_it_is() {
        check(
            "E",
            "m",
            "something went wrong\n  in the kitchen: at noon\nat\nat (\nFile \"x",
            expect![[r#"
                ? something went wrong
                ?   in the kitchen: at noon
                ? at
                ? at (
                ? File "x
            "#]],
        );
    }

    #[test]
    fn a_stack_of_libraries_alone_is_not_folded() {
        check(
            "E",
            "",
            "    at node:internal/timers:523:9\n    at node:internal/timers:1:2",
            expect![[r#"
                - (anonymous) | timers:523 | 
                - (anonymous) | timers:1 | 
            "#]],
        );
    }
}
