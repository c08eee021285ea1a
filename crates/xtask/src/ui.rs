//! The UI: `ui/` compiled to WASM, bound, and laid out in `target/ui`.
//!
//! Plain, it is quick to build, for `./run`. Small, it is what is shipped and tested: the standard
//! library is compiled with it, and a panic ends the page without a message, which nobody would read
//! there (`docs/decisions/0007-own-elements.md`).

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    packages,
    process::{cargo, exists, output, run, say},
};

/// Where the window's contents lie; `tauri.conf.json` names it too.
pub const FOLDER: &str = "target/ui";
const TARGET: &str = "wasm32-unknown-unknown";
/// The UI's WASM may not grow beyond this when it is built small
/// (`docs/decisions/0024-size-for-search.md`).
const MOST_BYTES: usize = 870_000;
const MOST_BYTES_GZIPPED: usize = 320_000;

/// What makes it small, beyond the profile. These options are not stable, hence `RUSTC_BOOTSTRAP`.
const SMALL: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";
const BUILD_STD: [&str; 2] = ["-Z", "build-std=std,panic_abort"];

/// How the UI is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// Quickly.
    Plain,
    /// As it is shipped.
    Small,
}

/// How WASM can be built here.
pub enum Compiler {
    /// The Rust in use has the target.
    Target,
    /// The distribution's compiler builds the standard library too.
    Distribution,
}

impl Compiler {
    /// Finds one, installing it if need be.
    pub fn find() -> Result<Self> {
        if has_target() {
            return Ok(Self::Target);
        }
        if is_rustup_wanted() {
            say(&format!("adding Rust's target {TARGET}"));
            if rustup(&["target", "add", TARGET]) && has_target() {
                return Ok(Self::Target);
            }
            say("the target is not to be had; using the distribution's compiler");
        }
        Self::distribution()
    }

    /// Finds one that can compile the standard library too.
    fn find_with_library() -> Result<Self> {
        if is_rustup_wanted() && sysroot().is_some() {
            if has_library() {
                return Ok(Self::Target);
            }
            say("adding the source of Rust's library");
            if rustup(&["component", "add", "rust-src"]) && has_library() {
                return Ok(Self::Target);
            }
            say("the source is not to be had; using the distribution's compiler");
        }
        Self::distribution()
    }

    fn distribution() -> Result<Self> {
        if !Path::new("/usr/lib/rustlib/src").exists() || !exists("wasm-ld-22") {
            packages::install(packages::WASM_COMPILER)?;
        }
        Ok(Self::Distribution)
    }

    /// A cargo that compiles to WASM; the subcommand comes first.
    pub fn cargo(&self, subcommand: &str) -> Command {
        match self {
            Self::Target => {
                let mut command = cargo();
                command.arg(subcommand).args(["--locked", "--target", TARGET]);
                command
            }
            Self::Distribution => {
                let mut command = Command::new("/usr/bin/cargo");
                command
                    .env("PATH", "/usr/bin:/bin")
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .env_remove("CARGO")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "/usr/bin/wasm-ld-22")
                    .env("CARGO_TARGET_DIR", "target/distribution")
                    .args([subcommand, "--locked", "--target", TARGET])
                    .args(BUILD_STD);
                command
            }
        }
    }

    /// Compiles the UI, and says where its WASM lies.
    fn compile(&self, build: Build) -> Result<PathBuf> {
        let mut command = self.cargo("build");
        command.args(["--package", "ui", "--profile", "wasm"]);
        // Another compiler or other options are another build: in one folder each would evict the other.
        let target = Path::new(match (self, build) {
            (Self::Target, Build::Plain) => "target",
            (Self::Target, Build::Small) => "target/small",
            (Self::Distribution, Build::Plain) => "target/distribution",
            (Self::Distribution, Build::Small) => "target/distribution-small",
        });
        if build == Build::Small {
            command.env("CARGO_TARGET_DIR", target).env("RUSTFLAGS", SMALL).env("RUSTC_BOOTSTRAP", "1");
            if matches!(self, Self::Target) {
                command.args(BUILD_STD);
            }
        }
        run(&mut command)?;
        Ok(target.join(TARGET).join("wasm/ui.wasm"))
    }
}

