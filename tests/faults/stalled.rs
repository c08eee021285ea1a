//! A disk that hangs for a while.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::disk::{Disk, Fault, Of};
use crate::{
    kills::{load::Load, outcome},
    support::{Serve, eventually},
};

/// How long it hangs.
const STALL: Duration = Duration::from_secs(8);
/// How soon every request is answered.
const ANSWER: Duration = Duration::from_secs(5);
/// How soon a call is answered that only looks.
const LOOK: Duration = Duration::from_secs(1);

#[test]
fn a_stall_is_answered_and_stops_no_window() {
    let disk = Disk::new();
    let serve = disk.serve("200");
    let load = Load::default();
    load.while_it_lives(&serve.http.clone(), || {
        thread::sleep(Duration::from_millis(500));
        let trace = serve.json(&["traces", "--json", "--limit", "1"]).remove(0);
        disk.fail(Fault::Stall, Of::Everything);
        let begun = Instant::now();
        eventually("a stall", ANSWER, || (disk.struck() > 0).then_some(()));
        while begun.elapsed() < STALL {
            looks(&serve, trace["trace_id"].as_str().unwrap());
            thread::sleep(Duration::from_millis(500));
        }
        assert!(load.refused() > 0);
        disk.heal();
        let before = load.acknowledged().len();
        eventually("an acknowledgement", ANSWER, || (load.acknowledged().len() > before + 10).then_some(()));
        outcome::ledgers(&serve);
        serve.kill();
    });
    assert!(load.slowest() < ANSWER, "answered within {:?}", load.slowest());
    outcome::check(disk.dir(), &load);
}

/// What a window and a second terminal ask for.
fn looks(serve: &Serve, trace_id: &str) {
    for args in [&["status", "--json"][..], &["traces", "--json", "--limit", "5"], &["trace", trace_id, "--json"]] {
        let begun = Instant::now();
        assert!(!serve.json(args).is_empty());
        assert!(begun.elapsed() < LOOK, "{args:?} took {:?}", begun.elapsed());
    }
}
