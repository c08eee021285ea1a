//! The UI: `ui/` compiled to WASM, bound, and laid out in `target/ui`.

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
/// The UI's WASM may not grow beyond this. The aim is 500 KB, 170 KB gzipped
/// (`docs/decisions/0006-size-of-the-ui.md`): whoever makes it smaller lowers these.
const MOST_BYTES: u64 = 1_120_000;
const MOST_BYTES_GZIPPED: usize = 330_000;

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
        if exists("rustup") && std::env::var("SPANSCOPE_WASM").as_deref() != Ok("distribution") {
            say(&format!("adding Rust's target {TARGET}"));
            let mut add = Command::new("rustup").args(["target", "add", TARGET]).spawn()?;
            for _ in 0..600 {
                if let Some(status) = add.try_wait()? {
                    if status.success() && has_target() {
                        return Ok(Self::Target);
                    }
                    break;
                }
                std::thread::sleep(Duration::from_millis(200));
            }
            let _ = add.kill();
            let _ = add.wait();
            say("the target is not to be had; using the distribution's compiler");
        }
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
                    .args([subcommand, "--locked", "--target", TARGET, "-Z", "build-std=std,panic_abort"])
                    .args(["--target-dir", "target/distribution"]);
                command
            }
        }
    }

    fn folder(&self) -> PathBuf {
        let target = match self {
            Self::Target => "target",
            Self::Distribution => "target/distribution",
        };
        Path::new(target).join(TARGET)
    }
}

fn has_target() -> bool {
    std::env::var("SPANSCOPE_WASM").as_deref() != Ok("distribution")
        && output(Command::new("rustc").args(["--print", "sysroot"]))
            .is_some_and(|root| Path::new(&root).join("lib/rustlib").join(TARGET).join("lib").exists())
}

/// Builds the UI into [`FOLDER`]. What is up to date stays as it is.
pub fn build() -> Result<()> {
    let compiler = Compiler::find()?;
    run(compiler.cargo("build").args(["--package", "ui", "--profile", "wasm"]))?;
    let wasm = compiler.folder().join("wasm/ui.wasm");
    let folder = Path::new(FOLDER);
    fs::create_dir_all(folder)?;
    let bound = folder.join("ui_bg.wasm");
    if modified(&wasm)? > modified(&bound).unwrap_or(std::time::SystemTime::UNIX_EPOCH) {
        Bindgen::new()
            .input_path(&wasm)
            .web(true)?
            .typescript(false)
            .remove_name_section(true)
            .remove_producers_section(true)
            .generate(folder)
            .context("wasm-bindgen cannot bind the UI")?;
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
    size_of(&bound)
}

fn size_of(wasm: &Path) -> Result<()> {
    let bytes = fs::read(wasm)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes)?;
    let gzipped = gzip.finish()?.len();
    say(&format!("the UI's WASM has {} bytes, {gzipped} gzipped", bytes.len()));
    if bytes.len() as u64 > MOST_BYTES || gzipped > MOST_BYTES_GZIPPED {
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
