//! Makes the window's configuration, capabilities and UI known to the compiler.

fn main() {
    println!("cargo:rerun-if-changed=src-tauri/build.rs");
    #[cfg(feature = "window")]
    window::prepare();
}

#[cfg(feature = "window")]
mod window {
    use std::{fs, path::Path};

    /// What the page may invoke; `capabilities/main.json` grants each by name.
    const COMMANDS: &[&str] = &["call", "events", "export_traces", "open_link", "pick_files"];

    /// Stands in until `cargo xtask ui` has built the UI.
    const PLACEHOLDER: &str = "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Spanscope</title>\n\
        <p>This build has no user interface: <code>cargo xtask ui</code> builds it.</p>\n";

    pub(super) fn prepare() {
        let page = Path::new("target/ui/index.html");
        if !page.exists() {
            let written = fs::create_dir_all("target/ui").and_then(|()| fs::write(page, PLACEHOLDER));
            written.expect("target/ui is writable");
        }
        println!("cargo:rerun-if-changed=target/ui");
        println!("cargo:rerun-if-changed=src-tauri/capabilities");
        println!("cargo:rerun-if-changed=src-tauri/icons");
        let attributes = tauri_build::Attributes::new()
            .capabilities_path_pattern("src-tauri/capabilities/**/*")
            .app_manifest(tauri_build::AppManifest::new().commands(COMMANDS));
        tauri_build::try_build(attributes).expect("tauri.conf.json and the capabilities are valid");
    }
}
