//! `import`: files into the store.

use std::{
    io::{Read, stdin},
    path::Path,
};

use api::{Call, ImportSummary, Reply};
use service::Session;

use crate::{
    args::Import,
    common::Common,
    outcome::{Failure, Outcome, expect, print, say},
    render::{quantity::count, text::line},
};

/// Reads each file; one that cannot be read does not keep the others from being read.
pub(crate) async fn run(common: &Common, import: Import) -> Outcome {
    let session = Session::start_quiet(common.options()).await?;
    let mut failed: Option<Failure> = None;
    for file in &import.files {
        if let Err(failure) = one(&session, file).await
            && let Some(earlier) = failed.replace(failure)
        {
            say(&earlier.sentence);
        }
    }
    session.stop().await;
    failed.map_or(Ok(()), Err)
}

async fn one(session: &Session, file: &Path) -> Outcome {
    let is_stdin = file == Path::new("-");
    let name = if is_stdin { "standard input".to_owned() } else { file.display().to_string() };
    let answer = session.call(if is_stdin { piped(&name)? } else { named(file)? }).await;
    let summary = expect(answer, |reply| match reply {
        Reply::Imported(summary) => Some(summary),
        _ => None,
    })
    // A file that is not there is bad input, not an empty answer.
    .map_err(|failure| Failure::input(failure.sentence))?;
    for note in &summary.notes {
        say(&format!("{name}: {note}"));
    }
    Ok(print(&format!("{}: {}\n", line(&name, 1_000), sentence(&summary)))?)
}

fn piped(name: &str) -> Result<Call, Failure> {
    let mut bytes = Vec::new();
    stdin().lock().read_to_end(&mut bytes)?;
    Ok(Call::ImportBytes { name: name.to_owned(), bytes })
}

fn named(file: &Path) -> Result<Call, Failure> {
    let path = std::path::absolute(file)?.into_os_string().into_string();
    path.map(|path| Call::ImportPath { path }).map_err(|_| {
        Failure::input(format!("the name of {} is not UTF-8; pipe it instead: - reads standard input", file.display()))
    })
}

fn sentence(summary: &ImportSummary) -> String {
    let ImportSummary { spans, logs, metric_points, duplicates, rejected, .. } = summary;
    let mut out = [count(*spans, "span"), count(*logs, "log record"), count(*metric_points, "metric point")].join(", ");
    if *duplicates > 0 {
        out.push_str(&format!("; {} of these were there already", count(*duplicates, "item")));
    }
    if *rejected > 0 {
        out.push_str(&format!("; {} rejected: see spanscope status", count(*rejected, "item")));
    }
    out
}
