//! The distribution's packages: which are needed for what, and how they are installed.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{exists, output, run, say};

/// What is needed beyond Rust, and how to see whether it is there.
#[derive(Clone, Copy)]
pub struct Need {
    /// What it is for.
    pub purpose: &'static str,
    /// Debian's and Ubuntu's packages.
    pub packages: &'static [&'static str],
    present: Present,
}

#[derive(Clone, Copy)]
enum Present {
    Program(&'static str),
    Library(&'static str),
    PythonModule(&'static str),
}

impl Need {
    fn is_met(self) -> bool {
        match self.present {
            Present::Program(program) => exists(program),
            Present::Library(name) => output(Command::new("pkg-config").args(["--exists", name])).is_some(),
            Present::PythonModule(name) => {
                output(Command::new("python3").args(["-c", &format!("import {name}")])).is_some()
            }
        }
    }
}

/// To build the window.
pub const WINDOW: &[Need] = &[
    Need {
        purpose: "the window's web view",
        packages: &["libwebkit2gtk-4.1-dev"],
        present: Present::Library("webkit2gtk-4.1"),
    },
    Need {
        purpose: "following the theme of the desktop",
        packages: &["libdbus-1-dev"],
        present: Present::Library("dbus-1"),
    },
    Need { purpose: "icons", packages: &["librsvg2-dev"], present: Present::Library("librsvg-2.0") },
];

/// To run the tests.
pub const TESTS: &[Need] = &[
    Need { purpose: "a display for the window test", packages: &["xvfb"], present: Present::Program("Xvfb") },
    Need {
        purpose: "the driver of the window test",
        packages: &["webkit2gtk-driver"],
        present: Present::Program("WebKitWebDriver"),
    },
    Need {
        purpose: "a session bus for the window test",
        packages: &["dbus"],
        present: Present::Program("dbus-run-session"),
    },
    Need { purpose: "the Python client test", packages: &["python3"], present: Present::Program("python3") },
    Need {
        purpose: "the Python client test",
        packages: &["python3-venv"],
        present: Present::PythonModule("ensurepip"),
    },
    Need { purpose: "the Node client test", packages: &["nodejs"], present: Present::Program("node") },
    Need { purpose: "the Node client test", packages: &["npm"], present: Present::Program("npm") },
];

/// To build the UI where rustup has no WASM target: the distribution's compiler with its library's
/// source.
pub const WASM_COMPILER: &[&str] = &["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "lld-22"];

/// Installs what is missing of these.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<Need> = needs.iter().copied().filter(|need| !need.is_met()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        say(&format!("{} is missing, for {}", need.packages.join(" "), need.purpose));
    }
    install(&missing.iter().flat_map(|need| need.packages.iter().copied()).collect::<Vec<_>>())
}

/// Installs these packages, or, with `SPANSCOPE_NO_INSTALL=1`, prints how and fails.
pub fn install(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !exists("apt-get") {
        bail!("this system has no apt-get: install what your distribution calls {list}, then try again");
    }
    let is_root = output(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    let sudo = if is_root { "" } else { "sudo " };
    if std::env::var("SPANSCOPE_NO_INSTALL").is_ok_and(|value| value == "1") {
        bail!(
            "install what is missing with:\n{sudo}apt-get update && {sudo}apt-get install --yes --no-install-recommends {list}"
        );
    }
    say(&format!("installing {list}"));
    let as_root = |args: &[&str]| {
        let mut command = Command::new(if is_root { "env" } else { "sudo" });
        if !is_root {
            command.arg("env");
        }
        command.arg("DEBIAN_FRONTEND=noninteractive").arg("apt-get").args(args);
        command
    };
    if run(&mut as_root(&["update", "-qq"])).is_err() {
        say("some package lists are out of reach; trying with those that are here");
    }
    run(as_root(&["install", "--yes", "-qq", "--no-install-recommends"]).args(packages))
}
