//! Embeds the window's configuration and capabilities.
fn main() {}
