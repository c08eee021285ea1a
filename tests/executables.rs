//! What the two executables are made of.

use std::process::Command;

fn needed_libraries(executable: &str) -> Vec<String> {
    let output = Command::new("objdump").args(["-p", executable]).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.trim().strip_prefix("NEEDED")).map(|name| name.trim().to_owned()).collect()
}

#[test]
fn the_command_line_links_no_desktop_library() {
    let needed = needed_libraries(env!("CARGO_BIN_EXE_spanscope"));
    assert!(needed.iter().any(|name| name.starts_with("libc.so")), "{needed:?}");
    let desktop = ["gtk", "gdk", "webkit", "javascriptcore", "glib", "soup", "X11", "wayland"];
    let found: Vec<_> = needed.iter().filter(|name| desktop.iter().any(|word| name.contains(word))).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn the_window_links_the_web_view() {
    let needed = needed_libraries(env!("CARGO_BIN_EXE_spanscope-window"));
    assert!(needed.iter().any(|name| name.contains("webkit2gtk")), "{needed:?}");
}
