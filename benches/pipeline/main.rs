//! What a span costs from the wire to the disk, by stage, beside what anything would cost: ratios
//! within one run. `cargo xtask bench [receive|memory|store|search|window|soak]`.
//!
//! CPU time, not wall time; the stages in turn, several rounds; medians with their spread.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, unreachable_pub)]

mod corpus;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/window/driver.rs"]
mod driver;
mod load;
mod memory;
mod receive;
mod search;
mod serve;
mod soak;
mod store;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support.rs"]
mod support;
mod table;
mod window;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    if wanted("receive") {
        receive::run();
    }
    if wanted("memory") {
        memory::run();
    }
    if wanted("store") {
        store::run();
    }
    if wanted("search") {
        search::run();
    }
    if wanted("window") {
        window::run();
    }
    // It takes too long for one who asks for all.
    if !names.is_empty() && wanted("soak") {
        soak::run();
    }
}

/// Median, least and greatest.
fn spread(values: &mut [f64]) -> (f64, f64, f64) {
    values.sort_by(f64::total_cmp);
    (values[values.len() / 2], values[0], values[values.len() - 1])
}
