//! The window and what its page may do: nothing but show the UI that is built in.

use std::path::Path;

use tauri::{
    AppHandle, DragDropEvent, LogicalPosition, PhysicalPosition, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    WindowEvent, async_runtime,
    webview::{NewWindowResponse, PageLoadEvent},
};

use crate::{
    place::{Place, SMALLEST},
    shell::Shell,
};

/// The only window, which `capabilities/main.json` names.
const LABEL: &str = "main";

/// Where the webview keeps what the page stores, for example the theme.
const WEBVIEW_FOLDER: &str = "webview";

/// Opens the window where it was left. It appears once its page is there.
pub(crate) fn open(app: &AppHandle, shell: &Shell) -> tauri::Result<WebviewWindow> {
    let session = shell.session();
    let place = Place::read(session.data_dir());
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title(title(session.data_dir()))
        .inner_size(place.width, place.height)
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .maximized(place.is_maximized)
        .visible(false)
        .data_directory(session.data_dir().join(WEBVIEW_FOLDER))
        .devtools(cfg!(debug_assertions))
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished {
                let _ = window.show();
            }
        })
        .build()?;
    if let Some(at) = place.at.filter(|at| is_on_a_screen(&window, *at)) {
        window.set_position(LogicalPosition::new(at.0, at.1))?;
    }
    Ok(window)
}

/// The data directory stands in the title unless it is the usual one, to tell two windows apart.
fn title(data_dir: &Path) -> String {
    let is_usual = service::data_dir(None).is_ok_and(|usual| usual == data_dir);
    if is_usual { "Spanscope".to_owned() } else { format!("Spanscope: {}", data_dir.display()) }
}

/// Whether a page may be gone to: only the one that is built in.
fn is_own_page(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // How Windows spells it.
        "http" | "https" => cfg!(windows) && url.host_str() == Some("tauri.localhost") && url.port().is_none(),
        _ => false,
    }
}

/// Whether the corner of a window there could be reached: screens come and go.
fn is_on_a_screen(window: &WebviewWindow, (x, y): (f64, f64)) -> bool {
    let screens = window.available_monitors().unwrap_or_default();
    screens.iter().any(|screen| {
        let corner: PhysicalPosition<f64> = LogicalPosition::new(x, y).to_physical(screen.scale_factor());
        let (left, top) = (f64::from(screen.position().x), f64::from(screen.position().y));
        let (width, height) = (f64::from(screen.size().width), f64::from(screen.size().height));
        (left..left + width).contains(&corner.x) && (top..top + height).contains(&corner.y)
    })
}

/// Keeps the window's place when it closes, and opens files that are dropped on it.
pub(crate) fn on_window_event(window: &WebviewWindow, shell: &Shell, event: WindowEvent) {
    match event {
        WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) => {
            let shell = shell.clone();
            async_runtime::spawn(async move { shell.open_files(paths).await });
        }
        WindowEvent::CloseRequested { .. } => keep_place(window, shell.session().data_dir()),
        _ => {}
    }
}

/// Writes where the window is; failing that it opens elsewhere next time.
fn keep_place(window: &WebviewWindow, data_dir: &Path) {
    let place = now(window, Place::read(data_dir));
    if let Err(err) = place.and_then(|place| Ok(place.write(data_dir)?)) {
        tracing::warn!("the window's place is not remembered: {err}");
    }
}

fn now(window: &WebviewWindow, before: Place) -> tauri::Result<Place> {
    if window.is_maximized()? || window.is_fullscreen()? {
        return Ok(Place { is_maximized: true, ..before });
    }
    let scale = window.scale_factor()?;
    let size = window.inner_size()?.to_logical::<f64>(scale);
    let at = window.outer_position().ok().map(|at| at.to_logical::<f64>(scale)).map(|at| (at.x, at.y));
    Ok(Place { width: size.width, height: size.height, at, is_maximized: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(windows))]
    fn no_page_but_ours_is_gone_to() {
        let is_own = |url: &str| is_own_page(&url.parse().expect("an address"));
        assert!(is_own("tauri://localhost/index.html"));
        let others = [
            "tauri://evil.example/",
            "https://example.com/",
            "http://localhost/",
            "http://tauri.localhost/",
            "file:///etc/passwd",
            "data:text/html,x",
            "about:blank",
            "javascript:alert(1)",
        ];
        for other in others {
            assert!(!is_own(other), "{other}");
        }
    }
}