fn is_rustup_wanted() -> bool {
    exists("rustup") && std::env::var("SPANSCOPE_WASM").as_deref() != Ok("distribution")
}

/// Has rustup add something, for two minutes at most: where there is no network it would try for long.
fn rustup(args: &[&str]) -> bool {
    let Ok(mut adding) = Command::new("rustup").args(args).spawn() else { return false };
    for _ in 0..600 {
        if let Ok(Some(status)) = adding.try_wait() {
            return status.success();
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let _ = adding.kill();
    let _ = adding.wait();
    false
}

fn sysroot() -> Option<PathBuf> {
    output(Command::new("rustc").args(["--print", "sysroot"])).map(PathBuf::from)
}

fn has_library() -> bool {
    sysroot().is_some_and(|root| root.join("lib/rustlib/src/rust/library/Cargo.lock").exists())
}

fn has_target() -> bool {
    std::env::var("SPANSCOPE_WASM").as_deref() != Ok("distribution")
        && sysroot().is_some_and(|root| root.join("lib/rustlib").join(TARGET).join("lib").exists())
}

/// Builds the UI into [`FOLDER`]. What is up to date stays as it is.
pub fn build(build: Build) -> Result<()> {
    let compiler = match build {
        Build::Plain => Compiler::find()?,
        Build::Small => Compiler::find_with_library()?,
    };
    let wasm = compiler.compile(build)?;
    let folder = Path::new(FOLDER);
    fs::create_dir_all(folder)?;
    let bound = folder.join("ui_bg.wasm");
    // What has been bound: which build, and of when.
    let stamp = Path::new("target/ui.stamp");
    let of = format!("{} {:?}", wasm.display(), modified(&wasm)?);
    if fs::read_to_string(stamp).ok().as_ref() != Some(&of) || !bound.exists() {
        Bindgen::new()
            .input_path(&wasm)
            .web(true)?
            .typescript(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(folder)
            .context("wasm-bindgen cannot bind the UI")?;
        fs::write(stamp, of)?;
    }
    for file in fs::read_dir("ui")?.flatten().map(|entry| entry.path()) {
        if file.extension().is_some_and(|extension| extension == "html" || extension == "js") {
            copy_changed(&file, folder)?;
        }
    }
    for (source, name) in [("ui/styles", "styles"), ("assets/fonts", "fonts")] {
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        for file in fs::read_dir(source)?.flatten().map(|entry| entry.path()) {
            copy_changed(&file, &folder)?;
        }
    }
    check_size(&bound, build)
}

fn check_size(wasm: &Path, build: Build) -> Result<()> {
    let bytes = fs::read(wasm)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes)?;
    let gzipped = gzip.finish()?.len();
    say(&format!("the UI's WASM has {} bytes, {gzipped} gzipped", bytes.len()));
    if build == Build::Small && (bytes.len() > MOST_BYTES || gzipped > MOST_BYTES_GZIPPED) {
        bail!("the UI's WASM is over its limit of {MOST_BYTES} bytes or {MOST_BYTES_GZIPPED} gzipped");
    }
    Ok(())
}

fn copy_changed(file: &Path, folder: &Path) -> Result<()> {
    let Some(name) = file.file_name() else { return Ok(()) };
    let target = folder.join(name);
    let bytes = fs::read(file)?;
    if fs::read(&target).ok().as_deref() != Some(&bytes) {
        fs::write(target, bytes)?;
    }
    Ok(())
}

fn modified(file: &Path) -> Result<std::time::SystemTime> {
    Ok(fs::metadata(file).with_context(|| format!("{} is missing", file.display()))?.modified()?)
}
