//! `delete`: what is no longer wanted.

use std::io::{IsTerminal, Write, stderr, stdin};

use api::{Call, Reply, Selected, Selection};
use service::Session;

use crate::{
    args::{Delete, Json},
    common::Common,
    outcome::{Failure, Outcome, expect, print},
    render::{json, quantity::count},
};

/// Says what would be deleted, and deletes it once that is wanted.
pub(crate) async fn run(common: &Common, delete: Delete) -> Outcome {
    let options = common.options();
    let Delete { trace, service, before, yes, output } = delete;
    let selection = trace
        .map(Selection::Trace)
        .or(service.map(Selection::Service))
        .or(before.map(|before| Selection::Before(before.unix_nano((options.now)()))))
        .ok_or_else(|| Failure::input("say what to delete: --trace, --service or --before"))?;
    let session = Session::start_quiet(options).await?;
    let outcome = carry_out(&session, selection, yes, output).await;
    session.stop().await;
    outcome
}

async fn carry_out(session: &Session, selection: Selection, yes: bool, output: Json) -> Outcome {
    let nothing = || Failure::nothing("nothing matches, so nothing is deleted");
    if !yes {
        let selected = ask(session, Call::Select(selection.clone())).await?;
        if selected.is_empty() {
            return Err(nothing());
        }
        let text = if output.json { json::deletion(&selected, false) } else { would_delete(&selected) };
        print(&format!("{text}\n"))?;
        if !is_confirmed()? {
            return Err(Failure::input("nothing is deleted: add --yes to delete this for good"));
        }
    }
    let deleted = ask(session, Call::Delete(selection)).await?;
    if deleted.is_empty() {
        return Err(nothing());
    }
    let text = if output.json { json::deletion(&deleted, true) } else { format!("deleted {}", sentence(&deleted)) };
    Ok(print(&format!("{text}\n"))?)
}

async fn ask(session: &Session, call: Call) -> Result<Selected, Failure> {
    expect(session.call(call).await, |reply| match reply {
        Reply::Selected(selected) => Some(selected),
        _ => None,
    })
}

/// Whether a person says yes; where nobody can be asked, nobody did.
fn is_confirmed() -> Result<bool, Failure> {
    if !stdin().is_terminal() || !stderr().is_terminal() {
        return Ok(false);
    }
    write!(stderr(), "Delete this for good? [y/N] ")?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn would_delete(selected: &Selected) -> String {
    format!("would delete {}", sentence(selected))
}

/// What there is of it.
fn sentence(selected: &Selected) -> String {
    let Selected { traces, spans, logs, metric_points } = *selected;
    let parts = [(traces, "trace"), (spans, "span"), (logs, "log record"), (metric_points, "metric point")];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(number, what));
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_go_is_counted() {
        let service = Selected { traces: 1, spans: 1_234, logs: 0, metric_points: 7 };
        assert_eq!(would_delete(&service), "would delete 1 trace, 1 234 spans, 7 metric points");
        assert_eq!(
            json::deletion(&service, false),
            r#"{"deleted":false,"traces":1,"spans":1234,"logs":0,"metric_points":7}"#
        );
    }
}
