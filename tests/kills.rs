//! What is acknowledged survives SIGKILL at any moment, and is there once.

mod failpoints;
pub mod load;
pub mod outcome;

use std::{thread, time::Duration};

use crate::support::{Serve, fresh_dir};
use load::Load;

/// How often it is killed.
const KILLS: usize = 200;
/// Items that make a segment here, so that kills fall into compaction.
const SEGMENT_ITEMS: &str = "200";

/// A server that makes small segments.
fn serve(dir: &std::path::Path) -> Serve {
    Serve::start_in(dir, &[("SPANSCOPE_SEGMENT_ITEMS", SEGMENT_ITEMS)]).expect("it was not told to die")
}

#[test]
fn many_kills_lose_nothing_acknowledged() {
    let dir = fresh_dir();
    let load = Load::default();
    for kill in 0..KILLS {
        let mut serve = serve(dir.path());
        load.while_it_lives(&serve.http, || {
            // Moments spread over the first commits, whole and half ones, and what compaction does beside them.
            thread::sleep(Duration::from_micros(5_000 + 3_137 * kill as u64 % 60_000));
            serve.child.kill().unwrap();
            serve.child.wait().unwrap();
        });
    }
    let acknowledged = load.acknowledged().len();
    assert!(acknowledged > KILLS, "only {acknowledged} requests were acknowledged");
    let segments = outcome::number(dir.path(), "SELECT max(id) FROM segment");
    let merges = outcome::number(dir.path(), "SELECT count(*) FROM segment WHERE items > 200 OR is_retired = 1");
    assert!(segments > 20, "kills fall into compaction: {segments} segments");
    eprintln!("{KILLS} kills: {acknowledged} requests acknowledged, {segments} segments, {merges} merged or large");
    outcome::check(dir.path(), &load);
}
