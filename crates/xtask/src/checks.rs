//! Everything that must hold before a change lands.

use std::{path::Path, time::Instant};

use anyhow::Result;

use crate::{
    packages,
    process::{cargo, exists, run, say},
    ui::{self, Compiler},
};

/// Crates that also run in a browser, with their lints checked there.
const IN_WASM: [&str; 6] = ["model", "formats", "query", "analysis", "api", "ui"];

/// Runs all checks; with a filter only the tests whose name contains it.
pub fn all(filter: Option<&str>) -> Result<()> {
    packages::ensure(packages::WINDOW)?;
    packages::ensure(packages::TESTS)?;
    if filter.is_none() {
        step("format", || run(cargo().args(["fmt", "--all", "--check"])))?;
    }
    step("the UI", || ui::build(ui::Build::Small))?;
    if filter.is_none() {
        step("lints", || {
            run(cargo().args(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
        })?;
        step("lints in WASM", || {
            let compiler = Compiler::find()?;
            let mut clippy = compiler.cargo("clippy");
            for name in IN_WASM {
                clippy.args(["--package", name]);
            }
            run(clippy.args(["--", "-D", "warnings"]))
        })?;
        step("dependencies", dependencies)?;
    }
    step("tests", || {
        run(cargo().args(["build", "--locked", "--bins"]))?;
        let mut test = cargo();
        test.args(["test", "--locked", "--workspace", "--no-fail-fast"]);
        if let Some(filter) = filter {
            test.arg("--").arg(filter);
        }
        run(&mut test)
    })
}

fn step(name: &str, check: impl FnOnce() -> Result<()>) -> Result<()> {
    say(&format!("checking {name}"));
    let start = Instant::now();
    check()?;
    say(&format!("{name}: well, {:.0} s", start.elapsed().as_secs_f64()));
    Ok(())
}

/// Licences, bans and, where its database can be had, advisories.
fn dependencies() -> Result<()> {
    let deny = Path::new("target/tools/bin/cargo-deny");
    if !deny.exists() && !exists("cargo-deny") {
        say("building cargo-deny");
        run(cargo().args([
            "install",
            "--locked",
            "--quiet",
            "--root",
            "target/tools",
            "--profile",
            "dev",
            "cargo-deny",
        ]))?;
    }
    let program = if deny.exists() { deny.canonicalize()? } else { "cargo-deny".into() };
    let check = |what: &[&str]| {
        let mut command = std::process::Command::new(&program);
        command.args(["--log-level", "error", "check", "--hide-inclusion-graph"]).args(what);
        command
    };
    let has_advisories =
        crate::process::output(std::process::Command::new(&program).args(["--log-level", "error", "fetch", "db"]))
            .is_some();
    if has_advisories {
        run(&mut check(&["advisories", "licenses", "bans"]))
    } else {
        say("the advisory database is out of reach: checking licences and bans only");
        run(&mut check(&["licenses", "bans"]))
    }
}
