//! `query`: what a text in the search language means, and what may be written next.

use api::{
    Call, CompleteRequest, Reply,
    query::{Diagnostic, Parsed, parse},
};
use service::Reading;

use crate::{
    args::{QueryCheck, QueryCommand, QueryComplete},
    common::Common,
    outcome::{Failure, Outcome, expect, print},
    render,
};

/// Says what there is to say of a text.
pub(crate) async fn run(common: &Common, command: &QueryCommand) -> Outcome {
    match command {
        QueryCommand::Check(wanted) => check(wanted),
        QueryCommand::Complete(wanted) => complete(common, wanted).await,
    }
}

/// Needs no data directory.
fn check(QueryCheck { text, output }: &QueryCheck) -> Outcome {
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

async fn complete(common: &Common, wanted: &QueryComplete) -> Outcome {
    let QueryComplete { text, at, limit, output } = wanted;
    let end = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    let request = CompleteRequest { text: text.clone(), at: at.unwrap_or(end), most: *limit };
    let options = common.options();
    let reading = Reading::open(&service::data_dir(common.data_dir.as_deref())?, options.now).await?;
    let completions = loop {
        let answer = expect(reading.call(Call::Complete(request.clone())).await, |reply| match reply {
            Reply::Completions(completions) => Some(completions),
            _ => None,
        })?;
        if !answer.is_partial {
            break answer;
        }
    };
    if completions.items.is_empty() {
        return Err(Failure::nothing("nothing may be written there that is known"));
    }
    let line = |item| match output.json {
        true => render::json::completion(item, completions.replaces),
        false => render::completion::line_of(item),
    };
    Ok(print(&completions.items.iter().map(|item| line(item) + "\n").collect::<String>())?)
}

/// Characters are counted from 1, as people do.
fn said(Diagnostic { at, sentence }: &Diagnostic) -> String {
    format!("at character {}: {sentence}", at.start + 1)
}
