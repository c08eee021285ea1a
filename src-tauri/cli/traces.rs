//! `traces`: the list, newest first.

use api::{Call, Reply, TraceFilter, TracePage, TracesRequest};
use jiff::tz::TimeZone;
use service::Reading;

use crate::{
    args::Traces,
    common::Common,
    outcome::{Failure, Outcome, expect, is_terminal, paint, print, say},
    render::{self, quantity::group},
};

/// Rows asked for at a time.
const PAGE: u32 = 1_000;

/// Rows on a terminal where no limit is given.
const TERMINAL_LIMIT: u64 = 50;

/// Prints the traces that match.
pub(crate) async fn run(common: &Common, traces: Traces) -> Outcome {
    let options = common.options();
    let filter = TraceFilter {
        text: traces.query.join(" "),
        attribute: None,
        services: traces.service,
        errors_only: traces.errors,
        min_duration_nanos: traces.min_duration,
        since_unix_nano: traces.since.map(|since| since.unix_nano((options.now)())),
    };
    let is_list = !traces.output.json && is_terminal();
    let limit = traces.limit.unwrap_or(if is_list { TERMINAL_LIMIT } else { u64::MAX });

    let reading = Reading::open(&service::data_dir(common.data_dir.as_deref())?).await?;
    let mut printed: u64 = 0;
    let mut as_of = None;
    let mut unreadable = 0;
    let matching = loop {
        let request = TracesRequest {
            filter: filter.clone(),
            as_of,
            first: u32::try_from(printed).unwrap_or(u32::MAX),
            count: u32::try_from(limit - printed).unwrap_or(PAGE).min(PAGE),
        };
        let page = expect(reading.call(Call::Traces(request)).await, |reply| match reply {
            Reply::Traces(page) => Some(page),
            _ => None,
        })?;
        unreadable = page.unreadable.max(unreadable);
        if page.matching == 0 {
            let none_stored = page.stored == 0;
            return Err(Failure::nothing(if none_stored { "no trace is stored yet" } else { "no trace matches" }));
        }
        print(&text(&page, traces.output.json, printed == 0))?;
        as_of = Some(page.as_of);
        printed += u64::try_from(page.rows.len()).unwrap_or(u64::MAX);
        if printed >= limit.min(page.matching) || page.rows.is_empty() {
            break page.matching;
        }
    };
    if unreadable > 0 {
        say(&format!("{} traces lie in a damaged part of the database and cannot be listed", group(unreadable)));
    }
    if printed < matching {
        say(&format!("{} of {} traces; --limit takes another number", group(printed), group(matching)));
    }
    Ok(())
}

fn text(page: &TracePage, is_json: bool, is_first: bool) -> String {
    let (paint, zone) = (paint(), TimeZone::system());
    let mut out = String::new();
    if is_first && !is_json {
        out.push_str(&render::traces::head(paint));
        out.push('\n');
    }
    for row in &page.rows {
        out.push_str(&if is_json { render::json::row(row) } else { render::traces::row(row, &zone, paint) });
        out.push('\n');
    }
    out
}
