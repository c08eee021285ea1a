//! Native dialogs, with GTK's own means.

use std::path::PathBuf;

use gtk::{glib::MainContext, prelude::*};
use tauri::{Url, WebviewWindow};
use tokio::sync::oneshot;

use crate::is_automated;

/// Most characters of an address that are shown.
const MOST_SHOWN: usize = 600;

/// Connects to the display. Fails with a sentence where there is none.
pub(crate) fn prepare() -> Result<(), String> {
    gtk::init().map_err(|_| {
        "there is no display to open a window on; `spanscope serve` (./run serve) receives and keeps without one"
            .to_owned()
    })
}

/// Says why there will be no window, and waits until it is read.
pub(crate) fn start_failed(sentence: &str) {
    if is_automated() || gtk::init().is_err() {
        return;
    }
    let dialog = gtk::MessageDialog::builder()
        .title("Spanscope")
        .message_type(gtk::MessageType::Error)
        .buttons(gtk::ButtonsType::Close)
        .text("Spanscope cannot start")
        .secondary_text(sentence)
        .build();
    dialog.run();
}

/// Asks whether this address is to be opened in the browser.
pub(crate) async fn confirm_link(window: &WebviewWindow, url: &Url) -> bool {
    let address = shortened(url.as_str());
    let answer = on_main_thread(window, move |parent| async move {
        let dialog = gtk::MessageDialog::builder()
            .modal(true)
            .message_type(gtk::MessageType::Question)
            .text("Open this address in the browser?")
            .secondary_text(address.as_str())
            .build();
        dialog.set_transient_for(parent.as_ref());
        dialog.add_button("Cancel", gtk::ResponseType::Cancel);
        dialog.add_button("Open", gtk::ResponseType::Accept);
        dialog.set_default_response(gtk::ResponseType::Cancel);
        let response = dialog.run_future().await;
        dialog.close();
        response == gtk::ResponseType::Accept
    });
    answer.await.unwrap_or(false)
}

/// Lets files be picked; none where the dialog is dismissed.
pub(crate) async fn pick_files(window: &WebviewWindow) -> Vec<PathBuf> {
    let picked = on_main_thread(window, |parent| async move {
        let dialog = gtk::FileChooserNative::new(
            Some("Open traces"),
            parent.as_ref(),
            gtk::FileChooserAction::Open,
            Some("Open"),
            Some("Cancel"),
        );
        dialog.set_select_multiple(true);
        let response = dialog.run_future().await;
        let files = if response == gtk::ResponseType::Accept { dialog.filenames() } else { Vec::new() };
        dialog.destroy();
        files
    });
    picked.await.unwrap_or_default()
}

/// Asks where a file of this name is to be written; `None` where the dialog is dismissed.
pub(crate) async fn save_file(window: &WebviewWindow, name: &str) -> Option<PathBuf> {
    let name = name.to_owned();
    let picked = on_main_thread(window, move |parent| async move {
        let dialog = gtk::FileChooserNative::new(
            Some("Export traces"),
            parent.as_ref(),
            gtk::FileChooserAction::Save,
            Some("Export"),
            Some("Cancel"),
        );
        dialog.set_do_overwrite_confirmation(true);
        dialog.set_current_name(&name);
        let response = dialog.run_future().await;
        let file = (response == gtk::ResponseType::Accept).then(|| dialog.filename()).flatten();
        dialog.destroy();
        file
    });
    picked.await.flatten()
}

/// Runs a dialog where GTK lives, without holding up the window; `None` if the window is gone.
async fn on_main_thread<T, F>(
    window: &WebviewWindow,
    dialog: impl FnOnce(Option<gtk::ApplicationWindow>) -> F + Send + 'static,
) -> Option<T>
where
    T: Send + 'static,
    F: Future<Output = T> + 'static,
{
    let (sender, answer) = oneshot::channel();
    let parent = window.clone();
    let run = move || {
        let future = dialog(parent.gtk_window().ok());
        MainContext::default().spawn_local(async move {
            // Whoever asked may be gone by now.
            let _ = sender.send(future.await);
        });
    };
    window.run_on_main_thread(run).ok()?;
    answer.await.ok()
}

/// The address, or its beginning and how long it is.
fn shortened(address: &str) -> String {
    let number = address.chars().count();
    if number <= MOST_SHOWN {
        return address.to_owned();
    }
    let beginning: String = address.chars().take(MOST_SHOWN).collect();
    format!("{beginning}… ({MOST_SHOWN} of {number} characters)")
}
