//! Benchmarks, as ratios within one run.

use anyhow::Result;

use crate::process::{cargo, run as run_command};

/// Runs the benchmark of this name, or all.
pub fn run(names: &[String]) -> Result<()> {
    run_command(cargo().args(["bench", "--locked", "--profile", "quick", "--bench", "pipeline", "--"]).args(names))
}
