//! `traces`: what a search finds, newest first.

use api::{
    Call, Group, Groups, GroupsRequest, Reply, Search, SearchProgress, SortBy, TimeRange, TracePage, TraceSort,
    TracesRequest, query,
};
use jiff::tz::TimeZone;
use service::Reading;

use crate::{
    args::{Found, Sort, Traces},
    common::Common,
    outcome::{Failure, Outcome, expect, is_terminal, paint, print, say},
    render::{self, quantity::group},
};

/// Rows asked for at a time.
const PAGE: u32 = 1_000;

/// Rows on a terminal where no limit is given.
const TERMINAL_LIMIT: u64 = 50;

/// Prints the traces that a search finds, or their groups.
pub(crate) async fn run(common: &Common, traces: Traces) -> Outcome {
    let options = common.options();
    let search = search(&traces.found, conditions(&traces)?, (options.now)());
    let is_list = !traces.output.json && is_terminal();
    let limit = traces.found.limit.unwrap_or(if is_list { TERMINAL_LIMIT } else { u64::MAX });
    let reading = Reading::open(&service::data_dir(common.data_dir.as_deref())?, options.now).await?;
    match traces.group_by {
        Some(key) => groups(&reading, search, key, limit, traces.output.json).await,
        None => list(&reading, search, &traces, limit).await,
    }
}

/// What is looked for: the words of the search, and what else has to hold.
pub(crate) fn search(found: &Found, conditions: Vec<String>, now_unix_nano: u64) -> Search {
    let words = found.query.join(" ");
    let query = match (words.trim(), conditions.is_empty()) {
        ("", _) => conditions.join(" and "),
        (words, true) => words.to_owned(),
        (words, false) => format!("({words}) and {}", conditions.join(" and ")),
    };
    let range = TimeRange {
        since_unix_nano: found.since.map(|since| since.unix_nano(now_unix_nano)),
        until_unix_nano: found.until.map(|until| until.unix_nano(now_unix_nano)),
    };
    Search { query, range, as_of: None }
}

/// What the options say in the search language. The words are looked at alone first, so that a mistake in them is
/// pointed at where it was made.
fn conditions(traces: &Traces) -> Result<Vec<String>, Failure> {
    if let Some(wrong) = query::parse(&traces.found.query.join(" ")).diagnostics.first() {
        return Err(Failure::input(format!("the search, at character {}: {}", wrong.at.start + 1, wrong.sentence)));
    }
    let mut conditions = Vec::new();
    if !traces.service.is_empty() {
        let value = |name: &String| query::written(&api::model::Value::String(name.clone())).unwrap_or_default();
        let services: Vec<_> = traces.service.iter().map(value).collect();
        conditions.push(format!("count(service in ({})) > 0", services.join(", ")));
    }
    if traces.errors {
        conditions.push("count(error) > 0".to_owned());
    }
    conditions.extend(traces.min_duration.map(|nanos| format!("trace.duration >= {nanos}ns")));
    Ok(conditions)
}

