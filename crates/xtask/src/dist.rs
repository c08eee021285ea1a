//! The small, fully optimised executables.

use anyhow::Result;

use crate::{
    packages,
    process::{cargo, run, say},
    ui,
};

/// Builds both executables with the profile `release`.
pub fn build() -> Result<()> {
    packages::ensure(packages::WINDOW)?;
    ui::build(ui::Build::Small)?;
    run(cargo().args(["build", "--locked", "--release", "--bins"]))?;
    for name in ["spanscope", "spanscope-window"] {
        let bytes = std::fs::metadata(format!("target/release/{name}"))?.len();
        say(&format!("target/release/{name}: {bytes} bytes"));
    }
    Ok(())
}
