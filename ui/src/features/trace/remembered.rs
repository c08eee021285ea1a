//! What the screen remembers between traces and runs: widths, open sections, layers.

use web_sys::{Storage, window};

fn storage() -> Option<Storage> {
    window()?.local_storage().ok().flatten()
}

fn key(name: &str) -> String {
    format!("spanscope.trace.{name}")
}

/// What was remembered under a name.
pub(crate) fn read(name: &str) -> Option<String> {
    storage()?.get_item(&key(name)).ok().flatten()
}

/// Whether a switch was left on.
pub(crate) fn is_on(name: &str, by_default: bool) -> bool {
    read(name).map_or(by_default, |value| value == "on")
}

/// Remembers a text. A full or forbidden storage only means that it is not remembered.
pub(crate) fn write(name: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&key(name), value);
    }
}

/// Remembers a switch.
pub(crate) fn write_on(name: &str, is_on: bool) {
    write(name, if is_on { "on" } else { "off" });
}
