//! A virtual display, the driver of the web view, and the window between them.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use crate::support::spanscope;

/// How long anything in the window may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

/// Processes that end with the test, with all that they started.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

/// A display and a driver.
pub struct Desk {
    display: String,
    driver: String,
    _processes: [Group; 2],
}

impl Desk {
    /// Starts both on numbers that are free.
    pub fn start() -> Self {
        let mut xvfb = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp"])
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut number = String::new();
        BufReader::new(xvfb.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let display = format!(":{}", number.trim());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("dbus-run-session")
            .args(["--", "WebKitWebDriver", "--host=127.0.0.1", &format!("--port={port}")])
            .process_group(0)
            .env("DISPLAY", &display)
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("TAURI_AUTOMATION", "true")
            .env("NO_AT_BRIDGE", "1")
            .env("GDK_BACKEND", "x11")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = format!("127.0.0.1:{port}");
        for _ in 0..200 {
            if std::net::TcpStream::connect(&address).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        Self { display, driver: format!("http://{address}"), _processes: [Group(xvfb), Group(driver)] }
    }

    /// Opens the window on a data directory.
    pub async fn open(&self, data_dir: &Path, args: &[&str]) -> Window {
        let mut all = vec!["--data-dir", data_dir.to_str().unwrap()];
        all.extend(args);
        let options = json!({ "binary": env!("CARGO_BIN_EXE_spanscope-window"), "args": all });
        let capabilities = [("webkitgtk:browserOptions".to_owned(), options)].into_iter().collect();
        let client =
            ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&self.driver).await.unwrap();
        Window { client, data_dir: data_dir.to_path_buf() }
    }

    /// A second start beside an open window.
    pub fn second_start(&self, data_dir: &Path, args: &[&str]) -> std::process::Output {
        spanscope(data_dir, args).env("DISPLAY", &self.display).output().unwrap()
    }
}

/// The open window.
pub struct Window {
    client: Client,
    /// Its data directory.
    pub data_dir: PathBuf,
}

impl Window {
    /// The first element of this kind, once it is there.
    pub async fn find(&self, css: &str) -> Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        if let Err(err) = &found {
            self.screenshot("failure").await;
            let text = self.client.find(Locator::Css("body")).await.unwrap().text().await.unwrap();
            panic!("no {css} in the window ({err}); it shows:\n{text}");
        }
        found.unwrap()
    }

    /// The first element with this test id, once it is there.
    pub async fn part(&self, test_id: &str) -> Element {
        self.find(&format!("[data-testid=\"{test_id}\"]")).await
    }

    /// Waits until the text of such elements, drawn or scrolled away, contains this.
    pub async fn says(&self, css: &str, text: &str) {
        let all = format!(
            "return [...document.querySelectorAll({})].map(element => element.textContent).join('\\n')",
            json!(css)
        );
        let mut seen = String::new();
        for _ in 0..200 {
            seen = self.script(&all).await.as_str().unwrap_or_default().to_owned();
            if seen.contains(text) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.screenshot("failure").await;
        panic!("{css} never says {text:?}; it says:\n{seen}");
    }

    /// Clicks the first element of this kind, once it is there.
    pub async fn click(&self, css: &str) {
        self.find(css).await;
        self.script(&format!("document.querySelector({}).click()", json!(css))).await;
    }

    /// Presses keys as if typed into the page.
    pub async fn press(&self, keys: &str) {
        self.find("body").await.send_keys(keys).await.unwrap();
    }

    /// Presses the pointer at one place of an element, moves it to another and lets it go; places are shares of the
    /// element's width and height.
    pub async fn drag(&self, css: &str, from: (f64, f64), to: (f64, f64)) {
        use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
        self.find(css).await;
        let rect = format!(
            "const r = document.querySelector({}).getBoundingClientRect(); return [r.left, r.top, r.width, r.height]",
            json!(css)
        );
        let rect: Vec<f64> = serde_json::from_value(self.script(&rect).await).unwrap();
        let place = |at: (f64, f64)| {
            let (x, y) = (rect[0] + at.0 * rect[2], rect[1] + at.1 * rect[3]);
            PointerAction::MoveTo { duration: Some(Duration::from_millis(30)), x: x.round(), y: y.round() }
        };
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        let actions = MouseActions::new("mouse".to_owned())
            .then(place(from))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(place(middle))
            .then(place(to))
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(actions).await.unwrap();
    }

    /// What a script returns.
    pub async fn script(&self, script: &str) -> serde_json::Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Makes the window so large, in pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_rect(0, 0, width, height).await.unwrap();
        tokio::time::sleep(Duration::from_millis(400)).await;
    }

    /// Keeps a picture of the page under `target/screenshots`.
    pub async fn screenshot(&self, name: &str) {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), self.client.screenshot().await.unwrap()).unwrap();
    }

    /// Switches to `light` or `dark` with the button in the status bar.
    pub async fn theme(&self, theme: &str) {
        self.click(&format!("[data-testid=\"theme-{theme}\"]")).await;
    }

    /// Ends the session: the driver kills the window's process.
    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}
