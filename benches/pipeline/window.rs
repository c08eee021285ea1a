//! What someone waits for: the command line's answer, a row in the list after its acknowledgement, a
//! trace of 10,000 spans after the click. Wall time, in the real window on a virtual display.

use std::{
    net::TcpStream,
    process::{Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use model::{Span, TraceId};
use serde_json::{Value, json};

use crate::{
    driver::{Desk, Window},
    serve::{Client, Serve},
    spread,
};

const ROUNDS: u8 = 15;

pub fn run() {
    status();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::start();
        let window = desk.open(dir.path(), &["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]).await;
        window.resize(1440, 900).await;
        let mut client = Client::new(&address(dir.path()));
        rows(&window, &mut client).await;
        big_traces(&window, &mut client).await;
        window.close().await;
    });
}

fn address(data_dir: &std::path::Path) -> String {
    let status = crate::support::json_lines(data_dir, &["status", "--json"]);
    let address = status[0]["addresses"]["http"][0].as_str().unwrap().to_owned();
    TcpStream::connect(&address).unwrap();
    address
}

fn status() {
    let serve = Serve::start();
    let mut millis: Vec<f64> = (0..40)
        .map(|_| {
            let start = Instant::now();
            let mut command = Command::new(env!("CARGO_BIN_EXE_spanscope"));
            command.args(["status", "--json", "--data-dir"]).arg(serve.data_dir()).stdout(Stdio::null());
            assert!(command.status().unwrap().success());
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    line("`spanscope status`, whole process", &mut millis, "at most 20");
}

fn line(name: &str, millis: &mut [f64], bound: &str) {
    let (median, least, most) = spread(millis);
    println!("  {name:44} median {median:7.1} ms, {least:.1} to {most:.1}   ({bound})");
}

/// Sets `window.seen` to the time at which an element has been painted that was not there before.
async fn watch(window: &Window, css: &str, before: &str) {
    let script = format!(
        "window.seen = null;
         const look = () => {{
             if (!window.seen && document.querySelector({css})) {{
                 window.seen = 'soon';
                 requestAnimationFrame(() => setTimeout(() => {{ window.seen = Date.now(); }}));
             }}
         }};
         new MutationObserver(look).observe(document.body, {{ subtree: true, childList: true, attributes: true }});
         {before}",
        css = json!(css)
    );
    window.script(&script).await;
}

async fn seen(window: &Window) -> f64 {
    for _ in 0..2_000 {
        if let Some(millis) = window.script("return window.seen").await.as_f64() {
            return millis;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was never drawn");
}

async fn rows(window: &Window, client: &mut Client) {
    let mut millis = Vec::new();
    for round in 1..=ROUNDS {
        let trace_id = TraceId([round; 16]);
        let mut trace = testkit::corpus::big_trace(u64::from(round), 20);
        for span in spans(&mut trace) {
            span.trace_id = trace_id;
        }
        let css = format!("[data-trace-id=\"{trace_id}\"]");
        watch(window, &css, "").await;
        assert_eq!(client.post(&testkit::otlp_protobuf(&trace)), 200);
        let acknowledged = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64() * 1e3;
        millis.push(seen(window).await - acknowledged);
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    line("from acknowledgement to the row in the window", &mut millis, "at most 1000, usually under 200");
}

async fn big_traces(window: &Window, client: &mut Client) {
    let ids = [101, 102, 103].map(|number| TraceId([number; 16]));
    // All before the first is opened: the list holds still for who comes back to it.
    for (seed, trace_id) in (101..).zip(ids) {
        let mut trace = testkit::corpus::big_trace(seed, 10_000);
        for span in spans(&mut trace) {
            span.trace_id = trace_id;
        }
        assert_eq!(client.post(&testkit::otlp_protobuf(&trace)), 200);
    }
    let mut millis = Vec::new();
    for trace_id in ids {
        let row = format!("[data-trace-id=\"{trace_id}\"]");
        window.find(&row).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let click = format!("window.clicked = Date.now(); document.querySelector({}).click();", json!(row));
        watch(window, "[data-testid=\"span-row\"][data-span-id]", &click).await;
        let painted = seen(window).await;
        millis.push(painted - window.script("return window.clicked").await.as_f64().unwrap());
        let shown: Value = window.script("return document.querySelectorAll('[data-testid=\"span-row\"]').length").await;
        assert!(shown.as_u64().unwrap() > 20, "{shown} rows");
        window.click("[data-testid=\"back\"]").await;
        window.find(&row).await;
    }
    line("a trace of 10,000 spans: first paint after the click", &mut millis, "at most 300");
}

fn spans(trace: &mut model::TracesData) -> impl Iterator<Item = &mut Span> {
    trace.resource_spans.iter_mut().flat_map(|resource| &mut resource.scope_spans).flat_map(|scope| &mut scope.spans)
}
