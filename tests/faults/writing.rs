//! Writes and syncs that fail, and a disk that is full: refused soon, and taken as soon as it is over.

use std::time::{Duration, Instant};

use super::disk::{Disk, Fault, Of};
use crate::{
    kills::{load::Load, outcome},
    support::{Serve, eventually},
};

/// Items that make a segment here: compaction goes on while the disk fails.
const SEGMENT_ITEMS: &str = "200";
/// How soon everything has to work after the disk does.
pub const RECOVERY: Duration = Duration::from_secs(5);
/// How long the disk may take to fail.
const PATIENCE: Duration = Duration::from_secs(20);
/// How soon a request is refused that a disk has no room for.
const REFUSAL: Duration = Duration::from_secs(1);
/// Refusals until the disk works again.
const REFUSALS: u64 = 40;

/// Requests come, the disk fails until some were refused, works again, and the process is killed: what it
/// acknowledged is there, once, in a database without a flaw.
fn fails_for_a_while(fault: Fault, of: Of, problem: &str) {
    let disk = Disk::new();
    let serve = disk.serve(SEGMENT_ITEMS);
    let load = Load::default();
    load.while_it_lives(&serve.http.clone(), || {
        acknowledges(&load, RECOVERY, 30);
        disk.fail(fault, of);
        refuses(&load, REFUSALS / 2);
        let acknowledged = load.acknowledged();
        assert!(names(&serve, problem), "what is wrong is said");
        refuses(&load, REFUSALS / 2);
        assert_eq!(load.acknowledged(), acknowledged, "nothing is acknowledged that is not durable");
        assert!(disk.struck() > 0);
        let synced = disk.database_synced();
        disk.heal();
        acknowledges(&load, RECOVERY, 1);
        if fault != Fault::Full {
            assert!(disk.database_synced() > synced, "the log is moved before it is relied upon again");
        }
        acknowledges(&load, RECOVERY, 30);
        outcome::ledgers(&serve);
        serve.kill();
    });
    if fault == Fault::Full {
        assert!(load.slowest() < REFUSAL, "answered within {:?}", load.slowest());
    }
    outcome::check(disk.dir(), &load);
}

/// Waits until so many more requests are acknowledged.
pub fn acknowledges(load: &Load, within: Duration, more: usize) {
    let before = load.acknowledged().len();
    eventually("an acknowledgement", within, || (load.acknowledged().len() >= before + more).then_some(()));
}

/// Waits until so many more requests are refused.
pub fn refuses(load: &Load, more: u64) {
    let before = load.refused();
    eventually("a refusal", PATIENCE, || (load.refused() >= before + more).then_some(()));
}

/// Whether a problem stands in the status, which is soon answered whatever the disk does.
pub fn names(serve: &Serve, problem: &str) -> bool {
    let begun = Instant::now();
    let status = &serve.json(&["status", "--json"])[0];
    assert!(begun.elapsed() < Duration::from_secs(2), "the status took {:?}", begun.elapsed());
    status["problems"].as_array().unwrap().iter().any(|known| known["name"] == problem)
}

#[test]
fn writes_that_fail() {
    fails_for_a_while(Fault::Write, Of::Everything, "store_failed");
}

#[test]
fn syncs_that_fail() {
    fails_for_a_while(Fault::Sync, Of::Log, "store_failed");
}

#[test]
fn a_full_disk_in_the_midst_of_a_commit() {
    fails_for_a_while(Fault::Full, Of::Everything, "disk_full");
}

/// What a process left in the log whose disk failed may be in memory alone: the next one makes it durable before it
/// calls anything a duplicate of it.
#[test]
fn a_log_that_was_left_is_moved_before_it_is_relied_upon() {
    let disk = Disk::new();
    let load = Load::default();
    let serve = disk.serve(SEGMENT_ITEMS);
    load.while_it_lives(&serve.http.clone(), || {
        acknowledges(&load, RECOVERY, 10);
        disk.fail(Fault::Sync, Of::Log);
        refuses(&load, REFUSALS);
        serve.kill();
    });
    disk.heal();
    let synced = disk.database_synced();
    let serve = disk.serve(SEGMENT_ITEMS);
    load.while_it_lives(&serve.http.clone(), || {
        acknowledges(&load, RECOVERY, 1);
        assert!(disk.database_synced() > synced, "moved before the first acknowledgement");
        serve.kill();
    });
    outcome::check(disk.dir(), &load);
}

/// Checkpoints fail and commits do not: everything goes on in the log, and is moved when there is room.
fn checkpoints_fail(fault: Fault) {
    let disk = Disk::new();
    let serve = disk.serve(SEGMENT_ITEMS);
    let load = Load::default();
    load.while_it_lives(&serve.http.clone(), || {
        disk.fail(fault, Of::Database);
        eventually("a checkpoint", PATIENCE, || (disk.struck() > 0).then_some(()));
        eventually("a word of it", PATIENCE, || names(&serve, "checkpoint_failed").then_some(()));
        acknowledges(&load, RECOVERY, 30);
        disk.heal();
        acknowledges(&load, RECOVERY, 30);
        serve.kill();
    });
    assert_eq!(load.refused(), 0, "a checkpoint that fails refuses nothing");
    outcome::check(disk.dir(), &load);
}

#[test]
fn a_full_disk_during_a_checkpoint() {
    checkpoints_fail(Fault::Full);
}

#[test]
fn a_checkpoint_whose_sync_fails() {
    checkpoints_fail(Fault::Sync);
}

/// Nothing comes while the log cannot be emptied: that is done as soon as there is room.
#[test]
fn a_full_disk_while_nothing_comes() {
    let disk = Disk::new();
    let serve = disk.serve(SEGMENT_ITEMS);
    let load = Load::default();
    load.send_next(&serve.http, 8);
    disk.fail(Fault::Full, Of::Database);
    eventually("a checkpoint", PATIENCE, || (disk.struck() > 0).then_some(()));
    load.send_next(&serve.http, 8);
    eventually("a word of it", PATIENCE, || names(&serve, "checkpoint_failed").then_some(()));
    disk.heal();
    // Without anything that comes.
    eventually("an empty log", RECOVERY, || {
        let status = serve.json(&["status", "--json"]).remove(0);
        (status["bytes_on_disk"]["write_ahead_log"] == 0).then_some(())
    });
    assert!(!names(&serve, "checkpoint_failed"));
    serve.stop();
    assert_eq!(load.refused(), 0);
    outcome::check(disk.dir(), &load);
}
