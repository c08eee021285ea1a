//! The two executables, and starting them.

use std::process::Command;

use anyhow::{Result, bail};

use crate::{
    packages,
    process::{cargo, run as run_command, say},
    ui,
};

/// Subcommands that never open a window; the window is then not built, and needs no display.
const WITHOUT_WINDOW: [&str; 10] =
    ["serve", "status", "traces", "trace", "export", "import", "help", "--help", "--version", "-h"];

/// Builds the UI and both executables, optimised.
pub fn build_all() -> Result<()> {
    packages::ensure(packages::WINDOW)?;
    ui::build(ui::Build::Plain)?;
    run_command(cargo().args(["build", "--locked", "--profile", "quick", "--bins"]))
}

/// Builds what is needed and starts Spanscope with these arguments in its own place.
pub fn run(args: &[String]) -> Result<()> {
    if args.iter().any(|arg| WITHOUT_WINDOW.contains(&arg.as_str())) {
        run_command(cargo().args([
            "build",
            "--locked",
            "--profile",
            "quick",
            "--no-default-features",
            "--bin",
            "spanscope",
        ]))?;
    } else {
        if cfg!(target_os = "linux")
            && ["DISPLAY", "WAYLAND_DISPLAY"].iter().all(|name| std::env::var_os(name).is_none())
        {
            bail!("there is no display to open a window on; ./run serve receives and keeps without one");
        }
        build_all()?;
    }
    start(Command::new("target/quick/spanscope").args(args))
}

#[cfg(unix)]
fn start(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    say("starting");
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn start(command: &mut Command) -> Result<()> {
    run_command(command)
}
