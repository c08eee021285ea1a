//! Damage that comes while `serve` runs, and databases that were damaged before.

use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    path::Path,
    time::Duration,
};

use serde_json::Value;

use crate::{
    kills::{
        load::{Load, trace_id},
        outcome::{self, ask},
    },
    support::{Serve, eventually, fresh_dir, run},
};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/sample-trace.json");
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests that make a few segments.
const REQUESTS: usize = 120;
/// Blobs of a segment by number: its first columns, and what the list of traces needs.
const COLUMNS: i64 = 0;
const PARTS: i64 = 0xfffe;

#[test]
fn a_page_flipped_under_a_running_serve() {
    let dir = fresh_dir();
    let load = Load::default();
    let serve = start(dir.path());
    load.send_next(&serve.http, REQUESTS);
    assert!(run(dir.path(), &["compact"]).status.success());
    serve.stop();

    let serve = start(dir.path());
    // What waits in the log would be read in place of the file.
    let log = dir.path().join("spanscope.db-wal");
    eventually("an empty log", PATIENCE, || fs::metadata(&log).is_ok_and(|log| log.len() == 0).then_some(()));
    let segments = segments_of_spans(dir.path());
    let [unlisted, .., unread] = segments[..] else { panic!("{segments:?}") };
    flip(dir.path(), unlisted << 16 | PARTS);
    flip(dir.path(), unread << 16 | COLUMNS);

    // The list goes on, and says of how much it is.
    let listed = run(dir.path(), &["traces", "--json"]);
    assert!(listed.status.success());
    let sentence = String::from_utf8(listed.stderr).unwrap();
    assert!(sentence.contains("cannot be listed"), "{sentence}");
    // A trace that cannot be read says where it lies; the others are whole.
    let traces = (0..REQUESTS as u64 / 2).map(|trace| run(dir.path(), &["trace", &trace_id(trace), "--json"]));
    let (whole, lost): (Vec<_>, Vec<_>) = traces.partition(|output| output.status.success());
    assert!(!whole.is_empty() && !lost.is_empty(), "{} whole, {} lost", whole.len(), lost.len());
    for output in lost {
        let sentence = String::from_utf8(output.stderr).unwrap();
        assert!([unlisted, unread].iter().any(|id| sentence.contains(&format!("segment {id} "))), "{sentence}");
    }

    // All of it comes again and is taken: what does not read cannot be told to be there already.
    load.repeat(&serve.http);
    load.send_next(&serve.http, REQUESTS);
    assert_eq!(load.refused(), 0);
    outcome::ledgers(&serve);
    assert!(run(dir.path(), &["compact"]).status.success());
    let [problem] = &problems(&serve, "segment_damaged")[..] else { panic!("it is said once") };
    let sentence = problem["sentence"].as_str().unwrap();
    assert!(sentence.contains(&format!("segment {unlisted} and 1 more")), "{sentence}");
    let traces = (0..REQUESTS as u64 / 2).map(trace_id);
    let listed: Vec<String> = serve.json(&["traces", "--json"]).iter().map(id_of).collect();
    assert_eq!(traces.filter(|id| !listed.contains(id)).count(), 0, "what came again is listed again");
    serve.kill();
    let serve = start(dir.path());
    load.send_next(&serve.http, 8);
    serve.stop();
    assert_eq!(outcome::text(dir.path(), "PRAGMA integrity_check"), "ok");
}

#[test]
fn each_damaged_database_has_its_notice() {
    let (whole, dir) = (fresh_dir(), fresh_dir());
    assert!(run(whole.path(), &["import", SAMPLE]).status.success());
    start(dir.path()).stop();
    let damaged = [1, 2].map(|second| dir.path().join(format!("spanscope-damaged-{second}.db")));
    for path in &damaged {
        fs::copy(whole.path().join("spanscope.db"), path).unwrap();
    }
    let serve = start(dir.path());
    let notices = eventually("a notice of each", PATIENCE, || {
        let notices = problems(&serve, "database_damaged");
        let is_read = |notice: &Value| notice["sentence"].as_str().unwrap().contains("were read into");
        (notices.len() == damaged.len() && notices.iter().all(is_read)).then_some(notices)
    });
    for (path, notice) in damaged.iter().zip(&notices) {
        assert!(notice["remedy"].as_str().unwrap().ends_with(path.file_name().unwrap().to_str().unwrap()), "{notice}");
    }
    serve.stop();
}

fn start(dir: &Path) -> Serve {
    Serve::start_in(dir, &[("SPANSCOPE_SEGMENT_ITEMS", "200")]).unwrap()
}

fn problems(serve: &Serve, name: &str) -> Vec<Value> {
    let status = serve.json(&["status", "--json"]).remove(0);
    status["problems"].as_array().unwrap().iter().filter(|problem| problem["name"] == name).cloned().collect()
}

fn id_of(trace: &Value) -> String {
    trace["trace_id"].as_str().unwrap().to_owned()
}

fn segments_of_spans(dir: &Path) -> Vec<i64> {
    let select = "SELECT id FROM segment WHERE signal = 1 AND is_retired = 0 AND class = 0 ORDER BY id";
    ask(dir, async |connection| sqlx::query_scalar(select).fetch_all(connection).await.unwrap())
}

/// Flips bytes of a blob that no other has, wherever they lie in the file: pages that are free may have them too.
fn flip(dir: &Path, blob: i64) {
    let select = "SELECT id, value FROM segment_blob";
    let blobs: Vec<(i64, Vec<u8>)> =
        ask(dir, async |connection| sqlx::query_as(select).fetch_all(connection).await.unwrap());
    let has = |bytes: &[u8], wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    let is_its_own = |wanted: &&[u8]| blobs.iter().all(|(id, value)| *id == blob || !has(value, wanted));
    let (_, value) = blobs.iter().find(|(id, _)| *id == blob).unwrap();
    let wanted = value.windows(16).find(is_its_own).expect("bytes of its own");
    let flipped: Vec<u8> = wanted.iter().map(|byte| byte ^ 0x5a).collect();
    let path = dir.join("spanscope.db");
    let bytes = fs::read(&path).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    let places = bytes.windows(wanted.len()).enumerate().filter(|(_, bytes)| *bytes == wanted);
    let flips = places.map(|(at, _)| file.write_all_at(&flipped, at as u64).unwrap()).count();
    assert!(flips > 0, "it is in the database's file");
}
