//! Kills at every place where something becomes durable, before and after.

use std::{os::unix::process::ExitStatusExt, path::Path, sync::Mutex, thread, time::Duration};

use super::{
    SEGMENT_ITEMS,
    load::Load,
    outcome::{self, number},
    serve,
};
use crate::support::{Serve, eventually, fresh_dir};

const PLACES: [&str; 6] = ["append", "blobs", "publish", "delete-rows", "delete-segment", "checkpoint"];
/// How often the place is reached until the kill; the ninth segment is often one that replaces others.
const TIMES: [u32; 3] = [1, 2, 9];
/// Cases at a time.
const WORKERS: usize = 2;
/// How long the place may take to be reached.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_kill_at_any_place_loses_nothing_and_doubles_nothing() {
    let mut cases: Vec<String> = PLACES
        .iter()
        .flat_map(|place| [format!("before-{place}"), format!("after-{place}")])
        .flat_map(|place| TIMES.map(|times| format!("{place}:{times}")))
        .chain(["before-migrate".to_owned(), "after-migrate".to_owned()])
        .collect();
    // Those that wait for something come first.
    cases.sort_by_key(|case| case.contains("checkpoint"));
    let cases = Mutex::new(cases);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = { cases.lock().unwrap().pop() } {
                    let dir = fresh_dir();
                    let load = Load::default();
                    if case.contains("delete-segment") {
                        replace_segments(dir.path(), &load);
                    }
                    die_at(&case, dir.path(), &load);
                    eprintln!("{case}: {} requests were acknowledged", load.acknowledged().len());
                    outcome::check(dir.path(), &load);
                }
            });
        }
    });
}

/// Goes on until the place is reached.
fn die_at(case: &str, dir: &Path, load: &Load) {
    let variables = [("SPANSCOPE_SEGMENT_ITEMS", SEGMENT_ITEMS), ("SPANSCOPE_KILL_AT", case)];
    // It may be reached before the first request comes.
    let Some(mut serve) = Serve::start_in(dir, &variables) else { return };
    load.while_it_lives(&serve.http, || {
        let status = eventually(case, PATIENCE, || serve.child.try_wait().unwrap());
        assert_eq!(status.signal(), Some(9), "{case}: {status}");
    });
}

/// Goes on until segments are replaced by others: they are deleted when the next server starts.
fn replace_segments(dir: &Path, load: &Load) {
    let mut serve = serve(dir);
    load.while_it_lives(&serve.http, || {
        let retired = || number(dir, "SELECT count(*) FROM segment WHERE is_retired = 1") > 8;
        eventually("a merge", PATIENCE, || retired().then_some(()));
        serve.child.kill().unwrap();
        serve.child.wait().unwrap();
    });
}
