//! What is remembered between runs of the window, on this machine: theme, widths, layers, searches.

use web_sys::{Storage, window};

fn storage() -> Option<Storage> {
    window()?.local_storage().ok().flatten()
}

fn key(name: &str) -> String {
    format!("spanscope.{name}")
}

/// What was remembered under a name, which begins with what it belongs to: `trace.panel`.
#[must_use]
pub fn read(name: &str) -> Option<String> {
    storage()?.get_item(&key(name)).ok().flatten()
}

/// Whether a switch was left on.
#[must_use]
pub fn is_on(name: &str, by_default: bool) -> bool {
    read(name).map_or(by_default, |value| value == "on")
}

/// Remembers a text. A full or forbidden storage only means that it is not remembered.
pub fn write(name: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&key(name), value);
    }
}

/// Remembers a switch.
pub fn write_on(name: &str, is_on: bool) {
    write(name, if is_on { "on" } else { "off" });
}
