//! What is acknowledged survives SIGKILL at any moment.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::support::{Serve, fresh_dir, json_lines, post};

/// How often it is killed.
const KILLS: usize = 50;
/// Spans in a request; each request is a trace of its own.
const SPANS: usize = 20;

fn request(trace: u64) -> (String, Vec<u8>) {
    let trace_id = format!("{:032x}", u128::from(trace) + 1);
    let spans: Vec<String> = (1..=SPANS)
        .map(|span| {
            let parent = if span == 1 { String::new() } else { format!("{:016x}", 1) };
            format!(
                r#"{{"traceId":"{trace_id}","spanId":"{span:016x}","parentSpanId":"{parent}","name":"step {span}","kind":2,"startTimeUnixNano":"{}","endTimeUnixNano":"{}"}}"#,
                1_790_000_000_000_000_000_u64 + trace * 1_000_000,
                1_790_000_000_000_500_000_u64 + trace * 1_000_000,
            )
        })
        .collect();
    let body = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"killed"}}}}]}},"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
        spans.join(",")
    );
    (trace_id, body.into_bytes())
}

#[test]
fn fifty_kills_lose_nothing_acknowledged() {
    let dir = fresh_dir();
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let sent = Arc::new(std::sync::atomic::AtomicU64::new(0));
    for kill in 0..KILLS {
        let mut serve = Serve::start(dir.path());
        let stop = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = (0..4)
            .map(|_| {
                let (stop, acknowledged, sent, address) =
                    (stop.clone(), acknowledged.clone(), sent.clone(), serve.http.clone());
                thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let (trace_id, body) = request(sent.fetch_add(1, Ordering::Relaxed));
                        match post(&address, "/v1/traces", "application/json", &body) {
                            Ok(200) => {
                                acknowledged.lock().unwrap().insert(trace_id);
                            }
                            Ok(status) => panic!("answered {status}"),
                            Err(_) => thread::sleep(Duration::from_millis(2)),
                        }
                    }
                })
            })
            .collect();
        // Moments spread over the first commits, whole and half ones.
        thread::sleep(Duration::from_micros(5_000 + 3_137 * kill as u64 % 60_000));
        serve.child.kill().unwrap();
        serve.child.wait().unwrap();
        stop.store(true, Ordering::Relaxed);
        for sender in senders {
            sender.join().unwrap();
        }
    }
    let acknowledged = acknowledged.lock().unwrap();
    assert!(acknowledged.len() > KILLS, "only {} requests were acknowledged", acknowledged.len());
    let stored: BTreeSet<String> = json_lines(dir.path(), &["traces", "--json", "--limit", "1000000"])
        .iter()
        .map(|trace| {
            assert_eq!(trace["span_count"], SPANS, "a request is stored whole: {trace}");
            trace["trace_id"].as_str().unwrap().to_owned()
        })
        .collect();
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged requests are lost", lost.len(), acknowledged.len());
    let serve = Serve::start(dir.path());
    let status = &serve.json(&["status", "--json"])[0];
    let spans = &status["ledger"]["spans"];
    assert_eq!(spans["stored"], stored.len() * SPANS, "{spans}");
    assert_eq!(spans["received"], stored.len() * SPANS, "{spans}");
    eprintln!("{KILLS} kills: {} requests acknowledged, {} stored, none lost", acknowledged.len(), stored.len());
    serve.stop();
}
