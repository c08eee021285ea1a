//! The small, fully optimised executables.

use anyhow::Result;

use crate::{
    packages,
    process::{cargo, run, say},
    ui,
};

/// Builds both executables with the profile `dist`.
pub fn build() -> Result<()> {
    packages::ensure(packages::WINDOW)?;
    ui::build()?;
    run(cargo().args(["build", "--locked", "--profile", "dist", "--bins"]))?;
    for name in ["spanscope", "spanscope-window"] {
        let bytes = std::fs::metadata(format!("target/dist/{name}"))?.len();
        say(&format!("target/dist/{name}: {bytes} bytes"));
    }
    Ok(())
}
