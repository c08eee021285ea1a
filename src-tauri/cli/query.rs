//! `query`: what a text in the search language means.

use api::query::{Diagnostic, Parsed, parse};

use crate::{
    args::{QueryCheck, QueryCommand},
    outcome::{Failure, Outcome, print},
    render,
};

/// Needs no data directory.
pub(crate) fn run(command: &QueryCommand) -> Outcome {
    let QueryCommand::Check(QueryCheck { text, output }) = command;
    let Parsed { query, diagnostics } = parse(text);
    let failure =
        diagnostics.first().map(|first| Failure::input(if output.json { String::new() } else { said(first) }));
    if output.json {
        print(&(render::json::query(query.as_ref(), &diagnostics) + "\n"))?;
    } else if let Some(query) = query {
        print(&format!("{query}\n"))?;
    }
    failure.map_or(Ok(()), Err)
}

/// Characters are counted from 1, as people do.
fn said(Diagnostic { at, sentence }: &Diagnostic) -> String {
    format!("at character {}: {sentence}", at.start + 1)
}
