//! One binary of integration tests: the arrows between the crates, the two executables, real
//! clients, kills, disks that fail, and the real window.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, unreachable_pub)]

mod apps;
mod architecture;
mod commands;
mod executables;
#[cfg(target_os = "linux")]
mod faults;
mod kills;
mod support;
mod window;
