//! The project's tasks: `cargo xtask TASK`. `./run` and `./test` are `cargo xtask run` and
//! `cargo xtask test` after Rust itself is there.
//!
//! Deliberately absent: anything that the product needs when it runs.

mod bench;
mod checks;
mod dist;
mod native;
mod packages;
mod process;
mod ui;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const HELP: &str = "\
cargo xtask TASK

  run [ARGS…]     set up, build, start Spanscope with ARGS
  test [FILTER]   set up, run all checks; with FILTER only the tests whose name contains it
  ui              build the UI into target/ui
  build           build the UI and both executables, as ./run does
  bench [NAME]    benchmarks: ratios within one run (receive, memory, store, window,
                  and only by name soak: 20 minutes with what comes and goes in balance);
                  `store --spans=10000000` reads among so many instead of 2,000,000
  dist            the small, fully optimised executables
  pictures        the README's pictures, from those that the window test took last
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            process::say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    std::env::set_current_dir(process::root())?;
    let mut args = std::env::args().skip(1);
    let task = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    match task.as_str() {
        "run" => native::run(&rest),
        "test" => checks::all(rest.first().map(String::as_str)),
        "ui" => ui::build(ui::Build::Small),
        "build" => native::build_all(),
        "bench" => bench::run(&rest),
        "dist" => dist::build(),
        "pictures" => pictures(),
        "" | "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no task {other:?}\n\n{HELP}"),
    }
}

fn pictures() -> Result<()> {
    std::fs::create_dir_all("docs/images")?;
    for (taken, shown) in [("trace-error-dark", "trace-dark"), ("first-run-light", "first-run-light")] {
        std::fs::copy(format!("target/screenshots/{taken}.png"), format!("docs/images/{shown}.png"))
            .with_context(|| format!("no {taken}: ./test window takes it"))?;
    }
    Ok(())
}
