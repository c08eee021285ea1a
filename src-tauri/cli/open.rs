//! Without a command: the window, which is another executable.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use api::link;

use crate::{
    common::Common,
    opening::Opening,
    outcome::{Failure, Outcome},
};

/// Becomes `spanscope-window` with these files and this link.
pub(crate) fn run(common: &Common, arguments: &[PathBuf]) -> Outcome {
    let Opening { files, search } = Opening::read(arguments, absolute)?;
    if !has_display(|name| env::var_os(name)) {
        return Err(Failure::input(
            "there is no display to open a window on; `spanscope serve` (./run serve) receives and keeps without one",
        ));
    }
    let window = env::current_exe()?.with_file_name(format!("spanscope-window{}", env::consts::EXE_SUFFIX));
    if !window.exists() {
        return Err(Failure::input(format!("the window is not installed: there is no {}", window.display())));
    }
    let mut command = Command::new(&window);
    command.args(options(common)).arg("--").args(files).args(search.as_deref().map(link::to_search));
    let err = become_it(command)?;
    Err(Failure::input(format!("{} cannot be started: {err}", window.display())))
}

/// Whether a window could be shown. Only X11 and Wayland can be missing.
fn has_display(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos"))) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

/// The path of a file that is there, so that it can be handed to a process elsewhere.
fn absolute(file: &Path) -> Result<PathBuf, Failure> {
    if file.is_file() {
        return Ok(std::path::absolute(file)?);
    }
    let is_word = file.components().count() == 1 && file.extension().is_none();
    let also = if is_word { " nor a command" } else { "" };
    Err(Failure::input(format!("{} is not a file{also}; see spanscope --help", file.display())))
}

/// Arguments that say the same as these options.
fn options(common: &Common) -> Vec<OsString> {
    let Common { data_dir, grpc, http, config, containers } = common;
    let mut arguments: Vec<OsString> = Vec::new();
    let mut option = |name: &str, value: OsString| arguments.extend([name.into(), value]);
    if let Some(dir) = data_dir {
        option("--data-dir", dir.into());
    }
    for address in grpc {
        option("--grpc", address.into());
    }
    for address in http {
        option("--http", address.into());
    }
    if let Some(file) = config {
        option("--config", file.into());
    }
    if *containers {
        arguments.push("--containers".into());
    }
    arguments
}

/// Replaces this process by the command; returns only where that fails.
#[cfg(unix)]
fn become_it(mut command: Command) -> Result<std::io::Error, Failure> {
    use std::os::unix::process::CommandExt;
    Ok(command.exec())
}

/// Runs the command to its end and ends with its exit code.
#[cfg(not(unix))]
fn become_it(mut command: Command) -> Result<std::io::Error, Failure> {
    let status = command.status()?;
    std::process::exit(status.code().unwrap_or(2))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Args;

    #[test]
    fn options_survive_the_way_to_the_window() {
        let given = ["--data-dir", "D", "--grpc", "127.0.0.1:0", "--grpc", "[::1]:0", "--config", "C", "--containers"];
        let parse = |line: Vec<OsString>| Args::try_parse_from(line).expect("good arguments").common;
        let common = parse([&["spanscope"], given.as_slice()].concat().into_iter().map(OsString::from).collect());
        let again = parse([vec!["spanscope".into()], options(&common)].concat());
        assert_eq!(common, again);
        assert_eq!(options(&Common::default()), Vec::<OsString>::new());
    }

    #[test]
    #[cfg(all(unix, not(target_os = "macos")))]
    fn a_display_has_a_name() {
        let with = |name: &'static str, value: &'static str| {
            has_display(move |asked| (asked == name).then(|| OsString::from(value)))
        };
        assert!(with("DISPLAY", ":0") && with("WAYLAND_DISPLAY", "wayland-0"));
        assert!(!with("DISPLAY", "") && !with("SHELL", "sh"));
    }
}