async fn list(reading: &Reading, mut search: Search, traces: &Traces, limit: u64) -> Outcome {
    let sort = traces.sort.into();
    let mut printed: u64 = 0;
    let mut first = 0;
    let mut unreadable = 0;
    let is_limited = loop {
        let count = u32::try_from(limit - printed).unwrap_or(PAGE).min(PAGE);
        let request = TracesRequest { search: search.clone(), sort, columns: traces.columns.clone(), first, count };
        let page = expect(reading.call(Call::Traces(request)).await, |reply| match reply {
            Reply::Traces(page) => Some(page),
            _ => None,
        })?;
        search.as_of = Some(page.as_of);
        unreadable = page.unreadable.max(unreadable);
        let SearchProgress { reached_unix_nano, is_over, is_full, .. } = page.progress;
        if sort != TraceSort::default() && !is_over {
            // Which come first is known when all have come.
            continue;
        }
        if !page.rows.is_empty() {
            print(&text(&page, &traces.columns, traces.output.json, printed == 0))?;
        }
        let rows = page.rows.len() as u64;
        printed += rows;
        first += u32::try_from(rows).unwrap_or(u32::MAX);
        if printed >= limit {
            break !is_over || u64::from(first) < page.matching;
        }
        if is_full && u64::from(first) >= page.matching {
            // Another list goes on where this one ended.
            (search.range.until_unix_nano, first) = (reached_unix_nano.map(|next| next.saturating_add(1)), 0);
        } else if is_over && rows == 0 {
            if printed == 0 {
                let why =
                    if page.stored == 0 { "no trace is stored yet".to_owned() } else { why(reading, search).await };
                return Err(Failure::nothing(why));
            }
            break u64::from(first) < page.matching;
        }
    };
    if unreadable > 0 {
        say(&format!("{} traces lie in a damaged part of the database and cannot be listed", group(unreadable)));
    }
    if is_limited {
        say(&format!("{} traces, and there are more; --limit takes another number", group(printed)));
    }
    Ok(())
}

/// That nothing matches, and what may have been meant.
async fn why(reading: &Reading, search: Search) -> String {
    let meant = match reading.call(Call::Nearly(search)).await {
        Ok(Reply::Nearly(nearly)) => nearly.meant,
        _ => Vec::new(),
    };
    let meant: Vec<_> = meant.into_iter().map(|meant| format!("; did you mean {}?", meant.meant)).collect();
    format!("no trace matches{}", meant.concat())
}

fn text(page: &TracePage, columns: &[String], is_json: bool, is_first: bool) -> String {
    let (paint, zone) = (paint(), TimeZone::system());
    let mut out = String::new();
    if is_first && !is_json {
        out.push_str(&render::traces::head(columns, paint));
        out.push('\n');
    }
    for row in &page.rows {
        let line = if is_json { render::json::row(row, columns) } else { render::traces::row(row, &zone, paint) };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

async fn groups(reading: &Reading, mut search: Search, key: String, limit: u64, is_json: bool) -> Outcome {
    let most = u32::try_from(limit).unwrap_or(u32::MAX);
    let Groups { groups, more, without, .. } = loop {
        let request = GroupsRequest { search: search.clone(), key: key.clone(), most };
        let groups = expect(reading.call(Call::Groups(request)).await, |reply| match reply {
            Reply::Groups(groups) => Some(groups),
            _ => None,
        })?;
        if groups.progress.is_over {
            break groups;
        }
        search.as_of = Some(groups.as_of);
    };
    if groups.is_empty() {
        let sentence = format!("no trace matches that has {key}");
        return Err(Failure::nothing(if without == 0 { "no trace matches".to_owned() } else { sentence }));
    }
    let paint = paint();
    if !is_json {
        print(&(render::traces::head_of_groups(&key, paint) + "\n"))?;
    }
    let line = |group: &Group| if is_json { render::json::group(group) } else { render::traces::group(group, paint) };
    print(&groups.iter().map(|group| line(group) + "\n").collect::<String>())?;
    if without > 0 {
        say(&format!("{} traces match and have no {key}", group(without)));
    }
    if more > 0 {
        say(&format!("{} values, and there are {} more; --limit takes another number", groups.len(), group(more)));
    }
    Ok(())
}

impl From<Sort> for TraceSort {
    fn from(sort: Sort) -> Self {
        let (by, is_ascending) = match sort {
            Sort::Newest => (SortBy::Start, false),
            Sort::Oldest => (SortBy::Start, true),
            Sort::Slowest => (SortBy::Duration, false),
            Sort::Fastest => (SortBy::Duration, true),
            Sort::Spans => (SortBy::Spans, false),
            Sort::Errors => (SortBy::Errors, false),
        };
        Self { by, is_ascending }
    }
}
