//! `spanscope-window`: the shell around the page. It holds a session of the service, carries the
//! page's calls and the service's events, and does what only a shell can do: the window, native
//! dialogs, dropped files, links.
//!
//! What the page may ask is in [`commands`]. Deliberately absent: what a call means (`service`),
//! what anything looks like (`ui`), any other command line than paths, a link and the common options.

mod commands;
#[path = "../cli/common.rs"]
mod common;
mod dialogs;
#[path = "../cli/file.rs"]
mod file;
#[path = "../cli/opening.rs"]
mod opening;
mod outbox;
mod page;
mod place;
mod shell;

use std::{
    env,
    io::{Write, stderr},
    path::PathBuf,
    process::ExitCode,
};

use api::{Call, ErrorCode, Event};
use clap::Parser;
use service::Session;
use tauri::{RunEvent, async_runtime};

use crate::{common::Common, opening::Opening, shell::Shell};

/// Opens the window of Spanscope.
#[derive(Debug, Parser)]
#[command(name = "spanscope-window", version)]
struct Args {
    /// Files to open, or a link: spanscope://search?q=TEXT
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    common: Common,
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(asked) if !asked.use_stderr() => {
            // Help or version; if nobody reads it there is nobody to tell.
            let _ = asked.print();
            return ExitCode::SUCCESS;
        }
        Err(err) => {
            say(&common::usage_sentence(&err));
            return ExitCode::from(2);
        }
    };
    common::start_log();
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            say(&sentence);
            dialogs::start_failed(&sentence);
            ExitCode::from(2)
        }
    }
}

/// Shows the window until it is closed. Fails with a sentence where it cannot be shown.
fn run(args: Args) -> Result<(), String> {
    let options = args.common.options();
    let opening = Opening::read(&args.files, |file| {
        std::path::absolute(file).map_err(|err| format!("the current directory is not known: {err}"))
    })?;

    let session = async_runtime::block_on(Session::start(options.clone())).map_err(|err| err.sentence)?;
    if !session.is_owner() && async_runtime::block_on(hand_over(&session, &opening))? {
        return Ok(());
    }
    session.set_presents(true);

    let shell = Shell::new(session, options);
    let shown = show(&shell, opening);
    async_runtime::block_on(shell.stop());
    shown
}

/// Gives what is to be shown to the window that shows this directory already; `false` if its owner has none.
async fn hand_over(session: &Session, opening: &Opening) -> Result<bool, String> {
    let paths = opening.files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
    let answer = session.call(Call::Present { paths, search: opening.search.clone() }).await;
    let is_shown = match answer {
        Ok(_) => true,
        Err(err) if err.code == ErrorCode::NotFound => false,
        Err(err) => return Err(err.sentence),
    };
    if is_shown {
        session.stop().await;
    }
    Ok(is_shown)
}

/// Runs the window to its end.
fn show(shell: &Shell, Opening { files, search }: Opening) -> Result<(), String> {
    dialogs::prepare()?;
    let app = tauri::Builder::default()
        .manage(shell.clone())
        .invoke_handler(tauri::generate_handler![
            commands::call,
            commands::events,
            commands::export_traces,
            commands::open_link,
            commands::pick_files
        ])
        .build(tauri::generate_context!())
        .map_err(|err| format!("the window cannot be prepared: {err}"))?;
    let window = page::open(app.handle(), shell).map_err(|err| format!("the window cannot be opened: {err}"))?;

    async_runtime::spawn(shell.clone().relay(window.clone()));
    if let Some(text) = search {
        shell.outbox().send(Event::Search { text });
    }
    async_runtime::spawn({
        let shell = shell.clone();
        async move { shell.open_files(files).await }
    });
    async_runtime::spawn(close_on_signal(window.clone()));

    app.run_return({
        let shell = shell.clone();
        move |_, event| {
            if let RunEvent::WindowEvent { event, .. } = event {
                page::on_window_event(&window, &shell, event);
            }
        }
    });
    Ok(())
}

/// Closes the window when the process is asked to stop.
async fn close_on_signal(window: tauri::WebviewWindow) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else { return };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    let _ = window.close();
}

/// Says a sentence on standard error.
fn say(sentence: &str) {
    let _ = writeln!(stderr(), "spanscope: {}", sentence.replace(char::is_control, " "));
}

/// Whether a test drives the window: nobody is there to answer a native dialog.
fn is_automated() -> bool {
    env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some_and(|value| value == "true")
}
