//! More comes than can be worked off.

use super::writing::{RECOVERY, acknowledges, names, refuses};
use crate::{
    kills::{load::Load, outcome},
    support::{Serve, fresh_dir},
};

/// Nothing more is taken until a segment is made: clients are told to send again, and nothing is lost.
#[test]
fn what_is_too_much_is_asked_for_again() {
    let dir = fresh_dir();
    let load = Load::default();
    // As much as makes one segment.
    let variables = [("SPANSCOPE_SEGMENT_ITEMS", "500"), ("SPANSCOPE_MOST_WAITING", "2000")];
    let serve = Serve::start_in(dir.path(), &variables).unwrap();
    load.while_it_lives(&serve.http.clone(), || {
        for _ in 0..3 {
            refuses(&load, 5);
            acknowledges(&load, RECOVERY, 60);
        }
        assert!(names(&serve, "behind"), "it is said");
        outcome::ledgers(&serve);
        serve.kill();
    });
    outcome::check(dir.path(), &load);
}
