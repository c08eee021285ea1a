//! `spanscope`: the command line. It opens the window by starting `spanscope-window`, and itself
//! links neither Tauri nor GTK, so that it starts in milliseconds and without a display.
//!
//! Entry: [`args::Args`]; one module a command, [`render`] prints. Deliberately absent: what a
//! command means (`service`), anything of the window.

mod args;
mod common;
mod compact;
mod delete;
mod export;
mod file;
mod import;
mod key;
mod moment;
mod open;
mod opening;
mod outcome;
mod pin;
mod query;
mod render;
mod serve;
mod spans;
mod status;
mod trace;
mod traces;

use std::{
    io::{Write, stderr},
    process::ExitCode,
};

use clap::Parser;

use crate::{
    args::{Args, Command},
    outcome::{Failure, Outcome},
};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(asked) if !asked.use_stderr() => {
            // Help or version; if nobody reads it there is nobody to tell.
            let _ = asked.print();
            return ExitCode::SUCCESS;
        }
        Err(err) => {
            return exit(Err(Failure::input(format!("{}; see spanscope --help", common::usage_sentence(&err)))));
        }
    };
    exit(run(args))
}

fn run(args: Args) -> Outcome {
    let Args { files, command, common } = args;
    let Some(command) = command else { return open::run(&common, &files) };
    if let Some(file) = files.first() {
        return Err(Failure::input(format!("{} stands before a command that does not take it", file.display())));
    }
    if matches!(command, Command::Serve) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(serve::run(&common));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Serve => serve::run(&common).await,
            Command::Status(output) => status::run(&common, output).await,
            Command::Traces(traces) => traces::run(&common, traces).await,
            Command::Spans(spans) => spans::run(&common, spans).await,
            Command::Trace(trace) => trace::run(&common, trace).await,
            Command::Export(export) => export::run(&common, export).await,
            Command::Import(import) => import::run(&common, import).await,
            Command::Compact(output) => compact::run(&common, output).await,
            Command::Delete(delete) => delete::run(&common, delete).await,
            Command::Key(key) => key::run(&common, key).await,
            Command::Query(query) => query::run(&common, &query.command).await,
            Command::Pin(pin) => pin::run(&common, &pin, true).await,
            Command::Unpin(pin) => pin::run(&common, &pin, false).await,
        }
    })
}

fn exit(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.sentence.is_empty() {
                outcome::say(&failure.sentence);
            }
            let _ = stderr().flush();
            ExitCode::from(failure.exit_code)
        }
    }
}
